"""Where the code of a unit is: the ranges of addresses its first entry gives.

One range is two attributes, the first address and the address or size behind the last byte; code
in several sections is a list in .debug_ranges, or from DWARF 5 on in .debug_rnglists, where
addresses may be numbers of rows of .debug_addr.

Source: DWARF 4, 2.17.3; DWARF 5, 2.17.3 and 7.25 to 7.28; `--gdb-index` of ld.lld on made lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import debug_units as du
from .debug_file import NOWHERE, DebugSection, EndOfData
from .debug_units import Unit, Value

TABLE_HEADER = {4: 12, 8: 20}
"""Bytes before the first row of offsets, by the width of one: where there is one table only, no
unit need say where it begins."""


class BadRanges(Exception):
    """A list of ranges that cannot be read."""


class Range(NamedTuple):
    """Code of a file: the offsets [low, high) in one of its sections."""

    section: int
    low: int
    high: int


class Address(NamedTuple):
    """An offset in a section."""

    number: int
    section: int


def unit_ranges(unit: Unit) -> list[Range]:
    """The ranges of a unit, in their order; those of sections that are in no file are left out,
    and empty ones.  Raises BadUnit, BadRanges."""
    values = unit.attributes()
    reader = _Reader(unit, values)
    try:
        found = list(reader.ranges(values))
    except EndOfData as end:
        raise BadRanges(f"invalid range list entry at offset {end.at:#x}") from None
    return [r for r in found if r.section > 0 and r.low != r.high]


class _Reader:
    """Reads addresses and lists as the attributes of a unit say."""

    def __init__(self, unit: Unit, values: dict[int, Value]) -> None:
        self.unit, self.word = unit, unit.word
        self.mask = (1 << 8 * unit.word) - 1
        base = values.get(du.ADDR_BASE) or values.get(du.GNU_ADDR_BASE)
        self.addresses = base.number if base is not None else None
        start = values.get(du.LOW_PC) or values.get(du.ENTRY_PC)
        self.base = self._address(start)

    def ranges(self, values: dict[int, Value]) -> Iterator[Range]:
        """Both attributes of a single range count before a list."""
        low, high = self._address(values.get(du.LOW_PC)), values.get(du.HIGH_PC)
        if low is not None and high is not None:
            end = self._address(high)
            if end is not None:
                yield Range(low.section, low.number, end.number)
                return
            if high.form in du.CONSTANTS:
                yield Range(low.section, low.number, low.number + high.number)
                return
        listed = values.get(du.RANGES)
        if listed is not None and self.unit.version < 5:
            yield from self._list(listed.number)
        elif listed is not None:
            yield from self._compact_list(self._list_start(listed, values))

    def _address(self, value: Value | None) -> Address | None:
        """An attribute as an address; None when it is none."""
        if value is None:
            return None
        if value.form == du.FORM_ADDR:
            return Address(value.number, value.section)
        return self._indexed(value.number) if value.form in du.INDEXED_ADDRESS else None

    def _indexed(self, row: int) -> Address | None:
        """A row of .debug_addr."""
        if self.addresses is None:
            return None
        section = self.unit.file.section(".debug_addr")
        try:
            return Address(*section.refers(self.addresses + row * self.word, self.word))
        except EndOfData:
            return None

    def _list(self, at: int) -> Iterator[Range]:
        """A list of .debug_ranges: pairs of offsets from a base, until a pair of zeros; behind a
        first address of all ones stands another base."""
        section, base = self.unit.file.section(".debug_ranges"), self.base
        _check_start(section, at)
        while True:
            (low, _), (high, counts_from) = self._pair(section, at)
            at += 2 * self.word
            if not low and not high:
                return
            if low == self.mask:
                base = Address(high, counts_from)
                continue
            yield self._based(base, low, high, counts_from)

    def _pair(self, section: DebugSection, at: int) -> tuple[Address, Address]:
        try:
            low = section.refers(at, self.word)
            return Address(*low), Address(*section.refers(at + self.word, self.word))
        except EndOfData:
            raise EndOfData(at) from None

    def _based(self, base: Address | None, low: int, high: int, section: int) -> Range:
        """A range whose offsets count from a base; section: the one they themselves name."""
        if base is None:
            return Range(section, low, high)
        if section == NOWHERE:
            section = base.section
        return Range(section, (base.number + low) & self.mask, (base.number + high) & self.mask)

    def _list_start(self, listed: Value, values: dict[int, Value]) -> int:
        """Where a list of .debug_rnglists begins: an offset, or the number of a row of offsets."""
        if listed.form != du.FORM_RNGLISTX:
            return listed.number
        base = values.get(du.RNGLISTS_BASE)
        wide = self.unit.wide
        start = base.number if base is not None else TABLE_HEADER[wide]
        section = self.unit.file.section(".debug_rnglists")
        try:
            return start + section.number(start + listed.number * wide, wide)
        except EndOfData:
            return start

    def _compact_list(self, at: int) -> Iterator[Range]:
        """A list of .debug_rnglists; each entry begins with its kind (DWARF 5, 7.25)."""
        section, base = self.unit.file.section(".debug_rnglists"), self.base
        _check_start(section, at)
        while True:
            kind, at = section.number(at, 1), at + 1
            if kind == 0:  # end_of_list
                return
            if kind not in _ENTRIES:
                raise BadRanges(f"unknown rnglists encoding {kind:#x} at offset {at - 1:#x}")
            fields, at = self._fields(section, _ENTRIES[kind], at)
            if kind in _BASES:
                base = fields[0]
                continue
            low, high = fields
            if low is None or high is None:
                continue
            if kind == _OFFSET_PAIR:
                yield self._based(base, low.number, high.number, NOWHERE)
            else:
                length = low.number if kind in _WITH_LENGTH else 0
                yield Range(low.section, low.number, length + high.number)

    def _fields(
        self, section: DebugSection, forms: str, at: int
    ) -> tuple[list[Address | None], int]:
        """The fields of an entry: x a row of .debug_addr, a an address, n a number."""
        fields: list[Address | None] = []
        for form in forms:
            if form == "a":
                fields.append(Address(*section.refers(at, self.word)))
                at += self.word
            else:
                number, at = section.uleb(at)
                fields.append(Address(number, NOWHERE) if form == "n" else self._indexed(number))
        return fields, at


_ENTRIES = {1: "x", 2: "xx", 3: "xn", 4: "nn", 5: "a", 6: "aa", 7: "an"}
"""DW_RLE_base_addressx, startx_endx, startx_length, offset_pair, base_address, start_end,
start_length."""
_BASES, _OFFSET_PAIR, _WITH_LENGTH = (1, 5), 4, (3, 7)


def _check_start(section: DebugSection, at: int) -> None:
    if at >= len(section.content):
        raise BadRanges(f"invalid range list offset {at:#x}")
