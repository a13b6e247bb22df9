"""What a script needs of the inputs: the names it mentions, in the order it mentions them.

A name that a script uses can be defined by an archive member, which then has to join the link.
That is decided before anything has an address, so expressions are not evaluated here, only looked
at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from ...script import nodes as n

_NEVER_KNOWN = frozenset(
    {"ADDR", "LOADADDR", "SIZEOF", "ALIGNOF", "SIZEOF_HEADERS", "NEXT", "BLOCK"}
)
"""Functions whose value is known only when sections have addresses."""


def assigned(commands: Iterable[n.TopLevel]) -> Iterator[n.Assignment]:
    """Every assignment to a symbol, wherever it stands, in order."""
    for command in commands:
        if isinstance(command, n.Assignment):
            if command.name != ".":
                yield command
        elif isinstance(command, n.SectionsCommand):
            yield from assigned(command.items)  # type: ignore[arg-type]
        elif isinstance(command, n.Overlay):
            yield from assigned(command.sections)  # type: ignore[arg-type]
        elif isinstance(command, n.OutputSection):
            yield from assigned(command.statements)  # type: ignore[arg-type]


def value_is_known(expr: n.Expr, state: Mapping[str, int], defined: int, needs: list[str]) -> bool:
    """Whether an expression has a value while files are still read, as GNU ld tries it out.

    state, defined: a name is defined when its state is at least that.  needs: is given the names
    that are not.  Of a condition only the branch that is taken counts.
    """
    if isinstance(expr, n.Number):
        return True
    if isinstance(expr, n.Name):
        if expr.name == "." or state.get(expr.name, 0) >= defined:
            return True
        needs.append(expr.name)
        return False
    if isinstance(expr, n.Unary):
        return value_is_known(expr.operand, state, defined, needs)
    if isinstance(expr, n.Binary):
        return _all_known(expr, state, defined, needs)
    if isinstance(expr, n.Ternary):
        truth = _truth(expr.condition, state, defined)
        if truth is None:
            value_is_known(expr.condition, state, defined, needs)
            return False
        return value_is_known(expr.then if truth else expr.other, state, defined, needs)
    if isinstance(expr, n.Call):
        every = [value_is_known(arg, state, defined, needs) for arg in expr.args]
        return all(every) and expr.name not in _NEVER_KNOWN
    return False


def _all_known(chain: n.Binary, state: Mapping[str, int], defined: int, needs: list[str]) -> bool:
    """The same for both sides; `a + b + c` leans to the left, as deep as it is long."""
    rights = []
    left: n.Expr = chain
    while isinstance(left, n.Binary):
        rights.append(left.right)
        left = left.left
    every = [value_is_known(side, state, defined, needs) for side in (left, *reversed(rights))]
    return all(every)


def _truth(expr: n.Expr, state: Mapping[str, int], defined: int) -> bool | None:
    """Whether a condition of numbers and DEFINED() holds; None when it needs more."""
    if isinstance(expr, n.Number):
        return bool(expr.value)
    if isinstance(expr, n.Call) and expr.name == "DEFINED":
        return state.get(expr.target, 0) >= defined
    if isinstance(expr, n.Unary) and expr.op == "!":
        truth = _truth(expr.operand, state, defined)
        return None if truth is None else not truth
    return None


SPECIAL_WORDS = ("type_value",)
"""Fields whose names are no symbols: `(TYPE=SHT_NOTE)`."""


def names_in_order(
    commands: Iterable[object], state: Mapping[str, int], defined: int
) -> Iterator[str]:
    """Every name that is used anywhere, from left to right.

    PROVIDE(x = ...) uses names only when x itself is wanted and not defined.
    """
    stack = list(commands)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, n.Name):
            if node.name != ".":
                yield node.name
        elif isinstance(node, tuple):
            stack.extend(reversed(node))
        elif isinstance(node, n.Assignment) and node.provide:
            if 0 < state.get(node.name, 0) < defined:
                stack.append(node.value)
        elif isinstance(node, n.Node):
            stack.extend(
                getattr(node, f.name)
                for f in reversed(attrs.fields(type(node)))  # type: ignore[arg-type]
                if not f.name.endswith("span") and f.name not in SPECIAL_WORDS
            )
