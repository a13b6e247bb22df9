"""int 13h: the BIOS calls that read and write the disk, with the errors real ones return.

The usual reasons why a loader that works in one emulator hangs on a desk are all here: a sector
address outside the geometry, a transfer past the end of the image, more sectors than a call can
take, and floppy transfers across a 64 KiB boundary, which the DMA chip cannot do.  A strict
machine refuses the last two for hard disks as well, as some BIOSes do.
"""

from __future__ import annotations

import attrs

from .bios_row import Row, Rows
from .disk import BAD_COMMAND, DMA_BOUNDARY, ERRORS, OK, PAST_END, SECTOR, crosses_64k
from .firmware import BIOS_SEGMENT, DISKETTE_TABLE
from .pc import Pc
from .registers import Registers

MOST_CHS, MOST_LBA = 128, 127
"""Sectors one call can move: SeaBIOS takes 128 by CHS; EDD 3.0 allows 127 by LBA (strict only)."""


def finish(pc: Pc, r: Registers, status: int) -> None:
    """Return `status` in AH and carry, and keep it for AH=01."""
    pc.disk.status = status
    r.ah, r.carry = status, status != OK
    pc.memory.put(0x441 if pc.disk.floppy else 0x474, status, 1)
    if status:
        pc.note(f"int 0x13 failed with AH={status:#04x}: {ERRORS.get(status, 'disk error')}")


def _here(pc: Pc, r: Registers) -> bool:
    """Whether DL names the drive; finishes the call when not."""
    if r.dl == pc.disk.number:
        return True
    finish(pc, r, BAD_COMMAND)
    pc.note(
        f"int 0x13 was called with DL={r.dl:#04x}, but the image is drive {pc.disk.number:#04x}"
    )
    return False


def reset(pc: Pc, r: Registers) -> None:
    if _here(pc, r):
        finish(pc, r, OK)


def last_status(pc: Pc, r: Registers) -> None:
    status = pc.disk.status
    r.ah, r.carry = status, status != OK


def _move(pc: Pc, lba: int, count: int, address: int, how: str) -> tuple[int, int]:
    """Read, write or verify; returns the status and how many sectors were moved."""
    disk = pc.disk
    if (disk.floppy or pc.strict) and crosses_64k(address, count * SECTOR):
        return DMA_BOUNDARY, 0
    if disk.floppy and how != "write" and lba + count > disk.image_sectors:
        pc.note(
            f"int 0x13 read sectors past the end of the image ({disk.image_sectors} sectors): "
            "zeros here, and whatever was there before on a real floppy"
        )
    there = max(0, min(count, disk.sectors - lba))
    if how == "read":
        pc.load(address, disk.read(lba, there))
    elif how == "write":
        disk.write(lba, pc.memory.read(address, there * SECTOR))
    return (OK if there == count else PAST_END), there


def _chs(pc: Pc, r: Registers, how: str) -> None:
    """AL sectors from cylinder CH + bits 6-7 of CL, head DH, sector CL, to or from ES:BX."""
    if not _here(pc, r):
        return
    lba = pc.disk.geometry.lba(r.ch | (r.cl & 0xC0) << 2, r.dh, r.cl & 0x3F)
    if lba is None or not 1 <= r.al <= MOST_CHS:
        finish(pc, r, BAD_COMMAND)
        return
    status, r.al = _move(pc, lba, r.al, r.es * 16 + r.bx, how)
    finish(pc, r, status)


def read_chs(pc: Pc, r: Registers) -> None:
    _chs(pc, r, "read")


def write_chs(pc: Pc, r: Registers) -> None:
    _chs(pc, r, "write")


def verify_chs(pc: Pc, r: Registers) -> None:
    _chs(pc, r, "verify")


def geometry(pc: Pc, r: Registers) -> None:
    if not _here(pc, r):
        return
    g = pc.disk.geometry
    # On hard disks the last cylinder is kept for tests, as BIOSes always did.
    last = g.cylinders - (1 if pc.disk.floppy else 2)
    r.ch, r.cl = last & 0xFF, g.sectors | last >> 2 & 0xC0
    r.dh, r.dl, r.bx = g.heads - 1, 1, g.type
    if pc.disk.floppy:
        r.es, r.di = BIOS_SEGMENT, DISKETTE_TABLE
    r.al = 0
    finish(pc, r, OK)


