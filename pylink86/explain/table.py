"""A link as a table in the terminal: what `pyld --print-layout` prints.

Top to bottom as in memory, one line for each thing: where it runs, where it lies in the file, how
large it is, which sectors of the disk hold it, and what it is or why it is there.  A link of a few
files is shown in full; in a large one runs of small inputs are folded to a line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from .kinds import KINDS
from .names import readable
from .origin import Mark
from .overview import (
    Area,
    Fold,
    Hole,
    Overview,
    Part,
    Table,
    fold,
    sectors,
    size_in_words,
    with_holes_in_file,
    with_holes_in_memory,
)

KEEP = 24
"""Parts of a section that a folded table shows one by one: the largest."""

SYMBOLS = 12
"""Symbols of a part that it shows; where labels abound, the first are enough to find one's way."""

BOLD, DIM, PLAIN = "\033[1m", "\033[2m", "\033[0m"


@attrs.frozen
class Line:
    """A row: range in memory, file offset, size, sectors, then words, indented by `depth`.

    style: BOLD, DIM or "".  A row of words alone has no cells.
    """

    cells: tuple[str, str, str, str]
    depth: int
    words: str
    style: str = ""


HEADINGS = Line(("memory", "file", "size", "sector"), 0, "what")


def layout_table(
    view: Overview, *, title: str = "", full: bool = False, colour: bool = False, width: int = 0
) -> str:
    """The table as text, every line ending with a newline.

    title: name of the output.  full: every part and symbol, nothing folded.  width: columns of the
    terminal, longer lines lose their middle; 0 when there is none.
    """
    rows = list(_lines(view, full))
    headings = [HEADINGS, *rows]
    wide = [max(len(line.cells[i]) for line in headings) for i in range(4)]
    if not view.is_raw:
        wide[3] = 0
    text = [_headline(view, title), ""]
    text += [_row(line, wide, width, colour) for line in headings]
    folded = not full and any(line.style is DIM and line.words[:3] == "..." for line in rows)
    text += ["", *_footer(view, folded)]
    if not text[-1]:
        text.pop()
    return "".join(line.rstrip() + "\n" for line in text)


def _headline(view: Overview, title: str) -> str:
    what = "raw image" if view.is_raw else view.oformat
    words = f"{title}: {what}" if title else what
    words += f", {view.file_size:,} bytes"
    if view.is_raw:
        whole, rest = divmod(view.file_size, 512)
        count = f"{whole:,} sector{'' if whole == 1 else 's'} of 512"
        words += f" = {count}" + (f" and {rest} bytes" if rest else "")
    return words + "; ranges end before the second address"


