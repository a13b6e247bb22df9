"""Findings as people and tools see them."""

from __future__ import annotations

import io
import json

import pytest

from pylink86.diag import Diagnostic, Source, Span
from pylink86.report import printable, render, to_text, wants_colour


def spot(text: str, blamed: str, name: str = "kernel.ld") -> Span:
    start = text.index(blamed)
    return Span(Source(name, text), start, start + len(blamed))


def warning(span: Span | None = None, **facts: object) -> Diagnostic:
    return Diagnostic("warning", "slug", "message", span, **facts)  # type: ignore[arg-type]


SCRIPT = "\n" * 13 + "  .text : { *(.text*) } > stage2\n"

OVERFLOW = Diagnostic(
    "error",
    "region-overflow",
    "section `.text` does not fit in region `stage2`",
    spot(SCRIPT, ".text"),
    "needs 0x9c40 bytes, the region has 0x8000",
    notes=("largest inputs: core.o(.text.fmt) 0x3100, kernel.o(.text) 0x2b80",),
    help=("give `stage2` (line 3) a LENGTH of at least 0x9c40",),
)


def test_an_error_with_everything():
    assert render([OVERFLOW]) == (
        "error[region-overflow]: section `.text` does not fit in region `stage2`\n"
        "  --> kernel.ld:14:3\n"
        "14 |   .text : { *(.text*) } > stage2\n"
        "   |   ^^^^^ needs 0x9c40 bytes, the region has 0x8000\n"
        "   = note: largest inputs: core.o(.text.fmt) 0x3100, kernel.o(.text) 0x2b80\n"
        "   = help: give `stage2` (line 3) a LENGTH of at least 0x9c40\n"
    )


def test_a_place_without_a_script():
    found = Diagnostic(
        "error", "undefined-symbol", "undefined reference to `f'", place="a.o:(.t+1)"
    )
    assert to_text(found) == (
        "error[undefined-symbol]: undefined reference to `f'\n  --> a.o:(.t+1)"
    )


def test_a_span_and_a_place():
    lines = to_text(warning(spot("a = b;\n", "b"), place="x.o:(.text)")).split("\n")
    assert lines[1:] == ["  --> kernel.ld:1:5", " 1 | a = b;", "   |     ^", "  ::: x.o:(.text)"]


def test_nothing_but_the_message():
    assert to_text(warning()) == "warning[slug]: message"
    assert render([]) == ""


def test_a_label_without_a_span_is_not_lost():
    assert to_text(warning(label="why")).split("\n")[1:] == ["   = note: why"]


def test_tabs_move_the_caret_to_the_next_stop():
    lines = to_text(warning(spot("\tab\tcd = 1;\n", "cd"))).split("\n")
    assert lines[2:] == [" 1 |     ab  cd = 1;", "   |         ^^"]


def test_wide_characters_take_two_columns():
    lines = to_text(warning(spot("漢字 é = x;\n", "x"))).split("\n")
    assert lines[2:] == [" 1 | 漢字 é = x;", "   |          ^"]


def test_a_span_over_lines_shows_its_first():
    lines = to_text(warning(spot(".a : {\n  *(.a)\n}\n", "{\n  *(.a)\n}"))).split("\n")
    assert lines[2:] == [" 1 | .a : {", "   |      ^..."]


def test_a_span_at_the_end_of_the_text_has_a_caret():
    source = Source("k.ld", "SECTIONS {")
    lines = to_text(warning(Span(source, 10, 10), label="expected `}`")).split("\n")
    assert lines[1:] == [
        "  --> k.ld:1:11",
        " 1 | SECTIONS {",
        "   |           ^ expected `}`",
    ]


def test_a_span_past_the_last_newline():
    lines = to_text(warning(Span(Source("k.ld", "a\n"), 2, 2))).split("\n")
    assert lines[1:] == ["  --> k.ld:2:1", " 2 |", "   | ^"]


@pytest.mark.parametrize("at", [0, 50, 500, 990])
def test_of_a_long_line_the_part_around_the_caret_is_shown(at: int):
    text = "a" * at + "HERE" + "b" * (1000 - at)
    lines = to_text(warning(Span(Source("k.ld", text), at, at + 4))).split("\n")
    assert max(map(len, lines)) < 120
    where = lines[3].index("^")
    assert lines[2][where : where + 4] == "HERE"


def test_line_numbers_of_any_width_align():
    text = "\n" * 12344 + "x = y;"
    lines = to_text(warning(spot(text, "y"), notes=("n",))).split("\n")
    assert lines[1:] == [
        "     --> kernel.ld:12345:5",
        "12345 | x = y;",
        "      |     ^",
        "      = note: n",
    ]


def test_windows_line_ends_do_not_reach_the_terminal():
    assert "\r" not in to_text(warning(spot("a = b;\r\nc = d;\r\n", "b;\r\nc")))


def test_what_drives_a_terminal_is_escaped():
    found = Diagnostic("error", "s", "no \x1b[2J\n\udcff", place="\x07.o", help=("a\nb",))
    text = to_text(found)
    assert text.split("\n") == [
        "error[s]: no \\x1b[2J\\n\\xff",
        "  --> \\x07.o",
        "   = help: a",
        "           b",
    ]
    assert printable("\u202e") == "\\u{202e}"


def test_colour_marks_words_and_changes_none():
    import re

    plain, coloured = render([OVERFLOW]), render([OVERFLOW], colour=True)
    assert coloured != plain
    assert re.sub("\033\\[[0-9;]*m", "", coloured) == plain


def test_json_is_one_object_a_line():
    text = render([OVERFLOW, warning()], as_json=True, colour=True)
    first, second = (json.loads(line) for line in text.splitlines())
    assert first == {
        "severity": "error",
        "slug": "region-overflow",
        "message": OVERFLOW.message,
        "span": {
            "file": "kernel.ld",
            "line": 14,
            "column": 3,
            "end_line": 14,
            "end_column": 8,
            "text": ".text",
        },
        "label": OVERFLOW.label,
        "place": "",
        "notes": list(OVERFLOW.notes),
        "help": list(OVERFLOW.help),
    }
    assert second["span"] is None
    assert second["severity"] == "warning"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"WT_SESSION": "1"}, True),
        (Terminal(), {}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (None, {"TERM": "xterm"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(stream, environ, wanted):
    assert wants_colour(stream, environ) is wanted
