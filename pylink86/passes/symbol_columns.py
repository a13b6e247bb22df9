"""The output's symbols as columns: a list for each field of a symbol table, row by row.

Most symbols are written as they were read, but for their address, and a large program has a hundred
thousand of them.  Whole runs of such rows are taken over from columns; those that need thought come
one by one, as a row with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import attrs

from .. import elf_const as c
from ..model import SymbolRow


@attrs.frozen(eq=False, repr=False)
class Origin:
    """Where a row comes from: (file, symbol index), or a name of the script (file is -1)."""

    file: int
    index: int
    name: str = ""


Pair = tuple[SymbolRow, Origin]

Home = tuple[int, int]
"""The (file, symbol index) a row comes from; of no file, or not to be found by it: (-1, _)."""


@attrs.frozen(eq=False, repr=False)
class SymbolColumns:
    """The fields of each symbol, without the null symbol.

    home: where it comes from.  known_by: the global name it is found by, else ""."""

    name: list[str] = attrs.field(factory=list)
    value: list[int] = attrs.field(factory=list)
    size: list[int] = attrs.field(factory=list)
    info: list[int] = attrs.field(factory=list)
    other: list[int] = attrs.field(factory=list)
    shndx: list[int] = attrs.field(factory=list)
    home: list[Home] = attrs.field(factory=list)
    known_by: list[str] = attrs.field(factory=list)

    def __len__(self) -> int:
        return len(self.name)

    def add(self, pair: Pair) -> None:
        """One more row."""
        row, origin = pair
        self.name.append(row.name)
        self.value.append(row.value)
        self.size.append(row.size)
        self.info.append(row.binding << 4 | row.type)
        self.other.append(row.other)
        self.shndx.append(row.shndx)
        self.home.append((origin.file, origin.index))
        self.known_by.append(origin.name)

    def take(self, other: SymbolColumns, begin: int, end: int) -> None:
        """The rows [begin, end) of other columns."""
        self.name.extend(other.name[begin:end])
        self.value.extend(other.value[begin:end])
        self.size.extend(other.size[begin:end])
        self.info.extend(other.info[begin:end])
        self.other.extend(other.other[begin:end])
        self.shndx.extend(other.shndx[begin:end])
        self.home.extend(other.home[begin:end])
        self.known_by.extend(other.known_by[begin:end])


@attrs.frozen(eq=False, repr=False, slots=False)
class OutSymbols:
    """The table of symbols: locals first; strings, name_off: their names."""

    columns: SymbolColumns
    strings: bytes
    name_off: Sequence[int]

    @cached_property
    def number(self) -> dict[Home, int]:
        """Of the output symbol for (file, symbol index) of every input symbol that has one."""
        return {home: at for at, home in enumerate(self.columns.home, 1) if home[0] >= 0}

    @cached_property
    def names(self) -> dict[str, int]:
        """Of the output symbol for a global name."""
        return {name: at for at, name in enumerate(self.columns.known_by, 1) if name}

    @cached_property
    def sections(self) -> dict[int, int]:
        """Of the section symbol for a header index."""
        columns = self.columns
        rows = zip(columns.info, columns.shndx, columns.home)
        return {
            shndx: at
            for at, (info, shndx, (_, index)) in enumerate(rows, 1)
            if info & 0xF == c.STT_SECTION and index < 0
        }

    @cached_property
    def kinds(self) -> frozenset[int]:
        """Every st_info there is."""
        return frozenset(self.columns.info)
