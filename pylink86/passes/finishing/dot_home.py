"""GNU ld: the section a symbol belongs to whose value is that of `.` between output sections.

`end = .;` behind `.bss` gives a number; a program that is moved, or linked again, needs to know
which section that number moves with.  GNU ld takes the section before the assignment; where `.` was
assigned in between, the one behind, because an assignment to `.` is meant as the start of what
follows.  Only sections in memory count, and none of the thread-local ones.

Source: symbols between sections of every kind, with each kind of statement around them, linked by
GNU ld 2.40."""

from __future__ import annotations

from collections.abc import Mapping

from ... import elf_const as c
from ...script import nodes as n
from ..ordering.order import OutputPlan
from ..placement import PlacedSection, Placement


def homes_of_dot(placed: Placement, where: Mapping[int, int]) -> dict[str, int]:
    """OutputPlan.index for each name that the script assigns; those without one are absolute.

    where: header index of each output section in the file, by OutputPlan.index."""
    walk = _Walk(placed, where, sorted(where, key=where.__getitem__))
    found: dict[str, int] = {}
    for at, command in enumerate(placed.commands):
        if isinstance(command, OutputPlan):
            walk.enter(command.index)
            inside = (i.name for i in command.items if isinstance(i, n.Assignment))
            found.update(dict.fromkeys(inside, command.index))
        elif isinstance(command, n.Assignment):
            home = walk.home(command, at)
            if home is None:
                found.pop(command.name, None)
            else:
                found[command.name] = home
    return found


class _Walk:
    """headers: sections of the file in its order.  before: the last section in memory; moved: `.`
    was assigned since; ended: `end` was."""

    def __init__(self, placed: Placement, where: Mapping[int, int], headers: list[int]) -> None:
        self.placed, self.where, self.headers = placed, where, headers
        self.before, self.moved, self.ended = -1, False, False
        self.behind_end: set[int] = set()

    def enter(self, index: int) -> None:
        if self.ended:
            self.behind_end.add(index)
        if self._section(index).plan.alloc and index in self.where:
            self.before, self.moved = index, False

    def home(self, node: n.Assignment, at: int) -> int | None:
        """The section of a symbol assigned by command number `at`."""
        if node.name == ".":
            self.moved = not node.trails
        elif node.name.lstrip("_") == "end":
            self.moved, self.ended = False, True
        if self.before < 0 or self.moved:
            behind = self._next(at)
            if behind is None or self.before < 0 or behind not in self.behind_end:
                return self._nearest_before(len(self.placed.sections) if behind is None else behind)
        return self._around(self.before)

    def _next(self, at: int) -> int | None:
        """The first output section behind command number `at` that is in the file."""
        later = (x.index for x in self.placed.commands[at:] if isinstance(x, OutputPlan))
        return next((index for index in later if index in self.where), None)

    def _around(self, index: int) -> int | None:
        """A section, or else the nearest before it, or else the first of all that counts."""
        found = self._nearest_before(index)
        return next(filter(self._counts, self.headers), None) if found is None else found

    def _nearest_before(self, index: int) -> int | None:
        """A section, or else the nearest before it, that symbols may belong to."""
        last = self.headers.index(index) + 1 if index in self.where else self._rank(index)
        return next((i for i in reversed(self.headers[:last]) if self._counts(i)), None)

    def _rank(self, index: int) -> int:
        """How many headers stand before a section that has none."""
        return sum(i < index for i in self.headers)

    def _counts(self, index: int) -> bool:
        plan = self._section(index).plan
        return plan.alloc and not plan.flags & c.SHF_TLS

    def _section(self, index: int) -> PlacedSection:
        return self.placed.sections[index]
