"""GNU ld's segments: which there are without PHDRS, and where in the file everything lies.

GNU ld maps sections to segments when addresses are known: sections are sorted by load address, and
a new PT_LOAD begins where permissions change on another page, where a page would be skipped, or
where the distance from VMA to LMA changes.  SIZEOF_HEADERS depends on how many there are, so the
layout is repeated until the number is steady.

All of it was found by linking small scripts with GNU ld 2.40 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ..elf_options import PAGE, ElfOptions
from ..ordering.order import Plan
from ..placement import PlacedSection, Placement
from ..reading.scripts import ScriptFile
from .phdrs_gnu import phdrs_like_gnu
from .segments import (
    SegmentPlan,
    align_to,
    header_size,
    is_hollow,
    load_order,
    phdr_nodes,
)


def plan_segments(
    placed: Placement,
    script: ScriptFile,
    options: ElfOptions,
    dialect: Dialect,
    elf_class: int,
    count: int,
    uses_headers: bool,
) -> tuple[SegmentPlan, ...]:
    """The program headers of a placed link; count: how many were expected, for which the layout
    left room; uses_headers: an expression of the script reads SIZEOF_HEADERS."""
    if options.relocatable:
        return ()
    kept = [s for s in placed.sections if not s.plan.dropped and not is_hollow(s)]
    nodes = phdr_nodes(script)
    if nodes:
        return phdrs_like_gnu(nodes, placed, dialect)
    inside = sorted((s for s in kept if s.plan.alloc), key=load_order)
    runs = _runs(inside, options, _regions_by_name(placed))

    found: list[SegmentPlan] = []
    loader = next((s for s in inside if s.name == ".interp" and s.plan.loads), None)
    if loader is not None:
        found.append(SegmentPlan(c.PT_PHDR, c.PF_R, phdrs=True))
        found.append(SegmentPlan(c.PT_INTERP, None, (loader.plan.index,)))
    first = runs[0][0] if runs else None
    headers = first is not None and _room_for_headers(
        first, header_size(elf_class, count), options, uses_headers
    )
    if headers and first is not None and _apart(first, header_size(elf_class, count), options):
        found.append(SegmentPlan(c.PT_LOAD, c.PF_R, (), True, True))
        headers = False
    for run in runs:
        found.append(SegmentPlan(c.PT_LOAD, None, _members(run), headers, headers))
        headers = False
    found += [
        SegmentPlan(c.PT_DYNAMIC, None, (s.plan.index,))
        for s in inside
        if s.plan.type == c.SHT_DYNAMIC
    ]
    found += _notes(sorted(kept, key=lambda s: s.plan.header))
    thread_local = _thread_local(kept)
    if thread_local:
        found.append(SegmentPlan(c.PT_TLS, c.PF_R, _members(thread_local)))
    properties = [s for s in inside if s.name == ".note.gnu.property" and s.size]
    if properties:
        found.append(SegmentPlan(c.PT_GNU_PROPERTY, c.PF_R, _members(properties)))
    index = [s for s in inside if s.plan.has_unwind_index]
    if index:
        found.append(SegmentPlan(c.PT_GNU_EH_FRAME, c.PF_R, _members(index)))
    stack = stack_flags(placed, options)
    if stack:
        found.append(SegmentPlan(c.PT_GNU_STACK, stack))
    relro = _relro(inside, runs, placed, options)
    if relro:
        found.append(SegmentPlan(c.PT_GNU_RELRO, c.PF_R, _members(relro)))
    return tuple(found)


def _members(run: Sequence[PlacedSection]) -> tuple[int, ...]:
    return tuple(s.plan.index for s in run)


def stack_flags(placed: Placement, options: ElfOptions) -> int:
    """Flags of the PT_GNU_STACK; 0 for none: no file has a .note.GNU-stack and no option asks."""
    if options.exec_stack is not None:
        return c.PF_R | c.PF_W | (c.PF_X if options.exec_stack else 0)
    asked = stack_notes(placed)
    return asked or ((c.PF_R | c.PF_W) if options.stack_size else 0)


def stack_notes(placed: Placement) -> int:
    """What the inputs' .note.GNU-stack ask for; 0 when there is none.  One file that wants an
    executable stack, or says nothing while others do, gives all of them one."""
    notes = [
        obj.sections.flags[obj.sections.names.index(".note.GNU-stack")]
        if ".note.GNU-stack" in obj.sections.names
        else None
        for obj in placed.addresses.resolution.files[:-1]
    ]
    if all(flags is None for flags in notes):
        return 0
    wild = any(flags is None or flags & c.SHF_EXECINSTR for flags in notes)
    return c.PF_R | c.PF_W | (c.PF_X if wild else 0)


def _relro(
    inside: Sequence[PlacedSection],
    runs: Sequence[Sequence[PlacedSection]],
    placed: Placement,
    options: ElfOptions,
) -> list[PlacedSection]:
    """What begins between DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END, if anything does, and if a
    PT_LOAD begins there that is not all NOBITS."""
    data = placed.data_segment
    if not options.relro or options.paging or not data.relro_span:
        return []
    end = data.base + data.relro_span
    if not any(data.base <= run[0].vma < end and any(map(_is_loaded, run)) for run in runs):
        return []
    return [s for s in inside if s.size and data.base <= s.vma < end]


def _is_loaded(section: PlacedSection) -> bool:
    return bool(section.size) and section.plan.type != c.SHT_NOBITS


def _separate(options: ElfOptions) -> bool:
    return options.separate != "none" and not options.paging


def _regions_by_name(placed: Placement) -> dict[str, str]:
    """The region of each output section; of those of one name the first counts for all, the
    script's before orphans, which are made in the order of the inputs."""
    table = placed.addresses.table

    def made(section: PlacedSection) -> tuple[bool, int, int]:
        if section.plan.node is not None:
            return False, 0, section.plan.index
        sid = next(section.plan.sections(), -1)
        return True, table.file[sid] if sid >= 0 else -1, sid

    return {s.name: s.region for s in sorted(placed.sections, key=made, reverse=True)}


