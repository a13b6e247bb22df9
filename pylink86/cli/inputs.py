"""The inputs of a command line as `link()` takes them: in order, each with what holds for it.

`--whole-archive`, `--start-group` and `-T` mean something for what follows them or for where they
stand, so a command line is read from left to right.  What comes out is a list of paths, and an
`Input` where more is to be said than a path.
"""

from __future__ import annotations

import os

from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from ..diag import Diagnostic
    from ..passes.inputs.load import InputLike
    from .options import Parsed

PREFIXES = ("prefix_symbols", "prefix_sections", "prefix_alloc_sections")

OPENS = {"start-group": "--start-group", "start-lib": "--start-lib"}
CLOSES = {
    "end-group": ("start-group", "--end-group"),
    "end-lib": ("start-lib", "--end-lib"),
}


class Line:
    """objs: inputs in order.  layout: the first -T.  ahead: inputs before it, None without one.
    scripts: how many -T there are.  paths: the files that were named, which must not be written to.
    problems: what is wrong."""

    __slots__ = ("ahead", "layout", "objs", "paths", "problems", "scripts")

    def __init__(self) -> None:
        self.objs: list[InputLike] = []
        self.layout: str | Path | None = None
        self.ahead: int | None = None
        self.scripts = 0
        self.paths: list[str] = []
        self.problems: list[Diagnostic] = []


def read_line(parsed: Parsed) -> Line:
    """Walk the inputs; reports bad-option-value for an end without a start.

    A group that is not closed ends with the line, as in GNU ld.
    """
    line = Line()
    numbers: dict[str, int] = {}
    opened: dict[str, int] = {}
    line.problems += _missing_default(parsed.values)
    line.problems += _unknown_formats(parsed)
    given = _with_default_script(parsed)
    if "remap_inputs" in parsed.values or "remap_files" in parsed.values:
        from .remap import remapped

        given, problems = remapped(given, parsed.values)
        line.problems += problems
    if "chroot" in parsed.values:
        given = _below(parsed.values["chroot"], given)
    line.problems += _nesting(given, parsed.values)
    for kind, text, state in given:
        if kind in OPENS:
            # A group in a group is searched with the outer one, which comes to the same members.
            depth = opened.get(kind, 0)
            numbers[kind] = numbers.get(kind, 0) + (not depth)
            opened[kind] = depth + 1
            continue
        if kind in CLOSES:
            _close(*CLOSES[kind], opened, line, parsed.values)
            continue
        line.scripts += kind == "script"
        if kind == "script" and line.layout is None and not _says_more(state, opened):
            line.layout, line.ahead = _path(text), len(line.objs)
            line.paths.append(text)
        else:
            if kind in ("file", "script"):
                line.paths.append(text)
            inside = {name: numbers[name] for name, depth in opened.items() if depth}
            line.objs.append(_input(kind, text, state, inside))
    return line


FORMATS = frozenset(("", "binary", "default", "elf", "elf64-x86-64", "elf32-i386", "elf32-x86-64"))
"""What -b takes; all but `binary` mean that a file says itself what it is."""


def _unknown_formats(parsed: Parsed) -> list[Diagnostic]:
    """bad-option-value for formats of inputs that nobody knows."""
    given = dict.fromkeys(state.get("format") or "" for _, _, state in parsed.inputs)
    return [
        error(
            "bad-option-value",
            f"unknown format of inputs: {name}",
            help=("use binary, or default to let every file say itself what it is",),
        )
        for name in given
        if name not in FORMATS
    ]


def _says_more(state: Mapping[str, Any], opened: Mapping[str, int]) -> bool:
    """Whether options hold that mean something for the inputs a script names."""
    return bool(state.get("whole_archive") or state.get("static") or any(opened.values()))


def _with_default_script(parsed: Parsed) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """-dT counts when there is no -T, and after everything else."""
    default = parsed.values.get("default_script")
    if default is None or "script" in parsed.values:
        return parsed.inputs
    return [*parsed.inputs, ("script", default, {})]


def _missing_default(values: Mapping[str, Any]) -> list[Diagnostic]:
    """cannot-read: LLD looks for the script of -dT also when a -T takes its place."""
    path = values.get("default_script")
    if path is None or values.get("dialect") != "lld":
        return []
    folders = ["", *values.get("search", ())]
    if any(os.path.isfile(os.path.join(folder, path)) for folder in folders):
        return []
    return [error("cannot-read", f"cannot find linker script {path}")]


def _below(
    root: str, given: Sequence[tuple[str, str, Mapping[str, Any]]]
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """The inputs with a root directory in front of absolute paths (--chroot)."""
    return [
        (kind, root + text if kind in ("file", "script") and text[:1] == "/" else text, state)
        for kind, text, state in given
    ]


def _nesting(
    given: Sequence[tuple[str, str, Mapping[str, Any]]], values: Mapping[str, Any]
) -> list[Diagnostic]:
    """bad-option-value: LLD has neither groups nor --start-lib inside of each other.  What
    --start-lib begins counts as a group, and either end ends one."""
    found: list[str] = []
    in_group = in_lib = False
    for kind, _, _ in given if values.get("dialect") == "lld" else ():
        if kind == "start-group":
            found += ["nested --start-group"] if in_group else []
            in_group = True
        elif kind == "end-group":
            found += [] if in_group else ["stray --end-group"]
            in_group = False
        elif kind == "start-lib":
            found += ["nested --start-lib"] if in_lib else []
            found += ["may not nest --start-lib in --start-group"] if in_group else []
            in_group = in_lib = True
        elif kind == "end-lib":
            found += [] if in_lib else ["stray --end-lib"]
            in_group = in_lib = False
    help_ = ("close each of them before the next one begins",)
    return [error("bad-option-value", message, help=help_) for message in found]


def _close(
    start: str, spelled: str, opened: dict[str, int], line: Line, values: Mapping[str, Any]
) -> None:
    if not opened.get(start):
        if values.get("dialect") == "lld":
            return
        message = f"{spelled} without {OPENS[start]}: group ended before it began"
        line.problems.append(error("bad-option-value", message))
        return
    opened[start] -= 1


def _path(text: str) -> str | Path:
    """A script's path; a Path where `link` would take a string for script text."""
    if not any(mark in text for mark in "\n{;"):
        return text
    from pathlib import Path

    return Path(text)


def _input(kind: str, text: str, state: Mapping[str, Any], inside: Mapping[str, int]) -> InputLike:
    """One input; a path when nothing is to be said about it."""
    prefixes = tuple((name, state[name]) for name in PREFIXES if state.get(name))
    binary = state.get("format") == "binary"
    plain = not (prefixes or inside or state.get("whole_archive") or binary)
    if kind == "file" and plain:
        return text
    from ..passes.inputs.load import Input

    if kind == "defsym":
        from ..script.parser import parse_defsym

        return Input(parse_defsym(text), "script")
    return Input(
        _path(text) if kind == "script" else text,
        kind,
        whole_archive=bool(state.get("whole_archive")),
        group=inside.get("start-group", 0),
        lazy=inside.get("start-lib", 0),
        static=bool(state.get("static")),
        binary=binary and kind == "file",
        prefixes=prefixes,
    )
