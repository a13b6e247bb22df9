"""The hard disk as code sees it that no longer has a BIOS: the ATA registers at 0x1f0, without DMA.

Small 32- and 64-bit kernels read their disk this way: sector number and count into registers, a
command, then 256 words from the data port for each sector.

Source: ATA/ATAPI-6, PIO data-in and data-out commands, 28- and 48-bit addresses.
"""

from __future__ import annotations

from .disk import SECTOR, Disk

READY, REQUEST, ERROR = 0x50, 0x58, 0x51
"""Status: ready; ready with data to move; ready with an error."""
NOT_FOUND, ABORTED = 0x10, 0x04
"""Error register: no such sector, no such command."""
DATA, COUNT, LBA_LOW, LBA_MID, LBA_HIGH, DRIVE, COMMAND = 0, 2, 3, 4, 5, 6, 7
READ, WRITE, READ_48, WRITE_48, IDENTIFY, FLUSH, SELECT = 0x20, 0x30, 0x24, 0x34, 0xEC, 0xE7, 0xEF


class Ata:
    """One disk, the master of the first channel."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.status, self.error = READY, 0
        self.registers = dict.fromkeys(range(COUNT, COMMAND), 0)
        self.older = dict.fromkeys(range(COUNT, DRIVE), 0)
        """What was written before: the upper halves of 48-bit commands."""
        self.buffer = bytearray()
        self.writing = False
        self.lba = 0
        self.wanted = 0

    @property
    def there(self) -> bool:
        """Whether the selected drive exists."""
        return not self.disk.floppy and not self.registers[DRIVE] & 0x10

    def read(self, register: int) -> int:
        """0x1f1 to 0x1f7, and 0x3f6 as COMMAND; without a drive the bus reads as 0."""
        if not self.there:
            return 0
        if register == COMMAND:
            return self.status
        return self.error if register == 1 else self.registers[register]

    def write(self, register: int, value: int) -> None:
        """0x1f1 to 0x1f7."""
        if register == COMMAND:
            if self.there:
                self._command(value)
        elif register >= COUNT:
            if register in self.older:
                self.older[register] = self.registers[register]
            self.registers[register] = value

    def _address(self, wide: bool) -> tuple[int, int]:
        """Sector number and count; a count of 0 means all that fit into the register, plus one."""
        r, old = self.registers, self.older
        low = r[LBA_LOW] | r[LBA_MID] << 8 | r[LBA_HIGH] << 16
        if wide:
            high = old[LBA_LOW] | old[LBA_MID] << 8 | old[LBA_HIGH] << 16
            return low | high << 24, (r[COUNT] | old[COUNT] << 8) or 0x10000
        if r[DRIVE] & 0x40:
            return low | (r[DRIVE] & 0x0F) << 24, r[COUNT] or 0x100
        cylinder, head = r[LBA_MID] | r[LBA_HIGH] << 8, r[DRIVE] & 0x0F
        lba = self.disk.geometry.lba(cylinder, head, r[LBA_LOW])
        return (self.disk.sectors if lba is None else lba), r[COUNT] or 0x100

    def _command(self, command: int) -> None:
        self.error, self.buffer, self.writing = 0, bytearray(), False
        if command == IDENTIFY:
            self.buffer = bytearray(identity(self.disk))
        elif command in (READ, READ + 1, READ_48, WRITE, WRITE + 1, WRITE_48):
            self.lba, count = self._address(command in (READ_48, WRITE_48))
            if self.lba + count > self.disk.sectors:
                self._fail(NOT_FOUND)
                return
            self.writing = command in (WRITE, WRITE + 1, WRITE_48)
            self.wanted = count * SECTOR
            if not self.writing:
                self.buffer = bytearray(self.disk.read(self.lba, count))
        elif command not in (FLUSH, SELECT, 0x91, 0xC6, 0xEA):
            self._fail(ABORTED)
            return
        self.status = REQUEST if self.buffer or self.writing else READY

    def _fail(self, error: int) -> None:
        self.status, self.error = ERROR, error

    def data_in(self, size: int) -> int:
        """Read the data port."""
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        if not self.buffer and not self.writing and self.status == REQUEST:
            self.status = READY
        return int.from_bytes(taken, "little")

    def data_out(self, size: int, value: int) -> None:
        """Write the data port; the disk gets what was written when all of it came."""
        if not self.writing:
            return
        self.buffer += value.to_bytes(size, "little")
        if len(self.buffer) >= self.wanted:
            self.disk.write(self.lba, bytes(self.buffer[: self.wanted]))
            self.buffer, self.writing, self.status = bytearray(), False, READY


def identity(disk: Disk) -> bytes:
    """The 512 bytes of IDENTIFY: geometry, model, LBA with 28 and 48 bits, size."""
    g = disk.geometry
    words = [0] * 256
    words[0], words[1], words[3], words[6] = 0x40, g.cylinders, g.heads, g.sectors
    name = b"pylink86 disk".ljust(40)
    words[27:47] = [name[i] << 8 | name[i + 1] for i in range(0, 40, 2)]
    words[49], words[83] = 1 << 9, 1 << 10 | 1 << 14
    words[60], words[61] = disk.sectors & 0xFFFF, disk.sectors >> 16 & 0xFFF
    words[100], words[101] = disk.sectors & 0xFFFF, disk.sectors >> 16 & 0xFFFF
    return b"".join(word.to_bytes(2, "little") for word in words)
