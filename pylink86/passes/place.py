"""The numbers: an address for every output section, an offset for every input section.

The location counter `.` walks through the SECTIONS commands like a pen.  Each output section starts
where `.` is (or where the script says), each input section is set down at its alignment, each gap
is filled.  A script may ask for things that are only known later in the walk (SIZEOF of a later
section, a symbol defined further down), so the walk is repeated, each time with what the one before
found, until nothing moves.  Without such a forward reference one walk is all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from .. import elf_const as c
from ..diag import Diagnostics, fail
from ..dialect import Dialect
from ..script import nodes as n
from ..script.evaluate import assigned, dot_after, evaluate, holds
from ..script.values import Unknown
from .fill import ZEROS, Pattern, default_pattern, literal_pattern, word_pattern
from .largest import largest_inputs, largest_symbols
from .locate import Addresses
from .match import Claim, SectionId
from .order import OutputPlan, Plan
from .orphans import EVERYTHING, Dropped
from .placement import DATA, FILLER, INPUT, Asserted, Piece, PlacedSection, Placement
from .regions import Regions, find_region
from .scope import ADDRESS_MASK, NOTHING, Scope
from .scripts import ScriptFile
from .versions import version_locals

MAX_WALKS = 64
SIGNATURE_AT = 510
ORDERINGS = frozenset(("==", "!=", "<", "<=", ">", ">="))

DATA_SIZE = {"BYTE": 1, "SHORT": 2, "LONG": 4, "QUAD": 8, "SQUAD": 8}


def settle_addresses(
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    dialect: Dialect,
    diags: Diagnostics,
    flat: bool = False,
) -> Placement:
    """Walk until a walk finds what the one before found; the first walk is enough without forward
    references.

    flat: the output is a raw image, where LLD has no load addresses.
    Reports what the last walk met (dot-moved-backwards, undefined-symbol ...), and
    layout-does-not-settle when it goes on moving.  Source: GNU ld manual 3.10.5; repeating is ours.
    """
    before: Placement | None = None
    for _ in range(MAX_WALKS):
        found = Diagnostics()
        walk = Walk(plan, script, addresses.fresh(), dialect, before, found, flat=flat)
        placed = walk.run()
        if not walk.looked_ahead or (before is not None and _same(before, placed)):
            diags.extend(found)
            diags.stop_on_errors()
            return placed
        before, last = placed, before
    moving = _first_difference(last, placed)
    raise fail(
        "layout-does-not-settle",
        f"the layout does not settle: {moving} changes every time it is computed",
        notes=[f"{MAX_WALKS} walks over the script were tried"],
        help=["an address depends on itself through a forward reference; break the circle"],
    )


def _same(a: Placement, b: Placement) -> bool:
    return _numbers(a) == _numbers(b)


def _numbers(placed: Placement) -> tuple[object, ...]:
    return (
        [(s.vma, s.lma, s.size) for s in placed.sections],
        {name: value.absolute() for name, value in placed.symbols.items()},
        placed.end,
        placed.data_segment.relro_span,
        placed.data_segment.span,
    )


def _first_difference(a: Placement | None, b: Placement) -> str:
    if a is not None:
        for one, two in zip(a.sections, b.sections):
            if (one.vma, one.lma, one.size) != (two.vma, two.lma, two.size):
                return f"section `{two.name}'"
        for name, value in b.symbols.items():
            old = a.symbols.get(name)
            if old is None or old.absolute() != value.absolute():
                return f"symbol `{name}'"
    return "the location counter"


class Walk(Scope):
    """The pen: a Scope that goes through the plan's commands and moves."""

    def run(self) -> Placement:
        self.regions = Regions.of(self.script, self)
        for command in self.plan.commands:
            if isinstance(command, n.Assignment):
                self.assign(command)
                self.free = self.here
            elif isinstance(command, n.Assert):
                self.check(command)
                self.free = self.here
            elif isinstance(command, Dropped):
                self._pass_over(command)
            else:
                self._place(command)
        return Placement(
            tuple(self.placed),
            self.addresses,
            self.symbols,
            frozenset(self.hidden),
            tuple(self.asserted),
            self.regions,
            self.here,
            self.plan.commands,
            self.ahead,
            self.seen_from,
            version_locals(self.script, self.dialect),
            self.data_segment,
        )

    # Statements

    def assign(self, node: n.Assignment) -> None:
        """`name = expr` and `. = expr` (GNU ld manual 3.5, 3.10.5)."""
        if node.name == ".":
            self._move_dot(node)
            return
        if node.provide and (node.name not in self.plan.wanted or node.name in self.symbols):
            return
        value = self.value(_assigned(node))
        if value is None:
            return
        if self.current is None and self.shown != self.here:
            shown, self.shown = self.shown, self.here
            seen_from_before = self.value(_assigned(node))
            self.shown = shown
            if seen_from_before is not None:
                self.ahead[node.name] = assigned(seen_from_before, self)
        self.symbols[node.name] = assigned(value, self)
        if self.placed:
            self.seen_from[node.name] = len(self.placed) - 1
        if node.hidden:
            self.hidden.add(node.name)

    def _move_dot(self, node: n.Assignment) -> None:
        target = self._target(node)
        if target is None:
            return
        if self.current is None:
            shown = target
            if self.shown != self.here:
                self.shown = self.here
                target = self._target(node)
            self.here, self.shown = shown if target is None else target, shown
        elif target < self.here:
            self._backwards(node, target)
        else:
            self._gap(target - self.here, node)
            self.here = target

    def _target(self, node: n.Assignment) -> int | None:
        value = self.value(_assigned(node))
        return None if value is None else dot_after(value, self)

    def _backwards(self, node: n.Assignment, target: int) -> None:
        assert self.current is not None
        section, by = self.current, self.here - target
        inputs = largest_inputs(section, self.addresses)
        symbols = largest_symbols(section, self.addresses, 0, self.here - section.vma)
        self.diags.error(
            "dot-moved-backwards",
            f"cannot move location counter backwards (from {self.here:x} to {target:x})",
            span=node.span,
            label=f"{by} bytes ({by:#x}) too much stands before this point"
            if target >= section.vma
            else f"`.' is {self.here:#x} here",
            notes=[
                *([f"largest inputs before it: {inputs}"] if inputs else []),
                *([f"largest symbols before it: {symbols}"] if symbols else []),
            ],
            help=[_way_forward(section.vma, target, by)],
        )

    def _sides(self, condition: n.Expr) -> tuple[int, int] | None:
        """What the two sides of a comparison are worth, for the message of an ASSERT."""
        if not isinstance(condition, n.Binary) or condition.op not in ORDERINGS:
            return None
        left = evaluate(condition.left, self).absolute()
        return left, evaluate(condition.right, self).absolute()

    def check(self, node: n.Assert) -> None:
        """ASSERT: remembered with its value here, judged when the layout is settled."""
        try:
            self.asserted.append(
                Asserted(node, holds(node.condition, self), self._sides(node.condition))
            )
        except Unknown as missing:
            self.looked_ahead = True
            if self.before is not None:
                self._unknown(missing)

    # Output sections

    def _pass_over(self, command: Dropped) -> None:
        """An empty output section that leaves no trace: LLD does not even look at its address."""
        self.empty[command.node.name] = PlacedSection(NOTHING, self.here, self.here)

    def _place(self, plan: OutputPlan) -> None:
        """Set one output section down: address, contents, size, load address."""
        section = PlacedSection(plan)
        node = plan.node
        before_dot, before_shown, self.shown = self.here, self.shown, self.here
        if not plan.alloc and (node is None or not self.dialect.nonalloc_moves_dot):
            self.here = 0
        elif self._follows_tbss(plan):
            self.here = self.placed[-1].vma + self.placed[-1].size
        region = find_region(self.regions, plan, self, section)
        if node is None or node.address is None:
            if region is not None:
                self.here = region.current
            elif self.dialect.empty_section_moves_dot and (plan.alloc or node is not None):
                self.here = self.free
        explicit = False
        in_memory = plan.alloc or self.dialect.nonalloc_moves_dot
        if node is not None and node.address is not None and in_memory:
            value = self.value(node.address)
            if value is not None:
                self.here = value.absolute() & ADDRESS_MASK
            explicit = True
        wanted = self.here
        if plan.dropped and explicit:
            before_dot = wanted
        self.here = self._aligned(section, explicit)
        section.vma = section.lma = self.here
        section.pattern = self._pattern(plan)
        self.placed.append(section)
        self.current = section
        self._contents(section, node)
        section.size = self.here - section.vma
        section.lma = section.vma
        self.current = None
        self._load_address(section, section.vma - wanted)
        self._keep_distance(section)
        if plan.dropped and section.size:
            # Padding before an empty input: from an address that is not aligned as the input is.
            section.plan = plan = attrs.evolve(plan, dropped=False)
        if plan.dropped:
            self.here, self.shown = before_dot, before_shown
        else:
            self._leave(section, before_dot, 0 if explicit else section.vma - wanted)

    def _follows_tbss(self, plan: OutputPlan) -> bool:
        """LLD: .tbss takes no room, but a second one begins where the first would end."""
        if self.dialect.tables_like_gnu or not self.placed:
            return False
        last = self.placed[-1].plan
        return all(p.type == c.SHT_NOBITS and p.flags & c.SHF_TLS for p in (plan, last))

    def _aligned(self, section: PlacedSection, explicit: bool) -> int:
        """Where the section starts: `.` raised to the alignment its inputs or ALIGN() ask for.

        An explicit address is taken as it is (ALIGN() still counts in GNU ld's dialect).
        """
        node = section.plan.node
        align = section.plan.align
        if node is not None and node.subalign is not None:
            if self.dialect.subalign_sets_section_alignment:
                align = max(self._input_aligns(section.plan, self._alignment(node.subalign)))
            elif next(section.plan.sections(), None) is not None:
                align = max(align, self._alignment(node.subalign))
        asked = 1
        if node is not None and node.align is not None:
            asked = self._alignment(node.align)
        section.align = max(align, asked)
        if explicit:
            align = asked if self.dialect.align_moves_explicit_address else 1
        else:
            align = section.align
        return (self.here + align - 1) & -align

    def _input_aligns(self, plan: OutputPlan, subalign: int) -> Iterator[int]:
        """LLD: SUBALIGN is for the inputs the script names; an orphan keeps its own alignment."""
        yield subalign if plan.took_tables else 1
        for item in plan.items:
            if isinstance(item, Claim) and item.sections:
                if item.node is EVERYTHING:
                    yield from (self.addresses.align[sid] for sid in item.sections)
                else:
                    yield subalign

    def _alignment(self, expr: n.Expr) -> int:
        """The number of ALIGN() or SUBALIGN(): 0 is 1, and what is no power of two is raised to the
        next (GNU ld, observed with 3, 5, 6) or refused (bad-alignment)."""
        align = self.number(expr, 1) or 1
        if align & (align - 1) == 0:
            return align
        if not self.dialect.align_any_number:
            raise fail(
                "bad-alignment",
                f"alignment must be power of 2, not {align:#x}",
                span=getattr(expr, "span", None),
            )
        return 1 << align.bit_length()

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

    def _contents(self, section: PlacedSection, node: n.OutputSection | None) -> None:
        """Walk the statements inside the braces."""
        subalign = None
        if node is not None and node.subalign is not None:
            subalign = self._alignment(node.subalign)
        self.gap_start = 0
        before: object = None
        for item in section.plan.items:
            if isinstance(item, Claim):
                orphan = item.node is EVERYTHING and self.dialect.subalign_sets_section_alignment
                if item.node is EVERYTHING:
                    self._forget_gap(section, before, item.sections)
                self._inputs(section, item.sections, None if orphan else subalign)
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
        """Set input sections down one after another: the hot loop of placing (0.4 us a section)."""
        where = self.addresses
        sizes, aligns, offset, owner = where.size, where.align, where.offset, where.owner
        pieces, vma, index = section.pieces, section.vma, len(self.placed) - 1
        dot = self.here
        for sid in sids:
            align = subalign or aligns[sid]
            start = (dot + align - 1) & -align
            if start != dot:
                self.here = dot
                self._gap(start - dot, sid)
            offset[sid] = start - vma
            owner[sid] = index
            size = sizes[sid]
            dot = start + size
            if size:
                pieces.append(Piece(start - vma, size, INPUT, sid))
            self.gap_start = dot - vma
        self.here = dot

    def _forget_gap(
        self, section: PlacedSection, before: object, sids: Sequence[SectionId]
    ) -> None:
        """GNU ld keeps one gap before an orphan: that of a `. =` right before the orphan's
        alignment is left zero."""
        if self.dialect.fill_runs_on or not section.pieces or not sids:
            return
        last = section.pieces[-1]
        unaligned = self.here % self.addresses.align[sids[0]]
        if last.kind == FILLER and last.origin is before and unaligned:
            section.pieces[-1] = last._replace(content=ZEROS, phase=0)

    def _gap(self, size: int, cause: SectionId | n.SectionStatement) -> None:
        """Note a gap of `size` bytes at `.` (which the caller then moves)."""
        section = self.current
        if section is None or not size:
            return
        sec_off = self.here - section.vma
        pattern = section.pattern
        phase = 0
        if self.dialect.fill_runs_on and isinstance(pattern, bytes):
            phase = (sec_off - self.gap_start) % len(pattern)
        section.pieces.append(Piece(sec_off, size, FILLER, cause, pattern, phase))

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
            value = self.number(node.value)
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

    def _load_address(self, section: PlacedSection, step: int) -> None:
        """LMA: AT(), AT>, or the same distance from the VMA as the section before (3.6.8.2)."""
        node = section.plan.node
        if not self.dialect.lma_counts:
            self._load_address_like_lld(section)
            return
        if node is not None and node.at is not None:
            keep, self.here, self.shown = (self.here, self.shown), 0, 0
            section.lma = self.number(node.at)
            self.here, self.shown = keep
            return
        lma_region = self.regions.lma_region(section, self.placed)
        if lma_region is not None:
            section.lma_region = lma_region.name
            section.lma = lma_region.current
            if node is not None and node.align_with_input:
                section.lma += step
            elif node is not None and node.align is not None:
                section.lma = align_up(section.lma, self.number(node.align, 1) or 1)
            return
        previous = self.kept_distance.get(section.region)
        if previous is not None and section.plan.alloc:
            if section.size and section.vma + section.size <= previous.vma:
                if previous.vma != previous.lma:
                    self._moved_backwards(section)
                return
            section.lma = section.vma + previous.lma - previous.vma
            align = section.align
            if node is not None and node.address is not None:
                align = 1 if node.align is None else self._alignment(node.align)
            section.lma = align_up(section.lma, align)

    def _load_address_like_lld(self, section: PlacedSection) -> None:
        """AT(), AT>, or the distance of the section before, when that is in the same region and was
        not sent to a load region; raw images do not count it."""
        node = section.plan.node
        before, before_region, before_lma = self.lma_state
        section.lma_region = node.lma_region if node is not None else ""
        load_region = self.regions.get(section.lma_region)
        distance = before
        if node is not None and node.at is not None:
            keep, self.here, self.shown = (self.here, self.shown), section.vma, section.vma
            distance = self.number(node.at) - section.vma
            self.here, self.shown = keep
        elif load_region is not None:
            distance = align_up(load_region.current, section.align) - section.vma
        elif section.region != before_region or before_lma:
            distance = 0
        if self.flat or not section.plan.alloc:
            distance = 0
        section.lma = (section.vma + distance) & ADDRESS_MASK
        self.lma_state = (distance, section.region, section.lma_region)

    def _keep_distance(self, section: PlacedSection) -> None:
        """Remember the section whose distance from VMA to LMA the next one in its region keeps: the
        last that has contents, or did not move backwards, and was not sent to a load region."""
        if not has_being(section) or section.lma_region:
            return
        last = self.kept_distance.get(section.region)
        if last is None:
            follow = bool(section.size) or section.vma != section.lma
        else:
            follow = bool(section.size) or section.vma >= last.vma
        if follow:
            self.kept_distance[section.region] = section

    def _moved_backwards(self, section: PlacedSection) -> None:
        self.diags.warn(
            "lma-follows-vma",
            f"dot moved backwards before `{section.name}'",
            span=section.plan.node.name_span if section.plan.node is not None else None,
            notes=[
                f"the section before it is loaded elsewhere than it runs (AT); `{section.name}' "
                f"starts at a lower address and is loaded where it runs, at {section.vma:#x}"
            ],
            help=[f"say where `{section.name}' is loaded: AT(...)"],
        )

    def _leave(self, section: PlacedSection, before_dot: int, step: int) -> None:
        """Where `.` is after a section, and how far its regions are used.

        step: bytes its start was moved up to be aligned."""
        plan = section.plan
        stays = plan.node is None or not self.dialect.nonalloc_moves_dot
        if not plan.moves_dot or (not plan.alloc and stays):
            self.here = before_dot
            return
        if plan.flags & c.SHF_TLS and plan.type == c.SHT_NOBITS:
            self.here = before_dot
        self.shown = self.here
        if has_being(section) and not section.region:
            self.free = self.here
        self.regions.used(section, self.dialect, step, has_being(section))


def has_being(section: PlacedSection) -> bool:
    """Whether GNU ld takes it for a section in memory: one that only symbols stand in is not."""
    plan = section.plan
    return plan.alloc and (
        bool(section.size) or any(isinstance(i, Claim) and i.sections for i in plan.items)
    )


def align_up(address: int, alignment: int) -> int:
    return (address + alignment - 1) & -alignment


def _assigned(node: n.Assignment) -> n.Expr:
    """`a += b` as `a = a + b`."""
    if node.op == "=":
        return node.value
    return n.Binary(node.op[:-1], n.Name(node.name, node.span), node.value, node.span)


def _way_forward(vma: int, target: int, by: int) -> str:
    """What to do about a `.` that would go back, by what the place looks like."""
    if target < vma:
        return (
            f"`.' is an address here (LLD's dialect), and the section starts at {vma:#x}: write "
            f". = {vma:#x} + {target:#x}"
        )
    if target - vma == SIGNATURE_AT:
        return (
            f"make what stands before the signature {by} bytes smaller: move code or data out of "
            "the first sector, into the stage that it loads"
        )
    return f"make what stands before it {by} bytes smaller, or move this address up by {by}"
