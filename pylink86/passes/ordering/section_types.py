"""`(NOLOAD)`, `(INFO)` and their like in GNU ld: whether a section is loaded, and moves `.`.

The word in parentheses says that an output section is not part of the program's image.  What that
does was found by experiment (`.a 0x1000 : {*(.a)} .b (TYPE) : { BODY } .c : {*(.c)}`, every type
and body, raw and ELF): the type counts less than the bytes of the inputs, and more in raw output
than in ELF.
"""

from __future__ import annotations

import attrs

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import SectionId, SectionList
from .entry import SIDE_NOTES
from .order import OutputPlan, Plan


def settle_section_types(
    plan: Plan, table: SectionList, generic: bool, again: bool = False
) -> Plan:
    """The plan with the flags that GNU ld gives sections with a type; again: for -r.

    generic: the link goes through the path for raw images.  Observed: in a raw link all of them are
    outside of memory; (INFO) and its like are written nevertheless when an input is loaded.  In ELF
    inputs with contents make (INFO) move `.`; without them it does not, but with -r it does."""
    named = (section for section in plan.sections if section.name == ".text")
    code = min(named, key=lambda section: section.header, default=None)
    if code is None and not any(map(_type, plan.sections)):
        return plan
    if code is not None and not (generic or again):
        plan = _with_code_read_only(plan, code)
    new = {id(section): _settled(section, table, generic) for section in plan.sections}
    return attrs.evolve(
        plan,
        commands=tuple(new.get(id(command), command) for command in plan.commands),
        sections=tuple(new[id(section)] for section in plan.sections),
    )


def _with_code_read_only(plan: Plan, code: OutputPlan) -> Plan:
    """The first `.text` of an ELF file cannot be written, unless -N says otherwise, later."""
    new = attrs.evolve(code, flags=code.flags & ~c.SHF_WRITE)
    return attrs.evolve(
        plan,
        commands=tuple(new if command is code else command for command in plan.commands),
        sections=tuple(new if section is code else section for section in plan.sections),
    )


def _type(section: OutputPlan) -> str:
    return section.node.type if section.node is not None else ""


def _settled(section: OutputPlan, table: SectionList, generic: bool) -> OutputPlan:
    kind = _type(section)
    if kind != "NOLOAD" and kind not in SIDE_NOTES:
        return section
    if generic:
        return _outside(section, table)
    if kind == "NOLOAD":
        return section
    return attrs.evolve(section, aside=bool(_loaded(section, table)))


def _loaded(section: OutputPlan, table: SectionList) -> list[SectionId]:
    """Its inputs that are in memory and in the file."""
    return [
        sid
        for sid in section.sections()
        if table.flags[sid] & c.SHF_ALLOC and table.type[sid] != c.SHT_NOBITS
    ]


def _outside(section: OutputPlan, table: SectionList) -> OutputPlan:
    loaded = _loaded(section, table)
    has_bytes = bool(loaded) or any(isinstance(i, (n.Data, n.Text)) for i in section.items)
    return attrs.evolve(
        section,
        flags=section.flags & ~c.SHF_ALLOC,
        type=c.SHT_PROGBITS if has_bytes else section.type,
        aside=bool(loaded) and _type(section) != "NOLOAD",
    )
