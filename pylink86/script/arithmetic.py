"""64-bit arithmetic as the linkers do it: everything wraps, most of it is unsigned.

Python's integers do not wrap, so each operator says here what a machine word makes of it.  Values
go in and come out as numbers from 0 to 2**64 - 1.
"""

from __future__ import annotations

from collections.abc import Callable

MASK = (1 << 64) - 1
_SIGN = 1 << 63


def signed(value: int) -> int:
    """A 64-bit pattern read as two's complement."""
    return value - (1 << 64) if value & _SIGN else value


def _divide_signed(a: int, b: int) -> int:
    """C's `/` on signed words: rounds to zero.  -2**63 / -1, on which GNU ld crashes, wraps."""
    x, y = signed(a), signed(b)
    quotient = abs(x) // abs(y)
    return (quotient if (x < 0) == (y < 0) else -quotient) & MASK


def _modulo_signed(a: int, b: int) -> int:
    """C's `%` on signed words: the remainder has the sign of the dividend."""
    x, y = signed(a), signed(b)
    remainder = abs(x) % abs(y)
    return (-remainder if x < 0 else remainder) & MASK


# Observed in ld 2.40 and LLD 19 with `s = -1 >> 1;`, `1 << 65`, `-1 < 1`, ...: comparisons and
# shifts are unsigned in both, and the hardware takes a shift count modulo 64.
OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: (a + b) & MASK,
    "-": lambda a, b: (a - b) & MASK,
    "*": lambda a, b: (a * b) & MASK,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<<": lambda a, b: (a << (b & 63)) & MASK,
    ">>": lambda a, b: a >> (b & 63),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
    "MAX": max,
    "MIN": min,
}
"""Binary operators and MAX, MIN; the caller has seen to it that no divisor is 0."""

SIGNED = {"/": _divide_signed, "%": _modulo_signed}
"""What `/` and `%` are in a linker that divides signed numbers."""

UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a & MASK,
    "~": lambda a: ~a & MASK,
    "!": lambda a: int(not a),
    "+": lambda a: a,
}

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "&&", "||"))


def align_up(value: int, align: int) -> int:
    """The next multiple of `align`, any number; 0 and 1 leave the value alone."""
    if align <= 1:
        return value
    return ((value + align - 1) & MASK) // align * align & MASK


def log2_ceil(value: int) -> int:
    """The smallest n with 2**n >= value; 0 for 0."""
    return (value - 1).bit_length() if value else 0
