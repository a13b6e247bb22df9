"""LLD's way to draw archive members: every name of every archive is remembered.

A member joins the moment both it and somebody who needs it are known, and what it needs joins
before anything else, so the order is that of a walk into the depth.  Source: `ld.lld-19 -t` on
thousands of links of archives of one-byte members.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count

from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from .library import Library
from .load import Step
from .member_walk import SHARED, WANTED, WEAK, Reason, Walk, defines_strongly
from .needs import names_in_order


class Remembering(Walk):
    """LLD: names of libraries are remembered, and a member joins the moment it is needed.

    lazy: name -> place in the tables of all libraries put one after the other; bases: where each of
    them begins.  reading: number of the library whose members are being noted, read_to: the key
    of the member that was noted last.  Members after it are not known yet.
    at: number of the step that is being done; homes: for each file, that of the step that named it
    or its library; steps_of: for each library, by its id.
    """

    def __init__(self, dialect: Dialect, diags: Diagnostics) -> None:
        super().__init__(dialect, diags)
        self.lazy: dict[str, int] = {}
        self.bases: list[int] = [0]
        self.reading = -1
        self.read_to = 0
        self.at = 0
        self.homes: list[int] = []
        self.steps_of: dict[int, int] = {}

    def steps(self, steps: Sequence[Step]) -> None:
        for self.at, step in enumerate(steps):
            item = step.item
            if isinstance(item, ObjectFile):
                self.join(item, step.by_pattern)
            elif isinstance(item, Library):
                if item.whole:
                    for file in self.every(item):
                        self.join(file, step.by_pattern)
                    self.remember(item, ())
                else:
                    self.note(item)

    def remember(self, library: Library, names: tuple[str, ...]) -> None:
        """Who knows a name already keeps it."""
        base = self.bases[-1]
        self.steps_of[id(library)] = self.at
        deque(map(self.lazy.setdefault, names, count(base)), maxlen=0)
        self.libraries.append(library)
        self.bases.append(base + len(names))

    def mention(self, names: Iterable[str]) -> None:
        """Names are met."""
        deque(map(self.mentioned.setdefault, names), maxlen=0)

    def note(self, library: Library) -> None:
        """Remember a library's names, member by member; what is wanted joins at once."""
        table = self.positions(library)
        if table is None:
            return
        self.remember(library, table.names)
        self.reading, read = len(self.libraries) - 1, 0
        todo = table.of_any(self.wanted)
        heapify(todo)
        while todo:
            at = heappop(todo)
            name = table.names[at]
            if not self.serves(library, table.keys[at], name):
                continue
            self.read_to = table.keys[at]
            self.mention(table.names[read : at + 1])
            read = at + 1
            self.fresh = []
            if self.state[name] == SHARED:
                self.bring(library, table.keys[at], name)
            else:
                self.draw(name)
            for position in table.of(self.fresh):
                heappush(todo, position)
        self.mention(table.names[read:])
        self.reading = -1

    def serves(self, library: Library, key: int, name: str) -> bool:
        """Whether a member that is still out has what is wanted; what may take the place of a
        COMMON symbol (--fortran-common) is a strong definition, and only of a later file."""
        if (id(library), key) in self.joined:
            return False
        if self.state[name] == SHARED and self.dialect.common_takes_definition:
            return defines_strongly(library, key, name)
        return self.state[name] == WANTED

    def draw(self, name: str) -> None:
        """Let the member that defines a name join, if it is known."""
        found = self.member_of(name)
        if found is not None:
            self.bring(*found, name)

    def bring(self, library: Library, key: int, name: str) -> None:
        """Let a member join because of a name."""
        file = self.opened(library, key)
        if file is not None:
            self.reasons[len(self.files)] = Reason(name, self.asked.get(name, -1), self.at)
            self.join(file, home=self.steps_of[id(library)])

    def join(self, file: ObjectFile, by_pattern: bool = False, home: int = -1) -> None:
        """A file joins, and what it needs after it, and what that needs before the rest.  home: the
        step its library is of, when it is a member."""
        waiting = [self.enter(file, self.at if home < 0 else home, by_pattern)]
        while waiting:
            by, needs = waiting[-1]
            for name in needs:
                if self.state.get(name, 0) >= WEAK:
                    continue
                found = self.member_of(name)
                self.want(name, by)
                member = self.opened(*found) if found is not None else None
                if found is not None and member is not None:
                    self.reasons[len(self.files)] = Reason(name, by, self.at)
                    waiting.append(self.enter(member, self.steps_of[id(found[0])]))
                    break
            else:
                waiting.pop()

    def enter(
        self, file: ObjectFile, home: int, by_pattern: bool = False
    ) -> tuple[int, Iterator[str]]:
        """The file's number, and what it needs."""
        self.append(file, by_pattern)
        self.homes.append(home)
        self.mention(file.global_names)
        self.trace.append(file.name)
        return len(self.files) - 1, iter(self.declare(file) if self.closed else ())

    def member_of(self, name: str) -> tuple[Library, int] | None:
        """The member that defines a name, when it is known by now and still out."""
        place = self.lazy.get(name)
        if place is None:
            return None
        number = bisect_right(self.bases, place) - 1
        library = self.libraries[number]
        key = library.symbols[1][place - self.bases[number]]
        if number == self.reading and key > self.read_to:
            return None
        return None if (id(library), key) in self.joined else (library, key)

    def finish(self, entry: str, commands: Sequence[n.TopLevel]) -> None:
        """The entry symbol, then what scripts mention: all that is not defined, also by a PROVIDE
        before the place where its name is used."""
        self.demand(entry)
        self.at += 1
        known = -1
        while known < len(self.files) + len(self.state):
            known = len(self.files) + len(self.state)
            for name in names_in_order(commands, self.state, WEAK):
                self.demand(name)

    def demand(self, name: str) -> None:
        """A reference from nowhere."""
        if self.state.get(name, 0) < WEAK:
            self.want(name, -1)
            self.draw(name)

    def backward(self, steps: Sequence[Step]) -> tuple[int, ...]:
        if not self.reasons:
            return ()
        from .backward import backward_members

        return backward_members(steps, self.homes, self.reasons)
