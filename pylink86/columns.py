"""Sections, symbols and relocations as columns: a tuple of ints per field, addressed by index.

A kernel has a hundred thousand of each, and the tables in a file are columns already, only
interleaved; as objects they would cost more to make than the link itself.  `model.ObjectFile` holds
one set of them and makes a view of a single section or symbol when someone asks for it.

Classes with a cached property, here and elsewhere, have no slots: for those attrs would write and
compile a method more for each, and read the signature of every such property.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import attrs

from . import elf_const as c
from .elf_tables import Column, build_strings, string_at, strings_at

ABS = c.SHN_ABS - 0x10000
COMMON = c.SHN_COMMON - 0x10000
UNDEF = c.SHN_UNDEF
"""Places of a symbol that are not a section.  In the `shndx` column reserved values are negative,
so that 65,521 can be a section (gABI ch.4, SHN_XINDEX) and SHN_ABS (0xfff1) is -15."""


@attrs.frozen(eq=False, repr=False, slots=False)
class Sections:
    """Section headers as columns; index 0 is the null section (gABI ch.4).

    `strings` is the table that `name_off` points into; `names` decodes it on first use.
    """

    name_off: Column
    type: Column
    flags: Column
    addr: Column
    offset: Column
    size: Column
    link: Column
    info: Column
    align: Column
    entsize: Column
    strings: bytes

    def __len__(self) -> int:
        return len(self.type)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return strings_at(self.strings, self.name_off)

    def rows(self) -> Iterator[tuple[int, ...]]:
        """The headers as rows, in the order of the fields in the file."""
        return zip(
            self.name_off,
            self.type,
            self.flags,
            self.addr,
            self.offset,
            self.size,
            self.link,
            self.info,
            self.align,
            self.entsize,
        )

    @staticmethod
    def from_rows(rows: Iterable[SectionRow]) -> Sections:
        """Columns and string table for sections made in memory; the null section is added."""
        every = [SectionRow("", 0, align=0), *rows]
        strings, where = build_strings(row.name for row in every)
        return Sections(
            tuple(where[row.name] for row in every),
            tuple(row.type for row in every),
            tuple(row.flags for row in every),
            tuple(row.addr for row in every),
            (0,) * len(every),
            tuple(row.size for row in every),
            tuple(row.link for row in every),
            tuple(row.info for row in every),
            tuple(row.align for row in every),
            tuple(row.entsize for row in every),
            strings,
        )


@attrs.frozen(eq=False, repr=False)
class SectionRow:
    """One section header to be: what `Sections.from_rows` takes."""

    name: str
    type: int
    flags: int = 0
    addr: int = 0
    size: int = 0
    link: int = 0
    info: int = 0
    align: int = 1
    entsize: int = 0


@attrs.frozen(eq=False, repr=False, slots=False)
class Symbols:
    """A symbol table as columns; index 0 is the null symbol (gABI ch.4).

    shndx: resolved through SHT_SYMTAB_SHNDX; negative for reserved places (see ABS, COMMON).
    """

    name_off: Column
    value: Column
    size: Column
    info: Column
    other: Column
    shndx: Column
    strings: bytes

    def __len__(self) -> int:
        return len(self.info)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name; most uses want one name or the globals': see `name`."""
        return strings_at(self.strings, self.name_off)

    def name(self, index: int) -> str:
        return string_at(self.strings, self.name_off[index])

    @staticmethod
    def from_rows(rows: Iterable[SymbolRow]) -> Symbols:
        """Columns and string table for symbols made in memory; the null symbol is added."""
        every = [SymbolRow("", 0), *rows]
        strings, where = build_strings(row.name for row in every)
        return Symbols(
            tuple(where[row.name] for row in every),
            tuple(row.value for row in every),
            tuple(row.size for row in every),
            tuple(row.binding << 4 | row.type for row in every),
            tuple(row.other for row in every),
            tuple(row.shndx for row in every),
            strings,
        )


@attrs.frozen(eq=False, repr=False)
class SymbolRow:
    """One symbol to be: what `Symbols.from_rows` takes."""

    name: str
    value: int
    size: int = 0
    binding: int = c.STB_LOCAL
    type: int = c.STT_NOTYPE
    other: int = 0
    shndx: int = UNDEF


NO_SYMBOLS = Symbols((), (), (), (), (), (), b"\0")


@attrs.frozen(eq=False, repr=False)
class Relocations:
    """A relocation section as columns; `addend` is None for SHT_REL (addends in place)."""

    offset: Column
    type: Column
    symbol: Column
    addend: Column | None

    def __len__(self) -> int:
        return len(self.offset)
