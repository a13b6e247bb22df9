"""Where in the file everything lies, for an ELF file that was made in memory.

The order is the usual one: ELF header, program headers, contents in the order of the section
headers, section header table.  What is loaded into memory page by page has a rule of its own: the
place in the file and the address must agree modulo the page (p_align), since a page is mapped as it
lies in the file (gABI ch.5).  So the sections of a PT_LOAD keep in the file the distances they
have in memory:

    memory   0x1000 [.text ][hole][.rodata]       0x5000 [.data ][.bss]
    file     0x1000 [.text ][hole][.rodata] pad   0x2000 [.data ]
"""

from __future__ import annotations

import attrs

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR
from ..model import FileLayout, ObjectFile, Sections, Segment
from .binary import MAX_SIZE, too_large
from .elf_check import NO_CONTENT


class _Load:
    """A PT_LOAD on its way: the sections in it, and its file offset once the first was placed."""

    def __init__(self, segment: Segment, first: int = -1, end: int = 0, offset: int = -1) -> None:
        self.segment = segment
        self.first = first
        """Lowest address of a section in it; -1 while there is none."""
        self.end = end
        """Where the last of its sections ends in memory."""
        self.offset = offset


def place_in_file(obj: ObjectFile, *, max_size: int = MAX_SIZE) -> ObjectFile:
    """Decide the file offset of every section, segment and table.

    Segments in: `offset` is ignored, the other fields are kept.  Which sections a PT_LOAD holds
    follows
        from addresses: those with content and SHF_ALLOC inside [vaddr, vaddr + memsz); where
        PT_LOADs overlap (overlays), a section goes to the first one that has the place still
        free.  The file offset of a PT_LOAD is that of its first section, less the distance of
        their addresses. A PT_LOAD that begins below its first section by at least the size of the
        ELF header and the program headers holds them (FILEHDR PHDRS in a script): its offset is
        0.  By the program headers alone (PHDRS): it begins with them.  Both only for the first
        PT_LOAD in the file, and only when its vaddr agrees with that offset modulo p_align. Other
        segments lie where the PT_LOAD around them, or the section at their address, says.
    Out: offsets of sections and segments, the large numbers of section 0 (gABI ch.4), `layout`.
    Fails with image-too-large.
    """
    elf_class = obj.header.elf_class
    header_size = IDENT_SIZE + EHDR[elf_class].size
    phsize = len(obj.segments) * PHDR[elf_class].size
    loads = [_Load(s) for s in obj.segments if s.type == c.PT_LOAD]
    offsets, end = _place_sections(obj.sections, loads, header_size, phsize)
    if end > max_size:
        sections = obj.sections
        spans = [
            (start, start + size, f"section `{name}`")
            for kind, start, size, name in zip(
                sections.type, offsets, sections.size, sections.names, strict=True
            )
            if kind not in NO_CONTENT
        ]
        raise too_large(spans, end, max_size)
    segments = _place_segments(obj, loads, offsets, header_size, phsize)
    return _with_layout(obj, offsets, segments, end)


def _place_sections(
    sections: Sections, loads: list[_Load], header_size: int, phsize: int
) -> tuple[list[int], int]:
    """File offset of each section, and where the contents end; gives each load its offset."""
    owner = _owners(sections, loads)
    pos = header_size + phsize
    offsets = [0] * len(sections)
    for index, (kind, size) in enumerate(zip(sections.type, sections.size, strict=True)):
        load = owner.get(index)
        if kind == c.SHT_NULL:
            continue
        if kind == c.SHT_NOBITS:
            offsets[index] = pos
        elif load is None:
            offsets[index] = align_up(pos, sections.align[index])
            pos = offsets[index] + size
        else:
            if load.offset < 0:
                load.offset = _load_offset(load, pos, header_size, phsize)
                pos = max(pos, load.offset + load.segment.filesz)
            offsets[index] = load.offset + sections.addr[index] - load.segment.vaddr
            pos = max(pos, offsets[index] + size)
    for load in loads:
        if load.offset < 0:  # without sections: .bss alone, or nothing but padding
            load.offset = _congruent(pos, load.segment)
            pos = max(pos, load.offset + load.segment.filesz) if load.segment.filesz else pos
    return offsets, pos


