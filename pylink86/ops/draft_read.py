"""An ELF file's bytes as a draft: numbers become references.

Read with nothing but `elf_tables`, because the small tools start for each object of a build.
Damaged input is handed to `formats.elf_read`, which knows how to say what is wrong.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM
from .draft import (
    GROUP,
    PLAIN,
    RELOC,
    SHNDX,
    SHSTRTAB,
    STRTAB,
    SYMTAB,
    Draft,
    Relocs,
    Sec,
    Seg,
    Sym,
    complain,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def read_draft(data: bytes, name: str) -> Draft:
    """An ELF file as a draft; bad-object and unsupported-input as `formats.elf_read` reports
    them."""
    try:
        return _read(data, name)
    except (struct.error, OverflowError, IndexError, ValueError, KeyError, _Odd):
        from ..formats.elf_read import read_elf

        read_elf(data, name)
        complain("bad-object", f"{name} is damaged: a table points out of the file", place=name)


class _Odd(Exception):
    """Something the full reader has words for."""


def _read(data: bytes, name: str) -> Draft:
    if data[:4] != c.ELF_MAGIC or data[4] not in (1, 2) or data[5] != 1 or data[6] != 1:
        raise _Odd
    elf_class = 32 * data[4]
    (
        kind, machine, version, entry, phoff, shoff, flags, _, phentsize, phnum, shentsize, shnum,
        shstrndx,
    ) = EHDR[elf_class].unpack_from(data, IDENT_SIZE)  # fmt: skip
    if machine not in (0, c.EM_386, c.EM_IAMCU, c.EM_X86_64):
        raise _Odd
    draft = Draft(name, elf_class, machine)
    draft.data, draft.type, draft.version, draft.entry = data, kind, version, entry
    draft.flags, draft.phoff = flags, phoff
    draft.osabi, draft.abi_version, draft.ident_pad = data[7], data[8], data[9:16]
    rows: list[tuple[int, ...]] = []
    if shoff:
        record = SHDR[elf_class]
        first = record.unpack_from(data, shoff)
        count = shnum or first[5]
        end = shoff + count * record.size
        if shentsize != record.size or end > len(data):
            raise _Odd
        rows = list(record.iter_unpack(data[shoff:end]))
        shstrndx = first[6] if shstrndx == c.SHN_XINDEX else shstrndx
        phnum = first[7] if phnum == c.PN_XNUM else phnum
    if phnum:
        if phentsize != PHDR[elf_class].size:
            raise _Odd
        draft.segs = _segments(data, elf_class, phoff, phnum)
    if rows:
        _sections(draft, rows, shstrndx)
    return draft


def _segments(data: bytes, elf_class: int, phoff: int, count: int) -> list[Seg]:
    from ..elf_tables import decode_segments

    end = phoff + count * PHDR[elf_class].size
    if end > len(data):
        raise _Odd
    segs = [Seg(row, i) for i, row in enumerate(decode_segments(data[phoff:end], elf_class))]
    for seg in segs:
        # Of other segments GNU objcopy itself writes some that end beyond the file.
        if seg.filesz and seg.type == c.PT_LOAD:
            _check_extent(seg, elf_class, len(data))
    return segs


def check_segments(draft: Draft) -> None:
    """bad-object for any segment that ends beyond the file, even when it has no bytes."""
    for seg in draft.segs:
        _check_extent(seg, draft.elf_class, len(draft.data))


def _check_extent(seg: Seg, elf_class: int, size: int) -> None:
    # LLD writes negative sizes for some layouts, and both objcopy read them.
    end = (seg.offset + seg.filesz) & ((1 << elf_class) - 1)
    if end > size:
        complain(
            "bad-object",
            f"program header with offset {seg.offset:#x} and file size {seg.filesz:#x} goes past "
            "the end of the file",
        )


def _sections(draft: Draft, rows: list[tuple[int, ...]], shstrndx: int) -> None:
    """Sections, then what they are to one another, then symbols, groups and relocations."""
    data = draft.data
    view = memoryview(data)
    strings = b"\0"
    if shstrndx:
        row = rows[shstrndx]
        strings = data[row[4] : row[4] + row[5]]
        if row[1] != c.SHT_STRTAB or strings[-1:] != b"\0":
            raise _Odd
    text_at = names_in(strings)
    new = Sec.__new__
    every: list[Sec] = []
    for index, (at, kind, flags, addr, offset, size, _, info, align, entsize) in enumerate(rows):
        text = text_at(at)
        empty = kind in (c.SHT_NOBITS, c.SHT_NULL) or not size
        if not empty and offset + size > len(data):
            raise _Odd
        # Without __init__, which would set half of this twice.
        sec = new(Sec)
        sec.name = sec.was = text
        sec.type = sec.old_type = kind
        sec.flags = sec.old_flags = flags
        sec.data = b"" if empty else view[offset : offset + size]
        sec.size = sec.old_size = size
        sec.offset = sec.old_offset = offset
        sec.index = sec.old_index = index
        if align != 1:
            sec.align = sec.old_align = align
        if addr:
            sec.addr = sec.old_addr = addr
        if info:
            sec.info = info
        if entsize:
            sec.entsize = entsize
        every.append(sec)
    for sec, row in zip(every, rows):
        if not row[6] and not row[7]:
            continue
        if row[6] and row[1] != c.SHT_NULL:
            sec.link = every[row[6]]
        alloc_relocs = row[1] in (c.SHT_REL, c.SHT_RELA) and row[2] & c.SHF_ALLOC
        if (row[2] & c.SHF_INFO_LINK or alloc_relocs) and 0 < row[7] < len(every):
            sec.target = every[row[7]]
    draft.secs = every[1:]
    if shstrndx:
        draft.shstrtab = every[shstrndx]
        draft.shstrtab.role = SHSTRTAB
    symtab = next((sec for sec in draft.secs if sec.type == c.SHT_SYMTAB), None)
    if symtab is not None:
        _symbols(draft, symtab, every)
    for sec in draft.secs:
        if sec.type in (c.SHT_REL, c.SHT_RELA) and not sec.flags & c.SHF_ALLOC:
            _relocations(draft, sec, every)
        elif sec.type == c.SHT_GROUP:
            _group(draft, sec, every)


def names_in(strings: bytes) -> Callable[[int], str]:
    """The function "the name at this offset" of a string table.

    A table of plain ASCII is decoded once; in another one, names are, because offsets are bytes.
    """
    if strings.isascii():
        text = strings.decode("ascii")
        end = text.index
        return lambda at: text[at : end("\0", at)]
    find = strings.index
    return lambda at: strings[at : find(b"\0", at)].decode("utf-8", "surrogateescape")


def _symbols(draft: Draft, symtab: Sec, every: list[Sec]) -> None:
    strtab = symtab.link
    if strtab is None or strtab.type != c.SHT_STRTAB:
        raise _Odd
    draft.symtab, symtab.role = symtab, SYMTAB
    if strtab.role == PLAIN:
        strtab.role = STRTAB
    wide: tuple[int, ...] = ()
    for sec in draft.secs:
        if sec.type == c.SHT_SYMTAB_SHNDX and sec.link is symtab:
            sec.role = SHNDX
            wide = struct.unpack(f"<{len(sec.data) // 4}I", sec.data)
    draft.by_number = _decoded(symtab, bytes(strtab.data), every, wide, draft.elf_class)
    draft.syms = [sym for sym in draft.by_number if sym is not None]


def dynamic_symbols(draft: Draft) -> list[Sym]:
    """Those of .dynsym; bad-object when it is damaged."""
    table = next((sec for sec in draft.secs if sec.type == c.SHT_DYNSYM), None)
    if table is None or table.link is None:
        return []
    every = [Sec("", c.SHT_NULL), *draft.secs]
    try:
        found = _decoded(table, bytes(table.link.data), every, (), draft.elf_class)
    except (struct.error, IndexError, ValueError, _Odd):
        complain("bad-object", f"{draft.name}: {table.name} is damaged", place=draft.name)
    return [sym for sym in found if sym is not None]


def _decoded(
    table: Sec, strings: bytes, every: list[Sec], wide: tuple[int, ...], elf_class: int
) -> list[Sym | None]:
    """The symbols of a table by number; 0 is None."""
    record = SYM[elf_class]
    if table.size % record.size or (strings and strings[-1]):
        raise _Odd
    is_64 = elf_class == 64
    known: dict[int, str] = {0: ""}
    text_at = names_in(strings)
    syms: list[Sym | None] = []
    append = syms.append
    for number, row in enumerate(record.iter_unpack(table.data)):
        if is_64:
            at, info, other, shndx, value, extent = row
        else:
            at, value, extent, info, other, shndx = row
        text = known.get(at)
        if text is None:
            text = text_at(at)
            known[at] = text
        sec = None
        if shndx == c.SHN_XINDEX:
            shndx = wide[number]
            sec = every[shndx]
        elif 0 < shndx < 0xFF00:
            sec = every[shndx]
        append(Sym(text, value, extent, info, other, shndx, sec, number))
    return [None, *syms[1:]]


def _relocations(draft: Draft, sec: Sec, every: list[Sec]) -> None:
    """A table of relocations; its symbols must be those of the symbol table."""
    if sec.link is not None and sec.link is not draft.symtab:
        return
    if sec.info >= len(every):
        raise _Odd
    sec.role = RELOC
    sec.target = every[sec.info] if sec.info else None
    with_addend = sec.type == c.SHT_RELA
    where = draft.name, sec
    sec.relocs = Relocs(sec.data, draft.elf_class, with_addend, len(draft.by_number), where)
    if len(sec.data) != sec.relocs.count * sec.relocs.record.size:
        raise _Odd


def _group(draft: Draft, sec: Sec, every: list[Sec]) -> None:
    if sec.link is not draft.symtab:
        raise _Odd
    sec.role = GROUP
    words = struct.unpack(f"<{len(sec.data) // 4}I", sec.data)
    sec.members = [every[word] for word in words[1:]]
    if draft.symtab is not None:
        sec.signature = draft.by_number[sec.info]
