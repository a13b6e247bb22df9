"""int 15h and its neighbours: memory size, A20, time, keyboard, serial port, reboot."""

from __future__ import annotations

from . import devices
from .bios_row import Row, Rows
from .firmware import (
    BIOS_SEGMENT,
    CONFIG_TABLE,
    EBDA,
    EQUIPMENT,
    TICKS,
    TICKS_PER_DAY,
    TICKS_WRAPPED,
    is_ours,
)
from .pc import Pc
from .registers import Registers

SMAP = 0x534D4150
MIB = 1 << 20


def unknown_function(r: Registers) -> None:
    """What a BIOS answers to a function it does not have."""
    r.failed(0x86)


# Memory and A20.


def memory_map(size: int) -> list[tuple[int, int, int]]:
    """int 15h AX=E820 of a machine with `size` bytes: (start, length, type); 1 is usable, 2
    reserved.
    """
    return [
        (0, EBDA, 1),
        (EBDA, 0xA0000 - EBDA, 2),
        (0xF0000, 0x10000, 2),
        (MIB, size - MIB, 1),
        (0xFFFC0000, 0x40000, 2),
    ]


def _e820(pc: Pc, r: Registers) -> None:
    """One entry per call; EBX says which, and which is next (0 after the last)."""
    rows = memory_map(pc.memory.size)
    if r.edx != SMAP or r.ecx < 20 or r.ebx >= len(rows):
        unknown_function(r)
        return
    start, length, kind = rows[r.ebx]
    entry = start.to_bytes(8, "little") + length.to_bytes(8, "little") + kind.to_bytes(4, "little")
    pc.memory.write(r.es * 16 + r.di, entry)
    r.eax, r.ecx, r.carry = SMAP, 20, 0
    r.ebx = r.ebx + 1 if r.ebx + 1 < len(rows) else 0


def memory_e8(pc: Pc, r: Registers) -> None:
    if r.al == 0x20:
        _e820(pc, r)
    elif r.al == 0x01:
        r.ax = r.cx = min(pc.memory.size - MIB, 15 * MIB) >> 10
        r.bx = r.dx = max(0, pc.memory.size - 16 * MIB) >> 16
        r.carry = 0
    else:
        unknown_function(r)


def extended_kib(pc: Pc, r: Registers) -> None:
    r.ax, r.carry = min((pc.memory.size - MIB) >> 10, 63 << 10), 0


def a20(pc: Pc, r: Registers) -> None:
    """AL 0 closes the gate, 1 opens it, 2 asks (answer in AL), 3 asks what can switch it."""
    if r.al > 3:
        unknown_function(r)
        return
    if r.al in (0, 1):
        pc.set_a20(r.al == 1)
    elif r.al == 2:
        r.al = pc.memory.a20
    else:
        r.bx = 3
    r.done()


def move_block(pc: Pc, r: Registers) -> None:
    """AH=87: copy CX words between places given as descriptors at ES:SI+10h and +18h."""
    table = r.es * 16 + r.si

    def base(at: int) -> int:
        low, high = pc.memory.number(at + 2, 3), pc.memory.number(at + 7, 1)
        return low | high << 24

    a20_before, pc.memory.a20 = pc.memory.a20, True
    pc.load(base(table + 0x18), pc.memory.read(base(table + 0x10), 2 * r.cx))
    pc.memory.a20 = a20_before
    r.done()


def memory_size(pc: Pc, r: Registers) -> None:
    r.ax = pc.memory.number(0x413, 2)


def equipment(pc: Pc, r: Registers) -> None:
    r.ax = pc.memory.number(EQUIPMENT, 2)


def configuration(pc: Pc, r: Registers) -> None:
    r.es, r.bx = BIOS_SEGMENT, CONFIG_TABLE
    r.done()


def ebda_segment(pc: Pc, r: Registers) -> None:
    r.es, r.carry = EBDA >> 4, 0


