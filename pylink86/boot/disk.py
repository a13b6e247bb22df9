"""The disk the image is on, and how the BIOS counts its sectors.

A disk is an array of 512-byte sectors.  Old calls name a sector by cylinder, head and sector
(CHS, with sectors counted from 1), new ones by its number (LBA).  How CHS maps to a number is the
*geometry*: for floppies it follows from the size, for hard disks the BIOS makes one up.  Writes
go to a copy in memory; the image file is never changed.

Sources: Phoenix EDD-3.0 for the error codes; the geometry of small hard disks as QEMU 7.2 reports
it.
"""

from __future__ import annotations

import attrs

SECTOR = 512

OK, BAD_COMMAND, DMA_BOUNDARY, PAST_END = 0x00, 0x01, 0x09, 0x0C
"""Error codes in AH after int 13h."""

ERRORS = {
    0x00: "success",
    0x01: "bad command or parameter: the sector address is outside the disk's geometry",
    0x09: "the transfer crosses a 64 KiB boundary",
    0x0C: "past the end of the image",
}

FLOPPIES = {
    160: (40, 1, 8, 1),
    180: (40, 1, 9, 1),
    320: (40, 2, 8, 1),
    360: (40, 2, 9, 1),
    720: (80, 2, 9, 3),
    1200: (80, 2, 15, 2),
    1440: (80, 2, 18, 4),
    2880: (80, 2, 36, 6),
}
"""Size in KiB -> cylinders, heads, sectors per track, drive type as int 13h AH=08 says it."""


@attrs.frozen
class Geometry:
    """cylinders, heads, sectors per track; `type` is the floppy drive type, 0 for a hard disk."""

    cylinders: int
    heads: int
    sectors: int
    type: int = 0

    @property
    def size(self) -> int:
        """Bytes the geometry can address."""
        return self.cylinders * self.heads * self.sectors * SECTOR

    def lba(self, cylinder: int, head: int, sector: int) -> int | None:
        """Sector number of a CHS address, None when it lies outside."""
        if cylinder >= self.cylinders or head >= self.heads or not 1 <= sector <= self.sectors:
            return None
        return (cylinder * self.heads + head) * self.sectors + sector - 1


def floppy_geometry(size: int) -> Geometry:
    """The format of exactly this size in bytes, 1.44 MB for all others, or 2.88 MB when larger."""
    kib, rest = divmod(size, 1024)
    if kib in FLOPPIES and not rest:
        return Geometry(*FLOPPIES[kib])
    return Geometry(*FLOPPIES[1440 if size <= 1440 * 1024 else 2880])


def hard_disk_geometry(size: int) -> Geometry:
    """16 heads of 63 sectors, more heads when 1024 cylinders do not suffice."""
    sectors = -(-size // SECTOR)
    heads = 16
    while heads < 255 and sectors > 1024 * heads * 63:
        heads = min(255, heads * 2)
    return Geometry(min(1024, max(2, sectors // (heads * 63))), heads, 63)


class Disk:
    """One drive: its number as in DL, its geometry and its bytes."""

    def __init__(self, image: bytes, floppy: bool = False) -> None:
        self.number = 0x00 if floppy else 0x80
        self.floppy = floppy
        self.geometry = (floppy_geometry if floppy else hard_disk_geometry)(len(image))
        self.bytes = bytearray(image) + bytes(-len(image) % SECTOR)
        self.image_sectors = len(self.bytes) // SECTOR
        """Sectors the image file has; a floppy has more."""
        if floppy:
            # A floppy has all its sectors, whatever the image holds.
            self.bytes += bytes(max(0, self.geometry.size - len(self.bytes)))
        self.status = OK
        """Result of the last operation, as AH=01 gives it."""

    @property
    def sectors(self) -> int:
        """Whole sectors in the image."""
        return len(self.bytes) // SECTOR

    def read(self, lba: int, count: int) -> bytes:
        """Up to `count` sectors; fewer when the image ends before."""
        return bytes(self.bytes[lba * SECTOR : (lba + count) * SECTOR])

    def write(self, lba: int, data: bytes) -> int:
        """Store sectors in the copy; returns how many fitted."""
        data = data[: max(0, len(self.bytes) - lba * SECTOR)]
        self.bytes[lba * SECTOR : lba * SECTOR + len(data)] = data
        return len(data) // SECTOR


def crosses_64k(address: int, size: int) -> bool:
    """Whether [address, address + size) crosses a multiple of 64 KiB: floppy DMA cannot do that."""
    return size > 0 and address >> 16 != (address + size - 1) >> 16
