"""Where things lie in a file made with --only-keep-debug, by llvm-objcopy's rules.

Code and data have become SHT_NOBITS: they keep addresses and sizes and have no bytes.  What stays
moves up, but a debugger still maps the segments, so the first section of a PT_LOAD keeps an offset
that agrees with its address modulo the segment's alignment.
"""

from __future__ import annotations

from .. import elf_const as c
from .assemble import by_old_offset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec, Seg


def place_for_debug(draft: Draft, segs: list[Seg], header_end: int) -> int:
    """Offsets of sections and segments; returns the end of them all.

    segs: in order of their old offsets, with two of type PT_PHDR for the headers themselves.
    """
    inside = {seg.index: _sections_in(draft, seg) for seg in segs}
    end = _place_sections(draft, inside, header_end)
    for seg in segs:
        if seg.type != c.PT_PHDR:
            _place_segment(seg, inside[seg.index], header_end)
            end = max(end, seg.offset + seg.filesz)
    return end


def _sections_in(draft: Draft, seg: Seg) -> list[Sec]:
    return by_old_offset(sec for sec in draft.secs if seg in sec.segments)


def _place_sections(draft: Draft, inside: dict[int, list[Sec]], end: int) -> int:
    for sec in by_old_offset(draft.secs):
        seg = sec.segment
        first = inside[seg.index][0] if seg is not None and seg.type == c.PT_LOAD else None
        if first is sec and seg is not None:
            align = max(seg.align, 1)
            end += (sec.addr - end) % align
        if sec.type == c.SHT_NOBITS:
            sec.offset = end
            continue
        if first is None:
            end += -end % (sec.align or 1)
        elif first is not sec:
            end = sec.old_offset - first.old_offset + first.offset
        sec.offset = end
        end += sec.size
    return end


def _place_segment(seg: Seg, sections: list[Sec], header_end: int) -> None:
    """A segment begins with its first section and ends with the last that has bytes; one that holds
    the headers goes on holding them."""
    around = seg.parent.offset if seg.parent is not None else 0
    start = sections[0].offset if sections else around
    size = 0
    for sec in sections:
        end = sec.offset + (0 if sec.type == c.SHT_NOBITS else sec.size)
        size = max(size, end - start)
    if seg.offset < header_end <= seg.offset + seg.filesz:
        size += start - seg.offset
        start = seg.offset
        size = max(size, header_end - start)
    seg.offset, seg.filesz = start, size
