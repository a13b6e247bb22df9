"""The hot loop writes what is a sum and fits, and hands back the rest."""

from __future__ import annotations

from pylink86.arch import rows_for
from pylink86.arch.reloc import REACHES, patch_of
from pylink86.elf_const import EM_X86_64
from pylink86.passes.sums import apply_sums, sum_of

R_64, R_PC32, R_GOTPCREL, R_32S = 1, 2, 9, 11
SUMS = {
    kind: sum_of(patch_of(row, REACHES["gnu"], 8, False))
    for kind, row in rows_for(EM_X86_64).items()
}


def test_sums_and_distances():
    content = bytearray(32)
    rows = iter([(0, R_64, 1, 5), (8, R_PC32, 1, -4)])
    assert apply_sums(rows, SUMS, [0, 0x2000], content, 16, 0x1000) is None
    assert content[16:24] == (0x2005).to_bytes(8, "little")
    assert content[24:28] == (0x2000 - 4 - 0x1008).to_bytes(4, "little")


def test_what_is_no_sum_is_handed_back_and_the_rest_is_left():
    for odd in ((0, R_GOTPCREL, 1, 0), (0, R_64, 2, 0), (0, R_32S, 3, 0)):
        content = bytearray(16)
        rows = iter([odd, (8, R_64, 1, 0)])
        assert apply_sums(rows, SUMS, [0, 0x2000, None, 1 << 40], content, 0, 0) == odd
        assert content == bytes(16)
        assert next(rows) == (8, R_64, 1, 0)


def test_what_was_taken_apart_is_found_by_its_addend():
    content = bytearray(24)
    rows = iter([(0, R_64, 1, 7), (8, R_64, 1, 9), (16, R_64, 0, 0)])
    finds = {1: {7: 0x3000}.get}
    assert apply_sums(rows, SUMS, [1, None], content, 0, 0, finds) == (8, R_64, 1, 9)
    assert content == (0x3000).to_bytes(8, "little") + bytes(16)


def test_what_is_not_in_the_output_is_a_blank_whatever_the_formula():
    content = bytearray(b"\xff" * 16)
    rows = iter([(0, R_64, 1, 7), (8, R_PC32, 1, 7)])
    blanks = {(1, R_64): 1, (1, R_PC32): 0}
    assert apply_sums(rows, SUMS, [0, None], content, 0, 0x1000, {}, blanks) is None
    assert content == b"\1" + bytes(11) + b"\xff" * 4
