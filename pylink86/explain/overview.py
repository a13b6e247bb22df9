"""What lies where in a finished link, in memory and in the file, as one plain value.

The terminal table and the picture show the same facts: output sections with their addresses and
file offsets, what each consists of and why, the symbols in it, and what is not there at all.  Here
the facts are gathered, once, without a thought of how they will look.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs

from ..formats.images import FLAT
from ..report import printable
from .kinds import kind_of
from .names import readable_section
from .origin import Mark, Origins

if TYPE_CHECKING:
    from ..result import LinkResult, OutputPiece

SECTOR = 512
"""Bytes in a sector of a disk, the unit in which a BIOS reads."""


@attrs.frozen(eq=False)
class Part:
    """A stretch of an area and why it is there; sizes in bytes, `sec_off` from the area's start.

    kind: of KINDS.  file, section: of the input section, "" for what is none.  title: the short
    name of it; cause: in words; place: the script's line, such as `kernel.ld:14`, or "".
    content: the first bytes of padding and script data, in hexadecimal.  align: in bytes.  marks:
    the symbols in it.  lines: the source lines of some of them, by `sec_off`.
    """

    sec_off: int
    size: int
    kind: str
    file: str
    section: str
    title: str
    cause: str
    place: str
    content: str
    align: int
    marks: tuple[Mark, ...]
    lines: dict[int, str]


@attrs.frozen(eq=False)
class Fold:
    """Neighbouring parts shown as one, because there are many and all of them are small."""

    parts: tuple[Part, ...]

    @property
    def sec_off(self) -> int:
        return self.parts[0].sec_off

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def title(self) -> str:
        """`12 inputs of 3 files, 4 gaps`."""
        inputs = [part for part in self.parts if part.file]
        files = len({part.file for part in inputs})
        gaps = sum(part.kind == "padding" for part in self.parts)
        data = sum(part.kind == "script" for part in self.parts)
        words = [
            f"{_many(len(inputs), 'input')} of {_many(files, 'file')}" if inputs else "",
            _many(gaps, "gap") if gaps else "",
            _many(data, "data statement") if data else "",
        ]
        return ", ".join(filter(None, words))


@attrs.frozen(eq=False)
class Area:
    """An output section.  file_off: None when the file holds nothing of it; alloc: is in memory.

    orphan: no statement of the script names it.  parts tile it; marks: all its symbols, some of
    which may lie at its very end and so in no part.
    """

    name: str
    vma: int
    lma: int
    size: int
    align: int
    kind: str
    file_off: int | None
    alloc: bool
    orphan: bool
    place: str
    parts: tuple[Part, ...]
    marks: tuple[Mark, ...]

    @property
    def end_marks(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.sec_off >= self.size)


@attrs.frozen(eq=False)
class Table:
    """What an ELF file holds for its readers beside sections: headers, the symbol table."""

    name: str
    file_off: int
    size: int


@attrs.frozen(eq=False)
class Hole:
    """Nothing, between two things: addresses nobody uses, or zeros in the file.  A negative size
    says by how many bytes they overlap."""

    start: int
    size: int


@attrs.frozen(eq=False)
class Overview:
    """A link at a glance.

    memory: areas by address; in_file: areas and tables by file offset; left_out: areas that are in
    neither.  constants: symbols the script assigned that are no places in an area.  has_script:
    whether the layout was anybody's wish.
    """

    oformat: str
    is_raw: bool
    file_size: int
    entry: int
    memory: tuple[Area, ...]
    in_file: tuple[Area | Table, ...]
    left_out: tuple[Area, ...]
    constants: tuple[tuple[str, int], ...]
    has_script: bool

    @property
    def shown(self) -> tuple[Area, ...]:
        """Every area there is to see: those in memory by address, then those only in the file."""
        only_file = [a for a in self.in_file if isinstance(a, Area) and not a.alloc]
        return (*self.memory, *only_file)


def overview(result: LinkResult, *, lines: bool = False) -> Overview:
    """Gather what there is to show of a link.

    lines: also look up the source line of every function, which decodes the debug information of
    all inputs.
    """
    known = result.origins
    names = short_names(file.name for file in result.resolution.files[:-1])
    areas = [
        _area(known, index, names, lines)
        for index, section in enumerate(result.placed.sections)
        if not section.plan.dropped and (section.size or section.plan.node is not None)
    ]
    memory = sorted((a for a in areas if a.alloc), key=lambda a: a.vma)
    tables = (Table(*row) for row in known.in_file.tables)
    in_file: list[Area | Table] = [a for a in areas if a.file_off is not None]
    in_file = sorted([*in_file, *tables], key=lambda a: (a.file_off or 0, a.size))
    shown = {mark.name for area in areas for mark in area.marks}
    return Overview(
        result.oformat,
        result.oformat == FLAT,
        known.in_file.size,
        result.entry,
        tuple(memory),
        tuple(in_file),
        tuple(a for a in areas if not a.alloc and a.file_off is None),
        tuple(
            (printable(name), value.absolute())
            for name, value in result.placed.symbols.items()
            if printable(name) not in shown
        ),
        result.script.has_sections,
    )


def _area(known: Origins, index: int, names: dict[str, str], lines: bool) -> Area:
    section = known.result.placed.sections[index]
    node = section.plan.node
    marks = tuple(
        attrs.evolve(mark, name=printable(mark.name)) for mark in known.marks.get(index, ())
    )
    offsets = [mark.sec_off for mark in marks]
    content = known.result.patched.contents[index]
    parts = []
    for piece in known.pieces(index):
        first = bisect_left(offsets, piece.sec_off)
        inside = marks[first : bisect_left(offsets, piece.sec_off + piece.size)]
        parts.append(_part(known, piece, inside, content, names, lines))
    return Area(
        printable(section.name),
        section.vma,
        section.lma,
        section.size,
        section.align,
        kind_of(section.plan.type, section.plan.flags),
        known.in_file.offsets.get(index),
        section.plan.alloc,
        node is None,
        _place(node.span) if node is not None else "",
        tuple(parts),
        marks,
    )


def _part(
    known: Origins,
    piece: OutputPiece,
    marks: tuple[Mark, ...],
    content: bytes | bytearray,
    names: dict[str, str],
    lines: bool,
) -> Part:
    section = piece.section
    if section is None:
        cause = " ".join(printable(_in_words(piece.cause, names), newlines=True).split())
        kind = "padding" if piece.kind == "fill" else "script"
        shown = bytes(content[piece.sec_off : piece.sec_off + min(piece.size, 8)])
        more = " ..." if piece.size > 8 else ""
        return Part(
            piece.sec_off, piece.size, kind, "", "", cause, cause, _place(piece.span),
            shown.hex(" ") + more if shown else "", 1, marks, {},
        )  # fmt: skip
    owner = piece.cause[: -len(section.name) - 2]
    file, name = printable(names.get(owner, owner)), printable(section.name)
    found = {}
    if lines and kind_of(section.type, section.flags) == "code":
        for off in {piece.sec_off, *(mark.sec_off for mark in marks)}:
            line = known.line(section, off - piece.sec_off)
            if line:
                found[off] = printable(line)
    return Part(
        piece.sec_off, piece.size, kind_of(section.type, section.flags), file, name,
        f"{file}({readable_section(name)})", printable(piece.cause), "", "", section.align,
        marks, found,
    )  # fmt: skip


def _in_words(cause: str, names: dict[str, str]) -> str:
    """`alignment of long/path/a.o(.text)` with the file's short name."""
    found = re.match(r"alignment of (.*)\((.*)\)$", cause, re.DOTALL)
    if not found:
        return cause
    file, section = found.groups()
    return f"alignment of {names.get(file, file)}({readable_section(section)})"


