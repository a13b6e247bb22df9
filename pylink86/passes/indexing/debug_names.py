""".debug_names: one index of the names of all objects, for debuggers that know DWARF 5.

Compilers write an index for each object (clang `-gpubnames`).  Put one behind the other they are
of little use, as a debugger would have to ask a thousand; merged, a name is in one place, with the
entries of all objects.  Units are numbered through, strings are those of the merged .debug_str, and
entries that name the entry around them name it where it is now.

Source: DWARF 5, 6.1.1; orders, forms and the number of buckets by linking with ld.lld.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

from ..placement import Placement
from ..section_list import SectionId, SectionList
from .debug_names_read import (
    COMPILE_UNIT,
    PARENT,
    SIZES,
    Abbrev,
    Entry,
    NameIndex,
)

VERSION = 5
HEADER = struct.Struct("<IH2x7I")

DATA1, DATA2, DATA4 = 0x0B, 0x05, 0x06
SHARD_SHIFT = 27
"""Entries are grouped by the five high bits of the hash of their name, then as names are met."""

SEED, FACTOR, MASK = 5381, 33, 0xFFFFFFFF
DOTTED = str.maketrans("\u0130\u0131", "ii")
"""The Turkish letters count as an i."""

Place = tuple[SectionId, int]
"""An offset in an input section."""


class MergedNames:
    """The index of an output whose sections have no addresses yet.  units, strings: what is still
    to be found, in the order of the index; the bytes between and around them are settled."""

    def __init__(
        self,
        head: bytes,
        units: Sequence[Place],
        hashes: bytes,
        strings: Sequence[Place],
        rest: bytes,
    ) -> None:
        self.head, self.units, self.hashes = head, units, hashes
        self.strings, self.rest = strings, rest
        self.size = len(head) + len(hashes) + len(rest) + 4 * (len(units) + len(strings))

    def content(self, placed: Placement) -> bytes:
        """The index with the offsets of units and strings in the output."""
        units, strings = _offsets(placed, self.units), _offsets(placed, self.strings)
        return b"".join((self.head, units, self.hashes, strings, self.rest))


def _offsets(placed: Placement, places: Iterable[Place]) -> bytes:
    """Where places are in their output sections, as words; as they are where these are not in the
    output."""
    where, found = placed.addresses, []
    for sid, offset in places:
        place = where.of_place(sid, offset) if sid else None
        found.append(place[1] if place is not None else offset)
    return words(number & MASK for number in found)


def words(numbers: Iterable[int]) -> bytes:
    """Numbers as words of four bytes."""
    listed = list(numbers)
    return struct.pack(f"<{len(listed)}I", *listed)


class _Merged:
    """A name of the output: where its text is, and its entries as (table, entry)."""

    def __init__(self, text: bytes, string: Place) -> None:
        self.hash, self.string = name_hash(text), string
        self.entries: list[tuple[int, Entry]] = []


def merged_names(indexes: Sequence[NameIndex], table: SectionList) -> MergedNames:
    """The index of all names; indexes: in the order of the files."""
    units = [_place(table, index.file, unit) for index in indexes for unit in index.units]
    form = _unit_form(len(units))
    kinds: dict[Abbrev, int] = {}
    for index in indexes:
        for kind in index.kinds:
            kinds.setdefault(_with_unit(kind, form), len(kinds) + 1)
    names = _names(indexes, table)
    pool, offsets = _pool(names, indexes, kinds, form)
    buckets = _bucket_count(len(names))
    order = sorted(range(len(names)), key=lambda i: names[i].hash % buckets)
    abbrevs = _abbreviations(kinds)
    augmentation = _augmentation(indexes)
    head_size = HEADER.size + len(augmentation)
    size = head_size + 4 * (len(units) + buckets + 3 * len(names)) + len(abbrevs) + len(pool)
    head = HEADER.pack(
        size - 4, VERSION, len(units), 0, 0, buckets, len(names), len(abbrevs), len(augmentation)
    )
    hashes = [names[i].hash for i in order]
    return MergedNames(
        head + augmentation,
        units,
        words([*_buckets(hashes, buckets), *hashes]),
        [names[i].string for i in order],
        words(offsets[i] for i in order) + abbrevs + pool,
    )


def _place(table: SectionList, file: int, found: tuple[int, int]) -> Place:
    """(offset, section of a file) as a place in the link; section 0 of all for none."""
    offset, section = found
    return (table.base[file] + section if section > 0 else 0), offset


def _unit_form(units: int) -> int:
    """The form of the number of a unit."""
    return DATA1 if units <= 0xFF else DATA2 if units <= 0xFFFF else DATA4


def _with_unit(kind: Abbrev, form: int) -> Abbrev:
    """A kind whose last attribute is the unit."""
    others = tuple(row for row in kind.attributes if row[0] != COMPILE_UNIT)
    return Abbrev(kind.tag, (*others, (COMPILE_UNIT, form)))


def _names(indexes: Sequence[NameIndex], table: SectionList) -> list[_Merged]:
    """Every name once, in the order of their entries."""
    found: dict[bytes, _Merged] = {}
    for number, index in enumerate(indexes):
        for name in index.names:
            merged = found.get(name.text)
            if merged is None:
                place = _place(table, index.file, name.string)
                merged = found[name.text] = _Merged(name.text, place)
            merged.entries += [(number, entry) for entry in name.entries]
    return sorted(found.values(), key=lambda name: name.hash >> SHARD_SHIFT)


def _pool(
    names: Sequence[_Merged],
    indexes: Sequence[NameIndex],
    kinds: dict[Abbrev, int],
    form: int,
) -> tuple[bytes, list[int]]:
    """The entries of all names, and where those of each begin."""
    codes = {kind: _with_unit(kind, form) for index in indexes for kind in index.kinds}
    bases = _first_units(indexes)
    pool, offsets = bytearray(), []
    moved: dict[tuple[int, int], int] = {}
    parents: list[tuple[int, int, int]] = []
    for name in names:
        offsets.append(len(pool))
        for number, entry in name.entries:
            moved[number, entry.at] = len(pool)
            pool += uleb(kinds[codes[entry.kind]])
            unit = bases[number]
            for (attribute, given), value in zip(entry.kind.attributes, entry.values):
                if attribute == COMPILE_UNIT:
                    unit += value or 0
                elif value is not None:
                    if attribute == PARENT:
                        parents.append((len(pool), number, value))
                    pool += value.to_bytes(SIZES[given], "little")
            width = SIZES[form]
            pool += (unit & (1 << 8 * width) - 1).to_bytes(width, "little")
        pool.append(0)
    for at, number, value in parents:
        struct.pack_into("<I", pool, at, moved.get((number, value), value))
    return bytes(pool), offsets


def _first_units(indexes: Sequence[NameIndex]) -> list[int]:
    """The number that the first unit of each table has in the output."""
    found = [0]
    for index in indexes:
        found.append(found[-1] + len(index.units))
    return found


def _bucket_count(names: int) -> int:
    return names // 4 if names > 1024 else names // 2 if names > 16 else max(names, 1)


def _buckets(hashes: Sequence[int], count: int) -> Iterator[int]:
    """For each bucket the number of its first name, from 1 on; 0 for an empty one."""
    first: dict[int, int] = {}
    for number, found in enumerate(hashes, 1):
        first.setdefault(found % count, number)
    return (first.get(bucket, 0) for bucket in range(count))


def _abbreviations(kinds: dict[Abbrev, int]) -> bytes:
    out = bytearray()
    for kind, code in kinds.items():
        out += uleb(code) + uleb(kind.tag)
        for attribute, form in kind.attributes:
            out += uleb(attribute) + uleb(form)
        out += bytes(2)
    return bytes(out) + b"\0"


def _augmentation(indexes: Sequence[NameIndex]) -> bytes:
    """The producer's mark, if all tables have the same; as long as words are."""
    marks = {index.augmentation for index in indexes}
    mark = marks.pop() if len(marks) == 1 else b""
    return mark + bytes(-len(mark) % 4)


def uleb(number: int) -> bytes:
    """A number as unsigned LEB128 (DWARF 5, 7.6)."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def name_hash(name: bytes) -> int:
    """The hash of a name, upper and lower case alike (DWARF 5, 6.1.1.4.5 and 7.33)."""
    number = SEED
    for letter in _folded(name):
        number = number * FACTOR + letter & MASK
    return number


def _folded(name: bytes) -> bytes:
    if name.isascii():
        return name.lower()
    try:
        text = name.decode("utf-8").translate(DOTTED)
    except UnicodeDecodeError:
        return name.lower()
    return "".join(map(_folded_letter, text)).encode("utf-8", "surrogatepass")


def _folded_letter(letter: str) -> str:
    """Simple case folding: what becomes two letters stays."""
    for folded in (letter.casefold(), letter.lower()):
        if len(folded) == 1:
            return folded
    return letter
