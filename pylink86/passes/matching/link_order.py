"""SHF_LINK_ORDER: sections that belong to another one, follow its order, and leave with it.

Tables of metadata (unwind entries, lists of patchable functions) have a part for each code section.
Such a part names its code section in sh_link.  The parts must stand in the order of the code, and
one whose code is not in the output must not be either (gABI ch.4, SHF_LINK_ORDER).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...dialect import Dialect
from ...script import nodes as n
from ..ordering.order import OutputPlan, Plan
from ..placement import Placement
from ..section_list import SectionId, linked_sections
from .match import Claim


def ordered_by_links(plan: Plan, placed: Placement, dialect: Dialect) -> Plan:
    """The plan with the inputs of each statement in the order of the sections they name, or the
    same plan when they are.

    placed: where things are so far.  LLD puts sections that name none behind the others, GNU ld
    before them; neither moves a section from one statement to another."""
    links = linked_sections(placed.addresses.table, placed.addresses.resolution.files)
    if not links:
        return plan
    new = {
        id(section): attrs.evolve(section, items=_ordered(section, links, placed, dialect))
        for section in plan.sections
        if not links.keys().isdisjoint(section.sections())
    }
    if all(new[id(s)].items == s.items for s in plan.sections if id(s) in new):
        return plan
    return attrs.evolve(
        plan,
        commands=tuple(new.get(id(command), command) for command in plan.commands),
        sections=tuple(new.get(id(section), section) for section in plan.sections),
    )


def _ordered(
    section: OutputPlan, links: Mapping[SectionId, SectionId], placed: Placement, dialect: Dialect
) -> tuple[Claim | n.SectionStatement, ...]:
    addresses = placed.addresses

    def key(sid: SectionId) -> tuple[bool, int, int]:
        link = links.get(sid)
        if link is None or addresses.owner[link] < 0:
            return not dialect.tables_like_gnu, 0, 0
        vma = placed.sections[addresses.owner[link]].vma
        return dialect.tables_like_gnu, vma, addresses.offset[link]

    items: list[Claim | n.SectionStatement] = []
    for item in section.items:
        if isinstance(item, Claim) and not links.keys().isdisjoint(item.sections):
            sids = tuple(sorted(item.sections, key=key))
            item = item if sids == item.sections else Claim(item.node, sids)
        items.append(item)
    return tuple(items)
