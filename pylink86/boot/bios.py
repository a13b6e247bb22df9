"""The BIOS: a table from interrupt number and AH to the function that answers.

Until an operating system has drivers, the BIOS is all there is: boot code executes `int 0x13` and
the firmware reads the disk.  Each function gets the machine and the caller's registers and
changes both.
"""

from __future__ import annotations

from . import bios_disk, bios_system, bios_video
from .bios_row import Rows
from .disk import BAD_COMMAND
from .pc import Pc
from .registers import Registers

TABLE: Rows = {**bios_video.ROWS, **bios_disk.ROWS, **bios_system.ROWS}

LATER_SYSTEMS = {
    0x20: "DOS",
    0x21: "DOS",
    0x29: "DOS",
    0x2F: "DOS",
    0x33: "a DOS mouse driver",
    0x80: "Linux",
}
"""Interrupts that tutorials use and that no BIOS answers."""

CALL_MICROSECONDS = 2.0


def call(pc: Pc, number: int, r: Registers, log: bool = True) -> None:
    """Answer one BIOS call and keep a line about it in `pc.calls`."""
    row = TABLE.get((number, r.ah)) or TABLE.get((number, None))
    ah = r.ah
    pc.clock.advance(CALL_MICROSECONDS)
    if not (number == 0x16 and ah in (0x01, 0x11)):
        pc.busy += 1
    if row is not None:
        row.function(pc, r)
    else:
        _unknown(pc, number, r)
    if not log:
        return
    failed = f" failed, AH={r.ah:#04x}" if r.carry and number in (0x13, 0x15) else ""
    what = row.what if row is not None else "not emulated"
    pc.calls.append(f"int {number:#04x} AH={ah:#04x} ({what}){failed}")


def _unknown(pc: Pc, number: int, r: Registers) -> None:
    if number in LATER_SYSTEMS:
        pc.note(f"int {number:#04x} is a service of {LATER_SYSTEMS[number]}: no BIOS answers it")
    else:
        pc.note(f"int {number:#04x} AH={r.ah:#04x} is not emulated")
    if number == 0x13:
        bios_disk.finish(pc, r, BAD_COMMAND)
    elif number == 0x15:
        r.failed(0x86)
    elif number == 0x1A:
        r.carry = 1


def reference() -> str:
    """The table as Markdown, for the documentation."""
    lines = ["| Call | |", "|---|---|"]
    for (number, ah), row in sorted(TABLE.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
        call_name = f"int {number:02x}h" + ("" if ah is None else f" AH={ah:02x}h")
        lines.append(f"| {call_name} | {row.what} |")
    return "\n".join(lines) + "\n"
