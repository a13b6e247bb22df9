"""GNU ld's first walk over the script, which finds out what is empty.

An output section that stays empty is left out, and takes no part in the layout.  Whether it does is
only known when all sizes are, so GNU ld sets everything down once as if all of it stayed; what has
a size then is never left out any more, even if it has none in the end.  Expressions in this walk
see what a look ahead at the script knows: symbols from further down, with nothing set down yet.

Source: empty output sections with addresses, SUBALIGN() and assignments to `.`, behind and before
others of some size, linked by GNU ld 2.40."""

from __future__ import annotations

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ...script.values import Value
from ..ordering.order import OutputPlan, Plan
from ..placement import PlacedSection, Placement
from ..reading.scripts import ScriptFile
from ..words import sections_addressed
from .data_segment import DataSegment
from .locate import Addresses
from .place import Walk


def look_first(plan: Plan, script: ScriptFile, addresses: Addresses, dialect: Dialect) -> Placement:
    """What symbols are worth before anything has a place."""
    looked = _Look(plan, script, addresses.fresh(), dialect, None, Diagnostics()).run()
    nowhere = tuple(PlacedSection(section, align=section.align) for section in plan.sections)
    return attrs.evolve(looked, sections=nowhere, data_segment=DataSegment())


class _Look(Walk):
    """Sections follow one another, inputs have no size, and `.` moves only between sections."""

    def _place(self, plan: OutputPlan) -> None:
        section = PlacedSection(plan, self.here, self.here)
        self.placed.append(section)
        self.current = section
        for item in plan.items:
            if isinstance(item, n.Assignment) and item.name != ".":
                self.assign(item)
            elif isinstance(item, n.Data):
                self._data(section, item)
            elif isinstance(item, n.Text):
                self._text(section, item)
        self.current = None
        self.shown = self.free = self.here


def walk_first(plan: Plan, script: ScriptFile, addresses: Addresses, dialect: Dialect) -> Placement:
    """Where everything is while nothing is left out; Placement.advanced says what had a size."""
    looked = look_first(plan, script, addresses, dialect)
    walk = _FirstWalk(plan, script, addresses.fresh(), dialect, looked, Diagnostics())
    placed = walk.run()
    unsure = {section.index for section in plan.sections if _is_unsure(section, addresses)}
    advanced = frozenset(s.plan.index for s in placed.sections if s.size and s.plan.index in unsure)
    return attrs.evolve(placed, advanced=advanced, data_segment=DataSegment())


class _FirstWalk(Walk):
    """Empty sections, and the linker's own tables that stay empty, take the room their alignment
    asks for.  Sections further down have no size and no address yet."""

    marking = True

    def value(self, expr: n.Expr) -> Value | None:
        asked = sections_addressed(expr)
        if asked:
            later = {section.name for section in self.plan.sections[len(self.placed) :]}
            earlier = {section.name for section in self.placed}
            if asked & later - earlier:
                return None
        return super().value(expr)


def asks_for_first_walk(plan: Plan, addresses: Addresses) -> bool:
    """Whether the first walk decides about some output section."""
    return any(_is_unsure(section, addresses) for section in plan.sections)


def _is_unsure(section: OutputPlan, addresses: Addresses) -> bool:
    return _may_be_bare(section) or _may_be_padded(section, addresses)


def _may_be_bare(section: OutputPlan) -> bool:
    """Whether only assignments to `.` decide if an output section is in memory.  Such a one counts
    as in memory once `.` moved in it (observed: `. = . + 15; .x : { . = ALIGN(16); }` behind 49
    bytes of data)."""
    moves = (isinstance(item, n.Assignment) and item.name == "." for item in section.items)
    is_bare = section.type == c.SHT_NOBITS or not section.alloc
    return is_bare and not section.has_contents and any(moves)


def _may_be_padded(section: OutputPlan, addresses: Addresses) -> bool:
    """Whether an output section of nothing but empty inputs may have bytes before one: it begins
    where the script says, or before SUBALIGN() counts for its own address."""
    node = section.node
    if not (section.dropped or section.only_symbols) or node is None:
        return False
    if node.subalign is None and node.address is None:
        return False
    inputs = list(section.sections())
    return bool(inputs) and not any(addresses.size[sid] for sid in inputs)
