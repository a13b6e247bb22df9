"""The text screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pylink86.boot.memory import Memory
from pylink86.boot.screen import GLYPHS, TEXT, Screen, decode


def fresh() -> Screen:
    screen = Screen(Memory(1 << 20))
    screen.set_mode(3)
    return screen


def write(screen: Screen, text: str) -> None:
    for char in text.encode("cp437"):
        screen.teletype(char)


def test_glyphs_cover_the_font() -> None:
    assert len(GLYPHS) == 256
    assert GLYPHS[0] == " "
    assert GLYPHS[0x41] == "A"
    assert GLYPHS[0xDB] == "█"
    assert GLYPHS[1] == "☺"


def test_decode_cuts_lines_and_trailing_blanks() -> None:
    cells = b"".join(bytes([c, 7]) for c in b"ab  ".ljust(80) + b" c".ljust(80))
    assert decode(cells) == ("ab", " c")


@given(st.text(st.sampled_from("abc \r\n\b\x07"), max_size=400))
def test_teletype_is_a_terminal(text: str) -> None:
    """The same as a simple model with a list of lines."""
    screen, lines, x, y = fresh(), [[" "] * 80 for _ in range(25)], 0, 0
    for char in text:
        if char == "\r":
            x = 0
        elif char == "\n":
            y += 1
        elif char == "\b":
            x = max(0, x - 1)
        elif char != "\x07":
            lines[y][x] = char
            x += 1
        if x == 80:
            x, y = 0, y + 1
        if y == 25:
            lines, y = [*lines[1:], [" "] * 80], 24
    write(screen, text)
    assert screen.lines() == tuple("".join(line).rstrip() for line in lines)
    assert screen.cursor() == (x, y)


def test_scrolling_keeps_the_colour_of_the_line() -> None:
    screen = fresh()
    screen.memory.put(TEXT + 24 * 160 + 1, 0x1F, 1)
    screen.scroll(1, 0, 0, 79, 24, 0x2F)
    assert screen.memory.number(TEXT + 23 * 160 + 1, 1) == 0x1F
    assert screen.memory.read(TEXT + 24 * 160, 2) == b" \x2f"


def test_windows_outside_the_screen_are_cut() -> None:
    screen = fresh()
    screen.scroll(1, 70, 20, 200, 200, 0x07)
    screen.scroll(1, 10, 5, 5, 5, 0x07)
    assert screen.lines() == ("",) * 25


def test_mode_change_can_keep_the_text() -> None:
    screen = fresh()
    write(screen, "kept")
    screen.set_mode(0x83)
    assert screen.lines()[0] == "kept"
    assert screen.cursor() == (0, 0)
    screen.set_mode(1)
    assert screen.columns == 40
    assert len(screen.lines()[0]) <= 40


def test_pages_and_start_address() -> None:
    screen = fresh()
    screen.move(2, 1, page=1)
    screen.put(ord("x"), 7, page=1)
    assert screen.lines()[1] == ""
    screen.start = 0x800
    assert screen.lines()[1] == "  x"


def test_characters_never_leave_the_window() -> None:
    screen = fresh()
    screen.move(255, 255, page=7)
    screen.put(ord("x"), 7, 5, page=7)
    assert TEXT <= screen.cell(255, 255, 7) < TEXT + 0x8000
