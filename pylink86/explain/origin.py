"""Where a byte comes from: address or file offset -> piece -> input section -> symbol -> line.

A debugger says "stopped at 0x7e54", a hex editor shows byte 0x254 of the disk, and the question is
always the same: which part of whose program is that?  The link knows, for it put the byte there.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import attrs

from .. import elf_const as c
from ..formats import read_bytes
from ..formats.images import FLAT
from ..model import Section
from ..passes.placement import PlacedSection
from ..passes.target import RAW_FORMATS
from .dwarf import Lines, line_table
from .names import readable

if TYPE_CHECKING:
    from ..result import LinkResult, OutputPiece


@attrs.frozen
class Mark:
    """A symbol at its place: `sec_off` bytes into an output section.

    kind: "function", "data", "label" (no type was given to it), or "script" (the script assigned
    it).
    """

    sec_off: int
    size: int
    name: str
    kind: str


@attrs.frozen(eq=False)
class Origin:
    """Where one byte of the output comes from.

    address: where it runs; file_off: where it lies in the output file, None when it does not.
    output, sec_off: the output section and the byte in it.  kind, cause: of the piece, as in
    OutputPiece: "input" and `hello.o(.text)`, "fill" and `. = ALIGN(512)`.  section, offset: the
    input section and the byte in it, None for padding and data statements.  symbol: the nearest
    symbol at or before it in the same piece, with the distance; "" when there is none.  line:
    "hello.rs:14", when the input has debug information.
    """

    address: int
    file_off: int | None
    output: str
    sec_off: int
    kind: str
    cause: str
    section: Section | None
    offset: int | None
    symbol: str
    distance: int
    line: str | None

    def __str__(self) -> str:
        """One line, such as `0x7e54: hello.o(.text)+0x44, in halt+0x4, hello.rs:31`."""
        what = self.cause if self.section is None else f"{self.cause}+{self.offset:#x}"
        words = [f"{self.address:#x}: {what}"]
        if self.kind != "input":
            words.append(f"padding in {self.output}" if self.kind == "fill" else self.output)
        if self.symbol:
            after = f"+{self.distance:#x}" if self.distance else ""
            words.append(f"in {readable(self.symbol)}{after}")
        if self.line:
            words.append(self.line)
        return ", ".join(words)


@attrs.frozen(eq=False)
class InFile:
    """Where the output file has its bytes.

    offsets: by index of the placed section, only of those with bytes in the file.  tables: (name,
    offset, size) of what an ELF file holds beside them.  size: of the file in bytes.
    """

    offsets: dict[int, int]
    tables: tuple[tuple[str, int, int], ...]
    size: int


@attrs.frozen(eq=False)
class Origins:
    """What questions about the bytes of one link share.

    marks: the symbols in each output section, by its index in `placed`; in_file: where that section
    lies in the output file; first: the number of its first piece in `result.pieces`.
    """

    result: LinkResult
    marks: dict[int, tuple[Mark, ...]]
    in_file: InFile
    first: tuple[int, ...]
    _lines: dict[int, Lines | None] = attrs.field(factory=dict)

    def at_address(self, address: int) -> Origin | None:
        """What is at an address when the image runs; None where the link put nothing."""
        for index, section in enumerate(self.result.placed.sections):
            if section.plan.alloc and 0 <= address - section.vma < section.size:
                return self._at(index, address - section.vma)
        return None

    def at_offset(self, file_off: int) -> Origin | None:
        """What a byte of the output file is; None for zeros between sections and ELF's tables."""
        for index, start in self.in_file.offsets.items():
            if 0 <= file_off - start < self.result.placed.sections[index].size:
                return self._at(index, file_off - start)
        return None

    def pieces(self, index: int) -> tuple[OutputPiece, ...]:
        """The pieces of one output section."""
        start = self.first[index]
        return self.result.pieces[start : start + len(self.result.placed.sections[index].pieces)]

    def line(self, section: Section, offset: int) -> str | None:
        """The source line of a byte of an input section; None without debug information.

        The table of a file is decoded once, when first asked for: about 1 ms for each KiB of it.
        """
        key = id(section.file)
        if key not in self._lines:
            names = section.file.sections.names
            has_any = any("debug_line" in name for name in names)
            self._lines[key] = line_table(section.file) if has_any else None
        lines = self._lines[key]
        return lines.find(section.index, offset) if lines else None

    def _at(self, index: int, sec_off: int) -> Origin | None:
        placed = self.result.placed.sections[index]
        pieces = self.pieces(index)
        at = bisect_right(pieces, sec_off, key=lambda piece: piece.sec_off) - 1
        if at < 0:
            return None
        piece = pieces[at]
        section, offset = piece.section, None
        if section is not None:
            origin = placed.pieces[at].origin
            assert isinstance(origin, int)
            section, offset = self._source(origin, sec_off - piece.sec_off)
        symbol = self._symbol_before(index, piece.sec_off, sec_off)
        start = self.in_file.offsets.get(index)
        return Origin(
            placed.vma + sec_off,
            None if start is None else start + sec_off,
            placed.name,
            sec_off,
            piece.kind,
            piece.cause if section in (piece.section, None) else str(section),
            section,
            offset,
            symbol.name if symbol else "",
            sec_off - symbol.sec_off if symbol else 0,
            self.line(section, offset) if section is not None and offset is not None else None,
        )

    def _source(self, sid: int, offset: int) -> tuple[Section, int]:
        """The input section and offset a byte of a placed section came from.

        They differ when passes rewrote sections: a merged string is in the first that had it.
        """
        edits = self.result.placed.addresses.edits
        for source, moved in edits.moved.items() if edits.moved else ():
            for start, size, home, out in moved.pieces():
                if home == sid and out is not None and out <= offset < out + size:
                    return self._input(source), start + offset - out
        return self._input(sid), offset

    def _input(self, sid: int) -> Section:
        table = self.result.table
        file = table.owner_file(sid)
        return Section(self.result.resolution.files[file], sid - table.base[file])

    def _symbol_before(self, index: int, first: int, sec_off: int) -> Mark | None:
        """The last symbol at or before a byte, in its own piece; of several in one place, the
        longest.

        A symbol of known size that ends before the byte is not it.
        """
        best = None
        for mark in self.marks.get(index, ()):
            if mark.sec_off > sec_off:
                break
            if mark.sec_off < first or (mark.size and mark.sec_off + mark.size <= sec_off):
                continue
            if best is None or (mark.sec_off, mark.size) >= (best.sec_off, best.size):
                best = mark
        return best


