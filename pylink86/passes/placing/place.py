"""The numbers: an address for every output section, an offset for every input section.

The location counter `.` walks through the SECTIONS commands like a pen.  Each output section starts
where `.` is (or where the script says), each input section is set down at its alignment, each gap
is filled.  How often the walk is made is for `walks` to say."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claim
from ..names.special_names import special_type
from ..names.versions import names_of_inputs, version_locals
from ..ordering.order import OutputPlan
from ..ordering.orphans import EVERYTHING, Dropped
from ..placement import FILLER, PlacedSection, Placement
from .contents import DATA_SIZE, Filler
from .load_address import give_load_address, has_being, keep_distance
from .regions import Regions, find_region
from .scope import ADDRESS_MASK, NOTHING, NOWHERE


class Walk(Filler):
    """The pen: it goes through the plan's commands and moves."""

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
        is_local = version_locals(self.script, self.dialect, self._moves())
        if is_local and self.dialect.tables_like_gnu:
            names = names_of_inputs(self.addresses.resolution)
            self.hidden.update(filter(is_local, (*names, *self.symbols)))
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
            is_local,
            self.data_segment,
            self.plan.written,
            frozenset(name for name, value in self.symbols.items() if value.section is NOWHERE),
            self.advanced,
        )

    def _moves(self) -> bool:
        """Whether the program runs at any address."""
        return self.addresses.tables.moves is not None

    # Output sections

    def _pass_over(self, command: Dropped) -> None:
        """An empty output section that leaves no trace: LLD does not even look at its address."""
        if command.absent:
            self._evaluate(command.node)
            return
        self.empty[command.node.name] = PlacedSection(NOTHING, self.here, self.here)

    def _evaluate(self, node: n.OutputSection) -> None:
        """GNU ld: what stands in an output section whose constraint fails is evaluated, and nothing
        is set down; symbols see data move `.`, up to the next section.  Reports
        bad-dot-assignment."""
        self.current = NOWHERE
        for statement in node.statements:
            if isinstance(statement, n.Assignment) and statement.name == ".":
                self.diags.error(
                    "bad-dot-assignment",
                    "invalid assignment to location counter",
                    span=statement.span,
                    notes=[f"output section `{node.name}' is not there: {node.constraint} fails"],
                    help=["move the location counter between output sections"],
                )
            elif isinstance(statement, n.Assignment):
                self.assign(statement)
            elif isinstance(statement, n.Assert):
                self.check(statement)
            elif isinstance(statement, n.Data):
                self.number(statement.value)
                self.shown += DATA_SIZE[statement.kind]
        self.current = None

    def _place(self, plan: OutputPlan) -> None:
        """Set one output section down: address, contents, size, load address."""
        section = PlacedSection(plan, advanced=plan.index in self.advanced)
        node = plan.node
        before_dot, before_shown, self.shown = self.here, self.shown, self.here
        if not plan.alloc and (node is None or not self.dialect.nonalloc_moves_dot):
            self.here = 0
        elif self._follows_tbss(plan):
            self.here = self.placed[-1].vma + self.placed[-1].size
        region = find_region(self.regions, plan, self, section)
        if node is None or node.address is None:
            if region is not None:
                self.here = self.here if self._is_tbss(plan) else region.current
            elif self.dialect.empty_section_moves_dot and (plan.alloc or node is not None):
                self.here = self.free
        explicit = False
        in_memory = (plan.alloc or self.dialect.nonalloc_moves_dot) and not self._is_tbss(plan)
        if node is not None and node.address is not None and in_memory:
            value = self.value_in_header(node.address)
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
        if self._is_reserved(section):
            section.plan = plan = attrs.evolve(plan, flags=plan.flags | c.SHF_ALLOC)
        section.lma = section.vma
        self.current = None
        give_load_address(self, section, section.vma - wanted)
        keep_distance(self, section, before_dot if plan.dropped else section.vma)
        if self._is_bare(section):
            flags = plan.flags & ~c.SHF_ALLOC
            kind = special_type(section.name) or c.SHT_PROGBITS
            section.plan = plan = attrs.evolve(plan, type=kind, flags=flags)
        if section.advanced and (plan.dropped or plan.only_symbols):
            section.plan = plan = attrs.evolve(plan, dropped=False, only_symbols=False)
        if plan.dropped and not self.marking:
            section.size = 0
            section.pieces.clear()
            self.here, self.shown = before_dot, before_shown
        else:
            self._leave(section, before_dot, 0 if explicit else section.vma - wanted)

    def _is_reserved(self, section: PlacedSection) -> bool:
        """GNU ld: whether a `.` assignment made room in what would not be in memory, which then is,
        bytes and all (observed, raw and ELF); not where the script itself says that it is not."""
        dialect, node = self.dialect, section.plan.node
        if section.plan.alloc or not dialect.nonalloc_moves_dot or dialect.walks_once:
            return False
        if node is None or node.type:
            return False
        room = (piece for piece in section.pieces if piece.kind == FILLER and piece.size)
        has_moved = any(isinstance(piece.origin, n.Assignment) for piece in room)
        return has_moved or section.advanced

    def _is_bare(self, section: PlacedSection) -> bool:
        """GNU ld: nothing but a `. = .` that does not move is in it, and it is not in memory."""
        plan = section.plan
        return (
            self.dialect.tables_like_gnu
            and not (section.size or plan.dropped or plan.only_symbols)
            and not section.advanced
            and plan.type == c.SHT_NOBITS
            and next(plan.sections(), None) is None
            and not (plan.holds_tables and not self.dialect.drops_zero_size)
        )

    def _follows_tbss(self, plan: OutputPlan) -> bool:
        """LLD: .tbss takes no room, but a second one begins where the first would end."""
        return bool(self.placed) and self._is_tbss(plan) and self._is_tbss(self.placed[-1].plan)

    def _is_tbss(self, plan: OutputPlan) -> bool:
        """LLD: thread-local variables without contents lie where `.` is, also when the script
        gives them an address or a memory region."""
        thread_local = bool(plan.flags & c.SHF_TLS) and plan.type == c.SHT_NOBITS
        return thread_local and not self.dialect.tables_like_gnu

    def _aligned(self, section: PlacedSection, explicit: bool) -> int:
        """Where the section starts: `.` raised to the alignment its inputs or ALIGN() ask for.

        An explicit address is taken as it is (ALIGN() still counts in GNU ld's dialect).
        """
        node = section.plan.node
        align = section.plan.align
        if node is not None and node.subalign is not None:
            if self.dialect.subalign_sets_section_alignment:
                align = max(self._input_aligns(section.plan, self.alignment(node.subalign)))
            elif next(section.plan.sections(), None) is not None:
                align = max(align, self.alignment(node.subalign))
        asked = 1
        if node is not None and node.align is not None:
            asked = self.alignment(node.align)
        section.align = max(align, asked)
        if explicit:
            align = asked if self.dialect.align_moves_explicit_address else 1
        elif self.dialect.walks_once or self.marking:  # SUBALIGN: when the inputs are set down
            align = max(section.plan.align, asked)
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

    def _leave(self, section: PlacedSection, before_dot: int, step: int) -> None:
        """Where `.` is after a section, and how far its regions are used.

        step: bytes its start was moved up to be aligned."""
        plan = section.plan
        if not (plan.alloc or self.dialect.nonalloc_moves_dot) or not plan.moves_dot:
            self.here = before_dot
            if not self.dialect.lma_counts:  # LLD: its load region is used up all the same
                self.regions.used(section, self.dialect, step, False)
            return
        is_tbss = plan.flags & c.SHF_TLS and not (plan.loads or plan.aside)
        if is_tbss and not self.dialect.walks_once:
            self.here = section.vma if self.dialect.tables_like_gnu else before_dot
        self.shown = self.here
        moves_pen = has_being(section) or (plan.aside and bool(section.size))
        moves_pen |= plan.alloc and self.dialect.walks_once
        if moves_pen and not section.region:
            self.free = self.here
        self.regions.used(section, self.dialect, step, moves_pen)
