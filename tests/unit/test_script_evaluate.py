"""Values of expressions in both dialects, without a linker; the peers are asked in tests/oracle."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from pylink86.diag import LinkError
from pylink86.dialect import DIALECTS, Dialect
from pylink86.script import nodes as n
from pylink86.script.evaluate import (
    assigned,
    dot_after,
    evaluate,
    holds,
)
from pylink86.script.parser import parse_expression
from pylink86.script.values import ABSOLUTE, Constants, Unknown, Value

BOTH = pytest.mark.parametrize("dialect", ["gnu", "lld"])


@dataclass(eq=False)
class Place:
    vma: int
    lma: int = 0
    size: int = 0
    align: int = 1


TEXT = Place(0x1003, 0x9003, 8, 4)
DATA = Place(0x2345, 0x2345, 5)


@dataclass(eq=False)
class Env(Constants):
    """Two sections and a few symbols; `.` is at 0x1008 inside .text and at 0x234a outside."""

    dialect: Dialect
    current: Any = None
    sane_expr: bool = False
    failed: list[str] = field(default_factory=list)
    symbols: ClassVar[dict[str, Value]] = {
        "abs": Value(0x30, ABSOLUTE),
        "t": Value(4, TEXT),
        "d": Value(4, DATA),
        "add": Value(7, ABSOLUTE),
    }

    def dot(self) -> Value | None:
        if self.current is not None:
            return Value(5, TEXT)
        return Value(5, DATA) if self.dialect.name == "lld" else Value(0x234A, ABSOLUTE)

    def symbol(self, name: str) -> Value | None:
        return self.symbols.get(name)

    def is_defined(self, name: str) -> bool:
        return name in self.symbols

    def section(self, name: str) -> Place | None:
        return {".text": TEXT, ".data": DATA}.get(name)

    def region(self, name: str) -> tuple[int, int] | None:
        return {"rom": (0x8000, 0x100)}.get(name)

    def segment_start(self, name: str) -> int | None:
        return {"given": 0x4000}.get(name)

    def sizeof_headers(self) -> int | None:
        return 0x40

    def assertion_failed(self, node: n.AssertExpr) -> None:
        self.failed.append(node.message)


def env(dialect: str, inside: bool = False) -> Env:
    return Env(DIALECTS[dialect], TEXT if inside else None)


def value(text: str, dialect: str = "gnu", inside: bool = False) -> Value:
    return evaluate(parse_expression(text), env(dialect, inside))


@pytest.mark.parametrize(
    ("text", "gnu", "lld"),
    [
        ("1 + 2 * 3", 7, 7),
        ("0 - 1", 2**64 - 1, 2**64 - 1),
        ("0xffffffffffffffff * 2", 2**64 - 2, 2**64 - 2),
        ("-4 / 2", 2**64 - 2, 2**63 - 2),
        ("-5 % 3", 2**64 - 2, 2),
        ("5 / -3", 2**64 - 1, 0),
        ("-0x8000000000000000 / -1", 2**63, 0),
        ("-1 >> 63", 1, 1),
        ("1 << 65", 2, 2),
        ("-1 < 1", 0, 0),
        ("MAX(-1, 1)", 2**64 - 1, 2**64 - 1),
        ("!5 + !0 + ~0", 0, 0),
        ("0 ? nope : 2", 2, 2),
        ("010", 8, 10),
        ("010K", 8 << 10, 10 << 10),
        ("08", 8, 8),
        ("ALIGN(5, 0)", 5, 5),
        ("ALIGN(-1, 16)", 0, 0),
        ("LOG2CEIL(0) + LOG2CEIL(1)", 0, 0),
        ("LOG2CEIL(0x8000000000000001)", 64, 64),
        ("DEFINED(t) + DEFINED(nope)", 1, 1),
        ("SIZEOF(.text) + ALIGNOF(.text)", 12, 12),
        ("SIZEOF_HEADERS", 0x40, 0x40),
        ("CONSTANT(MAXPAGESIZE)", 0x1000, 0x1000),
        ("ORIGIN(rom) + LENGTH(rom)", 0x8100, 0x8100),
        ('SEGMENT_START("given", 0)', 0x4000, 0x4000),
        ('SEGMENT_START("text", 0x123)', 0x123, 0x123),
        ("LOADADDR(.text)", 0x9003, 0x9003),
        ("ADDR(.data) - ADDR(.text)", 0x1342, 0x1342),
        ("ah", 10, 10),
    ],
)
def test_numbers_and_addresses(text: str, gnu: int, lld: int) -> None:
    assert value(text, "gnu").absolute() == gnu
    assert value(text, "lld").absolute() == lld


@pytest.mark.parametrize(
    ("text", "gnu", "lld"),
    [
        ("5", Value(5), Value(5)),
        ("abs", Value(0x30), Value(0x30)),
        ("t", Value(4, TEXT), Value(4, TEXT)),
        ("d", Value(4, DATA), Value(4, DATA)),
        ("t + 1", Value(5, TEXT), Value(5, TEXT)),
        ("t * 2", Value(8, TEXT), Value(0x200E)),
        ("t == 4", Value(1), Value(0)),
        ("t - d", Value((0x1007 - 0x2349) & (2**64 - 1)), Value((0x1007 - 0x2349) & (2**64 - 1))),
        ("-t", Value(2**64 - 4, TEXT), Value(2**64 - 0x1007)),
        ("t & 6", Value(4, TEXT), Value((6 - 0x1003) & (2**64 - 1), TEXT)),
        ("ALIGN(t, 16)", Value(16, TEXT), Value(0xD, TEXT)),
        ("MAX(t, d)", Value(0x2349, ABSOLUTE), Value(0x2349)),
        ("ADDR(.text) ? 1 : 2", Value(2), Value(1)),
    ],
)
def test_sections_inside_an_output_section(text: str, gnu: Value, lld: Value) -> None:
    for dialect, expected in (("gnu", gnu), ("lld", lld)):
        found = value(text, dialect, inside=True)
        assert (found.number, found.section) == (expected.number, expected.section)


@pytest.mark.parametrize(
    ("text", "number", "section", "from_dot"),
    [
        (".", 0x234A, ABSOLUTE, True),
        (". + 4", 0x234E, ABSOLUTE, True),
        (". - d", 1, ABSOLUTE, False),
        ("ABSOLUTE(.)", 0x234A, ABSOLUTE, False),
        ("t + 4", 0x100B, ABSOLUTE, False),
        ("t + SIZEOF(.data)", 9, TEXT, None),
        ("t - t", 0, ABSOLUTE, None),
        ("SIZEOF(.data) - SIZEOF(.data)", 0, ABSOLUTE, None),
        ("t == d", 0, None, False),
        ("NEXT(16)", 0x2350, ABSOLUTE, False),
        ("ALIGN(16)", 0x2350, ABSOLUTE, True),
    ],
)
def test_gnu_outside_of_sections(text: str, number: int, section: Any, from_dot: Any) -> None:
    """GNU ld manual 3.10.8; what comes from `.` is shown in a section all the same."""
    assert value(text) == Value(number, section, from_dot)


def test_sane_expr_makes_numbers_plain() -> None:
    there = env("gnu")
    there.sane_expr = True
    assert evaluate(parse_expression("t + 4"), there) == Value(8, TEXT)
    assert evaluate(parse_expression("t - t"), there) == Value(0)


def test_lld_remembers_the_section_of_absolute() -> None:
    found = value("ABSOLUTE(t) + 1", "lld")
    assert (found.absolute(), found.is_absolute) == (0x1008, True)
    assert not value("ABSOLUTE(t) - 5", "lld").is_absolute


@BOTH
def test_a_symbol_named_like_a_number_is_a_symbol(dialect: str) -> None:
    assert value("add", dialect).number == 7


def test_letters_are_numbers() -> None:
    assert value("$10K + fx + 1") == Value(0x4000 + 0xF + 1, ABSOLUTE)
    for name in ("$10", "fx", "bad"):
        with pytest.raises(Unknown, match=re.escape(f"undefined symbol `{name}'")):
            value(name, "lld")
    with pytest.raises(Unknown, match="undefined symbol `bad'"):
        value("bad")


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("1 + nope", "symbol", "nope"),
        ("ADDR(.nope)", "section", ".nope"),
        ("ORIGIN(nope)", "region", "nope"),
        ("CONSTANT(NOPE)", "constant", "NOPE"),
    ],
)
@BOTH
def test_unknown_names(text: str, kind: str, name: str, dialect: str) -> None:
    with pytest.raises(Unknown) as caught:
        value(text, dialect)
    assert (caught.value.kind, caught.value.name) == (kind, name)
    assert caught.value.span is not None
    assert name in caught.value.span.text
    assert caught.value.diagnostics[0].slug == f"unknown-{kind}"


def test_sizeof_a_section_that_is_not_there() -> None:
    with pytest.raises(Unknown, match=r"undefined section `\.nope' referenced in expression"):
        value("SIZEOF(.nope)")
    assert value("SIZEOF(.nope)", "lld") == Value(0)


def test_both_sides_of_and_are_looked_at_in_gnu() -> None:
    for text in ("0 && nope", "1 || nope"):
        with pytest.raises(Unknown):
            value(text)
    assert value("0 && nope", "lld").number == 0
    assert value("1 || nope", "lld").number == 1


@pytest.mark.parametrize(
    ("text", "dialect", "slug"),
    [
        ("1 / 0", "gnu", "division-by-zero"),
        ("1 % (2 - 2)", "lld", "division-by-zero"),
        ("ALIGN(5, 3)", "lld", "bad-alignment"),
        ("ALIGN(12)", "lld", "bad-alignment"),
        ("t + d", "lld", "two-relative-operands"),
        ("0x10000000000000000", "gnu", "number-too-large"),
        ("99999999999999999999", "lld", "number-too-large"),
    ],
)
def test_errors(text: str, dialect: str, slug: str) -> None:
    with pytest.raises(LinkError) as caught:
        value(text, dialect)
    (found,) = caught.value.diagnostics
    assert found.slug == slug
    assert found.span is not None


def test_assertions() -> None:
    there = env("gnu")
    assert evaluate(parse_expression('ASSERT(0, "no") + 1'), there).number == 1
    assert there.failed == ["no"]
    assert value('ASSERT(5, "yes")').number == 5
    assert value('ASSERT(5, "yes")', "lld", inside=True).absolute() == 0x1008


def test_the_first_byte_of_a_section_is_false_in_gnu() -> None:
    assert not holds(parse_expression("ADDR(.text)"), env("gnu"))
    assert holds(parse_expression("ADDR(.text)"), env("lld"))


@pytest.mark.parametrize(
    ("given", "inside", "gnu", "lld"),
    [
        (Value(5), True, Value(5, TEXT), Value(5, ABSOLUTE)),
        (Value(5), False, Value(5, ABSOLUTE), Value(5, ABSOLUTE)),
        (Value(4, DATA), True, Value(4, DATA), Value(4, DATA)),
        (Value(9, ABSOLUTE), True, Value(9, ABSOLUTE), Value(9, ABSOLUTE)),
    ],
)
def test_assigned(given: Value, inside: bool, gnu: Value, lld: Value) -> None:
    assert assigned(given, env("gnu", inside)) == gnu
    assert assigned(given, env("lld", inside)) == lld


def test_assigned_forgets_what_absolute_remembered() -> None:
    assert assigned(Value(4, TEXT, forced=True), env("lld")) == Value(0x1007, ABSOLUTE)


@pytest.mark.parametrize(
    ("text", "inside", "gnu", "lld"),
    [
        ("0x10", True, 0x1013, 0x10),
        ("0x10", False, 0x10, 0x10),
        ("ABSOLUTE(0x1010)", True, 0x1010, 0x1010),
        ("t + 0x10", True, 0x1017, 0x1017),
        ("ALIGN(16)", True, 0x1010, 0x1010),
        ("ALIGN(., 16)", True, 0x1013, 0x1010),
        ("d", True, 0x2349, 0x2349),
    ],
)
def test_where_dot_goes(text: str, inside: bool, gnu: int, lld: int) -> None:
    for dialect, expected in (("gnu", gnu), ("lld", lld)):
        there = env(dialect, inside)
        assert dot_after(evaluate(parse_expression(text), there), there) == expected


@BOTH
def test_long_chains_do_not_recurse(dialect: str) -> None:
    assert value(" + ".join(["1"] * 10_000), dialect).number == 10_000


@BOTH
def test_constants_know_nothing_of_a_layout(dialect: str) -> None:
    constants = Constants(DIALECTS[dialect])
    assert evaluate(parse_expression("2 * 4K"), constants).absolute() == 8192
    for text in (".", "ALIGN(4)", "x", "ADDR(.x)", "SIZEOF_HEADERS", "DATA_SEGMENT_ALIGN(1, 1)"):
        with pytest.raises(Unknown):
            evaluate(parse_expression(text), constants)
    with pytest.raises(LinkError, match="assert-failed"):
        evaluate(parse_expression('ASSERT(0, "m")'), constants)
