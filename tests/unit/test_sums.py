"""The hot loop writes what is a sum and fits, and hands back the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from pylink86.arch import rows_for
from pylink86.arch.reloc import REACHES
from pylink86.elf_const import EM_386, EM_X86_64
from pylink86.passes.relocating.sums import Row, Sum, apply_sums, form_of

R_64, R_PC32, R_GOTPCREL, R_32, R_32S, R_SIZE32 = 1, 2, 9, 10, 11, 32


def sums(values: Sequence[int | None], slots: Mapping[int, int | None]) -> dict[int, Sum | None]:
    """The types of an x86-64 file whose symbols have these values and slots."""
    forms = {
        kind: form_of(row, REACHES["gnu"], 8, False) for kind, row in rows_for(EM_X86_64).items()
    }
    return {
        kind: form and (slots if kind == R_GOTPCREL else values, *form)
        for kind, form in forms.items()
    }


def test_sums_and_distances():
    content = bytearray(32)
    rows = iter([(0, R_64, 1, 5), (8, R_PC32, 1, -4), (12, R_GOTPCREL, 1, -4)])
    assert apply_sums(rows, sums([0, 0x2000], {1: 0x1800}), content, 16, 0x1000) is None
    assert content[16:24] == (0x2005).to_bytes(8, "little")
    assert content[24:28] == (0x2000 - 4 - 0x1008).to_bytes(4, "little")
    assert content[28:32] == (0x1800 - 4 - 0x100C).to_bytes(4, "little")


@pytest.mark.parametrize(
    "odd",
    [
        (0, R_SIZE32, 1, 0),
        (0, R_64, 2, 0),
        (0, R_32S, 3, 0),
        (0, R_32, 1, -0x2001),
        (0, R_PC32, 3, 0),
        (0, R_GOTPCREL, 1, 0),
        (0, R_64, 1, (1 << 63) - 1),
    ],
)
def test_what_is_no_sum_is_handed_back_and_the_rest_is_left(odd: Row):
    content = bytearray(b"\xcc" * 16)
    rows = iter([odd, (8, R_64, 1, 0)])
    known = sums([0, 0x2000, None, 1 << 40], {1: None})
    assert apply_sums(rows, known, content, 0, 0) == odd
    assert content == b"\xcc" * 16
    assert next(rows) == (8, R_64, 1, 0)


def test_what_was_taken_apart_is_found_by_its_addend():
    content = bytearray(24)
    rows = iter([(0, R_64, 1, 7), (8, R_64, 1, 9), (16, R_64, 0, 0)])
    elsewhere = {1: {7: 0x3000, 9: None}}
    assert apply_sums(rows, sums([1, None], {}), content, 0, 0, elsewhere) == (8, R_64, 1, 9)
    assert content == (0x3000).to_bytes(8, "little") + bytes(16)


def test_a_distance_to_what_was_taken_apart_takes_a_closer_look():
    row = (8, R_PC32, 1, 7)
    known = sums([0, None], {})
    assert apply_sums(iter([row]), known, bytearray(16), 0, 0, {1: {7: 0x3000}}) == row


def test_addresses_of_32_bits_have_no_sign_and_those_of_64_have():
    content = bytearray(12)
    rows = iter([(0, R_32, 1, 0), (4, R_64, 2, 0)])
    assert apply_sums(rows, sums([0, 0xC0100000, -1 << 31], {}), content, 0, 0) is None
    assert content == bytes.fromhex("000010c0 00000080ffffffff")


def test_where_a_linker_looks_at_the_value_without_its_addend_nothing_is_written_at_once():
    form = form_of(rows_for(EM_386)[20], REACHES["gnu"], 4, in_place=True)  # R_386_16
    assert form is not None
    _, lowest, highest, _ = form
    assert lowest > highest
