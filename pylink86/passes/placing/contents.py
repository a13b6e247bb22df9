"""What stands inside the braces of an output section: input sections, data, fills and gaps.

Each statement puts pieces down one behind the other; the pieces tile the section without hole or
overlap, and what alignment and `. =` leave open is a piece of fill."""

from __future__ import annotations

from collections.abc import Sequence

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claim, SectionId
from ..ordering.order import OutputPlan
from ..ordering.orphans import EVERYTHING
from ..placement import DATA, FILLER, INPUT, Piece, PlacedSection
from .assign import Assigner
from .fill import ZEROS, Pattern, default_pattern, literal_pattern, word_pattern
from .locate import Run

DATA_SIZE = {"BYTE": 1, "SHORT": 2, "LONG": 4, "QUAD": 8, "SQUAD": 8}


class Filler(Assigner):
    """An Assigner that lays out the contents of one output section after another."""

    def _contents(self, section: PlacedSection, node: n.OutputSection | None) -> None:
        """Walk the statements inside the braces."""
        subalign = None
        if node is not None and node.subalign is not None:
            subalign = self.alignment(node.subalign)
        if section.plan.dropped and not self.marking and not section.advanced:
            subalign = 1  # GNU ld sets it down no more: its empty inputs are at its start
        self.gap_start = 0
        before: object = None
        for item in section.plan.items:
            if isinstance(item, Claim):
                asked = subalign
                if item.node is EVERYTHING:
                    asked = None if self.dialect.subalign_sets_section_alignment else subalign
                    self._forget_gap(section, before, item.sections, asked)
                self._inputs(section, item.sections, asked)
            elif isinstance(item, n.Assignment):
                self.assign(item)
            elif isinstance(item, n.Data):
                self._data(section, item)
            elif isinstance(item, n.Text):
                self._text(section, item)
            elif isinstance(item, n.Fill):
                if not self.dialect.fill_statement_is_for_all:
                    section.pattern = self._fill(item)
            elif isinstance(item, n.Assert):
                self.check(item)
            before = item

    def _inputs(
        self, section: PlacedSection, sids: Sequence[SectionId], subalign: int | None
    ) -> None:
        """Set input sections down one after another.

        A layout is walked up to ten times, mostly with the same result, so what a walk did with a
        statement's sections is kept for the next one."""
        where = self.addresses
        vma = section.vma
        begin = (subalign, self.here - vma, section.pattern, self.gap_start)
        run = where.runs.get(id(sids))
        same = run is not None and run.sids is sids and run.begin == begin
        if run is None or not same or (vma - run.vma) % run.align:
            run = where.runs[id(sids)] = self._set_down(section, sids, subalign, begin)
        where.waiting.append((len(self.placed) - 1, run))
        section.pieces += run.pieces
        self.here, self.gap_start = vma + run.size, run.gap_start

    def _set_down(
        self,
        section: PlacedSection,
        sids: Sequence[SectionId],
        subalign: int | None,
        begin: tuple[object, ...],
    ) -> Run:
        """The pieces of one statement's input sections, and where `.` is behind them."""
        where, vma = self.addresses, section.vma
        placed = [sid for sid in sids if sid not in where.empty] if where.empty else sids
        sizes, aligns = where.size, where.align
        others, section.pieces = section.pieces, []
        pieces, offsets = section.pieces, []
        dot = self.here
        new_piece = tuple.__new__  # a third of what calling Piece costs, 100,000 times
        for sid in placed:
            align = subalign or aligns[sid]
            start = (dot + align - 1) & -align
            if start != dot:
                self.here = dot
                self._gap(start - dot, sid)
            offsets.append(start - vma)
            size = sizes[sid]
            dot = start + size
            if size:
                pieces.append(new_piece(Piece, (start - vma, size, INPUT, sid, b"", 0)))
            self.gap_start = dot - vma
        section.pieces = others
        most = subalign or max(map(aligns.__getitem__, placed), default=1)
        return Run(sids, begin, vma, most, placed, offsets, pieces, dot - vma, self.gap_start)

    def _forget_gap(
        self,
        section: PlacedSection,
        before: object,
        sids: Sequence[SectionId],
        subalign: int | None,
    ) -> None:
        """GNU ld keeps one gap before an orphan: that of a `. =` right before the orphan's
        alignment is left zero."""
        if self.dialect.fill_runs_on or not section.pieces or not sids:
            return
        last = section.pieces[-1]
        unaligned = self.here % (subalign or self.addresses.align[sids[0]])
        if last.kind == FILLER and last.origin is before and unaligned:
            section.pieces[-1] = last._replace(content=ZEROS, phase=0)

    def _data(self, section: PlacedSection, node: n.Data) -> None:
        """BYTE SHORT LONG QUAD SQUAD: the value, little endian, at `.` without alignment
        (3.6.5)."""
        size = DATA_SIZE[node.kind]
        if self.dialect.data_is_outside:
            before, self.current, self.shown = self.shown, None, self.here
            self.outside_of = section
            value = self.number(node.value)
            self.current, self.shown, self.outside_of = section, before, None
        else:
            self.in_data = self.dialect.data_sees_last_values
            found = self.value(node.value)
            value = 0 if found is None else found.absolute()
            if found is not None and not self.dialect.sections_have_addresses:
                value = found.number
            self.in_data = False
        self._put(section, node, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def _text(self, section: PlacedSection, node: n.Text) -> None:
        """ASCIZ: the text and a zero byte; ASCII (n): so many bytes of it, zeros behind it."""
        if node.size is None:
            self._put(section, node, node.value + b"\0" * (node.kind == "ASCIZ"))
            return
        size = self.number(node.size)
        self._put(section, node, node.value[:size])
        rest = size - len(node.value)
        if rest > 0:
            sec_off = self.here - section.vma
            section.pieces.append(Piece(sec_off, rest, FILLER, node, ZEROS))
            self.here += rest

    def _put(self, section: PlacedSection, node: n.SectionStatement, content: bytes) -> None:
        section.pieces.append(Piece(self.here - section.vma, len(content), DATA, node, content))
        self.here += len(content)

    def _pattern(self, plan: OutputPlan) -> Pattern:
        node = plan.node
        default = default_pattern(
            bool(plan.flags & c.SHF_EXECINSTR), self.addresses.machine, self.dialect
        )
        if node is None:
            return default
        fill = node.fill
        if fill is None and self.dialect.fill_statement_is_for_all:
            fills = [s for s in node.statements if isinstance(s, n.Fill)]
            fill = fills[-1] if fills else None
        return default if fill is None else self._fill(fill)

    def _fill(self, node: n.Fill) -> Pattern:
        if self.dialect.hex_fill_is_pattern and (literal := literal_pattern(node.value)):
            return literal
        value = self.number(node.value)
        if value > 0xFFFFFFFF and not self.dialect.hex_fill_is_pattern:
            self.diags.error(
                "fill-too-wide",
                f"filler expression result does not fit 32-bit: {value:#x}",
                span=node.span,
                help=["a fill is a number of 32 bits here; write the pattern with LONG() instead"],
            )
        return word_pattern(value)
