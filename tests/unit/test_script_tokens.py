"""What a word is depends on the place; blanks, comments and line markers."""

from __future__ import annotations

import pytest

from pylink86.diag import LinkError
from pylink86.script.tokens import EXPR, FLAG, NAME, TEXT, VERSION, WORD, Mode, nearest, open_script


def words(text: str, mode: Mode) -> list[str]:
    t = open_script(text, "t.ld")
    found = []
    while t.peek(mode) or t.kind != "end":
        found.append(t.take())
    return found


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        (EXPR, "a-b+.c", ["a", "-", "b", "+", ".c"]),
        (EXPR, "1<<2>>=3&&x", ["1", "<<", "2", ">>=", "3", "&&", "x"]),
        (EXPR, "a?b:c", ["a", "?", "b", ":", "c"]),
        (EXPR, '"a b"(4K)', ['"a b"', "(", "4K", ")"]),
        (EXPR, "1 /DISCARD/ :", ["1", "/DISCARD/", ":"]),
        (NAME, ".text:{", [".text", ":", "{"]),
        (NAME, "a-b a:b /x/y", ["a-b", "a:b", "/x/y"]),
        (WORD, "*(.text.*)", ["*", "(", ".text.*", ")"]),
        (WORD, "lib*.a:m?[a-c]!.o x,y", ["lib*.a:m?[a-c]!.o", "x", ",", "y"]),
        (WORD, "/tmp/*.o", ["/tmp/*.o"]),
        (FLAG, "!SHF_WRITE&0x4", ["!", "SHF_WRITE", "&", "0x4"]),
        (VERSION, "global: ns::f*;", ["global", ":", "ns::f*", ";"]),
        (TEXT, r'"a\"b" ', [r'"a\"b"']),
    ],
)
def test_words_of_a_place(mode: Mode, text: str, expected: list[str]) -> None:
    assert words(text, mode) == expected


@pytest.mark.parametrize(
    "text",
    ["a /* b */ c", "a/* b\n*/c", "a # b\n c", "# b\na c", "a\t\r\n\f\vc", "\ufeffa c", "a c # b"],
)
def test_blanks_and_comments(text: str) -> None:
    assert words(text, EXPR) == ["a", "c"]


def test_a_hundred_comments_in_a_row() -> None:
    assert words("/**/" * 1000 + "x" + "#\n" * 1000, EXPR) == ["x"]


def test_unterminated_comment() -> None:
    with pytest.raises(LinkError, match=r"unterminated comment: `/\*` without `\*/`"):
        words("a /* b", EXPR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" .=0x10;", (".", "=")),
        ("a <<= 1;", ("a", "<<=")),
        ('"x y" += 1;', ("x y", "+=")),
        ("/* c */ a = 1;", ("a", "=")),
        ("a == 1;", None),
        ("*(.a)", None),
        ("a(.b)", None),
        ("", None),
    ],
)
def test_assignments_are_seen_without_blanks(text: str, expected: tuple[str, str] | None) -> None:
    assert open_script(text, "t.ld").assignment() == expected


def test_line_markers_say_where_words_come_from() -> None:
    text = '# 1 "k.ld"\na\n# 40 "inc/defs.h" 1\n\nb\n#line 7 "k.ld"\nc'
    t = open_script(text, "k.i")
    places = []
    while t.peek(EXPR):
        places.append((t.word, str(t.span(t.start, t.end)), t.span(t.start, t.end).text))
        t.take()
    assert places == [
        ("a", "k.ld:1:1", "a"),
        ("b", "inc/defs.h:41:1", "b"),
        ("c", "k.ld:7:1", "c"),
    ]


def test_a_span_shows_its_line_from_the_named_file() -> None:
    t = open_script('# 30 "defs.h"\n  x = 1;\n', "k.i")
    t.peek(EXPR)
    span = t.span(t.start, t.end)
    assert span.source.line_text(span.line) == "  x = 1;"


@pytest.mark.parametrize(
    ("word", "expected"), [("SECTION", "SECTIONS"), ("keep", "KEEP"), ("zzz", ""), ("K" * 99, "")]
)
def test_nearest(word: str, expected: str) -> None:
    assert nearest(word, ("SECTIONS", "KEEP", "SORT")) == expected
