"""From the address code uses to the address in memory: page tables, as the CPU walks them.

With paging on, each access goes through tables the guest wrote.  A wrong entry is the usual
reason why a kernel dies at the instruction that turns paging on, so the walk here also tells
which entry it was.

Source: Intel SDM volume 3, 4.3 to 4.5.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

PRESENT, WRITABLE, LARGE = 1, 2, 0x80

LEVELS: dict[str, tuple[int, tuple[tuple[str, int, int], ...]]] = {
    "32-bit": (4, (("page directory", 22, 10), ("page table", 12, 10))),
    "PAE": (8, (("PDPT", 30, 2), ("page directory", 21, 9), ("page table", 12, 9))),
    "4-level": (
        8,
        (("PML4", 39, 9), ("PDPT", 30, 9), ("page directory", 21, 9), ("page table", 12, 9)),
    ),
}
"""Kind of paging -> bytes per entry, and per table its name, lowest address bit, number of bits."""


@attrs.frozen
class Walk:
    """Where an address leads: physical, or None and the entry (`table`, `at`, `entry`) that
    stopped it.
    """

    physical: int | None
    table: str = ""
    at: int = 0
    entry: int = 0

    def why(self) -> str:
        return f"its {self.table} entry at {self.at:#x} is {self.entry:#x}: not present"


def kind_of(cr0: int, cr4: int, efer: int) -> str | None:
    """Which tables are in use; None when paging is off."""
    if not cr0 >> 31:
        return None
    if efer >> 10 & 1:
        return "4-level"
    return "PAE" if cr4 >> 5 & 1 else "32-bit"


def walk(read: Callable[[int, int], int], kind: str | None, cr3: int, address: int) -> Walk:
    """Translate a linear address; read(physical address, size) gives numbers from memory."""
    if kind is None:
        return Walk(address)
    size, levels = LEVELS[kind]
    table = cr3 & (~0x1F if kind == "PAE" else ~0xFFF) & 0x000F_FFFF_FFFF_FFFF
    for name, shift, bits in levels:
        at = table + (address >> shift & (1 << bits) - 1) * size
        entry = read(at, size)
        if not entry & PRESENT:
            return Walk(None, name, at, entry)
        frame = entry & 0x000F_FFFF_FFFF_F000
        if shift == 12 or (entry & LARGE and name in ("page directory", "PDPT") and shift < 31):
            offset = (1 << shift) - 1
            return Walk(frame & ~offset | address & offset)
        table = frame
    raise AssertionError("the last table has shift 12")
