"""Which symbol an assignment of a script gives another name.

`memcpy_fast = memcpy;` makes a function of `memcpy_fast`, because `memcpy` is one: what a linker
writes beside the value of a symbol, its type and who may see it, comes along.  Each linker has its
own idea of how far an expression may be from a bare name for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...script import nodes as n

IsDefined = Callable[[str], bool]
"""Whether DEFINED() of a name holds."""


def only_name_read(node: n.Assignment, is_defined: IsDefined) -> str:
    """The one name that the value of an assignment reads, for GNU ld, as `b` in `a = b + 4;`; ""
    for none or several (observed)."""
    names = list(_names_read(node.value, is_defined)) if node.op == "=" else []
    return names[0] if len(names) == 1 else ""


def other_name(node: n.Assignment, is_defined: IsDefined) -> str:
    """`b` in `a = b;`, for LLD, also where a condition chooses it; "" for any other expression."""
    value: n.Expr = node.value
    while isinstance(value, n.Ternary):
        chosen = _chosen(value, is_defined)
        if chosen is None:
            return ""
        value = chosen
    return value.name if node.op == "=" and isinstance(value, n.Name) and value.name != "." else ""


def _names_read(expr: n.Expr, is_defined: IsDefined) -> Iterator[str]:
    """Names an expression reads, as often as it does; of a condition that only values can decide,
    two that nobody has, because either branch may be read."""
    if isinstance(expr, n.Name):
        yield from [expr.name] if expr.name != "." else []
    elif isinstance(expr, n.Unary):
        yield from _names_read(expr.operand, is_defined)
    elif isinstance(expr, n.Binary):
        yield from _names_read(expr.left, is_defined)
        yield from _names_read(expr.right, is_defined)
    elif isinstance(expr, n.Call):
        for arg in expr.args:
            yield from _names_read(arg, is_defined)
    elif isinstance(expr, n.Ternary):
        chosen = _chosen(expr, is_defined)
        yield from ("", "") if chosen is None else _names_read(chosen, is_defined)


def _chosen(expr: n.Ternary, is_defined: IsDefined) -> n.Expr | None:
    """The branch that a condition chooses which is a number or DEFINED(name); else None."""
    condition = expr.condition
    if isinstance(condition, n.Number):
        holds = bool(condition.value)
    elif isinstance(condition, n.Call) and condition.name == "DEFINED":
        holds = is_defined(condition.target)
    else:
        return None
    return expr.then if holds else expr.other
