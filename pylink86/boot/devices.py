"""The chips boot code reaches with `in` and `out`.

One table, port -> what reading and writing it does.  Only what boot code and small kernels use is
there; another port reads as all ones and swallows what is written, as on a machine without that
chip.

Sources: the data sheets of the PC's chips (16550, 8042, 8254, 8259, MC146818, 6845) and, for 0xe9,
0xf4 and 0x604, QEMU's documentation of its own devices.
"""

from __future__ import annotations

from collections.abc import Callable

from .pc import Pc

Read = Callable[[Pc, int], int]
Write = Callable[[Pc, int, int], None]

PORT_MICROSECONDS = 1.0
"""What one port access takes on the ISA bus; delay loops count on it."""


def read_port(pc: Pc, port: int, size: int) -> int:
    """`in`: wide reads of narrow chips are reads of neighbouring ports."""
    pc.clock.advance(PORT_MICROSECONDS)
    if port in WIDE_READ:
        return WIDE_READ[port](pc, size)
    value = 0
    for i in range(size):
        read = PORTS.get(port + i, NOTHING)[0]
        value |= (read(pc, port + i) & 0xFF) << 8 * i
    return value


def write_port(pc: Pc, port: int, size: int, value: int) -> None:
    """`out`, split over neighbouring ports like `read_port`."""
    pc.clock.advance(PORT_MICROSECONDS)
    pc.busy += 1
    if port == pc.exit_port:
        pc.end("exit code", f"wrote {value:#x} to the exit port {port:#x}", value)
        return
    if port in WIDE_WRITE:
        WIDE_WRITE[port](pc, size, value)
        return
    for i in range(size):
        write = PORTS.get(port + i, NOTHING)[1]
        write(pc, port + i, value >> 8 * i & 0xFF)


# What is not there.


def _ones(pc: Pc, port: int) -> int:
    return 0xFF


def _drop(pc: Pc, port: int, value: int) -> None:
    pass


NOTHING: tuple[Read, Write] = (_ones, _drop)

# COM1: a 16550 whose line is always ready; what is sent is `Machine.serial`.


def _serial_read(pc: Pc, port: int) -> int:
    ports, register = pc.ports, port - 0x3F8
    if register == 0:
        if ports.get("lcr", 0) & 0x80:
            return 0x0C
        return ports.pop("loopback", 0)
    if register == 5:
        return 0x60 | ("loopback" in ports)
    if register == 6:
        return 0xB0
    names = {1: "ier", 2: "iir", 3: "lcr", 4: "mcr", 7: "scratch"}
    return 1 if register == 2 else ports.get(names[register], 0)


def _serial_write(pc: Pc, port: int, value: int) -> None:
    ports, register = pc.ports, port - 0x3F8
    if register == 0 and not ports.get("lcr", 0) & 0x80:
        if ports.get("mcr", 0) & 0x10:
            ports["loopback"] = value
        else:
            pc.serial.append(value)
    elif register == 1 and not ports.get("lcr", 0) & 0x80:
        ports["ier"] = value & 0x0F
    elif register in (3, 4, 7):
        ports[{3: "lcr", 4: "mcr", 7: "scratch"}[register]] = value


# The debug console and the exit device of QEMU.


def _debug_read(pc: Pc, port: int) -> int:
    return 0xE9


def _debug_write(pc: Pc, port: int, value: int) -> None:
    pc.debug.append(value)


def _acpi(pc: Pc, size: int, value: int) -> None:
    if value & 0x2000:
        pc.end("exit code", "switched the machine off", 0)


# A20 and reset: port 92h and the keyboard controller.


def _fast_a20_read(pc: Pc, port: int) -> int:
    return pc.memory.a20 << 1


def _fast_a20_write(pc: Pc, port: int, value: int) -> None:
    if value & 1:
        pc.end("reboot", "reset the machine through port 0x92")
    pc.set_a20(bool(value & 2))


def _reset_control(pc: Pc, port: int, value: int) -> None:
    if value & 4:
        pc.end("reboot", "reset the machine through port 0xcf9")


