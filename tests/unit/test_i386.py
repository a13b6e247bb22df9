"""Rows of the i386 table against the numbers of the psABI."""

from __future__ import annotations

import pytest

from pylink86.arch.i386 import ROWS, WORD


@pytest.mark.parametrize(
    ("number", "name", "formula", "width"),
    [
        (1, "R_386_32", "S + A", 4),
        (2, "R_386_PC32", "S + A - P", 4),
        (4, "R_386_PLT32", "L + A - P", 4),
        (9, "R_386_GOTOFF", "S + A - GOT", 4),
        (20, "R_386_16", "S + A", 2),
        (21, "R_386_PC16", "S + A - P", 2),
        (22, "R_386_8", "S + A", 1),
        (23, "R_386_PC8", "S + A - P", 1),
        (38, "R_386_SIZE32", "Z + A", 4),
        (43, "R_386_GOT32X", "G + A", 4),
    ],
)
def test_rows(number, name, formula, width):
    assert ROWS[number][1:3] == (name, formula)
    assert ROWS[number].width == width


def test_addresses_are_four_bytes():
    assert WORD == 4
