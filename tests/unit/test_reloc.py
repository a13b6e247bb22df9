"""The rules that decide whether a value fits a field, and how addends are read."""

from __future__ import annotations

import pytest

from pylink86.arch import patches_for, reloc_name, rows_for, word_of
from pylink86.arch.reloc import (
    APPLIED,
    KINDS,
    PC,
    REACHES,
    TRUE_RANGES,
    fits,
    implicit_addend,
    judge,
    needs,
    patches,
    truth,
)
from pylink86.elf_const import EM_386, EM_X86_64

GNU, GENERIC, LLD = REACHES["gnu"], REACHES["gnu-generic"], REACHES["lld"]
ROW = {row.name: row for machine in (EM_386, EM_X86_64) for row in rows_for(machine).values()}


@pytest.mark.parametrize(
    ("reach", "name", "lo", "hi"),
    [
        (GNU, "R_X86_64_8", -256, 255),
        (LLD, "R_X86_64_8", -128, 255),
        (GNU, "R_X86_64_16", -65536, 65535),
        (LLD, "R_X86_64_16", -32768, 65535),
        (GNU, "R_X86_64_PC16", -65536, 65535),
        (LLD, "R_X86_64_PC16", -32768, 32767),
        (GNU, "R_386_PC16", -65536, 65535),
        (LLD, "R_386_PC16", -65536, 65535),
        (GNU, "R_386_PC8", -128, 127),
        (GNU, "R_X86_64_32", 0, 2**32 - 1),
        (LLD, "R_X86_64_32S", -(2**31), 2**31 - 1),
        (GNU, "R_X86_64_SIZE32", 0, 2**32 - 1),
        (LLD, "R_X86_64_SIZE32", -(2**31), 2**31 - 1),
    ],
)
def test_each_range_ends_where_the_linker_ends_it(reach, name, lo, hi):
    word = 4 if "386" in name else 8
    row = ROW[name]
    assert fits(reach, row, lo, word) and fits(reach, row, hi, word)
    assert not fits(reach, row, lo - 1, word) and not fits(reach, row, hi + 1, word)


def test_values_are_compared_modulo_the_address_width_of_the_input():
    assert fits(LLD, ROW["R_386_8"], 0x1_0000_0005, 4)
    assert not fits(LLD, ROW["R_X86_64_8"], 0x1_0000_0005, 8)
    assert fits(GNU, ROW["R_X86_64_32S"], 0xFFFF_FFFF_8000_0000, 8)


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("R_X86_64_8", -128, "fits"),
        ("R_X86_64_8", -129, "wraps"),
        ("R_X86_64_8", 256, "refused"),
        ("R_X86_64_16", -65536, "wraps"),
        ("R_386_32", 0x1_0000_0000, "wraps"),
        ("R_386_32", 0xFFFF_FFFF_8000_0000, "fits"),
        ("R_386_32", -1, "fits"),
        ("R_386_PC32", -0xFFFF_FFF0, "fits"),
        ("R_386_PC32", 0x1_0000_0000, "wraps"),
        ("R_386_PC16", -65536, "fits"),
        ("R_X86_64_PC16", 0x9000, "fits"),
        ("R_X86_64_64", 1 << 64, "fits"),
        ("R_386_8", 0x1_0000_0005, "wraps"),
    ],
)
def test_a_value_that_is_taken_but_cut_short_is_told_apart(name, value, verdict):
    word = 4 if "386" in name else 8
    assert judge(GNU, ROW[name], value, word) == verdict


def test_gnu_looks_at_the_value_before_an_addend_in_place():
    row = ROW["R_386_16"]
    assert judge(GENERIC, row, 0x10080, 4, before=0xFF80) == "wraps"
    assert judge(GNU, row, 0x10080, 4, before=0xFF80) == "refused"
    assert judge(LLD, row, 0x10080, 4, before=0xFF80) == "refused"
    assert judge(GENERIC, row, 0xFFFE, 4, before=0x10000) == "refused"
    assert judge(GNU, row, 0xFFFE, 4, before=0x10000) == "refused"
    assert judge(LLD, row, 0xFFFE, 4, before=0x10000) == "fits"


