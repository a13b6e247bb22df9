"""`pyld`: the linker as a command that understands GNU ld's and LLD's command lines.

Compilers and Makefiles are written for those two, so the options, the exit status and the words
that tools look for are theirs; the work is done by `link()`, which knows nothing of command lines.
"""

from __future__ import annotations

import os
import sys

from .inputs import read_line
from .ld_options import EMULATIONS, KEYWORDS, LD, TARGETS
from .options import Parsed, help_text, parse
from .program import GNU_VERSION, guarded, run_process, show, version_line
from .symbol_files import symbol_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from ..diag import Diagnostic
    from ..result import LinkResult
    from .inputs import Line

WRITTEN = (
    "picture", "map_file", "dependency_file", "elf_twin", "gdb_script", "why_extract",
    "archive_stats", "print_symbol_order",
)  # fmt: skip
"""Options that name a further file to write."""

TELLS = ("show_version", "show_emulations", "verbose", "print_format", "print_sysroot")
"""Options that say something also when there is nothing to link."""

OUTPUTS = (
    *WRITTEN[1:], "trace", "trace_symbol", "print_gc_sections", "print_map", "cref", "memory_usage",
    "print_icf_sections", "why_live",
)  # fmt: skip
"""What `outputs` writes and prints."""


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def command(argv: Sequence[str]) -> int:
    """`pylink86 link ...`; the exit status."""
    return main(argv, "pyld")


