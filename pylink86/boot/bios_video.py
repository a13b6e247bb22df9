"""int 10h: the BIOS calls that write on the screen."""

from __future__ import annotations

from .bios_row import Row, Rows
from .pc import Pc
from .registers import Registers
from .screen import CURSOR_SHAPE, MODE, PAGE, PAGE_SIZE, PAGE_START


def set_mode(pc: Pc, r: Registers) -> None:
    mode = r.al & 0x7F
    if mode not in (0, 1, 2, 3, 7, 0x12, 0x13):
        pc.note(f"video mode {mode:#x} is not shown: the emulator shows text modes only")
    elif mode in (0x12, 0x13):
        pc.note(
            f"video mode {mode:#x} draws pixels: the emulator shows text only, --qemu --window all"
        )
    pc.screen.set_mode(r.al)
    r.al = 0x20 if mode > 7 else 0x30


def cursor_shape(pc: Pc, r: Registers) -> None:
    pc.memory.put(CURSOR_SHAPE, r.cx, 2)


def move_cursor(pc: Pc, r: Registers) -> None:
    pc.screen.move(r.dl, r.dh, r.bh)


def read_cursor(pc: Pc, r: Registers) -> None:
    r.dl, r.dh = pc.screen.cursor(r.bh)
    r.cx = pc.memory.number(CURSOR_SHAPE, 2)


def select_page(pc: Pc, r: Registers) -> None:
    page = r.al & 7
    start = page * pc.memory.number(PAGE_SIZE, 2)
    pc.memory.put(PAGE, page, 1)
    pc.memory.put(PAGE_START, start, 2)
    pc.screen.start = start // 2


def _active_page(pc: Pc) -> int:
    return pc.memory.number(PAGE, 1)


def scroll_up(pc: Pc, r: Registers) -> None:
    pc.screen.scroll(r.al, r.cl, r.ch, r.dl, r.dh, r.bh, _active_page(pc))


def scroll_down(pc: Pc, r: Registers) -> None:
    pc.screen.scroll(-r.al, r.cl, r.ch, r.dl, r.dh, r.bh, _active_page(pc))


def read_cell(pc: Pc, r: Registers) -> None:
    r.ax = pc.memory.number(pc.screen.cell(*pc.screen.cursor(r.bh), r.bh), 2)


def write_cells(pc: Pc, r: Registers) -> None:
    pc.screen.put(r.al, r.bl, r.cx, r.bh)


def write_characters(pc: Pc, r: Registers) -> None:
    pc.screen.put(r.al, None, r.cx, r.bh)


def teletype(pc: Pc, r: Registers) -> None:
    pc.screen.teletype(r.al, None, _active_page(pc))


def get_mode(pc: Pc, r: Registers) -> None:
    r.al, r.ah = pc.memory.number(MODE, 1), pc.screen.columns
    r.bh = _active_page(pc)


def accept(pc: Pc, r: Registers) -> None:
    """Colours, palettes and blinking change nothing that text can show."""


def font(pc: Pc, r: Registers) -> None:
    if r.al == 0x30:
        r.cx, r.dl = 16, pc.screen.rows - 1
        r.es, r.bp = 0xF000, 0xFA6E


def subsystem(pc: Pc, r: Registers) -> None:
    if r.bl == 0x10:
        r.bx, r.cx = 0x0003, 0x0009
    else:
        r.al = 0x12


def write_string(pc: Pc, r: Registers) -> None:
    """Bit 0 of AL moves the cursor, bit 1 says that each character is followed by its attribute."""
    screen, before, step = pc.screen, pc.screen.cursor(r.bh), 2 if r.al & 2 else 1
    text = pc.memory.read(r.es * 16 + r.bp, r.cx * step)
    screen.move(r.dl, r.dh, r.bh)
    for i in range(0, len(text), step):
        screen.teletype(text[i], text[i + 1] if step == 2 else r.bl, r.bh)
    if not r.al & 1:
        screen.move(*before, r.bh)


def display_code(pc: Pc, r: Registers) -> None:
    if r.al == 0:
        r.al, r.bx = 0x1A, 0x0008


def vesa(pc: Pc, r: Registers) -> None:
    pc.note("int 0x10 AH=0x4f: VESA modes are not emulated; --qemu has them")
    r.ax = 0x0100


ROWS: Rows = {
    (0x10, 0x00): Row(set_mode, "set video mode, clear the screen"),
    (0x10, 0x01): Row(cursor_shape, "cursor shape"),
    (0x10, 0x02): Row(move_cursor, "move the cursor"),
    (0x10, 0x03): Row(read_cursor, "read cursor position and shape"),
    (0x10, 0x05): Row(select_page, "select the shown page"),
    (0x10, 0x06): Row(scroll_up, "scroll a window up"),
    (0x10, 0x07): Row(scroll_down, "scroll a window down"),
    (0x10, 0x08): Row(read_cell, "read character and attribute"),
    (0x10, 0x09): Row(write_cells, "write character and attribute"),
    (0x10, 0x0A): Row(write_characters, "write character"),
    (0x10, 0x0B): Row(accept, "border colour and palette (accepted)"),
    (0x10, 0x0C): Row(accept, "write pixel (accepted)"),
    (0x10, 0x0E): Row(teletype, "teletype: CR, LF, BS, BEL, scrolling"),
    (0x10, 0x0F): Row(get_mode, "get video mode"),
    (0x10, 0x10): Row(accept, "palette, blinking AX=1003h (accepted)"),
    (0x10, 0x11): Row(font, "fonts (accepted), AL=30h information"),
    (0x10, 0x12): Row(subsystem, "video subsystem"),
    (0x10, 0x13): Row(write_string, "write string"),
    (0x10, 0x1A): Row(display_code, "display combination"),
    (0x10, 0x4F): Row(vesa, "VESA: not supported (AX=0100h)"),
}
