"""How a script looks when it is printed; that it reads back the same is a law in tests/property."""

from __future__ import annotations

import pytest

from pylink86.diag import LinkError
from pylink86.script import nodes as n
from pylink86.script.parser import parse_expression, parse_script
from pylink86.script.unparse import unparse

TIDY = """\
ENTRY(_start)
OUTPUT_FORMAT("elf64-x86-64")
MEMORY {
  rom (rx) : ORIGIN = 0x1000, LENGTH = 4K
}
PHDRS {
  text PT_LOAD FILEHDR FLAGS(5);
}
SECTIONS {
  . = 0x1000;
  .text ALIGN(16) (NOLOAD) : AT(ADDR(.text) - 0x1000) SUBALIGN(4) {
    PROVIDE(__start = .);
    KEEP(*(SORT_BY_NAME(.init.*) EXCLUDE_FILE(*crt0.o) .text))
    boot.o;
    BYTE(0x55)
    ASCIZ "a\\n"
    FILL(0x90)
    INCLUDE more.ld
  } > rom AT> rom :text = 0x90909090
  OVERLAY 0x8000 : NOCROSSREFS {
    .a {
      *(.a)
    }
  } > rom
  ASSERT(. < 0x7e00, "too large");
  "odd name" = (. - ADDR(.text)) >> 9;
}
INSERT AFTER .data;
VERSION {
  V1 {
  global:
    f;
    extern "C++" {
      ns::g*;
    };
  local:
    *;
  };
}
"""


def test_a_tidy_script_is_printed_as_it_is() -> None:
    assert unparse(parse_script(TIDY)) == TIDY


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("((1))", "1"),
        ("1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("1<<2+3", "1 << (2 + 3)"),
        ("a&b|c", "(a & b) | c"),
        ("-(a+b)", "-(a + b)"),
        ("- - a", "--a"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
        ("a?b:c?d:e", "a ? b : c ? d : e"),
        ("(a?b:c)+1", "(a ? b : c) + 1"),
        ("0x7C00", "0x7C00"),
        ('"a-b"-"ALIGN"', '"a-b" - "ALIGN"'),
        ("ADDR(.a-b)", "ADDR(.a-b)"),
        ('ADDR("a b")', 'ADDR("a b")'),
    ],
)
def test_expressions(written: str, printed: str) -> None:
    assert unparse(parse_expression(written)) == printed


def test_numbers_made_in_python() -> None:
    assert unparse(n.Number(9)) == "9"
    assert unparse(n.Number(0x7C00)) == "0x7c00"


def test_a_name_with_a_quote_cannot_be_printed() -> None:
    with pytest.raises(LinkError, match="a name with a double quote"):
        unparse(n.Name('a"b'))


def test_long_chains() -> None:
    text = " + ".join(["1"] * 10_000)
    assert unparse(parse_expression(text)) == text
