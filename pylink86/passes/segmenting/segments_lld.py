"""LLD's segments: which there are without PHDRS.

They are known before any address is: they follow from the order and the flags of the output
sections.  That is why SIZEOF_HEADERS has its final value from the start.

All of it was found by linking small scripts with ld.lld-19 and reading `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..ordering.order import OutputPlan
from ..ordering.orphans_lld import is_protected
from ..placing.regions import region_names
from ..reading.scripts import ScriptFile
from .segments import SegmentPlan, permissions, phdr_nodes, plan_by_phdrs

RELRO_PADDING = ".relro_padding"


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
    by_name = {s.name: s.index for s in reversed(sections)}
    if ".interp" in by_name and not options.paging:
        found.insert(0, SegmentPlan(c.PT_INTERP, c.PF_R, (by_name[".interp"],)))
    if not options.paging:
        found.insert(0, SegmentPlan(c.PT_PHDR, c.PF_R, phdrs=True))
    thread_local = [s.index for s in sections if s.flags & c.SHF_TLS and s.alloc]
    if thread_local:
        found.append(SegmentPlan(c.PT_TLS, c.PF_R, tuple(thread_local)))
    found += [
        SegmentPlan(c.PT_DYNAMIC, permissions(s.flags), (s.index,))
        for s in sections
        if s.type == c.SHT_DYNAMIC
    ]
    relro = [s.index for s in sections if options.keeps_relro and is_relro(s) and in_load(s)]
    if relro:
        found.append(SegmentPlan(c.PT_GNU_RELRO, c.PF_R, tuple(relro)))
    indexes = [s for s in sections if s.has_unwind_index]
    if indexes:
        found.append(
            SegmentPlan(c.PT_GNU_EH_FRAME, permissions(indexes[0].flags), (indexes[0].index,))
        )
    if options.gnu_stack:
        flags = c.PF_R | c.PF_W | (c.PF_X if options.exec_stack else 0)
        found.append(SegmentPlan(c.PT_GNU_STACK, flags))
    if options.wx_needed:
        found.append(SegmentPlan(c.PT_OPENBSD_WXNEEDED, c.PF_X))
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
    is_padding = section.name == RELRO_PADDING
    return is_padding or is_protected(section.name, section.flags, section.type, section.guarded)


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
    load = None if options.paging else _Load(c.PF_R, headers=True)
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
    return permissions(section_flags)


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
