"""Addresses and segments settled together: each depends on how large the headers are.

An expression may ask for SIZEOF_HEADERS, and the number of program headers follows from where the
sections lie.  LLD counts segments before it places anything; GNU ld places, counts, and places
again until the count is steady."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..elf_options import PAGE, ElfOptions, Sizes
from ..matching.link_order import ordered_by_links
from ..ordering.order import OutputPlan, Plan
from ..placement import Placement
from ..reading.scripts import ScriptFile
from ..words import asks_header_size, expressions
from .locate import Addresses
from .place_once import place_once
from .regions import declared

if TYPE_CHECKING:
    from ..segmenting.segments import SegmentPlan

MAX_TRIES = 10
FREE_TRIES = 4
"""So often GNU ld lets the number of program headers change in either direction; after that it may
only grow."""


Walk = Callable[[Plan, Diagnostics], Placement]
"""The pass that gives everything an address, given the sizes in the plan."""


@attrs.frozen(eq=False, repr=False, slots=False)
class Settled:
    """The plan as it was walked, where everything is, and how to get the program headers, which a
    raw image does not have."""

    plan: Plan
    placed: Placement
    plan_segments: Callable[[], tuple[SegmentPlan, ...]]

    @cached_property
    def segments(self) -> tuple[SegmentPlan, ...]:
        """The program headers of an ELF file."""
        return self.plan_segments()


def settle_layout(
    walk: Walk,
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    options: ElfOptions,
    elf_class: int,
    raw: bool,
    dialect: Dialect,
    diags: Diagnostics,
) -> Settled:
    """Place everything.  walk: the pass that does; raw: the output has no headers, and
    SIZEOF_HEADERS is 0."""
    settle = _settle_like_gnu if dialect.tables_like_gnu else _settle_like_lld
    met = Diagnostics()
    settled = settle(walk, plan, script, addresses, options, elf_class, raw, dialect, met)
    if not options.relocatable and not (raw and dialect.generic_path):
        ordered = ordered_by_links(plan, settled.placed, dialect)
        if ordered is not plan:
            return settle(walk, ordered, script, addresses, options, elf_class, raw, dialect, diags)
    diags.extend(met)
    return settled


def _sizes(options: ElfOptions, headers: int, dialect: Dialect) -> Sizes:
    """The sizes that expressions may ask for; in LLD the common page is at most the largest, and
    there are no pages with -n and -N."""
    largest, common = options.max_page or PAGE, options.common_page or PAGE
    if not dialect.tables_like_gnu:
        largest = 1 if options.paging else largest
        common = min(common, largest)
    return Sizes(
        headers,
        largest,
        common,
        options.segment_starts,
        options.relro,
        options.separate not in ("none",),
    )


def _settle_like_lld(
    walk: Walk,
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    options: ElfOptions,
    elf_class: int,
    raw: bool,
    dialect: Dialect,
    diags: Diagnostics,
) -> Settled:
    from ..segmenting import segments_lld
    from ..segmenting.segments import header_size
    from .base_lld import with_base_addresses, with_relro_padding

    if not (raw or options.relocatable) and options.keeps_relro and _pads_relro(script):
        plan = with_relro_padding(plan, options)
    segments = segments_lld.plan_segments(plan.sections, script, options, dialect)
    headers = 0 if raw else header_size(elf_class, 0 if options.relocatable else len(segments))
    sizes = _sizes(options, headers, dialect)
    if not (raw or options.relocatable):
        sizes = attrs.evolve(sizes, loaded_with=_loaded_with(segments))
    plan = attrs.evolve(plan, sizes=sizes)
    if not options.relocatable:
        # In a raw image no segment begins on a page of its own: sections follow one another.
        paged = () if raw else segments
        plan = with_base_addresses(plan, paged, script, options, addresses.machine)
    if not options.relocatable:
        plan = _with_reserved(walk, plan, segments, script, addresses, options, raw)
    placed = walk(plan, diags)
    if not (raw or options.relocatable):
        from ..segmenting.file_map_lld import settle_load_addresses

        settle_load_addresses(segments, placed, options, headers, script.has_sections)
    return Settled(plan, placed, lambda: segments)


def _pads_relro(script: ScriptFile) -> bool:
    """Whether LLD fills the last page of what a loader protects: without a script, or where the
    script says where that ends."""
    return not script.has_sections or any(
        isinstance(e, n.Call) and e.name == "DATA_SEGMENT_RELRO_END"
        for e in expressions(script.commands)
    )


def _loaded_with(segments: Iterable[SegmentPlan]) -> dict[int, int]:
    """For each section in a PT_LOAD the first one of it; of several, the last PT_LOAD counts."""
    return {
        index: segment.sections[0]
        for segment in segments
        if segment.type == c.PT_LOAD
        for index in segment.sections
    }


def _with_reserved(
    walk: Walk,
    plan: Plan,
    segments: tuple[SegmentPlan, ...],
    script: ScriptFile,
    addresses: Addresses,
    options: ElfOptions,
    raw: bool,
) -> Plan:
    """The plan with the names LLD defines itself, where anything refers to one.

    Where the headers are follows from where the sections are, which one more walk finds."""
    from ..names.reserved import is_asked_for, late_relocations, reserved_names, with_reserved
    from ..segmenting.file_map_lld import header_address
    from .base_lld import image_base

    machine, has_sections = addresses.machine, script.has_sections
    names = reserved_names(machine, has_sections, options.pie)
    if not is_asked_for(plan, names):
        return plan
    if raw:
        segments = ()
    late = late_relocations(plan, addresses)
    header = 0 if has_sections else image_base(options, machine)
    if has_sections and not raw:
        trial = walk(with_reserved(plan, names, machine, segments, 0, late), Diagnostics())
        header = header_address(segments, trial, options, plan.sizes.headers, True)
    return with_reserved(plan, names, machine, segments, header, late)


def _settle_like_gnu(
    walk: Walk,
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    options: ElfOptions,
    elf_class: int,
    raw: bool,
    dialect: Dialect,
    diags: Diagnostics,
) -> Settled:
    if options.relocatable:
        from ..segmenting.segments import header_size

        plan = attrs.evolve(
            _at_zero(plan), sizes=_sizes(options, header_size(elf_class, 0), dialect)
        )
        placed = place_once(plan, script, addresses, dialect, diags)
        return Settled(plan, placed, tuple)
    if asks_header_size(script.commands) and not raw:
        return _settle_with_headers(
            walk, plan, script, addresses, options, elf_class, dialect, diags
        )
    plan = attrs.evolve(plan, sizes=_sizes(options, 0, dialect))
    placed = walk(plan, diags)

    def plan_segments() -> tuple[SegmentPlan, ...]:
        from ..segmenting import segments_gnu

        def expecting(count: int) -> tuple[SegmentPlan, ...]:
            return segments_gnu.plan_segments(
                placed, script, options, dialect, elf_class, count, False
            )

        return _steady(segments_gnu.first_guess(plan), expecting)

    settled = Settled(plan, placed, plan_segments)
    if not raw or any(script.of(n.Phdrs)):
        settled.segments  # noqa: B018 (what is wrong with PHDRS is an error of the layout)
    return settled


def _settle_with_headers(
    walk: Walk,
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    options: ElfOptions,
    elf_class: int,
    dialect: Dialect,
    diags: Diagnostics,
) -> Settled:
    """GNU ld, where the script reads SIZEOF_HEADERS: each count of segments is another layout."""
    from ..segmenting import segments_gnu
    from ..segmenting.segments import header_size

    tried: list[tuple[Plan, Placement, Diagnostics]] = []

    def expecting(count: int) -> tuple[SegmentPlan, ...]:
        again = attrs.evolve(plan, sizes=_sizes(options, header_size(elf_class, count), dialect))
        met = Diagnostics()
        placed = walk(again, met)
        tried.append((again, placed, met))
        return segments_gnu.plan_segments(placed, script, options, dialect, elf_class, count, True)

    segments = _steady(segments_gnu.first_guess(plan), expecting)
    plan, placed, met = tried[-1]
    diags.extend(met)
    return Settled(plan, placed, lambda: segments)


def _steady(
    count: int, expecting: Callable[[int], tuple[SegmentPlan, ...]]
) -> tuple[SegmentPlan, ...]:
    """The segments there are when so many were expected, from a first guess on; where GNU ld gives
    up with less than expected, the room for the others stays: PT_NULL stands for it."""
    from ..segmenting.segments import SegmentPlan

    for attempt in range(MAX_TRIES):
        segments = expecting(count)
        found = len(segments)
        if found == count or (attempt >= FREE_TRIES and found < count):
            break
        count = found
    return segments + (SegmentPlan(c.PT_NULL, 0),) * (count - found)


def _at_zero(plan: Plan) -> Plan:
    """GNU ld with -r: an output section that no script made begins at 0, in the region of the one
    it was placed behind."""
    new = {s.index: _orphan_at_zero(s) for s in plan.sections if s.node is None}
    sections = tuple(new.get(s.index, s) for s in plan.sections)
    commands = tuple(sections[x.index] if isinstance(x, OutputPlan) else x for x in plan.commands)
    return attrs.evolve(plan, commands=commands, sections=sections)


def _orphan_at_zero(section: OutputPlan) -> OutputPlan:
    node = n.OutputSection(section.name, address=n.Number(0), region=declared(section))
    return attrs.evolve(section, node=node)
