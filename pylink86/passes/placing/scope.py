"""What a script's expressions see while the walk goes on: `.`, symbols, sections, regions.

A name may be known from this walk, only from the walk before (a forward reference), or not at all.
Every answer taken from the walk before is remembered, because it means another walk is needed.
"""

from __future__ import annotations

import attrs

from ... import elf_const as c
from ...diag import Diagnostics, fail
from ...dialect import Dialect
from ...script import nodes as n
from ...script.evaluate import evaluate
from ...script.values import ABSOLUTE, Unknown, Value
from ..ordering.order import OutputPlan, Plan
from ..ordering.orphans import Dropped
from ..placement import FIRST_OF_ALL, Asserted, PlacedSection, Placement
from ..reading.scripts import ScriptFile
from .data_segment import DataSegment, Stacked, begin_data, end_data, end_relro
from .locate import Addresses
from .regions import Regions

ADDRESS_MASK = (1 << 64) - 1

NOTHING = OutputPlan(-1, "", None, (), c.SHT_NULL, 0, 1)
"""The plan of an output section that was dropped: it has no contents."""

NOWHERE = PlacedSection(NOTHING)
"""GNU ld: the output section of a condition that fails, while its statements are evaluated: numbers
and `.` count from it, and symbols worth such a value are nowhere."""

BEFORE_ALL = PlacedSection(attrs.evolve(NOTHING, index=FIRST_OF_ALL))
"""What `.` belongs to in LLD's dialect before any output section: symbols with such a value are
shown in the first section there is."""


