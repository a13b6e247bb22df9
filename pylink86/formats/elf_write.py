"""An ObjectFile to ELF bytes.

Every ELF file is the same few things: a header, program headers, the contents of sections, section
headers.  A file that was read says where each of them lay (`ObjectFile.layout`), and comes out as
it was.  One made in memory is completed first: `with_tables` adds the tables of symbols and names,
and `elf_place` decides where everything lies.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..elf_tables import EHDR, SHDR, SYM, Buffer, encode_segments, encode_symbols
from ..model import FileLayout, ObjectFile, SectionRow, Sections, Symbols
from .binary import MAX_SIZE
from .elf_check import NO_CONTENT
from .elf_place import place_in_file


def write_elf(obj: ObjectFile, *, max_size: int = MAX_SIZE) -> bytes:
    """The file as ELF.

    Without `layout`, `with_tables` and `place_in_file` complete it first.
    Fails with image-too-large when sections of a segment lie too far apart.
    """
    if obj.layout is None:
        obj = place_in_file(with_tables(obj), max_size=max_size)
    assert obj.layout is not None
    layout, sections, elf_class = obj.layout, obj.sections, obj.header.elf_class
    image = bytearray(layout.size)
    for file_off, data in layout.gaps:
        image[file_off : file_off + len(data)] = data
    for index, (kind, file_off, size) in enumerate(
        zip(sections.type, sections.offset, sections.size, strict=True)
    ):
        if size and kind not in NO_CONTENT:
            content = obj.contents[index]
            if len(content) != size:
                name = sections.names[index]
                raise ValueError(f"section {index} ({name}): {len(content)} bytes, header: {size}")
            image[file_off : file_off + size] = content
    _put(image, 0, _encode_header(obj, layout))
    _put(image, layout.phoff, encode_segments(map(attrs.astuple, obj.segments), elf_class))
    pack = SHDR[elf_class].pack
    _put(image, layout.shoff, b"".join([pack(*row) for row in sections.rows()]))
    return bytes(image)


def _put(image: bytearray, file_off: int, data: bytes) -> None:
    """Put a table into the image; an empty one leaves it alone, wherever it is said to be."""
    if data:
        image[file_off : file_off + len(data)] = data


def _encode_header(obj: ObjectFile, layout: FileLayout) -> bytes:
    header = obj.header
    elf_class = c.ELFCLASS64 if header.elf_class == 64 else c.ELFCLASS32
    ident = bytes([elf_class, c.ELFDATA2LSB, c.EV_CURRENT, header.osabi, header.abi_version])
    return (
        c.ELF_MAGIC
        + ident
        + header.ident_pad
        + EHDR[header.elf_class].pack(
            header.type,
            header.machine,
            header.version,
            header.entry,
            layout.phoff,
            layout.shoff,
            header.flags,
            *layout.header_tail,
        )
    )


# --- The tables every ELF file has ----------------------------------------------------------------


def with_tables(obj: ObjectFile) -> ObjectFile:
    """Add .symtab, .strtab and .shstrtab, in GNU ld's order, to a file that has no section names
    yet.

    A file whose header names a string table (shstrndx), or without any section, is returned as it
    is. `symbols` that came from no section (symtab is 0) become .symtab and .strtab; NO_SYMBOLS
    gives neither, as `ld -s`.  When a symbol is defined in section 65,280 or beyond, .symtab_shndx
    follows. Relocation and group sections whose sh_link is 0 are linked to the new symbol table.
    Local symbols must come before the others (gABI ch.4); ValueError otherwise.
    """
    if obj.header.shstrndx or not len(obj.sections):
        return obj
    symtab = obj.symtab
    rows: list[SectionRow] = []
    tables: list[Buffer] = []
    sections = obj.sections
    if not symtab and len(obj.symbols):
        symtab = len(sections)
        rows, tables = _symbol_tables(obj.symbols, obj.header.elf_class, symtab)
        sections = _link_to(sections, symtab)
    sections = append_sections(sections, [*rows, SectionRow(".shstrtab", c.SHT_STRTAB)])
    size = (*sections.size[:-1], len(sections.strings))
    return attrs.evolve(
        obj,
        header=attrs.evolve(obj.header, shstrndx=len(sections) - 1),
        sections=attrs.evolve(sections, size=size),
        contents=[*obj.contents, *tables, sections.strings],
        symtab=symtab,
    )


def append_sections(sections: Sections, rows: Sequence[SectionRow]) -> Sections:
    """More section headers at the end; their names are added to the string table."""
    strings = sections.strings
    name_off = list(sections.name_off)
    for row in rows:
        name_off.append(len(strings))
        strings += row.name.encode("utf-8", "surrogateescape") + b"\0"
    return Sections(
        tuple(name_off),
        (*sections.type, *(row.type for row in rows)),
        (*sections.flags, *(row.flags for row in rows)),
        (*sections.addr, *(row.addr for row in rows)),
        (*sections.offset, *(0 for _ in rows)),
        (*sections.size, *(row.size for row in rows)),
        (*sections.link, *(row.link for row in rows)),
        (*sections.info, *(row.info for row in rows)),
        (*sections.align, *(row.align for row in rows)),
        (*sections.entsize, *(row.entsize for row in rows)),
        strings,
    )


def _symbol_tables(
    symbols: Symbols, elf_class: int, symtab: int
) -> tuple[list[SectionRow], list[Buffer]]:
    """Headers and contents of .symtab [.symtab_shndx] .strtab, the first at index `symtab`."""
    local = [info >> 4 == c.STB_LOCAL for info in symbols.info]
    first_global = local.index(False) if False in local else len(local)
    if True in local[first_global:]:
        raise ValueError("local symbols must come before global and weak ones")
    table, wide = encode_symbol_table(symbols, elf_class)
    record = SYM[elf_class].size
    strtab = symtab + (2 if wide else 1)
    rows = [
        SectionRow(
            ".symtab",
            c.SHT_SYMTAB,
            size=len(table),
            link=strtab,
            info=first_global,
            align=elf_class // 8,
            entsize=record,
        ),
        SectionRow(
            ".symtab_shndx", c.SHT_SYMTAB_SHNDX, size=len(wide), link=symtab, align=4, entsize=4
        ),
        SectionRow(".strtab", c.SHT_STRTAB, size=len(symbols.strings)),
    ]
    tables: list[Buffer] = [table, wide, symbols.strings]
    if not wide:
        del rows[1], tables[1]
    return rows, tables


def encode_symbol_table(symbols: Symbols, elf_class: int) -> tuple[bytes, bytes]:
    """The contents of .symtab and of .symtab_shndx; the latter is empty when no symbol needs it.

    A symbol in section 65,280 or beyond has st_shndx SHN_XINDEX, its section is in the second
    table.
    """
    shndx = [x & 0xFFFF if x < c.SHN_LORESERVE else c.SHN_XINDEX for x in symbols.shndx]
    columns = (symbols.name_off, symbols.value, symbols.size, symbols.info, symbols.other, shndx)
    table = encode_symbols(columns, elf_class)
    if c.SHN_XINDEX not in shndx:
        return table, b""
    wide = [x if x >= c.SHN_LORESERVE else 0 for x in symbols.shndx]
    return table, struct.pack(f"<{len(wide)}I", *wide)


def _link_to(sections: Sections, symtab: int) -> Sections:
    """Tables of symbol numbers that are not linked to a symbol table yet."""
    kinds = (c.SHT_REL, c.SHT_RELA, c.SHT_GROUP)
    link = [
        symtab if kind in kinds and not old else old
        for kind, old in zip(sections.type, sections.link, strict=True)
    ]
    return attrs.evolve(sections, link=tuple(link))