def _keyboard_status(pc: Pc, port: int) -> int:
    full = bool(pc.scan_codes)
    if not full:
        pc.waits = "a key (polls port 0x64)"
    else:
        pc.busy += 1
    return 0x1C | full


def _keyboard_data(pc: Pc, port: int) -> int:
    if pc.scan_codes:
        pc.ports["last scan code"] = pc.scan_codes.popleft()
        pc.busy += 1
    else:
        pc.waits = "a key (polls port 0x60)"
    return pc.ports.get("last scan code", 0)


_CONTROLLER_ANSWERS = {0xAA: 0x55, 0xAB: 0x00, 0xA9: 0x00, 0x20: 0x61, 0xC0: 0x80}
"""Commands to port 64h that answer with a byte: self test, port tests, configuration, input port.
"""


def _keyboard_command(pc: Pc, port: int, value: int) -> None:
    if value in _CONTROLLER_ANSWERS:
        pc.scan_codes.appendleft(_CONTROLLER_ANSWERS[value])
    elif value == 0xD0:
        pc.scan_codes.appendleft(0xCD | pc.memory.a20 << 1)
    elif value in (0xD1, 0x60, 0xD2, 0xD3, 0xD4):
        pc.ports["controller expects"] = value
    elif value in (0xDD, 0xDF):
        pc.set_a20(value == 0xDF)
    elif value >= 0xF0 and not value & 1:
        pc.end("reboot", "reset the machine through the keyboard controller")


def _keyboard_write(pc: Pc, port: int, value: int) -> None:
    command = pc.ports.pop("controller expects", 0)
    if command == 0xD1:
        if not value & 1:
            pc.end("reboot", "reset the machine through the keyboard controller")
        pc.set_a20(bool(value & 2))
    elif command == 0:
        pc.scan_codes.appendleft(0xFA)


# Interrupt controllers and timer.


def _pic_read(pc: Pc, port: int) -> int:
    pic = pc.pics[port >> 7 & 1]
    return pic.mask if port & 1 else pic.status()


def _pic_write(pc: Pc, port: int, value: int) -> None:
    pic = pc.pics[port >> 7 & 1]
    if port & 1:
        pic.data(value)
    else:
        pic.command(value)


def _timer_read(pc: Pc, port: int) -> int:
    pc.busy += 1
    return pc.clock.read(port & 3) if port != 0x43 else 0xFF


def _timer_write(pc: Pc, port: int, value: int) -> None:
    if port == 0x43:
        pc.clock.command(value)
    else:
        pc.clock.write(port & 3, value)


def _speaker_read(pc: Pc, port: int) -> int:
    pc.busy += 1
    return pc.clock.port_61() | pc.ports.get("speaker", 0)


def _speaker_write(pc: Pc, port: int, value: int) -> None:
    if value & 1 and not pc.ports.get("speaker", 0) & 1:
        pc.clock.started[2] = pc.clock.now
    pc.ports["speaker"] = value & 0x0F


