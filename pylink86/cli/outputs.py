"""What `pyld` writes beside the image: maps, tables, make rules, the debug twin.

Each is asked for by an option of its own, and its module is loaded only then.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..result import LinkResult


WORDINGS = {
    "map_file": "cannot open map file {}: {}",
    "why_extract": "cannot open --why-extract= file {}: {}",
    "archive_stats": "--print-archive-stats=: cannot open {}: {}",
    "dependency_file": "cannot open {}: {}",
}
"""How LLD says that a file cannot be written."""


def write_outputs(
    result: LinkResult, values: Mapping[str, Any], output: str, program: str = "pyld"
) -> None:
    """Write and print everything that was asked for; raises cannot-write.

    program: the name messages begin with, where GNU ld's begin with its own.
    """
    _say_what_happened(result, values, program)
    _write_map(result, values, output)
    if values.get("memory_usage"):
        from ..explain.memory_usage import memory_usage

        _print(memory_usage(result))
    if values.get("dependency_file"):
        _save("dependency_file", values, _dependencies(result, values, output))
    if values.get("archive_stats"):
        from ..explain.extracted import archive_stats

        _save("archive_stats", values, archive_stats(result))
    if values.get("why_extract"):
        from ..explain.extracted import why_extract

        _save("why_extract", values, why_extract(result))
    if values.get("print_symbol_order"):
        _write_symbol_order(result, values)
    if values.get("elf_twin"):
        _write_twin(result, values["elf_twin"], output)
    if values.get("gdb_script"):
        from ..explain.gdb import gdb_script

        debug_file = _debug_file(values, output)
        _save("gdb_script", values, gdb_script(result, debug_file, output))


def _say_what_happened(result: LinkResult, values: Mapping[str, Any], program: str) -> None:
    """-t, -y, --print-gc-sections: GNU ld gives the last two on stderr, under its own name."""
    from ..explain import mentions, trace

    together = values.get("trace") and values.get("trace_symbol") and result.dialect.name != "gnu"
    told = ""
    if together:
        told += mentions.traced_files(result, values["trace_symbol"])
    elif values.get("trace"):
        _print(trace.input_files(result))
    if values.get("trace_symbol") and not together:
        told += mentions.traced(result, values["trace_symbol"])
    if values.get("print_gc_sections"):
        told += trace.removed_sections(result)
    if values.get("why_live"):
        from ..explain.why_live import why_live

        told += why_live(result, values["why_live"])
    if values.get("print_icf_sections"):
        told += trace.folded_sections(result)
    if result.dialect.name == "gnu":
        told = "".join(f"{program}: {line}\n" for line in told.splitlines())
        sys.stderr.write(_printable(told, "stderr"))
    else:
        _print(told)


def _write_symbol_order(result: LinkResult, values: Mapping[str, Any]) -> None:
    """--print-symbol-order: nothing is written where calls order nothing, as in LLD."""
    from ..diag import Diagnostics
    from ..passes.matching.call_graph import names_in
    from ..passes.matching.inside_order import sections_by_calls

    plan, table, resolution = result.plan, result.table, result.resolution
    profile, told = result.options.profile, Diagnostics()
    sections = sections_by_calls(plan, profile, table, resolution, result.dialect, told)
    if sections:
        text = "".join(f"{name}\n" for name in names_in(sections, table, resolution))
        _save("print_symbol_order", values, text)


def _write_map(result: LinkResult, values: Mapping[str, Any], output: str) -> None:
    """-Map, -M and --cref: the table of references stands behind the map, or alone."""
    path = map_path(values, output)
    cref = ""
    if values.get("cref"):
        from ..explain.mentions import cross_references

        cref = cross_references(result, values.get("demangle", True))
    if not path:
        _print(cref)
    elif path == "-":
        _print(_map(result, values, output) + cref)
    else:
        _save("map_file", values, _map(result, values, output) + cref, path)


def map_path(values: Mapping[str, Any], output: str) -> str:
    """Where the map goes: "" nowhere, "-" to stdout.

    As in GNU ld, a directory gets OUTPUT.map, and a `%` in the name is the output's name.
    """
    path: str = values.get("map_file", "")
    if not path or path == "-":
        return "-" if path or values.get("print_map") else ""
    if values.get("dialect") == "gnu":
        if os.path.isdir(path):
            return os.path.join(path, os.path.basename(output) + ".map")
        return path.replace("%", output, 1)
    return "-" if values.get("print_map") else path


def _map(result: LinkResult, values: Mapping[str, Any], output: str) -> str:
    if result.dialect.name == "gnu":
        from ..explain.mapfile import gnu_map

        return gnu_map(result, output, values.get("demangle", True))
    from ..explain.mapfile_lld import lld_map

    return lld_map(result, values.get("demangle", True))


def _write_twin(result: LinkResult, path: str, output: str) -> None:
    from ..diag import fail
    from ..formats.output import write_file

    if os.path.abspath(path) == os.path.abspath(output):
        raise fail(
            "bad-option-value",
            f"--elf-twin={path} is the output itself",
            help=["the twin is a second file: name it, say, after the image with .elf"],
        )
    write_file(path, result.object_file.to_bytes(), executable=True)


def _dependencies(result: LinkResult, values: Mapping[str, Any], output: str) -> str:
    """GNU ld reads scripts before it opens inputs; LLD reads everything in order."""
    from ..explain.depfile import dependency_rule
    from ..explain.trace import script_files

    if result.dialect.name == "gnu":
        files = list(result.inputs.trace)
    else:
        files = [file.archive or file.name for file in result.inputs.files]
        files += [library.name for library in result.inputs.libraries]
    before = result.options.inputs_before_script
    at = 0 if result.dialect.name == "gnu" or before is None else before
    scripts = [*values.get("script", ()), *script_files(result)]
    inputs = [*files[:at], *scripts, *files[at:]]
    return dependency_rule(output, inputs, result.dialect)


def _debug_file(values: Mapping[str, Any], output: str) -> str:
    """The ELF file of this link, by an absolute path: gdb may be started anywhere."""
    return os.path.abspath(values.get("elf_twin") or output)


def _save(option: str, values: Mapping[str, Any], text: str, path: str = "") -> None:
    """Write a text to the file an option names, or to `path`; `-` is stdout."""
    from ..formats.output import write_file

    path = path or values[option]
    if path == "-":
        _print(text)
        return
    data = text.encode("utf-8", "surrogateescape")
    if values.get("dialect") == "lld" and option in WORDINGS:
        write_file(path, data, wording=WORDINGS[option])
    else:
        write_file(path, data)


def _print(text: str) -> None:
    sys.stdout.write(_printable(text, "stdout"))


def _printable(text: str, stream: str) -> str:
    """Text as the stream can show it."""
    encoding = getattr(sys, stream).encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
