"""The input sections that no statement has taken yet, asked for by the pattern of their names.

A large program has a hundred thousand sections, each of a name of its own, and a script a hundred
patterns.  Sorted by name, those that a pattern can mean stand side by side: all begin with what
comes before its first wildcard.  A row is a place in that order, and a byte for each row tells
whether it is free."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import compress

from ...wildcard import compile_section_pattern, literal_head
from ..section_list import SectionId, SectionList


class Unclaimed:
    """Every section that takes part in the link; at first all of them are free."""

    def __init__(self, table: SectionList) -> None:
        name_of = table.name.__getitem__
        self._sids = sorted(compress(range(len(table)), table.eligible), key=name_of)
        self._names = list(map(name_of, self._sids))
        self._free = self._all_free()

    def rows(self, pattern: str) -> list[int]:
        """The free sections that a pattern means.  A section whose name is the text of the pattern
        is meant before all others."""
        start = bisect_left(self._names, pattern)
        exact = self._free_rows(start, bisect_right(self._names, pattern, start))
        head = literal_head(pattern)
        if exact or head == pattern:
            return exact
        found = self._free_rows(*self._begin_with(head))
        if pattern == f"{head}*":
            return found
        matches, names = compile_section_pattern(pattern), self._names
        meant = {name for name in {names[row] for row in found} if matches(name)}
        return [row for row in found if names[row] in meant]

    def sections(self, rows: Iterable[int]) -> list[SectionId]:
        """The sections in some rows."""
        return list(map(self._sids.__getitem__, rows))

    def take(self, rows: Iterable[int]) -> None:
        """These are free no longer."""
        free = self._free
        for row in rows:
            free[row] = 0

    def take_section(self, sid: SectionId, name: str) -> bool:
        """Take one section of some name; whether it was free."""
        rows = [row for row in self.rows(name) if self._sids[row] == sid]
        self.take(rows)
        return bool(rows)

    def left(self) -> list[SectionId]:
        """The sections that are free."""
        return list(compress(self._sids, self._free))

    @contextmanager
    def trying(self, every: bool = False) -> Iterator[None]:
        """What is taken inside is free again behind it; every: what was taken before is free, too,
        inside."""
        before, self._free = self._free, self._all_free() if every else self._free.copy()
        yield
        self._free = before

    def _all_free(self) -> bytearray:
        return bytearray(b"\1") * len(self._sids)

    def _begin_with(self, head: str) -> tuple[int, int]:
        """The rows of names that begin with a text."""
        names, size = self._names, len(head)
        start = bisect_left(names, head)
        return start, bisect_right(names, head, start, key=lambda name: name[:size])

    def _free_rows(self, start: int, end: int) -> list[int]:
        return list(compress(range(start, end), self._free[start:end]))
