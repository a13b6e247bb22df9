"""Which sections are in the segments that PHDRS describes, as GNU ld has it.

A section may name its segments; one that does not is in those of the section before it.  GNU ld
settles this before it knows all sizes, so a section counts as in memory only if the first walk
found it there.

Source: PHDRS with sections that name none, fail their conditions or hold only `. =`, linked by GNU
ld 2.40."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ...script import nodes as n
from ..ordering.order import OutputPlan
from ..ordering.orphans import Dropped
from ..placement import PlacedSection, Placement
from .segments import (
    PhdrScope,
    SegmentPlan,
    is_hollow,
    phdr_flags,
    segment_type,
    unknown_phdr,
)

Names = tuple[str, ...]


def phdrs_like_gnu(
    nodes: Sequence[n.Phdr], placed: Placement, dialect: Dialect
) -> tuple[SegmentPlan, ...]:
    """The segments PHDRS asks for as GNU ld fills them.

    It goes through all sections for each segment in turn, and what `:phdr` says is handed on to the
    sections behind, from the last section to the first of the next turn, too; in the first turn,
    what comes before any `:phdr` looks ahead for one.  Raises unknown-phdr, no-phdr."""
    known = {node.name: node for node in nodes}
    for section in placed.sections:
        for name in _asked(section.plan):
            if name not in known and name != "NONE":
                raise unknown_phdr(name, section.plan, known)
    ahead = _asked_ahead(placed)
    _check_first(nodes, placed, ahead)
    now: Names = ()
    scope = PhdrScope(dialect)
    found: list[SegmentPlan] = []
    for node in nodes:
        inside: list[int] = []
        kind = segment_type(node, scope)
        for section in placed.sections:
            asked = _asked(section.plan)
            if not (asked or _inherits(section, kind, placed)):
                continue
            now = asked or now or ahead[section.plan.index]
            if node.name in now and _is_there(section) and _fits(section, kind, placed):
                inside.append(section.plan.index)
        found.append(
            SegmentPlan(
                kind,
                phdr_flags(node, scope),
                tuple(inside),
                node.filehdr,
                node.phdrs,
                node.at,
                node,
            )
        )
    return tuple(found)


def _asked(plan: OutputPlan) -> Names:
    """The segments a section names; an orphan is in those of its anchor."""
    if plan.node is not None:
        return plan.node.phdrs
    return plan.beside.phdrs if plan.beside is not None and plan.alloc else ()


def _check_first(nodes: Sequence[n.Phdr], placed: Placement, ahead: Mapping[int, Names]) -> None:
    """no-phdr: a section in memory, be it one that is left out as GNU ld's own tables are, has no
    segment named before it, on it or behind it."""
    for section in placed.sections:
        plan = section.plan
        if _asked(plan) or ahead[plan.index]:
            return
        if plan.alloc and plan.begun:
            raise fail(
                "no-phdr",
                "no sections assigned to phdrs",
                span=nodes[0].span,
                notes=["PHDRS replaces the usual segments, and no output section names one"],
                help=[f"name it behind the first output section: }} :{nodes[0].name}"],
            )


def _asked_ahead(placed: Placement) -> dict[int, Names]:
    """OutputPlan.index -> what the next output section names, from this one on."""
    found: dict[int, Names] = {}
    asked: Names = ()
    for command in reversed(placed.commands):
        if isinstance(command, OutputPlan):
            asked = found[command.index] = _asked(command) or asked
        elif isinstance(command, Dropped):
            asked = command.node.phdrs or asked
    return found


def _inherits(section: PlacedSection, kind: int, placed: Placement) -> bool:
    """Whether a section that names no segment is in those handed on: a PT_INTERP is not."""
    node = section.plan.node
    noload = node is not None and node.type == "NOLOAD"
    stands = _in_memory(section, placed) and _is_there(section)
    return stands and not noload and kind != c.PT_INTERP


def _in_memory(section: PlacedSection, placed: Placement) -> bool:
    plan = section.plan
    return plan.alloc and (plan.has_contents or plan.index in placed.advanced)


def _is_there(section: PlacedSection) -> bool:
    return not section.plan.dropped and not is_hollow(section)


def _fits(section: PlacedSection, kind: int, placed: Placement) -> bool:
    """A PT_LOAD holds only what is in memory."""
    return _in_memory(section, placed) or kind != c.PT_LOAD
