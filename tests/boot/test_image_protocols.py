"""32-bit kernels, with and without a multiboot header, in the emulator."""

from __future__ import annotations

import importlib.util
import struct

import pytest

from boot.kernels import ALL_WELL, NASM, has_nasm, kernel
from pylink86 import LinkError, boot
from pylink86.boot.machine import Machine

pytestmark = [
    pytest.mark.skipif(not has_nasm(), reason=NASM),
    pytest.mark.skipif(
        importlib.util.find_spec("unicorn") is None,
        reason="unicorn is not installed (pip install pylink86[emulate])",
    ),
]
MAP_E820 = [
    (0, 0x9FC00, 1),
    (0x9FC00, 0x400, 2),
    (0xF0000, 0x10000, 2),
    (0x100000, 0x7F00000, 1),
    (0xFFFC0000, 0x40000, 2),
]


def run(elf: bytes, **settings: object) -> Machine:
    machine = boot.run(boot.disk_image(elf, **settings).to_bytes())
    assert (machine.reason, machine.exit_code) == ("exit code", ALL_WELL), machine.explain()
    return machine


def state(machine: Machine) -> tuple[int, ...]:
    eax, ebx, edi, flags, cr0 = struct.unpack_from("<5I", machine.debug)
    assert flags & (1 << 9 | 1 << 10 | 1 << 17) == 0
    assert cr0 & 0x80000001 == 1
    return eax, ebx, edi


@pytest.mark.parametrize("base", [0x10000, 0x100000, 0x1000000, 0x100123])
def test_no_protocol(base: int) -> None:
    machine = run(kernel("MULTIBOOT=0", bits=32, base=base))
    _, _, edi = state(machine)
    drive, count = struct.unpack_from("<II", machine.debug, 20)
    rows = [struct.unpack_from("<QQI", machine.debug, 28 + 24 * i) for i in range(count)]
    assert (drive, rows) == (0x80, MAP_E820)
    assert machine.memory(edi, 4) == b"\x80\0\0\0"


def text_at(machine: Machine, address: int) -> str:
    return machine.memory(address, 100).split(b"\0")[0].decode()


def test_multiboot1() -> None:
    elf = kernel("MULTIBOOT=1", "FLAGS=7", bits=32, base=0x100000)
    disk = boot.disk_image(elf, command_line="one two")
    assert disk.protocol == "multiboot1"
    machine = run(elf, command_line="one two")
    eax, ebx, _ = state(machine)
    assert eax == 0x2BADB002
    info = machine.memory(ebx, 120)
    words = struct.unpack("<30I", info)
    assert words[0] == 0x124F
    assert (words[1], words[2]) == (639, 127 << 10)
    assert words[3] == 0x80FFFFFF
    assert text_at(machine, words[4]) == "one two"
    assert text_at(machine, words[16]) == "pylink86"
    size, at = words[11], words[12]
    rows = struct.unpack(f"<{size // 24 * 'IQQI'}", machine.memory(at, size))
    assert [rows[i + 1 : i + 4] for i in range(0, len(rows), 4)] == MAP_E820
    assert set(rows[::4]) == {20}
    assert struct.unpack_from("<Q3IBB", info, 88) == (0xB8000, 160, 80, 25, 16, 2)


def test_multiboot1_addresses_in_the_header() -> None:
    """The header says where to load to; the ELF file's own addresses do not count."""
    elf = bytearray(kernel("MULTIBOOT=1", "FLAGS=0x10003", bits=32, base=0x100000))
    at = elf.index(struct.pack("<I", 0x1BADB002))
    bss_end = 0x100000 + len(elf) + 0x3000
    fields = (0x100000 + at, 0x100000, 0x100000 + len(elf), bss_end, 0x100000 + 0x1000)
    image = bytes(elf[: at + 12]) + struct.pack("<5I", *fields) + bytes(elf[at + 32 :])
    disk = boot.disk_image(image)
    blocks = [b for b in disk.plan.blocks if b.address >= 0x100000]
    assert [(b.address, b.size) for b in blocks] == [
        (0x100000, len(elf)),
        (0x100000 + len(elf), 0x3000),
    ]
    assert disk.entry == 0x101000