# The clock chip with its memory, and the screen controller.


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _cmos_read(pc: Pc, port: int) -> int:
    index = pc.ports.get("cmos index", 0) & 0x7F
    seconds = int(pc.clock.now / 1e6)
    if index == 0x0A:
        pc.busy += 1
        pc.ports["updating"] = pc.ports.get("updating", 0) ^ 0x80
        return 0x26 | pc.ports["updating"]
    if index in (0, 2, 4):
        return _bcd(seconds // {0: 1, 2: 60, 4: 3600}[index] % {0: 60, 2: 60, 4: 24}[index])
    extended = (pc.memory.size >> 10) - 1024
    above_16m = max(0, (pc.memory.size >> 16) - 256)
    capped = min(extended, 0xFFFF)
    rows = {
        6: 7,
        7: 1,
        8: 1,
        9: 0,
        0x0B: 2,
        0x0D: 0x80,
        0x10: 0x40 * pc.disk.floppy,
        0x14: 0x26,
        0x15: 0x80,
        0x16: 0x02,
        0x32: 0x20,
        0x17: capped,
        0x18: capped >> 8,
        0x30: capped,
        0x31: capped >> 8,
        0x34: above_16m,
        0x35: above_16m >> 8,
    }
    return rows.get(index, 0)


def _cmos_index(pc: Pc, port: int, value: int) -> None:
    pc.ports["cmos index"] = value


def _crtc_index(pc: Pc, port: int, value: int) -> None:
    pc.ports["crtc index"] = value


def _crtc_read(pc: Pc, port: int) -> int:
    index = pc.ports.get("crtc index", 0)
    if index in (0x0C, 0x0D):
        return pc.screen.start >> (8 if index == 0x0C else 0)
    if index in (0x0E, 0x0F):
        return pc.screen.hardware_cursor >> (8 if index == 0x0E else 0)
    return pc.ports.get(f"crtc {index:#x}", 0)


def _crtc_write(pc: Pc, port: int, value: int) -> None:
    index, screen = pc.ports.get("crtc index", 0), pc.screen
    keep, shift = (0x00FF, 8) if index in (0x0C, 0x0E) else (0xFF00, 0)
    if index in (0x0C, 0x0D):
        screen.start = (screen.start & keep | value << shift) & 0x3FFF
    elif index in (0x0E, 0x0F):
        screen.hardware_cursor = screen.hardware_cursor & keep | value << shift
    else:
        pc.ports[f"crtc {index:#x}"] = value


def _retrace(pc: Pc, port: int) -> int:
    pc.busy += 1
    pc.ports["retrace"] = pc.ports.get("retrace", 0) ^ 9
    return pc.ports["retrace"]


def _pci_address_read(pc: Pc, size: int) -> int:
    return pc.ports.get("pci address", 0)


def _pci_address_write(pc: Pc, size: int, value: int) -> None:
    if size == 4:
        pc.ports["pci address"] = value


# The hard disk's own registers.


def _ata_read(pc: Pc, port: int) -> int:
    pc.busy += 1
    return pc.ata.read(7 if port == 0x3F6 else port & 7)


def _ata_write(pc: Pc, port: int, value: int) -> None:
    if port != 0x3F6:
        pc.ata.write(port & 7, value)


def _ata_data_in(pc: Pc, size: int) -> int:
    pc.busy += 1
    return pc.ata.data_in(size)


def _ata_data_out(pc: Pc, size: int, value: int) -> None:
    pc.ata.data_out(size, value)


PORTS: dict[int, tuple[Read, Write]] = {
    **dict.fromkeys((0x20, 0x21, 0xA0, 0xA1), (_pic_read, _pic_write)),
    **dict.fromkeys(range(0x40, 0x44), (_timer_read, _timer_write)),
    0x60: (_keyboard_data, _keyboard_write),
    0x61: (_speaker_read, _speaker_write),
    0x64: (_keyboard_status, _keyboard_command),
    0x70: (_ones, _cmos_index),
    0x71: (_cmos_read, _drop),
    0x92: (_fast_a20_read, _fast_a20_write),
    0xE9: (_debug_read, _debug_write),
    0x3DA: (_retrace, _drop),
    **dict.fromkeys((0x3D4, 0x3B4), (_ones, _crtc_index)),
    **dict.fromkeys((0x3D5, 0x3B5), (_crtc_read, _crtc_write)),
    **dict.fromkeys(range(0x3F8, 0x400), (_serial_read, _serial_write)),
    **dict.fromkeys((*range(0x1F1, 0x1F8), 0x3F6), (_ata_read, _ata_write)),
    0xCF9: (_ones, _reset_control),
}
"""8-bit ports -> what reading and writing them does."""

WIDE_READ: dict[int, Callable[[Pc, int], int]] = {
    0x1F0: _ata_data_in,
    0xCF8: _pci_address_read,
}
WIDE_WRITE: dict[int, Callable[[Pc, int, int], None]] = {
    0x1F0: _ata_data_out,
    0xCF8: _pci_address_write,
    0x604: _acpi,
    0xB004: _acpi,
    0x4004: _acpi,
}
"""Ports that take the whole value at once, whatever its size."""