def test_a_whole_word_in_place_may_be_a_negative_addend() -> None:
    """`end - 0xfff00000` is compiled as `end + 0x100000`; only `end` has to be an address."""
    row = ROW["R_386_32"]
    assert judge(GNU, row, 0x1000A2D24, 4, before=0xFFFA2D24) == "fits"
    assert judge(GNU, row, 0x1000A2D24, 4, before=0x1000A2D20) == "wraps"
    assert judge(GNU, row, 0x1000A2D24, 4) == "wraps"


@pytest.mark.parametrize("machine", [EM_386, EM_X86_64])
@pytest.mark.parametrize("reach", REACHES.values(), ids=lambda reach: reach.name)
def test_what_the_quick_range_takes_judge_takes_too(machine, reach):
    rows, word = rows_for(machine), word_of(machine)
    for number, patch in patches(rows, reach, word, in_place=False).items():
        row = rows[number]
        ends = [patch.lo, patch.hi, 0] if row.width < word else [0, -1, 2**63, -(2**63)]
        for value in ends:
            if patch.lo <= value <= patch.hi:
                assert judge(reach, row, value, word) == "fits", (row.name, value)
        buffer = bytearray(b"\xaa" * 16)
        patch.pack_into(buffer, 3, -2 & patch.mask)
        assert buffer[3 : 3 + row.width] == (-2 & patch.mask).to_bytes(row.width, "little")
        assert buffer[3 + row.width] == 0xAA


def test_narrow_fields_with_addends_in_place_are_always_judged_in_gnu():
    quick = patches_for(EM_386, GNU, in_place=True)
    number = ROW["R_386_8"].number
    assert quick[number].lo > quick[number].hi
    assert quick[ROW["R_386_PC32"].number].lo < 0 and quick[2].kind == PC
    assert patches_for(EM_386, LLD, in_place=True)[number].hi == 255


@pytest.mark.parametrize(
    ("name", "content", "addend"),
    [
        ("R_386_8", b"\xff\x11", -1),
        ("R_386_16", b"\x00\x80", -32768),
        ("R_386_PC16", b"\xfe\xff", -2),
        ("R_386_32", b"\xfc\xff\xff\xff", -4),
        ("R_X86_64_64", b"\x01" + bytes(7), 1),
        ("R_386_NONE", b"\xff", 0),
    ],
)
def test_addends_in_place_are_signed(name, content, addend):
    assert implicit_addend(b"\0" + content, 1, ROW[name]) == addend


@pytest.mark.parametrize("machine", [EM_386, EM_X86_64])
def test_tables_are_whole_and_consistent(machine):
    rows = rows_for(machine)
    last = {EM_386: 43, EM_X86_64: 51}[machine]
    assert set(rows) == {*range(last + 1), 250, 251}
    assert len({row.name for row in rows.values()}) == len(rows)
    prefix = {EM_386: "R_386_", EM_X86_64: "R_X86_64_"}[machine]
    for number, row in rows.items():
        assert row.number == number and row.name.startswith(prefix)
        assert row.kind in KINDS and row.rule in TRUE_RANGES and row.source
        assert (row.rule == "none") == (row.width in (0, 16)) or row.name == "R_386_TLS_DESC"
        if row.kind in APPLIED and row.width:
            assert row.formula and not needs(row)
        else:
            assert needs(row) or row.width == 0


def test_types_that_cannot_be_applied_yet_say_what_they_need():
    assert needs(ROW["R_X86_64_GOTPCREL"]) == "a global offset table"
    assert "thread-local" in needs(ROW["R_X86_64_TPOFF32"])
    assert "run time" in needs(ROW["R_386_RELATIVE"])
    assert ROW["R_X86_64_GOTPCREL"].number not in patches_for(EM_X86_64, GNU, in_place=False)


def test_names():
    assert reloc_name(EM_X86_64, 42) == "R_X86_64_REX_GOTPCRELX"
    assert reloc_name(EM_386, 200) == "relocation type 200"
    assert reloc_name(40, 2) == "relocation type 2"


def test_truth_of_full_width_fields():
    assert truth(ROW["R_X86_64_64"], 1 << 63)
    assert truth(ROW["R_X86_64_PC64"], -(1 << 63))
