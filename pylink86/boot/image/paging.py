"""Page tables, made on the host: four levels of 512 entries, as the processor walks them.

Source: Intel SDM volume 3, 4.5.
"""

from __future__ import annotations

from array import array

import attrs

PRESENT, WRITABLE, NO_EXECUTE = 1, 2, 1 << 63
TABLE = 0x1000
ENTRIES = 512


@attrs.define
class PageTables:
    """Tables under construction; frames for them are taken from `start` on, the first is the top.

    >>> tables = PageTables(0x200000)
    >>> tables.map(0x400000, 0x100000, 3, WRITABLE)   # three pages
    """

    start: int
    tables: list[array[int]] = attrs.Factory(lambda: [_empty()])

    @property
    def end(self) -> int:
        """Behind the last frame in use."""
        return self.start + len(self.tables) * TABLE

    def map(self, vaddr: int, physical: int, pages: int, flags: int) -> None:
        """Let `pages` pages from vaddr on lead to the frames from `physical` on."""
        while pages:
            table, index = self._leaf(vaddr), vaddr >> 12 & ENTRIES - 1
            run = min(pages, ENTRIES - index)
            first = physical | flags | PRESENT
            table[index : index + run] = array("Q", range(first, first + run * 0x1000, 0x1000))
            vaddr, physical, pages = vaddr + run * 0x1000, physical + run * 0x1000, pages - run

    def point_to_itself(self, slot: int) -> None:
        """Make a slot of the top table lead to that table: the recursive entry."""
        self.tables[0][slot] = self.start | WRITABLE | PRESENT

    def _leaf(self, vaddr: int) -> array[int]:
        table = self.tables[0]
        for shift in (39, 30, 21):
            index = vaddr >> shift & ENTRIES - 1
            if not table[index]:
                table[index] = self.end | WRITABLE | PRESENT
                self.tables.append(_empty())
            table = self.tables[((table[index] & ~0xFFF) - self.start) // TABLE]
        return table

    def to_bytes(self) -> bytes:
        return b"".join(_little_endian(table) for table in self.tables)


def _empty() -> array[int]:
    return array("Q", bytes(TABLE))


def _little_endian(table: array[int]) -> bytes:
    import sys

    if sys.byteorder == "big":
        table = array("Q", table)
        table.byteswap()
    return table.tobytes()
