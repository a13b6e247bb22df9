"""GNU ld's way to draw archive members: from left to right, each archive where it stands.

An archive's table is walked from its first line to its last, and a member joins when its line names
what is undefined by then; when members made more names wanted, the table is walked again.  A group
is walked as a whole until nothing more is wanted.  Source: GNU ld manual 2.1 (--library,
--start-group); thousands of links of archives of one-byte members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count

from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from .library import Library
from .load import Step
from .member_walk import (
    SHARED,
    WANTED,
    WEAK,
    WEAKLY_WANTED,
    Positions,
    Reason,
    Walk,
    defines_strongly,
)
from .needs import assigned, value_is_known


class InOrder(Walk):
    """GNU ld: a library is searched where it stands."""

    def __init__(self, dialect: Dialect, diags: Diagnostics) -> None:
        super().__init__(dialect, diags)
        self.tables: dict[int, Positions | None] = {}

    def steps(self, steps: Sequence[Step]) -> None:
        at = 0
        while at < len(steps):
            group = steps[at].group
            if group is None:
                self.step(steps[at])
                at += 1
                continue
            end = max(i for i, step in enumerate(steps) if step.group == group) + 1
            self.group(steps[at:end])
            at = end

    def group(self, steps: Sequence[Step]) -> None:
        """Again and again, scripts too, until a round adds nothing that is wanted."""
        self.grown = False
        for step in steps:
            self.step(step)
        while self.grown:
            self.grown = False
            for step in steps:
                if isinstance(step.item, tuple):
                    self.assign(step.item)
                elif isinstance(step.item, Library) and not step.item.whole:
                    self.trace.append(step.label)
                    self.search(step, step.item)

    def step(self, step: Step) -> None:
        if step.label:
            self.trace.append(step.label)
        item = step.item
        if isinstance(item, ObjectFile):
            self.take(item, step.by_pattern)
        elif isinstance(item, Library):
            self.libraries.append(item)
            if item.whole:
                for file in self.every(item):
                    self.take(file, step.by_pattern)
            else:
                self.search(step, item)
        elif self.closed:
            self.assign(item)

    def take(self, file: ObjectFile, by_pattern: bool) -> None:
        """A file joins; what it needs is wanted of the libraries to its right."""
        self.append(file, by_pattern)
        if self.closed:
            by = len(self.files) - 1
            for name in self.declare(file):
                self.want(name, by)

    def search(self, step: Step, library: Library) -> None:
        """Walk the library's table, again while that makes more names wanted.

        A line whose name was defined when it was passed is never looked at again, even when a
        COMMON symbol comes to take the place of that definition.
        """
        if id(library) not in self.tables:
            self.tables[id(library)] = self.positions(library)
        table = self.tables[id(library)]
        if table is None:
            return
        grown_before, passed = self.grown, set[int]()
        self.grown, self.weak_at = True, {}
        for walk in count():
            if not self.grown:
                break
            self.grown = False
            todo = [at for at in table.of_any(self.wanted) if at not in passed]
            heapify(todo)
            while todo:
                at = heappop(todo)
                if at not in passed and self.serves(library, table, at):
                    self.fresh, self.revived, self.now = [], [], (walk, at)
                    self.pull(step, library, table, at)
                    passed.update(self.passed_while_defined(table))
                    for position in table.of(self.fresh + self.revived):
                        if position > at:
                            heappush(todo, position)
            grown_before = grown_before or self.grown
        self.grown = grown_before

    def passed_while_defined(self, table: Positions) -> Iterator[int]:
        """Lines of revived names that this search passed while the name was still defined."""
        walk, at = self.now
        for name in self.revived:
            began, after = self.weak_at.get(name, (-1, -1))
            for position in table.of([name]):
                in_this_walk = position <= at and (began < walk or position > after)
                in_the_last = 0 <= began == walk - 1 and position > after
                if in_this_walk or in_the_last or began < walk - 1:
                    yield position

    def pull(self, step: Step, library: Library, table: Positions, at: int) -> None:
        """The member at a position joins."""
        file = self.opened(library, table.keys[at])
        if file is not None:
            name = table.names[at]
            self.reasons[len(self.files)] = Reason(name, self.asked.get(name, -1))
            self.take(file, step.by_pattern)

    def serves(self, library: Library, table: Positions, at: int) -> bool:
        """Whether the member at a position is still out and defines what is wanted; for a COMMON
        symbol only a strong definition does."""
        name, key = table.names[at], table.keys[at]
        state = self.state[name]
        if (id(library), key) in self.joined or state not in (WANTED, SHARED):
            return False
        return state == WANTED or defines_strongly(library, key, name)

    def assign(self, commands: Iterable[n.TopLevel]) -> None:
        """Assignments of a script, where it stands: what they need is wanted, what they define is
        not.  PROVIDE does only what somebody wanted before it, and names that files want weakly
        stay so."""
        commands = tuple(commands)
        self.scripts += [(len(self.files), command) for command in commands]
        for node in assigned(commands):
            if node.provide and self.state.get(node.name) not in (WEAKLY_WANTED, WANTED):
                continue
            needs: list[str] = []
            known = value_is_known(node.value, self.state, WEAK, needs)
            for name in needs:
                if name not in self.state:
                    self.want(name, -1)
            if node.op == "=" and (known or node.name not in self.state):
                self.state[node.name] = WEAK
                self.wanted.discard(node.name)
                self.assigned.setdefault(node.name, []).append(len(self.files))
            elif node.op != "=":
                self.want(node.name, -1)
