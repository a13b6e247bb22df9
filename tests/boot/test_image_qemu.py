"""Disk images in real QEMU: the same kernels, the same answers; other disks and other memory."""

from __future__ import annotations

import random
import struct
import tempfile
from pathlib import Path

import pytest

from boot.kernels import NASM, checksum, has_nasm, kernel
from boot.qemu import MISSING, qemu_program
from pylink86 import boot
from pylink86.boot.machine import Machine

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(qemu_program() is None, reason=MISSING),
    pytest.mark.skipif(not has_nasm(), reason=NASM),
]
FEATURES = frozenset({"map_physical_memory", "recursive_page_table"})
WELL = 0x10


def run(elf: bytes, *, floppy: bool = False, **settings: object) -> Machine:
    machine = {key: settings.pop(key) for key in ("memory", "extra") if key in settings}
    disk = boot.disk_image(elf, medium="floppy" if floppy else "disk", **settings)
    return boot.run_qemu(disk.to_bytes(), floppy=floppy, timeout=40, **machine)


def well(machine: Machine) -> None:
    assert (machine.reason, machine.exit_code) == ("exit code", WELL), machine.explain()


@pytest.mark.parametrize("memory", [32 << 20, 5 << 30], ids=["32 MB", "5 GB"])
def test_the_contract(memory: int) -> None:
    machine = run(kernel("PROBE"), features=FEATURES, memory=memory)
    well(machine)
    rdi, rsp, flags, cs, ss, ds, es, cr0, _, cr4, efer = struct.unpack_from("<11Q", machine.debug)
    assert (rdi, rsp, cs, ss, ds, es) == (2 << 39, (2 << 39) + 0x202000 - 8, 8, 0, 0x10, 0x10)
    assert flags & 0x600 == 0
    assert (cr0 & 0x80010001, cr4 & 0x600, efer & 0xD00) == (0x80010001, 0, 0xD00)
    assert struct.unpack_from("<H", machine.debug, 112)[0] == 0
    page = machine.debug[128:]
    count, recursive, physical = struct.unpack_from("<3Q", page, 64 * 24)
    assert (recursive, physical) == (0x8040201000, 3 << 39)
    rows = [struct.unpack_from("<QQI", page, i * 24) for i in range(count)]
    assert all(a[1] <= b[0] for a, b in zip(rows, rows[1:]))
    usable = sum(end - start for start, end, kind in rows if kind == 0)
    assert memory >> 12 > usable > (memory >> 12) - 1500
    if memory > 4 << 30:
        assert rows[-2][0] == 1 << 20 or rows[-1][0] == 1 << 20


@pytest.mark.parametrize("features", [(), ("map_physical_memory",), ("recursive_page_table",)])
def test_boot_info_by_features(features: tuple[str, ...]) -> None:
    """The fields that are not asked for are not there; what follows moves up."""
    machine = run(kernel("PROBE"), features=frozenset(features))
    well(machine)
    count, *rest = struct.unpack_from("<6Q", machine.debug, 128 + 64 * 24)
    wanted = {"map_physical_memory": 3 << 39, "recursive_page_table": 0x8040201000}
    assert 8 < count < 64
    assert rest == [*(wanted[name] for name in features), *[0] * (5 - len(features))]


def test_physical_memory_above_4_gib() -> None:
    well(run(kernel("PHYSICAL"), features=frozenset({"map_physical_memory"}), memory=5 << 30))


@pytest.mark.parametrize(
    ("disk", "size"),
    [("ide", 3_000), ("ide", 8 << 20), ("floppy", 300_000), ("usb", 3_000), ("sata", 3_000)],
)
def test_every_byte_arrives(disk: str, size: int) -> None:
    payload = random.Random(size).randbytes(size)
    elf = kernel(f"SUM={size}", "ZEROS=0x200000", payload=payload, base=0xFFFFFFFF80000000)
    sata = {"extra": ["-machine", "q35"]} if disk == "sata" else {}
    machine = run_from_stick(elf) if disk == "usb" else run(elf, floppy=disk == "floppy", **sata)
    well(machine)
    assert struct.unpack("<I", machine.debug)[0] == checksum(payload)


def run_from_stick(elf: bytes) -> Machine:
    """The disk as a USB stick; the disk QEMU is given otherwise has nothing to boot."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "stick.img")
        boot.disk_image(elf).write(path)
        stick = f"if=none,id=stick,format=raw,snapshot=on,file={path}"
        words = ["-drive", stick, "-device", "usb-ehci"]
        words += ["-device", "usb-storage,drive=stick,bootindex=0"]
        return boot.run_qemu(bytes(512), timeout=40, extra=words)


@pytest.mark.parametrize("number", [1, 2, 3], ids=["write .rodata", "execute data", "guard page"])
def test_what_is_forbidden_faults(number: int) -> None:
    machine = run(kernel(f"FAULT={number}"))
    assert machine.reason == "triple fault", machine.explain()


def test_own_descriptor_tables() -> None:
    well(run(kernel("TABLES")))


@pytest.mark.parametrize(
    ("defines", "magic"),
    [(("MULTIBOOT=1", "FLAGS=7"), 0x2BADB002), (("MULTIBOOT=2",), 0x36D76289)],
)
def test_multiboot(defines: tuple[str, ...], magic: int) -> None:
    machine = run(kernel(*defines, bits=32, base=0x100000))
    well(machine)
    assert struct.unpack_from("<I", machine.debug)[0] == magic


def test_32_bits_without_a_protocol() -> None:
    machine = run(kernel("MULTIBOOT=0", bits=32, base=0x10000))
    well(machine)
    drive, count = struct.unpack_from("<II", machine.debug, 20)
    assert drive == 0x80
    assert struct.unpack_from("<QQI", machine.debug, 28)[2] == 1
    assert count > 4


def test_a_disk_that_ends_too_early_is_said() -> None:
    disk = boot.disk_image(kernel("SUM=300000", "ZEROS=8", payload=bytes(300_000)))
    machine = boot.run_qemu(disk.to_bytes()[: 100 * 512], timeout=40)
    assert any(line.startswith("Disk error") for line in machine.lines), machine.lines
    assert b"Disk error" in machine.serial


def test_no_long_mode_is_said() -> None:
    machine = run(kernel("HELLO"), extra=["-cpu", "pentium3"])
    said = "No long mode: this processor cannot run a 64-bit kernel"
    assert said in machine.lines
    assert machine.serial.decode() == said


def test_the_emulator_is_much_faster() -> None:
    """Boot of the hello kernel: at most a tenth of QEMU's time."""
    image = boot.disk_image(kernel("HELLO")).to_bytes()
    for _ in range(3):  # on a busy machine one comparison says little
        here = min(boot.run(image).milliseconds for _ in range(5))
        if here * 10 < boot.run_qemu(image).milliseconds:
            return
    raise AssertionError(f"the emulator took {here:.0f} ms")