class Scope:
    """The state of a walk as expressions see it: the `env` of every `evaluate`.

    here: the location counter, an absolute address.  shown: what an expression reads as `.`; it
    differs from here only in GNU ld's dialect, after an empty output section whose address moved
    the pen.  free: where an output section without an address starts in GNU ld's dialect: where the
    last one with contents ended, or where `.` was at the last assignment.  current: the
    output section being laid out; outside_of: the same while an expression in it is reckoned as if
    it stood outside."""

    marking = False
    """Nothing is left out yet: in GNU ld's first walk."""
    hands_on_distance = True
    """AT() moves the sections behind, too."""

    def __init__(
        self,
        plan: Plan,
        script: ScriptFile,
        addresses: Addresses,
        dialect: Dialect,
        before: Placement | None,
        diags: Diagnostics,
        flat: bool = False,
    ) -> None:
        self.plan, self.script, self.addresses = plan, script, addresses
        self.dialect, self.before, self.diags = dialect, before, diags
        self.flat = flat
        """The output is a raw image."""
        self.here = self.shown = self.free = 0
        self.current: PlacedSection | None = None
        self.outside_of: PlacedSection | None = None
        self.looked_ahead = False
        """An expression asked for what stands further down."""
        self.is_weighing = False
        """DATA_SEGMENT_ALIGN() was met, which weighs what the walk before found."""
        self.placed: list[PlacedSection] = []
        self.symbols: dict[str, Value] = {}
        self.hidden: set[str] = set()
        self.asserted: list[Asserted] = []
        self.regions = Regions()
        self.empty: dict[str, PlacedSection] = {}
        self.gap_start = 0
        self.ahead: dict[str, Value] = {}
        self.data_segment = DataSegment()
        self.kept_distance: dict[str, PlacedSection] = {}
        self.seen_from: dict[str, int] = {}
        self.lma_state: tuple[int, str, str] = (0, "", "")
        self.assigning = ""
        """The symbol whose assignment is being evaluated."""
        self.advanced = frozenset[int]() if before is None else before.advanced
        """See Placement."""
        self.in_data = False
        """A data statement is, and sees the values that symbols have in the end."""
        self.missing: set[str] = set()
        self.in_header = False
        """What stands before the braces of an output section is (see value_in_header)."""

    @property
    def sane_expr(self) -> bool:
        return self.plan.sane_expr

    def dot(self) -> Value:
        if self.current is NOWHERE:
            return Value(self.shown, NOWHERE)
        if self.current is not None:
            return Value(self.here - self.current.vma, self.current)
        if self.dialect.arithmetic_on_offsets:
            return Value(self.shown, ABSOLUTE)
        if not self.placed:
            return Value(self.shown, BEFORE_ALL)
        last = self.placed[-1]
        return Value((self.shown - last.vma) & ADDRESS_MASK, last)

    def symbol(self, name: str) -> Value | None:
        value = self.symbols.get(name)
        if self.in_data and name in self.plan.assigned:
            self.looked_ahead = True
            if self.before is not None:
                value = self.before.symbols.get(name, value)
        if value is not None:
            return value
        if name in self.plan.assigned:
            if self.before is not None and name in self.before.symbols:
                self.looked_ahead = True
                return self.before.ahead.get(name) or self.before.symbols[name]
            if self.before is None and self.dialect.assigned_hide_objects:
                self.looked_ahead = True
                return Value(0, ABSOLUTE)
            if name not in self.addresses.resolution.definer:
                return self._in_a_circle(name)
        return self._object_symbol(name)

    def _in_a_circle(self, name: str) -> Value | None:
        """`a = b; b = a;`: what only names itself, round some corners, is 0 in both linkers."""
        if self.before is None or name == self.assigning:
            return None
        self.looked_ahead = True
        return Value(0, ABSOLUTE)

    def _object_symbol(self, name: str) -> Value | None:
        where = self.addresses.resolution.definer.get(name)
        if where is None:
            return None
        found = self.addresses.of_symbol(*where)
        if found is not None and not isinstance(found, int):
            index, offset = found
            return Value(offset, self.placed[index])
        if found is None and self.before is not None:
            self.looked_ahead = True
            found = self.before.addresses.of_symbol(*where)
            if found is not None and not isinstance(found, int):
                index, offset = found
                return Value(offset, self.before.sections[index])
        return None if found is None else Value(found, ABSOLUTE)

    def is_defined(self, name: str) -> bool:
        if name in self.symbols or name in self.addresses.resolution.definer:
            return True
        return (
            self.dialect.defined_looks_ahead
            and self.before is not None
            and name in self.before.symbols
        )

    def section(self, name: str) -> PlacedSection | None:
        meant = self.plan.find(name)
        if meant is None:
            found = self.empty.get(name) or self._empty_ahead(name)
            if found is None and self.in_header:
                self._warn_of_missing(name)
            return found
        if meant.index < len(self.placed):
            section = self.placed[meant.index]
            if section is self.current or section is self.outside_of:
                self._look_ahead_in(section)
            return section
        self.looked_ahead = True
        return self.before.sections[meant.index] if self.before is not None else None

    def _warn_of_missing(self, name: str) -> None:
        if name in self.missing:
            return
        self.missing.add(name)
        self.diags.warn(
            "unknown-section",
            f"there is no output section `{name}': its size counts as 0 here",
            help=["GNU ld takes 0 without a word before the braces of an output section"],
        )

    def _look_ahead_in(self, section: PlacedSection) -> None:
        """SIZEOF and LOADADDR of the section being placed: what they were in the walk before, or
        what stands in it so far."""
        self.looked_ahead = True
        section.size = self.here - section.vma
        if self.before is not None and not self.dialect.walks_once:
            before = self.before.sections[len(self.placed) - 1]
            section.lma = before.lma
            grows = self.dialect.size_grows and section is self.current and not self.in_data
            if not grows:
                section.size = before.size

    def _empty_ahead(self, name: str) -> PlacedSection | None:
        for command in self.plan.commands:
            if isinstance(command, Dropped) and command.node.name == name and not command.absent:
                return PlacedSection(NOTHING)
        return None

    def region(self, name: str) -> tuple[int, int] | None:
        region = self.regions.get(name)
        return None if region is None else (region.origin, region.length)

    def constant(self, name: str) -> int | None:
        sizes = self.plan.sizes
        return {"MAXPAGESIZE": sizes.max_page, "COMMONPAGESIZE": sizes.common_page}.get(name)

    @property
    def missing_is_empty(self) -> bool:
        return self.in_header or self.dialect.unknown_section_has_size_0

    def segment_start(self, name: str) -> int | None:
        return dict(self.plan.sizes.segment_starts).get(name)

    def sizeof_headers(self) -> int | None:
        return self.plan.sizes.headers

    @property
    def _relro(self) -> bool:
        return self.plan.sizes.relro and self.plan.holds_relro

    def data_segment_align(self, maxpage: int, commonpage: int) -> int:
        """GNU ld decides where the data begins when it has set everything down; LLD goes on to the
        next page."""
        if not self.dialect.data_segment_moves:
            self.data_segment.base = -(-self.here // maxpage) * maxpage if maxpage else self.here
            return self.data_segment.base
        self.is_weighing = True
        before = DataSegment() if self.before is None else self.before.data_segment
        self.data_segment = begin_data(self.here, maxpage, commonpage, self._relro, before)
        return self.data_segment.base

    def data_segment_relro_end(self, offset: int, address: int) -> int:
        """The same for the end of what is read-only once the program has started."""
        data = self.data_segment
        if not self.dialect.data_segment_moves:
            page = self.plan.sizes.max_page
            return -(-address // page) * page
        if not self._relro:
            data.relro_span = 0
            return address
        held = [
            Stacked(0 if _is_tbss(s.plan) else s.size, s.align)
            for s in self.placed
            if data.base <= s.vma < address and s.plan.alloc and not s.plan.dropped
        ]
        return end_relro(data, offset, address, held)

    def data_segment_end(self, address: int) -> int:
        if self.dialect.data_segment_moves:
            end_data(self.data_segment, address + self.here - self.shown)
        return address

    def assertion_failed(self, node: n.AssertExpr) -> None:
        self.asserted.append(Asserted(node, False))

    # Evaluating

    def value(self, expr: n.Expr) -> Value | None:
        """The value of an expression; None when it needs something not known yet (or never)."""
        try:
            return evaluate(expr, self)
        except Unknown as missing:
            self.looked_ahead = True
            if self.before is not None:
                self._unknown(missing)
            return None

    def number(self, expr: n.Expr, default: int = 0) -> int:
        """The value as an absolute number."""
        value = self.value(expr)
        return default if value is None else value.absolute() & ADDRESS_MASK

    def value_in_header(self, expr: n.Expr) -> Value | None:
        """The value of an expression before the braces of an output section, where GNU ld asks for
        sizes while it is still finding them: what is not there has none."""
        self.in_header = self.dialect.tables_like_gnu
        value = self.value(expr)
        self.in_header = False
        return value

    def alignment(self, expr: n.Expr) -> int:
        """The number of ALIGN() or SUBALIGN(): 0 is 1, and what is no power of two is raised to the
        next (GNU ld, observed with 3, 5, 6) or refused (bad-alignment)."""
        value = self.value_in_header(expr)
        align = (1 if value is None else value.absolute() & ADDRESS_MASK) or 1
        if align & (align - 1) == 0:
            return align
        if not self.dialect.align_any_number:
            raise fail(
                "bad-alignment",
                f"alignment must be power of 2, not {align:#x}",
                span=getattr(expr, "span", None),
            )
        return 1 << align.bit_length()

    def _unknown(self, missing: Unknown) -> None:
        self.diags.extend(missing.diagnostics)


def _is_tbss(plan: OutputPlan) -> bool:
    """Whether an output section takes nothing, because it is only copied from."""
    return bool(plan.flags & c.SHF_TLS) and plan.type == c.SHT_NOBITS