def power(pc: Pc, r: Registers) -> None:
    """APM: enough of it to be switched off."""
    if r.al == 0x00:
        r.ax, r.bx, r.cx, r.carry = 0x0102, 0x504D, 0x0003, 0
    elif r.al in (0x01, 0x04, 0x08, 0x0E, 0x0F):
        r.done()
    elif r.al == 0x07:
        if r.cx == 3:
            pc.end("exit code", "switched the machine off through APM (int 0x15 AX=0x5307)", 0)
        r.done()
    else:
        unknown_function(r)


# Time.


def wait(pc: Pc, r: Registers) -> None:
    """The timer goes on meanwhile; a guest that hooked it misses all its ticks but one."""
    pc.busy += 1
    pc.clock.advance(r.cx << 16 | r.dx)
    ticks = pc.clock.ticks_due()
    if is_ours(pc.memory, 0x08) and is_ours(pc.memory, 0x1C):
        count_ticks(pc, ticks)
    elif ticks:
        pc.pics[0].request(0)
    r.carry = 0


def count_ticks(pc: Pc, ticks: int) -> None:
    """Add to the count of ticks since midnight."""
    days, ticks = divmod(pc.memory.number(TICKS, 4) + ticks, TICKS_PER_DAY)
    if days:
        pc.memory.put(TICKS_WRAPPED, 1, 1)
    pc.memory.put(TICKS, ticks, 4)


def tick(pc: Pc, r: Registers) -> None:
    """int 8: count, and acknowledge the interrupt."""
    count_ticks(pc, 1)
    pc.pics[0].command(0x20)


def read_ticks(pc: Pc, r: Registers) -> None:
    """Ticks since midnight in CX:DX; polled by delay loops, so it takes its time."""
    pc.busy += 1
    pc.clock.advance(200)
    ticks = pc.memory.number(TICKS, 4)
    r.cx, r.dx, r.al = ticks >> 16, ticks, pc.memory.number(TICKS_WRAPPED, 1)
    pc.memory.put(TICKS_WRAPPED, 0, 1)
    r.done()


def set_ticks(pc: Pc, r: Registers) -> None:
    pc.memory.put(TICKS, r.cx << 16 | r.dx, 4)
    r.done()


def _clock_chip(pc: Pc, index: int) -> int:
    devices.write_port(pc, 0x70, 1, index)
    return devices.read_port(pc, 0x71, 1)


def read_time(pc: Pc, r: Registers) -> None:
    pc.busy += 1
    r.ch, r.cl, r.dh, r.dl = _clock_chip(pc, 4), _clock_chip(pc, 2), _clock_chip(pc, 0), 0
    r.done()


def read_date(pc: Pc, r: Registers) -> None:
    pc.busy += 1
    r.ch, r.cl = _clock_chip(pc, 0x32), _clock_chip(pc, 9)
    r.dh, r.dl = _clock_chip(pc, 8), _clock_chip(pc, 7)
    r.done()


# Keyboard.


def read_key(pc: Pc, r: Registers) -> None:
    if pc.keys:
        r.ah, r.al = pc.keys.popleft()
    else:
        pc.end("idle loop", "waits for a key (int 0x16) and none is left")


def peek_key(pc: Pc, r: Registers) -> None:
    r.zero = not pc.keys
    if pc.keys:
        r.ah, r.al = pc.keys[0]
    else:
        pc.waits = "a key (polls int 0x16)"


def shift_keys(pc: Pc, r: Registers) -> None:
    r.al = 0


def store_key(pc: Pc, r: Registers) -> None:
    pc.keys.append((r.ch, r.cl))
    r.al = 0


def key_interrupt(pc: Pc, r: Registers) -> None:
    """int 9: take the scan code away; the keys themselves wait in `pc.keys` already."""
    if pc.scan_codes:
        pc.scan_codes.popleft()
    pc.pics[0].command(0x20)


# Serial port, printer, the end.


