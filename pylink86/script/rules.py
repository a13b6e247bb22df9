"""What an operator does with values that belong to sections: the two linkers' rules.

Adding 4 to a symbol gives an address in the symbol's section, but what is the product of two
symbols, or of `.` and 2?  GNU ld reckons with offsets where it can and has a manual section about
it (3.10.8); LLD reckons with addresses and keeps a section in few operators only.  Both are tables
of functions here, and the dialect's row says which.  Every rule was compared with the linkers
themselves over generated expressions (tests/oracle/test_expressions.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from ..diag import Span, fail
from ..dialect import Dialect
from .arithmetic import COMPARISONS, MASK, OPERATORS, SIGNED, UNARY, align_up
from .values import ABSOLUTE, Environment, Value


def compute(op: str, a: int, b: int, dialect: Dialect, span: Span | None) -> int:
    """`a op b` on 64-bit words; reports division-by-zero and bad-alignment."""
    if op == "ALIGN":
        if b & (b - 1) and not dialect.align_any_number:
            raise fail("bad-alignment", f"alignment must be power of 2, not {b:#x}", span=span)
        return align_up(a, b)
    if op in SIGNED:
        if b == 0:
            raise fail("division-by-zero", f"{op} by zero", span=span)
        if dialect.divides_signed:
            return SIGNED[op](a, b)
    return OPERATORS[op](a, b)


# GNU ld: offsets


def _gnu_number(number: int, env: Environment) -> Value:
    """A written number or absolute symbol: plain where `.` is relative, else an address."""
    plain = env.current is not None or env.sane_expr
    return Value(number, None if plain else ABSOLUTE)


def _gnu_place(address: int, env: Environment) -> Value:
    """An address the linker made, such as ALIGN(n): relative inside an output section, like `.`."""
    if env.current is None:
        return Value(address, ABSOLUTE, True)
    return Value((address - env.current.vma) & MASK, env.current, True)


def _gnu_absolute(value: Value) -> Value:
    return Value(value.absolute(), ABSOLUTE, False)


def _gnu_unary(op: str, value: Value) -> Value:
    """Operators of one operand work on the offset and stay in the section."""
    return Value(UNARY[op](value.number), value.section, value.from_dot)


def _gnu_binary(op: str, a: Value, b: Value, env: Environment, span: Span | None) -> Value:
    """GNU ld manual 3.10.8; MAX, MIN and ALIGN keep an absolute result absolute (observed)."""
    from_dot = a.from_dot if b.from_dot is None else b.from_dot
    x, y = a.number, b.number
    section: Any
    if a.section is b.section and op in _KEEPS_SECTION:
        section = a.section
    elif a.section is not b.section and (a.section is None or b.section is None):
        section = b.section if a.section is None else a.section
    else:
        if a.section is not b.section:
            x, y, from_dot = a.absolute(), b.absolute(), False
        plain = (env.current is not None or env.sane_expr) and op not in _KEEPS_SECTION
        section = None if plain else ABSOLUTE
    if op in COMPARISONS:
        section = None
    return Value(compute(op, x, y, env.dialect, span), section, from_dot)


_KEEPS_SECTION = frozenset(("MAX", "MIN", "ALIGN"))


# LLD: addresses


def _lld_number(number: int, env: Environment) -> Value:
    return Value(number)


def _lld_absolute(value: Value) -> Value:
    return attrs.evolve(value, forced=True)


def _lld_unary(op: str, value: Value) -> Value:
    return value if op == "+" else Value(UNARY[op](value.absolute()))


def _lld_binary(op: str, a: Value, b: Value, env: Environment, span: Span | None) -> Value:
    """`+&|^` keep the section of the one relative operand, `-` that of the left, others none."""
    if op == "-":
        if a.is_absolute or b.is_absolute:
            return Value((a.number - b.absolute()) & MASK, a.section)
        return Value((a.absolute() - b.absolute()) & MASK)
    if op not in _LLD_KEEPS:
        result = compute(op, a.absolute(), b.absolute(), env.dialect, span)
        if op == "ALIGN" and a.section is not None:
            return Value((result - a.section.vma) & MASK, a.section, None, a.forced)
        return Value(result)
    if a.section is None or (a.forced and not b.is_absolute):
        a, b = b, a
    if not b.is_absolute:
        raise fail(
            "two-relative-operands",
            f"at least one side of the expression must be absolute: {op} of two section addresses",
            span=span,
            help=["ABSOLUTE(...) around one of them says which is meant as a number"],
        )
    result = OPERATORS[op](a.absolute(), b.absolute())
    if a.section is None:
        return Value(result)
    return Value((result - a.section.vma) & MASK, a.section, None, a.forced)


_LLD_KEEPS = frozenset(("+", "&", "|", "^"))


class Rules:
    """One linker's way with values.

    number: a written number or absolute symbol; place: an address the linker made, such as
    ORIGIN(); absolute: ABSOLUTE().
    """

    def __init__(
        self,
        number: Callable[[int, Environment], Value],
        place: Callable[[int, Environment], Value],
        absolute: Callable[[Value], Value],
        unary: Callable[[str, Value], Value],
        binary: Callable[[str, Value, Value, Environment, Span | None], Value],
    ) -> None:
        self.number, self.place, self.absolute = number, place, absolute
        self.unary, self.binary = unary, binary


ON_OFFSETS = Rules(_gnu_number, _gnu_place, _gnu_absolute, _gnu_unary, _gnu_binary)
ON_ADDRESSES = Rules(_lld_number, _lld_number, _lld_absolute, _lld_unary, _lld_binary)


def rules_of(dialect: Dialect) -> Rules:
    return ON_OFFSETS if dialect.arithmetic_on_offsets else ON_ADDRESSES
