"""COFF objects, as nasm -f win32/win64 and compilers for Windows and UEFI write them.

Such an object says the same as an ELF one in other words, so it is translated: sections by their
characteristics, COMDAT sections into groups, symbols by storage class, relocations into those of
the same processor's ELF (coff_relocations).  What only means something to Windows is left out:
directives for its linker, lists for its debugger.  An address that counts from where an image is
loaded counts from 0, as in GNU ld.

Source: Microsoft PE format, "COFF File Header" to "COFF String Table"."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import attrs

from .. import elf_const as c
from ..model import ABS, COMMON, Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols
from .coff_read import (
    EXTERNAL,
    FILE,
    UNINITIALIZED,
    WEAK,
    CoffSection,
    CoffSymbol,
    CoffTables,
    read_tables,
)
from .coff_relocations import Fixup, encoded

CODE, REMOVED, COMDAT = 0x20, 0x800, 0x1000
EXECUTED, WRITTEN = 0x20000000, 0x80000000
ALIGN_SHIFT, ALIGN_MASK, USUAL_ALIGN = 20, 0xF, 4

MACHINES = {0x14C: c.EM_386, 0x8664: c.EM_X86_64}
FOR_DEBUGGERS = (".debug", ".zdebug", ".stab", ".gnu.linkonce.wi.", ".comment", ".gnu_debuglink")
FOR_WINDOWS = (".drectve", ".llvm_addrsig", ".debug$")
LARGEST_ALIGN = 16
"""Of a common block, in bytes."""


def read_coff(data: bytes, name: str) -> ObjectFile:
    """The object in a COFF file, as an ELF one; bad-object when it is damaged."""
    return _Translation(read_tables(data, name)).made()


def _is_linked(section: CoffSection) -> bool:
    return not section.flags & REMOVED and not section.name.startswith(FOR_WINDOWS)


@attrs.define(eq=False, repr=False)
class _Translation:
    """From COFF to ELF.  places: the ELF index of each section, 0 for those left out; numbers: the
    ELF index of each symbol."""

    tables: CoffTables
    places: list[int] = attrs.field(factory=list)
    numbers: dict[int, int] = attrs.field(factory=dict)

    def made(self) -> ObjectFile:
        groups = self._groups()
        kept = [_is_linked(s) for s in self.tables.sections]
        first = 1 + len(groups)
        self.places = [first + sum(kept[:i]) if ok else 0 for i, ok in enumerate(kept)]
        rows = [row for row, ok in zip(map(self._section, range(len(kept))), kept) if ok]
        contents = [s.content for s, ok in zip(self.tables.sections, kept) if ok]
        symbols, first_global = self._symbols()
        machine = MACHINES[self.tables.machine]
        wide = machine == c.EM_X86_64
        tables = []
        symtab = (
            first
            + len(rows)
            + sum(bool(s.fixups) for s, ok in zip(self.tables.sections, kept) if ok)
        )
        for index, section in enumerate(self.tables.sections):
            if kept[index] and section.fixups:
                table, content = encoded(
                    self._fixups(section), section.content, machine, self.tables.damaged
                )
                contents[self.places[index] - first] = content
                prefix, kind = (".rela", c.SHT_RELA) if wide else (".rel", c.SHT_REL)
                row = SectionRow(
                    prefix + section.name, kind, c.SHF_INFO_LINK, 0, len(table), symtab,
                    self.places[index], 8 if wide else 4, 24 if wide else 8,
                )  # fmt: skip
                tables.append((row, table))
        group_rows = [self._group(leader, members, symtab) for leader, members in groups]
        every = [
            *(row for row, _ in group_rows),
            *rows,
            *(row for row, _ in tables),
            SectionRow(".symtab", c.SHT_SYMTAB, link=symtab + 1, info=first_global),
            SectionRow(".strtab", c.SHT_STRTAB),
        ]
        return ObjectFile(
            self.tables.name,
            Header(64 if wide else 32, machine),
            Sections.from_rows(every),
            (b"", *(x for _, x in group_rows), *contents, *(x for _, x in tables), b"", b""),
            Symbols.from_rows(symbols),
            symtab,
        )

    def _section(self, index: int) -> SectionRow:
        section = self.tables.sections[index]
        power = section.flags >> ALIGN_SHIFT & ALIGN_MASK
        flags = 0 if section.name.startswith(FOR_DEBUGGERS) else c.SHF_ALLOC
        if flags:
            flags |= c.SHF_WRITE if section.flags & WRITTEN else 0
            flags |= c.SHF_EXECINSTR if section.flags & (CODE | EXECUTED) else 0
        if any(index in members for _, members in self._groups()):
            flags |= c.SHF_GROUP
        kind = c.SHT_NOBITS if section.flags & UNINITIALIZED else c.SHT_PROGBITS
        align = 1 << power - 1 if power else USUAL_ALIGN
        return SectionRow(section.name, kind, flags, size=section.size, align=align)

    def _groups(self) -> list[tuple[int, list[int]]]:
        """COMDAT sections: the number of the symbol each is known by, and the sections that go
        together."""
        leaders: dict[int, int] = {}
        followers: dict[int, int] = {}
        defined: set[int] = set()
        for number, symbol in enumerate(self.tables.symbols):
            if symbol is None or symbol.section <= 0 or symbol.section > len(self.tables.sections):
                continue
            index = symbol.section - 1
            if not self.tables.sections[index].flags & COMDAT or not _is_linked(
                self.tables.sections[index]
            ):
                continue
            if symbol.is_section and index not in defined:
                defined.add(index)
                if symbol.companion:
                    followers[index] = symbol.companion - 1
                elif symbol.is_single:
                    leaders[index] = -1
            elif index not in leaders and index not in followers:
                leaders[index] = number
        groups = [(leader, [index]) for index, leader in leaders.items() if leader >= 0]
        for index, owner in followers.items():
            for _, members in groups:
                if members[0] == owner:
                    members.append(index)
        return groups

    def _group(self, leader: int, members: list[int], symtab: int) -> tuple[SectionRow, bytes]:
        words = (c.GRP_COMDAT, *(self.places[index] for index in members))
        content = struct.pack(f"<{len(words)}I", *words)
        info = self.numbers[leader]
        return SectionRow(".group", c.SHT_GROUP, 0, 0, len(content), symtab, info, 4, 4), content

    def _symbols(self) -> tuple[list[SymbolRow], int]:
        """The symbols, local ones first, and how many of these there are with the null symbol."""
        rows: list[tuple[int, SymbolRow]] = []
        for number, symbol in enumerate(self.tables.symbols):
            if symbol is not None and symbol.storage != FILE:
                rows.append((number, self._symbol(symbol)))
        rows.sort(key=lambda pair: pair[1].binding != c.STB_LOCAL)
        self.numbers = {number: at for at, (number, _) in enumerate(rows, 1)}
        return [row for _, row in rows], 1 + sum(r.binding == c.STB_LOCAL for _, r in rows)

    def _symbol(self, symbol: CoffSymbol) -> SymbolRow:
        shndx = {0: c.SHN_UNDEF, -1: ABS}.get(symbol.section, 0)
        if 0 < symbol.section <= len(self.tables.sections):
            shndx = self.places[symbol.section - 1]
        if symbol.is_section:
            return SymbolRow("", 0, type=c.STT_SECTION, shndx=shndx)
        if symbol.storage == WEAK:
            return self._weak(symbol)
        if symbol.storage != EXTERNAL:
            name = symbol.name if shndx > 0 else ""
            return SymbolRow(name, symbol.value, shndx=shndx)
        if symbol.section == 0 and symbol.value:
            align = min(1 << (symbol.value - 1).bit_length(), LARGEST_ALIGN)
            return SymbolRow(
                symbol.name, align, symbol.value, c.STB_GLOBAL, c.STT_OBJECT, 0, COMMON
            )
        return SymbolRow(symbol.name, symbol.value, 0, c.STB_GLOBAL, shndx=shndx)

    def _weak(self, symbol: CoffSymbol) -> SymbolRow:
        """A weak name stands for another one, which has the value, unless somebody defines it."""
        every, other = self.tables.symbols, symbol.other
        meant = every[other] if other < len(every) else None
        if meant is None or meant.section == 0:
            return SymbolRow(symbol.name, 0, 0, c.STB_WEAK)
        row = self._symbol(meant) if meant.storage != WEAK else SymbolRow("", 0)
        return attrs.evolve(row, name=symbol.name, binding=c.STB_WEAK, type=c.STT_NOTYPE)

    def _fixups(self, section: CoffSection) -> Iterator[Fixup]:
        for place, symbol, kind in section.fixups:
            number = self.numbers.get(symbol)
            if number is None:
                raise self.tables.damaged(f"a relocation refers to symbol {symbol}")
            yield Fixup(place, kind, number)
