"""Expressions and input statements in the words of GNU ld's map.

GNU ld keeps no text of the script; its map prints the trees again, with blanks and parentheses of
its own, constants in hexadecimal and what could be computed while reading already computed.
Source: `ld -Map` 2.40 with one statement of each kind.
"""

from __future__ import annotations

from ..dialect import GNU
from ..script import nodes as n
from ..script.evaluate import evaluate
from ..script.values import ABSOLUTE, Value

MASK = (1 << 64) - 1

FOLDED = frozenset({"MAX", "MIN", "LOG2CEIL"})
"""Functions that are computed at once when all they are given is constant."""


class _Nowhere:
    """The environment of a constant expression: it knows nothing."""

    dialect = GNU
    current = None
    sane_expr = False

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def expression(expr: n.Expr) -> str:
    """`(end + 0x8)`: an expression as the map shows it."""
    return _text(folded(expr))


def folded(expr: n.Expr) -> n.Expr:
    """The expression with operators on constants computed."""
    if isinstance(expr, n.Unary):
        return _computed(n.Unary(expr.op, folded(expr.operand)), expr.operand)
    if isinstance(expr, n.Binary):
        left, right = folded(expr.left), folded(expr.right)
        return _computed(n.Binary(expr.op, left, right), left, right)
    if isinstance(expr, n.Ternary):
        parts = folded(expr.condition), folded(expr.then), folded(expr.other)
        return _computed(n.Ternary(*parts), *parts)
    if isinstance(expr, n.Call):
        args = tuple(folded(arg) for arg in expr.args)
        call = n.Call(expr.name, expr.target, args)
        return _computed(call, *args) if expr.name in FOLDED else call
    if isinstance(expr, n.AssertExpr):
        return n.AssertExpr(folded(expr.condition), expr.message)
    return expr


def _computed(expr: n.Expr, *parts: n.Expr) -> n.Expr:
    """A number instead of an operator on numbers; `expr` itself has folded operands."""
    operands = [folded(part) for part in parts]
    if not all(isinstance(part, n.Number) for part in operands):
        return expr
    value = evaluate(expr, _Nowhere())  # type: ignore[arg-type]
    return n.Number(_number(value))


def _number(value: Value) -> int:
    return (value.number if value.section in (None, ABSOLUTE) else value.absolute()) & MASK


def _text(expr: n.Expr) -> str:
    if isinstance(expr, n.Number):
        return f"{expr.value & MASK:#x}"
    if isinstance(expr, n.Name):
        return expr.name
    if isinstance(expr, n.Unary):
        return f"{expr.op} ({_text(expr.operand)})"
    if isinstance(expr, n.Binary):
        return f"({_text(expr.left)} {expr.op} {_text(expr.right)})"
    if isinstance(expr, n.Ternary):
        return f"{_text(expr.condition)}?{_text(expr.then)}:{_text(expr.other)}"
    if isinstance(expr, n.AssertExpr):
        return f"ASSERT ({_text(expr.condition)}, {expr.message})"
    return _call(expr)


def _call(expr: n.Call) -> str:
    args = [_text(arg) for arg in expr.args]
    if expr.name == "DATA_SEGMENT_RELRO_END":
        args.reverse()
    if expr.target:
        args.insert(0, f'"{expr.target}"' if expr.name == "SEGMENT_START" else expr.target)
    return f"{expr.name} ({', '.join(args)})" if args else expr.name


def assignment(node: n.Assignment) -> str:
    """`x = (x + 0x1)`, `PROVIDE (x = 0x5)`."""
    value = node.value
    if node.op != "=":
        value = n.Binary(node.op[:-1], n.Name(node.name), value)
    text = f"{node.name} = {expression(value)}"
    return f"PROVIDE ({text})" if node.provide else text


def assertion(node: n.Assert) -> str:
    return f"ASSERT ({expression(node.condition)}, {node.message})"


def input_statement(node: n.InputStatement) -> str:
    """`*(EXCLUDE_FILE(b.o a.o) .text SORT_BY_NAME(.data.*))`; KEEP and flags are not shown, and of
    a list of excluded files the last comes first."""
    patterns = " ".join(_pattern(pattern) for pattern in node.sections)
    file = node.file.pattern
    if node.file.sort:
        file = f"{node.file.sort}({_excluded(node.file.exclude)}{file})"
        return f"{file}({patterns})"
    return f"{_excluded(node.file.exclude)}{file}({patterns})"


def _excluded(files: tuple[str, ...]) -> str:
    return f"EXCLUDE_FILE({' '.join(reversed(files))}) " if files else ""


def _pattern(pattern: n.SectionPattern) -> str:
    text = _excluded(pattern.exclude) + pattern.pattern
    if pattern.reverse:
        text = f"REVERSE({text})"
    for word in reversed(pattern.sort):
        text = f"{word}({text})"
    return text