def _runs(
    inside: Sequence[PlacedSection], options: ElfOptions, region: Mapping[str, str]
) -> list[list[PlacedSection]]:
    """The sections of each PT_LOAD; those of different regions share none.  region: by name of a
    section, because that is how GNU ld looks it up."""
    runs: list[list[PlacedSection]] = []
    last: PlacedSection | None = None
    last_size = 0
    writable = code = False
    for section in inside:
        is_writable = bool(section.plan.flags & c.SHF_WRITE)
        is_code = bool(section.plan.flags & c.SHF_EXECINSTR)
        apart = last is not None and region[last.name] != region[section.name]
        if last is None or apart or _begins(last, last_size, section, writable, code, options):
            runs.append([])
            writable, code = is_writable, is_code
        runs[-1].append(section)
        writable |= is_writable
        code |= is_code
        if not section.plan.flags & c.SHF_TLS or section.plan.type != c.SHT_NOBITS:
            last_size = section.size
        else:
            last_size = 0
        last = section
    if runs and all(s.plan.flags & c.SHF_TLS and not s.plan.loads for s in runs[-1]):
        runs.pop()  # .tbss alone needs none
    return runs


def _begins(
    last: PlacedSection,
    last_size: int,
    section: PlacedSection,
    writable: bool,
    code: bool,
    options: ElfOptions,
) -> bool:
    """Whether a section begins a new PT_LOAD."""
    page = options.max_page or PAGE
    end = last.lma + last_size
    if last.lma - last.vma != section.lma - section.vma:
        return True
    if section.lma < end:
        return True
    if align_to(end, page) < section.lma - section.lma % page:
        return True
    if options.paging:
        return not _loads(last) and _loads(section)
    same_page = (end - 1) // page == section.lma // page if end else False
    if same_page:
        return False
    if not _loads(last) and _loads(section):
        return True
    is_code = bool(section.plan.flags & c.SHF_EXECINSTR)
    if _separate(options) and is_code != code:
        return True
    return not writable and bool(section.plan.flags & c.SHF_WRITE)


def _loads(section: PlacedSection) -> bool:
    """.tbss counts as loaded here."""
    return section.plan.type != c.SHT_NOBITS or bool(section.plan.flags & c.SHF_TLS)


def _room_for_headers(
    first: PlacedSection, size: int, options: ElfOptions, uses_headers: bool
) -> bool:
    """Whether the headers come into memory before the first section."""
    page = options.page
    if options.paging:
        return uses_headers and first.lma >= size and False
    if not (uses_headers or first.lma % page >= size % page):
        return False
    return first.lma >= size


def _apart(first: PlacedSection, size: int, options: ElfOptions) -> bool:
    """Whether the headers get a PT_LOAD of their own, so that they are not executable."""
    page = options.page
    if not _separate(options) or not first.plan.flags & c.SHF_EXECINSTR:
        return False
    start = (first.lma - size) & -page
    if (start + size - 1) & -page == first.lma & -page:
        return start >= page
    return True


def _thread_local(kept: Sequence[PlacedSection]) -> list[PlacedSection]:
    """The sections of the PT_TLS, in memory or not.  Raises tls-not-adjacent when the headers of
    others stand between theirs."""
    found = [s for s in kept if s.plan.flags & c.SHF_TLS]
    if len(found) < 2:
        return found
    in_order = sorted(kept, key=lambda s: s.plan.header)
    first = next(at for at, s in enumerate(in_order) if s.plan.flags & c.SHF_TLS)
    for section in in_order[first : first + len(found)]:
        if not section.plan.flags & c.SHF_TLS:
            node = section.plan.node
            raise fail(
                "tls-not-adjacent",
                f"TLS sections are not adjacent: `{section.name}' stands between "
                f"`{found[0].name}' and `{found[-1].name}'",
                span=None if node is None else node.name_span,
                help=[f"place `{section.name}' before or behind all of them, or use PHDRS"],
            )
    return found


def _notes(kept: Sequence[PlacedSection]) -> list[SegmentPlan]:
    """A PT_NOTE for each run of adjacent notes of one alignment; kept: in the order of headers."""
    runs: list[list[PlacedSection]] = []
    previous: PlacedSection | None = None
    for section in kept:
        if section.plan.type == c.SHT_NOTE and section.plan.loads:
            joins = (
                previous is not None
                and runs
                and runs[-1][-1] is previous
                and previous.align == section.align
                and align_to(previous.lma + previous.size, section.align) == section.lma
            )
            if joins:
                runs[-1].append(section)
            else:
                runs.append([section])
        previous = section
    return [SegmentPlan(c.PT_NOTE, None, _members(run)) for run in runs]


def first_guess(plan: Plan) -> int:
    """How many program headers GNU ld expects before anything has an address."""
    count = 2
    count += sum(1 for s in plan.sections if s.type == c.SHT_NOTE and s.alloc and not s.dropped)
    count += any(s.flags & c.SHF_TLS for s in plan.sections)
    count += any(s.has_unwind_index for s in plan.sections)
    return count + 1