def _row(line: Line, wide: Sequence[int], width: int, colour: bool) -> str:
    memory, file, size, sector = line.cells
    cells = [f"{memory:<{wide[0]}}", f"{file:>{wide[1]}}", f"{size:>{wide[2]}}"]
    if wide[3]:
        cells.append(f"{sector:<{wide[3]}}")
    left = "  ".join(cells)
    words = "  " * line.depth + line.words
    room = width - len(left) - 2
    if width and len(words) > room > 10:
        words = words[: room // 2] + "~" + words[len(words) - (room - room // 2 - 1) :]
    text = f"{left}  {words}"
    return f"{line.style}{text}{PLAIN}" if colour and line.style else text


def _lines(view: Overview, full: bool) -> Iterator[Line]:
    """The rows: memory from bottom to top, then what is only in the file."""
    for item in with_holes_in_memory(view.memory):
        if isinstance(item, Hole):
            yield _hole(item)
        else:
            yield from _area(item, view, full)
    zeros = {
        item.start: item
        for item in with_holes_in_file(view.in_file, view.file_size)
        if isinstance(item, Hole) and view.is_raw
    }
    for start, item in zeros.items():
        yield Line(
            ("", f"{start:#x}", f"{item.size:#x}", _sector_cell(view, start, item.size)), 0,
            f"~ zeros in the file: {size_in_words(item.size)} between load addresses ~", DIM,
        )  # fmt: skip
    for other in view.in_file:
        if isinstance(other, Table):
            yield Line(("", f"{other.file_off:#x}", f"{other.size:#x}", ""), 0, f"({other.name})")
        elif not other.alloc:
            yield from _area(other, view, full)


def _hole(hole: Hole) -> Line:
    if hole.size < 0:
        said = f"! the next section overlaps what is before it by {size_in_words(-hole.size)} !"
        return Line(("", "", "", ""), 0, said)
    cells = (f"{hole.start:#x}-{hole.start + hole.size:#x}", "", f"{hole.size:#x}", "")
    return Line(cells, 0, f"~ hole of {size_in_words(hole.size)} ~", DIM)


def _area(area: Area, view: Overview, full: bool) -> Iterator[Line]:
    words = [area.name, KINDS[area.kind]]
    if area.alloc and area.lma != area.vma:
        words.append(f"loaded at {area.lma:#x}")
    if area.orphan and view.has_script:
        words.append("no statement of the script names it")
    yield _line(area, view, 0, area.size, 0, ": ".join(words[:2]) + _more(words[2:]), BOLD)
    for part in area.parts if full else fold(area.parts, KEEP):
        if isinstance(part, Fold):
            yield _line(area, view, part.sec_off, part.size, 1, f"... {part.title}", DIM)
            continue
        yield _line(area, view, part.sec_off, part.size, 1, _words(part), _style(part))
        if full or not _says_it_all(part):
            yield from _marks(area, part.marks, full)
    yield from _marks(area, area.end_marks, full)


def _more(words: Sequence[str]) -> str:
    return "".join(f", {word}" for word in words if word)


def _style(part: Part) -> str:
    return DIM if part.kind == "padding" else ""


def _words(part: Part) -> str:
    if part.file:
        return part.title
    what = "padding" if part.kind == "padding" else "data"
    place = f", {part.place}" if part.place else ""
    content = f" [{part.content}]" if part.content else ""
    return f"{what}: {part.cause}{place}{content}"


def _says_it_all(part: Part) -> bool:
    """Whether a part is the one function or variable its section is named for."""
    return (
        len(part.marks) == 1
        and part.marks[0].sec_off == part.sec_off
        and part.title.endswith(f".{readable(part.marks[0].name)})")
    )


def _marks(area: Area, marks: Sequence[Mark], full: bool) -> Iterator[Line]:
    shown = marks if full or len(marks) <= SYMBOLS + 1 else marks[:SYMBOLS]
    for mark in shown:
        at = f"{area.vma + mark.sec_off:#x}" if area.alloc else ""
        size = f"{mark.size:#x}" if mark.size else ""
        said = f"{readable(mark.name)}{' (script)' if mark.kind == 'script' else ''}"
        yield Line((f"  {at}", "", "", ""), 2, f"{said}{f', {size}' if size else ''}")
    if len(shown) < len(marks):
        yield Line(("", "", "", ""), 2, f"... {len(marks) - len(shown):,} more symbols", DIM)


def _line(
    area: Area, view: Overview, sec_off: int, size: int, depth: int, words: str, style: str
) -> Line:
    start = area.vma + sec_off
    memory = f"{start:#x}-{start + size:#x}" if area.alloc else ""
    file, sector = "", ""
    if area.file_off is not None:
        file = f"{area.file_off + sec_off:#x}"
        sector = _sector_cell(view, area.file_off + sec_off, size)
    return Line((memory, file, f"{size:#x}", sector), depth, words, style)


def _sector_cell(view: Overview, file_off: int, size: int) -> str:
    if not view.is_raw or not size:
        return ""
    first, last = sectors(file_off, size)
    return f"{first}" if first == last else f"{first}-{last}"


def _footer(view: Overview, folded: bool) -> Iterator[str]:
    if folded:
        yield "lines with ... stand for several small parts: --print-layout=full shows each"
    if view.constants:
        yield "set by the script:"
        for name, value in view.constants:
            yield f"  {name} = {value:#x} ({value:,})"
    if view.left_out:
        total = sum(area.size for area in view.left_out)
        names = ", ".join(area.name for area in view.left_out[:12])
        more = f" and {len(view.left_out) - 12} more" if len(view.left_out) > 12 else ""
        yield f"neither in memory nor in the file ({total:,} bytes): {names}{more}"
