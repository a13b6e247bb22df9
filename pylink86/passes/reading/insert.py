"""INSERT: sections of one script that go into the middle of another's.

`SECTIONS { ... } INSERT AFTER .text` adds to a layout without copying it.  GNU ld moves everything
since the last INSERT, assignments included, before it looks at any input.  LLD moves the output
sections of that one SECTIONS command, leaves its assignments where they stand, and does so when the
order of all output sections is made: the anchor may be one that only orphans make (GNU ld manual
3.4.5, by experiment).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...diag import Diagnostics, LinkError, fail
from ...dialect import Dialect
from ...script import nodes as n

_LAYOUT = (n.SectionsCommand, n.Assignment, n.Assert)


class Move:
    """One INSERT of LLD's dialect, and the output sections it moves."""

    def __init__(self, node: n.Insert, names: tuple[str, ...]) -> None:
        self.node, self.names = node, names


def insert_moves(commands: Sequence[n.TopLevel]) -> Iterator[Move]:
    """Every INSERT with the names in the SECTIONS command right before it."""
    for before, command in zip(commands, commands[1:]):
        if isinstance(command, n.Insert) and isinstance(before, n.SectionsCommand):
            names = [item.name for item in before.items if isinstance(item, n.OutputSection)]
            yield Move(command, tuple(names))


def insert_sections(
    commands: tuple[n.TopLevel, ...], dialect: Dialect, diags: Diagnostics
) -> tuple[n.TopLevel, ...]:
    """GNU ld: commands in which every INSERT has been obeyed, one SECTIONS command with all that
    shapes memory behind everything else.  Reports insert-target-missing.  LLD's stay."""
    if not dialect.insert_moves_all or not any(isinstance(k, n.Insert) for k in commands):
        return commands
    pending: list[n.SectionsItem] = []
    moved: list[tuple[n.Insert, list[n.SectionsItem]]] = []
    for command in commands:
        if isinstance(command, n.Insert):
            moved.append((command, pending))
            pending = []
        elif isinstance(command, n.SectionsCommand):
            pending += command.items
        elif isinstance(command, (n.Assignment, n.Assert)):
            pending.append(command)
    for node, going in moved:
        _put(pending, node, going, diags)
    others = tuple(c for c in commands if not isinstance(c, (*_LAYOUT, n.Insert)))
    return (*others, n.SectionsCommand(tuple(pending)))


def _put(
    items: list[n.SectionsItem], node: n.Insert, going: list[n.SectionsItem], diags: Diagnostics
) -> None:
    where = _index(items, node.section)
    if where is None:
        names = [i.name for i in going if isinstance(i, n.OutputSection)]
        diags.extend(missing(Move(node, tuple(names))).diagnostics)
        items += going
        return
    if node.where == "AFTER":
        where = _behind_assignments(items, where + 1)
    else:
        before = [i for i in range(where) if isinstance(items[i], n.OutputSection)]
        where = _behind_assignments(items, before[-1] + 1 if before else 0)
    items[where:where] = going


def missing(move: Move) -> LinkError:
    """insert-target-missing: nothing that stays has that name."""
    section = move.node.section
    help_ = [f"name an output section of the layout: INSERT {move.node.where} .text"]
    notes = [f"INSERT {move.node.where} moves {', '.join(move.names)}"] if move.names else []
    if section in move.names:
        notes += ["everything since the last INSERT moves, and the section is in that itself"]
        help_ = [
            "put this SECTIONS with its INSERT in front of the others (a script of its own: give "
            "its -T first)"
        ]
    return fail(
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
