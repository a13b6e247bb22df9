"""Memory, disk geometry, keyboard, timer, interrupt controller, ports, page tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylink86.boot import devices, firmware
from pylink86.boot.clock import PIT_HZ, Clock
from pylink86.boot.disk import Disk, crosses_64k, floppy_geometry, hard_disk_geometry
from pylink86.boot.keyboard import parse_keys, qemu_keys, scan_codes
from pylink86.boot.memory import Memory
from pylink86.boot.monitor import parse_registers
from pylink86.boot.paging import kind_of, walk
from pylink86.boot.pc import Pc
from pylink86.boot.pic import Pic
from pylink86.diag import LinkError

MIB = 1 << 20

# Memory.


@given(st.integers(0, 4 * MIB), st.binary(min_size=1, max_size=64))
def test_memory_keeps_what_is_ram(address: int, data: bytes) -> None:
    memory = Memory(3 * MIB)
    memory.write(address, data)
    for i, byte in enumerate(data):
        at = address + i
        if at < 0xC0000 or MIB <= at < 3 * MIB:
            assert memory.read(at, 1)[0] == byte
        else:
            assert memory.read(at, 1) == b"\xff"


def test_memory_is_made_when_touched() -> None:
    memory = Memory(2 << 30)
    assert memory.read(1 << 30, 2) == b"\xa5\xa5"
    assert len(memory.chunks) == 1


def test_transfers_cross_chunks() -> None:
    memory = Memory(4 * MIB)
    memory.write(2 * MIB - 2, b"abcd")
    assert memory.read(2 * MIB - 3, 6) == b"\xa5abcd\xa5"
    memory.write(MIB + 1, b"x" * (2 * MIB))
    assert memory.read(MIB, 2 * MIB + 2) == b"\xa5" + b"x" * (2 * MIB) + b"\xa5"


def test_a20_folds_odd_megabytes() -> None:
    memory = Memory(4 * MIB, a20=False)
    memory.write(0x500, b"low")
    assert memory.read(MIB + 0x500, 3) == b"low"
    memory.a20 = True
    assert memory.read(MIB + 0x500, 3) == b"\xa5" * 3


def test_only_the_bios_writes_the_bios() -> None:
    memory = Memory(MIB)
    memory.write(0xBFFFE, b"abcd")
    assert memory.read(0xBFFFE, 4) == b"ab\xff\xff"
    memory.write(0xF0000, b"rom", rom=True)
    assert memory.read(0xF0000, 3) == b"rom"


# Disk.


@pytest.mark.parametrize(
    ("size", "geometry"),
    [
        (1440 * 1024, (80, 2, 18)),
        (720 * 1024, (80, 2, 9)),
        (360 * 1024, (40, 2, 9)),
        (2880 * 1024, (80, 2, 36)),
        (512, (80, 2, 18)),
        (1500 * 1024, (80, 2, 36)),
    ],
)
def test_floppies(size: int, geometry: tuple[int, int, int]) -> None:
    g = floppy_geometry(size)
    assert (g.cylinders, g.heads, g.sectors) == geometry


@pytest.mark.parametrize(
    ("size", "geometry"),
    [
        (512, (2, 16, 63)),
        (10 * MIB, (20, 16, 63)),
        (1 << 30, (520, 64, 63)),
        (8 << 30, (1024, 255, 63)),
    ],
)
def test_hard_disks(size: int, geometry: tuple[int, int, int]) -> None:
    g = hard_disk_geometry(size)
    assert (g.cylinders, g.heads, g.sectors) == geometry


@given(st.integers(0, 79), st.integers(0, 1), st.integers(1, 18))
def test_every_sector_has_one_number(cylinder: int, head: int, sector: int) -> None:
    g = floppy_geometry(1440 * 1024)
    lba = g.lba(cylinder, head, sector)
    assert lba is not None
    assert 0 <= lba < 2880
    assert divmod(lba, 18) == (cylinder * 2 + head, sector - 1)


def test_places_outside_the_geometry() -> None:
    g = floppy_geometry(1440 * 1024)
    assert [g.lba(80, 0, 1), g.lba(0, 2, 1), g.lba(0, 0, 0), g.lba(0, 0, 19)] == [None] * 4


def test_images_are_whole_sectors_and_writes_fit() -> None:
    disk = Disk(b"x" * 700)
    assert (disk.sectors, disk.number) == (2, 0x80)
    assert disk.read(1, 5) == b"x" * 188 + bytes(324)
    assert disk.write(1, bytes(1024)) == 1
    assert disk.write(9, bytes(512)) == 0
    assert Disk(b"x", floppy=True).sectors == 2880


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 17))
def test_boundary_rule(address: int, size: int) -> None:
    inside = {a >> 16 for a in (address, address + max(size - 1, 0))}
    assert crosses_64k(address, size) == (len(inside) > 1)


def ata(machine: Pc, command: int, lba: int, count: int) -> int:
    values = (count, lba & 0xFF, lba >> 8 & 0xFF, lba >> 16 & 0xFF, 0xE0 | lba >> 24, command)
    for port, value in enumerate(values, 0x1F2):
        devices.write_port(machine, port, 1, value)
    return devices.read_port(machine, 0x1F7, 1)


def test_disk_registers_write_and_read_back() -> None:
    machine = Pc(bytes(4 * 512))
    assert ata(machine, 0x30, 2, 1) == 0x58
    for i in range(256):
        devices.write_port(machine, 0x1F0, 2, i)
    assert devices.read_port(machine, 0x1F7, 1) == 0x50
    assert ata(machine, 0x20, 2, 2) == 0x58
    words = [devices.read_port(machine, 0x1F0, 2) for _ in range(512)]
    assert words == [*range(256), *[0] * 256]
    assert devices.read_port(machine, 0x3F6, 1) == 0x50


def test_disk_registers_refuse() -> None:
    machine = Pc(bytes(4 * 512))
    assert ata(machine, 0x20, 3, 2) == 0x51
    assert devices.read_port(machine, 0x1F1, 1) == 0x10
    assert ata(machine, 0xAA, 0, 0) == 0x51
    assert devices.read_port(machine, 0x1F1, 1) == 0x04
    devices.write_port(machine, 0x1F6, 1, 0xF0)
    assert devices.read_port(machine, 0x1F7, 1) == 0
    assert ata(Pc(b"x", floppy=True), 0x20, 0, 1) == 0


# Keyboard.


def test_keys_by_character_and_by_name() -> None:
    assert parse_keys("aA\n<up><enter>") == (
        (0x1E, 0x61),
        (0x1E, 0x41),
        (0x1C, 13),
        (0x48, 0),
        (0x1C, 13),
    )
    assert parse_keys("<<a>") == ((0x33, 0x3C), (0x33, 0x3C), (0x1E, 0x61), (0x34, 0x3E))


def test_keys_as_scan_codes() -> None:
    assert scan_codes((0x1E, ord("a"))) == [0x1E, 0x9E]
    assert scan_codes((0x1E, ord("A"))) == [0x2A, 0x1E, 0x9E, 0xAA]
    assert scan_codes((0x48, 0)) == [0x48, 0xC8]


def test_keys_for_qemu() -> None:
    assert qemu_keys("aB 1!\n<f1>-_") == (
        "a",
        "shift-b",
        "spc",
        "1",
        "shift-1",
        "ret",
        "f1",
        "minus",
        "shift-minus",
    )


def test_unknown_keys() -> None:
    with pytest.raises(LinkError, match="unknown-key"):
        parse_keys("é")


# Time.


def test_the_timer_ticks_18_times_a_second() -> None:
    clock = Clock()
    clock.advance(1e6)
    assert clock.ticks_due() == 18
    assert clock.ticks_due() == 0
    clock.skip_to_tick()
    assert clock.ticks_due() == 1


def test_the_timer_can_be_programmed() -> None:
    clock = Clock()
    clock.command(0x36)
    reload = PIT_HZ // 100
    clock.write(0, reload & 0xFF)
    clock.write(0, reload >> 8)
    clock.advance(1e6)
    assert clock.ticks_due() in (99, 100)


def test_counters_count_down() -> None:
    clock = Clock()
    clock.command(0x00)
    first = clock.read(0) | clock.read(0) << 8
    clock.advance(1000)
    clock.command(0x00)
    second = clock.read(0) | clock.read(0) << 8
    assert (first - second) % 65536 == 1193


# The interrupt controller.


def test_interrupts_wait_for_the_end_of_more_important_ones() -> None:
    pic = Pic(8, 0)
    pic.request(1)
    pic.request(0)
    assert pic.pending() == 0
    assert pic.acknowledge(0) == 8
    assert pic.pending() is None
    pic.command(0x20)
    assert pic.pending() == 1


def test_vectors_move_and_masks_hold() -> None:
    pic = Pic(8, 0xFF)
    pic.command(0x11)
    for value in (0x20, 4, 1, 0xFD):
        pic.data(value)
    pic.request(0)
    pic.request(1)
    assert pic.pending() == 1
    assert pic.acknowledge(1) == 0x21
    pic.command(0x61)
    assert pic.in_service == 0
    pic.data(0xFE)
    assert pic.pending() == 0


# Ports.


def pc() -> Pc:
    made = Pc(bytes(512))
    firmware.install(made)
    return made


def test_unknown_ports_read_as_ones() -> None:
    assert devices.read_port(pc(), 0x1234, 1) == 0xFF
    assert devices.read_port(pc(), 0x1234, 4) == 0xFFFFFFFF


def test_serial_loopback_finds_the_chip() -> None:
    machine = pc()
    devices.write_port(machine, 0x3FC, 1, 0x1E)
    devices.write_port(machine, 0x3F8, 1, 0xAE)
    assert devices.read_port(machine, 0x3FD, 1) & 1
    assert devices.read_port(machine, 0x3F8, 1) == 0xAE
    devices.write_port(machine, 0x3FC, 1, 0x0F)
    devices.write_port(machine, 0x3F8, 1, ord("x"))
    assert machine.serial == b"x"


def test_word_writes_reach_index_and_data() -> None:
    machine = pc()
    devices.write_port(machine, 0x3D4, 2, 0x020E)
    devices.write_port(machine, 0x3D4, 2, 0x340F)
    assert machine.screen.hardware_cursor == 0x0234
    devices.write_port(machine, 0x3D4, 2, 0x080C)
    assert machine.screen.start == 0x0800


@pytest.mark.parametrize(
    "writes",
    [
        [(0x92, 0)],
        [(0x64, 0xD1), (0x60, 0xDD)],
        [(0x64, 0xDD)],
    ],
)
def test_a20_by_port(writes: list[tuple[int, int]]) -> None:
    machine = pc()
    for port, value in writes:
        devices.write_port(machine, port, 1, value)
    assert not machine.memory.a20
    devices.write_port(machine, 0x64, 1, 0xD0)
    assert devices.read_port(machine, 0x60, 1) & 2 == 0


def test_controller_self_test() -> None:
    machine = pc()
    assert devices.read_port(machine, 0x64, 1) & 1 == 0
    devices.write_port(machine, 0x64, 1, 0xAA)
    assert devices.read_port(machine, 0x64, 1) & 1
    assert devices.read_port(machine, 0x60, 1) == 0x55


def test_clock_chip_knows_the_memory() -> None:
    machine = pc()

    def read(index: int) -> int:
        devices.write_port(machine, 0x70, 1, index)
        return devices.read_port(machine, 0x71, 1)

    assert read(0x34) | read(0x35) << 8 == (112 << 20) >> 16
    assert read(0x15) | read(0x16) << 8 == 640


# Page tables.


def test_kinds_of_paging() -> None:
    assert kind_of(0x11, 0x20, 0x500) is None
    assert kind_of(0x80000011, 0, 0) == "32-bit"
    assert kind_of(0x80000011, 0x20, 0) == "PAE"
    assert kind_of(0x80000011, 0x20, 0x500) == "4-level"


def test_walks() -> None:
    entries = {0x1000: 0x2003, 0x2008: 0x5003, 0x1004: 0x800083}
    read = lambda at, size: entries.get(at, 0)  # noqa: E731
    assert walk(read, None, 0, 0x1234).physical == 0x1234
    assert walk(read, "32-bit", 0x1000, 0x2345).physical == 0x5345
    assert walk(read, "32-bit", 0x1000, 0x1345).physical is None
    entries[0x2004] = 0x5003
    assert walk(read, "32-bit", 0x1000, 0x1345).physical == 0x5345
    assert walk(read, "32-bit", 0x1000, 0x412345).physical == 0x812345
    missing = walk(read, "32-bit", 0x1000, 0x12345678)
    assert missing.why() == "its page directory entry at 0x1120 is 0x0: not present"


def test_walks_of_four_levels() -> None:
    entries = {0x1FF8: 0x2003, 0x2FF0: 0x3003, 0x3000: 0x4003, 0x4008: 0x1234003}
    read = lambda at, size: entries.get(at, 0)  # noqa: E731
    address = 0xFFFF_FFFF_8000_1ABC
    assert walk(read, "4-level", 0x1000, address).physical == 0x1234ABC
    entries[0x2FF0] = 0x40000083
    assert walk(read, "4-level", 0x1000, address).physical == 0x40001ABC
    assert walk(read, "4-level", 0x1000, 0).table == "PML4"


# QEMU's words.


def test_registers_as_qemu_prints_them() -> None:
    narrow = parse_registers(
        "EAX=00000010 EBX=0000000a\nEIP=00007c2b EFL=00000006 [-----P-] CPL=0 II=0 A20=1 HLT=1\n"
        "CS =0008 00000000 ffffffff 00cf9a00 DPL=0 CS32 [-R-]\nCR0=00000011 CR2=00000000"
    )
    assert narrow["rax"] == 0x10
    assert (narrow["rip"], narrow["rflags"], narrow["halted"]) == (0x7C2B, 6, 1)
    assert (narrow["cs"], narrow["code base"], narrow["cr0"]) == (8, 0, 0x11)
    wide = parse_registers("RAX=00001f521f4d1f4c R8 =0000000000000001 R15=2\nRIP=7c9c RFL=00000046")
    assert (wide["rax"], wide["r8"], wide["r15"], wide["rip"]) == (0x1F521F4D1F4C, 1, 2, 0x7C9C)
