"""Where GNU ld puts everything in an ELF file, and the numbers of the program headers.

A PT_LOAD is mapped a page at a time, so a section's file offset agrees with its address modulo the
page; what is not in memory follows behind.

All of it was found by linking small scripts with GNU ld 2.40 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..diag import fail
from ..dialect import GNU
from ..model import Segment
from ..script import nodes as n
from ..script.evaluate import evaluate
from .elf_options import ElfOptions
from .placement import PlacedSection, Placement
from .segments import (
    FileMap,
    PhdrScope,
    SegmentPlan,
    align_to,
    header_size,
    is_hollow,
    permissions,
    place_rest,
)

MASK = (1 << 64) - 1


@attrs.define(eq=False, repr=False)
class _Map:
    """File offsets while segments are walked; pos: the end of what was placed."""

    placed: Placement
    options: ElfOptions
    elf_class: int
    size: int
    pos: int
    offsets: dict[int, int] = attrs.field(factory=dict)


def map_file(
    plans: Sequence[SegmentPlan],
    placed: Placement,
    options: ElfOptions,
    elf_class: int,
    has_sections: bool,
) -> FileMap:
    """File offsets and program headers.

    Raises headers-do-not-fit: FILEHDR or PHDRS, and the first section is too low."""
    size = header_size(elf_class, len(plans))
    if options.relocatable:
        return FileMap({}, (), size)
    walk = _Map(placed, options, elf_class, size, size)
    segments: list[Segment | None] = [None] * len(plans)
    for i, plan in enumerate(plans):
        if plan.type == c.PT_LOAD:
            segments[i] = _load(plan, walk)
    for section in placed.sections:
        index = section.plan.index
        if index not in walk.offsets and not section.plan.dropped and not is_hollow(section):
            if section.plan.alloc and section.plan.type != c.SHT_NOBITS:
                walk.pos = align_to(walk.pos, section.align)
                walk.offsets[index] = walk.pos
                walk.pos += section.size
            elif section.plan.alloc:
                walk.offsets[index] = walk.pos
    end = place_rest(plans, placed.sections, walk.offsets, walk.pos, options)
    for i, plan in enumerate(plans):
        if plan.type != c.PT_LOAD:
            segments[i] = _inner(plan, walk, [s for s in segments if s is not None])
    return FileMap(walk.offsets, tuple(s for s in segments if s is not None), end)


def _load(plan: SegmentPlan, walk: _Map) -> Segment:
    """Place a PT_LOAD and the sections in it."""
    held = [
        walk.placed.sections[i] for i in plan.sections if not walk.placed.sections[i].plan.dropped
    ]
    options, page = walk.options, walk.options.page
    align = max([page, *(s.align for s in held)]) if not options.paging or held else page
    if options.paging:
        align = max((s.align for s in held), default=1)
    flags = _flags(plan, held, walk.options)
    if not held:
        return _headers_alone(plan, walk, flags, align)
    first = held[0]
    no_contents = all(s.plan.type == c.SHT_NOBITS for s in held)
    before = walk.pos
    lma = first.lma if plan.at is None else _number(plan.at, walk.placed)
    vma = first.vma
    if plan.filehdr or plan.phdrs:
        start = 0 if plan.filehdr else header_size(walk.elf_class, 0)
        walk.pos = align_to(walk.pos, align, vma)
        distance = walk.pos - start
        if vma < distance or (plan.at is None and lma < distance):
            raise _no_room(plan, first, walk.size)
        vma -= distance
        lma -= distance if plan.at is None else 0
        offset = start
        filesz = memsz = distance if plan.at is None else walk.size - start
    else:
        walk.pos = align_to(walk.pos, align, vma)
        offset = walk.pos
        filesz = memsz = 0
    for section in held:
        filesz, memsz = _put(section, walk, lma, filesz, memsz)
    if no_contents and not (plan.filehdr or plan.phdrs):
        walk.pos = before
        offset = vma % align
    return Segment(c.PT_LOAD, flags, offset, vma, lma, filesz, memsz, align)


def _put(section: PlacedSection, walk: _Map, lma: int, filesz: int, memsz: int) -> tuple[int, int]:
    """Place a section of a PT_LOAD whose parts so far take so many bytes."""
    is_bss = section.plan.type == c.SHT_NOBITS
    if is_bss and section.plan.flags & c.SHF_TLS:
        walk.offsets[section.plan.index] = walk.pos
        return filesz, memsz
    gap = max(section.lma - (lma + memsz), 0)
    memsz += gap
    if not is_bss:
        walk.pos += memsz - filesz
        filesz = memsz
    walk.offsets[section.plan.index] = walk.pos
    memsz += section.size
    if not is_bss:
        walk.pos += section.size
        filesz = memsz
    return filesz, memsz


def _headers_alone(plan: SegmentPlan, walk: _Map, flags: int, align: int) -> Segment:
    """A PT_LOAD that holds the headers and no section: in the page before the first section."""
    inside = [s for s in walk.placed.sections if s.plan.alloc and not s.plan.dropped]
    if plan.node is not None or not inside:
        stop = walk.size if plan.phdrs else header_size(walk.elf_class, 0)
        filled = stop if plan.filehdr or plan.phdrs else 0
        lma = 0 if plan.at is None else _number(plan.at, walk.placed)
        return Segment(c.PT_LOAD, flags, 0, 0, lma, filled, filled, align)
    first = min(inside, key=lambda s: (s.lma, s.vma))
    page = walk.options.page
    vma = (first.vma - walk.size) & -page
    lma = (first.lma - walk.size) & -page
    if (lma + walk.size - 1) & -page == first.lma & -page and lma >= page:
        lma -= page
    return Segment(c.PT_LOAD, flags, 0, vma, lma, walk.size, walk.size, align)


def _no_room(plan: SegmentPlan, first: PlacedSection, size: int) -> Exception:
    return fail(
        "headers-do-not-fit",
        "not enough room for program headers, try linking with -N",
        span=plan.node.span if plan.node is not None else None,
        notes=[f"they take {size:#x} bytes, `{first.name}' is at {first.vma:#x}"],
        help=["begin the sections with `. = base + SIZEOF_HEADERS;`"],
    )


def _flags(plan: SegmentPlan, held: Sequence[PlacedSection], options: ElfOptions) -> int:
    """PF_ of a segment; with -N code can be written, which GNU ld says of `.text` alone."""
    if plan.flags is not None:
        return plan.flags
    headers = plan.filehdr or plan.phdrs or plan.type in (c.PT_LOAD, c.PT_PHDR)
    flags = c.PF_R if headers or held else 0
    for section in held:
        writable = options.paging == "N" and section.name == ".text"
        flags |= permissions(
            section.plan.flags | section.plan.named_flags | (c.SHF_WRITE if writable else 0)
        )
    return flags


def _number(expr: n.Expr, placed: Placement) -> int:
    return evaluate(expr, PhdrScope(GNU, symbols=placed.symbols)).absolute() & MASK


def _inner(plan: SegmentPlan, walk: _Map, loads: Sequence[Segment]) -> Segment:
    """A segment that describes part of a PT_LOAD, or nothing in memory."""
    held = [
        walk.placed.sections[i] for i in plan.sections if not walk.placed.sections[i].plan.dropped
    ]
    flags = _flags(plan, held, walk.options)
    word = walk.elf_class // 8
    if plan.type == c.PT_GNU_STACK and plan.node is None:
        return Segment(plan.type, flags, 0, 0, 0, 0, walk.options.stack_size, 16)
    if plan.type == c.PT_GNU_RELRO and plan.node is None:
        data = walk.placed.data_segment
        first = held[0]
        size = data.base + (data.relro_span or 0) - first.vma
        offset = walk.offsets[first.plan.index]
        around = next((s for s in loads if s.type == c.PT_LOAD and s.vaddr <= first.vma
                       < s.vaddr + s.memsz), None)  # fmt: skip
        there = size if around is None else around.offset + around.filesz - offset
        return Segment(plan.type, flags, offset, first.vma, first.lma, min(size, there), size, 1)
    if plan.type == c.PT_PHDR or plan.filehdr or plan.phdrs:
        start = 0 if plan.filehdr else header_size(walk.elf_class, 0)
        size = (
            walk.size if plan.phdrs or plan.type == c.PT_PHDR else header_size(walk.elf_class, 0)
        ) - start
        around = next((s for s in loads if s.type == c.PT_LOAD and s.offset <= start), None)
        vma = around.vaddr + start - around.offset if around is not None else 0
        lma = around.paddr + start - around.offset if around is not None else 0
        return Segment(plan.type, flags, start, vma, lma, size, size, word)
    if not held:
        lma = 0 if plan.at is None else _number(plan.at, walk.placed)
        return Segment(plan.type, flags, 0, 0, lma, 0, 0, word)
    first, last = held[0], held[-1]
    offset = walk.offsets.get(first.plan.index, 0)
    end = max(s.vma + s.size for s in held)
    in_file = [s for s in held if s.plan.type != c.SHT_NOBITS]
    filesz = 0
    if in_file:
        filesz = walk.offsets.get(in_file[-1].plan.index, 0) + in_file[-1].size - offset
    lma = first.lma if plan.at is None else _number(plan.at, walk.placed)
    align = max(s.align for s in held)
    del last
    return Segment(plan.type, flags, offset, first.vma, lma, filesz, end - first.vma, align)
