"""How high each box of the picture is and where it stands: all its geometry, in pixels.

Heights are not to scale.  A boot image holds a section of 3 bytes next to one of 300,000, and a
memory map has holes of a megabyte; heights grow with the logarithm of the size, and holes are
breaks of one height.  A section has the same height in memory and in the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from .names import readable, readable_section
from .overview import (
    SECTOR,
    Area,
    Fold,
    Hole,
    Overview,
    Part,
    Table,
    fold,
    with_holes_in_file,
    with_holes_in_memory,
)
from .panel import Item, area_item, part_item, plain_item

if TYPE_CHECKING:
    from .origin import Mark

ROWS = 320
"""About as many boxes a column may have before runs of small parts are drawn as one."""

HEADER, HOLE, TABLE = 38, 40, 24
LABEL, MARK = 21, 15
"""Heights of a section's head, a break, an ELF table, and of lines of text."""

MARKS = 5
"""Symbols written into a box; the panel has them all."""

SMALLEST_SECTOR = 15
"""Below this height sectors are marked several at a time."""

RULER = 84


@attrs.frozen(eq=False)
class Row:
    """A part (or several folded) as a box: `number` of its item, `y` from the top of its area."""

    part: Part | Fold
    number: int
    y: int
    height: int


@attrs.frozen(eq=False)
class Shape:
    """An area as a box: the same in both columns."""

    area: Area
    number: int
    rows: tuple[Row, ...]
    height: int


@attrs.frozen(eq=False)
class Box:
    """Something of a column at its height; `shape` when it is an area."""

    entry: Area | Table | Hole
    number: int
    y: int
    height: int
    shape: Shape | None = None


def columns(view: Overview) -> tuple[list[Box], list[Box], list[Item]]:
    """The boxes of memory, those of the file, and the items of all of them."""
    items: list[Item] = []
    drawn = {id(a): a for a in (*view.memory, *view.in_file) if isinstance(a, Area)}
    keep = min(max(ROWS // max(len(drawn), 1), 2), 60)
    shapes = {key: _shape(area, view, keep, items) for key, area in drawn.items()}
    memory = _column(with_holes_in_memory(view.memory), shapes, items, "memory", view)
    in_file = with_holes_in_file(view.in_file, view.file_size)
    return memory, _column(in_file, shapes, items, "file", view), items


def _shape(area: Area, view: Overview, keep: int, items: list[Item]) -> Shape:
    number = len(items)
    items.append(area_item(area, view))
    rows, y = [], HEADER
    for part in fold(area.parts, keep):
        height = _height(part)
        rows.append(Row(part, len(items), y, height))
        items.append(part_item(part, area, view))
        y += height
    return Shape(area, number, tuple(rows), y)


def _height(part: Part | Fold) -> int:
    """Slowly more for a larger part, and enough for the text in it."""
    grown = math.log2(1 + part.size / 16)
    if isinstance(part, Part) and part.kind == "padding":
        return round(min(17 + 2 * grown, 36))
    text = LABEL + MARK * len(written_marks(part)) if isinstance(part, Part) else LABEL
    return round(max(text + 4, min(20 + 6 * grown, 130)))


def written_marks(part: Part) -> tuple[Mark, ...]:
    """The symbols that stand in the box: none when the section's name says it."""
    if len(part.marks) == 1 and readable_section(part.section).endswith(
        "." + readable(part.marks[0].name)
    ):
        return ()
    return part.marks[:MARKS]


def _column(
    entries: Iterable[Area | Table | Hole],
    shapes: dict[int, Shape],
    items: list[Item],
    place: str,
    view: Overview,
) -> list[Box]:
    """Boxes one below the other."""
    boxes: list[Box] = []
    y = 8
    for entry in entries:
        if isinstance(entry, Area):
            shape = shapes[id(entry)]
            boxes.append(Box(entry, shape.number, y, shape.height, shape))
        else:
            small = isinstance(entry, Hole) and 0 < entry.size < 16
            height = TABLE if isinstance(entry, Table) or small else HOLE
            boxes.append(Box(entry, len(items), y, height))
            items.append(plain_item(entry, place, view))
        y += boxes[-1].height + (4 if isinstance(entry, Table) else 2)
    return boxes


def _stretches(column: Sequence[Box]) -> Iterator[tuple[int, int, int, int]]:
    """(y, height, file offset, size) of everything in the file's column that has bytes."""
    for box in column:
        if box.shape is not None:
            for row in box.shape.rows:
                # The head of a section stands over its first part, and is of the same bytes.
                head = HEADER if row is box.shape.rows[0] else 0
                y, height = box.y + row.y - head, row.height + head
                yield y, height, (box.shape.area.file_off or 0) + row.part.sec_off, row.part.size
        elif isinstance(box.entry, Hole) and box.entry.size > 0:
            yield box.y, box.height, box.entry.start, box.entry.size


def sector_marks(column: Sequence[Box], view: Overview) -> list[tuple[float, float, int, int]]:
    """(y, height, first sector, sector after the last): several at a time where they are small."""
    edges: list[tuple[int, float]] = []
    for y, height, start, size in _stretches(column):
        first, end = -(-start // SECTOR), -(-(start + size) // SECTOR)
        step = 1
        while (end - first) * SMALLEST_SECTOR > height * step:
            step *= 2
        for sector in range(-(-first // step) * step, end, step):
            at = y + height * (sector * SECTOR - start) / max(size, 1)
            if not edges or at - edges[-1][1] >= SMALLEST_SECTOR:
                edges.append((sector, at))
    bottom = column[-1].y + column[-1].height if column else 0
    ends = [*edges[1:], (-(-view.file_size // SECTOR), float(bottom))]
    return [
        (y, max(end_y - y, 1.0), sector, max(after, sector + 1))
        for (sector, y), (after, end_y) in zip(edges, ends)
    ]
