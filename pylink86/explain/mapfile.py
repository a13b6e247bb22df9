"""`-Map` as GNU ld writes it: what went where, in the order of the script.

A map is what people read when an image is too large or a symbol is not where it should be, and
what scripts and tools take apart.  So every column and line break is GNU ld's: commons, discarded
sections, memory regions, then the script again, statement by statement, each with the input
sections it took, their addresses, sizes, files and global symbols, and the gaps between them.

Source: `ld -Map` 2.40, compared over random links.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from .. import elf_const as c
from ..passes.finishing.name_table import hash_bucket
from ..passes.matching.match import Claim, SectionId
from ..passes.ordering.order import OutputPlan
from ..passes.ordering.orphans import EVERYTHING, Dropped
from ..passes.placement import FILLER, Piece, PlacedSection
from ..passes.placing.fill import literal_pattern, word_pattern
from ..result import LinkResult
from ..script import nodes as n
from .gnu_words import assertion, assignment, expression, input_statement
from .map_order import node_of, parted, symbols_by_section, unplaced_by_node
from .mapwalk import Notes, beings, take_notes
from .names import readable

NAME = 16
"""Columns for a name; one that leaves no blank has a line to itself."""

MEMBER = 30
"""Columns for an archive member."""

MARGIN = " " * NAME


def gnu_map(result: LinkResult, output: str = "a.out", demangle: bool = True) -> str:
    """The map; output: the name of the output file as the command line spells it.

    demangle: show names of Rust and C++ as their languages write them."""
    printer = _Printer(result, take_notes(result).notes, demangle)
    return "".join(f"{line}\n" for line in printer.lines(output))


@attrs.define(eq=False)
class _Printer:
    """What the lines of a map need to know of a link.

    digits: of an address.  symbols: for an input section, the global names in it by address.
    beings: the output sections GNU ld made.  loads:
    the inputs that have not been told of yet.  filled: whether the script says what is in the gaps
    of the section at hand.
    """

    result: LinkResult
    notes: Notes
    demangle: bool
    digits: int = attrs.field(init=False)
    symbols: dict[SectionId, list[tuple[int, str]]] = attrs.field(init=False)
    beings: frozenset[int] = attrs.field(init=False)
    loads: list[str] = attrs.field(factory=list)
    filled: bool = False

    def __attrs_post_init__(self) -> None:
        self.digits = 8 if self.result.placed.addresses.machine == c.EM_386 else 16
        self.symbols = symbols_by_section(self.result)
        self.beings = beings(self.result)

    def lines(self, output: str) -> Iterator[str]:
        yield from self.members()
        yield from self.commons()
        yield from self.discarded()
        yield from self.memory()
        yield from ("", "Linker script and memory map", "")
        yield from self.script(output)

    # Before the script

    def members(self) -> Iterator[str]:
        """Archive members, each with the file and the name it was taken for."""
        inputs = self.result.inputs
        if not inputs.reasons:
            return
        yield from ("Archive member included to satisfy reference by file (symbol)", "")
        for number, reason in inputs.reasons.items():
            name = inputs.files[number].name
            if len(name) >= MEMBER - 1:
                yield name
                name = ""
            who = f"{inputs.files[reason.file].name} " if reason.file >= 0 else ""
            yield f"{name:<{MEMBER}}{who}({reason.symbol})"

    def commons(self) -> Iterator[str]:
        resolution = self.result.resolution
        own = resolution.files[-1]
        found = [
            i
            for i in range(1, len(own.symbols))
            if own.symbols.shndx[i] > 0 and own.sections.names[own.symbols.shndx[i]] == "COMMON"
        ]
        found.sort(key=lambda index: hash_bucket(own.symbols.name(index)))
        if not found:
            return
        yield from ("", "Allocating common symbols", _common_line("Common symbol", "size", "file"))
        yield ""
        for index in found:
            origin = resolution.own_origin[own.symbols.shndx[index]]
            name, size = own.symbols.name(index), f"{own.symbols.size[index]:#x}"
            yield _common_line(name, size, resolution.files[origin].name)

    def discarded(self) -> Iterator[str]:
        result, table = self.result, self.result.table
        placed = result.placed.addresses.owner
        lost = [
            sid
            for sid in range(len(table))
            if (table.file[sid] >= 0 and sid not in table.phantoms)
            and (table.type[sid] == c.SHT_GROUP or table.type[sid] not in UNSEEN)
            and placed[sid] < 0
            and not self._moved(sid)
            and (sid < table.base[-1] or (table.name[sid] == "COMMON" and table.size[sid]))
        ]
        lost.sort(key=lambda sid: (table.file[sid], sid))
        if not lost:
            return
        yield from ("", "Discarded input sections", "")
        for sid in lost:
            yield from self.section_line(f" {table.name[sid]}", 0, table.size[sid], self.file(sid))

    def _moved(self, sid: SectionId) -> bool:
        return sid in self.result.placed.addresses.edits.moved

    def memory(self) -> Iterator[str]:
        yield from ("", "Memory Configuration", "")
        yield "Name             Origin             Length             Attributes"
        every = dict.fromkeys(self.result.placed.regions.by_name.values())
        for region in every:
            words = _attributes(region.node.attributes)
            yield self._region(region.name, region.origin, region.length, words)
        yield self._region("*default*", 0, (1 << 64) - 1, "")

    def _region(self, name: str, origin: int, length: int, words: str) -> str:
        start, size = self.address(origin), self.address(length)
        return f"{name:<16} {start:<18} {size:<18}{words}".rstrip()

    # The script

    def script(self, output: str) -> Iterator[str]:
        """The statements in order; orphans behind the last of them come after the output file."""
        result = self.result
        before = result.options.inputs_before_script
        early, late = parted(result.plan.commands, result)
        unplaced = unplaced_by_node(result)
        self.loads = [f"LOAD {name}" for name in result.inputs.trace]
        yield from self.load(len(self.loads) if before is None else before)
        for command in early:
            for item in unplaced.pop(id(node_of(command)), ()):
                yield from self.unplaced(item)
            yield from self.command(command)
        for item in unplaced.pop(None, ()):
            yield from self.unplaced(item)
        yield from self.load(len(self.loads))
        yield f"OUTPUT({output} {result.oformat})"
        for command in late:
            yield from self.command(command)

    def load(self, count: int) -> Iterator[str]:
        """The next inputs, in the order they were read."""
        yield from self.loads[:count]
        del self.loads[:count]

    def unplaced(self, node: object) -> Iterator[str]:
        """INPUT and GROUP; /DISCARD/ and output sections that left no trace: only their statements
        are shown."""
        if isinstance(node, n.OutputSection):
            yield from ("", node.name)
            for statement in node.statements:
                if isinstance(statement, n.InputStatement):
                    yield f" {input_statement(statement)}"
        elif isinstance(node, n.Input):
            yield from ["START GROUP"] if node.group else []
            yield from self.load(len(node.files))
            yield from ["END GROUP"] if node.group else []

    def command(self, command: object) -> Iterator[str]:
        if isinstance(command, OutputPlan):
            yield from self.output_section(command)
        elif isinstance(command, Dropped):
            yield from self.unplaced(command.node)
        elif isinstance(command, n.Assignment):
            yield self.assignment(command)
        elif isinstance(command, n.Assert):
            yield self.assertion(command)

    def output_section(self, plan: OutputPlan) -> Iterator[str]:
        section = self.result.placed.sections[plan.index]
        yield ""
        if plan.index in self.beings:
            where = ""
            if section.lma != section.vma and _is_loaded(section):
                where = f" load address {self.address(section.lma)}"
            yield from self.section_line(plan.name, section.vma, section.size, "", where)
        else:
            yield plan.name
        self.filled = plan.node is not None and plan.node.fill is not None
        pieces = list(section.pieces)
        for item in plan.items:
            if isinstance(item, Claim):
                yield from self.claim(item, section, pieces)
            else:
                yield from self.statement(item)
                yield from self.fills(pieces, section, item)

    def claim(self, claim: Claim, section: PlacedSection, pieces: list[Piece]) -> Iterator[str]:
        if claim.node is not EVERYTHING:
            yield f" {input_statement(claim.node)}"
        where = self.result.placed.addresses
        for sid in claim.sections:
            yield from self.fills(pieces, section, sid)
            start = section.vma + where.offset[sid]
            name = self.result.table.name[sid]
            yield from self.section_line(f" {name}", start, where.size[sid], self.file(sid))
            for value, symbol in () if section.plan.dropped else self.symbols.get(sid, ()):
                shown = readable(symbol) if self.demangle else symbol
                yield f"{MARGIN}{self.address(value)}{MARGIN}{shown}"
            if pieces and pieces[0].origin == sid:
                del pieces[0]

    def fills(self, pieces: list[Piece], section: PlacedSection, cause: object) -> Iterator[str]:
        """The gaps a statement or an input section's alignment made."""
        while pieces and _is_of(pieces[0], cause):
            if pieces[0].kind != FILLER:
                if not isinstance(cause, int):
                    del pieces[0]
                return
            piece = pieces.pop(0)
            shown = self.filled and not callable(piece.content)
            text = piece.content.hex() if shown else ""  # type: ignore[union-attr]
            start = self.address(section.vma + piece.sec_off)
            yield f" *fill*{' ' * (NAME - 7)}{start} {piece.size:>#10x} {text}"

    def statement(self, node: n.SectionStatement) -> Iterator[str]:
        if isinstance(node, n.Assignment):
            yield self.assignment(node)
        elif isinstance(node, n.Assert):
            yield self.assertion(node)
        elif isinstance(node, n.Data):
            yield self.data(node)
        elif isinstance(node, n.Fill):
            self.filled = True
            pattern = literal_pattern(node.value) or word_pattern(self._constant(node.value))
            yield f" FILL mask 0x{pattern.hex()}"
        elif isinstance(node, n.Word) and node.word == "CREATE_OBJECT_SYMBOLS":
            yield f" {node.word}"

    def _constant(self, expr: n.Expr) -> int:
        text = expression(expr)
        return int(text, 16) if text.startswith("0x") else 0

    # Lines

    def assignment(self, node: n.Assignment) -> str:
        """The value `.` got; for a symbol, what it is worth in the end."""
        note = self.notes.get(id(node))
        value = note.value if note is not None else None
        if node.name != ".":
            final = self.result.placed.symbols.get(node.name)
            value = None if final is None or value is None else final.absolute()
        if value is not None:
            head = self.address(value)
        else:
            head = "[!provide]" if node.provide else "*undef*"
        return f"{MARGIN}{head:<18}{MARGIN}{assignment(node)}"

    def assertion(self, node: n.Assert) -> str:
        note = self.notes.get(id(node))
        head = self.address(note.value) if note and note.value is not None else "*undef*"
        return f"{MARGIN}{head:<18}{MARGIN}{assertion(node)}"

    def data(self, node: n.Data) -> str:
        note = self.notes[id(node)]
        text = expression(node.value)
        value = note.value or 0
        shown = "" if text.startswith("0x") and " " not in text else f" {text}"
        head = f"{MARGIN}{self.address(note.vma)} {note.size:>#10x} {node.kind}"
        return f"{head} {value & (1 << 64) - 1:#x}{shown}"

    def section_line(
        self, name: str, vma: int, size: int, file: str, tail: str = ""
    ) -> Iterator[str]:
        """A name, where it is, how large, and of which file; a long name has its own line."""
        if len(name) >= NAME - 1:
            yield name
            name = ""
        words = f" {file}" if file else ""
        yield f"{name:<{NAME}}{self.address(vma)} {size:>#10x}{words}{tail}"

    def address(self, value: int) -> str:
        return f"0x{value & (1 << 4 * self.digits) - 1:0{self.digits}x}"

    def file(self, sid: SectionId) -> str:
        number = self.result.table.file[sid]
        return self.result.resolution.files[number].name


