"""What placing found out: pieces, placed sections, and the whole of a walk's results.

These are the values later passes read: relocations take addresses from them, the map and the
picture are prints of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import attrs

from ..script import nodes as n
from ..script.values import Value
from .matching.match import SectionId
from .ordering.order import OutputPlan
from .placing.data_segment import DataSegment
from .placing.fill import Pattern
from .placing.locate import Addresses
from .placing.regions import Regions

INPUT, FILLER, DATA = "input", "fill", "data"


class Piece(NamedTuple):
    """A stretch of an output section; pieces tile it without hole or overlap.

    sec_off, size: bytes within the output section.  kind: "input", "fill" or "data".  origin: the
    input section's number, or the statement that caused it, or the number of the input section
    whose alignment did.  content: for data its bytes; for fill its pattern, begun `phase` bytes
    earlier."""

    sec_off: int
    size: int
    kind: str
    origin: SectionId | n.SectionStatement | n.OutputSection
    content: Pattern = b""
    phase: int = 0


class PlacedSection:
    """An output section with its numbers: vma where it runs, lma where it is loaded, size in bytes.

    hint: the region that orphans right behind it go to in LLD.
    advanced: it had a size in an earlier walk, and so is in memory even if it has none."""

    def __init__(
        self,
        plan: OutputPlan,
        vma: int = 0,
        lma: int = 0,
        size: int = 0,
        align: int = 1,
        pieces: list[Piece] | None = None,
        region: str = "",
        lma_region: str = "",
        hint: str = "",
        advanced: bool = False,
        pattern: Pattern = b"\0",
    ) -> None:
        self.plan, self.vma, self.lma, self.size, self.align = plan, vma, lma, size, align
        self.pieces = [] if pieces is None else pieces
        self.region, self.lma_region, self.hint = region, lma_region, hint
        self.advanced, self.pattern = advanced, pattern

    @property
    def name(self) -> str:
        return self.plan.name


FIRST_OF_ALL = -2
"""OutputPlan.index of what stands for whichever output section is the first."""


class Asserted:
    """An ASSERT that was reached, and whether its condition held there; sides: of a comparison,
    what both were worth."""

    def __init__(
        self,
        node: n.Assert | n.AssertExpr,
        holds: bool,
        sides: tuple[int, int] | None = None,
    ) -> None:
        self.node, self.holds, self.sides = node, holds, sides


@attrs.frozen(eq=False, repr=False)
class Placement:
    """What one walk found.

    sections: in walk order.  addresses: where each input section went.  symbols: values of the
    names the script assigns, provided: those that came from PROVIDE.  end: the final `.`.
    commands: what was walked.  ahead: values a forward reference finds where they are not those of
    `symbols` (see Scope.shown).  seen_from: for a symbol the index of the output section it was
    assigned in, or else behind.  data_segment: what DATA_SEGMENT_ALIGN and its company met.
    is_local: tells names that VERSION makes local.  written: names the script assigns, in its
    order.  nowhere: names whose value is of an output section that is not there, because its
    condition fails."""

    sections: tuple[PlacedSection, ...]
    addresses: Addresses
    symbols: dict[str, Value]
    hidden: frozenset[str]
    asserted: tuple[Asserted, ...]
    regions: Regions
    end: int
    commands: tuple[object, ...] = ()
    ahead: dict[str, Value] = attrs.field(factory=dict)
    seen_from: dict[str, int] = attrs.field(factory=dict)
    is_local: Callable[[str], bool] | None = None
    data_segment: DataSegment = attrs.field(factory=DataSegment)
    written: tuple[str, ...] = ()
    nowhere: frozenset[str] = frozenset()
    advanced: frozenset[int] = frozenset()

    def find(self, name: str) -> PlacedSection | None:
        """The first output section of that name."""
        return next((s for s in self.sections if s.plan.name == name), None)
