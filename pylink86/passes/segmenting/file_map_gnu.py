"""Where GNU ld puts everything in an ELF file, and the numbers of the program headers.

A PT_LOAD is mapped a page at a time, so a section's file offset agrees with its address modulo the
page; what is not in memory follows behind.

All of it was found by linking small scripts with GNU ld 2.40 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import elf_const as c
from ...diag import fail
from ...dialect import GNU
from ...model import Segment
from ...script import nodes as n
from ...script.evaluate import evaluate
from ..elf_options import ElfOptions
from ..placement import PlacedSection, Placement
from .segments import (
    FileMap,
    PhdrScope,
    SegmentPlan,
    align_to,
    header_size,
    is_hollow,
    load_order,
    permissions,
    place_rest,
    stays,
    told_align,
)

MASK = (1 << 64) - 1


class _Map:
    """File offsets while segments are walked; pos: the end of what was placed."""

    def __init__(
        self,
        placed: Placement,
        options: ElfOptions,
        elf_class: int,
        size: int,
        pos: int,
    ) -> None:
        self.placed, self.options, self.elf_class, self.size = placed, options, elf_class, size
        self.pos = pos
        self.offsets: dict[int, int] = {}
        self.moved: dict[int, int] = {}

    def lma(self, section: PlacedSection) -> int:
        """Where a section is loaded: no lower than the PT_LOAD that it is in lets it."""
        return self.moved.get(section.plan.index, section.lma)

    def held(self, plan: SegmentPlan) -> list[PlacedSection]:
        """The sections of a segment, in the order in which they lie in it."""
        sections = (self.placed.sections[i] for i in plan.sections)
        return sorted((s for s in sections if not s.plan.dropped), key=load_order)


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
    for i in _loads_in_order(plans, walk):
        segments[i] = _load(plans[i], walk)
    types = {
        section.plan.index: c.SHT_NOTE
        for plan in plans
        if plan.type == c.PT_NOTE
        for section in walk.held(plan)
        if section.plan.type != c.SHT_NOBITS or section.plan.index not in walk.offsets
    }
    types = _types_by_name(walk) | types
    _place_outside(walk, plans, types)
    end = place_rest(plans, placed.sections, walk.offsets, walk.pos, options, told_align)
    for i, plan in enumerate(plans):
        if plan.type not in (c.PT_LOAD, c.PT_NULL):
            segments[i] = _inner(plan, walk, [s for s in segments if s is not None], types)
    return FileMap(walk.offsets, tuple(s for s in segments if s is not None), end, types)


def _types_by_name(walk: _Map) -> dict[int, int]:
    """The types of sections in memory that nothing but `. =` gave room and that are in no PT_LOAD:
    those of their names (`.rodata`: bytes in the file); in a PT_LOAD they would be NOBITS."""
    return {
        section.plan.index: section.plan.named_type
        for section in walk.placed.sections
        if section.plan.named_type and section.plan.alloc and section.size
        and section.plan.index not in walk.offsets
    }  # fmt: skip


def _loads_in_order(plans: Sequence[SegmentPlan], walk: _Map) -> list[int]:
    """The numbers of the PT_LOADs as they lie in the file: that of the ELF header, then by load
    address."""

    def key(i: int) -> tuple[bool, int, int]:
        plan = plans[i]
        held = walk.held(plan)
        lma = held[0].lma if held else 0
        if plan.at is not None:
            lma = _number(plan.at, walk.placed)
        return not plan.filehdr, lma, i

    return sorted((i for i, plan in enumerate(plans) if plan.type == c.PT_LOAD), key=key)


def _place_outside(walk: _Map, plans: Sequence[SegmentPlan], types: Mapping[int, int]) -> None:
    """Place, in the order of headers, what says to be in memory and is in no PT_LOAD, where its
    page would put it; what is not in memory and stands before it; and at 0 what takes no place in
    the file, but a .tbss of a PT_TLS."""
    rest = [
        s
        for s in sorted(walk.placed.sections, key=lambda s: s.plan.header)
        if s.plan.index not in walk.offsets and stays(s, walk.options)
    ]
    empty = [s for s in rest if types.get(s.plan.index, s.plan.type) == c.SHT_NOBITS]
    described = {index for plan in plans for index in plan.sections}
    for section in empty:
        is_block = _is_tbss(section) and section.plan.index in described
        at = align_to(walk.pos, section.align, section.vma) if is_block else 0
        walk.offsets[section.plan.index] = at
    rest = [s for s in rest if s not in empty]
    while rest and not _says_alloc(rest[-1]):
        rest.pop()
    for section in rest:
        paged = _says_alloc(section) and section.size and not walk.options.paging
        phase = section.vma if _says_alloc(section) else 0
        walk.pos = align_to(walk.pos, walk.options.page if paged else told_align(section), phase)
        walk.offsets[section.plan.index] = walk.pos
        walk.pos += section.size


def _load(plan: SegmentPlan, walk: _Map) -> Segment:
    """Place a PT_LOAD and the sections in it."""
    held = walk.held(plan)
    strictest = max((s.align for s in held), default=1)
    align = max(walk.options.page, strictest)
    told = max(walk.options.load_align, strictest) if walk.options.load_align else align
    flags = _flags(plan, held, walk.options)
    if not held:
        return _headers_alone(plan, walk, flags, told)
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
        if no_contents:
            filesz = walk.size - start
    else:
        walk.pos = align_to(walk.pos, align, vma)
        offset = walk.pos
        filesz = memsz = 0
    for section in held:
        filesz, memsz = _put(section, walk, lma, filesz, memsz)
    if no_contents:
        walk.pos = before
        offset = offset if plan.filehdr or plan.phdrs else vma % align
    return Segment(c.PT_LOAD, flags, offset, vma, lma, filesz, memsz, told)


def _put(section: PlacedSection, walk: _Map, lma: int, filesz: int, memsz: int) -> tuple[int, int]:
    """Place a section of a PT_LOAD whose parts so far take so many bytes."""
    is_bss = section.plan.type == c.SHT_NOBITS
    if _is_tbss(section):
        walk.offsets[section.plan.index] = walk.pos
        return filesz, memsz
    gap = max(section.lma - (lma + memsz), 0)
    if section.lma < lma + memsz:
        walk.moved[section.plan.index] = lma + memsz
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
    sections = walk.placed.sections
    inside = [s for s in sections if s.plan.alloc and not (s.plan.dropped or is_hollow(s))]
    if plan.node is not None or not inside:
        lma = 0 if plan.at is None else _number(plan.at, walk.placed)
        start = 0 if plan.filehdr else header_size(walk.elf_class, 0) if plan.phdrs else walk.pos
        filled = walk.pos - start
        return Segment(c.PT_LOAD, flags, start, 0, lma, filled, filled, align)
    first = min(inside, key=load_order)
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
    headers = plan.filehdr or plan.phdrs or plan.type == c.PT_PHDR
    flags = c.PF_R if headers or held else 0
    for section in held:
        writable = options.paging == "N" and section.name == ".text"
        flags |= permissions(_header_flags(section) | (c.SHF_WRITE if writable else 0))
    return flags


def _header_flags(section: PlacedSection) -> int:
    return section.plan.flags | section.plan.named_flags


def _says_alloc(section: PlacedSection) -> bool:
    """Whether the section's header has SHF_ALLOC, be it for its name alone: `.text (INFO)`."""
    return bool(_header_flags(section) & c.SHF_ALLOC)


