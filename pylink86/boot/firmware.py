"""What a BIOS leaves in memory before it jumps to the boot sector.

Boot code finds the BIOS through the interrupt vector table at address 0: 256 far pointers.  Ours
point to little stubs in the BIOS segment; the emulator watches these addresses, so a call works
the same whether it comes from `int 0x13`, from a handler that the guest put in between, or from
`call far`.

Sources: the BIOS data area as in the IBM PS/2 BIOS technical reference; values as SeaBIOS 1.16
leaves them.
"""

from __future__ import annotations

from .memory import Memory
from .pc import Pc

BIOS_SEGMENT = 0xF000
STUB_OFFSET = 0xE000
STUBS = BIOS_SEGMENT * 16 + STUB_OFFSET
"""Linear address of the stub of vector 0; each has STUB_SIZE bytes."""
STUB_SIZE = 4
STUBS_END = STUBS + 256 * STUB_SIZE
RESET = 0xFFFF0
"""Where the CPU starts after a reset, and where code jumps to ask for one."""
CONFIG_TABLE = 0xE6F5
DISKETTE_TABLE = 0xEFC7
EBDA = 0x9FC00
BASE_KIB = EBDA // 1024

TICKS, TICKS_WRAPPED, EQUIPMENT = 0x46C, 0x470, 0x410
TICKS_PER_DAY = 0x1800B0


def stub(vector: int) -> tuple[int, int]:
    """Segment and offset an untouched vector points to."""
    return BIOS_SEGMENT, STUB_OFFSET + vector * STUB_SIZE


def vector(memory: Memory, number: int) -> tuple[int, int]:
    """Segment and offset of an interrupt vector as the guest left it."""
    packed = memory.number(number * 4, 4)
    return packed >> 16, packed & 0xFFFF


def is_ours(memory: Memory, number: int) -> bool:
    """Whether a vector still leads to the BIOS."""
    return vector(memory, number) == stub(number)


def install(pc: Pc) -> None:
    """Fill the vectors, the BIOS data area, the EBDA and the BIOS segment, and load the boot
    sector.
    """
    memory = pc.memory
    memory.write(
        0, b"".join(o.to_bytes(2, "little") + s.to_bytes(2, "little") for s, o in _vectors())
    )
    memory.write(0x400, bytes(0x100))
    for address, value, size in _data_area(pc):
        memory.put(address, value, size)
    memory.write(EBDA, b"\x01" + bytes(0x3FF))
    _install_rom(memory)
    pc.screen.set_mode(3)
    memory.write(0x7C00, pc.disk.read(0, 1))


def _vectors() -> list[tuple[int, int]]:
    vectors = [stub(n) for n in range(256)]
    vectors[0x1E] = (BIOS_SEGMENT, DISKETTE_TABLE)
    for n in (0x1D, 0x1F, *range(0x60, 0x68)):
        vectors[n] = (0, 0)
    return vectors


def _data_area(pc: Pc) -> list[tuple[int, int, int]]:
    """(address, value, size) of the fields that are not 0; the screen sets its own."""
    return [
        (0x400, 0x3F8, 2),
        (0x40E, EBDA >> 4, 2),
        (EQUIPMENT, 0x0227, 2),
        (0x413, BASE_KIB, 2),
        (0x41A, 0x1E, 2),
        (0x41C, 0x1E, 2),
        (0x475, not pc.disk.floppy, 1),
        (0x480, 0x1E, 2),
        (0x482, 0x3E, 2),
        (0x485, 16, 1),
        (0x487, 0x60, 1),
        (0x488, 0xF9, 1),
        (0x489, 0x51, 1),
        (0x496, 0x10, 1),
    ]


def _install_rom(memory: Memory) -> None:
    iret, int_1c = b"\xcf\xf4\xeb\xfd", b"\xcd\x1c\xcf\xf4"
    stubs = [int_1c if n == 8 else iret for n in range(256)]
    memory.write(STUBS, b"".join(stubs), rom=True)
    base = BIOS_SEGMENT * 16
    memory.write(base + CONFIG_TABLE, b"\x08\0\xfc\0\x01\x74\x40\0\0\0", rom=True)
    memory.write(base + DISKETTE_TABLE, b"\xaf\x02\x25\x02\x12\x1b\xff\x6c\xf6\x0f\x08", rom=True)
    memory.write(RESET, b"\xea\x5b\xe0\x00\xf0" + b"01/01/00" + b"\0\xfc\0", rom=True)
