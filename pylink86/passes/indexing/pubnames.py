"""The names a compiler lists for a debugger: .debug_gnu_pubnames and .debug_gnu_pubtypes.

With `-ggnu-pubnames` an object lists its global names and their kinds in tables, a set for each
unit, so that an index can be made without decoding all debug data.

Source: DWARF 4, 7.19 (sets); GDB's manual, "Index Section Format" (kinds); made tables.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from .debug_file import DebugSection, EndOfData
from .debug_units import DWARF64

TABLES = (".debug_gnu_pubnames", ".debug_gnu_pubtypes")

KIND = 0xF0
"""Bits of the byte before a name that an index keeps."""


class PublicName(NamedTuple):
    """A name, what it names (high bits of a byte), and the offset of the unit that does."""

    name: bytes
    kind: int
    unit: int


def public_names(section: DebugSection, remark: Callable[[str], None]) -> Iterator[PublicName]:
    """The names of a table, set by set.  remark: gets what is wrong with a set; what was read of
    it counts."""
    start = 0
    while start < len(section.content):
        try:
            length, wide, at = section.number(start, 4), 4, start + 4
            if length == DWARF64:
                length, wide, at = section.number(at, 8), 8, at + 8
        except EndOfData as end:
            remark(_failed(start, end))
            return
        stop = at + length
        try:
            last = yield from _set(section, at, stop, wide)
            if last + wide != stop:
                remark(
                    f"name lookup table at offset {start:#x} has a terminator at offset"
                    f" {last:#x} before the expected end at {stop - wide:#x}"
                )
        except EndOfData as end:
            remark(_failed(start, end))
        start = stop


def _set(section: DebugSection, at: int, stop: int, wide: int) -> Generator[PublicName, None, int]:
    """One set behind its length; returns where its terminator is.  Raises EndOfData."""
    unit = section.refers(at + 2, wide, stop)[0]
    section.number(at + 2 + wide, wide, stop)
    at += 2 + 2 * wide
    while section.number(at, wide, stop):
        kind = section.number(at + wide, 1, stop) & KIND
        name, after = section.text(at + wide + 1, stop)
        yield PublicName(name, kind, unit)
        at = after
    return at


def _failed(start: int, end: EndOfData) -> str:
    return f"name lookup table at offset {start:#x} parsing failed: the data ends at {end.at:#x}"
