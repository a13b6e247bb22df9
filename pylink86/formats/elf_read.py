"""ELF bytes to an ObjectFile.

An ELF file is a header, which says where a table of sections lies; sections are ranges of the file,
and some of them are tables again: names, symbols, relocations.  Reading is therefore three bulk
decodings (header, section headers, symbols) and a check (`elf_check`) that what points somewhere
points into the file.  Nothing is copied but the string tables; contents are cut out when asked
for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from .. import elf_const as c
from ..diag import LinkError, fail
from ..elf_tables import (
    EHDR,
    IDENT_SIZE,
    PHDR,
    SHDR,
    Buffer,
    Column,
    decode_section_headers,
    decode_segments,
    decode_symbols,
)
from ..model import NO_SYMBOLS, FileLayout, Header, ObjectFile, Sections, Segment, Symbols
from .elf_check import NO_CONTENT, bad, check_groups, check_sections, check_strings, check_symbols

MACHINES = {
    (32, c.EM_386): "elf32-i386",
    (32, c.EM_IAMCU): "elf32-iamcu",
    (32, c.EM_X86_64): "elf32-x86-64",
    (64, c.EM_X86_64): "elf64-x86-64",
}
"""What can be read: class and machine, and the name GNU tools give the pair."""

_EMPTY = memoryview(b"")


class Contents(Sequence[Buffer]):
    """The bytes of each section, cut out of the file when asked for; empty for SHT_NOBITS.

    Slices of one memoryview: 160,000 sections cost nothing until somebody looks.
    """

    __slots__ = ("_data", "_offset", "_size", "_type", "_view")

    def __init__(self, data: bytes, sections: Sections) -> None:
        self._data, self._view = data, memoryview(data)
        self._type = sections.type
        self._offset = sections.offset
        self._size = sections.size

    def __len__(self) -> int:
        return len(self._type)

    @overload
    def __getitem__(self, index: int) -> Buffer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Buffer]: ...
    def __getitem__(self, index: int | slice) -> Buffer | Sequence[Buffer]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if self._type[index] in NO_CONTENT:
            return _EMPTY
        start = self._offset[index]
        return self._view[start : start + self._size[index]]

    def may_hold(self, texts: Iterable[bytes], indices: Sequence[int]) -> bool:
        """Whether one of the texts is in one of these sections, or between them: a thousand
        sections are looked through at once."""
        stored = [index for index in indices if self._type[index] not in NO_CONTENT]
        start = min((self._offset[i] for i in stored), default=0)
        end = max((self._offset[i] + self._size[i] for i in stored), default=0)
        return any(self._data.find(text, start, end) >= 0 for text in texts)


class Gaps(Sequence[tuple[int, bytes]]):
    """(file offset, bytes) of what no header, table or section covers; found when asked for.

    Only a writer wants to know, and most files that are read are never written as they were.
    """

    __slots__ = ("_data", "_found", "_sections", "_tables")

    def __init__(self, data: bytes, tables: list[tuple[int, int]], sections: Sections) -> None:
        """tables: [start, end) of the header and the two header tables."""
        self._data = data
        self._tables = tables
        self._sections = sections
        self._found: list[tuple[int, bytes]] | None = None

    def _find(self) -> list[tuple[int, bytes]]:
        if self._found is None:
            held = self._sections
            spans = [
                (start, start + size)
                for kind, start, size in zip(held.type, held.offset, held.size, strict=True)
                if size and kind not in NO_CONTENT
            ]
            self._found = list(_uncovered(self._data, sorted(self._tables + spans)))
        return self._found

    def __len__(self) -> int:
        return len(self._find())

    @overload
    def __getitem__(self, index: int) -> tuple[int, bytes]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[int, bytes]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, bytes] | Sequence[tuple[int, bytes]]:
        return self._find()[index]


def _uncovered(data: bytes, spans: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """The holes between sorted spans, which may overlap."""
    end = 0
    for start, stop in spans:
        if start > end:
            yield end, data[end:start]
        end = max(end, stop)
    if end < len(data):
        yield end, data[end:]


def read_elf(data: bytes, name: str) -> ObjectFile:
    """An ELF32 or ELF64 file for x86, keeping all that the file said.

    data: the whole file; held, not copied.
    Fails with bad-object (file, structure, offset) or unsupported-input.  Source: gABI ch.4 and 5.
    """
    elf_class, fields = _file_header(data, name)
    kind, machine, version, entry, phoff, shoff, flags, *tail = fields
    sections, shstrndx = _sections(data, name, elf_class, shoff, tail)
    contents = Contents(data, sections)
    symtab = sections.type.index(c.SHT_SYMTAB) if c.SHT_SYMTAB in sections.type else 0
    segments, phsize = _segments(data, name, elf_class, phoff, tail, sections)
    tables = [
        (0, IDENT_SIZE + EHDR[elf_class].size),
        (phoff, phoff + phsize),
        (shoff, shoff + len(sections) * SHDR[elf_class].size),
    ]
    symbols = _symbols(sections, contents, symtab, elf_class, name) if symtab else NO_SYMBOLS
    if c.SHT_GROUP in sections.type:
        check_groups(name, sections, symtab, symbols, contents)
    return ObjectFile(
        name,
        Header(
            elf_class=elf_class,
            machine=machine,
            type=kind,
            osabi=data[c.EI_OSABI],
            abi_version=data[c.EI_ABIVERSION],
            ident_pad=data[c.EI_PAD : IDENT_SIZE],
            version=version,
            flags=flags,
            entry=entry,
            shstrndx=shstrndx,
        ),
        sections,
        contents,
        symbols,
        symtab,
        segments,
        FileLayout(phoff, shoff, tuple(tail), Gaps(data, tables, sections), len(data)),
    )


def _file_header(data: bytes, name: str) -> tuple[int, tuple[int, ...]]:
    """The class (32 or 64) and the fields after e_ident; refuses what is not x86."""
    if len(data) < IDENT_SIZE:
        bad(name, "ELF header", 0, f"the file ends after {len(data)} bytes")
    if data[: len(c.ELF_MAGIC)] != c.ELF_MAGIC:
        bad(name, "ELF header", 0, "it does not begin with 0x7f ELF")
    elf_class = {c.ELFCLASS32: 32, c.ELFCLASS64: 64}.get(data[c.EI_CLASS])
    if elf_class is None:
        bad(name, "ELF header", c.EI_CLASS, f"class {data[c.EI_CLASS]} is neither 32 nor 64 bits")
    if data[c.EI_DATA] == c.ELFDATA2MSB:
        raise _not_x86(name, "a big-endian ELF file")
    if data[c.EI_DATA] != c.ELFDATA2LSB:
        bad(name, "ELF header", c.EI_DATA, f"data encoding {data[c.EI_DATA]} is unknown")
    if data[c.EI_VERSION] != c.EV_CURRENT:
        bad(name, "ELF header", c.EI_VERSION, f"version {data[c.EI_VERSION]} is unknown")
    record = EHDR[elf_class]
    need = IDENT_SIZE + record.size
    if len(data) < need:
        bad(name, "ELF header", 0, f"it needs {need} bytes, the file has {len(data)}")
    fields = record.unpack_from(data, IDENT_SIZE)
    if (elf_class, fields[1]) not in MACHINES:
        machine = c.number_name(c.EM_NAMES, fields[1])
        raise _not_x86(name, f"a {elf_class}-bit ELF file for machine {machine}")
    return elf_class, fields


def _not_x86(name: str, what: str) -> LinkError:
    """An ELF file of another world: nothing is wrong with it, but it cannot be linked here."""
    return fail(
        "unsupported-input",
        f"{name} is {what}; only x86 files ({', '.join(MACHINES.values())}) can be read",
        place=name,
        help=["compile for i386 or x86-64, e.g. with --target=x86_64-unknown-none"],
    )


def _sections(
    data: bytes, name: str, elf_class: int, shoff: int, tail: list[int]
) -> tuple[Sections, int]:
    """The section headers with their names, and which section holds the names (0: none).

    e_shnum and e_shstrndx that do not fit in 16 bits are in sh_size and sh_link of section 0.
    """
    record = SHDR[elf_class]
    first = (0,) * 10
    if shoff:
        if tail[3] != record.size:
            bad(name, "ELF header", 0, f"e_shentsize is {tail[3]}, not {record.size}")
        if shoff + record.size > len(data):
            bad(name, "section header table", shoff, f"the file has {len(data):#x} bytes")
        first = record.unpack_from(data, shoff)
    count = tail[4] or first[5]
    end = shoff + count * record.size
    if end > len(data) or (count and not shoff):
        what = f"{count} headers of {record.size} bytes reach beyond the file's {len(data):#x}"
        bad(name, "section header table", shoff, what)
    fields = decode_section_headers(data[shoff:end], elf_class)
    sections = _named(fields, b"\0")
    if not count:
        return sections, 0
    shstrndx = first[6] if tail[5] == c.SHN_XINDEX else tail[5]
    if shstrndx:
        strings = _section_strings(data, sections, shstrndx, name)
        sections = _named(fields, strings)
    check_sections(name, elf_class, shoff, len(data), sections)
    return sections, shstrndx


def _named(fields: tuple[Column, ...], strings: bytes) -> Sections:
    """Sections from the columns of the file and the table their names are in."""
    name_off, kind, flags, addr, offset, size, link, info, align, entsize = fields
    return Sections(name_off, kind, flags, addr, offset, size, link, info, align, entsize, strings)


def _section_strings(data: bytes, sections: Sections, index: int, name: str) -> bytes:
    """The table of section names, before anything else is known to be sound."""
    if index >= len(sections) or sections.type[index] != c.SHT_STRTAB:
        what = f"e_shstrndx is {index}, which is no string table"
        bad(name, "ELF header", 0, what)
    start, size = sections.offset[index], sections.size[index]
    if start + size > len(data):
        what = f"{size:#x} bytes reach beyond the file's {len(data):#x}"
        bad(name, f"section {index} (names)", start, what)
    strings = data[start : start + size]
    check_strings(name, sections, index, strings)
    return strings or b"\0"


def _segments(
    data: bytes, name: str, elf_class: int, phoff: int, tail: list[int], sections: Sections
) -> tuple[tuple[Segment, ...], int]:
    """The program headers and the size of their table; what they describe is for a loader to check.

    65,535 or more of them are counted in sh_info of section 0.
    """
    count = tail[2]
    if count == c.PN_XNUM and len(sections):
        count = sections.info[0]
    if not count:
        return (), 0
    record = PHDR[elf_class]
    size = count * record.size
    if tail[1] != record.size:
        bad(name, "ELF header", 0, f"e_phentsize is {tail[1]}, not {record.size}")
    if phoff + size > len(data):
        what = f"{count} headers of {record.size} bytes reach beyond the file's {len(data):#x}"
        bad(name, "program header table", phoff, what)
    rows = decode_segments(data[phoff : phoff + size], elf_class)
    return tuple([Segment(*row) for row in rows]), size


def _symbols(
    sections: Sections, contents: Contents, symtab: int, elf_class: int, name: str
) -> Symbols:
    """The symbol table as columns, reserved section numbers made negative."""
    strtab = sections.link[symtab]
    if not strtab or sections.type[strtab] != c.SHT_STRTAB:
        what = f"sh_link is {strtab}, which is no string table"
        bad(name, f"symbol table in section {symtab}", sections.offset[symtab], what)
    strings = bytes(contents[strtab])
    check_strings(name, sections, strtab, strings)
    name_off, value, size, info, other, raw = decode_symbols(contents[symtab], elf_class)
    shndx = _section_numbers(raw, sections, contents, symtab, name)
    symbols = Symbols(name_off, value, size, info, other, shndx, strings or b"\0")
    check_symbols(name, elf_class, sections, symtab, symbols)
    return symbols


def _section_numbers(
    raw: Column, sections: Sections, contents: Contents, symtab: int, name: str
) -> Column:
    """st_shndx as the model has it: reserved values negative, SHN_XINDEX looked up.

    Assemblers write one SHN_ABS (the source file's name), so the second way is the usual one: 20 ns
    each.
    """
    if not raw or max(raw) < c.SHN_LORESERVE:
        return raw
    if c.SHN_XINDEX not in raw:
        return tuple([x if x < c.SHN_LORESERVE else x - 0x10000 for x in raw])
    where = [
        index
        for index, kind in enumerate(sections.type)
        if kind == c.SHT_SYMTAB_SHNDX and sections.link[index] == symtab
    ]
    wide = contents[where[0]] if where else b""
    if len(wide) != 4 * len(raw):
        what = f"SHN_XINDEX is used, but SHT_SYMTAB_SHNDX has {len(wide)} bytes, not {4 * len(raw)}"
        bad(name, f"symbol table in section {symtab}", sections.offset[symtab], what)
    far = struct.unpack(f"<{len(raw)}I", wide)
    return tuple(
        [
            x if x < c.SHN_LORESERVE else (y if x == c.SHN_XINDEX else x - 0x10000)
            for x, y in zip(raw, far, strict=True)
        ]
    )
