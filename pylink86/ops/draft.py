"""A file being edited: sections and symbols that point to one another instead of counting.

In an ELF file everything is a number: a symbol says "section 5", a relocation "symbol 12".  Take
one section out and half of the numbers are wrong.  So an edit reads the file into a graph, a
`Draft`, where a symbol holds its section and a relocation its symbol; things are renamed, moved and
dropped there, and the numbers are made again when a layout writes the file.

A draft is scratch: it never leaves `ops`.  It is read from bytes with nothing but `elf_tables`, and
its classes are plain, because objcopy is called for each object of a build and reading it must not
cost more than the edit (attrs alone is 15 ms).  Damaged input is handed to `formats.elf_read`,
which
knows how to say what is wrong.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM, decode_relocations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from ..elf_tables import Buffer, Column

PLAIN, SYMTAB, STRTAB, SHSTRTAB, RELOC, GROUP, SHNDX = range(7)
"""What a section is to an edit: contents, or one of the tables that are written anew."""

NEW = 1 << 64
"""File offset of a section that was not in the input: behind everything that was."""


class Sec:
    """A section; `link` and `target` are sections, `data` is what the file holds of it."""

    __slots__ = (
        "addr", "align", "compressed", "data", "entsize", "flags", "index", "info", "link",
        "lma", "members", "name", "offset", "old_addr", "old_align", "old_flags", "old_index",
        "old_offset", "old_size", "old_type", "relocs", "role", "segment", "segments",
        "signature", "size", "target", "type", "was",
    )  # fmt: skip

    def __init__(self, name: str, type: int, flags: int = 0, data: Buffer = b"") -> None:
        self.name = name
        self.was = name
        """Its name in the input."""
        self.type = self.old_type = type
        self.flags = self.old_flags = flags
        self.addr = self.old_addr = 0
        self.lma = 0
        self.data = data
        self.size = self.old_size = len(data)
        self.offset = 0
        self.old_offset = NEW
        self.align = self.old_align = 1
        self.entsize = 0
        self.link: Sec | None = None
        self.info = 0
        """As the file has it, for roles whose sh_info is not made anew."""
        self.role = PLAIN
        self.index = 0
        self.old_index = 0
        self.target: Sec | None = None
        """Of a relocation section: what it relocates; else the section that sh_info names, if
        any."""
        self.relocs: Relocs | None = None
        self.members: list[Sec] = []
        """Of a group: its sections, the flag word being the first word of `data`."""
        self.signature: Sym | None = None
        self.segment: Seg | None = None
        """The segment it lies in, for layouts that move sections with their segment."""
        self.segments: tuple[Seg, ...] = ()
        """Every segment it lies in."""
        self.compressed = False
        """Made smaller by this edit."""

    @property
    def alloc(self) -> bool:
        return bool(self.flags & c.SHF_ALLOC)


class Sym:
    """A symbol; `sec` is None where `place` says more (SHN_UNDEF, SHN_ABS, SHN_COMMON ...)."""

    __slots__ = (
        "binding", "index", "name", "old_index", "other", "place", "sec", "size", "type", "used",
        "value",
    )  # fmt: skip

    def __init__(self, name: str, value: int = 0, size: int = 0) -> None:
        self.name = name
        self.value = value
        self.size = size
        self.binding = c.STB_LOCAL
        self.type = c.STT_NOTYPE
        self.other = 0
        self.sec: Sec | None = None
        self.place = c.SHN_UNDEF
        self.index = 0
        self.old_index = 0
        self.used = False
        """Named by a relocation or a group that stays."""

    @property
    def undefined(self) -> bool:
        return self.sec is None and self.place == c.SHN_UNDEF

    @property
    def common(self) -> bool:
        return self.sec is None and self.place == c.SHN_COMMON

    @property
    def visibility(self) -> int:
        return self.other & 3


class Relocs:
    """A relocation table as columns; `symbol` holds numbers of the input's symbol table."""

    __slots__ = ("addend", "offset", "symbol", "type")

    def __init__(self, offset: Column, type: Column, symbol: Column, addend: Column | None) -> None:
        self.offset = offset
        self.type = type
        self.symbol = symbol
        self.addend = addend


class Seg:
    """A program header; the `old_` fields are the input's."""

    __slots__ = (
        "align", "filesz", "flags", "index", "memsz", "offset", "old_filesz", "old_offset", "paddr",
        "parent", "type", "vaddr",
    )  # fmt: skip

    def __init__(self, row: Iterable[int], index: int) -> None:
        (
            self.type, self.flags, self.offset, self.vaddr, self.paddr, self.filesz, self.memsz,
            self.align,
        ) = row  # fmt: skip
        self.old_offset, self.old_filesz = self.offset, self.filesz
        self.index = index
        self.parent: Seg | None = None


class Draft:
    """A file taken apart for editing.

    secs: without the null section, in the input's order.  syms: without the null symbol.
    by_number:
    the symbols of the input, for the numbers in relocations.  data: the bytes of the input.
    """

    def __init__(self, name: str, elf_class: int = 64, machine: int = c.EM_X86_64) -> None:
        self.name = name
        self.data: bytes = b""
        self.elf_class = elf_class
        self.machine = machine
        self.type = c.ET_REL
        self.osabi = self.abi_version = self.flags = self.entry = 0
        self.version = 1
        self.ident_pad = bytes(7)
        self.secs: list[Sec] = []
        self.syms: list[Sym] = []
        self.by_number: list[Sym | None] = [None]
        self.segs: list[Seg] = []
        self.symtab: Sec | None = None
        self.shstrtab: Sec | None = None
        self.phoff = 0
        self.lost_symbols = False
        """Symbols of the input were taken out."""
        self.removed: list[Sec] = []
        """Sections that were taken out, for layouts that keep the room they had."""

    @property
    def relocatable(self) -> bool:
        return self.type == c.ET_REL

    @property
    def word(self) -> int:
        return self.elf_class // 8

    def reloc_secs(self) -> list[Sec]:
        return [sec for sec in self.secs if sec.role == RELOC]

    def relocs_of(self, target: Sec) -> list[Sec]:
        return [sec for sec in self.secs if sec.role == RELOC and sec.target is target]


