"""--enable-non-contiguous-regions: what a region has no room for goes on to the next match."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, LinkResult, link, read_bytes
from tests.cases.language import read_objects

OBJECT = "object a.o\nsection .x.1 wa\n 11*8\nsection .x.2 wa\n 22*16\nsection .x.3 wa\n 33*4\n"
REGIONS = (
    "MEMORY {{ A (rwx) : ORIGIN = 0x1000, LENGTH = {} B (rwx) : ORIGIN = 0x2000, LENGTH = {} }}"
)
SECTIONS = "SECTIONS { .a : { *(.x.*) } >A .b : { *(.x.*) } >B }"

both = pytest.mark.parametrize("dialect", ["gnu", "lld"])


def linked(a: int, b: int, sections: str, dialect: str, warnings: bool = False) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    script = REGIONS.format(a, b) + sections
    return link(inputs, script, dialect=dialect, spills=True, spill_warnings=warnings)


def contents(result: LinkResult) -> dict[str, int]:
    return {s.name: s.size for s in result.placed.sections if s.size and s.plan.alloc}


@both
def test_what_fits_stays(dialect: str) -> None:
    assert contents(linked(28, 28, SECTIONS, dialect)) == {".a": 28}


@pytest.mark.parametrize(
    ("dialect", "room", "sizes"),
    [
        ("gnu", 20, {".a": 8, ".b": 20}),  # the 16 bytes do not fit, and all that follow go
        ("lld", 20, {".a": 8, ".b": 20}),  # from the end: 4 bytes, and then 16
        ("gnu", 12, {".a": 8, ".b": 20}),
        ("lld", 24, {".a": 24, ".b": 4}),
    ],
)
def test_what_does_not_fit_goes_on(dialect: str, room: int, sizes: dict[str, int]) -> None:
    assert contents(linked(room, 28, SECTIONS, dialect)) == sizes


@both
def test_what_fits_nowhere_is_an_overflow(dialect: str) -> None:
    """GNU ld 2.40 leaves it out, which only its option for warnings tells."""
    with pytest.raises(LinkError) as problem:
        linked(8, 8, SECTIONS, dialect)
    assert {d.slug for d in problem.value.diagnostics if d.severity == "error"} == {
        "region-overflow"
    }


def test_lld_looks_from_the_end_of_the_region() -> None:
    sections = "SECTIONS { .a : { *(.x.1) *(.x.2) } >A .c : { *(.x.3) } >A .b : { *(.x.1) } >B }"
    assert contents(linked(20, 8, sections, "lld")) == {".a": 16, ".c": 4, ".b": 8}


@both
def test_discarding_is_no_place_to_go_on_to(dialect: str) -> None:
    sections = "SECTIONS { .a : { *(.x.*) } >A /DISCARD/ : { *(.x.3) } }"
    with pytest.raises(LinkError):
        linked(24, 28, sections, dialect)


@both
@pytest.mark.parametrize(
    "word", ["SECTIONS { .c : { } } INSERT AFTER .a;", "OVERWRITE_SECTIONS { .a : { } }"]
)
def test_commands_that_say_what_goes_where_are_refused(word: str, dialect: str) -> None:
    with pytest.raises(LinkError) as problem:
        linked(28, 28, SECTIONS + word, dialect)
    assert problem.value.diagnostics[0].slug == "script-not-supported"


@both
def test_what_went_on_is_told_when_asked(dialect: str) -> None:
    told = [d.message for d in linked(20, 28, SECTIONS, dialect, warnings=True).diagnostics
            if d.slug == "section-may-spill"]  # fmt: skip
    assert "`a.o(.x.2)' does not fit in `.a', and goes on to `.b'" in told
    assert not linked(20, 28, SECTIONS, dialect).diagnostics