def kind(pc: Pc, r: Registers) -> None:
    """AH=15: 0 no such drive, 1 floppy, 3 hard disk with CX:DX sectors by CHS."""
    r.carry = 0
    if r.dl != pc.disk.number:
        r.ah = 0
    elif pc.disk.floppy:
        r.ah = 1
    else:
        g = pc.disk.geometry
        sectors = (g.cylinders - 1) * g.heads * g.sectors
        r.ah, r.cx, r.dx = 3, sectors >> 16, sectors


def has_lba(pc: Pc, r: Registers) -> None:
    if r.bx != 0x55AA or pc.disk.floppy or r.dl != pc.disk.number:
        r.failed(BAD_COMMAND)
        return
    r.bx, r.cx = 0xAA55, 0x0007
    r.done(0x30)


@attrs.frozen
class Packet:
    """The disk address packet at DS:SI: size, sectors, buffer as a linear address, first sector."""

    at: int
    size: int
    count: int
    address: int
    lba: int

    @classmethod
    def read(cls, pc: Pc, at: int) -> Packet:
        n = pc.memory.number
        offset, segment = n(at + 4, 2), n(at + 6, 2)
        flat = segment == offset == 0xFFFF and n(at, 1) >= 0x18
        address = n(at + 16, 8) if flat else segment * 16 + offset
        return cls(at, n(at, 1), n(at + 2, 2), address, n(at + 8, 8))


def _lba(pc: Pc, r: Registers, how: str) -> None:
    packet = Packet.read(pc, r.ds * 16 + r.si)
    if not _here(pc, r):
        return
    bad = pc.disk.floppy or packet.lba >= pc.disk.sectors
    odd = packet.size < 16 or not 1 <= packet.count <= MOST_LBA
    if bad or (pc.strict and odd):
        finish(pc, r, BAD_COMMAND)
        return
    status, moved = _move(pc, packet.lba, packet.count, packet.address, how)
    pc.memory.put(packet.at + 2, moved, 2)
    finish(pc, r, status)


def read_lba(pc: Pc, r: Registers) -> None:
    _lba(pc, r, "read")


def write_lba(pc: Pc, r: Registers) -> None:
    _lba(pc, r, "write")


def verify_lba(pc: Pc, r: Registers) -> None:
    _lba(pc, r, "verify")


def parameters(pc: Pc, r: Registers) -> None:
    """AH=48: size, flags, cylinders, heads, sectors per track, sectors, bytes per sector at
    DS:SI.
    """
    at = r.ds * 16 + r.si
    if not _here(pc, r):
        return
    if pc.disk.floppy or pc.memory.number(at, 2) < 26:
        finish(pc, r, BAD_COMMAND)
        return
    g = pc.disk.geometry
    fields = ((26, 2), (2, 2), (g.cylinders, 4), (g.heads, 4), (g.sectors, 4))
    data = b"".join(
        v.to_bytes(n, "little") for v, n in (*fields, (pc.disk.sectors, 8), (SECTOR, 2))
    )
    pc.memory.write(at, data)
    finish(pc, r, OK)


ROWS: Rows = {
    (0x13, 0x00): Row(reset, "reset the drive"),
    (0x13, 0x01): Row(last_status, "status of the last call"),
    (0x13, 0x02): Row(read_chs, "read sectors by CHS"),
    (0x13, 0x03): Row(write_chs, "write sectors by CHS (to a copy in memory)"),
    (0x13, 0x04): Row(verify_chs, "verify sectors by CHS"),
    (0x13, 0x08): Row(geometry, "drive geometry"),
    **{
        (0x13, ah): Row(reset, "drive is ready")
        for ah in (0x09, 0x0C, 0x0D, 0x10, 0x11, 0x14, 0x47)
    },
    (0x13, 0x15): Row(kind, "drive type and size"),
    (0x13, 0x41): Row(has_lba, "are LBA calls there"),
    (0x13, 0x42): Row(read_lba, "read sectors by LBA"),
    (0x13, 0x43): Row(write_lba, "write sectors by LBA (to a copy in memory)"),
    (0x13, 0x44): Row(verify_lba, "verify sectors by LBA"),
    (0x13, 0x48): Row(parameters, "drive parameters"),
}
