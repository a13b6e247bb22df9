"""INSERT: sections of one script that go into the middle of another's.

`SECTIONS { ... } INSERT AFTER .text` adds to a layout without copying it.  GNU ld moves everything
since the last INSERT, assignments included; LLD moves the output sections of that one SECTIONS
command and leaves its assignments where they stand (GNU ld manual 3.4.4, by experiment).
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ..diag import Diagnostics
from ..dialect import Dialect
from ..script import nodes as n

_LAYOUT = (n.SectionsCommand, n.Assignment, n.Assert)


@attrs.define(eq=False, repr=False)
class _Moved:
    """The items an INSERT moves, and where to."""

    node: n.Insert
    items: list[n.SectionsItem]


def insert_sections(
    commands: tuple[n.TopLevel, ...], dialect: Dialect, diags: Diagnostics
) -> tuple[n.TopLevel, ...]:
    """Commands in which every INSERT has been obeyed: one SECTIONS command with all that shapes
    memory, behind everything else.  Reports insert-target-missing."""
    if not any(isinstance(command, n.Insert) for command in commands):
        return commands
    pick = _everything_before if dialect.insert_moves_all else _sections_before
    items, moved = pick(commands)
    for move in moved:
        _put(items, move, dialect, diags)
    others = tuple(c for c in commands if not isinstance(c, (*_LAYOUT, n.Insert)))
    return (*others, n.SectionsCommand(tuple(items)))


def _everything_before(
    commands: Sequence[n.TopLevel],
) -> tuple[list[n.SectionsItem], list[_Moved]]:
    """GNU ld: all statements since the last INSERT move."""
    moved: list[_Moved] = []
    pending: list[n.SectionsItem] = []
    for command in commands:
        if isinstance(command, n.Insert):
            moved.append(_Moved(command, pending))
            pending = []
        elif isinstance(command, n.SectionsCommand):
            pending += command.items
        elif isinstance(command, (n.Assignment, n.Assert)):
            pending.append(command)
    return pending, moved


def _sections_before(commands: Sequence[n.TopLevel]) -> tuple[list[n.SectionsItem], list[_Moved]]:
    """LLD: the output sections of the SECTIONS command right before move."""
    moved: list[_Moved] = []
    items: list[n.SectionsItem] = []
    last = 0
    for command in commands:
        if isinstance(command, n.Insert):
            going = [item for item in items[last:] if isinstance(item, n.OutputSection)]
            items[last:] = [item for item in items[last:] if not isinstance(item, n.OutputSection)]
            moved.append(_Moved(command, list(going)))
            last = len(items)
        elif isinstance(command, n.SectionsCommand):
            last = len(items)
            items += command.items
        elif isinstance(command, (n.Assignment, n.Assert)):
            items.append(command)
    return items, moved


def _put(items: list[n.SectionsItem], move: _Moved, dialect: Dialect, diags: Diagnostics) -> None:
    where = _index(items, move.node.section)
    if where is None:
        missing(move, dialect, diags)
        items += move.items
        return
    if move.node.where == "AFTER":
        where += 1
        if dialect.insert_moves_all:
            where = _behind_assignments(items, where)
    elif dialect.insert_moves_all:
        before = [i for i in range(where) if isinstance(items[i], n.OutputSection)]
        where = _behind_assignments(items, before[-1] + 1 if before else 0)
    items[where:where] = move.items


def missing(move: _Moved, dialect: Dialect, diags: Diagnostics) -> None:
    """insert-target-missing: nothing that stays has that name."""
    section = move.node.section
    help_ = [f"name an output section of the layout: INSERT {move.node.where} .text"]
    notes = []
    if any(isinstance(i, n.OutputSection) and i.name == section for i in move.items):
        notes = ["everything since the last INSERT moves, and the section is in that itself"]
        help_ = [
            "put this SECTIONS with its INSERT in front of the others (a script of its own: give "
            "its -T first)"
        ]
    diags.error(
        "insert-target-missing",
        f"{section} not found for insert",
        span=move.node.span,
        notes=notes,
        help=help_,
    )


def _index(items: Sequence[n.SectionsItem], name: str) -> int | None:
    for index, item in enumerate(items):
        if isinstance(item, n.OutputSection) and item.name == name:
            return index
    return None


def _behind_assignments(items: Sequence[n.SectionsItem], start: int) -> int:
    """Assignments to symbols stay with the section before them; the first one to `.` belongs to
    what follows, if an output section does."""
    first_dot = None
    for index in range(start, len(items)):
        item = items[index]
        if isinstance(item, n.OutputSection):
            return index if first_dot is None else first_dot
        if isinstance(item, n.Assignment) and item.name == "." and first_dot is None:
            first_dot = index
    return len(items)
