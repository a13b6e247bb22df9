"""Where GNU objcopy puts the segments of a linked file.

BFD forgets file offsets: a segment is a list of sections, and its bytes are laid out anew.  In each
PT_LOAD the offset must agree with the address modulo the segment's alignment; inside, sections lie
as far apart as their addresses.  A segment that holds the file's headers begins at 0.  The other
segments (notes, TLS, RELRO) follow the sections they are made of.
"""

from __future__ import annotations

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR
from .bfd import in_segment
from .draft import RELOC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec, Seg


def place_segments(draft: Draft, body: list[Sec], end: int) -> tuple[int, set[int]]:
    """Offsets of segments and of the sections in them.

    end: where the headers end.  Returns where the segments' bytes end, and the ids of the sections
    that have an offset now.
    """
    inside = {seg.index: [sec for sec in body if _belongs(sec, seg)] for seg in draft.segs}
    placed: set[int] = set()
    headers = IDENT_SIZE + EHDR[draft.elf_class].size
    table = len(draft.segs) * PHDR[draft.elf_class].size
    for seg in sorted(draft.segs, key=lambda s: _load_order(s, inside[s.index])):
        if seg.type == c.PT_LOAD:
            end = _place_load(draft, seg, inside[seg.index], end, placed, headers + table)
    rewritten = _changed(draft, inside)
    for seg in draft.segs:
        if rewritten and seg.type == c.PT_GNU_STACK:
            seg.align = draft.word
        if seg.type == c.PT_PHDR:
            seg.offset, seg.filesz, seg.memsz = headers, table, table
        elif seg.type != c.PT_LOAD:
            end = _place_other(seg, inside[seg.index], end, placed)
    return end, placed


def _changed(draft: Draft, inside: dict[int, list[Sec]]) -> bool:
    """Did a section of a segment change?  BFD then makes the program headers anew, and forgets what
    it cannot tell from sections."""
    gone = any(_belongs(sec, seg) for sec in draft.removed for seg in draft.segs)
    return gone or any(
        (sec.flags | c.SHF_INFO_LINK, sec.size, sec.addr, sec.align)
        != (sec.old_flags | c.SHF_INFO_LINK, sec.old_size, sec.old_addr, sec.old_align)
        or (sec.type != sec.old_type and not emptied(sec))
        for sections in inside.values()
        for sec in sections
        if sec.role != RELOC
    )


def emptied(sec: Sec) -> bool:
    """Did --only-keep-debug take its contents?"""
    return sec.type == c.SHT_NOBITS != sec.old_type


def _all_emptied(sections: list[Sec]) -> bool:
    """Is nothing left in them of what there was?"""
    return all(s.type == c.SHT_NOBITS for s in sections) and any(map(emptied, sections))


def _load_order(seg: Seg, sections: list[Sec]) -> tuple[int, int, int]:
    """The segment with the file header first, then by load address."""
    return (0 if seg.old_offset == 0 and seg.old_filesz else 1, seg.paddr, seg.index)


def _belongs(sec: Sec, seg: Seg) -> bool:
    """Was the section part of the segment in the input?"""
    if sec.old_index == 0:
        return False
    now = sec.type, sec.flags, sec.addr, sec.size, sec.lma
    sec.type, sec.flags, sec.size = sec.old_type, sec.old_flags, sec.old_size
    sec.addr = sec.old_addr
    found = in_segment(sec, seg)
    sec.type, sec.flags, sec.addr, sec.size, sec.lma = now
    return found


def _place_load(
    draft: Draft, seg: Seg, sections: list[Sec], end: int, placed: set[int], header_end: int
) -> int:
    sections = sorted(sections, key=lambda sec: (sec.lma, sec.old_offset))
    has_header = seg.old_offset == 0 and seg.old_filesz >= IDENT_SIZE
    if not sections and not has_header:
        if seg.old_filesz == 0:
            seg.offset = end + (seg.vaddr - end) % max(seg.align, 1)
        return end
    seg.offset = 0 if has_header else end + (seg.vaddr - end) % max(seg.align, 1)
    size = memory = header_end if has_header else 0
    bare = not any(sec.type != c.SHT_NOBITS for sec in sections)
    for sec in sections:
        if id(sec) in placed:
            continue
        placed.add(id(sec))
        at = sec.lma - seg.paddr
        if sec.type == c.SHT_NOBITS:
            # It takes no room, so it begins wherever the bytes before it end.
            sec.offset = seg.offset + size
            if not sec.flags & c.SHF_TLS:
                memory = max(memory, at + sec.size)
            continue
        sec.offset = seg.offset + at
        size = max(size, at + sec.size)
        memory = max(memory, at + sec.size)
    seg.filesz = size
    if sections:
        seg.memsz = max(memory, size)
    if bare and not has_header:
        if _all_emptied(sections):
            seg.offset = seg.vaddr % max(seg.align, 1)
        return end
    return max(end, seg.offset + size)


def _place_other(seg: Seg, sections: list[Sec], end: int, placed: set[int]) -> int:
    """A segment that is a view of sections placed elsewhere."""
    if not sections:
        seg.offset = seg.filesz = 0
        if seg.type != c.PT_GNU_STACK:
            seg.memsz = seg.memsz if seg.type == c.PT_GNU_RELRO else 0
        return end
    first = sections[0]
    for sec in sections:
        if id(sec) not in placed:
            end = -(-end // max(sec.align, 1)) * max(sec.align, 1)
            sec.offset = end
            end += 0 if sec.type == c.SHT_NOBITS else sec.size
            placed.add(id(sec))
    seg.offset = first.offset
    if seg.type == c.PT_GNU_RELRO and not _all_emptied(sections):
        return end
    full = [sec for sec in sections if sec.type != c.SHT_NOBITS]
    if full:
        last = full[-1]
        seg.filesz = last.offset + last.size - first.offset
    else:
        seg.filesz = 0
    return end
