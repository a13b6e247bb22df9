"""`(NOLOAD)`, `(INFO)` and their like in GNU ld: whether a section is loaded, and moves `.`.

The word in parentheses says that an output section is not part of the program's image.  What that
does was found by experiment (`.a 0x1000 : {*(.a)} .b (TYPE) : { BODY } .c : {*(.c)}`, every type
and body, raw and ELF): the type counts less than the bytes of the inputs, and more in raw output
than in ELF.
"""

from __future__ import annotations

import attrs

from .. import elf_const as c
from .match import SectionList
from .order import OutputPlan, Plan

SIDE_NOTES = ("COPY", "DSECT", "INFO", "OVERLAY")


def settle_section_types(plan: Plan, table: SectionList, generic: bool) -> Plan:
    """The plan with the flags that GNU ld gives sections with a type.

    generic: the link goes through the path for raw images.  Observed: raw (NOLOAD) is neither
    written nor moves `.`; inputs with contents make raw (INFO) a section like others, and make ELF
    (INFO) move `.`; without them it does not."""
    if not any(_type(section) for section in plan.sections):
        return plan
    new = {id(section): _settled(section, table, generic) for section in plan.sections}
    return attrs.evolve(
        plan,
        commands=tuple(new.get(id(command), command) for command in plan.commands),
        sections=tuple(new[id(section)] for section in plan.sections),
    )


def _type(section: OutputPlan) -> str:
    return section.node.type if section.node is not None else ""


def _settled(section: OutputPlan, table: SectionList, generic: bool) -> OutputPlan:
    kind = _type(section)
    if kind == "NOLOAD" and generic:
        return attrs.evolve(section, flags=section.flags & ~c.SHF_ALLOC, moves_dot=False)
    if kind not in SIDE_NOTES:
        return section
    sids = [sid for sid in section.sections() if table.size[sid]]
    if all(table.type[sid] == c.SHT_NOBITS for sid in sids):
        return attrs.evolve(section, moves_dot=False)
    if generic and any(table.flags[sid] & c.SHF_ALLOC for sid in sids):
        return attrs.evolve(section, flags=section.flags | c.SHF_ALLOC)
    return section
