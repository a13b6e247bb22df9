"""Checks of a finished layout: overlaps, sizes, asserts, each told with what is to blame."""

from __future__ import annotations

import pytest

from pylink86 import Diagnostic, LinkError, link, read_bytes
from tests.cases.language import read_objects

OBJECT = "object a.o\nsection .a a\n 11*16\nsection .b a\n 22*8\nsection .n wa nobits size=16\n"


def found(script: str, **more: object) -> list[Diagnostic]:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    more.setdefault("oformat", "binary")
    try:
        result = link(inputs, f"SECTIONS {{ {script} /DISCARD/ : {{ *(.*) }} }}", **more)
    except LinkError as problem:
        return [d for d in problem.diagnostics if d.severity == "error"]
    assert result.image is not None
    return []


def slugs(script: str, **more: object) -> list[str]:
    return [d.slug for d in found(script, **more)]


both = pytest.mark.parametrize("dialect", ["gnu", "lld"])


@both
@pytest.mark.parametrize(
    ("script", "overlaps"),
    [
        (".x 0x100 : { *(.a) } .y 0x110 : { *(.b) }", 0),
        (".x 0x100 : { *(.a) } .y 0x10f : { *(.b) }", 1),
        (".x 0x100 : { *(.a) } .y 0xf8 : { *(.b) }", 0),
        (".x 0x100 : { *(.a) } .y 0xf9 : { *(.b) }", 1),
        (".x 0x100 : { *(.a) } .y 0x104 : { *(.b) }", 1),
        (".x 0x100 : { *(.a) } .y 0x104 : { *(.n) }", 1),
        (".x 0x100 : { *(.a) } .y 0x104 : { s = .; }", 0),
        (".x 0x100 : { *(.a) } .y 0x108 : { *(.b) } .z 0x10f : { BYTE(1) }", 2),
    ],
)
def test_overlap(script: str, overlaps: int, dialect: str) -> None:
    assert slugs(script, dialect=dialect) == ["sections-overlap"] * overlaps


def test_overlap_of_load_addresses_counts_where_they_do() -> None:
    script = ".x 0x100 : AT(0x1000) { *(.a) } .y 0x200 : AT(0x100f) { *(.b) }"
    assert slugs(script) == ["sections-overlap"]
    assert slugs(script, dialect="lld") == []
    apart = ".x 0x100 : AT(0x1000) { *(.a) } .y 0x200 : AT(0x1010) { *(.b) }"
    assert slugs(apart) == []


def test_sections_that_are_not_loaded_may_share_a_load_address() -> None:
    script = ".x 0x100 : AT(0x1000) { *(.a) } .y 0x200 : AT(0x1004) { *(.n) }"
    assert slugs(script) == []


@both
@pytest.mark.parametrize(
    ("script", "refused"),
    [
        (".x 0x0 : { *(.a) } .y 0xff8 : { *(.b) }", False),
        (".x 0x0 : { *(.a) } .y 0xff9 : { *(.b) }", True),
        (".x 0x100000 : { *(.a) } .y 0x100ff8 : { *(.b) }", False),
        (".x : { *(.a) . += 0xff1; }", True),
        (".x : { *(.a) . += 0xff0; }", False),
        (".x : { *(.a) } .y 0x100000 : { *(.n) }", False),
    ],
)
def test_size_of_an_image(script: str, refused: bool, dialect: str) -> None:
    got = slugs(script, dialect=dialect, max_image_size=0x1000)
    assert got == (["image-too-large"] if refused else [])


def test_elf_has_no_holes_to_count() -> None:
    script = ".x 0x0 : { *(.a) } .y 0x10000000 : { *(.b) }"
    assert slugs(script, max_image_size=0x1000) == ["image-too-large"]
    assert slugs(script, max_image_size=0x1000, oformat="elf64-x86-64") == []


def test_the_hole_is_named() -> None:
    (error,) = found(
        ".x 0x0 : { *(.a) } .y 0x10 : { *(.b) } .z 0x9000 : { BYTE(1) }", max_image_size=0x1000
    )
    assert "`.y', which ends at 0x18" in error.notes[0]
    assert "`.z', which starts at 0x9000" in error.notes[0]


def test_every_assert_that_fails_is_told_with_its_message() -> None:
    errors = found('.x : { *(.a) ASSERT(. > 100, "one") } ASSERT(1, "two") ASSERT(0, "three")')
    assert [d.message for d in errors] == ["one", "three"]
    assert all(d.slug == "assert-failed" for d in errors)


def test_all_kinds_of_findings_come_together() -> None:
    script = '.x 0x100 : { *(.a) } .y 0x104 : { *(.b) } ASSERT(0, "no")'
    assert sorted(slugs(script)) == ["assert-failed", "sections-overlap"]


@pytest.mark.parametrize(
    ("address", "wraps"),
    [(0xFFFFFFFFFFFFFFF0, False), (0xFFFFFFFFFFFFFFF1, True), (0xFFFFFFFFFFFFFFFF, True)],
)
def test_end_of_the_address_space(address: int, wraps: bool) -> None:
    assert slugs(f".x {address:#x} : {{ *(.a) }}") == (["address-wraps"] if wraps else [])
