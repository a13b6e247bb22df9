"""Addresses when LLD has no script: it has no default script either, but rules.

Sections stand in the order of their ranks, the first behind the headers at the image base.  Where a
segment begins the address goes on in the next page at the same place within it, so that the file
needs no padding; with -z separate-code at the page's start.  Options name sections (-Ttext).

The rules become what a script would have said: an address expression for each first section.
Found with `ld.lld-19` without -T and `readelf -SlW`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ... import elf_const as c
from ...script import nodes as n
from ..elf_options import PAGE, ElfOptions
from ..ordering.order import Command, OutputPlan, Plan
from ..reading.scripts import ScriptFile
from ..segmenting.segments import SegmentPlan
from ..segmenting.segments_lld import in_load, is_relro
from ..words import expressions

BASES = {c.EM_X86_64: 0x200000, c.EM_386: 0x400000}
DOT = n.Name(".")


def with_base_addresses(
    plan: Plan,
    segments: Sequence[SegmentPlan],
    script: ScriptFile,
    options: ElfOptions,
    machine: int,
) -> Plan:
    """The plan with an address for the first section of each PT_LOAD that has none yet.

    With a script only --image-base counts: `.` begins there."""
    if script.has_sections:
        if options.image_base is None:
            return plan
        return _beginning(plan, n.Number(options.image_base))
    base = image_base(options, machine)
    firsts: dict[int, n.Expr] = {}
    before: SegmentPlan | None = None
    loads = [s for s in segments if s.type == c.PT_LOAD]
    for load in loads:
        if load.sections and not load.filehdr:
            firsts[load.sections[0]] = _next_page(load, before, plan, options)
        before = load
    begun = _beginning(plan, n.Number(base + plan.sizes.headers))
    if loads and not loads[0].filehdr and loads[0].sections:
        del firsts[loads[0].sections[0]]
    return with_addresses(begun, firsts)


def image_base(options: ElfOptions, machine: int) -> int:
    """Where the headers run when no script says where anything does."""
    if options.image_base is not None:
        return options.image_base
    return 0 if options.pie else BASES[machine]


def _beginning(plan: Plan, value: n.Expr) -> Plan:
    return attrs.evolve(plan, commands=(_set_dot(value), *plan.commands))


def with_relro_padding(plan: Plan, options: ElfOptions) -> Plan:
    """A section that holds nothing behind the relro ones, so that they fill whole pages.

    It stands where a script says that they end (DATA_SEGMENT_RELRO_END), else behind the last."""
    relro = [section for section in plan.sections if is_relro(section)]
    if not any(map(in_load, relro)):
        return plan
    commands: list[Command] = list(plan.commands)
    last = max(section.index for section in relro)
    at = next((k for k, item in enumerate(commands) if _ends_relro(item)), -1)
    if at < 0:
        at = commands.index(plan.sections[last]) + 1
    else:
        before = (item.index for item in commands[:at] if isinstance(item, OutputPlan))
        last = max(before, default=-1)
    page = min(options.common_page or PAGE, options.page)
    end = _set_dot(n.Call("ALIGN", "", (DOT, n.Number(page))))
    flags = c.SHF_ALLOC | c.SHF_WRITE
    padding = OutputPlan(0, ".relro_padding", None, (end,), c.SHT_NOBITS, flags, 1)
    sections = [*plan.sections[: last + 1], padding, *plan.sections[last + 1 :]]
    numbered = tuple(attrs.evolve(s, index=i, header=i) for i, s in enumerate(sections))
    new = {id(old): made for old, made in zip(sections, numbered)}
    commands[at:at] = [padding]
    return attrs.evolve(
        plan, commands=tuple(new.get(id(item), item) for item in commands), sections=numbered
    )


def _ends_relro(item: Command) -> bool:
    return isinstance(item, n.Assignment) and any(
        isinstance(e, n.Call) and e.name == "DATA_SEGMENT_RELRO_END" for e in expressions(item)
    )


def _set_dot(value: n.Expr) -> n.Assignment:
    return n.Assignment(".", "=", value)


def _next_page(
    load: SegmentPlan, before: SegmentPlan | None, plan: Plan, options: ElfOptions
) -> n.Expr:
    """Where a segment begins, given where the one before it ended (`.`)."""
    page = options.page
    aligned = n.Call("ALIGN", "", (DOT, n.Number(page)))
    code_ends = before is not None and ((before.flags or 0) ^ (load.flags or 0)) & c.PF_X
    first = plan.sections[load.sections[0]]
    strictest = n.Number(max(first.align, 1))
    if options.separate == "loadable" or (options.separate == "code" and code_ends):
        return n.Call("ALIGN", "", (aligned, strictest))
    padded = before is not None and any(
        plan.sections[i].name == ".relro_padding" for i in before.sections
    )
    end = n.Call("ADDR", ".relro_padding") if padded else DOT
    within: n.Expr = n.Binary("%", end, n.Number(page))
    if first.flags & c.SHF_TLS:
        strict = max(s.align for s in plan.sections if s.flags & c.SHF_TLS)
        within = n.Call("ALIGN", "", (within, n.Number(strict)))
    return n.Call("ALIGN", "", (n.Binary("+", aligned, within), strictest))


def with_addresses(plan: Plan, addresses: Mapping[int, n.Expr]) -> Plan:
    """The plan with addresses for sections, by index, that have none."""
    sections = tuple(_addressed(s, addresses.get(s.index)) for s in plan.sections)
    commands = tuple(sections[x.index] if isinstance(x, OutputPlan) else x for x in plan.commands)
    return attrs.evolve(plan, commands=commands, sections=sections)


def _addressed(section: OutputPlan, address: n.Expr | None) -> OutputPlan:
    node = section.node or n.OutputSection(section.name)
    if address is None or node.address is not None:
        return section
    return attrs.evolve(section, node=attrs.evolve(node, address=address))
