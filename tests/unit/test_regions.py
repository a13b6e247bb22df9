"""MEMORY: which region takes a section, by attributes, as measured of both linkers."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, link, read_bytes
from tests.cases.language import read_objects

SECTIONS = {
    "t": "section .t ax\n 11",
    "r": "section .r a\n 22",
    "b": "section .b wa nobits size=4",
    "w": "section .w wa\n 33",
    "x": "section .x wax\n 44",
}


def takers(attributes: str, dialect: str) -> str:
    """Of sections t (ax), r (a), b (nobits), w (wa), x (wax): those a region of attributes takes;
    the rest go to a second region that takes everything."""
    taken = ""
    for letter, text in SECTIONS.items():
        objects = read_objects(f"object a.o\n{text}")
        inputs = [read_bytes(objects[0].encode(), "a.o")]
        script = (
            f"MEMORY {{ first ({attributes}) : ORIGIN = 0x1000, LENGTH = 0x100\n"
            "second (rwxa) : ORIGIN = 0x2000, LENGTH = 0x100 }\n"
            f"SECTIONS {{ .{letter} : {{ *(.{letter}) }} }}"
        )
        result = link(inputs, script, dialect=dialect, oformat="binary")
        if result.sections[f".{letter}"].vma == 0x1000:
            taken += letter
    return taken


@pytest.mark.parametrize(
    ("attributes", "gnu", "lld"),
    [
        ("r", "tr", "tr"),
        ("w", "rbw", "bwx"),
        ("x", "tx", "tx"),
        ("a", "trbwx", "trbwx"),
        ("rx", "trx", "trx"),
        ("rw", "trbw", "trbwx"),
        ("rwx", "trbwx", "trbwx"),
        ("R", "tr", "tr"),
        ("!w", "", ""),
        ("a!x", "rbw", "rbw"),
    ],
)
def test_attributes(attributes: str, gnu: str, lld: str) -> None:
    assert takers(attributes, "gnu") == gnu
    assert takers(attributes, "lld") == lld


def vmas(script: str, dialect: str = "gnu") -> dict[str, tuple[int, int]]:
    text = "object a.o\n" + "\n".join(SECTIONS.values())
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, script, dialect=dialect, oformat="binary")
    return {name: (s.vma, s.lma) for name, s in result.sections.items() if s.size}


def test_an_explicit_address_moves_the_region_on() -> None:
    found = vmas(
        "MEMORY { m : ORIGIN = 0x1000, LENGTH = 0x100 } SECTIONS { .t : { *(.t) } > m "
        ".r 0x1020 : { *(.r) } > m .w : { *(.w) } > m .x : { *(.x) } > m .b : { *(.b) } > m }"
    )
    assert {name: vma for name, (vma, _) in found.items()} == {
        ".t": 0x1000, ".r": 0x1020, ".w": 0x1021, ".x": 0x1022, ".b": 0x1023,
    }  # fmt: skip


def test_dot_between_sections_does_not_move_the_region() -> None:
    found = vmas(
        "MEMORY { m (a) : ORIGIN = 0x1000, LENGTH = 0x100 } SECTIONS { .t : { *(.t) } > m "
        ". = 0x1080; .r : { *(.r) } > m .all : { *(*) } > m }"
    )
    assert found[".r"] == (0x1001, 0x1001)


def test_load_region_counts_what_is_loaded() -> None:
    found = vmas(
        "MEMORY { rom : ORIGIN = 0x100, LENGTH = 0x100 ram : ORIGIN = 0x1000, LENGTH = 0x100 } "
        "SECTIONS { .b : { *(.b) } > ram AT> rom .w : { *(.w) } > ram AT> rom "
        ".r : { *(.r) } > ram AT> rom .t : { *(.t *) } > rom }"
    )
    assert [found[name][1] for name in (".b", ".w", ".r")] == [0x100, 0x100, 0x101]


@pytest.mark.parametrize("size", [3, 4])
def test_overflow_by_a_byte(size: int) -> None:
    script = (
        f"MEMORY {{ m (a) : ORIGIN = 0x1000, LENGTH = {size} }} "
        "SECTIONS { .t : { *(.t) *(.r) *(.w) *(.x) } > m /DISCARD/ : { *(.b) } }"
    )
    if size == 4:
        assert vmas(script)[".t"] == (0x1000, 0x1000)
        return
    with pytest.raises(LinkError) as caught:
        vmas(script)
    (found,) = caught.value.diagnostics
    assert found.slug == "region-overflow"
    assert "overflowed by 1 bytes" in found.message
