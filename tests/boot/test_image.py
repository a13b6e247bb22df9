"""Disk images in the emulator: kernels find what the contract promises."""

from __future__ import annotations

import importlib.util
import itertools
import random
import struct

import attrs
import pytest

from boot.kernels import ALL_WELL, NASM, checksum, has_nasm, kernel
from pylink86 import boot
from pylink86.boot import bios, bios_system
from pylink86.boot.image.plan import REGIONS
from pylink86.boot.machine import Machine
from pylink86.boot.pc import Pc
from pylink86.boot.registers import Registers

pytestmark = [
    pytest.mark.skipif(not has_nasm(), reason=NASM),
    pytest.mark.skipif(
        importlib.util.find_spec("unicorn") is None,
        reason="unicorn is not installed (pip install pylink86[emulate])",
    ),
]

PAGE = 4096
MAP, RECURSIVE = "map_physical_memory", "recursive_page_table"
COMBINATIONS = [
    frozenset(itertools.compress((MAP, RECURSIVE), bits))
    for bits in itertools.product((False, True), repeat=2)
]


def run(
    elf: bytes, *, floppy: bool = False, memory: int = 128 << 20, **settings: object
) -> Machine:
    disk = boot.disk_image(elf, medium="floppy" if floppy else "disk", **settings)
    return boot.run(disk.to_bytes(), floppy=floppy, memory=memory, timeout=60)


def well(machine: Machine) -> None:
    assert (machine.reason, machine.exit_code) == ("exit code", ALL_WELL), machine.explain()


@pytest.mark.parametrize("strict", [False, True], ids=["plain", "strict"])
@pytest.mark.parametrize("floppy", [False, True], ids=["disk", "floppy"])
def test_hello(floppy: bool, strict: bool) -> None:
    disk = boot.disk_image(kernel("HELLO"), medium="floppy" if floppy else "disk")
    machine = boot.run(disk.to_bytes(), floppy=floppy, strict=strict)
    well(machine)
    assert machine.lines[0] == "Hello from the kernel"
    assert machine.serial == b"Hello from the kernel"


@pytest.mark.parametrize(
    "base",
    [
        0x1000,
        0x10000,
        0x100000,
        0x200000,
        0x400000,
        0x8000000000,
        0x18000000000,
        0x7FFFFFF00000,
        0xFFFF800000000000,
        0xFFFFFFFF80000000,
        0xFFFFFFFF80100000,
    ],
    ids=hex,
)
def test_anywhere(base: int) -> None:
    machine = run(kernel("HELLO", base=base))
    well(machine)
    assert machine.lines[0] == "Hello from the kernel"


# The contract.


@pytest.mark.parametrize("sse", [False, True], ids=["", "sse"])
@pytest.mark.parametrize("features", COMBINATIONS, ids=lambda f: "+".join(sorted(f)) or "none")
def test_entry_state(features: frozenset[str], sse: bool) -> None:
    chosen = features | ({"sse"} if sse else set())
    disk = boot.disk_image(kernel("PROBE"), features=chosen)
    machine = boot.run(disk.to_bytes())
    well(machine)
    state = struct.unpack_from("<11Q", machine.debug)
    rdi, rsp, flags, cs, ss, ds, es, cr0, cr3, cr4, efer = state
    assert rdi == disk.addresses["boot-info"] == 2 << 39
    assert rsp == disk.addresses["stack-end"] - 8 == rdi + (2 + 512) * PAGE - 8
    assert rsp % 16 == 8
    assert flags & (1 << 9 | 1 << 10) == 0
    assert (cs, ss, ds, es) == (8, 0, 0x10, 0x10)
    assert cr0 & 0x80010001 == 0x80010001
    assert cr3 == disk.addresses["page-tables"]
    assert cr4 & 0x600 == (0x600 if sse else 0)
    assert cr0 & 4 == 0
    assert efer & 0xD00 == 0xD00
    limit, base = struct.unpack_from("<HQ", machine.debug, 96)
    assert (limit, base & -PAGE) == (23, disk.addresses["resident"])
    assert struct.unpack_from("<H", machine.debug, 112)[0] == 0