def complain(slug: str, message: str, **more: object) -> NoReturn:
    """Raise a LinkError; its module is imported only when there is one to raise."""
    from ..diag import fail

    raise fail(slug, message, **more)  # type: ignore[arg-type]


def read_draft(data: bytes, name: str) -> Draft:
    """An ELF file as a draft; bad-object and unsupported-input as `formats.elf_read` reports
    them."""
    try:
        return _read(data, name)
    except (struct.error, IndexError, ValueError, KeyError, _Odd):
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
        if seg.offset + seg.filesz > len(data):
            complain(
                "bad-object",
                f"{seg.index} program header reaches beyond the file: offset {seg.offset:#x}, "
                f"{seg.filesz:#x} bytes",
            )
    return segs


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
    every: list[Sec] = []
    for index, (at, kind, flags, addr, offset, size, _, info, align, entsize) in enumerate(rows):
        text = strings[at : strings.index(b"\0", at)].decode("utf-8", "surrogateescape")
        empty = kind in (c.SHT_NOBITS, c.SHT_NULL) or not size
        if not empty and offset + size > len(data):
            raise _Odd
        sec = Sec(text, kind, flags, b"" if empty else view[offset : offset + size])
        sec.size = sec.old_size = size
        sec.addr = sec.old_addr = addr
        sec.offset = sec.old_offset = offset
        sec.info, sec.align, sec.entsize = info, align, entsize
        sec.old_align = align
        sec.index = sec.old_index = index
        every.append(sec)
    for sec, row in zip(every, rows):
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


def _symbols(draft: Draft, symtab: Sec, every: list[Sec]) -> None:
    strtab = symtab.link
    if strtab is None or strtab.type != c.SHT_STRTAB:
        raise _Odd
    draft.symtab, symtab.role = symtab, SYMTAB
    if strtab.role == PLAIN:
        strtab.role = STRTAB
    strings = bytes(strtab.data)
    if strings and strings[-1]:
        raise _Odd
    wide: tuple[int, ...] = ()
    for sec in draft.secs:
        if sec.type == c.SHT_SYMTAB_SHNDX and sec.link is symtab:
            sec.role = SHNDX
            wide = struct.unpack(f"<{len(sec.data) // 4}I", sec.data)
    is_64 = draft.elf_class == 64
    size = SYM[draft.elf_class].size
    if symtab.size % size:
        raise _Odd
    known: dict[int, str] = {0: ""}
    find = strings.index
    count = len(every)
    syms: list[Sym | None] = [None]
    for number, row in enumerate(SYM[draft.elf_class].iter_unpack(symtab.data)):
        if not number:
            continue
        if is_64:
            at, info, other, shndx, value, extent = row
        else:
            at, value, extent, info, other, shndx = row
        text = known.get(at)
        if text is None:
            text = strings[at : find(b"\0", at)].decode("utf-8", "surrogateescape")
            known[at] = text
        sym = Sym(text, value, extent)
        sym.binding, sym.type, sym.other = info >> 4, info & 15, other
        sym.index = sym.old_index = number
        if shndx == c.SHN_XINDEX:
            shndx = wide[number]
            sym.sec = every[shndx]
        elif 0 < shndx < c.SHN_LORESERVE:
            if shndx >= count:
                raise _Odd
            sym.sec = every[shndx]
        sym.place = shndx
        syms.append(sym)
    draft.by_number = syms
    draft.syms = [sym for sym in syms if sym is not None]


def _relocations(draft: Draft, sec: Sec, every: list[Sec]) -> None:
    """A table of relocations; its symbols must be those of the symbol table."""
    if sec.link is not None and sec.link is not draft.symtab:
        return
    if sec.info >= len(every):
        raise _Odd
    sec.role = RELOC
    sec.target = every[sec.info] if sec.info else None
    with_addend = sec.type == c.SHT_RELA
    found = Relocs(*decode_relocations(sec.data, draft.elf_class, with_addend))
    if found.symbol and max(found.symbol) >= max(len(draft.by_number), 1):
        raise _Odd
    sec.relocs = found


def _group(draft: Draft, sec: Sec, every: list[Sec]) -> None:
    if sec.link is not draft.symtab:
        raise _Odd
    sec.role = GROUP
    words = struct.unpack(f"<{len(sec.data) // 4}I", sec.data)
    sec.members = [every[word] for word in words[1:]]
    if draft.symtab is not None:
        sec.signature = draft.by_number[sec.info]


def number_symbols(syms: list[Sym]) -> list[Sym]:
    """Locals first, each part in its order, numbered from 1."""
    syms = [s for s in syms if s.binding == c.STB_LOCAL] + [
        s for s in syms if s.binding != c.STB_LOCAL
    ]
    for index, sym in enumerate(syms, 1):
        sym.index = index
    return syms


def drop(draft: Draft, gone: Callable[[Sec], bool]) -> list[Sec]:
    """Take sections out; returns them."""
    out = [sec for sec in draft.secs if gone(sec)]
    if out:
        lost = set(map(id, out))
        draft.secs = [sec for sec in draft.secs if id(sec) not in lost]
        draft.removed += out
    return out
