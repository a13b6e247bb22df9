"""BIOS calls with nothing but numbers: no emulator runs here."""

from __future__ import annotations

import pytest

from pylink86.boot import bios, firmware
from pylink86.boot.pc import Pc
from pylink86.boot.registers import Registers

IMAGE = bytes(510) + b"\x55\xaa" + b"\x11" * 512 + b"\x22" * 512


def machine(image: bytes = IMAGE, **options: object) -> Pc:
    pc = Pc(image, **options)  # type: ignore[arg-type]
    firmware.install(pc)
    return pc


def call(pc: Pc, number: int, **registers: int) -> Registers:
    r = Registers(**registers)
    bios.call(pc, number, r)
    return r


def test_parts_of_registers_share_their_bits() -> None:
    r = Registers(eax=0x12345678)
    assert (r.ax, r.ah, r.al) == (0x5678, 0x56, 0x78)
    r.ah = 0x1FF
    assert r.eax == 0x1234FF78
    r.carry = 1
    assert r.flags == 0x203
    r.done()
    assert (r.flags, r.ah) == (0x202, 0)


def test_every_row_has_a_line_for_the_reference() -> None:
    for row in bios.TABLE.values():
        assert row.what
        assert len(row.what) < 60


def test_vectors_lead_to_the_bios() -> None:
    pc = machine()
    assert all(firmware.is_ours(pc.memory, n) for n in (0x00, 0x08, 0x10, 0x13, 0x21, 0xFF))
    assert firmware.vector(pc.memory, 0x13) == (0xF000, 0xE04C)
    pc.memory.put(0x13 * 4, 0x00007E00, 4)
    assert not firmware.is_ours(pc.memory, 0x13)


def test_data_area_describes_the_machine() -> None:
    pc = machine()
    assert pc.memory.number(0x413, 2) == 639
    assert pc.memory.number(0x40E, 2) == 0x9FC0
    assert pc.memory.number(0x9FC00, 1) == 1
    assert pc.memory.number(0x475, 1) == 1
    assert pc.memory.read(0x7C00, 512) == IMAGE[:512]
    assert pc.memory.read(0x7E00, 2) == b"\xa5\xa5"


@pytest.mark.parametrize(
    ("cx", "al", "ah", "moved"),
    [(2, 1, 0, 1), (2, 2, 0, 2), (2, 3, 0x0C, 2), (9, 1, 0x0C, 0), (0, 1, 1, 1), (1, 200, 1, 200)],
)
def test_reading_by_cylinder(cx: int, al: int, ah: int, moved: int) -> None:
    pc = machine()
    r = call(pc, 0x13, eax=0x0200 | al, ebx=0x8000, ecx=cx, edx=0x80)
    assert (r.ah, r.al, r.carry) == (ah, moved, ah != 0)
    if ah == 0:
        assert pc.memory.read(0x8000, 1) == b"\x11"
        assert pc.loaded == [(0x8000, al * 512)]


def test_packet_with_a_flat_address() -> None:
    pc = machine()
    packet = bytes([0x18, 0, 1, 0]) + b"\xff" * 4 + (2).to_bytes(8, "little")
    pc.memory.write(0x600, packet + (0x200000).to_bytes(8, "little"))
    r = call(pc, 0x13, eax=0x4200, esi=0x600, edx=0x80)
    assert (r.ah, r.carry) == (0, 0)
    assert pc.memory.read(0x200000, 512) == b"\x22" * 512


@pytest.mark.parametrize(
    ("count", "strict", "ah"), [(128, False, 0x0C), (128, True, 1), (0, True, 1)]
)
def test_long_lba_transfers_fail_on_strict_machines(count: int, strict: bool, ah: int) -> None:
    pc = machine(strict=strict)
    pc.memory.write(0x600, bytes([16, 0, count, 0, 0, 0x80, 0, 0]) + bytes(8))
    assert call(pc, 0x13, eax=0x4200, esi=0x600, edx=0x80).ah == ah


def test_disk_reads_do_not_change_the_bios() -> None:
    pc = machine()
    before = pc.memory.read(0xF0000, 512)
    assert call(pc, 0x13, eax=0x0201, ecx=2, edx=0x80, es=0xF000).ah == 0
    assert pc.memory.read(0xF0000, 512) == before


def test_errors_are_explained_once() -> None:
    pc = machine()
    for _ in range(3):
        call(pc, 0x13, eax=0x0201, ecx=0, edx=0x80)
    assert [n for n in pc.notes if "geometry" in n] == list(pc.notes)
    assert len(pc.notes) == 1


def test_unknown_functions() -> None:
    pc = machine()
    assert call(pc, 0x15, eax=0x7700).ah == 0x86
    assert call(pc, 0x60, eax=0x1234).eax == 0x1234
    assert call(pc, 0x1A, eax=0xB101).carry == 1
    assert "int 0x15 AH=0x77 is not emulated" in pc.notes


def test_ticks_count_over_midnight() -> None:
    pc = machine()
    pc.memory.put(0x46C, 0x1800AF, 4)
    call(pc, 8)
    r = call(pc, 0x1A, eax=0)
    assert (r.cx, r.dx, r.al) == (0, 0, 1)
    assert call(pc, 0x1A, eax=0).al == 0


def test_waiting_counts_ticks_unless_the_guest_does() -> None:
    pc = machine()
    call(pc, 0x15, eax=0x8600, ecx=0xF, edx=0x4240)
    assert pc.memory.number(0x46C, 4) == 18
    pc = machine()
    pc.memory.put(0x1C * 4, 0x7E00, 4)
    call(pc, 0x15, eax=0x8600, ecx=0xF, edx=0x4240)
    assert pc.memory.number(0x46C, 4) == 0
    assert pc.pics[0].requested & 1


def test_e820_ends_with_zero() -> None:
    pc = machine(memory=32 << 20)
    rows, following = [], 0
    while not rows or following:
        r = call(pc, 0x15, eax=0xE820, ebx=following, ecx=20, edx=0x534D4150, edi=0x600)
        assert (r.carry, r.eax, r.ecx) == (0, 0x534D4150, 20)
        rows.append((pc.memory.number(0x600, 8), pc.memory.number(0x608, 8)))
        following = r.ebx
    assert rows[0] == (0, 0x9FC00)
    assert (1 << 20, 31 << 20) in rows
    assert call(pc, 0x15, eax=0xE820, ebx=9, ecx=20, edx=0x534D4150).carry == 1
    assert call(pc, 0x15, eax=0xE820, ebx=0, ecx=20, edx=0).carry == 1


def test_the_time_is_the_guests_own() -> None:
    pc = machine()
    pc.clock.advance(3723 * 1e6)
    r = call(pc, 0x1A, eax=0x0200)
    assert (r.ch, r.cl, r.dh) == (0x01, 0x02, 0x03)
    r = call(pc, 0x1A, eax=0x0400)
    assert (r.ch, r.cl, r.dh, r.dl) == (0x20, 0x00, 0x01, 0x01)


def test_apm_switches_off() -> None:
    pc = machine()
    assert call(pc, 0x15, eax=0x5300).ebx == 0x504D
    call(pc, 0x15, eax=0x5307, ebx=1, ecx=3)
    assert pc.ending is not None
    assert (pc.ending.reason, pc.ending.exit_code) == ("exit code", 0)


def test_the_first_reason_to_end_counts() -> None:
    pc = machine()
    call(pc, 0x19)
    call(pc, 0x18)
    assert pc.ending is not None
    assert "int 0x19" in pc.ending.detail
