"""A link as one HTML page: memory and file side by side, every byte with its reason.

The page needs nothing but itself: no network, no library, and it says the same each time the same
link is drawn.  `drawing` decides what stands where and `panel` what the panel says; the template
beside this module has the colours and the few lines of JavaScript that answer the mouse and the
keyboard.

Heights grow slowly with size (see `drawing`); every section has a thin bar that is true to scale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from .drawing import (
    HEADER,
    RULER,
    Box,
    Row,
    Shape,
    columns,
    sector_marks,
    written_marks,
)
from .kinds import KINDS
from .names import readable, readable_section
from .overview import (
    SECTOR,
    Area,
    Fold,
    Hole,
    Overview,
    Part,
    Table,
    about,
    overview,
    sectors,
    size_in_words,
)
from .panel import address_of, fold_kind, totals

if TYPE_CHECKING:
    from ..result import LinkResult
    from .origin import Mark


def picture(result: LinkResult, title: str = "") -> str:
    """The page of a link; title: what to call it, such as the name of the output."""
    return page(overview(result, lines=True), title or "Layout")


def page(view: Overview, title: str) -> str:
    """The page of a view, from the template."""
    memory, in_file, items = columns(view)
    height = max([box.y + box.height for box in (*memory, *in_file)], default=0) + 24
    widest = max((len(f"{a.vma + a.size:#x}") for a in view.memory), default=4)
    values = {
        "TITLE": escape(title),
        "FACTS": _facts(view),
        "LEGEND": _legend(view),
        "FILEHEAD": "Disk image" if view.is_raw else "File",
        "FILESUB": f"sectors of {SECTOR} bytes" if view.is_raw else "where it lies in the file",
        "GUTTER": str(widest),
        "RULER": str(RULER if view.is_raw else 8),
        "HEIGHT": str(height),
        "MEMORY": "\n".join(_boxes(memory, True, view)) or "<p>Nothing is in memory.</p>",
        "FILE": "\n".join(
            [*_boxes(in_file, False, view), *(_ruler(in_file, view) if view.is_raw else ())]
        ),
        "RIBBONS": "".join(_ribbons(memory, in_file)),
        "BELOW": _below(view),
        "DATA": json.dumps(items, separators=(",", ":")).replace("<", "\\u003c"),
    }
    template = files(__package__).joinpath("picture.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: values[found.group(1)], template)


def _boxes(column: Sequence[Box], in_memory: bool, view: Overview) -> Iterator[str]:
    for index, box in enumerate(column):
        if box.shape is not None:
            yield from _area_html(box, box.shape, in_memory, view)
            is_last = index + 1 == len(column) or isinstance(column[index + 1].entry, Hole)
            if in_memory and is_last and box.shape.rows:
                yield _at_html(box.shape.area.vma + box.shape.area.size, box.y + box.height - 1)
        elif isinstance(box.entry, Hole):
            yield _hole_html(box, box.entry, in_memory)
        elif isinstance(box.entry, Table):
            name, size = box.entry.name, box.entry.size
            label = f"{name}, {size_in_words(size)}, part of the ELF file"
            yield _box_html(box.number, "table", box.y, box.height, label, _row_of(name, "", size))


def _at_html(address: int, y: int, strong: bool = False) -> str:
    """An address beside the memory."""
    kind = "at strong" if strong else "at"
    return f'<span class="{kind}" style="top:{y}px">{address:#x}</span>'


def _row_of(name: str, of: str, size: int) -> str:
    """A line of text: what, of which file, and how large."""
    return (
        f'<div class="row"><span class="name">{escape(name)}</span>'
        f'<span class="of">{escape(of)}</span><span class="size">{size:#x}</span></div>'
    )


def _box_html(number: int, kind: str, y: int, height: int, label: str, inner: str) -> str:
    return (
        f'<div class="box {kind}" role="option" tabindex="-1" aria-selected="false"'
        f' data-n="{number}" style="top:{y}px;height:{height}px"'
        f' aria-label="{escape(label)}">{inner}</div>'
    )


def _area_html(box: Box, shape: Shape, in_memory: bool, view: Overview) -> Iterator[str]:
    area = shape.area
    of = KINDS[area.kind] if in_memory else _file_words(area, view)
    strip = f'<div class="strip" style="background:{_strip(area)}"></div>'
    label = f"section {area.name}, {_where_words(area, 0, area.size, in_memory)}"
    kind = f"area {area.kind}" + ("" if shape.rows else " empty")
    inner = _row_of(area.name, of, area.size) + strip
    yield _box_html(shape.number, kind, box.y, HEADER, label, inner)
    if in_memory:
        yield _at_html(area.vma, box.y, strong=True)
    for index, row in enumerate(shape.rows):
        last = " last" if index == len(shape.rows) - 1 else ""
        yield _part_html(box, area, row, last, in_memory)
        if in_memory and index:
            yield _at_html(area.vma + row.part.sec_off, box.y + row.y)


def _part_html(box: Box, area: Area, row: Row, last: str, in_memory: bool) -> str:
    part = row.part
    where = _where_words(area, part.sec_off, part.size, in_memory)
    marks: tuple[Mark, ...] = ()
    if isinstance(part, Fold):
        kind, name, of = f"fold {fold_kind(part)}", part.title, ""
        label = f"{part.title}, {where}"
    elif part.file:
        kind, name, of = part.kind, readable_section(part.section), part.file
        label = f"{part.title}, {KINDS[part.kind]}, {where}"
        marks = part.marks if in_memory else ()
    else:
        kind, name, of = part.kind, part.cause, part.place
        label = f"{KINDS[part.kind]} because of {part.cause}, {where}"
    if marks:
        label += ", symbols " + ", ".join(readable(mark.name) for mark in marks[:12])
    inner = _row_of(name, of, part.size)
    if marks and isinstance(part, Part):
        inner += _marks_html(part, area)
    return _box_html(row.number, f"part {kind}{last}", box.y + row.y, row.height, label, inner)


def _marks_html(part: Part, area: Area) -> str:
    written = written_marks(part)
    rows = [
        f"<b>{escape(readable(mark.name))}</b>"
        f' <span class="mono">{address_of(area, mark.sec_off)}</span>'
        for mark in written
    ]
    if written and len(part.marks) > len(written):
        rows[-1] += f" and {len(part.marks) - len(written):,} more symbols"
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f'<ul class="marks" role="presentation">{items}</ul>' if rows else ""


def _hole_html(box: Box, hole: Hole, in_memory: bool) -> str:
    if hole.size < 0:
        words = f"overlaps by {size_in_words(-hole.size)}"
        return _box_html(
            box.number, "hole overlap", box.y, box.height, words, f"<span>{words}</span>"
        )
    what = "unused" if in_memory else "of zeros"
    words = f"{about(hole.size)} {what}"
    label = f"{'hole in memory' if in_memory else 'gap in the file'}, {words}"
    return _box_html(
        box.number, "hole", box.y, box.height, label, f"{_break(box.height)}<span>{words}</span>"
    )


def _break(height: int) -> str:
    """Two torn edges, one above the words and one below."""

    def edge(y: float) -> str:
        return f"M0 {y}" + "".join(f"l5 {5 if i % 2 else -5}" for i in range(40))

    return (
        f'<svg viewBox="0 0 200 {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{edge(height * 0.28)}"/><path d="{edge(height * 0.86)}"/></svg>'
    )


def _strip(area: Area) -> str:
    """The bytes of an area by what they are for, true to scale, as a CSS gradient."""
    stops, at = [], 0.0
    whole = max(area.size, 1)
    for kind, size in totals(area.parts).items():
        end = at + 100 * size / whole
        stops.append(f"rgb(var(--{kind})) {at:.3f}% {end:.3f}%")
        at = end
    return f"linear-gradient(90deg,{','.join(stops)})" if stops else "none"


def _where_words(area: Area, sec_off: int, size: int, in_memory: bool) -> str:
    start = area.vma if in_memory else area.file_off or 0
    return f"{'at' if in_memory else 'file offset'} {start + sec_off:#x}, {size_in_words(size)}"


def _file_words(area: Area, view: Overview) -> str:
    """What the file's view says beside a section's name."""
    if view.is_raw and area.size:
        first, last = sectors(area.file_off or 0, area.size)
        return f"from {area.file_off:#x}, {last - first + 1} sector{'s' if last > first else ''}"
    return f"from {area.file_off:#x}"


def _ruler(column: Sequence[Box], view: Overview) -> Iterator[str]:
    """Marks of the sectors at the right of the file, and where each cuts it."""
    for index, (y, height, first, after) in enumerate(sector_marks(column, view)):
        is_one = after - first == 1
        words = f"sector {first}" if is_one else f"{first}\N{EN DASH}{after - 1}"
        kind = "sector even" if index % 2 == 0 else "sector"
        yield f'<span class="{kind}" style="top:{y:.1f}px;height:{height:.1f}px">{words}</span>'
        if is_one and index:
            yield f'<span class="cut" style="top:{y:.1f}px"></span>'


def _ribbons(memory: Sequence[Box], in_file: Sequence[Box]) -> Iterator[str]:
    """Bands that lead from each section in memory to its bytes in the file."""
    right = {box.number: box for box in in_file if box.shape is not None}
    for box in memory:
        other = right.get(box.number)
        if other is None or box.shape is None:
            continue
        a, b = box.y, box.y + box.height
        p, q = other.y, other.y + other.height
        yield (
            f'<path class="{box.shape.area.kind}" d="M0 {a}C32 {a} 32 {p} 64 {p}V{q}'
            f'C32 {q} 32 {b} 0 {b}Z" style="fill:rgb(var(--c)/var(--ribbon))"/>'
        )


def _facts(view: Overview) -> str:
    what = "raw image" if view.is_raw else escape(view.oformat)
    words = [f"{what}, <b>{view.file_size:,} bytes</b>"]
    if view.is_raw:
        whole, rest = divmod(view.file_size, SECTOR)
        more = f" and {rest} bytes" if rest else ""
        words.append(f"<b>{whole:,}</b> sector{'' if whole == 1 else 's'}{more}")
    inputs = {part.file for area in view.shown for part in area.parts if part.file}
    words.append(
        f"<b>{len(view.memory)}</b> section{'' if len(view.memory) == 1 else 's'} in memory"
    )
    words.append(f"<b>{len(inputs)}</b> input file{'' if len(inputs) == 1 else 's'}")
    if not view.is_raw:
        words.append(f"entry <b>{view.entry:#x}</b>")
    return " \N{MIDDLE DOT} ".join(words)


def _legend(view: Overview) -> str:
    """The kinds that occur, with their bytes in memory or file."""
    by_kind = totals(part for area in view.shown for part in area.parts)
    return "".join(
        f'<li><i class="{kind}"></i>{KINDS[kind]}'
        f' <span class="size">{size_in_words(size)}</span></li>'
        for kind, size in by_kind.items()
    )


def _below(view: Overview) -> str:
    """Tables that need no picture: who is how large, what the script set, what is left out."""
    found = [_inputs_html(view)]
    if view.constants:
        rows = [(name, f"{value:#x} ({value:,})") for name, value in view.constants]
        found.append(_table_html("Set by the script", rows))
    if view.left_out:
        rows = [(area.name, size_in_words(area.size)) for area in view.left_out]
        found.append(_table_html("Neither in memory nor in the file", rows))
    return "".join(found)


def _inputs_html(view: Overview) -> str:
    totals: dict[str, int] = {}
    for area in view.memory:
        for part in area.parts:
            if part.file:
                totals[part.file] = totals.get(part.file, 0) + part.size
    order = sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))
    largest = order[0][1] if order else 1
    rows = "".join(
        f'<tr><td class="name">{escape(name)}</td>'
        f'<td class="bar"><i style="width:{100 * size / max(largest, 1):.1f}%"></i></td>'
        f'<td class="size">{size_in_words(size)}</td></tr>'
        for name, size in order[:20]
    )
    if len(order) > 20:
        rest = size_in_words(sum(size for _, size in order[20:]))
        rows += (
            f'<tr><td class="name">{len(order) - 20:,} more</td><td></td>'
            f'<td class="size">{rest}</td></tr>'
        )
    return f"<div><h2>Inputs by size in memory</h2><table>{rows}</table></div>" if rows else ""


def _table_html(title: str, rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><td class="name">{escape(name)}</td><td class="size">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<div><h2>{title}</h2><table>{cells}</table></div>"