def main(argv: Sequence[str] | None = None, program: str | None = None) -> int:
    """Run `pyld`; the exit status: 0, or 1 after any error.

    argv: the arguments, sys.argv's by default; program: the name it was called by, which decides
    the dialect when `--dialect` does not.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    name = sys.argv[0] if program is None else program
    return guarded(lambda: _run(words, name))


def _run(argv: Sequence[str], program: str) -> int:
    dialect = next((w[10:] for w in argv if w[:10] == "--dialect="), dialect_of(program))
    parsed = parse(argv, LD, KEYWORDS, exact=dialect == "lld")
    values = parsed.values
    values.setdefault("dialect", dialect)
    values["program"] = os.path.basename(program)
    if values.get("help"):
        sys.stdout.write(usage(program))
        return 0
    if any(values.get(name) for name in ("version", "show_version", "show_emulations")):
        print(version_line(version_like(values.get("version_as", "")), values["dialect"]))
    if values.get("show_emulations") and values["dialect"] == "gnu":
        print("  Supported emulations:", *EMULATIONS, sep="\n   ")
    if values.get("version"):
        return 0
    if values.get("target_help"):
        sys.stdout.write(help_text({"Keywords of -z": tuple(KEYWORDS["z"].values())}, "-z "))
        return 0
    if "explain" in values:
        from .explanations import explain

        return explain(values["explain"])
    from .link_values import check_values

    problems = parsed.problems
    if values["dialect"] == "lld":
        from .lld_values import lld_problems

        problems = lld_problems(parsed)
    if show(_as_fatal([*problems, *check_values(values)], values), values):
        return 1
    if values.get("dump_layout"):
        from .layouts import dump_layout

        return dump_layout(values)
    tells = TELLS if values["dialect"] == "gnu" else TELLS[:2]
    if not _has_inputs(parsed) and any(values.get(name) for name in tells):
        if values.get("verbose"):
            from .layouts import show_layout

            show_layout(values)
        _tell(values)
        return 0
    if values.get("time"):
        from ..laps import timed

        with timed() as laps:
            status = _reproducible(parsed, program)
        sys.stderr.write(laps.table())
        return status
    return _reproducible(parsed, program)


def _as_fatal(found: list[Diagnostic], values: Mapping[str, Any]) -> list[Diagnostic]:
    """What is wrong with the command line; with --fatal-warnings all of it is an error."""
    if not values.get("fatal_warnings"):
        return found
    from attrs import evolve

    return [evolve(d, severity="error") for d in found]


def _reproducible(parsed: Parsed, program: str) -> int:
    """Link, and pack up the inputs where that is asked for."""
    if "reproduce" in parsed.values:
        return _link_and_pack(parsed, program)
    return _link(parsed, program)


def _link_and_pack(parsed: Parsed, program: str) -> int:
    """Link, and pack up what was read, all the more when the link fails."""
    from ..diag import LinkError
    from ..formats.output import write_file
    from .reproduce import pack

    opened: list[str] = []
    status = _link(parsed, program, opened)
    path = parsed.values["reproduce"]
    try:
        write_file(path, pack(parsed, opened, parsed.values["dialect"]), executable=False)
    except LinkError as problem:
        show(problem.diagnostics, parsed.values)
        return 1
    return status


def _link(parsed: Parsed, program: str, opened: list[str] | None = None) -> int:
    """Read, link, write; findings to stderr.  opened: gets the path of every file that is read."""
    from ..diag import LinkError
    from ..formats.opened import listening

    values = parsed.values
    opened = [] if opened is None else opened
    try:
        line = read_line(parsed)
        if show(line.problems, values):
            return 1
        if values.get("verbose"):
            from .layouts import show_layout

            show_layout(values)
        _tell(values)
        with listening(opened):
            result = link_line(parsed, line, values["dialect"])
        output = values.setdefault("output", _output_of(result))
        read = {*line.paths, *opened, *symbol_files(values)}
        for path in (output, *(values[name] for name in WRITTEN if values.get(name))):
            _spare_inputs(path, sorted(read))
        if output == "-" and values["dialect"] == "lld":
            sys.stdout.buffer.write(result.image)
        else:
            result.write(output)
        if any(values.get(name) for name in OUTPUTS):
            from .outputs import write_outputs

            write_outputs(result, values, output, program)
        if values.get("verbose") and values["dialect"] == "lld":
            from .layouts import tell_inputs

            tell_inputs(result, values["program"])
        if "print_layout" in values or "picture" in values:
            from .views import write_views

            write_views(result, values)
    except LinkError as problem:
        show(problem.diagnostics, values)
        if "error_script" in values:
            from .error_script import ask_script

            show(ask_script(values["error_script"], problem.diagnostics), values)
        return 1
    return 1 if show(result.diagnostics, values) else 0


def _tell(values: Mapping[str, Any]) -> None:
    """--print-output-format and --print-sysroot."""
    if values.get("print_format"):
        from .layouts import format_of

        print(format_of(values))
    if values.get("print_sysroot") and values.get("sysroot"):
        print(values["sysroot"])


def link_line(parsed: Parsed, line: Line, dialect: str) -> LinkResult:
    """The link a command line asks for; raises LinkError."""
    from ..linker import link
    from .elf_values import begun_sections
    from .link_values import link_options

    values, objs, ahead = parsed.values, line.objs, line.ahead
    if "boot_sector" in values and objs:
        from ..boot import sector

        objs = [sector(values["boot_sector"]), *objs]
        ahead = None if ahead is None else ahead + 1
    values["begun_sections"] = begun_sections(parsed)
    layout = line.layout
    if not line.scripts:
        from .layouts import built_in

        layout = built_in(values)
    return link(objs, layout, dialect=dialect, options=link_options(values, ahead))


def _has_inputs(parsed: Parsed) -> bool:
    return any(kind in ("file", "library") for kind, _, _ in parsed.inputs)


def _output_of(result: LinkResult) -> str:
    """What OUTPUT() names, for want of -o (GNU ld manual 3.4.2)."""
    from ..script import nodes as n

    names = [c.args[0] for c in result.script.of(n.Command) if c.word == "OUTPUT"]
    return names[-1] if names else "a.out"


def dialect_of(program: str) -> str:
    """`lld` when called as `ld.lld`, `ld.lld-19` or `lld`, else `gnu`."""
    name = os.path.basename(program).lower()
    return "lld" if "lld" in name.replace("-", ".").split(".") else "gnu"


def version_like(text: str) -> str:
    """The version of GNU ld that --version-as asks for; "" when it asks for none."""
    name, _, version = text.partition(":")
    return (version or GNU_VERSION) if name == "gnu-ld" else ""


def usage(program: str) -> str:
    """The text of `--help`; configure scripts search it for `: supported targets:.* elf`."""
    name = os.path.basename(program) or "pyld"
    return (
        f"Usage: {name} [options] file...\n"
        f"{help_text(LD)}"
        "@FILE reads options from FILE.\n"
        f"{name}: supported targets: {' '.join(TARGETS)}\n"
        f"{name}: supported emulations: {' '.join(EMULATIONS)}\n"
    )


def _is_file(name: str, there: os.stat_result) -> bool:
    """Whether a name is that of a file of which this is known."""
    try:
        return os.path.samestat(os.stat(name), there)
    except (OSError, ValueError):
        return False


def _spare_inputs(output: str, inputs: Sequence[str]) -> None:
    """Raise output-is-input when writing the output would destroy an input."""
    from ..diag import fail

    try:
        there = os.stat(output)
    except (OSError, ValueError):
        return
    for name in inputs:
        if _is_file(name, there):
            raise fail(
                "output-is-input",
                f"input file '{name}' is the same as output file",
                help=("name another output with -o",),
            )
