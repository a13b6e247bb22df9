"""COFF objects, as nasm -f win32/win64 and compilers for Windows and UEFI write them.

Such an object says the same as an ELF one in other words, so it is translated: sections by their
characteristics, COMDAT sections into groups, symbols by storage class, relocations into those of
the same processor's ELF (coff_relocations).  What only means something to Windows is left out:
directives for its linker, lists for its debugger.  An address that counts from where an image is
loaded counts from 0, as in GNU ld.

lief 1.0 reads such objects, too, but gives no name where one begins inside a longer one of the
string table, as gas writes them; so the tables are read here.

Source: Microsoft PE format, "COFF File Header" to "COFF String Table"; /bigobj as clang has it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import attrs

from .. import elf_const as c
from ..diag import fail
from ..model import ABS, COMMON, Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols
from .coff_relocations import Fixup, encoded

FILE_HEADER = struct.Struct("<HHIIIHH")
BIG_HEADER = struct.Struct("<HHHHI16sIIIIIII")
SECTION = struct.Struct("<8sIIIIIIHHI")
SYMBOL, BIG_SYMBOL = struct.Struct("<8sIhHBB"), struct.Struct("<8sIiHBB")
FIXUP = struct.Struct("<IIH")

CODE, UNINITIALIZED, REMOVED, COMDAT = 0x20, 0x80, 0x800, 0x1000
MANY_FIXUPS, EXECUTED, WRITTEN = 0x01000000, 0x20000000, 0x80000000
ALIGN_SHIFT, ALIGN_MASK, USUAL_ALIGN = 20, 0xF, 4

EXTERNAL, STATIC, LABEL, FILE, WEAK = 2, 3, 6, 103, 105
"""Storage classes of symbols."""

ASSOCIATIVE, NO_DUPLICATES = 5, 1
"""Selections of COMDAT sections: one that goes with another, one that must not come twice."""

MACHINES = {0x14C: c.EM_386, 0x8664: c.EM_X86_64}
FOR_DEBUGGERS = (".debug", ".zdebug", ".stab", ".gnu.linkonce.wi.", ".comment", ".gnu_debuglink")
FOR_WINDOWS = (".drectve", ".llvm_addrsig", ".debug$")
LARGEST_ALIGN = 16
"""Of a common block, in bytes."""


@attrs.frozen(eq=False)
class _Section:
    name: str
    size: int
    content: bytes
    flags: int
    fixups: tuple[tuple[int, int, int], ...]

    @property
    def is_linked(self) -> bool:
        return not self.flags & REMOVED and not self.name.startswith(FOR_WINDOWS)


@attrs.frozen(eq=False)
class _Symbol:
    """aux: the records behind it, as bytes."""

    name: str
    value: int
    section: int
    storage: int
    aux: bytes

    @property
    def is_section(self) -> bool:
        return self.storage == STATIC and self.value == 0 and bool(self.aux) and self.section > 0


@attrs.define(eq=False, repr=False)
class _Reader:
    """The file's tables, read with checks."""

    data: bytes
    name: str
    strings: int = 0
    """File offset of the string table."""

    def unpack(self, form: struct.Struct, at: int) -> tuple[object, ...]:
        if at < 0 or at + form.size > len(self.data):
            raise self.damaged(f"a record at {at:#x} reaches beyond its end")
        return form.unpack_from(self.data, at)

    def damaged(self, what: str) -> Exception:
        return fail("bad-object", f"{self.name} is damaged: {what}", place=self.name)

    def string(self, offset: int) -> str:
        end = self.data.find(b"\0", self.strings + offset)
        if end < 0 or not self.strings:
            raise self.damaged(f"there is no string {offset:#x}")
        return self.data[self.strings + offset : end].decode("utf-8", "surrogateescape")

    def section_name(self, field: bytes) -> str:
        """Eight bytes, or `/123`: a place in the string table."""
        text = field.rstrip(b"\0").decode("utf-8", "surrogateescape")
        return self.string(int(text[1:])) if text[:1] == "/" and text[1:].isdigit() else text

    def symbol_name(self, field: bytes) -> str:
        if field[:4] == bytes(4):
            return self.string(int.from_bytes(field[4:], "little"))
        return field.rstrip(b"\0").decode("utf-8", "surrogateescape")

    def sections(self, at: int, count: int) -> Iterator[_Section]:
        for number in range(count):
            row = self.unpack(SECTION, at + number * SECTION.size)
            field, _, _, size, start, fixups, _, many, _, flags = row
            assert isinstance(field, bytes) and isinstance(size, int) and isinstance(start, int)
            assert isinstance(fixups, int) and isinstance(many, int) and isinstance(flags, int)
            content = b"" if flags & UNINITIALIZED else self.data[start : start + size]
            if not flags & UNINITIALIZED and len(content) < size:
                raise self.damaged("a section reaches beyond its end")
            first = 0
            if many == 0xFFFF and flags & MANY_FIXUPS:
                many, first = int(self.unpack(FIXUP, fixups)[0]), 1  # type: ignore[call-overload]
            rows = tuple(self.unpack(FIXUP, fixups + i * FIXUP.size) for i in range(first, many))
            yield _Section(self.section_name(field), size, content, flags, rows)  # type: ignore[arg-type]

    def symbols(self, at: int, count: int, form: struct.Struct) -> Iterator[_Symbol | None]:
        """Symbols by number; None for the records behind one."""
        number = 0
        while number < count:
            start = at + number * form.size
            field, value, section, _, storage, more = self.unpack(form, start)
            assert isinstance(field, bytes) and isinstance(value, int) and isinstance(more, int)
            assert isinstance(section, int) and isinstance(storage, int)
            aux = self.data[start + form.size : start + form.size * (1 + more)]
            yield _Symbol(self.symbol_name(field), value, section, storage, aux)
            yield from [None] * min(more, count - number - 1)
            number += 1 + more


