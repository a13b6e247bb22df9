"""Fill patterns: what a number means, and NOPs of any length."""

from __future__ import annotations

import pytest

from pylink86 import elf_const as c
from pylink86.dialect import GNU, LLD
from pylink86.passes.placing.fill import NOP, default_pattern, fill_bytes, long_nops, short_nops


@pytest.mark.parametrize("size", range(41))
def test_long_nops_fill_exactly_with_the_longest_first(size: int) -> None:
    made = long_nops(size)
    assert len(made) == size
    assert made.startswith(NOP[10] * (size // 10))
    assert made[size // 10 * 10 :] == NOP[size % 10]


@pytest.mark.parametrize("size", range(9))
def test_short_nops_are_what_a_386_knows(size: int) -> None:
    assert short_nops(size) == (b"\x66\x90" * 5)[: size - size % 2] + b"\x90" * (size % 2)


def test_every_nop_has_the_length_of_its_place() -> None:
    assert [len(nop) for nop in NOP] == list(range(11))


@pytest.mark.parametrize("phase", range(6))
def test_a_pattern_begins_where_its_phase_says(phase: int) -> None:
    assert fill_bytes(b"\1\2\3", 7, phase) == (b"\1\2\3" * 5)[phase : phase + 7]


def test_default_by_kind_machine_and_dialect() -> None:
    assert fill_bytes(default_pattern(False, c.EM_X86_64, GNU), 3) == bytes(3)
    assert fill_bytes(default_pattern(False, c.EM_X86_64, LLD), 3) == bytes(3)
    assert fill_bytes(default_pattern(True, c.EM_X86_64, GNU), 3) == b"\x0f\x1f\x00"
    assert fill_bytes(default_pattern(True, c.EM_386, GNU), 3) == b"\x66\x90\x90"
    assert fill_bytes(default_pattern(True, c.EM_386, LLD), 3) == b"\xcc" * 3
