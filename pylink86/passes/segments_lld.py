"""LLD's segments: which there are without PHDRS, and where in the file everything lies.

The segments are known before any address is: they follow from the order and the flags of the output
sections.  That is why SIZEOF_HEADERS has its final value from the start.  Whether the headers are
in memory is decided last: they are when there is room for them in the page below the first section.

All of it was found by linking small scripts with ld.lld-19 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from .. import elf_const as c
from ..diag import fail
from ..dialect import Dialect
from ..model import Segment
from ..script import nodes as n
from ..script.evaluate import evaluate
from .elf_options import ElfOptions
from .order import OutputPlan
from .orphans_lld import RELRO_NAMES, RELRO_TYPES
from .placement import PlacedSection, Placement
from .regions import region_names
from .scripts import ScriptFile
from .segments import (
    FileMap,
    PhdrScope,
    SegmentPlan,
    align_to,
    header_size,
    permissions,
    phdr_nodes,
    place_rest,
    plan_by_phdrs,
)

MASK = (1 << 64) - 1

RELRO_MORE = frozenset({".init_array", ".fini_array", ".preinit_array", ".relro_padding"})


def plan_segments(
    sections: Sequence[OutputPlan], script: ScriptFile, options: ElfOptions, dialect: Dialect
) -> tuple[SegmentPlan, ...]:
    """The program headers of a link, before it has addresses."""
    if options.relocatable:
        return ()
    nodes = phdr_nodes(script)
    if nodes:
        return tuple(_in_memory(plan, sections) for plan in plan_by_phdrs(nodes, sections, dialect))
    found = _loads(sections, script, options)
    if not options.paging:
        found.insert(0, SegmentPlan(c.PT_PHDR, c.PF_R, phdrs=True))
    thread_local = [s.index for s in sections if s.flags & c.SHF_TLS and s.alloc]
    if thread_local:
        found.append(SegmentPlan(c.PT_TLS, c.PF_R, tuple(thread_local)))
    relro = [s.index for s in sections if options.keeps_relro and is_relro(s) and in_load(s)]
    if relro:
        found.append(SegmentPlan(c.PT_GNU_RELRO, c.PF_R, tuple(relro)))
    by_name = {s.name: s.index for s in reversed(sections)}
    indexes = [s.index for s in sections if s.has_unwind_index]
    if indexes:
        found.append(SegmentPlan(c.PT_GNU_EH_FRAME, c.PF_R, (indexes[0],)))
    if options.gnu_stack:
        flags = c.PF_R | c.PF_W | (c.PF_X if options.exec_stack else 0)
        found.append(SegmentPlan(c.PT_GNU_STACK, flags))
    if ".note.gnu.property" in by_name:
        found.append(SegmentPlan(c.PT_GNU_PROPERTY, c.PF_R, (by_name[".note.gnu.property"],)))
    return (*found, *_notes(sections))


def _in_memory(plan: SegmentPlan, sections: Sequence[OutputPlan]) -> SegmentPlan:
    """A PT_LOAD without what is not in memory, though the script sends it there."""
    if plan.type != c.PT_LOAD:
        return plan
    inside = {s.index for s in sections if s.alloc}
    return attrs.evolve(plan, sections=tuple(i for i in plan.sections if i in inside))


def in_load(section: OutputPlan) -> bool:
    """Whether a PT_LOAD holds it: all that is in memory but thread-local .tbss, of which each
    thread gets its own."""
    return section.alloc and not (section.flags & c.SHF_TLS and section.type == c.SHT_NOBITS)


def is_relro(section: OutputPlan) -> bool:
    """Whether a loader would take away the right to write it, once it has relocated it."""
    if not section.alloc or not section.flags & c.SHF_WRITE:
        return False
    return bool(
        section.flags & c.SHF_TLS
        or section.type in RELRO_TYPES
        or section.name in RELRO_NAMES
        or section.name in RELRO_MORE
    )


@attrs.define(eq=False, repr=False)
class _Load:
    """A PT_LOAD while sections are added: first and last are None for the headers."""

    flags: int
    headers: bool = False
    sections: list[OutputPlan] = attrs.field(factory=list)


def _loads(
    sections: Sequence[OutputPlan], script: ScriptFile, options: ElfOptions
) -> list[SegmentPlan]:
    """A new PT_LOAD wherever permissions change, the memory region, or where it is loaded; where
    relro ends; and, without a script, where contents follow .bss."""
    has_sections = script.has_sections
    flags = _flags(0, options)
    regions = region_names(sections, script)
    load = None if options.paging else _Load(flags, headers=True)
    loads = [] if load is None else [load]
    relro_end = _relro_end(sections, options)
    for section in sections:
        if not in_load(section):
            continue
        new_flags = _flags(section.flags, options)
        different = flags ^ new_flags
        if options.ro_with_code and not new_flags & c.PF_W:
            different &= ~c.PF_X
        fits = (
            load is not None
            and not different
            and section is not relro_end
            and _same_place(load, section, regions)
            and (
                has_sections
                or section.type == c.SHT_NOBITS
                or not load.sections
                or load.sections[-1].type != c.SHT_NOBITS
            )
        )
        if not fits or load is None:
            load = _Load(new_flags)
            flags = new_flags
            loads.append(load)
        load.flags |= new_flags
        load.sections.append(section)
    return [
        SegmentPlan(
            c.PT_LOAD, load.flags, tuple(s.index for s in load.sections), load.headers, load.headers
        )
        for load in loads
    ]


def _same_place(load: _Load, section: OutputPlan, regions: Mapping[int, str]) -> bool:
    """Whether nothing says that it runs or is loaded elsewhere than the first of a PT_LOAD; behind
    the headers AT() and AT> say nothing."""
    region = regions.get(section.index, "")
    if not load.sections:
        return not region
    first = load.sections[0]
    lma, first_lma = (s.node.lma_region if s.node is not None else "" for s in (section, first))
    moved = section.node is not None and section.node.at is not None
    return not moved and region == regions.get(first.index, "") and lma == first_lma


def _flags(section_flags: int, options: ElfOptions) -> int:
    if options.paging == "N":
        return c.PF_R | c.PF_W | c.PF_X
    found = permissions(section_flags)
    if options.ro_with_code and not found & c.PF_W:
        found |= c.PF_X
    return found


def _relro_end(sections: Sequence[OutputPlan], options: ElfOptions) -> OutputPlan | None:
    """The section behind the relro ones; not-contiguous-relro when more follow."""
    if not options.keeps_relro:
        return None
    inside, end = False, None
    for section in sections:
        if not in_load(section):
            continue
        if is_relro(section):
            inside = True
            if end is not None:
                raise fail(
                    "relro-not-contiguous",
                    f"section: {section.name} is not contiguous with other relro sections",
                    span=section.node.name_span if section.node is not None else None,
                    help=["place it next to the other ones, or link with -z norelro"],
                )
        elif inside and end is None:
            end = section
    return end


def _notes(sections: Sequence[OutputPlan]) -> list[SegmentPlan]:
    """A PT_NOTE for each run of notes with one alignment."""
    runs: list[list[OutputPlan]] = []
    run: list[OutputPlan] = []
    for section in sections:
        if section.type != c.SHT_NOTE or not section.alloc:
            run = []
            continue
        moved = section.node is not None and section.node.at is not None
        if not run or moved or run[-1].align != section.align:
            run = []
            runs.append(run)
        run.append(section)
    return [SegmentPlan(c.PT_NOTE, c.PF_R, tuple(s.index for s in run)) for run in runs]


# From here on addresses are known.


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
    offsets, end = _offsets(placed, plans, owner, aligns, size, options)
    _check_file_ranges(placed, offsets)
    end = place_rest(plans, placed.sections, offsets, end, options)
    distance = _distance_of_headers(loads, placed)
    loaded = frozenset(index for load in loads for index in load.sections)
    segments = tuple(
        _segment(
            p, placed, offsets, aligns[id(p)], (base, distance), size, options, elf_class, loaded
        )
        for p in plans
    )
    return FileMap(offsets, segments, end)


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
        return _image_base(placed, options), _without_empty(plans, placed)
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


def _image_base(placed: Placement, options: ElfOptions) -> int:
    if options.image_base is not None:
        return options.image_base
    return 0x200000 if placed.addresses.machine == c.EM_X86_64 else 0x400000


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
    size: int,
    options: ElfOptions,
) -> tuple[dict[int, int], int]:
    """File offset of each section in memory: the first of a PT_LOAD agrees with its address modulo
    the segment's alignment, the others keep their distance from it."""
    first_thread_local = next((p.sections[0] for p in plans if p.type == c.PT_TLS), -1)
    last_code = [p for p in plans if p.type == c.PT_LOAD and (p.flags or 0) & c.PF_X]
    offsets: dict[int, int] = {}
    pos = size
    for section in placed.sections:
        index = section.plan.index
        if not section.plan.alloc:
            continue
        load = owner.get(index)
        nobits = section.plan.type == c.SHT_NOBITS
        if load is not None and not load.filehdr and load.sections[0] == index:
            pos = align_to(pos, aligns[id(load)], section.vma)
        elif load is not None and load.filehdr and load.sections[0] == index:
            pos = _behind_headers(section, load, placed, pos, options, nobits)
        elif nobits and index != first_thread_local:
            pass
        elif load is None:
            pos = align_to(pos, section.align)
        else:
            first = placed.sections[load.sections[0]]
            base = offsets[load.sections[0]]
            pos = base + section.vma - first.vma
        offsets[index] = pos
        if not nobits:
            pos += section.size
        ends = last_code and load is last_code[-1] and load.sections[-1] == index
        if ends and options.separate in ("code", "loadable"):
            pos = align_to(pos, options.page)
    return offsets, pos


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
                help=[
                    "list output sections in the order of their addresses, or give it a segment "
                    "of its own with PHDRS"
                ],
            )
        end, before = offset + section.size, section.name