def read_coff(data: bytes, name: str) -> ObjectFile:
    """The object in a COFF file, as an ELF one; bad-object when it is damaged."""
    reader = _Reader(data, name)
    is_big = data[:4] == b"\0\0\xff\xff"
    if is_big:
        row = reader.unpack(BIG_HEADER, 0)
        machine, count, at, many, start = row[3], row[10], row[11], row[12], BIG_HEADER.size
    else:
        machine, count, _, at, many, optional, _ = reader.unpack(FILE_HEADER, 0)
        assert isinstance(optional, int)
        start = FILE_HEADER.size + optional
    assert isinstance(machine, int) and isinstance(count, int)
    assert isinstance(at, int) and isinstance(many, int)
    form = BIG_SYMBOL if is_big else SYMBOL
    reader.strings = at + many * form.size if at else 0
    if many * form.size > len(data) or count * SECTION.size > len(data):
        raise reader.damaged("it says that it has more than it has")
    sections = list(reader.sections(start, count))
    symbols = list(reader.symbols(at, many, form))
    return _Translation(reader, MACHINES[machine], sections, symbols).made()


@attrs.define(eq=False, repr=False)
class _Translation:
    """From COFF to ELF.  places: the ELF index of each section, 0 for those left out; numbers: the
    ELF index of each symbol."""

    reader: _Reader
    machine: int
    sections: Sequence[_Section]
    symbols: Sequence[_Symbol | None]
    places: list[int] = attrs.field(factory=list)
    numbers: dict[int, int] = attrs.field(factory=dict)

    def made(self) -> ObjectFile:
        groups = self._groups()
        kept = [s.is_linked for s in self.sections]
        first = 1 + len(groups)
        self.places = [first + sum(kept[:i]) if ok else 0 for i, ok in enumerate(kept)]
        rows = [row for row, ok in zip(map(self._section, range(len(kept))), kept) if ok]
        contents = [s.content for s, ok in zip(self.sections, kept) if ok]
        symbols, first_global = self._symbols()
        wide = self.machine == c.EM_X86_64
        tables = []
        symtab = first + len(rows) + sum(bool(s.fixups) for s, ok in zip(self.sections, kept) if ok)
        for index, section in enumerate(self.sections):
            if kept[index] and section.fixups:
                table, content = encoded(
                    self._fixups(section), section.content, self.machine, self.reader.damaged
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
            self.reader.name,
            Header(64 if wide else 32, self.machine),
            Sections.from_rows(every),
            (b"", *(x for _, x in group_rows), *contents, *(x for _, x in tables), b"", b""),
            Symbols.from_rows(symbols),
            symtab,
        )

    def _section(self, index: int) -> SectionRow:
        section = self.sections[index]
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
        for number, symbol in enumerate(self.symbols):
            if symbol is None or symbol.section <= 0 or symbol.section > len(self.sections):
                continue
            index = symbol.section - 1
            if not self.sections[index].flags & COMDAT or not self.sections[index].is_linked:
                continue
            if symbol.is_section and index not in defined:
                defined.add(index)
                selection = symbol.aux[14] if len(symbol.aux) > 14 else 0
                if selection == ASSOCIATIVE:
                    followers[index] = int.from_bytes(symbol.aux[12:14], "little") - 1
                elif selection == NO_DUPLICATES:
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
        for number, symbol in enumerate(self.symbols):
            if symbol is not None and symbol.storage != FILE:
                rows.append((number, self._symbol(symbol)))
        rows.sort(key=lambda pair: pair[1].binding != c.STB_LOCAL)
        self.numbers = {number: at for at, (number, _) in enumerate(rows, 1)}
        return [row for _, row in rows], 1 + sum(r.binding == c.STB_LOCAL for _, r in rows)

    def _symbol(self, symbol: _Symbol) -> SymbolRow:
        shndx = {0: c.SHN_UNDEF, -1: ABS}.get(symbol.section, 0)
        if 0 < symbol.section <= len(self.sections):
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

    def _weak(self, symbol: _Symbol) -> SymbolRow:
        """A weak name stands for another one, which has the value, unless somebody defines it."""
        other = int.from_bytes(symbol.aux[:4], "little")
        meant = self.symbols[other] if other < len(self.symbols) else None
        if meant is None or meant.section == 0:
            return SymbolRow(symbol.name, 0, 0, c.STB_WEAK)
        row = self._symbol(meant) if meant.storage != WEAK else SymbolRow("", 0)
        return attrs.evolve(row, name=symbol.name, binding=c.STB_WEAK, type=c.STT_NOTYPE)

    def _fixups(self, section: _Section) -> Iterator[Fixup]:
        for place, symbol, kind in section.fixups:
            number = self.numbers.get(symbol)
            if number is None:
                raise self.reader.damaged(f"a relocation refers to symbol {symbol}")
            yield Fixup(place, kind, number)
