"""Unwind tables of several files as one, and what is said about broken ones."""

from __future__ import annotations

import struct

import pytest

from pylink86.diag import LinkError
from pylink86.passes.editing.unwind import UnwindInput, merge_unwind, records

CIE = struct.pack("<II", 16, 0) + b"\1zR\0\1\x78\x10\1\x1b\x0c\7\x08"
CIE_B = struct.pack("<II", 16, 0) + b"\1zR\0\1\x78\x10\1\x1b\x0c\7\x09"


def fde(at, cie_at, name=0):
    return struct.pack("<IIII", 12, at + 4 - cie_at, name, 16)


def table(relocs, *, content=None, place="a.o"):
    content = content if content is not None else CIE + fde(20, 0, 1) + fde(36, 0, 2)
    return UnwindInput(content, 8, relocs, place)


def everyone(symbol):
    return True


def test_equal_cies_join_and_their_fdes_follow():
    unwind = merge_unwind(
        [table([(28, "f", 0), (44, "g", 0)]), table([(28, "h", 0), (44, "i", 0)])], everyone
    )
    expected = CIE + fde(20, 0, 1) + fde(36, 0, 2) + fde(52, 0, 1) + fde(68, 0, 2) + bytes(4)
    assert unwind.content == expected
    assert unwind.fdes == ((20, 0), (36, 0), (52, 0), (68, 0))
    first, second = unwind.maps
    assert [first(n) for n in (0, 28, 44)] == [0, 28, 44]
    assert [second(n) for n in (0, 28, 44)] == [None, 60, 76]


def test_records_of_dropped_functions_leave():
    unwind = merge_unwind([table([(28, "f", 0), (44, "g", 0)])], lambda symbol: symbol == "g")
    assert unwind.content == CIE + fde(20, 0, 2) + bytes(4)
    assert unwind.maps[0](28) is None and unwind.maps[0](44) == 28


def test_an_fde_without_relocation_belongs_to_nobody():
    unwind = merge_unwind([table([(44, "g", 0)])], everyone)
    assert unwind.content == CIE + fde(20, 0, 2) + bytes(4)


def test_cies_differ_by_personality_and_by_bytes():
    def one(symbol, cie=CIE):
        return table([(17, symbol, 0)], content=cie)

    same = merge_unwind([one("p"), one("p")], everyone)
    assert same.content == CIE + bytes(4)
    assert merge_unwind([one("p"), one("q")], everyone).content == CIE + CIE + bytes(4)
    assert merge_unwind([one("p"), one("p", CIE_B)], everyone).content == CIE + CIE_B + bytes(4)


def test_fdes_are_grouped_under_their_cie():
    content = CIE + CIE_B + fde(40, 0, 1) + fde(56, 20, 2) + fde(72, 0, 3)
    relocs = [(48, "f", 0), (64, "g", 0), (80, "h", 0)]
    unwind = merge_unwind([table(relocs, content=content)], everyone)
    assert unwind.content == (
        CIE + fde(20, 0, 1) + fde(36, 0, 3) + CIE_B + fde(72, 52, 2) + bytes(4)
    )
    assert [unwind.maps[0](n) for n in (0, 20, 48, 64, 80)] == [0, 52, 28, 80, 44]


def test_a_zero_length_ends_the_table():
    content = CIE + bytes(4) + b"anything at all"
    unwind = merge_unwind([table([], content=content)], everyone)
    assert unwind.content == CIE + bytes(4)
    assert unwind.maps[0](20) is None
    assert merge_unwind([table([], content=bytes(4))], everyone).content == bytes(4)
    assert merge_unwind([table([], content=b"")], everyone).content == bytes(4)


def test_the_largest_alignment_counts():
    unwind = merge_unwind([UnwindInput(CIE, 4, []), UnwindInput(CIE, 8, [])], everyone)
    assert unwind.align == 8


@pytest.mark.parametrize(
    ("content", "said", "at"),
    [
        (CIE[:-1], "a record of 16 bytes, 15 are left", "a.o+0x0"),
        (CIE + b"\1\2\3", "3 bytes after the last record", "a.o+0x14"),
        (CIE + fde(20, 3), "an FDE that refers to no CIE", "a.o+0x14"),
        (b"\xff\xff\xff\xff" + bytes(20), "64-bit form", "a.o+0x0"),
        (CIE + b"\2\0\0\0\0\0", "a record of 2 bytes", "a.o+0x14"),
        (fde(0, 0), "an FDE that refers to no CIE", "a.o+0x0"),
    ],
)
def test_broken_tables_are_named(content, said, at):
    with pytest.raises(LinkError) as caught:
        records(content, "a.o")
    found = caught.value.diagnostics[0]
    assert found.slug == "bad-eh-frame" and found.place == at and said in found.message
