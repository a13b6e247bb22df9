"""`pyld`: the linker as a command that understands GNU ld's and LLD's command lines.

Compilers and Makefiles are written for those two, so the options, the exit status and the words
that tools look for are theirs; the work is done by `link()`, which knows nothing of command lines.
"""

from __future__ import annotations

import os
import sys

from .layouts import built_in, dump_layout, show_layout
from .ld_options import EMULATIONS, KEYWORDS, LD, TARGETS
from .options import Parsed, error, help_text, parse
from .program import guarded, parse_size, run_process, show, version_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from ..diag import Diagnostic
    from ..linker import LinkOptions
    from ..model import ObjectFile

CHOICES = {
    "dialect": ("gnu", "lld"),
    "boot_sector": ("real", "protected", "long"),
    "error_format": ("text", "json"),
    "emulation": EMULATIONS,
    "flavor": ("gnu", "ld", "ld.lld"),
    "colour": ("", "auto", "always", "never", False),
    "print_layout": ("", "full"),
}
"""Options that take one word of a few."""


WRITTEN = ("picture", "map_file", "dependency_file", "elf_twin", "gdb_script")
"""Options that name a further file to write."""

OUTPUTS = (
    *WRITTEN[1:], "trace", "trace_symbol", "print_gc_sections", "print_map", "cref", "memory_usage",
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
    parsed = parse(argv, LD, KEYWORDS)
    values = parsed.values
    values.setdefault("dialect", dialect_of(program))
    if values.get("help"):
        sys.stdout.write(usage(program))
        return 0
    if values.get("version") or values.get("show_version") or values.get("show_emulations"):
        print(version_line())
    if values.get("show_emulations"):
        print("  Supported emulations:", *EMULATIONS, sep="\n   ")
    if values.get("version"):
        return 0
    if "explain" in values:
        from .explanations import explain

        return explain(values["explain"])
    if show([*parsed.problems, *_check(values)], values):
        return 1
    if values.get("dump_layout"):
        return dump_layout(values)
    if not parsed.inputs and (values.get("show_version") or values.get("show_emulations")):
        return 0
    return _link(parsed, program)


def _link(parsed: Parsed, program: str) -> int:
    """Read, link, write; findings to stderr."""
    from ..diag import LinkError
    from ..linker import link

    values = parsed.values
    try:
        objs = [_input(text, state) for _, text, state in parsed.inputs]
        if "boot_sector" in values and objs:
            from ..boot import sector

            objs.insert(0, sector(values["boot_sector"]))
        if values.get("verbose"):
            show_layout(values)
        result = link(
            objs,
            _layout(values.get("script", [])) or built_in(values),
            dialect=values["dialect"],
            options=_options(parsed),
        )
        output = values.get("output", "a.out")
        for path in (output, *(values[name] for name in WRITTEN if values.get(name))):
            _spare_inputs(path, [text for _, text, _ in parsed.inputs])
        result.write(output)
        if any(values.get(name) for name in OUTPUTS):
            from .outputs import write_outputs

            write_outputs(result, values, output, program)
        if "print_layout" in values or "picture" in values:
            from .views import write_views

            write_views(result, values)
    except LinkError as problem:
        show(problem.diagnostics, values)
        return 1
    return 1 if show(result.diagnostics, values) else 0


def dialect_of(program: str) -> str:
    """`lld` when called as `ld.lld`, `ld.lld-19` or `lld`, else `gnu`."""
    name = os.path.basename(program).lower()
    return "lld" if "lld" in name.replace("-", ".").split(".") else "gnu"


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


def _check(values: Mapping[str, Any]) -> list[Diagnostic]:
    """Errors in the values of options: bad-option-value, option-not-supported."""
    found = [
        _bad_value(dest, values[dest], [str(choice) for choice in choices if choice])
        for dest, choices in CHOICES.items()
        if dest in values and values[dest] not in choices
    ]
    size = values.get("max_image_size", "1")
    if parse_size(size) is None:
        found.append(
            error(
                "bad-option-value",
                f"`{size}' is not a size",
                help=("write bytes, or a number with K, M or G, such as 64M",),
            )
        )
    if len(values.get("script", [])) > 1:
        found.append(
            error(
                "option-not-supported",
                "more than one -T is not supported",
                help=("write one script that names the others with INCLUDE",),
            )
        )
    return found


def _bad_value(dest: str, value: str, choices: Sequence[str]) -> Diagnostic:
    message = f"`{value}' is not a value of --{dest.replace('_', '-')}"
    if dest == "emulation":
        message = f"unrecognised emulation mode: {value}"
    return error("bad-option-value", message, help=(f"use one of {', '.join(choices)}",))


def _input(text: str, state: Mapping[str, Any]) -> str | ObjectFile:
    """An input as `link()` takes it: its path, or the file with the prefixes that hold here."""
    if not any(state.get(kind) for kind in PREFIXES):
        return text
    from ..formats import read

    file = read(text)
    for kind in PREFIXES:
        if state.get(kind):
            file = getattr(file, kind)(state[kind])
    return file


PREFIXES = ("prefix_symbols", "prefix_sections", "prefix_alloc_sections")


def _layout(scripts: Sequence[str]) -> str | os.PathLike[str] | None:
    """The script's path; a Path where `link` would take a string for script text."""
    if not scripts:
        return None
    if not any(mark in scripts[0] for mark in "\n{;"):
        return scripts[0]
    from pathlib import Path

    return Path(scripts[0])


def _options(parsed: Parsed) -> LinkOptions:
    from ..linker import LinkOptions

    values = parsed.values
    given: dict[str, Any] = {
        name: values[name]
        for name in ("entry", "gc_sections", "fatal_warnings", "oformat", "emulation")
        if name in values
    }
    if "boot_sector" in values:
        given.setdefault("oformat", "binary")
    for name in ("search", "undefined", "defsym", "silenced"):
        given[name] = tuple(values.get(name, ()))
    if "max_image_size" in values:
        given["max_image_size"] = parse_size(values["max_image_size"])
    if "script" in parsed.inputs_before:
        given["inputs_before_script"] = parsed.inputs_before["script"] + ("boot_sector" in values)
    return LinkOptions(**given)


def _spare_inputs(output: str, inputs: Sequence[str]) -> None:
    """Raise output-is-input when writing the output would destroy an input."""
    from ..diag import fail

    for name in inputs:
        if os.path.exists(output) and os.path.exists(name) and os.path.samefile(output, name):
            raise fail(
                "output-is-input",
                f"input file '{name}' is the same as output file",
                help=("name another output with -o",),
            )
