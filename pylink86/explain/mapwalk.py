"""A last walk over the script that only takes notes: what each statement came to, and where.

A map tells what `. = ALIGN(16)` or `LONG(x + 1)` was worth.  Placing keeps the outcome, not every
step, because most links make no map; so the map walks once more.  All addresses are settled by
then, so this walk finds what the last one found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ..diag import Diagnostics
from ..passes.matching.match import Claim, SectionId
from ..passes.placement import PlacedSection
from ..passes.placing.place import Walk
from ..passes.words import sections_addressed
from ..result import LinkResult
from ..script import nodes as n
from ..script.evaluate import evaluate
from ..script.values import Unknown


@attrs.frozen
class Note:
    """What one statement came to.

    vma: `.` before it; size: how far it moved `.`.  value: of its expression; None when that has no
    value, or when a PROVIDE defined nothing."""

    vma: int
    size: int
    value: int | None


Notes = dict[int, Note]
"""id() of a statement -> what it came to; statements that were not reached are missing."""


class NotingWalk(Walk):
    """A Walk that notes every assignment, ASSERT and data statement.

    printed: where GNU ld's map believes `.` to be when it prints a statement: behind what it
    printed last, even if that was dropped and moved nothing.  aligns: the alignment SUBALIGN()
    gave to input sections."""

    def __init__(self, result: LinkResult) -> None:
        plan, script, addresses = result.plan, result.script, result.placed.addresses
        super().__init__(
            plan, script, addresses.fresh(), result.dialect, result.placed, Diagnostics()
        )
        self.notes: Notes = {}
        self.aligns: dict[SectionId, int] = {}
        self.printed = 0
        self.beings = beings(result)

    def assign(self, node: n.Assignment) -> None:
        before = self.here
        needless = node.provide and (node.name not in self.plan.wanted or node.name in self.symbols)
        value = None if needless else self._worth(_right_side(node))
        if node.name == "." and value is not None:
            self.printed = value
        super().assign(node)
        self.notes[id(node)] = Note(before, self.here - before, value)

    def check(self, node: n.Assert) -> None:
        super().check(node)
        self.notes[id(node)] = Note(self.here, 0, self._worth(node.condition))

    def _contents(self, section: PlacedSection, node: n.OutputSection | None) -> None:
        if section.plan.index in self.beings and _counts(section):
            self.printed = section.vma
        super()._contents(section, node)

    def _inputs(
        self, section: PlacedSection, sids: Sequence[SectionId], subalign: int | None
    ) -> None:
        super()._inputs(section, sids, subalign)
        if subalign:
            self.aligns.update(dict.fromkeys(sids, subalign))
        if sids and _counts(section):
            self.printed = self.here

    def _gap(self, size: int, cause: SectionId | n.SectionStatement) -> None:
        super()._gap(size, cause)
        if size:
            self.printed = self.here + size

    def _data(self, section: PlacedSection, node: n.Data) -> None:
        before, value = self.here, self._worth(node.value)
        super()._data(section, node)
        self.printed = self.here
        self.notes[id(node)] = Note(before, self.here - before, value)

    def _worth(self, expr: n.Expr) -> int | None:
        """The value of an expression where GNU ld's map would compute it."""
        here, shown = self.here, self.shown
        if self.dialect.arithmetic_on_offsets:
            self.here = self.shown = self.printed
        try:
            return evaluate(expr, self).absolute()
        except Unknown:
            return None
        finally:
            self.here, self.shown = here, shown


def _counts(section: PlacedSection) -> bool:
    """Orphans that are not loaded are printed behind everything else."""
    return section.plan.node is not None or section.plan.alloc


def _right_side(node: n.Assignment) -> n.Expr:
    if node.op == "=":
        return node.value
    return n.Binary(node.op[:-1], n.Name(node.name), node.value)


def take_notes(result: LinkResult) -> NotingWalk:
    """What every statement of the script came to."""
    walk = NotingWalk(result)
    walk.run()
    return walk


SHOWN: tuple[type, ...] = (n.OutputSection, n.Assignment, n.Assert)


def top_level(result: LinkResult, kinds: tuple[type, ...] = SHOWN) -> Iterator[object]:
    """What stands in the script, at top level or in SECTIONS, as far as a map shows it."""
    for command in result.script.commands:
        if isinstance(command, n.SectionsCommand):
            yield from (i for i in command.items if isinstance(i, kinds))
        elif isinstance(command, kinds):
            yield command


def beings(result: LinkResult) -> frozenset[int]:
    """Indices of the output sections GNU ld made at all, even if one is dropped in the end: those
    with an input section or a statement, or in an ADDR() or LOADADDR()."""
    addressed: set[str] = set()
    for item in top_level(result):
        for node in item.statements if isinstance(item, n.OutputSection) else (item,):
            addressed |= sections_addressed(node)
    return frozenset(
        plan.index
        for plan in result.plan.sections
        if plan.name in addressed
        or any(item.sections if isinstance(item, Claim) else True for item in plan.items)
    )
