"""--icf: which sections are the same, and what may not be left out all the same."""

from __future__ import annotations

import pytest

from pylink86 import LinkResult, link, read_bytes
from pylink86.explain.trace import folded_sections
from pylink86.passes.editing.fold_options import Fold
from tests.cases.language import read_objects

SCRIPT = "SECTIONS { .text 0x1000 : { *(.text*) } .rodata : { *(.rodata*) } .w : { *(.w*) } }"


def linked(objects: str, kind: str = "all", script: str = SCRIPT, **more: object) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(objects)]
    fold = Fold(kind, **more)  # type: ignore[arg-type]
    return link(inputs, script, dialect="lld", fold=fold)


def copies(result: LinkResult) -> str:
    return folded_sections(result).replace("a.o:", "")


SAME = """object a.o
section .text.one ax
  90 c3
section .text.two ax align=16
  90 c3
section .text.other ax
  90 90
symbol one .text.one+0 func
symbol two .text.two+1 func"""


def test_equal_bytes_are_one_section_with_the_stricter_alignment() -> None:
    result = linked(SAME)
    assert copies(result) == (
        "selected section (.text.one)\n  removing identical section (.text.two)\n"
    )
    assert result.sections[".text"].size == 4
    assert result.symbols["one"] % 16 == 0
    assert result.symbols["two"] == result.symbols["one"] + 1


@pytest.mark.parametrize("kind", ["", "none", "safe"])
def test_nothing_is_left_out_unless_it_is_asked_for_or_safe(kind: str) -> None:
    assert not copies(linked(SAME, kind))


def test_a_symbol_keeps_its_section() -> None:
    assert not copies(linked(SAME, keep_unique=("two",)))


CIRCLE = """object a.o
section .text.one ax
  e8 00*4
  reloc 1 R_X86_64_PC32 two -4
section .text.two ax
  e8 00*4
  reloc 1 R_X86_64_PC32 one -4
symbol one .text.one+0 func
symbol two .text.two+0 func"""


def test_functions_that_call_each_other_are_the_same() -> None:
    result = linked(CIRCLE)
    assert "removing identical section (.text.two)" in copies(result)
    assert result.sections[".text"].content == b"\xe8" + (-5).to_bytes(4, "little", signed=True)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("far", "near"),  # undefined symbols of other names
        ("data", "more"),  # data that is not the same
        ("made", "made_too"),  # symbols of the script
    ],
)
def test_what_they_refer_to_counts(one: str, two: str) -> None:
    text = f"""object a.o
section .text.one ax
  00*8
  reloc 0 R_X86_64_64 {one}
section .text.two ax
  00*8
  reloc 0 R_X86_64_64 {two}
section .w wa
  01 02
symbol data .w+0
symbol more .w+1
symbol far UNDEF weak
symbol near UNDEF weak
symbol made UNDEF
symbol made_too UNDEF"""
    assert not copies(linked(text, script="made = 1; made_too = 1; " + SCRIPT))


ROWS = [
    (".w.one wa", ".w.two wa", False),  # writable
    (".rodata.one a", ".rodata.two a", False),  # data, whose address may be compared
    ("one ax", "one ax", False),  # reached by __start_one
    (".text.one ax", ".rodata.one ax", False),  # different output sections
    (".text.one ax", ".text.two a", False),  # other flags
    (".text.one ax", ".text.two ax", True),
]


@pytest.mark.parametrize(("one", "two", "same"), ROWS)
def test_which_sections_take_part(one: str, two: str, same: bool) -> None:
    text = f"object a.o\nsection {one}\n  01\nsection {two}\n  01\nsymbol x 1+0\nsymbol y 2+0"
    text = text.replace(" 1+0", f" {one.split()[0]}+0").replace(" 2+0", f" {two.split()[0]}+0")
    assert bool(copies(linked(text))) == same


def test_data_is_folded_when_nobody_compares_addresses() -> None:
    text = "object a.o\nsection .rodata.one a\n  01\nsection .rodata.two a\n  01\nsymbol x "
    text += ".rodata.one+0\nsymbol y .rodata.two+0"
    assert copies(linked(text, data_too=True))
