"""Addresses when LLD has no script: it has no default script either, but rules.

Sections stand in the order of their ranks, the first behind the headers at the image base.  Where a
segment begins the address goes on in the next page at the same place within it, so that the file
needs no padding; with -z separate-code at the page's start.  Options name sections (-Ttext).

The rules become what a script would have said: an address expression for each first section.
Found with `ld.lld-19` without -T and `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .elf_options import ElfOptions
from .order import OutputPlan, Plan
from .scripts import ScriptFile
from .segments import SegmentPlan

BASES = {c.EM_X86_64: 0x200000, c.EM_386: 0x400000}
DOT = n.Name(".")


def with_base_addresses(
    plan: Plan,
    segments: Sequence[SegmentPlan],
    script: ScriptFile,
    options: ElfOptions,
    machine: int,
) -> Plan:
    """The plan with an address for the first section of each PT_LOAD, and for those options name.

    With a script only --image-base counts: `.` begins there."""
    starts = dict(options.section_starts)
    if script.has_sections:
        begin = [] if options.image_base is None else [_set_dot(n.Number(options.image_base))]
        return _changed(plan, begin, {name: n.Number(at) for name, at in starts.items()}, {})
    base = BASES[machine] if options.image_base is None else options.image_base
    begin = [_set_dot(n.Number(base + plan.sizes.headers))]
    firsts: dict[int, n.Expr] = {}
    before: SegmentPlan | None = None
    loads = [s for s in segments if s.type == c.PT_LOAD]
    for load in loads:
        if load.sections and not load.filehdr:
            firsts[load.sections[0]] = _next_page(load, before, plan, options)
        before = load
    return _changed(plan, begin, {name: n.Number(at) for name, at in starts.items()}, firsts)


def _set_dot(value: n.Expr) -> n.Assignment:
    return n.Assignment(".", "=", value)


def _next_page(
    load: SegmentPlan, before: SegmentPlan | None, plan: Plan, options: ElfOptions
) -> n.Expr:
    """Where a segment begins, given where the one before it ended (`.`)."""
    page = options.page
    aligned = n.Call("ALIGN", "", (DOT, n.Number(page)))
    code_ends = before is not None and ((before.flags or 0) ^ (load.flags or 0)) & c.PF_X
    if options.separate == "loadable" or (options.separate == "code" and code_ends):
        return aligned
    within: n.Expr = n.Binary("%", DOT, n.Number(page))
    first = plan.sections[load.sections[0]]
    if first.flags & c.SHF_TLS:
        strict = max(s.align for s in plan.sections if s.flags & c.SHF_TLS)
        within = n.Call("ALIGN", "", (within, n.Number(strict)))
    return n.Binary("+", aligned, within)


def _changed(
    plan: Plan,
    begin: Sequence[n.Assignment],
    named: dict[str, n.Number],
    firsts: dict[int, n.Expr],
) -> Plan:
    """The plan with addresses: those by name beat those by number."""
    if not begin and not named and not firsts:
        return plan
    sections = tuple(_addressed(s, named.get(s.name) or firsts.get(s.index)) for s in plan.sections)
    commands = [sections[x.index] if isinstance(x, OutputPlan) else x for x in plan.commands]
    return attrs.evolve(plan, commands=(*begin, *commands), sections=sections)


def _addressed(section: OutputPlan, address: n.Expr | None) -> OutputPlan:
    if address is None:
        return section
    node = section.node or n.OutputSection(section.name)
    return attrs.evolve(section, node=attrs.evolve(node, address=address))
