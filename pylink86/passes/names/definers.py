"""The walk over the symbols of all files: who defines each name, who asks for it.

A strong definition beats a common block, a common block beats a weak definition, and the first of
equals wins; two strong ones are noted, to be told later (gABI ch.4, "Symbol Table").  Most files
only define names that nobody defined before them, and are counted in as a whole."""

from __future__ import annotations

from collections.abc import Collection
from itertools import compress, repeat

from ... import elf_const as c
from ...dialect import Dialect
from ...model import COMMON, ObjectFile
from ..inputs.members import Inputs
from ..own.own_file import Commons, note_common

STRONG, COMMON_RANK, WEAK = 3, 2, 1
YIELDING = frozenset((c.STB_WEAK, c.STB_GNU_UNIQUE))
"""Bindings of definitions that may have to give way."""

Where = tuple[int, int]
"""Of a symbol: (file number, symbol index)."""


class Definers:
    """What is known so far.

    definer: of each defined name; rank: of those that are not defined strongly.  asked: names that
    are referred to.  commons: requests for COMMON blocks; common_homes: files that had the largest
    of some block for a while.  twice: names with two strong definitions, the first and the other
    one; unique: those that are STB_GNU_UNIQUE.
    """

    def __init__(
        self, inputs: Inputs, dialect: Dialect, last_alignment: bool, silent: Collection[Where]
    ) -> None:
        """last_alignment: a COMMON block has that of the last file that asked for it.  silent:
        sections, by (file, index), whose symbols define nothing."""
        self.inputs, self.dialect = inputs, dialect
        self.last_alignment, self.silent = last_alignment, silent
        self.silent_files = {file for file, _ in silent}
        self.rank: dict[str, int] = {}
        self.definer: dict[str, Where] = {}
        self.asked: set[str] = set()
        self.commons: dict[str, Commons] = {}
        self.common_homes: dict[int, None] = {}
        self.twice: list[tuple[str, Where, Where]] = []
        self.unique: dict[str, Where] = {}

    def add_file(self, number: int, obj: ObjectFile) -> None:
        """Count a file's global symbols in."""
        if number not in self.silent_files and self._add_new_names(number, obj):
            return
        shndx_of = obj.symbols.shndx
        for index, name in enumerate(obj.global_names, obj.first_global):
            shndx = shndx_of[index]
            if shndx == 0 or (self.silent and (number, shndx) in self.silent):
                self.asked.add(name)
            elif shndx == COMMON:
                self._add_common(number, obj, index, name)
            else:
                self._add_definition(number, obj, index, name)

    def _add_new_names(self, number: int, obj: ObjectFile) -> bool:
        """A file whose definitions are all strong, and of names nobody defined before: 0.2 us a
        name.  Whether it is one."""
        first, names = obj.first_global, obj.global_names
        shndx, info = obj.symbols.shndx[first:], obj.symbols.info[first:]
        bindings = {kind >> 4 for kind in set(compress(info, shndx))}
        if self.unique or COMMON in shndx or not YIELDING.isdisjoint(bindings):
            return False
        places = zip(repeat(number), range(first, first + len(names)))
        new = dict(compress(zip(names, places), shndx))
        missing = shndx.count(0)
        if len(new) + missing < len(names) or not self.definer.keys().isdisjoint(new):
            return False
        self.definer.update(new)
        if missing:
            self.asked.update([name for name, place in zip(names, shndx) if place == 0])
        return True

    def _rank(self, name: str) -> int:
        """That of a name's definition, 0 when there is none."""
        return self.rank.get(name) or (STRONG if name in self.definer else 0)

    def _add_common(self, number: int, obj: ObjectFile, index: int, name: str) -> None:
        old = self._rank(name)
        if note_common(self.commons, name, number, obj.symbols, index) and old < STRONG:
            self.common_homes[number] = None
        if self.last_alignment:
            self.commons[name].align = max(obj.symbols.value[index], 1)
        if old < COMMON_RANK:
            self.rank[name], self.definer[name] = COMMON_RANK, (number, index)

    def _add_definition(self, number: int, obj: ObjectFile, index: int, name: str) -> None:
        binding = obj.symbols.info[index] >> 4
        new = WEAK if binding == c.STB_WEAK else STRONG
        old = self._rank(name)
        where = number, index
        if binding == c.STB_GNU_UNIQUE and self.dialect.unique_yields:
            new = WEAK
            if old == STRONG or name in self.unique:
                self.twice.append((name, self.unique.get(name) or self.definer[name], where))
            self.unique.setdefault(name, where)
        elif self.unique and new == STRONG and name in self.unique:
            self.twice.append((name, self.unique[name], where))
        if new > old:
            self.definer[name] = where
            if new == STRONG:
                self.rank.pop(name, None)
            else:
                self.rank[name] = new
        elif new == STRONG and old == STRONG:
            if self._script_between(name, self.definer[name][0], number):
                self.definer[name] = where
            else:
                self.twice.append((name, self.definer[name], where))

    def _script_between(self, name: str, first: int, second: int) -> bool:
        """Whether a script assigns a symbol between two files that define it: to GNU ld the second
        is then the first to do so."""
        assigned = self.inputs.assigned
        return name in assigned and any(first < files <= second for files in assigned[name])
