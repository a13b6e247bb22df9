"""`--remap-inputs`: another file in the place of one that the command line names.

Who looks for the object that breaks a link swaps files one by one, and the command line is made by
a build system that cannot be told.  A name without wildcards goes before patterns, which are tried
in their order.

Source: ld.lld(1), and ld.lld-19 with names, patterns and files of both.
"""

from __future__ import annotations

from .globs import glob_problems
from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..diag import Diagnostic

NOTHING = "/dev/null"
"""The file that stands for no file at all."""

WILD = frozenset("*?[\\")

Given = tuple[str, str, "Mapping[str, Any]"]
"""kind, text and state, as in `Parsed.inputs`."""


def remapped(
    inputs: Sequence[Given], values: Mapping[str, Any]
) -> tuple[Sequence[Given], list[Diagnostic]]:
    """The inputs with other files, and what is wrong with the options: bad-option-value,
    cannot-read."""
    exact: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    problems: list[Diagnostic] = []
    for where, line in _lines(values, problems):
        glob, equals, path = line.partition("=")
        if not equals:
            text = f"{where}: parse error, not 'from-glob=to-file'"
            problems.append(error("bad-option-value", text))
        elif WILD.isdisjoint(glob):
            exact[glob] = path
        else:
            problems += glob_problems(where, glob)
            patterns.append((glob, path))
    if problems:
        return inputs, problems
    return list(_swapped(inputs, exact, patterns)), []


def _lines(values: Mapping[str, Any], problems: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    """(where it stands, `GLOB=FILE`)."""
    for line in values.get("remap_inputs", ()):
        yield "--remap-inputs", line
    for name in values.get("remap_files", ()):
        try:
            with open(name, encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().splitlines()
        except OSError as problem:
            text = f"cannot open {name}: {problem.strerror or problem}"
            problems.append(error("cannot-read", text))
            continue
        for number, line in enumerate(lines, 1):
            if line.strip() and line[0] != "#":
                yield f"{name}:{number}", line


def _swapped(
    inputs: Sequence[Given], exact: Mapping[str, str], patterns: Sequence[tuple[str, str]]
) -> Iterator[Given]:
    from ..wildcard import compile_section_pattern

    tests = [(compile_section_pattern(glob), path) for glob, path in patterns]
    for kind, text, state in inputs:
        new = text
        if kind in ("file", "script"):
            new = exact.get(text) or next((path for fits, path in tests if fits(text)), text)
        if new != NOTHING:
            yield kind, new, state