def tags_of(machine: Machine, at: int) -> dict[int, bytes]:
    total = struct.unpack("<I", machine.memory(at, 4))[0]
    data, found, here = machine.memory(at, total), {}, 8
    while here < total:
        kind, size = struct.unpack_from("<II", data, here)
        found[kind] = data[here + 8 : here + size]
        here += -(-size // 8) * 8
    assert here == total
    assert list(found)[-1] == 0
    return found


def test_multiboot2() -> None:
    elf = kernel("MULTIBOOT=2", bits=32, base=0x100000)
    machine = run(elf, command_line="x=1")
    eax, ebx, _ = state(machine)
    assert eax == 0x36D76289
    assert ebx % 8 == 0
    tags = tags_of(machine, ebx)
    assert tags[1] == b"x=1\0"
    assert tags[2] == b"pylink86\0"
    assert struct.unpack("<II", tags[4]) == (639, 127 << 10)
    assert struct.unpack_from("<I", tags[5])[0] == 0x80
    assert struct.unpack_from("<Q3IBB", tags[8]) == (0xB8000, 160, 80, 25, 16, 2)
    assert struct.unpack_from("<II", tags[6]) == (24, 0)
    rows = [struct.unpack_from("<QQII", tags[6], at) for at in range(8, len(tags[6]), 24)]
    assert [row[:3] for row in rows] == MAP_E820
    number, size, names = struct.unpack_from("<III", tags[9])
    assert (size, len(tags[9])) == (40, 12 + 40 * number)
    assert 0 < names < number


def test_multiboot2_for_a_64_bit_file() -> None:
    """The file's class does not matter: multiboot enters in 32-bit mode."""
    from boot.kernels import Segment, elf

    header = struct.pack("<4I", 0xE85250D6, 0, 24, -(0xE85250D6 + 24) & 0xFFFFFFFF)
    header += struct.pack("<HHI", 0, 0, 8)
    code = bytes.fromhex("b010e6f4ebfe")
    file = elf([Segment(0xFFFFFFFF80100000, header + code, 64, paddr=0x100000)], 0xFFFFFFFF80100018)
    disk = boot.disk_image(file)
    assert (disk.protocol, disk.entry) == ("multiboot2", 0x100018)
    run(file)


@pytest.mark.parametrize(
    ("defines", "slug"),
    [
        (("MULTIBOOT=1", "FLAGS=0x8"), "multiboot-demand"),
        (("MULTIBOOT=2", "TAG=7", "OPTIONAL=0"), "multiboot-demand"),
        (("MULTIBOOT=2", "TAG=99", "OPTIONAL=0"), "multiboot-demand"),
        (("MULTIBOOT=0",), "no-multiboot-header"),
    ],
)
def test_what_cannot_be_given_is_refused(defines: tuple[str, ...], slug: str) -> None:
    protocol = "multiboot2" if "MULTIBOOT=2" in defines else "multiboot1"
    with pytest.raises(LinkError) as caught:
        boot.disk_image(kernel(*defines, bits=32, base=0x100000), protocol=protocol)
    assert caught.value.diagnostics[0].slug == slug


def test_optional_demands_are_left_out() -> None:
    run(kernel("MULTIBOOT=2", "TAG=99", "OPTIONAL=1", bits=32, base=0x100000))


def test_low_memory_of_the_loader_is_refused() -> None:
    for base in (0x1000, 0x7000, 0x6F000, 0x90000):
        with pytest.raises(LinkError) as caught:
            boot.disk_image(kernel("MULTIBOOT=0", bits=32, base=base))
        assert caught.value.diagnostics[0].slug == "image-overlap"
