"""The index of an unwind table (.eh_frame_hdr), and the last words of the table itself.

To find the record of an address quickly, a run-time wants a sorted list of all functions and their
records.  `--eh-frame-hdr` makes it: a header of 12 bytes, then for each function two distances from
the header, to the code and to its record (FDE).  It is sorted by addresses, so it can only be
written when everything has its place; so can the distance from an FDE back to its CIE when that is
in the section of another file.

Source: LSB 5.0 core, 10.6.2; the order and what is left out by linking with both linkers."""

from __future__ import annotations

import struct

from ...dialect import Dialect
from ..own.own_place import own_address
from ..placement import Placement
from ..relocating.relocate import Patched
from .unwind_plan import UnwindIndex
from .unwind_records import PC_RELATIVE, SIGNED, width

ENCODINGS = bytes((1, 0x1B, 0x03, 0x3B))
"""Version; where the table is: distance from here; how many; rows: distances from the header."""
NO_LIST = bytes((1, 0x1B, 0xFF, 0xFF))


def complete_unwind(placed: Placement, patched: Patched, dialect: Dialect) -> Patched:
    """Write the distances from FDEs to CIEs and the index; nothing else is changed."""
    index = placed.addresses.edits.unwind
    if index is None:
        return patched
    where = placed.addresses
    for fde in index.fdes:
        place, cie = where.place(fde.home, fde.sec_off), where.place(fde.cie_home, fde.cie_off)
        if place is not None and cie is not None:
            # In one output section, or in parts of one, which lie one behind the other in memory.
            back = place[1] + 4 - cie[1]
            back += placed.sections[place[0]].vma - placed.sections[cie[0]].vma
            struct.pack_into("<I", patched.contents[place[0]], place[1] + 4, back & 0xFFFFFFFF)
    _write_own_records(index, placed, patched)
    _write_index(index, placed, patched, dialect)
    return patched


def _write_own_records(index: UnwindIndex, placed: Placement, patched: Patched) -> None:
    """The distance to the function in records about the linker's own code."""
    linkage = placed.addresses.tables.linkage
    for fde in index.fdes if linkage is not None else ():
        part = linkage.unwind.get(fde.home) if linkage is not None else None
        spot = placed.addresses.place(fde.home, fde.sec_off + 8)
        if part is None or spot is None:
            continue
        place = placed.sections[spot[0]].vma + spot[1]
        distance = (own_address(placed, part[0]) or 0) - place
        patched.contents[spot[0]][spot[1] : spot[1] + 4] = _distance(distance)


def _write_index(index: UnwindIndex, placed: Placement, patched: Patched, dialect: Dialect) -> None:
    where = placed.addresses
    spot = where.place(index.header, 0) if index.header >= 0 else None
    table = where.place(index.table, 0)
    if spot is None or table is None:
        return
    start = placed.sections[spot[0]].vma + spot[1]
    table_start = placed.sections[table[0]].vma + table[1]
    rows = _rows(index, placed, patched, start)
    if dialect.edits_unwind_in_place:
        rows.sort()
    else:
        rows = sorted({row[0]: row for row in reversed(rows)}.values())
    is_empty = dialect.edits_unwind_in_place and not rows
    content = ENCODINGS if index.listed and not is_empty else NO_LIST
    content += _distance(table_start - start - 4)
    if index.listed:
        content += len(rows).to_bytes(4, "little")
        content += b"".join(_distance(code) + _distance(record) for code, record in rows)
    at = spot[1]
    patched.contents[spot[0]][at : at + len(content)] = content


def _rows(
    index: UnwindIndex, placed: Placement, patched: Patched, start: int
) -> list[tuple[int, int]]:
    """(distance to a function, distance to its FDE) from the index."""
    rows = []
    for fde in index.fdes if index.listed else ():
        spot = placed.addresses.place(fde.home, fde.sec_off)
        if spot is None:
            continue
        content, place = patched.contents[spot[0]], spot[1] + 8
        size = width(fde.encoding, fde.word)
        signed = bool(fde.encoding & SIGNED) or size == fde.word
        code = int.from_bytes(content[place : place + size], "little", signed=signed)
        vma = placed.sections[spot[0]].vma
        if fde.encoding & 0x70 == PC_RELATIVE:
            code += vma + place
        rows.append((_signed32(code - start), vma + spot[1] - start))
    return rows


def _signed32(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _distance(value: int) -> bytes:
    return (value & 0xFFFFFFFF).to_bytes(4, "little")
