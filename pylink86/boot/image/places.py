"""Physical addresses of a PC that the loader and the host agree on; see loader/memory.inc."""

from __future__ import annotations

PAGE = 0x1000
SECTOR = 512
MIB = 1 << 20

MAP, MAP_MOST = 0x1000, 128
"""The BIOS's memory map, and how many entries of 24 bytes it can have."""
TABLES = 0x2000
"""Three pages of page tables the loader uses while it runs in 64-bit mode."""
INFO = 0x2000
"""The information structure of a 32-bit kernel: there are no page tables then."""
INFO_END = 0x7000
STAGE = 0x7E00
"""The loader, behind its boot sector at 0x7c00."""
STAGE_END = 0x10000
"""Where it has to end: its 16-bit code cannot reach further."""
BOUNCE, BOUNCE_END = 0x70000, 0x80000
"""Where the BIOS reads to; above, a BIOS may keep its own data, the EBDA."""
VIDEO, VIDEO_END = 0xA0000, 0xC0000
HIGH = MIB
"""The kernel and all that belongs to it: every PC has memory from here on."""
HIGH_END = 0x3000_0000
"""The loader's own page tables show the first GiB; some of it is left for tables made later."""
FOUR_GIB = 1 << 32

RESIDENT = (0x5000, 0x6000, *range(0x10000, BOUNCE, PAGE))
"""Pages that stay mapped while the kernel runs: descriptor table and the last instructions of the
loader.  The first that the kernel has no use for."""
