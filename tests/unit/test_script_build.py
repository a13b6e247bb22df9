"""Layouts built in Python are the trees the parser makes from their text."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.diag import LinkError
from pylink86.script import nodes as n
from pylink86.script.build import (
    ABSOLUTE,
    ADDR,
    ALIGN,
    ALIGNOF,
    BYTE,
    CONSTANT,
    DEFINED,
    DOT,
    IF,
    LENGTH,
    LOADADDR,
    LOG2CEIL,
    LONG,
    MAX,
    MIN,
    NOT,
    ORIGIN,
    QUAD,
    SEGMENT_START,
    SHORT,
    SIZEOF,
    SIZEOF_HEADERS,
    SYMBOL,
    Assert,
    Discard,
    Expression,
    Fill,
    Layout,
    Phdr,
    Region,
    Section,
    Symbol,
)
from pylink86.script.parser import parse_expression, parse_script

SCRIPT = """\
ENTRY(start)
MEMORY {
  low (rwx) : ORIGIN = 0x7c00, LENGTH = 32K
}
PHDRS {
  all PT_LOAD FLAGS(7);
}
SECTIONS {
  .boot 0x7c00 : {
    *(.boot.*)
    . = 0x1fe;
    BYTE(0x55)
    BYTE(0xaa)
  } > low :all
  .stage 0x7e00 : AT(LOADADDR(.boot) + 0x200) ALIGN(0x200) {
    KEEP(*(.rust.entry))
    *(.rust.*)
    . = ALIGN(0x200);
    stage_end = .;
  } = 0xdeadc0de
  SECOND_STAGE_LENGTH = (. - ADDR(.stage)) >> 9;
  ASSERT(. <= 0x80000, "the stage is too large");
  /DISCARD/ : {
    *(.comment)
  }
}
"""

LAYOUT = Layout(
    Section(
        ".boot",
        "*(.boot.*)",
        DOT.set(510),
        b"\x55\xaa",
        address=0x7C00,
        region="low",
        phdrs=["all"],
    ),
    Section(
        ".stage",
        "KEEP(*(.rust.entry)) *(.rust.*)",
        DOT.align(512),
        Symbol("stage_end"),
        address=0x7E00,
        at=LOADADDR(".boot") + 512,
        align=512,
        fill=0xDEADC0DE,
    ),
    Symbol("SECOND_STAGE_LENGTH", (DOT - ADDR(".stage")) >> 9),
    Assert(DOT <= 0x80000, "the stage is too large"),
    Discard("*(.comment)"),
    entry="start",
    memory=[Region("low", 0x7C00, "32K", "rwx")],
    phdrs=[Phdr("all", flags=7)],
)


def test_a_layout_is_its_script() -> None:
    assert LAYOUT.to_script() == SCRIPT
    assert LAYOUT.script == parse_script(SCRIPT)
    assert Layout.from_script(SCRIPT) == LAYOUT
    assert hash(Layout.from_script(SCRIPT)) == hash(LAYOUT)


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "k.ld"
    path.write_text(SCRIPT)
    assert Layout.from_script(path) == LAYOUT
    assert Layout.from_script(str(path)) == LAYOUT
    with pytest.raises(LinkError, match="cannot open linker script file"):
        Layout.from_script(str(tmp_path / "none.ld"))


A, B = SYMBOL("a"), SYMBOL("b")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (A + 1, "a + 1"),
        (1 + A, "1 + a"),
        (A - B * 2, "a - b * 2"),
        (10 - A, "0xa - a"),
        (2 * A, "2 * a"),
        (A / 2 + A // 3, "a / 2 + a / 3"),
        (9 / A, "9 / a"),
        (A % 3, "a % 3"),
        (9 % A, "9 % a"),
        (A << 1 | B >> 2, "a << 1 | b >> 2"),
        (1 << A, "1 << a"),
        (1 >> A, "1 >> a"),
        (A & 3 ^ B, "(a & 3) ^ b"),
        (3 & A, "3 & a"),
        (3 | A, "3 | a"),
        (3 ^ A, "3 ^ a"),
        (A < 1, "a < 1"),
        (A <= 1, "a <= 1"),
        (A > 1, "a > 1"),
        (A >= 1, "a >= 1"),
        (A == B, "a == b"),
        (A != B, "a != b"),
        (1 == A, "a == 1"),  # noqa: SIM300 (Python turns it round)
        (-A + ~B, "-a + ~b"),
        (A.and_(B).or_(NOT(A)), "a && b || !a"),
        (IF(A > 1, 2, B), "a > 1 ? 2 : b"),
        (DOT + "4K", ". + 4K"),
        (DOT + -1, ". + -1"),
        (ALIGN(16) + ALIGN(DOT, 16), "ALIGN(0x10) + ALIGN(., 0x10)"),
        (SIZEOF(".x") + ALIGNOF(".x"), "SIZEOF(.x) + ALIGNOF(.x)"),
        (ORIGIN("r") + LENGTH("r"), "ORIGIN(r) + LENGTH(r)"),
        (MAX(A, 1) - MIN(1, A), "MAX(a, 1) - MIN(1, a)"),
        (ABSOLUTE(A) + LOG2CEIL(A), "ABSOLUTE(a) + LOG2CEIL(a)"),
        (
            DEFINED("odd name") + CONSTANT("MAXPAGESIZE"),
            'DEFINED("odd name") + CONSTANT(MAXPAGESIZE)',
        ),
        (
            SEGMENT_START("text-segment", 0) + SIZEOF_HEADERS(),
            'SEGMENT_START("text-segment", 0) + SIZEOF_HEADERS',
        ),
    ],
)
def test_operators_and_functions(made: Expression, text: str) -> None:
    assert made.node == parse_expression(text)


def test_an_expression_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="no value before the link"):
        bool(DOT > 3)


def test_an_expression_is_no_statement() -> None:
    with pytest.raises(TypeError, match=r"\. \+ 4 is an expression, not a statement"):
        Section(".x", DOT + 4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (0xDEADC0DE, "0xdeadc0de"),
        (0x90, "0x00000090"),
        (b"\x90", "0x90909090"),
        (b"\xeb\xfe", "0xebfeebfe"),
        (b"\1\2\3\4", "0x01020304"),
        (0, "0x00000000"),
    ],
)
def test_a_fill_means_the_same_in_both_dialects(pattern: int | bytes, literal: str) -> None:
    assert Fill(pattern) == n.Fill(n.Number(int(literal, 16), literal))


@pytest.mark.parametrize("pattern", [b"", b"\1\2\3", bytes(8), 1 << 32, -1])
def test_a_fill_that_would_not_is_refused(pattern: int | bytes) -> None:
    with pytest.raises(LinkError, match="layout-fill"):
        Fill(pattern)


def test_statements() -> None:
    made = Section(
        ".x",
        "boot.o",
        BYTE(1),
        SHORT(2),
        LONG(DOT),
        QUAD("a + 1"),
        DOT.advance(4),
        Symbol("p", 1, provide=True),
        Symbol("h", 1, hidden=True),
        type="NOLOAD",
        subalign=4,
        lma_region="rom",
        constraint="ONLY_IF_RO",
    )
    text = """SECTIONS { .x (NOLOAD) : SUBALIGN(4) ONLY_IF_RO {
        boot.o; BYTE(1) SHORT(2) LONG(.) QUAD(a + 1) . += 4; PROVIDE(p = 1); HIDDEN(h = 1);
    } AT> rom }"""
    assert Layout(made) == Layout.from_script(text)


def test_script_text_and_commands_among_the_items() -> None:
    made = Layout(". += 4K; .x : { *(.x) }", n.Input((n.InputFile("a.o"),)))
    assert made == Layout.from_script("INPUT(a.o) SECTIONS { . += 4K; .x : { *(.x) } }")


def test_text_that_is_no_statement_is_named() -> None:
    with pytest.raises(LinkError) as caught:
        Section(".x", "KEEP(*(.y)")
    assert str(caught.value.diagnostics[0].span) == "<KEEP(*(.y)>:1:11"


def test_a_program_header_of_a_type_without_a_name():
    layout = Layout(Section(".text", "*(.text)"), phdrs=[Phdr("own", 0x6474E552)])
    assert "own 0x6474e552;" in layout.to_script()
