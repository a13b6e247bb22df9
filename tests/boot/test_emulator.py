"""The emulated machine, one small program at a time: BIOS calls, modes, interrupts, ports, ends."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import pytest

from boot import programs
from pylink86 import boot
from pylink86.boot.machine import REASONS, Machine
from pylink86.diag import LinkError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)


def run(name: str, **options: object) -> Machine:
    return boot.run(programs.image(name), **options)  # type: ignore[arg-type]


def words(machine: Machine, count: int, at: int = 0x500) -> list[int]:
    data = machine.memory(at, 2 * count)
    return [int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2)]


def answers(machine: Machine, count: int) -> list[tuple[int, ...]]:
    """What `call save` kept: AX, carry and zero flag as (AX, CF, CX, DX, BX)."""
    rows = words(machine, 5 * count)
    return [(rows[i], rows[i + 1] & 1, *rows[i + 2 : i + 5]) for i in range(0, len(rows), 5)]


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("nasm") is None, reason="nasm is not installed (apt install nasm)")
@pytest.mark.parametrize("name", programs.SOURCES)
def test_committed_bytes_are_those_nasm_makes(name: str) -> None:
    assert programs.assemble(programs.SOURCES[name]) == programs.image(name)


# The screen.


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("teletype", ["Hello", "worLD!"]),
        ("wrap", ["+" * 80, "+++++."]),
        ("scroll", [*(chr(ord("G") + i) for i in range(24)), ""]),
        ("hooks", ["NB"]),
        ("protected", ["PM"]),
        ("long", ["LMR"]),
        ("back-to-real", ["real"]),
        ("fresh-ram", ["dirty"]),
        ("tick-hook", ["...."]),
        ("timer-32", ["3"]),
        ("sse", ["SSE"]),
    ],
)
def test_screen(name: str, lines: list[str]) -> None:
    machine = run(name)
    assert machine.reason == "halted", machine.explain()
    assert list(machine.lines[: len(lines)]) == lines
    assert len(machine.lines) == 25


def test_characters_at_the_cursor() -> None:
    machine = run("cursor")
    assert machine.lines[10] == " " * 40 + "-**"
    character, cursor, mode = words(machine, 3)
    assert (character, cursor, mode) == (0x1F2A, 0x0A28, 0x5003)
    assert machine.memory(0xB8000 + 2 * 840, 6) == b"-\x1f*\x1f*\x1f"


def test_strings_with_and_without_attributes() -> None:
    machine = run("string")
    assert machine.lines[3] == "     string!"
    assert machine.memory(0xB8000 + 2 * 245, 4) == b"s\x4ft\x4f"
    assert machine.memory(0xB8000 + 2 * 400, 4) == b"x\x01y\x02"


def test_windows_scroll_both_ways() -> None:
    lines = run("windows").lines
    full = "#" * 80
    hole = "#" * 5 + " " * 5 + "#" * 70
    assert lines[3] == full
    assert lines[4] == lines[5] == hole
    assert lines[10] == hole
    assert lines[11] == full
    assert set(lines[16:]) == {""}


# The disk.


def test_hard_disk_calls() -> None:
    found = answers(run("disk"), 20)
    assert [(ax >> 8, carry) for ax, carry, *_ in found] == [
        (0x00, 0),  # one sector
        (0x01, 1),  # sector 0 does not exist
        (0x01, 1),  # nothing to read
        (0x0C, 1),  # second sector is past the end, the first was read
        (0x0C, 1),  # starts past the end
        (0x01, 1),  # no such head
        (0x01, 1),  # more than 128 sectors
        (0x01, 1),  # no such drive
        (0x01, 1),  # status of that
        (0x00, 0),  # reset
        (0x00, 0),  # status of that
        (0x00, 0),  # geometry
        (0x03, 0),  # hard disk
        (0x30, 0),  # LBA is there
        (0x00, 0),  # one sector by LBA
        (0x0C, 1),  # two of five
        (0x01, 1),  # starts past the end
        (0x00, 0),  # parameters
        (0x01, 1),  # no such function
        (0x00, 0),  # a hard disk crosses 64 KiB
    ]
    assert [found[i][0] & 0xFF for i in (0, 3, 4, 19)] == [1, 1, 0, 2]
    assert found[11][2:4] == (0x003F, 0x0F01)
    assert found[13][4] == 0xAA55
    assert found[14][2] == 1
    assert found[15][2] == 2


def test_what_was_read_is_in_memory() -> None:
    machine = run("disk")
    image = programs.image("disk")
    assert machine.memory(0xFF00, 1024) == image[:1024]
    assert machine.memory(0x9400, 26) == bytes.fromhex(
        "1a00020002000000100000003f00000009000000000000000002"
    )


def test_writes_stay_in_memory() -> None:
    assert words(run("disk-write"), 1) == [0xAA55]
    assert programs.image("disk-write")[512:514] == b"\x33\x33"


def test_floppy_calls() -> None:
    found = answers(run("floppy", floppy=True), 10)
    assert [(ax >> 8, carry) for ax, carry, *_ in found] == [
        (0x00, 0),
        (0x00, 0),  # over the end of a track
        (0x00, 0),  # over the end of a cylinder
        (0x00, 0),  # the last track
        (0x01, 1),  # no cylinder 80
        (0x09, 1),  # DMA cannot cross 64 KiB
        (0x00, 0),  # geometry
        (0x01, 0),  # a floppy
        (0x01, 1),  # without LBA
        (0x01, 1),
    ]
    assert [ax & 0xFF for ax, *_ in found[:4]] == [1, 5, 5, 1]
    assert found[6][2:] == (0x4F12, 0x0101, 0x0004)


def test_strict_disks_refuse_more() -> None:
    machine = run("disk", strict=True)
    assert answers(machine, 20)[19][:2] == (0x0900, 1)


def test_strict_machines_start_awkwardly() -> None:
    jump = bytes.fromhex("8cc8 a30005")  # mov ax, cs; mov [0x500], ax
    machine = boot.run(jump + b"\xfa\xf4" + bytes(503) + b"\x55\xaa", strict=True)
    assert machine.registers["cs"] == 0x07C0
    assert int.from_bytes(machine.memory(0x400 + 0x500, 2), "little") == 0x07C0


def test_disk_errors_are_notes() -> None:
    notes = run("disk").notes
    assert any("past the end of the image" in note for note in notes)
    assert any("DL=0x81, but the image is drive 0x80" in note for note in notes)


# Memory, time, keyboard.


def test_system_calls() -> None:
    found = answers(run("system"), 15)
    assert [(ax, carry) for ax, carry, *_ in found[:8]] == [
        (639, 0),
        (0x0227, 0),
        (0xFC00, 0),
        (0x0000, 0),  # close A20
        (0x0000, 0),  # it is closed
        (0x0001, 0),  # open A20
        (0x0001, 0),  # it is open
        (0x0003, 0),  # both the keyboard controller and port 92h switch it
    ]
    assert [(ax >> 8, carry) for ax, carry, *_ in found[8:]] == [
        (0x86, 1),  # no such function
        (0x00, 0),  # configuration table
        (0x01, 0),  # no key
        (0x00, 0),  # no shift keys
        (0x60, 0),  # COM1 can send
        (0x1A, 0),  # display combination
        (0x12, 0),  # video subsystem
    ]


def test_memory_map() -> None:
    machine = run("e820", memory=64 << 20)
    count, low, high = words(machine, 3)
    assert (count, low, high) == (5, 0x3C00, 48 << 4)
    table = machine.memory(0x600, 20 * count)
    rows = [
        (
            int.from_bytes(table[i : i + 8], "little"),
            int.from_bytes(table[i + 8 : i + 16], "little"),
            table[i + 16],
        )
        for i in range(0, len(table), 20)
    ]
    assert rows[0] == (0, 0x9FC00, 1)
    assert rows[3] == (1 << 20, 63 << 20, 1)
    assert [kind for _, _, kind in rows] == [1, 2, 2, 1, 2]


def test_block_move_reaches_extended_memory() -> None:
    assert run("block-move").memory(0x200000, 8) == b"ABCDEFGH"


def test_fresh_memory_is_not_zero() -> None:
    assert run("halt").memory(0x9000, 16) == b"\xa5" * 16
    assert run("halt").memory(5 << 20, 4) == b"\xa5" * 4


def test_keys_are_typed_and_then_missed() -> None:
    machine = run("keys", keys="Hi<enter>")
    assert machine.screen == "Hi"
    assert machine.reason == "idle loop"
    assert machine.detail == "waits for a key (int 0x16) and none is left"


def test_keys_can_be_polled() -> None:
    assert words(run("key-wait", keys="<up>"), 1) == [0x4800]
    machine = run("key-wait")
    assert machine.reason == "idle loop"
    assert "polls int 0x16" in machine.detail


def test_keys_arrive_at_the_controller() -> None:
    machine = run("key-port", keys="aB")
    assert machine.memory(0x500, 6) == bytes([0x1E, 0x9E, 0x2A, 0x30, 0xB0, 0xAA])
    assert "polls port 0x64" in machine.detail


def test_time_passes_for_a_guest_that_waits() -> None:
    assert words(run("ticks"), 1)[0] >= 5
    assert words(run("wait"), 1)[0] in (3, 4)


def test_two_runs_are_equal() -> None:
    first, second = run("ticks"), run("ticks")
    assert first.registers == second.registers
    assert first.memory(0x400, 0x200) == second.memory(0x400, 0x200)


# Interrupts and exceptions.


def test_real_mode_handler_of_an_exception() -> None:
    assert words(run("divide-hook"), 2) == [0x4321, 0x1234]


def test_protected_mode_handlers_and_error_codes() -> None:
    machine = run("protected-handler")
    assert machine.reason == "halted", machine.explain()
    assert machine.memory(0x500, 2) == b"\x55\x66"
    assert words(machine, 4, 0x504) == [0x1230, 0, 0x2340, 0]


def test_many_page_faults_with_their_error_codes() -> None:
    machine = run("page-faults")
    assert machine.reason == "halted", machine.explain()
    faults = [
        (machine.memory(at, 4)[0], int.from_bytes(machine.memory(at + 4, 4), "little"))
        for at in range(0x500, 0x500 + 7 * 8, 8)
    ]
    reads = [(0, 0x1000000 + (n << 22)) for n in (5, 4, 3, 2, 1)]
    assert faults == [(2, 0x400000), (2, 0x800000), *reads]


@pytest.mark.parametrize(
    ("name", "memory"),
    [
        ("handler-16", "16"),
        ("compat-handler", "6432"),
        ("long-handler", "c86f000000000000 0000000000000000 fd6f000000000000"),
        ("long-stack", "d867"),
    ],
)
def test_handlers_in_other_segments_and_on_other_stacks(name: str, memory: str) -> None:
    machine = run(name)
    wanted = bytes.fromhex(memory)
    assert machine.reason == "halted", machine.explain()
    assert machine.memory(0x500, len(wanted)) == wanted


def test_an_interrupt_that_is_not_acknowledged_comes_once() -> None:
    machine = run("no-acknowledge")
    assert machine.memory(0x500, 1) == b"\xa6"
    assert "unacknowledged" in machine.detail


def test_services_of_later_systems_are_named() -> None:
    notes = run("dos").notes
    assert any("int 0x21 is a service of DOS" in note for note in notes)
    assert any("int 0x80 is a service of Linux" in note for note in notes)


# Ports.


def test_serial_port_and_debug_console() -> None:
    machine = run("serial")
    assert (machine.serial, machine.debug) == (b"C1", b"E")
    assert machine.memory(0x500, 2) == b"\x60\xe9"


def test_a20_gate_wraps_memory() -> None:
    assert run("a20").memory(0x502, 3) == bytes([0x11, 0x33, 0x22])


def test_no_pci_devices() -> None:
    assert run("pci").memory(0x500, 4) == b"\xff" * 4


def test_disk_without_a_bios() -> None:
    machine = run("ata")
    assert machine.memory(0x100000, 514) == b"\x44" * 512 + b"\xa5" * 2
    assert machine.memory(0x500, 2) == b"\x50\x58"
    assert machine.memory(0x504, 4) == b"\2\0\0\0"


def test_memory_ends_where_it_ends() -> None:
    machine = run("holes", memory=32 << 20)
    assert machine.reason == "halted", machine.explain()
    assert machine.memory(0x500, 8) == b"\xff" * 4 + (32 << 20).to_bytes(4, "little")


def test_segments_stay_large_in_real_mode() -> None:
    machine = run("unreal")
    assert machine.memory(0x500, 4) == machine.memory(0x200000, 4) == b"\xaa\x55\xaa\x55"


def test_hardware_cursor_follows_the_bios() -> None:
    assert run("hidden-cursor").memory(0x500, 1) == b"\x02"


# How runs end.


@pytest.mark.parametrize(
    ("name", "reason", "part", "ok"),
    [
        ("halt", "halted", "interrupts disabled", True),
        ("idle", "idle loop", "sleeps in hlt", True),
        ("self-jump", "idle loop", "loops forever", True),
        ("cli-jump", "idle loop", "with interrupts disabled", True),
        ("pause-loop", "idle loop", "loops forever", True),
        ("slow-idle", "idle loop", "loops forever", True),
        ("exit", "exit code", "0x21", False),
        ("exit-0", "exit code", "0x0", True),
        ("power-off", "exit code", "switched the machine off", True),
        ("reset-jump", "reboot", "ffff:0000", False),
        ("reset-keyboard", "reboot", "keyboard controller", False),
        ("reset-fast", "reboot", "port 0x92", False),
        ("int-18", "reboot", "int 0x18", False),
        ("int-19", "reboot", "int 0x19", False),
        ("real-ud", "crash", "#UD", False),
        ("real-divide", "crash", "#DE", False),
        ("syscall", "crash", "syscall: the emulator cannot do that", False),
        ("zeros", "crash", "holds zeros, not code", False),
        ("astray", "crash", "held at power-on, not code", False),
        ("nowhere", "crash", "jumped to 0x50000000", False),
        ("real-no-vectors", "triple fault", "int 0x03", False),
        ("no-idt", "triple fault", "#UD", False),
        ("empty-idt", "triple fault", "#DE", False),
        ("bios-in-protected", "triple fault", "int 0x10", False),
        ("interrupts-on", "triple fault", "hardware interrupt 0x08", False),
        ("no-tables", "triple fault", "#PF page fault", False),
        ("stack-unmapped", "triple fault", "int 0x31", False),
        ("sse-off", "triple fault", "#UD", False),
    ],
)
def test_reasons(name: str, reason: str, part: str, ok: bool) -> None:
    machine = run(name)
    assert (machine.reason, machine.ok) == (reason, ok), machine.explain()
    assert part in machine.detail
    assert reason in REASONS


@pytest.mark.parametrize("name", ["work", "memory-work"])
def test_work_is_not_idling(name: str) -> None:
    machine = run(name, max_instructions=500_000)
    assert (machine.reason, machine.ok) == ("budget", False)
    assert machine.detail == "still running after 500,000 instructions"


def test_time_is_limited() -> None:
    machine = run("work", timeout=0.2)
    assert machine.detail == "still running after 0.2 seconds"
    assert machine.milliseconds < 2000


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "no-idt",
            [
                "triple fault: #UD invalid opcode, and no handler can be reached",
                "at 0008:00007c77 (protected mode, 32-bit code; bytes 0f 0b 00 00 00 00 00 00)",
                "exception: #UD invalid opcode: there is no IDT: lidt was never executed",
                "exception: #GP general protection (error code 0x33): there is no IDT: "
                "lidt was never executed",
                "exception: #DF double fault: there is no IDT: lidt was never executed",
            ],
        ),
        (
            "no-tables",
            [
                "triple fault: #PF page fault at address 0x7c91 (its page directory entry at 0x0 "
                "is 0x0: not present), and no handler can be reached",
                "at 0008:00007c91 (protected mode, 32-bit code; bytes not mapped)",
            ],
        ),
        (
            "stack-unmapped",
            [
                "exception: int 0x31: IDT entry 0x31 at 0x9310 is empty",
                "exception: #GP general protection (error code 0x18a): the stack at 0x3ffffff8 is "
                "not mapped (its page directory entry at 0x3ff8 is 0x0: not present)",
            ],
        ),
        (
            "bios-in-protected",
            ["note: int 0x10 was executed in protected mode: BIOS calls work in real mode only"],
        ),
    ],
)
def test_explanations(name: str, lines: list[str]) -> None:
    said = run(name).explain().splitlines()
    assert [line for line in lines if line not in said] == []


def test_unbootable_sector_is_noted() -> None:
    machine = boot.run(b"\xfa\xf4")
    assert machine.reason == "halted"
    assert "55 aa at offset 510" in machine.notes[0]


def test_registers_at_the_start() -> None:
    machine = boot.run(b"\xfa\xf4", floppy=True)
    assert machine.registers["rdx"] & 0xFF == 0x00
    assert boot.run(b"\xfa\xf4").registers["rdx"] & 0xFF == 0x80
    assert machine.registers["rbx"] >> 16 != 0
    assert machine.registers["r9"] != 0
    assert machine.registers["rip"] == 0x7C02


def test_a_machine_as_json_has_everything() -> None:
    found = run("serial").as_json()
    assert found["serial"] == "C1"
    assert found["reason"] == "halted"
    assert len(found["lines"]) == 25


def test_sizes_that_no_machine_has() -> None:
    with pytest.raises(LinkError, match="bad-memory"):
        run("halt", memory=1 << 20)


def test_unicorn_is_loaded_only_to_run() -> None:
    code = (
        "import sys; from pylink86 import boot; boot.run; boot.Machine; "
        "assert 'unicorn' not in sys.modules; boot.run(b'\\xfa\\xf4'); "
        "assert 'unicorn' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_unicorn_one_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unicorn", None)
    with pytest.raises(LinkError) as caught:
        run("halt")
    (found,) = caught.value.diagnostics
    assert found.slug == "emulator-missing"
    assert "pip install pylink86[emulate]" in found.help[0]


def test_an_old_unicorn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import unicorn

    monkeypatch.setattr(unicorn, "__version__", "2.0.1.post1")
    with pytest.raises(LinkError, match=r"emulator-missing.*2\.1\.2 or later"):
        run("halt")