def boot_info(machine: Machine) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Regions, and the numbers behind them."""
    page = machine.debug[128 : 128 + PAGE]
    count = struct.unpack_from("<Q", page, 64 * 24)[0]
    rows = [struct.unpack_from("<QQII", page, i * 24) for i in range(count)]
    assert all(row[3] == 0 for row in rows)
    assert page[count * 24 : 64 * 24] == bytes((64 - count) * 24)
    return [row[:3] for row in rows], list(struct.unpack_from("<6Q", page, 64 * 24 + 8))


@pytest.mark.parametrize("features", COMBINATIONS, ids=lambda f: "+".join(sorted(f)) or "none")
def test_boot_info(features: frozenset[str]) -> None:
    disk = boot.disk_image(kernel("PROBE"), features=features)
    machine = boot.run(disk.to_bytes())
    well(machine)
    regions, rest = boot_info(machine)
    if RECURSIVE in features:
        assert rest.pop(0) == disk.addresses["recursive-page-table"] == 0x8040201000
    if MAP in features:
        assert rest.pop(0) == disk.addresses["physical-memory"] == 3 << 39
    assert rest[:3] == [0, 0, 0], "no thread-local template"
    assert rest[3] == 0
    check_regions(regions, 128 << 20)
    own = {REGIONS[kind] for _, _, kind in regions}
    assert own == {
        *("Usable", "Reserved", "Kernel", "KernelStack", "PageTable"),
        *("Bootloader", "FrameZero", "BootInfo"),
    }
    stack = next(r for r in regions if REGIONS[r[2]] == "KernelStack")
    assert stack[1] - stack[0] == 512


def check_regions(regions: list[tuple[int, int, int]], memory: int) -> None:
    """Sorted, disjoint, all of memory, nothing empty."""
    assert all(start < end for start, end, _ in regions)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(regions))
    assert all(a[1] < b[0] or a[2] != b[2] for a, b in itertools.pairwise(regions))
    assert regions[0] == (0, 1, REGIONS.index("FrameZero"))
    high = [r for r in regions if 0x100 <= r[0] < memory >> 12]
    assert high[0][0] == 0x100
    assert high[-1][1] == memory >> 12
    assert all(a[1] == b[0] for a, b in itertools.pairwise(high)), "no hole above 1 MiB"


def test_thread_local_template() -> None:
    from boot.kernels import Segment, elf

    code = kernel("PROBE")
    found = boot.disk_image(code).segments
    image = boot.disk_image(code).plan
    loads = [
        Segment(s.vaddr, bytes(b.data), s.memory_bytes, 7)
        for s, b in zip(found, [b for b in image.blocks if b.data is not None])
    ]
    entry = boot.disk_image(code).entry
    template = Segment(loads[0].vaddr, b"\x01" * 8, 0x30, 4, kind=7)
    machine = run(elf([*loads, template], entry))
    well(machine)
    assert boot_info(machine)[1][:3] == [loads[0].vaddr, 8, 0x30]


def test_configured_addresses() -> None:
    settings = {
        "boot_info_address": 0x7000_0000_0000,
        "kernel_stack_address": 0xFFFF_9000_0000_0000,
        "kernel_stack_size": 3,
        "physical_memory_offset": 0xFFFF_A000_0020_0000,
        "features": frozenset({MAP}),
    }
    machine = run(kernel("PROBE"), **settings)
    well(machine)
    rdi, rsp = struct.unpack_from("<2Q", machine.debug)
    assert rdi == settings["boot_info_address"]
    assert rsp == settings["kernel_stack_address"] + 4 * PAGE - 8
    assert boot_info(machine)[1][0] == settings["physical_memory_offset"]


@pytest.mark.parametrize("offset", [None, 0xFFFF800000000000, 0x7F00_0020_0000])
def test_physical_memory_is_mapped(offset: int | None) -> None:
    well(run(kernel("PHYSICAL"), features=frozenset({MAP}), physical_memory_offset=offset))


def test_recursive_page_table() -> None:
    well(run(kernel("RECURSIVE"), features=frozenset({RECURSIVE})))


def test_own_descriptor_tables() -> None:
    machine = run(kernel("TABLES"))
    well(machine)
    assert machine.lines[0] == "B"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (1, "page fault"),
        (2, "page fault"),
        (3, "page fault"),
        (4, "invalid opcode"),
        (5, "page fault"),
        (6, "page fault"),
    ],
    ids=["write .rodata", "execute data", "stack guard", "SSE is off", "low memory", "below"],
)
def test_what_is_forbidden_faults(number: int, says: str) -> None:
    machine = run(kernel(f"FAULT={number}"))
    assert machine.reason == "triple fault", machine.explain()
    assert says in machine.faults[0]


def test_stack_ends_at_its_guard_page() -> None:
    machine = run(kernel("FAULT=3"), kernel_stack_size=2)
    disk = boot.disk_image(kernel("FAULT=3"), kernel_stack_size=2)
    assert machine.registers["rsp"] == disk.addresses["stack"]
    assert machine.registers["cr2"] == disk.addresses["stack"] - 8


def test_sse_works_with_the_feature() -> None:
    well(run(kernel("FAULT=4"), features=frozenset({"sse"})))


def test_pixels() -> None:
    machine = run(kernel("HELLO"), features=frozenset({"vga_320x200"}))
    assert any("0x13" in note for note in machine.notes)


# Large and small, and .bss.


@pytest.mark.parametrize("size", [3_000, 300_000, 8 << 20], ids=["3 KB", "300 KB", "8 MB"])
def test_every_byte_arrives(size: int) -> None:
    payload = random.Random(size).randbytes(size)
    elf = kernel(f"SUM={size}", "ZEROS=0x200000", payload=payload, base=0xFFFFFFFF80000000)
    machine = run(elf)
    well(machine)
    assert struct.unpack("<I", machine.debug)[0] == checksum(payload)


def test_little_memory() -> None:
    """The loader says so when memory does not suffice."""
    disk = boot.disk_image(kernel("HELLO"), kernel_stack_size=4096)
    machine = boot.run(disk.to_bytes(), memory=16 << 20)
    said = "Not enough memory for this kernel"
    assert machine.reason == "halted"
    assert (machine.lines[0], machine.serial) == (said, said.encode())
    well(boot.run(disk.to_bytes(), memory=32 << 20))


def test_failing_reads_show_a_message() -> None:
    disk = boot.disk_image(kernel("SUM=300000", "ZEROS=8", payload=bytes(300_000)))
    image = disk.to_bytes()
    cut = boot.run(image[: 100 * 512])
    assert cut.lines[0].startswith("Disk error 0C at sector 0x0000")
    assert cut.serial.startswith(b"Disk error 0C at sector 0x0000")
    early = boot.run(image[: 4 * 512])
    assert early.lines[0] == "Disk error 0C"
    assert early.serial.startswith(b"Disk error 0C")


def test_two_images_are_equal_and_small() -> None:
    one, two = (boot.disk_image(kernel("HELLO")) for _ in range(2))
    assert one.to_bytes() == two.to_bytes()
    assert one.loader <= 8192


def test_no_protocol() -> None:
    machine = run(kernel("RAW"), protocol="raw")
    well(machine)
    drive, count = struct.unpack_from("<II", machine.debug)
    assert (drive, count) == (0x80, 5)
    assert struct.unpack_from("<QQI", machine.debug, 8) == (0, 0x9FC00, 1)


# Firmware with habits.


def test_firmware_may_write_a_parameter_block() -> None:
    """Some write a FAT header over bytes 3 to 61 of what they boot from a USB stick."""
    image = bytearray(boot.disk_image(kernel("HELLO")).to_bytes())
    image[3:62] = b"\xff" * 59
    well(boot.run(bytes(image)))


@pytest.mark.parametrize("floppy", [False, True], ids=["disk", "floppy"])
def test_an_awkward_bios_reads_every_byte(floppy: bool) -> None:
    payload = random.Random(7).randbytes(200_000)
    elf = kernel("SUM=200000", "ZEROS=8", payload=payload)
    disk = boot.disk_image(elf, medium="floppy" if floppy else "disk")
    machine = boot.run(disk.to_bytes(), floppy=floppy, strict=True)
    well(machine)
    assert struct.unpack("<I", machine.debug)[0] == checksum(payload)


def test_code_that_ends_like_hlt_is_not_taken_for_it() -> None:
    well(run(kernel("SPIN")))


# Memory as the BIOS tells it.


def no_e820(pc: Pc, r: Registers) -> None:
    bios_system.unknown_function(r)


def test_memory_without_a_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """E801 tells of memory in two pieces, below and above 16 MiB."""
    monkeypatch.setattr(bios_system, "_e820", no_e820)
    machine = run(kernel("PROBE"), memory=64 << 20)
    well(machine)
    regions, _ = boot_info(machine)
    usable = [r for r in regions if REGIONS[r[2]] == "Usable"]
    assert usable[0] == (1, 5, 0)
    assert usable[1][1] == 0x9F
    assert usable[-1][1] == 64 << 8


def test_memory_as_the_oldest_call_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """AH=88h counts up to 63 MiB."""
    row = bios.TABLE[0x15, 0xE8]
    monkeypatch.setitem(bios.TABLE, (0x15, 0xE8), attrs.evolve(row, function=no_e820))
    machine = run(kernel("PROBE"), memory=128 << 20)
    well(machine)
    regions, _ = boot_info(machine)
    assert regions[-1][1] == 64 << 8


def test_overlapping_and_unsorted_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is reserved counts more than what is usable; parts of frames are not usable."""
    rows = [
        (0x4000000, 0x4000000, 1),
        (0x100000, 0x3F00000, 1),
        (0, 0x9FC00, 1),
        (0x5000800, 0x1000, 2),
        (0x6000000, 0x2000, 3),
        (0x6001000, 0x2000, 4),
        (0x7000000, 0x1000, 5),
        (0x7800000, 0x1000, 20),
        (0x7FFF800, 0x800, 1),
    ]
    monkeypatch.setattr(bios_system, "memory_map", lambda size: rows)
    machine = run(kernel("PROBE"))
    well(machine)
    regions, _ = boot_info(machine)
    assert [(a, b, REGIONS[kind]) for a, b, kind in regions if a >= 0x4000][:-1] == [
        (0x5000, 0x5002, "Reserved"),
        (0x5002, 0x6000, "Usable"),
        (0x6000, 0x6001, "AcpiReclaimable"),
        (0x6001, 0x6003, "AcpiNvs"),
        (0x6003, 0x7000, "Usable"),
        (0x7000, 0x7001, "BadMemory"),
        (0x7001, 0x7800, "Usable"),
        (0x7800, 0x7801, "Reserved"),
    ]
    assert regions[-1] == (0x7801, 0x8000, 0)


def test_more_than_64_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest that nobody needs are left out, and that is said."""
    rows = [(0, 0x9F000, 1), (0x100000, 0x3000000, 1)]
    rows += [(0x4000000 + i * 0x10000, 0x1000 + i * 0x1000 % 0x8000, 2 - i % 2) for i in range(100)]
    monkeypatch.setattr(bios_system, "memory_map", lambda size: rows)
    machine = run(kernel("PROBE"))
    well(machine)
    regions, _ = boot_info(machine)
    assert len(regions) == 64
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(regions))
    assert {"Kernel", "KernelStack", "PageTable", "BootInfo"} <= {REGIONS[r[2]] for r in regions}
    assert b"more than 64 regions" in machine.serial


def test_tens_of_megabytes() -> None:
    payload = random.Random(1).randbytes(1 << 20) * 40
    elf = kernel("FIRST_AND_LAST", payload=payload)
    machine = run(elf)
    well(machine)
    assert machine.debug == payload[:8] + payload[-8:]
