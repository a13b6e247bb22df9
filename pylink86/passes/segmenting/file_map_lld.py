"""Where everything lies in LLD's files, and what its program headers say.

Whether the headers are in memory is decided last: they are when there is room for them in the page
below the first section.

All of it was found by linking small scripts with ld.lld-19 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...diag import fail
from ...dialect import LLD
from ...model import Segment
from ...script.evaluate import evaluate
from ..elf_options import ElfOptions
from ..placement import PlacedSection, Placement
from ..placing.base_lld import image_base
from .segments import (
    FileMap,
    PhdrScope,
    SegmentPlan,
    align_to,
    header_size,
    permissions,
    place_rest,
)

MASK = (1 << 64) - 1

HELP = "list output sections by rising address, or give it a segment of its own with PHDRS"


def map_file(
    plans: Sequence[SegmentPlan],
    placed: Placement,
    options: ElfOptions,
    elf_class: int,
    has_sections: bool,
) -> FileMap:
    """File offsets and program headers.

    Raises headers-do-not-fit when PHDRS wants the headers in memory and there is no room."""
    size = header_size(elf_class, len(plans))
    base, plans = _place_headers(plans, placed, options, size, has_sections)
    loads = [p for p in plans if p.type == c.PT_LOAD]
    owner = {index: p for p in reversed(loads) for index in reversed(p.sections)}
    for load in loads:  # the last PT_LOAD that names a section decides
        owner.update(dict.fromkeys(load.sections, load))
    aligns = {id(p): _align(p, placed, options, elf_class) for p in plans}
    offsets, end = _offsets(placed, plans, owner, aligns, (base, size), options)
    _check_file_ranges(placed, offsets)
    end = place_rest(plans, placed.sections, offsets, end, options, lambda s: s.align)
    distance = _distance_of_headers(loads, placed)
    segments = tuple(
        _segment(p, placed, offsets, aligns[id(p)], (base, distance), size, options, elf_class)
        for p in plans
    )
    return FileMap(offsets, segments, end)


def header_address(
    plans: Sequence[SegmentPlan],
    placed: Placement,
    options: ElfOptions,
    size: int,
    has_sections: bool,
) -> int:
    """What `__ehdr_start` is: where the ELF header runs, 0 where a script leaves it no room.

    plans: program headers before any is taken out; size: of all headers."""
    if not has_sections:
        return image_base(options, placed.addresses.machine)
    return _place_headers(plans, placed, options, size, has_sections)[0]


def settle_load_addresses(
    plans: Sequence[SegmentPlan],
    placed: Placement,
    options: ElfOptions,
    size: int,
    has_sections: bool,
) -> None:
    """Where sections are loaded: as far from where they run as the first one of their PT_LOAD, and
    where they run if they are in none.

    plans: program headers before any is taken out; size: of all headers.  Sets `lma`."""
    kept = _place_headers(plans, placed, options, size, has_sections)[1]
    distances: dict[int, int] = {}
    for load in kept:
        if load.type == c.PT_LOAD and load.sections:
            first = placed.sections[load.sections[0]]
            distances.update(dict.fromkeys(load.sections, first.lma - first.vma))
    for section in placed.sections:
        section.lma = (section.vma + distances.get(section.plan.index, 0)) & MASK


def _place_headers(
    plans: Sequence[SegmentPlan],
    placed: Placement,
    options: ElfOptions,
    size: int,
    has_sections: bool,
) -> tuple[int, list[SegmentPlan]]:
    """The address of the ELF header, and the segments without it when it is not in memory."""
    asked = any(p.node is not None and (p.filehdr or p.phdrs) for p in plans)
    if not any(p.type == c.PT_LOAD for p in plans):
        return 0, list(plans)
    lowest = min((s.vma for s in placed.sections if s.plan.alloc), default=MASK)
    if not has_sections and not options.paging:
        return image_base(options, placed.addresses.machine), _without_empty(plans, placed)
    if not has_sections:
        return 0, _without_empty(plans, placed)
    page = options.page
    floor = 0 if asked else lowest - lowest % page
    if (asked or not options.paging) and size <= lowest - floor:
        address = (lowest - size) - (lowest - size) % page
        return address, _without_empty(plans, placed)
    if asked:
        node = next(p.node for p in plans if p.filehdr or p.phdrs)
        raise fail(
            "headers-do-not-fit",
            "could not allocate headers",
            span=node.span if node is not None else None,
            notes=[f"they take {size:#x} bytes, the first section is at {lowest:#x}"],
            help=["begin the sections with `. = base + SIZEOF_HEADERS;`"],
        )
    bare = [attrs.evolve(p, filehdr=False, phdrs=False) for p in plans if p.type != c.PT_PHDR]
    return 0, _without_empty(bare, placed)


def _without_empty(plans: Sequence[SegmentPlan], placed: Placement) -> list[SegmentPlan]:
    """PT_LOADs that hold nothing go, also when PHDRS asks for them."""
    kept = []
    for plan in plans:
        held = [placed.sections[i] for i in plan.sections]
        empty = not plan.filehdr and not plan.phdrs
        if held:
            empty &= held[-1].vma + held[-1].size == held[0].vma
        if plan.type != c.PT_LOAD or not empty:
            kept.append(plan)
    return kept


def _align(plan: SegmentPlan, placed: Placement, options: ElfOptions, elf_class: int) -> int:
    """p_align: that of the strictest section, of a PT_LOAD at least a page."""
    aligns = [placed.sections[i].align for i in plan.sections]
    if plan.type == c.PT_LOAD:
        aligns.append(options.page)
    if plan.type == c.PT_PHDR:
        aligns.append(elf_class // 8)
    return max(aligns, default=0)


def _offsets(
    placed: Placement,
    plans: Sequence[SegmentPlan],
    owner: dict[int, SegmentPlan],
    aligns: dict[int, int],
    headers: tuple[int, int],
    options: ElfOptions,
) -> tuple[dict[int, int], int]:
    """File offset of each section in memory, and the end of the contents: the first of a PT_LOAD
    agrees with its address modulo the segment's alignment, the others keep their distance from it,
    or from the headers where they are in it.

    headers: where they run, and their size.  Raises file-overlap for what would lie before the file
    begins."""
    base, size = headers
    thread_local = [p.sections[0] for p in plans if p.type == c.PT_TLS and p.sections]
    first_thread_local = thread_local[0] if thread_local else -1
    last_code = [p for p in plans if p.type == c.PT_LOAD and (p.flags or 0) & c.PF_X]
    offsets: dict[int, int] = {}
    pos = end = size
    for section in placed.sections:
        index = section.plan.index
        if not section.plan.alloc:
            continue
        load = owner.get(index)
        nobits = section.plan.type == c.SHT_NOBITS
        bare = load is not None and not (load.filehdr or load.phdrs)
        if load is not None and bare and load.sections[0] == index:
            pos = align_to(pos, aligns[id(load)], section.vma)
        elif nobits and index != first_thread_local:
            pass
        elif load is None:
            pos = align_to(pos, section.align)
        else:
            first = load.sections[0]
            begin = placed.sections[first].vma - offsets[first] if bare else base
            pos = section.vma - begin
            if pos < 0:
                raise _too_low(section)
        offsets[index] = pos
        if not nobits:
            pos += section.size
        ends = last_code and load is last_code[-1] and load.sections[-1] == index
        if ends and options.separate in ("code", "loadable"):
            pos = align_to(pos, options.page)
        end = max(end, pos)
    return offsets, end


def _too_low(section: PlacedSection) -> Exception:
    node = section.plan.node
    return fail(
        "file-overlap",
        f"unable to place section {section.name} in the file: it would lie before its segment",
        span=node.name_span if node is not None else None,
        notes=[
            "in one segment the file has the order of the addresses, and "
            f"`{section.name}' runs at {section.vma:#x}, below the first one"
        ],
        help=[HELP],
    )


def _check_file_ranges(placed: Placement, offsets: dict[int, int]) -> None:
    """Sections of a PT_LOAD keep their distances, so one that runs below the first of its segment
    would lie before it in the file (file-overlap)."""
    inside = [(offsets[s.plan.index], s) for s in placed.sections if s.plan.loads and s.size]
    inside.sort(key=lambda pair: pair[0])
    end, before = 0, ""
    for offset, section in inside:
        if offset < end:
            node = section.plan.node
            raise fail(
                "file-overlap",
                f"section {section.name} file range overlaps with {before or 'the ELF header'}",
                span=node.name_span if node is not None else None,
                notes=[
                    "in one segment the file has the order of the addresses, and "
                    f"`{section.name}' runs at {section.vma:#x}, below what stands before it"
                ],
                help=[HELP],
            )
        end, before = offset + section.size, section.name


def _distance_of_headers(loads: Sequence[SegmentPlan], placed: Placement) -> int:
    """How far from where they run the headers are loaded: as far as their PT_LOAD."""
    for load in loads:
        if load.filehdr and load.sections:
            last = placed.sections[load.sections[-1]]
            return last.lma - last.vma
    return 0


def _extent(
    plan: SegmentPlan, held: Sequence[PlacedSection], offsets: dict[int, int]
) -> tuple[int, int, int]:
    """Where a segment with sections begins in the file, its size there, where it ends in memory: by
    its first and last section, and no loaded one is left out.

    Raises file-overlap for one that would lie before its segment."""
    first, last = held[0], held[-1]
    start = offsets.get(first.plan.index, 0)
    stop = offsets.get(last.plan.index, 0) + _size_in_file(last)
    end = last.vma + last.size
    if plan.type == c.PT_LOAD:
        for section in held:
            at = offsets[section.plan.index]
            if at < start and section.size:
                raise _too_low(section)
            stop = max(stop, at + _size_in_file(section))
            if not section.plan.flags & c.SHF_TLS or section.plan.type != c.SHT_NOBITS:
                end = max(end, section.vma + section.size)
    return start, stop - start, end


def _size_in_file(section: PlacedSection) -> int:
    return 0 if section.plan.type == c.SHT_NOBITS else section.size


def _segment(
    plan: SegmentPlan,
    placed: Placement,
    offsets: dict[int, int],
    align: int,
    headers: tuple[int, int],
    size: int,
    options: ElfOptions,
    elf_class: int,
) -> Segment:
    """One program header from its first and last section.

    headers: where the ELF header runs, and how far from there it is loaded."""
    base, distance = headers
    held = [placed.sections[i] for i in plan.sections]
    flags = plan.flags
    if flags is None:
        flags = 0 if held else c.PF_R
        for section in held:
            flags |= permissions(section.plan.flags)
        flags |= c.PF_R if plan.filehdr or plan.phdrs else 0
    ehdr = header_size(elf_class, 0)
    start = vma = lma = end = filesz = 0
    if held:
        start, filesz, end = _extent(plan, held, offsets)
        vma, lma = held[0].vma, held[0].lma
    if plan.filehdr or plan.phdrs:
        begin = 0 if plan.filehdr else ehdr
        stop = size if plan.phdrs else ehdr
        if not held:
            start, filesz, end = begin, stop - begin, base + stop
        else:
            filesz += start - begin
            start = begin
        vma = base + begin
        lma = vma + distance
    if plan.at is not None:
        scope = PhdrScope(LLD, symbols=placed.symbols)
        lma = evaluate(plan.at, scope).absolute()
    memsz = end - vma & (1 << elf_class) - 1
    vma, lma = (x & (1 << elf_class) - 1 for x in (vma, lma))
    if plan.type == c.PT_GNU_STACK:
        memsz = options.stack_size
    if plan.type == c.PT_GNU_RELRO and held:
        align = 1
    return Segment(plan.type, flags, start, vma, lma, filesz, memsz, align)
