"""`-Map` as LLD writes it: one table of addresses, sizes and alignments, most significant first.

Five columns and three levels: output sections, the input sections and statements in them, and the
symbols in those, local ones too.  Statements are shown as the script has them, word by word.

Source: `ld.lld-19 -Map`, compared over random links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from .. import elf_const as c
from ..passes.finishing.described_tables import LLD_ORDER, STACK_NOTE, described_tables
from ..passes.finishing.heads import Head, list_heads
from ..passes.matching.match import Claim, SectionId
from ..passes.ordering.order import OutputPlan
from ..passes.placement import PlacedSection
from ..passes.segmenting.segments import stays
from ..passes.target import RAW_FORMATS
from ..result import LinkResult
from ..script import nodes as n
from .mapwalk import NotingWalk, take_notes
from .names import readable

WORD = re.compile(
    r'"[^"]*"|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/&|^]=|[-+*/%!~?:=&|^<>(){},;]|[^-\s"+*/%!~?:=&|^<>(){},;]+'
)
COMMENT = re.compile(r"/\*.*?\*/|#[^\n]*", re.DOTALL)

PADDING = ".relro_padding"
"""The section that fills the last page of what is made read-only; it holds nothing."""

INSIDE, SYMBOL = " " * 8, " " * 16


def lld_map(result: LinkResult, demangle: bool = True) -> str:
    """The map as text; demangle: show Rust and C++ names as their languages write them."""
    printer = _Printer(result, take_notes(result), demangle)
    return "".join(f"{line}\n" for line in printer.lines())


@attrs.define(eq=False)
class _Printer:
    """What the rows need to know; offset: from VMA to LMA in the output section at hand; base:
    where it begins, with -r, when every section is shown at 0."""

    result: LinkResult
    walk: NotingWalk
    demangle: bool
    wide: int = attrs.field(init=False)
    symbols: dict[SectionId, list[tuple[int, int, str]]] = attrs.field(init=False)
    offset: int | None = None
    base: int = 0

    def __attrs_post_init__(self) -> None:
        self.wide = 8 if self.result.placed.addresses.machine == c.EM_386 else 16
        self.symbols = _symbols_by_section(self.result)

    def lines(self) -> Iterator[str]:
        yield f"{'VMA':>{self.wide}} {'LMA':>{self.wide}}     Size Align Out     In      Symbol"
        between = _tables_before(self.result)
        for command in self.result.plan.commands:
            self.base = 0
            if isinstance(command, OutputPlan):
                for head in between.pop(command.index, ()):
                    yield from self.relocations(head)
                yield from self.output_section(self.result.placed.sections[command.index])
            elif isinstance(command, (n.Assignment, n.Assert)):
                yield from self.statement(command, "")
        self.base = 0
        for head in (head for heads in between.values() for head in heads):
            yield from self.relocations(head)
        yield from self.tables()

    def relocations(self, head: Head) -> Iterator[str]:
        """A relocation section, and the tables of input files that it is made of; or the mark that
        -r leaves of an unexecutable stack."""
        self.offset = 0
        if head.table is None:
            yield self.row(0, 0, 1, STACK_NOTE)
            yield self.row(0, 0, 1, f"{INSIDE}<internal>:({STACK_NOTE})")
            return
        files = self.result.resolution.files
        rows, size = list[str](), 0
        align = self.wide // 2
        for _, _, file, rel, _ in head.table.tables:
            name, length = files[file].sections.names[rel], len(files[file].contents[rel])
            title = f"{INSIDE}{files[file].name}:({name})"
            rows.append(self.row(size, length, align, title))
            size += length
        kind = ".rel" if self.wide == 8 else ".rela"
        target = self.result.placed.sections[head.table.target].name
        yield self.row(0, size, align, kind + target)
        yield from rows

    def tables(self) -> Iterator[str]:
        """The tables that end an ELF file, which are sections to LLD."""
        if self.result.oformat in RAW_FORMATS:
            return
        self.offset = None
        sections = self.result.object_file.sections
        for name, size, align in zip(sections.names, sections.size, sections.align):
            if name in LLD_ORDER:
                yield self.row(0, size, align, name)
                yield self.row(0, size, align, f"{INSIDE}<internal>:({name})")

    def output_section(self, section: PlacedSection) -> Iterator[str]:
        if not stays(section, self.result.options.elf):
            return
        self.offset = self.load_offset(section)
        self.base = section.vma if self.result.options.elf.relocatable else 0
        yield self.row(section.vma, section.size, section.align, section.name)
        for item in section.plan.items:
            if isinstance(item, Claim):
                for sid in item.sections:
                    yield from self.input_section(sid, section)
            elif section.name == PADDING and section.plan.node is None:
                yield self.row(section.vma, 0, 1, f"{INSIDE}<internal>:({PADDING})")
            else:
                yield from self.statement(item, INSIDE)

    def load_offset(self, section: PlacedSection) -> int:
        """From VMA to LMA: that of the segment the section is loaded by; a raw image has none."""
        is_raw = self.result.oformat in RAW_FORMATS
        return 0 if is_raw or not section.plan.alloc else section.lma - section.vma

    def input_section(self, sid: SectionId, section: PlacedSection) -> Iterator[str]:
        where = self.result.placed.addresses
        vma = section.vma + where.offset[sid]
        if self.result.table.name[sid] == ".eh_frame":
            yield from self.unwind_records(sid, vma)
            return
        title = f"{INSIDE}{self.file(sid)}:({self.result.table.name[sid]})"
        align = self.walk.aligns.get(sid, where.align[sid])
        yield self.row(vma, where.size[sid], align, title)
        for value, size, name in self.symbols.get(sid, ()):
            shown = readable(name) if self.demangle else name
            yield self.row(value, size, 1, SYMBOL + shown)

    def unwind_records(self, sid: SectionId, vma: int) -> Iterator[str]:
        """The unwind table was made from records of all files: a row for each run of records that
        stood together before."""
        edits, runs = self.result.placed.addresses.edits, list[list[int]]()
        found: dict[int, tuple[int, int, int]] = {}
        for part in edits.parts.get(sid, ()):
            for start, size, _, out in edits.moved[part].pieces():
                if out is not None:
                    found.setdefault(out, (size, start, part))
        for out, (size, start, part) in sorted(found.items()):
            last = runs[-1] if runs else [0, 0, 0, -1]
            if part == last[3] and (out, start) == (last[0] + last[1], last[2] + last[1]):
                last[1] += size
            else:
                runs.append([out, size, start, part])
        for out, size, start, part in runs:
            title = f"{INSIDE}{self.owner(part)}:(.eh_frame+{start:#x})"
            yield self.row(vma + out, size, 1, title)

    def owner(self, sid: SectionId) -> str:
        return self.result.resolution.files[self.result.table.file[sid]].name

    def file(self, sid: SectionId) -> str:
        """The name of an input section's file; sections the linker made anew have none."""
        number = self.result.table.file[sid]
        if number < 0 or sid in self.result.placed.addresses.edits.content:
            return "<internal>"
        return self.owner(sid)

    def statement(self, node: n.SectionStatement, indent: str) -> Iterator[str]:
        note = self.walk.notes.get(id(node))
        if note is None or not isinstance(node, (n.Assignment, n.Assert, n.Data)):
            return
        if isinstance(node, n.Assignment) and node.provide and note.value is None:
            return
        if isinstance(node, n.Assignment) and (
            node.implied or (node.name == "." and node.span is None)
        ):
            return  # no script said so
        text = "" if isinstance(node, n.Assert) else words(node)
        yield self.row(note.vma, note.size, 1, indent + text)

    def row(self, vma: int, size: int, align: int, text: str) -> str:
        vma -= self.base
        lma = 0 if self.offset is None else vma + self.offset
        wide, mask = self.wide, (1 << 64) - 1
        return f"{vma & mask:{wide}x} {lma & mask:{wide}x} {size & mask:8x} {align:5} {text}"


