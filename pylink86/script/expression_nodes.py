"""Nodes of expressions, and what all nodes of a linker script have in common.

Source of the language: GNU ld manual 3.10.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ..diag import Span


class Node:
    """What all nodes share: equality, hash and text, without the span.

    attrs would write these methods for each of the 40 classes, half of the time to import them.
    """

    __slots__ = ()

    def _fields(self) -> tuple[attrs.Attribute[object], ...]:
        # Every subclass is an attrs class, which this one cannot say.
        found: tuple[attrs.Attribute[object], ...] = attrs.fields(type(self))  # type: ignore[arg-type]
        return found

    def _compared(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in self._fields() if field.eq)

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__ or not isinstance(other, Node):
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._compared()))

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in self._fields() if f.repr)
        return f"{type(self).__name__}({', '.join(shown)})"


def span_field() -> Span | None:
    """The span field every node ends with; not compared, because text may be laid out anew."""
    found: Span | None = attrs.field(default=None, eq=False, repr=False)
    return found


@attrs.frozen(eq=False, repr=False)
class Number(Node):
    """A constant; `literal` is what was written, because `=0x90` and `=144` fill differently."""

    value: int
    literal: str = ""
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Name(Node):
    """A symbol, or `.`, the location counter."""

    name: str
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Unary(Node):
    """`-x`, `~x`, `!x`, `+x`."""

    op: str
    operand: Expr
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Binary(Node):
    """`left op right`, op one of the C operators."""

    op: str
    left: Expr
    right: Expr
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Ternary(Node):
    """`condition ? then : other`."""

    condition: Expr
    then: Expr
    other: Expr
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Call(Node):
    """A builtin function.

    name: ADDR, SIZEOF, ALIGN ...; target: the section, region, symbol, segment or constant it names
    ("" when it names none); args: the expressions.  ALIGN(8) has args (8,); ALIGN(., 8) has both;
    SEGMENT_START("text-segment", 0) has target and args; SIZEOF_HEADERS has neither.
    """

    name: str
    target: str = ""
    args: tuple[Expr, ...] = ()
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class AssertExpr(Node):
    """`ASSERT(condition, message)` inside an expression, with the condition's value."""

    condition: Expr
    message: str
    span: Span | None = span_field()


Expr: TypeAlias = Number | Name | Unary | Binary | Ternary | Call | AssertExpr
