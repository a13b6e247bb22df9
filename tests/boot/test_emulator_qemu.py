"""The emulator and QEMU agree: same programs, same screen, same answers, same end."""

from __future__ import annotations

import importlib.util

import pytest

from boot import programs
from boot.qemu import MISSING, qemu_program
from pylink86 import boot
from pylink86.boot.machine import Machine

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(qemu_program() is None, reason=MISSING),
    pytest.mark.skipif(
        importlib.util.find_spec("unicorn") is None,
        reason="unicorn is not installed (pip install pylink86[emulate])",
    ),
]


def both(name: str, floppy: bool = False, keys: str = "") -> tuple[Machine, Machine]:
    image = programs.image(name)
    return (
        boot.run(image, floppy=floppy, keys=keys),
        boot.run_qemu(image, floppy=floppy, keys=keys, timeout=15),
    )


@pytest.mark.parametrize(
    "name",
    [
        "teletype",
        "wrap",
        "scroll",
        "cursor",
        "string",
        "windows",
        "hooks",
        "back-to-real",
        "tick-hook",
    ],
)
def test_same_screen(name: str) -> None:
    here, there = both(name)
    assert (here.reason, here.lines) == (there.reason, there.lines)
    assert here.memory(0xB8000, 4000) == there.memory(0xB8000, 4000)


@pytest.mark.parametrize(
    ("name", "count"),  # bytes at 0x500
    [
        ("disk", 200),
        ("floppy", 100),
        ("system", 150),
        ("disk-write", 2),
        ("divide-hook", 4),
        ("protected-handler", 2),
        ("page-faults", 56),
        ("handler-16", 1),
        ("long-handler", 24),
        ("long-stack", 8),
        ("compat-handler", 2),
        ("a20", 6),
        ("cursor", 6),
        ("ata", 2),
        ("hidden-cursor", 1),
    ],
)
def test_same_answers(name: str, count: int) -> None:
    here, there = both(name, floppy=name == "floppy")
    assert here.reason == there.reason == "halted"
    assert here.memory(0x500, count).hex(" ", 2) == there.memory(0x500, count).hex(" ", 2)


@pytest.mark.parametrize(
    "name",
    [
        "halt",
        "idle",
        "cli-jump",
        "pause-loop",
        "exit",
        "power-off",
        "reset-keyboard",
        "no-idt",
        "empty-idt",
        "bios-in-protected",
        "interrupts-on",
        "no-tables",
        "stack-unmapped",
        "sse-off",
        "real-no-vectors",
    ],
)
def test_same_end(name: str) -> None:
    here, there = both(name)
    assert (here.reason, here.exit_code) == (there.reason, there.exit_code)


def test_same_registers_where_the_cpu_stopped() -> None:
    here, there = both("long")
    names = ("rax", "r9", "rip", "cs", "ds", "cr0", "cr3", "cr4", "rsp")
    assert [here.registers[n] for n in names] == [there.registers[n] for n in names]


def test_same_keys_and_lines() -> None:
    here, there = both("keys", keys="Hi, -1/<enter>")
    assert (here.screen, here.reason) == ("Hi, -1/", "idle loop")
    assert there.lines[0] == here.lines[0]
    here, there = both("serial")
    assert (here.serial, here.debug) == (there.serial, there.debug) == (b"C1", b"E")


def test_the_emulator_takes_a_tenth_of_the_time() -> None:
    """Medians over the same image; the first run, which loads unicorn, is not counted."""
    image = programs.image("long")
    boot.run(image)
    here = sorted(boot.run(image).milliseconds for _ in range(9))[4]
    there = sorted(boot.run_qemu(image).milliseconds for _ in range(3))[1]
    assert here <= there / 10, f"emulator {here:.1f} ms, QEMU {there:.1f} ms"
