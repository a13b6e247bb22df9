"""The bytes of the disk: loader, blocks, padding, and the partition table old firmware looks for.

Source: the MBR as in UEFI 2.9, 5.2.1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ...diag import fail
from .frames import Block
from .places import MIB, SECTOR

Piece: TypeAlias = "bytes | memoryview"

FLOPPY = 1440 * 1024
SMALLEST = 16 * 63 * SECTOR
"""A cylinder of 16 heads with 63 sectors.  SeaBIOS counts the cylinders of SATA disks and USB
sticks that way, and reads nothing from a disk that has none."""
SIGNATURE, TABLE = 440, 446
NOT_A_FILE_SYSTEM = 0xDA
"""Partition type of data that is no file system."""
LAST_CHS = b"\xfe\xff\xff"
"""Cylinder 1023, head 254, sector 63: "use the sector number"."""
FIRST_CHS = b"\x00\x02\x00"


def pieces(loader: bytes, blocks: Iterable[Block]) -> Iterator[Piece]:
    """The disk in order, without copying the kernel: every block starts at a sector."""
    yield loader
    for block in blocks:
        if block.data is not None:
            yield block.data
            if block.size % SECTOR:
                yield bytes(-block.size % SECTOR)


def disk_pieces(
    loader: bytes, blocks: Sequence[Block], medium: str, pad_to_mib: bool
) -> list[Piece]:
    """The whole disk: padded, with a partition table; image-too-large for a floppy."""
    found = list(pieces(loader, blocks))
    size = sum(len(piece) for piece in found)
    padding = _padding(size, medium, pad_to_mib)
    sectors = (size + padding) // SECTOR
    return [with_partition(loader, sectors), *found[1:], *([bytes(padding)] if padding else [])]


def _padding(size: int, medium: str, pad_to_mib: bool) -> int:
    if medium == "floppy":
        if size > FLOPPY:
            raise fail(
                "image-too-large",
                f"the image has {size:,} bytes, and a floppy holds {FLOPPY:,}",
                help=["make a disk image, or a smaller kernel (strip it, optimise for size)"],
            )
        return FLOPPY - size
    if pad_to_mib:
        return -size % MIB
    return max(SMALLEST - size, -size % SECTOR)


def with_partition(loader: bytes, sectors: int) -> bytes:
    """The loader with a disk signature and one active partition: all behind the boot sector."""
    entry = struct.pack(
        "<B3sB3sII", 0x80, FIRST_CHS, NOT_A_FILE_SYSTEM, LAST_CHS, 1, max(1, sectors - 1)
    )
    signature = struct.pack("<I", zlib.crc32(loader))
    head = loader[:SIGNATURE] + signature + bytes(2) + entry + bytes(3 * 16)
    return head + loader[510:]
