"""The script of a link: parsed, with every INCLUDE followed.

A layout is a path, script text, a Layout built in Python, or a tree somebody parsed before; what
options say (`--defsym`) is appended as the nodes the parser would have made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Union

import attrs

from ...diag import Span, fail
from ...formats.opened import note, read_text
from ...script import nodes as n
from ...script.parser import parse_script

if TYPE_CHECKING:
    from ...script.build import Layout

LayoutLike = Union[str, "os.PathLike[str]", "Layout", n.Script, None]

INCLUDE_DEPTH = 100
MAX_INCLUDES = 2000
"""INCLUDEs followed in a link: thirty files that include the next one twice would be a billion."""

T = TypeVar("T")


class ScriptFile:
    """The script of a link, every INCLUDE replaced by what it names.

    commands: what stands outside SECTIONS and SECTIONS itself, in order.
    """

    def __init__(self, commands: tuple[n.TopLevel, ...]) -> None:
        self.commands = commands

    def of(self, kind: type[T]) -> Iterator[T]:
        """Every top-level command of one kind, in order."""
        return (c for c in self.commands if isinstance(c, kind))

    @property
    def has_sections(self) -> bool:
        """Whether a SECTIONS command gives the layout; one that INSERT moves only adds to it."""
        behind = (*self.commands[1:], None)
        return any(
            isinstance(command, n.SectionsCommand) and not isinstance(after, n.Insert)
            for command, after in zip(self.commands, behind)
        )


def load_script(
    layout: LayoutLike, search: Sequence[str], extra: Iterable[n.TopLevel] = ()
) -> ScriptFile:
    """Parse the layout, follow its INCLUDEs, and append the nodes that options stand for.

    layout: a path, script text (a str with a line break, a brace or a semicolon), a Layout, a
    Script, or None for no script.  Raises script-syntax, cannot-read, include-cycle."""
    script = _parse(layout, search)
    expanded = _expand(script.commands, "script", _Includes(search), ())
    return ScriptFile((*expanded, *extra))


def read_commands(text: str, path: str, search: Sequence[str]) -> tuple[n.TopLevel, ...]:
    """The commands of a script that was found among the inputs, INCLUDEs followed."""
    return _expand(parse_script(text, path).commands, "script", _Includes(search), ())


def _parse(layout: LayoutLike, search: Sequence[str]) -> n.Script:
    if layout is None:
        return n.Script()
    if isinstance(layout, n.Script):
        return layout
    if isinstance(layout, str) and any(mark in layout for mark in "\n{;"):
        return parse_script(layout)
    if isinstance(layout, (str, os.PathLike)):
        path = find_file(os.fspath(layout), search) or os.fspath(layout)
        return parse_script(_read_text(path, None), path)
    return layout.script


def _read_text(path: str, span: Span | None) -> str:
    note(path)
    return read_text(path, "linker script file ", span=span)


class _Includes:
    """Where INCLUDE looks for files, and how many it has opened."""

    def __init__(self, search: Sequence[str]) -> None:
        self.search = search
        self.opened = 0


def _expand(
    items: tuple[Any, ...], where: str, search: _Includes, stack: tuple[str, ...]
) -> tuple[Any, ...]:
    """Replace each Include by the nodes its file holds, at every level where one may stand.

    GNU ld manual 3.4.2: the file is looked for in the current directory, then along `-L`.
    """
    out: list[Any] = []
    same = True
    for item in items:
        if isinstance(item, n.Include):
            out += _included(item, where, search, stack)
            same = False
            continue
        held = _HOLDERS.get(type(item))
        if held is not None:
            field, inside = held
            inner = getattr(item, field)
            expanded = _expand(inner, inside, search, stack)
            if expanded is not inner:
                item = attrs.evolve(item, **{field: expanded})
                same = False
        out.append(item)
    return items if same else tuple(out)


_HOLDERS: dict[type, tuple[str, str]] = {
    n.SectionsCommand: ("items", "sections"),
    n.OutputSection: ("statements", "output section"),
    n.Memory: ("regions", "memory"),
}
"""Nodes that may have an INCLUDE in them: the field, and what stands there."""


def _included(
    node: n.Include, where: str, search: _Includes, stack: tuple[str, ...]
) -> tuple[Any, ...]:
    path = find_file(node.path, search.search) or node.path
    real = os.path.realpath(path)
    search.opened += 1
    if search.opened > MAX_INCLUDES:
        raise fail(
            "include-cycle",
            f"more than {MAX_INCLUDES} INCLUDEs",
            span=node.span,
            notes=[f"included through {' -> '.join([*stack[-3:], real])}"],
            help=["include each file once"],
        )
    if real in stack or len(stack) >= INCLUDE_DEPTH:
        raise fail(
            "include-cycle",
            f"INCLUDE {node.path} includes itself",
            span=node.span,
            notes=[f"included through {' -> '.join([*stack[-3:], real])}"],
            help=["remove the INCLUDE that leads back"],
        )
    text = _read_text(path, node.span)
    return _expand(_fragment(text, path, where), where, search, (*stack, real))


def _fragment(text: str, path: str, where: str) -> tuple[Any, ...]:
    if where == "script":
        return parse_script(text, path).commands
    found: tuple[Any, ...] = parse_script(text, path, where)  # type: ignore[call-overload]
    return found


def find_file(name: str, search: Sequence[str]) -> str | None:
    """The first existing file of that name: as given, then in each directory of `search`."""
    for directory in ("", *search):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
        if os.path.isabs(name):
            break
    return None
