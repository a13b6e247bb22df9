""".gdb_index: a table by which gdb finds names and addresses without reading all debug data.

A debugger that is asked for `main` would have to decode every unit of .debug_info to find it.  The
index says at once which units there are, which addresses belong to each, and for each name which
units define it and as what.  Names come from the tables of `-ggnu-pubnames`, which are not in the
output, as all it needs of them is here.

    header          version, where the parts begin
    units           offset and length in .debug_info
    address areas   first address, end, number of the unit
    names           a hash table: where the name is, where its units are
    pool            for each name its units, each with a kind; then the names

Source: GDB's manual, "Index Section Format", version 7; orders and sizes as ld.lld has them.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterable, Sequence

import attrs

from ..placement import Placement
from ..section_list import SectionId, SectionList
from .gdb_index_read import IndexedFile

VERSION = 7

HEADER = struct.Struct("<6I")
UNIT = struct.Struct("<2Q")
AREA = struct.Struct("<2QI")
SLOT = struct.Struct("<2I")

FEWEST_SLOTS = 1024
KIND_SHIFT = 24
SHARD_SHIFT = 27
"""Names are listed by the five high bits of their hash, among equals as they are met."""

ADDRESS = (1 << 64) - 1
LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))


@attrs.frozen(eq=False, repr=False)
class Area:
    """Code of a unit: the offsets [low, high) in a section, and the unit's number."""

    section: SectionId
    low: int
    high: int
    unit: int


class GdbIndex:
    """The index of an output whose sections have no addresses yet: all but these is settled.

    units: (section, offset in it, length).  slots, pool: the two parts that are about names."""

    def __init__(
        self,
        units: Sequence[tuple[SectionId, int, int]],
        areas: Sequence[Area],
        slots: bytes,
        pool: bytes,
    ) -> None:
        self.units, self.areas, self.slots, self.pool = units, areas, slots, pool
        tables = len(units) * UNIT.size + len(areas) * AREA.size
        self.size = HEADER.size + tables + len(slots) + len(pool)

    def content(self, placed: Placement) -> bytes:
        """The index with addresses; what is not in the output is at 0."""
        where = placed.addresses
        units, areas = bytearray(), bytearray()
        for section, offset, length in self.units:
            place = where.place(section, 0)
            units += UNIT.pack(offset + (place[1] if place is not None else 0), length)
        for area in self.areas:
            start = _address(placed, area.section)
            areas += AREA.pack(start + area.low & ADDRESS, start + area.high & ADDRESS, area.unit)
        first_area = HEADER.size + len(units)
        first_slot = first_area + len(areas)
        head = HEADER.pack(
            VERSION, HEADER.size, first_area, first_area, first_slot, first_slot + len(self.slots)
        )
        return b"".join((head, units, areas, self.slots, self.pool))


def _address(placed: Placement, section: SectionId) -> int:
    """Where a section begins, or the one that --icf kept of several."""
    place = placed.addresses.of_place(section, 0)
    return placed.sections[place[0]].vma + place[1] if place is not None else 0


def gdb_index(
    files: Iterable[IndexedFile], table: SectionList, gone: Container[SectionId]
) -> GdbIndex:
    """The index of files.  gone: sections that are dead or discarded, whose code has no area."""
    units: list[tuple[SectionId, int, int]] = []
    areas: list[Area] = []
    names: dict[bytes, list[int]] = {}
    for file in files:
        first, base = len(units), table.base[file.number]
        units += [(base + file.info, offset, length) for offset, length in file.units]
        for unit, code in file.code:
            sid = base + code.section
            if table.eligible[sid] and sid not in gone:
                areas.append(Area(sid, code.low, code.high, first + unit))
        for name, unit in file.names:
            entry = first + unit | name.kind << KIND_SHIFT
            names.setdefault(name.name, []).append(entry)
    return GdbIndex(units, areas, *_name_tables(names))


def _name_tables(names: dict[bytes, list[int]]) -> tuple[bytes, bytes]:
    """The hash table of the names, and the pool it points into."""
    hashed = [(gdb_hash(name), name) for name in names]
    hashed.sort(key=lambda row: row[0] >> SHARD_SHIFT)
    lists, texts = bytearray(), bytearray()
    start_of_texts = sum(4 + 4 * len(units) for units in names.values())
    rows: list[tuple[int, int, int]] = []
    for number, name in hashed:
        rows.append((number, start_of_texts + len(texts), len(lists)))
        units = names[name]
        lists += struct.pack(f"<{1 + len(units)}I", len(units), *units)
        texts += name + b"\0"
    return _hash_table(rows), bytes(lists + texts)


def _hash_table(rows: Sequence[tuple[int, int, int]]) -> bytes:
    """(hash, name, units) of each name in a table with open addressing."""
    size = max(1 << (len(rows) * 4 // 3).bit_length(), FEWEST_SLOTS)
    mask = size - 1
    table = bytearray(size * SLOT.size)
    used = bytearray(size)
    for number, name, units in rows:
        at, step = number & mask, number * 17 & mask | 1
        while used[at]:
            at = at + step & mask
        used[at] = 1
        SLOT.pack_into(table, at * SLOT.size, name, units)
    return bytes(table)


def gdb_hash(name: bytes) -> int:
    """gdb's hash of a name, upper and lower case alike."""
    number = 0
    for letter in name.translate(LOWER):
        number = number * 67 + letter - 113 & 0xFFFFFFFF
    return number
