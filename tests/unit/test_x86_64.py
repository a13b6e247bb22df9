"""Rows of the x86-64 table against the numbers of the psABI."""

from __future__ import annotations

import pytest

from pylink86.arch.x86_64 import ROWS, WORD


@pytest.mark.parametrize(
    ("number", "name", "formula", "width"),
    [
        (1, "R_X86_64_64", "S + A", 8),
        (2, "R_X86_64_PC32", "S + A - P", 4),
        (4, "R_X86_64_PLT32", "L + A - P", 4),
        (9, "R_X86_64_GOTPCREL", "G + GOT + A - P", 4),
        (10, "R_X86_64_32", "S + A", 4),
        (11, "R_X86_64_32S", "S + A", 4),
        (12, "R_X86_64_16", "S + A", 2),
        (13, "R_X86_64_PC16", "S + A - P", 2),
        (14, "R_X86_64_8", "S + A", 1),
        (15, "R_X86_64_PC8", "S + A - P", 1),
        (24, "R_X86_64_PC64", "S + A - P", 8),
        (32, "R_X86_64_SIZE32", "Z + A", 4),
        (33, "R_X86_64_SIZE64", "Z + A", 8),
        (43, "R_X86_64_CODE_4_GOTPCRELX", "G + GOT + A - P", 4),
        (51, "R_X86_64_CODE_6_GOTPC32_TLSDESC", "", 4),
    ],
)
def test_rows(number, name, formula, width):
    assert ROWS[number][1:3] == (name, formula)
    assert ROWS[number].width == width


def test_addresses_are_eight_bytes():
    assert WORD == 8
