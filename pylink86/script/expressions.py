"""Expressions in Python: operators and functions that make what a script would say.

`(DOT - ADDR(".stage")) >> 9` is a tree like the one the parser makes of the same text.  Wherever an
expression is wanted, a number or script text will do as well.  Names in capitals are the script's
own functions (GNU ld manual 3.10.9).
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

import attrs

from . import nodes as n
from .parser import parse_expression


def text_of(node: n.Script | n.Expr) -> str:
    from .unparse import unparse  # 5 ms that a link does not need

    return unparse(node)


@attrs.define(eq=False)
class Expression:
    """An expression; operators make larger ones, comparisons included, so it has no truth value.

    `/` and `//` are both the script's division.  `&&`, `||`, `!` and `?:` are the methods `and_`,
    `or_`, and the functions NOT and IF.
    """

    node: n.Expr

    def _with(self, op: str, other: ExprLike) -> Expression:
        return Expression(n.Binary(op, self.node, node_of(other)))

    def _after(self, op: str, other: ExprLike) -> Expression:
        return Expression(n.Binary(op, node_of(other), self.node))

    def __add__(self, other: ExprLike) -> Expression:
        return self._with("+", other)

    def __radd__(self, other: ExprLike) -> Expression:
        return self._after("+", other)

    def __sub__(self, other: ExprLike) -> Expression:
        return self._with("-", other)

    def __rsub__(self, other: ExprLike) -> Expression:
        return self._after("-", other)

    def __mul__(self, other: ExprLike) -> Expression:
        return self._with("*", other)

    def __rmul__(self, other: ExprLike) -> Expression:
        return self._after("*", other)

    def __floordiv__(self, other: ExprLike) -> Expression:
        return self._with("/", other)

    def __rfloordiv__(self, other: ExprLike) -> Expression:
        return self._after("/", other)

    __truediv__ = __floordiv__
    __rtruediv__ = __rfloordiv__

    def __mod__(self, other: ExprLike) -> Expression:
        return self._with("%", other)

    def __rmod__(self, other: ExprLike) -> Expression:
        return self._after("%", other)

    def __lshift__(self, other: ExprLike) -> Expression:
        return self._with("<<", other)

    def __rlshift__(self, other: ExprLike) -> Expression:
        return self._after("<<", other)

    def __rshift__(self, other: ExprLike) -> Expression:
        return self._with(">>", other)

    def __rrshift__(self, other: ExprLike) -> Expression:
        return self._after(">>", other)

    def __and__(self, other: ExprLike) -> Expression:
        return self._with("&", other)

    def __rand__(self, other: ExprLike) -> Expression:
        return self._after("&", other)

    def __or__(self, other: ExprLike) -> Expression:
        return self._with("|", other)

    def __ror__(self, other: ExprLike) -> Expression:
        return self._after("|", other)

    def __xor__(self, other: ExprLike) -> Expression:
        return self._with("^", other)

    def __rxor__(self, other: ExprLike) -> Expression:
        return self._after("^", other)

    def __lt__(self, other: ExprLike) -> Expression:
        return self._with("<", other)

    def __le__(self, other: ExprLike) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: ExprLike) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: ExprLike) -> Expression:
        return self._with(">=", other)

    def __eq__(self, other: ExprLike) -> Expression:  # type: ignore[override]
        return self._with("==", other)

    def __ne__(self, other: ExprLike) -> Expression:  # type: ignore[override]
        return self._with("!=", other)

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Expression:
        return Expression(n.Unary("-", self.node))

    def __invert__(self) -> Expression:
        return Expression(n.Unary("~", self.node))

    def and_(self, other: ExprLike) -> Expression:
        """`self && other`."""
        return self._with("&&", other)

    def or_(self, other: ExprLike) -> Expression:
        """`self || other`."""
        return self._with("||", other)

    def __bool__(self) -> NoReturn:
        raise TypeError("an expression has no value before the link; see and_, or_, NOT and IF")

    def __str__(self) -> str:
        return text_of(self.node)


class _Dot(Expression):
    """The location counter: an expression, and the statements that move it."""

    def align(self, to: ExprLike) -> n.Assignment:
        """`. = ALIGN(to);`: pad up to the next multiple of `to`."""
        return n.Assignment(".", "=", n.Call("ALIGN", "", (node_of(to),)))

    def set(self, to: ExprLike) -> n.Assignment:
        """`. = to;`"""
        return n.Assignment(".", "=", node_of(to))

    def advance(self, by: ExprLike) -> n.Assignment:
        """`. += by;`: leave room."""
        return n.Assignment(".", "+=", node_of(by))


ExprLike: TypeAlias = int | str | Expression | n.Expr


def node_of(value: ExprLike) -> n.Expr:
    """The expression a number, text or Expression stands for.  Reports script-syntax."""
    if isinstance(value, Expression):
        return value.node
    if isinstance(value, str):
        return parse_expression(value)
    if isinstance(value, int):
        return n.Unary("-", number(-value)) if value < 0 else number(value)
    return value


def number(value: int) -> n.Number:
    """A number as people write it: small ones in decimal."""
    return n.Number(value, str(value) if value < 10 else hex(value))


def maybe_node(value: ExprLike | None) -> n.Expr | None:
    return None if value is None else node_of(value)


DOT = _Dot(n.Name("."))
"""The location counter, `.`"""


def SYMBOL(name: str) -> Expression:
    """A reference to a symbol; any name, no quotes needed."""
    return Expression(n.Name(name))


def _call(name: str, target: str = "", *args: ExprLike) -> Expression:
    return Expression(n.Call(name, target, tuple(node_of(arg) for arg in args)))


def ADDR(section: str) -> Expression:
    return _call("ADDR", section)


def LOADADDR(section: str) -> Expression:
    return _call("LOADADDR", section)


def SIZEOF(section: str) -> Expression:
    return _call("SIZEOF", section)


def ALIGNOF(section: str) -> Expression:
    return _call("ALIGNOF", section)


def ORIGIN(region: str) -> Expression:
    return _call("ORIGIN", region)


def LENGTH(region: str) -> Expression:
    return _call("LENGTH", region)


def DEFINED(symbol: str) -> Expression:
    return _call("DEFINED", symbol)


def CONSTANT(name: str) -> Expression:
    return _call("CONSTANT", name)


def SEGMENT_START(segment: str, default: ExprLike) -> Expression:
    return _call("SEGMENT_START", segment, default)


def ALIGN(value: ExprLike, to: ExprLike | None = None) -> Expression:
    """ALIGN(n), the location counter rounded up, or ALIGN(value, n)."""
    return _call("ALIGN", "", value) if to is None else _call("ALIGN", "", value, to)


def ABSOLUTE(value: ExprLike) -> Expression:
    return _call("ABSOLUTE", "", value)


def LOG2CEIL(value: ExprLike) -> Expression:
    return _call("LOG2CEIL", "", value)


def MAX(one: ExprLike, other: ExprLike) -> Expression:
    return _call("MAX", "", one, other)


def MIN(one: ExprLike, other: ExprLike) -> Expression:
    return _call("MIN", "", one, other)


def SIZEOF_HEADERS() -> Expression:
    return _call("SIZEOF_HEADERS")


def NOT(value: ExprLike) -> Expression:
    return Expression(n.Unary("!", node_of(value)))


def IF(condition: ExprLike, then: ExprLike, other: ExprLike) -> Expression:
    """`condition ? then : other`."""
    return Expression(n.Ternary(node_of(condition), node_of(then), node_of(other)))