def _is_of(piece: Piece, cause: object) -> bool:
    """Nodes are told apart by identity: a script may say the same twice."""
    return piece.origin is cause or (isinstance(cause, int) and piece.origin == cause)


def _is_loaded(section: PlacedSection) -> bool:
    """Whether a load address means anything: the script asks for one, or something is in it."""
    plan = section.plan
    if plan.node is not None and (plan.node.at is not None or section.lma_region):
        return True
    has_input = any(isinstance(item, Claim) and item.sections for item in plan.items)
    return plan.alloc and (has_input or section.size > 0)


UNSEEN = frozenset(
    {
        c.SHT_NULL,
        c.SHT_SYMTAB,
        c.SHT_STRTAB,
        c.SHT_SYMTAB_SHNDX,
        c.SHT_REL,
        c.SHT_RELA,
    }
)
"""Parts of a file that GNU ld does not count among its sections."""


def _common_line(name: str, size: str, file: str) -> str:
    if len(name) >= 19:
        return f"{name}\n{'':<20}{size:<18}{file}"
    return f"{name:<20}{size:<18}{file}"


def _attributes(letters: str) -> str:
    """Region attributes in the order of the map; after `!` those a section must not have."""
    order = "axrwl"
    want, _, refuse = letters.lower().replace("i", "l").partition("!")
    text = "".join(letter for letter in order if letter in want)
    if refuse:
        text += "!" + "".join(letter for letter in order if letter in refuse)
    return f" {text}" if text else ""
