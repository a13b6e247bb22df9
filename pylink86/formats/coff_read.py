"""The tables of a COFF object, read through lief.

lief knows both kinds of file header (`/bigobj` is the second, for more than 65,279 sections), long
names, relocations that are more than a header can count, and the records behind symbols.  It reads
what it can, and says nothing of the rest, so counts and sizes are compared with the headers' here.
Where a name begins inside a longer one of the string table, as gas writes them, lief has no name;
those are looked up in the table.

lief takes a third of a second to import: nothing but a COFF object brings it in.

Source: Microsoft PE format, "COFF File Header" to "COFF String Table"."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from ..diag import fail

if TYPE_CHECKING:
    import lief

UNINITIALIZED, MANY_FIXUPS = 0x80, 0x01000000
"""Characteristics of sections: without contents; with more relocations than 65,534."""

EXTERNAL, STATIC, FILE, WEAK = 2, 3, 103, 105
"""Storage classes of symbols."""

TYPE_BITS = 0xFFFF
"""lief adds the processor to the number of a relocation's type, above these bits."""

RECORD, BIG_RECORD = 18, 20
"""Bytes of a symbol."""


@attrs.frozen(eq=False)
class CoffSection:
    """size: in memory, of sections without contents, too; fixups: offset, number of the symbol and
    type of each relocation."""

    name: str
    size: int
    content: bytes
    flags: int
    fixups: tuple[tuple[int, int, int], ...]


@attrs.frozen(eq=False)
class CoffSymbol:
    """section: counted from 1, 0 where it is undefined or COMMON, -1 of an absolute one.
    is_section: it stands for its section, which may be one of COMDAT that is not to come twice
    (is_single), or that stays with another (companion, else 0).
    other: the symbol that a weak one falls back to."""

    name: str
    value: int
    section: int
    storage: int
    is_section: bool
    is_single: bool
    companion: int
    other: int


@attrs.frozen(eq=False)
class CoffTables:
    """symbols: by number; None for the records behind one."""

    name: str
    machine: int
    sections: tuple[CoffSection, ...]
    symbols: tuple[CoffSymbol | None, ...]

    def damaged(self, what: str) -> Exception:
        return _damaged(self.name, what)


def _damaged(name: str, what: str) -> Exception:
    return fail("bad-object", f"{name} is damaged: {what}", place=name)


def read_tables(data: bytes, name: str) -> CoffTables:
    """The tables of a COFF file; bad-object when they are not as its headers say."""
    import lief

    lief.logging.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = lief.COFF.parse(data)
        if not isinstance(found, lief.COFF.Binary):
            raise _damaged(name, "its headers reach beyond its end")
        return _Reading(data, name, found).tables()


@attrs.define(eq=False, repr=False)
class _Reading:
    """One file, and what lief made of it."""

    data: bytes
    name: str
    found: lief.COFF.Binary

    def tables(self) -> CoffTables:
        header = self.found.header
        sections = tuple(map(self._section, self.found.sections))
        if len(sections) != header.nb_sections:
            raise self._damaged("it says that it has more sections than it has")
        symbols = tuple(self._symbols())
        if len(symbols) != header.nb_symbols:
            raise self._damaged("it says that it has more symbols than it has")
        return CoffTables(self.name, int(header.machine), sections, symbols)

    def _section(self, section: lief.COFF.Section) -> CoffSection:
        flags, size = section.characteristics, section.sizeof_raw_data
        content = b"" if flags & UNINITIALIZED else bytes(section.content)
        if len(content) < size and not flags & UNINITIALIZED:
            raise self._damaged("a section reaches beyond its end")
        fixups = tuple(
            (fixup.address, fixup.symbol_idx, int(fixup.type) & TYPE_BITS)
            for fixup in section.relocations
        )
        if len(fixups) < section.numberof_relocations and not flags & MANY_FIXUPS:
            raise self._damaged("relocations of a section reach beyond its end")
        return CoffSection(self._long_name(_text(section.name)), size, content, flags, fixups)

    def _symbols(self) -> Iterator[CoffSymbol | None]:
        number = 0
        for symbol in self.found.symbols:
            behind = list(symbol.auxiliary_symbols)
            yield self._symbol(number, symbol, behind)
            yield from [None] * len(behind)
            number += 1 + len(behind)

    def _symbol(
        self, number: int, symbol: lief.COFF.Symbol, behind: list[lief.COFF.AuxiliarySymbol]
    ) -> CoffSymbol:
        import lief

        is_single, companion, other = False, 0, 0
        for record in behind[:1]:
            if isinstance(record, lief.COFF.AuxiliarySectionDefinition):
                kinds = lief.COFF.AuxiliarySectionDefinition.COMDAT_SELECTION
                is_single = record.selection == kinds.NODUPLICATES
                companion = record.section_idx if record.selection == kinds.ASSOCIATIVE else 0
            elif isinstance(record, lief.COFF.AuxiliaryWeakExternal):
                other = record.sym_idx
        storage = int(symbol.storage_class)
        section, value = symbol.section_idx, symbol.value
        is_section = storage == STATIC and value == 0 and bool(behind) and section > 0
        name = _text(symbol.name) or self._name_inside_another(number)
        return CoffSymbol(name, value, section, storage, is_section, is_single, companion, other)

    def _long_name(self, name: str) -> str:
        """A section's name: `/123` is a place in the string table."""
        return self._string(int(name[1:])) if name[:1] == "/" and name[1:].isdigit() else name

    def _name_inside_another(self, number: int) -> str:
        """The name of a symbol whose record says where in the string table it begins."""
        at = self.found.header.pointerto_symbol_table + number * self._record
        place = int.from_bytes(self.data[at + 4 : at + 8], "little")
        return self._string(place) if place and self.data[at : at + 4] == bytes(4) else ""

    @property
    def _record(self) -> int:
        big = type(self.found.header).KIND.BIGOBJ
        return BIG_RECORD if self.found.header.kind == big else RECORD

    def _string(self, place: int) -> str:
        header = self.found.header
        table = header.pointerto_symbol_table + header.nb_symbols * self._record
        end = self.data.find(b"\0", table + place)
        if end < 0 or not header.pointerto_symbol_table:
            raise self._damaged(f"there is no string {place:#x}")
        return _text(self.data[table + place : end])

    def _damaged(self, what: str) -> Exception:
        return _damaged(self.name, what)


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