def origins(result: LinkResult) -> Origins:
    """Prepare to answer for every byte of a link."""
    first, count = [], 0
    for section in result.placed.sections:
        first.append(count)
        count += len(section.pieces)
    return Origins(result, marks_of(result), places_in_file(result), tuple(first))


def marks_of(result: LinkResult) -> dict[int, tuple[Mark, ...]]:
    """The symbols in each output section (by index in `placed`), ascending by place, then name.

    Of a name that several files define only the one that counts; locals of every file, without
    section symbols, file names and compilers' temporaries (`.L...`).
    """
    found: dict[int, set[Mark]] = {}
    resolution, addresses = result.resolution, result.placed.addresses

    def note(number: int, index: int, name: str) -> None:
        symbols = resolution.files[number].symbols
        place = addresses.of_symbol(number, index)
        kind = symbols.info[index] & 0xF
        if isinstance(place, tuple) and kind not in (c.STT_SECTION, c.STT_FILE) and name:
            what = KINDS.get(kind, "label")
            mark = Mark(place[1], symbols.size[index], name, what)
            found.setdefault(place[0], set()).add(mark)

    for number, obj in enumerate(resolution.files[:-1]):
        names = obj.symbols.names if len(obj.symbols) else ()
        for index in range(1, resolution.first_global[number]):
            if names[index][:2] != ".L":
                note(number, index, names[index])
    for name, (number, index) in resolution.definer.items():
        note(number, index, name)
    where = {id(section): i for i, section in enumerate(result.placed.sections)}
    for name, value in result.placed.symbols.items():
        if isinstance(value.section, PlacedSection) and id(value.section) in where:
            place = where[id(value.section)]
            found.setdefault(place, set()).add(Mark(value.number, 0, name, "script"))
    return {index: tuple(sorted(found[index], key=_mark_order)) for index in sorted(found)}


KINDS = {c.STT_FUNC: "function", c.STT_OBJECT: "data", c.STT_COMMON: "data", c.STT_TLS: "data"}


def _mark_order(mark: Mark) -> tuple[int, str]:
    return mark.sec_off, mark.name


def places_in_file(result: LinkResult) -> InFile:
    """Where the output file has each section."""
    return _in_raw(result) if result.oformat in RAW_FORMATS else _in_elf(result)


def _in_raw(result: LinkResult) -> InFile:
    """An image begins with the lowest load address (`image`); in hexadecimal formats, the offsets
    are those of the bytes they stand for."""
    by_lma = result.dialect.lma_counts or result.oformat != FLAT
    at = {
        index: section.lma if by_lma else section.vma
        for index, section in enumerate(result.placed.sections)
        if section.plan.loads and section.size
    }
    first = min(at.values(), default=0)
    sizes = [start - first + result.placed.sections[index].size for index, start in at.items()]
    order = sorted(at, key=lambda index: at[index])
    return InFile({index: at[index] - first for index in order}, (), max(sizes, default=0))


def _in_elf(result: LinkResult) -> InFile:
    """As the file itself says: sections of the output are the placed ones in order, some left out,
    then the tables that only readers of the file need."""
    obj = read_bytes(result.image)
    sections, layout = obj.sections, obj.layout
    assert layout is not None
    rows = list(zip(sections.names, sections.addr, sections.size, sections.type, sections.offset))
    offsets, used, at = {}, set(), 1
    for index, section in enumerate(result.placed.sections):
        wanted = (section.name, section.vma, section.size)
        row = next((i for i in range(at, len(rows)) if rows[i][:3] == wanted), None)
        if row is None or section.plan.dropped:
            continue
        at = row + 1
        used.add(row)
        if rows[row][3] != c.SHT_NOBITS and section.size:
            offsets[index] = rows[row][4]
    tables = [
        (name, offset, size)
        for i, (name, _, size, kind, offset) in enumerate(rows)
        if i and i not in used and kind != c.SHT_NOBITS and size
    ]
    wide = obj.header.elf_class == 64
    tables.append(("ELF header", 0, 64 if wide else 52))
    if obj.segments:
        tables.append(("program headers", layout.phoff, len(obj.segments) * (56 if wide else 32)))
    tables.append(("section headers", layout.shoff, len(sections) * (64 if wide else 40)))
    return InFile(offsets, tuple(sorted(tables, key=lambda t: t[1])), len(result.image))
