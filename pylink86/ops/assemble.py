"""A draft with every place decided, to bytes: tables encoded, headers in front, contents at their
offsets.

Both layouts end here.  What they decide is order, offsets, string tables and alignment; that a
symbol is 24 bytes, a relocation names its symbol by number and a group lists sections is the same
for all.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM, encode_relocations, encode_segments
from .draft import GROUP, NEW, RELOC, complain, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..elf_tables import Buffer
    from .draft import Draft, Relocs, Sec

    Headers = tuple[int, int, Mapping[str, int]]
    """Offset of the section headers (0: none), number of .shstrtab, where names are in it."""

MAX_FILE = 1 << 30
"""A larger file is a mistake in somebody's addresses: refused before a byte is made."""


def number_sections(secs: Iterable[Sec]) -> None:
    """Sections are called by their number from 1 on, in this order."""
    for index, sec in enumerate(secs, 1):
        sec.index = index


def encode_symbols(draft: Draft, at: Mapping[str, int], *, nameless_sections: bool) -> bytes:
    """The symbol table, the null symbol first; numbers of sections must be final.

    nameless_sections: symbols that stand for a section have no name in the table.
    """
    record = SYM[draft.elf_class]
    syms = draft.syms
    mask = (1 << draft.elf_class) - 1
    if nameless_sections:
        names = [0 if sym.type == c.STT_SECTION else at[sym.name] for sym in syms]
    else:
        names = [at[sym.name] for sym in syms]
    infos = [sym.binding << 4 | sym.type for sym in syms]
    others = [sym.other for sym in syms]
    values = [sym.value & mask for sym in syms]
    sizes = [sym.size & mask for sym in syms]
    places = [sym.place if sym.sec is None else sym.sec.index for sym in syms]
    if len(draft.secs) + 1 >= c.SHN_LORESERVE:
        places = [
            c.SHN_XINDEX if sym.sec is not None and place >= c.SHN_LORESERVE else place
            for sym, place in zip(syms, places)
        ]
    if draft.elf_class == 64:
        rows = map(record.pack, names, infos, others, places, values, sizes)
    else:
        rows = map(record.pack, names, values, sizes, infos, others, places)
    return b"".join([bytes(record.size), *rows])


def encode_wide_indexes(draft: Draft) -> bytes:
    """The contents of SHT_SYMTAB_SHNDX: section numbers that do not fit in a symbol (gABI ch.4)."""
    wide = [0]
    for sym in draft.syms:
        index = 0 if sym.sec is None else sym.sec.index
        wide.append(index if index >= c.SHN_LORESERVE else 0)
    return struct.pack(f"<{len(wide)}I", *wide)


def fill_tables(draft: Draft) -> None:
    """Relocations and groups with the numbers that symbols and sections have now."""
    new = [0 if sym is None else sym.index for sym in draft.by_number]
    moved = new != list(range(len(new)))
    stale: list[tuple[Sec, Relocs]] = []
    for sec in draft.secs:
        if sec.role == RELOC and sec.relocs is not None:
            sec.info = sec.target.index if sec.target is not None else 0
            if sec.relocs.elf_class != draft.elf_class:
                sec.data = _of_other_class(draft, sec.relocs, new)
            elif moved or len(sec.data) != sec.size:
                stale.append((sec, sec.relocs))
        elif sec.role == GROUP:
            sec.info = sec.signature.index if sec.signature is not None else 0
            sec.data = bytes(sec.data[:4]) + b"".join(
                [member.index.to_bytes(4, "little") for member in sec.members]
            )
    for with_addend in (False, True):
        _renumber([pair for pair in stale if pair[1].with_addend == with_addend], new)


def _renumber(stale: list[tuple[Sec, Relocs]], new: list[int]) -> None:
    """New numbers of symbols for tables of one kind, all at once: a file may have thousands."""
    if not stale:
        return
    table = joined([relocs for _, relocs in stale]).renumbered(new)
    start = 0
    for sec, relocs in stale:
        end = start + len(relocs.table)
        sec.data = table[start:end]
        start = end


def _of_other_class(draft: Draft, relocs: Relocs, new: list[int]) -> bytes:
    offset, kind, old, addend = relocs.columns()
    symbol = [new[number] for number in old]
    if addend is None:
        rows: Iterable[tuple[int, ...]] = zip(offset, kind, symbol)
    else:
        rows = zip(offset, kind, symbol, addend)
    return packed_relocations(rows, draft, addend is not None)