def _behind_headers(
    section: PlacedSection,
    load: SegmentPlan,
    placed: Placement,
    pos: int,
    options: ElfOptions,
    nobits: bool,
) -> int:
    """The first section of the PT_LOAD that begins with the headers: its distance from them is that
    in memory, which is its address within the page (or beyond)."""
    if nobits:
        return pos
    return align_to(pos, options.page, section.vma)


def _distance_of_headers(loads: Sequence[SegmentPlan], placed: Placement) -> int:
    """How far from where they run the headers are loaded: as far as their PT_LOAD."""
    for load in loads:
        if load.filehdr and load.sections:
            last = placed.sections[load.sections[-1]]
            return last.lma - last.vma
    return 0


def _segment(
    plan: SegmentPlan,
    placed: Placement,
    offsets: dict[int, int],
    align: int,
    headers: tuple[int, int],
    size: int,
    options: ElfOptions,
    elf_class: int,
    loaded: Collection[int],
) -> Segment:
    """One program header from its first and last section.

    loaded: sections in a PT_LOAD, by index; others have no load address.  headers: where the ELF
    header runs, and how far from there it is loaded."""
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
        first, last = held[0], held[-1]
        start, vma = offsets.get(first.plan.index, 0), first.vma
        lma = first.lma if first.plan.index in loaded else vma
        filesz = offsets.get(last.plan.index, 0) - start
        filesz += last.size if last.plan.type != c.SHT_NOBITS else 0
        end = max(last.vma + last.size, vma)
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
        scope = PhdrScope(_dialect_of(placed), symbols=placed.symbols)
        lma = evaluate(plan.at, scope).absolute()
    memsz = end - vma
    vma, lma = (x & (1 << elf_class) - 1 for x in (vma, lma))
    if plan.type == c.PT_GNU_STACK:
        memsz = options.stack_size
    if plan.type == c.PT_GNU_RELRO:
        align = 1
    return Segment(plan.type, flags, start, vma, lma, filesz, memsz, align)


def _dialect_of(placed: Placement) -> Dialect:
    from ..dialect import LLD

    return LLD


__all__ = ["FileMap", "header_size", "is_relro", "map_file", "n", "plan_segments"]
