"""What LLD fills the end of a page of code with, where code shares no page with data.

A loader maps whole pages.  With -z separate-code the page that code ends in holds nothing else, and
what would run there by mistake is zeros, which are instructions too.  LLD writes `int3` there.
Found with `ld.lld-19 -z separate-code` on objects whose code ends in a page's middle."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...elf_tables import SHDR
from ...model import ObjectFile, Segment
from ..elf_options import ElfOptions
from ..segmenting.segments import align_to

TRAP = b"\xcc"
"""int3, a breakpoint."""

WORD = 4
"""Traps begin at such a multiple, as instructions do on other machines."""


def with_traps(obj: ObjectFile, options: ElfOptions) -> ObjectFile:
    """An ELF file with traps up to the end of each page of code; of the last segment they are a
    part, so that no tool cuts them off."""
    if options.separate not in ("code", "loadable") or obj.layout is None:
        return obj
    page = options.page
    code = [s for s in obj.segments if s.type == c.PT_LOAD and s.flags & c.PF_X]
    gaps: list[tuple[int, bytes]] = []
    for segment in code:
        end = segment.offset + segment.filesz
        for start, stop in _free(obj, end - end % WORD, min(align_to(end, page), obj.layout.size)):
            gaps.append((start, TRAP * (stop - start)))
    last = [s for s in obj.segments if s.type == c.PT_LOAD][-1:]
    segments = tuple(_whole(s, page) if s in last and s.flags & c.PF_X else s for s in obj.segments)
    return attrs.evolve(obj, segments=segments, layout=attrs.evolve(obj.layout, gaps=tuple(gaps)))


def _whole(segment: Segment, page: int) -> Segment:
    size = align_to(segment.filesz, page)
    return attrs.evolve(segment, filesz=size, memsz=size)


def _free(obj: ObjectFile, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The parts of a range of the file that no section and no table of headers is in."""
    sections, layout = obj.sections, obj.layout
    assert layout is not None
    headers = layout.shoff + len(sections) * SHDR[obj.header.elf_class].size
    used = [(layout.shoff, headers)]
    used += [
        (offset, offset + size)
        for offset, size, kind in zip(sections.offset, sections.size, sections.type)
        if kind != c.SHT_NOBITS and size
    ]
    for first, end in sorted(used):
        if first < stop and end > start:
            if first > start:
                yield start, first
            start = end
    if start < stop:
        yield start, stop
