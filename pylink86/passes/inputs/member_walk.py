"""What is known of each name while files are read and members are still closed.

Both ways to draw members, GNU ld's and LLD's, keep the same books: the files that joined so far,
and for each name whether somebody wants it and whether somebody defines it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ... import elf_const as c
from ...diag import Diagnostics, LinkError
from ...dialect import Dialect
from ...model import COMMON, ObjectFile
from ...script import nodes as n
from .library import Library
from .load import Step

WEAKLY_WANTED, WANTED, WEAK, SHARED, DEFINED = 1, 2, 3, 4, 5
"""What is known of a name, rising: only weak references, a reference, a weak definition or one by
a script, a COMMON symbol, a definition."""


class Reason:
    """Why a member joined: symbol, and the number of the file that wanted it (-1: an option, the
    entry point or a script).  step: which step of the link was being done, in LLD's dialect."""

    def __init__(self, symbol: str, file: int, step: int = 0) -> None:
        self.symbol, self.file, self.step = symbol, file, step


class Walk:
    """What both ways share: the files so far, and what is known of each name.

    closed: whether any member is still to be decided on; without libraries names do not matter.
    fresh: names that became wanted since somebody looked; revived: those that were defined before;
    grown: whether there are names nobody wanted before, which is when GNU ld looks again.
    now: which walk through a table this is, and how far it is; weak_at: when names got a weak
    definition.
    asked: who wanted a name first.  assigned: name -> how many files there were when a script
    assigned it.  scripts: the commands that assign, with how many files there were.
    mentioned: names as they were met, where those of libraries count from the start (LLD).
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
        self.scripts: list[tuple[int, n.TopLevel]] = []
        self.joined: set[tuple[int, int]] = set()
        self.mentioned: dict[str, None] = {}

    def steps(self, steps: Sequence[Step]) -> None:
        """Do the steps of a link, or of a group, from left to right."""
        raise NotImplementedError

    def finish(self, entry: str, commands: Sequence[n.TopLevel]) -> None:
        """What is left to do when all files are read."""

    def backward(self, steps: Sequence[Step]) -> tuple[int, ...]:
        """Members that joined because of a file behind their library, in links of LLD's dialect."""
        return ()

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

    def positions(self, library: Library) -> Positions | None:
        """The table of a library; None (and the error told) when it cannot be read."""
        try:
            return Positions(*library.symbols)
        except LinkError as problem:
            self.diags.extend(problem.diagnostics)
            return None


def defines_strongly(library: Library, key: int, name: str) -> bool:
    """Whether a member has more than a COMMON symbol or a weak definition of a name; one that
    cannot be read is to be opened, so that this is told."""
    try:
        file = library.open(key)
    except LinkError:
        return True
    index = file.first_global + file.global_names.index(name)
    symbols = file.symbols
    return symbols.shndx[index] not in (0, COMMON) and symbols.info[index] >> 4 != c.STB_WEAK


class Positions:
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