def _place(span: object) -> str:
    """`kernel.ld:14` for a span of the script; its folder is left out."""
    from ..diag import Span

    if not isinstance(span, Span):
        return ""
    return printable(f"{os.path.basename(span.source.name)}:{span.line}")


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Each path without its folders where that is enough to tell it from the others."""
    found: dict[str, set[str]] = {}
    every = list(paths)
    for path in every:
        found.setdefault(os.path.basename(path), set()).add(path)
    return {
        path: base if base and len(found[base]) == 1 else path
        for path in every
        for base in [os.path.basename(path)]
    }


def fold(parts: Sequence[Part], keep: int) -> list[Part | Fold]:
    """The largest `keep` parts, the first and the last as they are, runs of the others as one each.

    Of equally large parts all are kept or none; a run of up to three is not worth folding.
    """
    if len(parts) <= keep + keep // 2:
        return list(parts)
    limit = sorted((part.size for part in parts), reverse=True)[keep]
    kept = {0, len(parts) - 1, *(i for i, part in enumerate(parts) if part.size > limit)}
    shown: list[Part | Fold] = []
    run: list[Part] = []
    for index, part in enumerate(parts):
        if index not in kept:
            run.append(part)
            continue
        shown += run if len(run) < 4 else [Fold(tuple(run))]
        run = []
        shown.append(part)
    return shown


def with_holes_in_memory(areas: Sequence[Area]) -> list[Area | Hole]:
    """Areas with what lies between them; areas of no size leave no mark."""
    found: list[Area | Hole] = []
    end: int | None = None
    for area in areas:
        if end is not None and area.vma != end and area.size:
            found.append(Hole(min(end, area.vma), area.vma - end))
        found.append(area)
        end = max(area.vma + area.size, end or 0) if area.size else end
    return found


def with_holes_in_file(items: Sequence[Area | Table], size: int) -> list[Area | Table | Hole]:
    """The same in the file, from its first byte to its last."""
    found: list[Area | Table | Hole] = []
    end = 0
    for item in items:
        start = item.file_off or 0
        if start != end:
            found.append(Hole(min(end, start), start - end))
        found.append(item)
        end = max(end, start + item.size)
    if end != size:
        found.append(Hole(end, size - end))
    return found


def sectors(file_off: int, size: int) -> tuple[int, int]:
    """The first and the last sector (LBA) that hold some of these bytes."""
    return file_off // SECTOR, (file_off + max(size, 1) - 1) // SECTOR


def size_in_words(size: int) -> str:
    """`1,536 bytes`, `64 KiB`: exact, in the largest unit it is a whole number of."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale and size % scale == 0:
            return f"{size // scale:,} {unit}"
    return _many(size, "byte")


def about(size: int) -> str:
    """`1,536 bytes`, `992.5 KiB`: a size to read, not to compute with."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= 10 * scale or (size >= scale and scale > 1 << 10):
            return f"{size / scale:,.1f}".removesuffix(".0") + f" {unit}"
    return _many(size, "byte")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