def _tables_before(result: LinkResult) -> dict[int, list[Head]]:
    """The relocation sections of -r by the output section (OutputPlan.index) they stand before,
    those behind all by -1."""
    found: dict[int, list[Head]] = {}
    if not result.options.elf.relocatable:
        return found
    script, dialect = result.script, result.dialect
    described = described_tables(result.plan.commands, script, dialect, True)
    waiting: list[Head] = []
    for head in list_heads(result.placed, result.options.elf, described, dialect):
        if head.kind == "section":
            found[head.section] = waiting
            waiting = []
        elif head.kind in ("relocations", "stack note"):
            waiting.append(head)
    found[-1] = waiting
    return found


def words(node: n.Assignment | n.Data) -> str:
    """`. = ALIGN ( 16 )`: the statement with one blank between its words."""
    if node.span is not None:
        text = COMMENT.sub(" ", node.span.text)
    else:
        from ..script.unparse import unparse

        text = unparse(node)
    return " ".join(WORD.findall(text.strip().rstrip(";")))


def _symbols_by_section(result: LinkResult) -> dict[SectionId, list[tuple[int, int, str]]]:
    """(address, size, name) of the symbols of each input section, lowest address first.

    Those in sections that were merged are not shown: their section is no longer there; those of
    a copy that --icf left out are shown in what stayed, those of the linker's own nowhere."""
    found: dict[SectionId, list[tuple[int, int, str]]] = {}
    resolution, table, placed = result.resolution, result.table, result.placed
    for file, obj in enumerate(resolution.files):
        symbols = obj.symbols
        first = resolution.first_global[file]
        for index in range(1, len(symbols)):
            shndx = symbols.shndx[index]
            if shndx <= 0 or symbols.info[index] & 0xF in (c.STT_SECTION, c.STT_FILE):
                continue
            name = symbols.name(index)
            own = file == resolution.own
            if index >= first and not own and resolution.definer.get(name) != (file, index):
                continue
            if name in placed.symbols and (own or index >= first):
                continue
            sid = table.base[file] + shndx
            if sid in placed.addresses.edits.moved or (own and table.name[sid] != "COMMON"):
                continue
            where = placed.addresses.of_symbol(file, index)
            if where is None or isinstance(where, int):
                continue
            value = placed.sections[where[0]].vma + where[1]
            kept = placed.addresses.folded.get(sid, sid)
            found.setdefault(kept, []).append((value, symbols.size[index], name))
    for rows in found.values():
        rows.sort(key=lambda row: row[0])
    return found