def _number(expr: n.Expr, placed: Placement) -> int:
    return evaluate(expr, PhdrScope(GNU, symbols=placed.symbols)).absolute() & MASK


def _inner(
    plan: SegmentPlan, walk: _Map, loads: Sequence[Segment], types: Mapping[int, int]
) -> Segment:
    """A segment that describes part of a PT_LOAD, or nothing in memory.

    types: what sections turned out to be, by OutputPlan.index."""
    held = walk.held(plan)
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
    first = held[0]
    offset = walk.offsets.get(first.plan.index, 0)
    is_note = plan.type == c.PT_NOTE
    in_file = [s for s in held if is_note or types.get(s.plan.index, s.plan.type) != c.SHT_NOBITS]
    filesz = 0
    if in_file:
        filesz = walk.offsets.get(in_file[-1].plan.index, 0) + in_file[-1].size - offset
    lma = walk.lma(first) if plan.at is None else _number(plan.at, walk.placed)
    align = max(s.align for s in held)
    memsz = _thread_memory(held, lma, walk) if plan.type == c.PT_TLS else _memory(held, is_note)
    if is_note and in_file and _says_alloc(in_file[-1]):
        memsz = filesz
    return Segment(plan.type, flags, offset, first.vma, lma, max(filesz, 0), max(memsz, 0), align)


def _memory(held: Sequence[PlacedSection], is_note: bool) -> int:
    """Bytes of sections in memory; .tbss takes none, but among notes."""
    return sum(s.size for s in held if s.plan.alloc and (is_note or not _is_tbss(s)))


def _thread_memory(held: Sequence[PlacedSection], start: int, walk: _Map) -> int:
    """Bytes of a thread-local block that is loaded at `start`: load addresses tell how far apart
    its sections are."""
    size = 0
    for section in held:
        if section.plan.alloc:
            size = max(walk.lma(section) - start, size) + section.size
    return size


def _is_tbss(section: PlacedSection) -> bool:
    return section.plan.type == c.SHT_NOBITS and bool(_header_flags(section) & c.SHF_TLS)
