"""The text screen: 80 columns and 25 rows at 0xb8000, two bytes per cell, character and colour.

Boot code writes there directly or lets the BIOS do it (int 10h); both end in the same memory, and
what a test asserts on is read back from it.  The cursor of each page lives in the BIOS data area,
as on a real machine, so code that looks there finds it.
"""

from __future__ import annotations

from .memory import Memory

TEXT = 0xB8000
MODE, COLUMNS, PAGE_SIZE, PAGE_START = 0x449, 0x44A, 0x44C, 0x44E
CURSORS, CURSOR_SHAPE, PAGE, CRTC_PORT, ROWS_LESS_1 = 0x450, 0x460, 0x462, 0x463, 0x484
"""Addresses in the BIOS data area."""

_LOW = "\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
GLYPHS = _LOW.replace("\0", " ") + bytes(range(32, 127)).decode("ascii") + "⌂"
GLYPHS += bytes(range(128, 255)).decode("cp437") + " "
"""What the VGA font draws for each byte (code page 437)."""


def decode(cells: bytes, columns: int = 80) -> tuple[str, ...]:
    """Text cells to lines without trailing blanks."""
    text = "".join(GLYPHS[c] for c in cells[::2])
    return tuple(text[i : i + columns].rstrip() for i in range(0, len(text), columns))


class Screen:
    """Text mode as int 10h sees it; all state is in `memory`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.start = 0
        """First cell shown, counted in cells: the CRTC's registers 0Ch and 0Dh."""
        self.hardware_cursor = 0
        """Cell of the blinking cursor: the CRTC's registers 0Eh and 0Fh."""

    @property
    def columns(self) -> int:
        return self.memory.number(COLUMNS, 2) or 80

    @property
    def rows(self) -> int:
        return self.memory.number(ROWS_LESS_1, 1) + 1

    def lines(self) -> tuple[str, ...]:
        """What a person in front of the screen would read."""
        columns = self.columns if self.columns in (40, 80) else 80
        return decode(self.memory.read(TEXT + 2 * self.start, columns * 25 * 2), columns)

    def set_mode(self, mode: int) -> None:
        """Clear the screen (unless bit 7 asks not to) and put the cursor home."""
        number = mode & 0x7F
        self.memory.put(MODE, number, 1)
        self.memory.put(COLUMNS, 40 if number in (0, 1, 4, 5, 13) else 80, 2)
        self.memory.put(PAGE_SIZE, 0x1000, 2)
        self.memory.put(PAGE_START, 0, 2)
        self.memory.write(CURSORS, bytes(16))
        self.memory.put(CURSOR_SHAPE, 0x0607, 2)
        self.memory.put(PAGE, 0, 1)
        self.memory.put(CRTC_PORT, 0x3D4, 2)
        self.memory.put(ROWS_LESS_1, 24, 1)
        self.start = 0
        if number == 0x13:
            self.memory.write(0xA0000, bytes(0x10000))
        elif not mode & 0x80:
            self.memory.write(TEXT, b" \x07" * 0x4000)

    def cursor(self, page: int = 0) -> tuple[int, int]:
        """Column and row, counted from 0."""
        at = self.memory.read(CURSORS + 2 * (page & 7), 2)
        return at[0], at[1]

    def move(self, column: int, row: int, page: int = 0) -> None:
        self.memory.write(CURSORS + 2 * (page & 7), bytes([column & 0xFF, row & 0xFF]))
        if page == self.memory.number(PAGE, 1):
            self.hardware_cursor = self.start + row * self.columns + column & 0xFFFF

    def cell(self, column: int, row: int, page: int = 0) -> int:
        """Address of a cell; places outside the page wrap inside the 32 KiB window."""
        offset = page * self.memory.number(PAGE_SIZE, 2) + 2 * (row * self.columns + column)
        return TEXT + (offset & 0x7FFF)

    def put(self, char: int, attribute: int | None, count: int = 1, page: int = 0) -> None:
        """Write a character `count` times from the cursor on; the cursor stays."""
        column, row = self.cursor(page)
        for i in range(min(count, 0x4000)):
            at = self.cell(column, row, page) + 2 * i
            self.memory.put(at, char, 1)
            if attribute is not None:
                self.memory.put(at + 1, attribute, 1)

    def teletype(self, char: int, attribute: int | None = None, page: int = 0) -> None:
        """Write at the cursor and advance; CR, LF, BS and BEL act, and the last line scrolls."""
        column, row = self.cursor(page)
        if char == 0x0D:
            column = 0
        elif char == 0x0A:
            row += 1
        elif char == 0x08:
            column = max(0, column - 1)
        elif char != 0x07:
            self.put(char, attribute, 1, page)
            column += 1
        if column >= self.columns:
            column, row = 0, row + 1
        if row >= self.rows:
            row = self.rows - 1
            blank = self.memory.number(self.cell(0, row, page) + 1, 1)
            self.scroll(1, 0, 0, self.columns - 1, row, blank, page)
        self.move(column, row, page)

    def scroll(
        self, by: int, left: int, top: int, right: int, bottom: int, attribute: int, page: int = 0
    ) -> None:
        """Move a window's lines up by `by` rows, down when negative, and blank the rest; 0 blanks
        all.
        """
        right, bottom = min(right, self.columns - 1), min(bottom, self.rows - 1)
        if left > right or top > bottom:
            return
        width, height = 2 * (right - left + 1), bottom - top + 1
        rows = [self.memory.read(self.cell(left, y, page), width) for y in range(top, bottom + 1)]
        blank = bytes([0x20, attribute]) * (width // 2)
        if by == 0 or abs(by) >= height:
            rows = [blank] * height
        elif by > 0:
            rows = rows[by:] + [blank] * by
        else:
            rows = [blank] * -by + rows[:by]
        for y, row in enumerate(rows, top):
            self.memory.write(self.cell(left, y, page), row)
