"""Which archive members join the link, and where among the other files they stand.

A library's members are closed until something needs them.  GNU ld reads from left to right and
looks into an archive once, where it stands: a member joins when it defines a name that is undefined
by then, and what it needs itself can draw in more.  LLD remembers every name of every archive it
has passed, so a member joins as soon as both it and who needs it are known.  Either way members
stand in the order they joined.

Here nothing is resolved but the question who joins; the next pass gives each name its definer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count

import attrs

from .. import elf_const as c
from ..diag import Diagnostics, LinkError, fail
from ..dialect import Dialect
from ..model import COMMON, ObjectFile
from ..script import nodes as n
from .library import Library
from .load import Loaded, Step
from .needs import assigned, names_in_order, value_is_known

WEAKLY_WANTED, WANTED, WEAK, SHARED, DEFINED = 1, 2, 3, 4, 5
"""What is known of a name, rising: only weak references, a reference, a weak definition or one by
a script, a COMMON symbol, a definition."""


@attrs.frozen(eq=False, repr=False)
class Reason:
    """Why a member joined: symbol, and the number of the file that wanted it (-1: an option, the
    entry point or a script)."""

    symbol: str
    file: int


@attrs.frozen(eq=False, repr=False)
class Inputs:
    """All files of the link in the order that decides every tie later on.

    by_pattern: numbers of files that only a section pattern of the script names.  reasons: per
    member that had one, why it joined.  trace: what --trace prints.  libraries: every library, as
    often as it was named.  assigned: per name, how many files came before each assignment of a
    script that stands among them.
    """

    files: tuple[ObjectFile, ...]
    by_pattern: frozenset[int] = frozenset()
    reasons: dict[int, Reason] = attrs.field(factory=dict)
    trace: tuple[str, ...] = ()
    libraries: tuple[Library, ...] = ()
    assigned: dict[str, list[int]] = attrs.field(factory=dict)

    def why(self, number: int) -> list[str]:
        """Why an archive member joined, in words; nothing for other files."""
        if number not in self.reasons:
            return []
        reason = self.reasons[number]
        who = self.files[reason.file].name if reason.file >= 0 else "the script or an option"
        return [f"{self.files[number].name} joined because {who} needs `{reason.symbol}'"]


def join_members(
    loaded: Loaded, entry: str, wanted: Iterable[str], dialect: Dialect, diags: Diagnostics
) -> Inputs:
    """Open the members that are needed.

    entry: the entry symbol that was asked for, or ""; wanted: names of -u, EXTERN and their like.
    Reports unsupported-input, bad-object, cannot-read of members that cannot be read; no-inputs
    when there were only archives and nothing needs a member.  Source: GNU ld manual 2.1 (--library,
    --start-group), observed with archives of one-byte members.
    """
    steps = loaded.steps
    kind = _Remembering if dialect.archives_are_remembered else _InOrder
    walk = kind(dialect, diags)
    walk.closed = any(isinstance(s.item, Library) and not s.item.whole for s in steps)
    for name in (*wanted, *([entry] if entry and not dialect.default_entry_is_needed else [])):
        walk.want(name, -1)
    walk.steps(steps)
    if walk.closed:
        walk.finish(entry or "_start", loaded.script.commands)
    diags.stop_on_errors()
    if not walk.files:
        raise fail(
            "no-inputs",
            "no input files: nothing needs a member of the archives",
            help=["name an object, or want a member with -u SYMBOL, -e SYMBOL or --whole-archive"],
        )
    return Inputs(
        tuple(walk.files), frozenset(walk.by_pattern), walk.reasons, tuple(walk.trace),
        tuple(walk.libraries), walk.assigned,
    )  # fmt: skip


class _Walk:
    """What both ways share: the files so far, and what is known of each name.

    closed: whether any member is still to be decided on; without libraries names do not matter.
    fresh: names that became wanted since somebody looked; revived: those that were defined before;
    grown: whether there are names nobody wanted before, which is when GNU ld looks again.
    now: which walk through a table this is, and how far it is; weak_at: when names got a weak
    definition.
    asked: who wanted a name first.  assigned: name -> how many files there were when a script
    assigned it.
    """

    def __init__(self, dialect: Dialect, diags: Diagnostics) -> None:
        self.dialect = dialect
        self.diags = diags
        self.closed = True
        self.files: list[ObjectFile] = []
        self.by_pattern: set[int] = set()
        self.reasons: dict[int, Reason] = {}
        self.trace: list[str] = []
        self.libraries: list[Library] = []
        self.state: dict[str, int] = {}
        self.wanted: set[str] = set()
        self.asked: dict[str, int] = {}
        self.fresh: list[str] = []
        self.revived: list[str] = []
        self.grown = False
        self.now = (-1, -1)
        self.weak_at: dict[str, tuple[int, int]] = {}
        self.assigned: dict[str, list[int]] = {}
        self.joined: set[tuple[int, int]] = set()

    def steps(self, steps: Sequence[Step]) -> None:
        """Do the steps of a link, or of a group, from left to right."""
        raise NotImplementedError

    def finish(self, entry: str, commands: Sequence[n.TopLevel]) -> None:
        """What is left to do when all files are read."""

    def append(self, file: ObjectFile, by_pattern: bool = False) -> None:
        if by_pattern:
            self.by_pattern.add(len(self.files))
        self.files.append(file)

    def want(self, name: str, by: int) -> None:
        """A strong reference."""
        if self.state.get(name, 0) < WANTED:
            self.state[name] = WANTED
            self.wanted.add(name)
            self.asked[name] = by
            self.fresh.append(name)
            self.grown = True

    def declare(self, file: ObjectFile) -> list[str]:
        """Note what a file defines and wants weakly; returns what it needs, in its order."""
        state, wanted = self.state, self.wanted
        first = file.first_global
        shndx_of, info_of = file.symbols.shndx, file.symbols.info
        needs = []
        for index, name in enumerate(file.global_names, first):
            shndx = shndx_of[index]
            weak = info_of[index] >> 4 == c.STB_WEAK
            if shndx == 0:
                if not weak:
                    needs.append(name)
                    continue
                new = WEAKLY_WANTED
            else:
                new = SHARED if shndx == COMMON else WEAK if weak else DEFINED
            old = state.get(name, 0)
            if new > old:
                state[name] = new
                if new == WEAK:
                    self.weak_at[name] = self.now
                if new == SHARED and self.dialect.common_takes_definition:
                    self.asked[name] = len(self.files) - 1
                    wanted.add(name)
                    self.grown = self.grown or not old
                    (self.fresh if old < WEAK else self.revived).append(name)
                elif new >= WEAK:
                    wanted.discard(name)
        return needs

    def opened(self, library: Library, key: int) -> ObjectFile | None:
        """A member, closed no more; None (and the error told) when it cannot be read."""
        self.joined.add((id(library), key))
        try:
            return library.open(key)
        except LinkError as problem:
            self.diags.extend(problem.diagnostics)
            return None

    def every(self, library: Library) -> Iterator[ObjectFile]:
        """All members, for --whole-archive."""
        try:
            keys = list(library.every())
        except LinkError as problem:
            self.diags.extend(problem.diagnostics)
            return
        for key in keys:
            file = self.opened(library, key)
            if file is not None:
                yield file

    def positions(self, library: Library) -> _Positions | None:
        """The table of a library; None (and the error told) when it cannot be read."""
        try:
            return _Positions(*library.symbols)
        except LinkError as problem:
            self.diags.extend(problem.diagnostics)
            return None


class _Positions:
    """The table of a library by name: `first` position of each, `more` where there are several."""

    def __init__(self, names: tuple[str, ...], keys: tuple[int, ...]) -> None:
        self.names = names
        self.keys = keys
        self.first = dict(zip(reversed(names), range(len(names) - 1, -1, -1)))
        self.more: dict[str, list[int]] = {}
        if len(self.first) < len(names):
            for position, name in enumerate(names):
                if self.first[name] != position:
                    self.more.setdefault(name, []).append(position)

    def of(self, names: Iterable[str]) -> list[int]:
        """All positions of these names."""
        found = []
        for name in names:
            if name in self.first:
                found.append(self.first[name])
                found += self.more.get(name, ())
        return found

    def of_any(self, names: set[str]) -> list[int]:
        """The same, looking through the shorter of the two lists."""
        if len(names) > len(self.first):
            return self.of([name for name in self.first if name in names])
        return self.of(names)


class _InOrder(_Walk):
    """GNU ld: a library is searched where it stands."""

    def __init__(self, dialect: Dialect, diags: Diagnostics) -> None:
        super().__init__(dialect, diags)
        self.tables: dict[int, _Positions | None] = {}

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

    def passed_while_defined(self, table: _Positions) -> Iterator[int]:
        """Lines of revived names that this search passed while the name was still defined."""
        walk, at = self.now
        for name in self.revived:
            began, after = self.weak_at.get(name, (-1, -1))
            for position in table.of([name]):
                in_this_walk = position <= at and (began < walk or position > after)
                in_the_last = 0 <= began == walk - 1 and position > after
                if in_this_walk or in_the_last or began < walk - 1:
                    yield position

    def pull(self, step: Step, library: Library, table: _Positions, at: int) -> None:
        """The member at a position joins."""
        file = self.opened(library, table.keys[at])
        if file is not None:
            name = table.names[at]
            self.reasons[len(self.files)] = Reason(name, self.asked.get(name, -1))
            self.take(file, step.by_pattern)

    def serves(self, library: Library, table: _Positions, at: int) -> bool:
        """Whether the member at a position is still out and defines what is wanted; for a COMMON
        symbol only a strong definition does."""
        name, key = table.names[at], table.keys[at]
        state = self.state[name]
        if (id(library), key) in self.joined or state not in (WANTED, SHARED):
            return False
        if state == WANTED:
            return True
        try:
            file = library.open(key)
        except LinkError:
            return True
        index = file.first_global + file.global_names.index(name)
        symbols = file.symbols
        return symbols.shndx[index] not in (0, COMMON) and symbols.info[index] >> 4 != c.STB_WEAK

    def assign(self, commands: Iterable[n.TopLevel]) -> None:
        """Assignments of a script, where it stands: what they need is wanted, what they define is
        not.  PROVIDE does only what somebody wanted before it, and names that files want weakly
        stay so."""
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


class _Remembering(_Walk):
    """LLD: names of libraries are remembered, and a member joins the moment it is needed.

    lazy: name -> place in the tables of all libraries put one after the other; bases: where each of
    them begins.  reading: number of the library whose members are being noted, read_to: the key
    of the member that was noted last.  Members after it are not known yet.
    """

    def __init__(self, dialect: Dialect, diags: Diagnostics) -> None:
        super().__init__(dialect, diags)
        self.lazy: dict[str, int] = {}
        self.bases: list[int] = [0]
        self.reading = -1
        self.read_to = 0

    def steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
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
        deque(map(self.lazy.setdefault, names, count(base)), maxlen=0)
        self.libraries.append(library)
        self.bases.append(base + len(names))

    def note(self, library: Library) -> None:
        """Remember a library's names, member by member; what is wanted joins at once."""
        table = self.positions(library)
        if table is None:
            return
        self.remember(library, table.names)
        self.reading = len(self.libraries) - 1
        todo = table.of_any(self.wanted)
        heapify(todo)
        while todo:
            at = heappop(todo)
            name = table.names[at]
            if self.state[name] != WANTED or (id(library), table.keys[at]) in self.joined:
                continue
            self.read_to = table.keys[at]
            self.fresh = []
            self.draw(name)
            for position in table.of(self.fresh):
                heappush(todo, position)
        self.reading = -1

    def draw(self, name: str) -> None:
        """Let the member that defines a name join, if it is known."""
        found = self.member_of(name)
        if found is not None:
            library, key = found
            file = self.opened(library, key)
            if file is not None:
                self.reasons[len(self.files)] = Reason(name, self.asked.get(name, -1))
                self.join(file)

    def join(self, file: ObjectFile, by_pattern: bool = False) -> None:
        """A file joins, and what it needs after it, and what that needs before the rest."""
        waiting = [self.enter(file, by_pattern)]
        while waiting:
            by, needs = waiting[-1]
            for name in needs:
                if self.state.get(name, 0) >= WEAK:
                    continue
                found = self.member_of(name)
                self.want(name, by)
                member = self.opened(*found) if found is not None else None
                if member is not None:
                    self.reasons[len(self.files)] = Reason(name, by)
                    waiting.append(self.enter(member))
                    break
            else:
                waiting.pop()

    def enter(self, file: ObjectFile, by_pattern: bool = False) -> tuple[int, Iterator[str]]:
        """The file's number, and what it needs."""
        self.append(file, by_pattern)
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
        """The entry symbol, then what scripts mention: all that is not defined."""
        self.demand(entry)
        files = -1
        while files < len(self.files):
            files = len(self.files)
            for name in names_in_order(commands, self.state, WEAK):
                self.demand(name)

    def demand(self, name: str) -> None:
        """A reference from nowhere."""
        if self.state.get(name, 0) < WEAK:
            self.want(name, -1)
            self.draw(name)