def _owners(sections: Sections, loads: list[_Load]) -> dict[int, _Load]:
    """Which PT_LOAD holds which section with content; by address, lowest first."""
    owner: dict[int, _Load] = {}
    if not loads:
        return owner
    held = [
        index
        for index, kind in enumerate(sections.type)
        if kind not in NO_CONTENT and sections.flags[index] & c.SHF_ALLOC and sections.size[index]
    ]
    for index in sorted(held, key=sections.addr.__getitem__):
        start, end = sections.addr[index], sections.addr[index] + sections.size[index]
        for load in loads:
            segment = load.segment
            if max(segment.vaddr, load.end) <= start and end <= segment.vaddr + segment.memsz:
                owner[index] = load
                load.first = start if load.first < 0 else load.first
                load.end = end
                break
    return owner


def _load_offset(load: _Load, pos: int, header_size: int, phsize: int) -> int:
    """Where a PT_LOAD begins in the file, now that its first section is to be placed at `pos`."""
    segment = load.segment
    before = load.first - segment.vaddr
    if pos == header_size + phsize:
        if before >= pos and _congruent(0, segment) == 0:
            return 0
        if phsize and before >= phsize and _congruent(header_size, segment) == header_size:
            return header_size
    return _congruent(pos, segment)


def _congruent(pos: int, segment: Segment) -> int:
    """The first offset from `pos` on that agrees with the address modulo p_align."""
    return pos + (segment.vaddr - pos) % max(segment.align, 1)


def align_up(value: int, align: int) -> int:
    """The next multiple of `align`; 0 and 1 mean no alignment (gABI ch.4, sh_addralign)."""
    return -(-value // align) * align if align > 1 else value


def _place_segments(
    obj: ObjectFile, loads: list[_Load], offsets: list[int], header_size: int, phsize: int
) -> list[Segment]:
    """The program headers with their file offsets."""
    at_load = iter(loads)
    placed = []
    for segment in obj.segments:
        if segment.type == c.PT_LOAD:
            placed.append(attrs.evolve(segment, offset=next(at_load).offset))
        elif segment.type == c.PT_PHDR:
            placed.append(attrs.evolve(segment, offset=header_size, filesz=phsize, memsz=phsize))
        else:
            placed.append(attrs.evolve(segment, offset=_inner_offset(obj, segment, loads, offsets)))
    return placed


def _inner_offset(obj: ObjectFile, segment: Segment, loads: list[_Load], offsets: list[int]) -> int:
    """File offset of a segment that lies in another, or describes something outside of memory."""
    if segment.type == c.PT_GNU_STACK or not segment.memsz | segment.filesz:
        return 0
    for load in loads:
        outer = load.segment
        if outer.vaddr <= segment.vaddr < outer.vaddr + outer.memsz:
            return load.offset + segment.vaddr - outer.vaddr
    sections = obj.sections
    for index, kind in enumerate(sections.type):
        if kind not in NO_CONTENT and sections.addr[index] == segment.vaddr:
            return offsets[index]
    return 0


def _with_layout(
    obj: ObjectFile, offsets: list[int], segments: list[Segment], end: int
) -> ObjectFile:
    """The file with its offsets; numbers too large for the ELF header go to section 0."""
    elf_class = obj.header.elf_class
    sections = attrs.evolve(obj.sections, offset=tuple(offsets))
    count, shstrndx, phnum = len(sections), obj.header.shstrndx, len(segments)
    many, far, crowd = count >= c.SHN_LORESERVE, shstrndx >= c.SHN_LORESERVE, phnum >= c.PN_XNUM
    if count:
        sections = attrs.evolve(
            sections,
            size=(count if many else 0, *sections.size[1:]),
            link=(shstrndx if far else 0, *sections.link[1:]),
            info=(phnum if crowd else 0, *sections.info[1:]),
        )
    header_size = IDENT_SIZE + EHDR[elf_class].size
    tail = (
        header_size,
        PHDR[elf_class].size if phnum else 0,
        c.PN_XNUM if crowd else phnum,
        SHDR[elf_class].size,
        0 if many else count,
        c.SHN_XINDEX if far else shstrndx,
    )
    shoff = align_up(end, elf_class // 8) if count else 0
    size = max(end, shoff + count * SHDR[elf_class].size)
    layout = FileLayout(header_size if phnum else 0, shoff, tail, (), size)
    return attrs.evolve(obj, sections=sections, segments=tuple(segments), layout=layout)
