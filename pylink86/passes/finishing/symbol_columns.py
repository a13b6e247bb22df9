"""The output's symbols as columns: a list for each field of a symbol table, row by row.

Most symbols are written as they were read, but for their address, and a large program has a hundred
thousand of them.  Such rows are made as columns, all at once; those that need thought come one by
one, as a row with its origin."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any

import attrs

from ... import elf_const as c
from ...model import SymbolRow


@attrs.frozen(eq=False, repr=False)
class Origin:
    """Where a row comes from: (file, symbol index), or a name of the script (file is -1)."""

    file: int
    index: int
    name: str = ""


_FEW = 100

Pair = tuple[SymbolRow, Origin]

Home = tuple[int, int]
"""The (file, symbol index) a row comes from; of no file, or not to be found by it: (-1, _)."""


@attrs.frozen(eq=False, repr=False)
class SymbolColumns:
    """The fields of each symbol, without the null symbol.

    origin: where it comes from; None: from the definer of its name, by which it is found, too."""

    name: list[str] = attrs.field(factory=list)
    value: list[int] = attrs.field(factory=list)
    size: list[int] = attrs.field(factory=list)
    info: list[int] = attrs.field(factory=list)
    other: list[int] = attrs.field(factory=list)
    shndx: list[int] = attrs.field(factory=list)
    origin: list[Origin | None] = attrs.field(factory=list)

    def __len__(self) -> int:
        return len(self.name)

    def _columns(self) -> tuple[list[Any], ...]:
        return self.name, self.value, self.size, self.info, self.other, self.shndx, self.origin

    def add(self, pair: Pair) -> None:
        """One more row."""
        for column, field in zip(self._columns(), _fields(pair)):
            column.append(field)

    def put(self, at: int, pair: Pair) -> None:
        """Another row in place of one."""
        for column, field in zip(self._columns(), _fields(pair)):
            column[at] = field

    def drop(self, rows: Collection[int]) -> None:
        """Leave rows out, by number.  A few are cut out, which moves the others without looking at
        them."""
        if len(rows) < _FEW:
            for at in sorted(rows, reverse=True):
                for column in self._columns():
                    del column[at]
            return
        stay = [at not in rows for at in range(len(self))]
        for column in self._columns():
            column[:] = compress(column, stay)

    def put_first(self, other: SymbolColumns) -> None:
        """The rows of other columns before these."""
        for column, before in zip(self._columns(), other._columns()):
            column[:0] = before


def _fields(pair: Pair) -> tuple[object, ...]:
    """One row as the columns have it."""
    row, origin = pair
    info = row.binding << 4 | row.type
    return row.name, row.value, row.size, info, row.other, row.shndx, origin


@attrs.frozen(eq=False, repr=False, slots=False)
class OutSymbols:
    """The table of symbols: locals first; strings, name_off: their names; definer: of each global
    name, as in Resolution."""

    columns: SymbolColumns
    strings: bytes
    name_off: Sequence[int]
    definer: Mapping[str, Home]

    @cached_property
    def number(self) -> dict[Home, int]:
        """Of the output symbol for (file, symbol index) of every input symbol that has one."""
        rows = zip(self.columns.name, self.columns.origin)
        homes = [
            self.definer[name] if origin is None else (origin.file, origin.index)
            for name, origin in rows
        ]
        return {home: at for at, home in enumerate(homes, 1) if home[0] >= 0}

    @cached_property
    def names(self) -> dict[str, int]:
        """Of the output symbol for a global name."""
        rows = zip(self.columns.name, self.columns.origin)
        known_by = [name if origin is None else origin.name for name, origin in rows]
        return {name: at for at, name in enumerate(known_by, 1) if name}

    @cached_property
    def sections(self) -> dict[int, int]:
        """Of the section symbol for a header index."""
        columns = self.columns
        rows = zip(columns.info, columns.shndx, columns.origin)
        return {
            shndx: at
            for at, (info, shndx, origin) in enumerate(rows, 1)
            if info & 0xF == c.STT_SECTION and origin is not None and origin.index < 0
        }

    @cached_property
    def kinds(self) -> frozenset[int]:
        """Every st_info there is."""
        return frozenset(self.columns.info)
