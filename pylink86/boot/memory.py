"""The physical memory of the emulated PC.

Memory of a real machine holds rubbish when boot code starts.  Emulators usually fill it with
zeros, so a loader that forgets to clear `.bss` works there and fails on a desk.  Here every byte
is 0xA5 until somebody writes it.  RAM comes into being in chunks of 1 MiB when first touched: a
large machine costs nothing until it is used.

The A20 gate: while it is closed, address line 20 reads as 0, and each odd MiB shows the even one
below.
"""

from __future__ import annotations

CHUNK = 1 << 20
FRESH = 0xA5
"""What RAM holds before anybody wrote to it."""
ROM_START = 0xC0000
"""[ROM_START, 1 MiB) is the BIOS: boot code can read it, writes are lost."""


class Memory:
    """RAM in [0, size), with the BIOS below 1 MiB; other addresses read as 0xFF, keep nothing."""

    def __init__(self, size: int, a20: bool = True) -> None:
        self.size = -(-size // CHUNK) * CHUNK
        self.a20 = a20
        self.chunks: dict[int, bytearray] = {}

    def chunk(self, index: int) -> bytearray | None:
        """The bytes behind MiB `index` as the CPU sees it now (A20 included); None where no RAM
        is.
        """
        index = index if self.a20 else index & ~1
        if index * CHUNK >= self.size:
            return None
        if index not in self.chunks:
            fresh = bytearray(bytes([FRESH])) * CHUNK
            if index == 0:
                fresh[0xA0000:ROM_START] = bytes(ROM_START - 0xA0000)
                fresh[ROM_START:] = b"\xff" * (CHUNK - ROM_START)
            self.chunks[index] = fresh
        return self.chunks[index]

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes at a physical address."""
        index, start = divmod(address, CHUNK)
        if start + count <= CHUNK:
            chunk = self.chunk(index)
            return b"\xff" * count if chunk is None else bytes(chunk[start : start + count])
        inside = range(address + CHUNK - start, address + count, CHUNK)
        parts = [self.read(at, min(CHUNK, address + count - at)) for at in inside]
        return b"".join([self.read(address, CHUNK - start), *parts])

    def write(self, address: int, data: bytes, rom: bool = False) -> None:
        """Store bytes at a physical address; the BIOS area changes only when `rom` says so."""
        index, start = divmod(address, CHUNK)
        while start + len(data) > CHUNK:
            first = CHUNK - start
            self.write(address, data[:first], rom)
            address, data = address + first, data[first:]
            index, start = index + 1, 0
        chunk = self.chunk(index)
        if chunk is None:
            return
        if chunk is self.chunks.get(0) and not rom:
            data = data[: max(0, ROM_START - start)]
        chunk[start : start + len(data)] = data

    def number(self, address: int, size: int) -> int:
        """A little-endian number of `size` bytes."""
        return int.from_bytes(self.read(address, size), "little")

    def put(self, address: int, value: int, size: int) -> None:
        """Store a little-endian number of `size` bytes; higher bits of `value` are cut."""
        self.write(address, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))
