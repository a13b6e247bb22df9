"""What the picture's panel says about each box: the facts as words, ready to be shown.

Every box has an item, and the same item serves its twin in the other column.  Numbers are text,
since JavaScript's own end at 2**53.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .kinds import KINDS
from .names import readable, readable_section
from .overview import Area, Fold, Hole, Overview, Part, Table, sectors, size_in_words

if TYPE_CHECKING:
    from .origin import Mark

LANDMARKS = (
    (0x0, 0x500, "interrupt vectors and BIOS data"),
    (0x7C00, 0x7E00, "where the BIOS loads the boot sector"),
    (0x9FC00, 0xA0000, "extended BIOS data, on most PCs"),
    (0xA0000, 0xC0000, "video memory (text at 0xb8000)"),
    (0xC0000, 0x100000, "BIOS and option ROMs"),
)
"""What a PC has at low addresses, to be told where nothing is placed."""

SMALLEST_TOLD = 512
"""Bytes a hole must have to be worth that."""

Item = dict[str, Any]
"""What the panel says about a box; the template explains the keys."""


def _item(title: str, kind: str, words: str, rows: Sequence[tuple[str, str]]) -> Item:
    shown = [row for row in rows if row[1]]
    return {"t": title, "k": kind, "w": words, "r": shown, "m": [], "p": [], "a": None, "f": None}


def _where(area: Area, view: Overview, sec_off: int, size: int) -> list[tuple[str, str]]:
    """Rows that say where some bytes of an area are."""
    rows = [("Size", _size(size))]
    if area.alloc:
        rows.append(("Memory", _range(area.vma + sec_off, size)))
        if area.lma != area.vma:
            rows.append(("Loaded at", _range(area.lma + sec_off, size)))
    if area.file_off is None:
        rows.append(("File", "no bytes in it"))
    elif size:
        rows.append(("File", _range(area.file_off + sec_off, size)))
        rows.append(
            ("Sectors", _sector_words(area.file_off + sec_off, size) if view.is_raw else "")
        )
    return rows


def _places(item: Item, area: Area, sec_off: int, size: int) -> Item:
    """The item with its place, for the search by address."""
    if area.alloc:
        item["a"] = [str(area.vma + sec_off), str(size)]
    if area.file_off is not None:
        item["f"] = [str(area.file_off + sec_off), str(size)]
    return item


def area_item(area: Area, view: Overview) -> Item:
    rows = _where(area, view, 0, area.size)
    rows.append(("Alignment", _size(area.align) if area.align > 1 else ""))
    rows.append(("Script", area.place))
    if area.orphan and view.has_script:
        rows.append(("Script", "no statement names it: the linker found it a place"))
    inputs = sum(bool(part.file) for part in area.parts)
    rows.append(("Inputs", str(inputs) if inputs else ""))
    by_kind = totals(area.parts)
    if len(by_kind) > 1:
        shares = (f"{KINDS[kind]} {_share(size, area.size)}" for kind, size in by_kind.items())
        rows.append(("Bytes for", ", ".join(shares)))
    item = _item(area.name, area.kind, f"output section, {KINDS[area.kind]}", rows)
    item["m"] = [_mark_row(mark, area, {}) for mark in area.end_marks]
    return _places(item, area, 0, area.size)


def part_item(part: Part | Fold, area: Area, view: Overview) -> Item:
    rows = _where(area, view, part.sec_off, part.size)
    if isinstance(part, Fold):
        item = _item(part.title, fold_kind(part), f"in {area.name}", rows)
        item["p"] = [_inner_row(inner, area) for inner in part.parts]
        return _places(item, area, part.sec_off, part.size)
    if part.file:
        title = readable_section(part.section)
        rows += [
            ("Input", part.file),
            ("Its section", part.section if part.section != title else ""),
            ("Alignment", _size(part.align) if part.align > 1 else ""),
            ("Source", part.lines.get(part.sec_off, "")),
        ]
        words = f"input section, {KINDS[part.kind]}, in {area.name}"
    else:
        title = "Padding" if part.kind == "padding" else part.cause
        rows += [("Because of", part.cause), ("Script", part.place), ("Bytes", part.content)]
        words = f"{KINDS[part.kind]}, in {area.name}"
    item = _item(title, part.kind, words, rows)
    item["m"] = [_mark_row(mark, area, part.lines) for mark in part.marks]
    return _places(item, area, part.sec_off, part.size)


def plain_item(entry: Table | Hole, place: str, view: Overview) -> Item:
    if isinstance(entry, Table):
        rows = [("Size", _size(entry.size)), ("File", _range(entry.file_off, entry.size))]
        item = _item(entry.name, "other", "part of the ELF file, not of the program", rows)
        item["f"] = [str(entry.file_off), str(entry.size)]
        return item
    if entry.size < 0:
        words = "The next section begins before this one ends."
        return _item("Overlap", "script", words, [("Size", _size(-entry.size))])
    rows = [("Size", _size(entry.size))]
    if place == "file":
        rows.append(("File", _range(entry.start, entry.size)))
        why = "zeros: the next section is loaded further up" if view.is_raw else "zeros"
        if view.is_raw:
            rows.append(("Sectors", _sector_words(entry.start, entry.size)))
        item = _item("Gap in the file", "padding", why, rows)
        item["f"] = [str(entry.start), str(entry.size)]
        return item
    rows.append(("Memory", _range(entry.start, entry.size)))
    end = entry.start + entry.size
    rows += [
        (f"{max(low, entry.start):#x}", words)
        for low, high, words in LANDMARKS
        if low < end and entry.start < high and entry.size >= SMALLEST_TOLD
    ]
    item = _item("Hole in memory", "padding", "addresses the link does not use", rows)
    item["a"] = [str(entry.start), str(entry.size)]
    return item


def _mark_row(mark: Mark, area: Area, lines: dict[int, str]) -> list[str]:
    name = readable(mark.name)
    remark = ", ".join(
        filter(
            None,
            (
                lines.get(mark.sec_off, ""),
                "set by the script" if mark.kind == "script" else "",
                mark.name if name != mark.name else "",
            ),
        )
    )
    return [address_of(area, mark.sec_off), name, _size(mark.size) if mark.size else "", remark]


def _inner_row(part: Part, area: Area) -> list[str]:
    name = part.title if part.file else f"{KINDS[part.kind]}: {part.cause}"
    symbols = ", ".join(readable(mark.name) for mark in part.marks)
    return [address_of(area, part.sec_off), name, _size(part.size), symbols]


def address_of(area: Area, sec_off: int) -> str:
    return f"{area.vma + sec_off:#x}" if area.alloc else f"+{sec_off:#x}"


def _range(start: int, size: int) -> str:
    return f"{start:#x} to {start + size:#x}"


def _size(size: int) -> str:
    return f"{size:#x} ({size_in_words(size)})" if size > 9 else size_in_words(size)


def _sector_words(file_off: int, size: int) -> str:
    first, last = sectors(file_off, size)
    return f"{first}" if first == last else f"{first} to {last}"


def _share(size: int, whole: int) -> str:
    percent = 100 * size / max(whole, 1)
    return f"{percent:.0f} %" if percent >= 1 else "< 1 %"


def totals(parts: Iterable[Part]) -> dict[str, int]:
    """Bytes of each kind, in the order of KINDS."""
    found = dict.fromkeys(KINDS, 0)
    for part in parts:
        found[part.kind] += part.size
    return {kind: size for kind, size in found.items() if size}


def fold_kind(part: Fold) -> str:
    kinds = {inner.kind for inner in part.parts} - {"padding"}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "padding"
