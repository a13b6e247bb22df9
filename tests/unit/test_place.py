"""The pen: addresses, load addresses, forward references, told through whole links."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, LinkResult, link, read_bytes
from tests.cases.language import read_objects

OBJECT = """
object a.o
section .a a
  11 22 33
section .b a align=8
  44 55
section .n wa nobits size=5
"""


def linked(script: str, dialect: str = "gnu", **more: object) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    more.setdefault("oformat", "binary")
    return link(inputs, f"SECTIONS {{ {script} /DISCARD/ : {{ *(.*) }} }}", dialect=dialect, **more)


def slugs(script: str, dialect: str = "gnu") -> list[str]:
    with pytest.raises(LinkError) as caught:
        linked(script, dialect)
    return [d.slug for d in caught.value.diagnostics]


both = pytest.mark.parametrize("dialect", ["gnu", "lld"])


@both
@pytest.mark.parametrize(
    ("script", "start", "size"),
    [
        (".s : { *(.a) }", 0, 3),
        (".s 0x1001 : { *(.a) }", 0x1001, 3),
        (". = 0x1001; .s : { *(.b) }", 0x1008, 2),
        (".s 0x1001 : { *(.b) }", 0x1001, 9),
        (". = 0x1001; .s : { *(.a) *(.b) }", 0x1008, 10),
        (". = 0x1001; .s : ALIGN(32) { *(.b) }", 0x1020, 2),
        (". = 0x1001; .s : ALIGN(4) { *(.b) }", 0x1008, 2),
        (". = 0x1003; .s ALIGN(16) : { *(.a) }", 0x1010, 3),
        (".s 0x1000 : { *(.a) . = ALIGN(512); }", 0x1000, 512),
        (".s 0x1000 : { *(.n) BYTE(1) }", 0x1000, 6),
        (".s (0x800 + 0x10 * 2) : { *(.a) }", 0x820, 3),
        (".s 0x1000 : { BYTE(1) SHORT(2) LONG(3) QUAD(4) }", 0x1000, 15),
    ],
)
def test_start_and_size(script: str, start: int, size: int, dialect: str) -> None:
    section = linked(script, dialect).sections[".s"]
    assert (section.vma, section.size) == (start, size)


@both
@pytest.mark.parametrize(
    ("script", "symbols"),
    [
        ("x = .; .s 0x1000 : { *(.a) y = .; } z = .;", {"x": 0, "y": 0x1003, "z": 0x1003}),
        (".s 0x1000 : { *(.a) } x = ADDR(.s) + SIZEOF(.s);", {"x": 0x1003}),
        ("x = SIZEOF(.s); .s 0x1000 : { *(.a) }", {"x": 3}),
        ("x = y; y = z + 1; z = 5; .s : { *(.a) }", {"x": 6, "y": 6, "z": 5}),
        (". = 0x10; . += 4; . *= 2; x = .; .s : { *(.a) }", {"x": 0x28}),
        ("x = ALIGNOF(.s); .s : { *(.a) *(.b) }", {"x": 8}),
        (".s 0x1000 : { *(.a) } .t : { *(.b) } x = ADDR(.t) - ADDR(.s);", {"x": 8}),
    ],
)
def test_symbols(script: str, symbols: dict[str, int], dialect: str) -> None:
    assert linked(script, dialect).symbols == symbols


@pytest.mark.parametrize(
    ("script", "lma"),
    [
        (".s 0x1000 : { *(.a) }", 0x1000),
        (".s 0x1000 : AT(0x200) { *(.a) }", 0x200),
        (".r 0x1000 : AT(0x200) { *(.b) } .s 0x1010 : { *(.a) }", 0x210),
        (".r 0x1000 : AT(0x200) { *(.b) } .s : AT(LOADADDR(.r) + 0x10) { *(.a) }", 0x210),
        (".r 0x1000 : AT(0x200) { *(.b) } .s 0x800 : { *(.a) }", 0x800),
    ],
)
def test_load_address(script: str, lma: int) -> None:
    assert linked(script).sections[".s"].lma == lma


@both
def test_a_forward_reference_needs_no_help(dialect: str) -> None:
    result = linked(".s SIZEOF(.t) + 0x1000 : { *(.a) } .t : { *(.b) LONG(x) } x = .;", dialect)
    assert result.sections[".s"].vma == 0x1006
    assert result.symbols["x"] == result.sections[".t"].vma + 6


@both
@pytest.mark.parametrize(
    ("script", "slug"),
    [
        (".s : { *(.a) . += SIZEOF(.t); } .t : { BYTE(1) . += SIZEOF(.s); }",
         "layout-does-not-settle"),
        (".s 0x1000 : { *(.a) . -= 2; }", "dot-moved-backwards"),
        ("x = nowhere; .s : { *(.a) }", "unknown-symbol"),
        ("x = ADDR(.nowhere); .s : { *(.a) }", "unknown-section"),
        ("x = 1 / 0; .s : { *(.a) }", "division-by-zero"),
        (".s : { *(.a) } > nowhere", "unknown-region"),
        (".s 0x1000 : { *(.a) } .t 0x1002 : { *(.b) }", "sections-overlap"),
        (".s 0xffffffffffffffff : { *(.a) }", "address-wraps"),
        (".s : { *(.a) . += 0x50000000; }", "image-too-large"),
    ],
)  # fmt: skip
def test_what_cannot_be_placed(script: str, slug: str, dialect: str) -> None:
    assert [found for found in slugs(script, dialect) if found != "address-not-aligned"] == [slug]


def test_findings_of_earlier_walks_are_not_told() -> None:
    """In the first walk SIZEOF(.t) is not known, and `.` would move back."""
    result = linked(".s : { *(.a) . = SIZEOF(.t); } .t : { *(.b) . += 0x20; }")
    assert result.sections[".s"].size == 0x22
    assert result.diagnostics == ()


@both
def test_the_same_finding_is_told_once_however_many_walks(dialect: str) -> None:
    script = ".s 0x1000 : { *(.a) . -= 2; LONG(later) } later = SIZEOF(.t); .t : { *(.b) }"
    assert slugs(script, dialect) == ["dot-moved-backwards"]


def test_every_backward_move_is_told() -> None:
    script = ".s 0x1000 : { *(.a) . -= 2; } .t 0x2000 : { *(.b) . -= 1; }"
    assert slugs(script) == ["dot-moved-backwards"] * 2