def serial(pc: Pc, r: Registers) -> None:
    if r.dx != 0:
        r.ah = 0x80
    elif r.ah == 1:
        pc.serial.append(r.al)
        r.ah = 0x60
    elif r.ah == 2:
        r.ah = 0x80
    else:
        r.ax = 0x60B0


def printer(pc: Pc, r: Registers) -> None:
    r.ah = 0x30


def no_boot(pc: Pc, r: Registers) -> None:
    pc.end("reboot", "gave up booting (int 0x18): the BIOS would try the next device")


def boot_again(pc: Pc, r: Registers) -> None:
    pc.end("reboot", "asked the BIOS to boot again (int 0x19)")


def keyboard_hook(pc: Pc, r: Registers) -> None:
    r.carry = 1


def nothing(pc: Pc, r: Registers) -> None:
    """A vector that exists so that others can hook it."""


def acknowledge(pc: Pc, r: Registers) -> None:
    """A hardware interrupt nobody hooked."""
    for pic in pc.pics:
        pic.command(0x20)


ROWS: Rows = {
    (0x08, None): Row(tick, "timer interrupt: counts ticks, calls int 1Ch"),
    (0x09, None): Row(key_interrupt, "keyboard interrupt"),
    (0x11, None): Row(equipment, "equipment word"),
    (0x12, None): Row(memory_size, "memory below 640 KiB, in KiB"),
    (0x14, None): Row(serial, "COM1: initialise, send, receive, status"),
    (0x15, 0x24): Row(a20, "A20: AL=0 close, 1 open, 2 ask, 3 support"),
    (0x15, 0x4F): Row(keyboard_hook, "scan code filter (for hooks)"),
    (0x15, 0x53): Row(power, "APM: connect, switch off"),
    (0x15, 0x86): Row(wait, "wait CX:DX microseconds"),
    (0x15, 0x87): Row(move_block, "copy between low and extended memory"),
    (0x15, 0x88): Row(extended_kib, "memory above 1 MiB, in KiB"),
    (0x15, 0xC0): Row(configuration, "configuration table"),
    (0x15, 0xC1): Row(ebda_segment, "segment of the EBDA"),
    (0x15, 0xE8): Row(memory_e8, "memory map: AL=20h (E820), AL=01h (E801)"),
    (0x16, 0x00): Row(read_key, "read a key"),
    (0x16, 0x01): Row(peek_key, "is there a key"),
    (0x16, 0x02): Row(shift_keys, "shift keys"),
    (0x16, 0x03): Row(nothing, "typing rate (accepted)"),
    (0x16, 0x05): Row(store_key, "store a key"),
    (0x16, 0x10): Row(read_key, "read a key, extended keyboard"),
    (0x16, 0x11): Row(peek_key, "is there a key, extended keyboard"),
    (0x16, 0x12): Row(shift_keys, "shift keys, extended keyboard"),
    (0x17, None): Row(printer, "printer (not there)"),
    (0x18, None): Row(no_boot, "no bootable device: ends the run"),
    (0x19, None): Row(boot_again, "boot again: ends the run"),
    (0x1A, 0x00): Row(read_ticks, "read the tick count"),
    (0x1A, 0x01): Row(set_ticks, "set the tick count"),
    (0x1A, 0x02): Row(read_time, "time of day"),
    (0x1A, 0x04): Row(read_date, "date"),
    (0x1B, None): Row(nothing, "control-break (for hooks)"),
    (0x1C, None): Row(nothing, "called at each tick (for hooks)"),
    **{(n, None): Row(nothing, "exception vector (for hooks)") for n in (0x01, 0x02, 0x03, 0x04)},
    (0x05, None): Row(nothing, "print screen (accepted)"),
    **{
        (n, None): Row(acknowledge, "hardware interrupt (acknowledged)")
        for n in (*range(0x0A, 0x10), *range(0x70, 0x78))
    },
}
