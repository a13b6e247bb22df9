"""One definer a name: strong, common, weak, COMDAT, in every order."""

from __future__ import annotations

from itertools import permutations

import pytest

from pylink86 import LinkError, LinkResult, link, read_bytes
from tests.cases.language import read_objects

KINDS = {
    "strong": "section .s wa\n 55\nsymbol x .s+0",
    "common": "symbol x COMMON size=8 align=4",
    "weak": "section .w wa\n 77\nsymbol x .w+0 weak",
    "needs": "section .n wa\n 00*8\nreloc 0 R_X86_64_64 x\nsymbol x UNDEF",
    "may need": "section .m wa\n 00*8\nreloc 0 R_X86_64_64 x\nsymbol x UNDEF weak",
}
LAYOUT = "SECTIONS { .all 0x1000 : { *(.s) *(.w) *(.n) *(.m) } .bss : { *(COMMON) } }"


def linked(kinds: tuple[str, ...], dialect: str = "gnu", script: str = LAYOUT) -> LinkResult:
    text = "\n".join(f"object {i}.o\n{KINDS[kind]}" for i, kind in enumerate(kinds))
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    return link(inputs, script, dialect=dialect, oformat="binary")


def definer(kinds: tuple[str, ...], dialect: str) -> str:
    """Which of the kinds `x` means."""
    result = linked(kinds, dialect)
    file, _ = result.resolution.definer["x"]
    return kinds[file] if file < len(kinds) else "common"


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize(
    ("kinds", "winner"),
    [
        (("strong", "weak"), "strong"),
        (("strong", "common"), "strong"),
        (("common", "weak"), "common"),
        (("strong", "common", "weak"), "strong"),
        (("weak", "needs"), "weak"),
        (("common", "may need"), "common"),
    ],
)
def test_the_stronger_wins_in_every_order(
    kinds: tuple[str, ...], winner: str, dialect: str
) -> None:
    assert {definer(order, dialect) for order in permutations(kinds)} == {winner}


def test_the_first_of_two_weak_ones_wins() -> None:
    result = linked(("needs", "weak", "weak"))
    assert result.resolution.definer["x"][0] == 1


def test_two_strong_ones_are_an_error() -> None:
    with pytest.raises(LinkError) as caught:
        linked(("strong", "weak", "strong"))
    (found,) = caught.value.diagnostics
    assert (found.slug, found.place) == ("duplicate-symbol", "2.o:(.s+0x0)")
    assert found.notes[0] == "0.o:(.s+0x0): first defined here"


def test_undefined_is_an_error_and_weak_undefined_is_0() -> None:
    with pytest.raises(LinkError) as caught:
        linked(("needs", "may need"))
    assert [d.slug for d in caught.value.diagnostics] == ["undefined-symbol"]
    assert linked(("may need",)).image == bytes(8)


@pytest.mark.parametrize("kinds", [("needs",), ("may need",), ("strong", "needs"), ("common",)])
def test_the_script_s_value_is_the_last_word(kinds: tuple[str, ...]) -> None:
    result = linked(kinds, script="x = 0x4242; " + LAYOUT)
    assert result.symbols["x"] == 0x4242
    if kinds[-1] != "common":
        assert result.image[-8:] == (0x4242).to_bytes(8, "little")


def commons(*rows: str, dialect: str = "gnu") -> LinkResult:
    """Objects with one COMMON symbol each: "size/align"."""
    parts = [row.split("/") for row in rows]
    text = "\n".join(
        f"object {i}.o\nsymbol x COMMON size={size} align={align}"
        for i, (size, align) in enumerate(parts)
    )
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    return link(inputs, "SECTIONS { .bss 0x1001 : { *(COMMON) } }", dialect=dialect)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_a_common_block_is_as_large_and_as_aligned_as_anybody_asks(dialect: str) -> None:
    result = commons("8/4", "24/2", "4/16", dialect=dialect)
    assert result.symbols["x"] % 16 == 0
    assert result.sections[".bss"].vma + result.sections[".bss"].size == result.symbols["x"] + 24


def test_comdat_losers_define_nothing_and_refer_to_the_winner() -> None:
    text = """
object 0.o
section .f axG
  11 c3
symbol f .f+0 weak
group f .f
object 1.o
section .f axG
  22 22 c3
symbol f .f+1 weak
group f .f
section .t wa
  00*8
  reloc 0 R_X86_64_64 f
"""
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, "SECTIONS { .f 0x1000 : { *(.f) *(.t) } }", oformat="binary")
    assert result.image == b"\x11\xc3" + (0x1000).to_bytes(8, "little")
    assert result.resolution.dropped