def packed_relocations(rows: Iterable[Sequence[int]], draft: Draft, with_addend: bool) -> bytes:
    """encode_relocations; cannot-convert when a number does not fit in the draft's class."""
    try:
        return encode_relocations(rows, draft.elf_class, with_addend)
    except struct.error:
        complain(
            "cannot-convert",
            f"{draft.name}: a relocation's offset or addend does not fit in 32 bits",
            place=draft.name,
        )


def assemble(draft: Draft, image: bytearray, headers: Headers) -> bytes:
    """Put headers, program headers, contents and section headers of a placed draft into the image.

    image: as large as the file; what nothing covers stays.
    """
    for offset, data in _pieces(draft, headers):
        image[offset : offset + len(data)] = data
    return bytes(image)


def assemble_new(draft: Draft, end: int, headers: Headers) -> bytes:
    """The same for an image of zeros and `end` bytes, without making that first."""
    parts: list[Buffer] = []
    at = 0
    for offset, data in sorted(_pieces(draft, headers), key=_offset):
        if offset < at:  # a damaged file's contents share bytes
            return assemble(draft, bytearray(end), headers)
        if offset > at:
            parts.append(bytes(offset - at))
        parts.append(data)
        at = offset + len(data)
    return b"".join([*parts, bytes(end - at)])


def _offset(piece: tuple[int, Buffer]) -> int:
    return piece[0]


def _pieces(draft: Draft, headers: Headers) -> list[tuple[int, Buffer]]:
    """Offset and bytes of everything in the file; where some overlap, later ones count."""
    shoff, shstrndx, names = headers
    found: list[tuple[int, Buffer]] = [(0, _file_header(draft, shoff, shstrndx))]
    if draft.segs:
        rows = [
            (s.type, s.flags, s.offset, s.vaddr, s.paddr, s.filesz, s.memsz, s.align)
            for s in draft.segs
        ]
        found.append((draft.phoff, encode_segments(rows, draft.elf_class)))
    found += [(s.offset, s.data) for s in draft.secs if s.type != c.SHT_NOBITS and s.data]
    if shoff:
        found.append((shoff, section_headers(draft, shstrndx, names)))
    return found


def section_headers(draft: Draft, shstrndx: int, names: Mapping[str, int]) -> bytes:
    """The section header table; what overflows the file header's fields is in the null section's
    (gABI ch.4)."""
    pack = SHDR[draft.elf_class].pack
    count = len(draft.secs) + 1
    wide = count if count >= c.SHN_LORESERVE else 0
    link = shstrndx if shstrndx >= c.SHN_LORESERVE else 0
    mask = (1 << draft.elf_class) - 1
    rows = [
        pack(
            names[sec.name],
            sec.type,
            sec.flags & mask,
            sec.addr & mask,
            sec.offset,
            sec.size,
            0 if sec.link is None else sec.link.index,
            sec.info,
            sec.align,
            sec.entsize,
        )
        for sec in draft.secs
    ]
    return b"".join([pack(0, 0, 0, 0, 0, wide, link, 0, 0, 0), *rows])


def _file_header(draft: Draft, shoff: int, shstrndx: int) -> bytes:
    elf_class = draft.elf_class
    count = len(draft.secs) + 1 if shoff else 0
    ident = bytes([elf_class // 32, 1, 1, draft.osabi, draft.abi_version]) + draft.ident_pad
    return (
        c.ELF_MAGIC
        + ident
        + EHDR[elf_class].pack(
            draft.type,
            draft.machine,
            draft.version,
            draft.entry & ((1 << elf_class) - 1),
            draft.phoff,
            shoff,
            draft.flags,
            IDENT_SIZE + EHDR[elf_class].size,
            PHDR[elf_class].size if draft.segs else 0,
            len(draft.segs),
            SHDR[elf_class].size if shoff else 0,
            0 if count >= c.SHN_LORESERVE else count,
            (shstrndx if shstrndx < c.SHN_LORESERVE else c.SHN_XINDEX) if shoff else 0,
        )
    )


def by_old_offset(secs: Iterable[Sec]) -> list[Sec]:
    """In the order of the input's contents; what is new comes last, in the order it was added."""
    return sorted(secs, key=lambda sec: min(sec.old_offset, NEW))


def fits(size: int, name: str) -> None:
    """image-too-large when a file of so many bytes is a mistake."""
    if size > MAX_FILE:
        complain("image-too-large", f"{name} would have {size:#x} bytes", place=name)
