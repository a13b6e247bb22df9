"""Script symbols that count sectors: how a boot sector learns how much there is to load.

`STAGE_SECTORS = SIZEOF(.stage) / 512;` and `LENGTH = (. - ADDR(.stage)) >> 9;` are numbers that
become operands of a loader's code, where eight bits and a BIOS call set limits.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...script import nodes as n
from ..placement import Placement
from ..words import expressions

SECTOR = 512
DIVISORS = {">>": 9, "/": SECTOR}


def sector_counts(
    placed: Placement, least: int = 0, most: int = (1 << 64) - 1
) -> dict[str, n.Assignment]:
    """Symbols assigned from something shifted right by 9 or divided by 512, with the statement.

    least, most: only those whose value is in this range, which spares reading the others."""
    found: dict[str, n.Assignment] = {}
    for node in assignments(placed):
        value = placed.symbols.get(node.name)
        if value is not None and least <= value.absolute() <= most and _counts(node, placed):
            found[node.name] = node
    return found


def assignments(placed: Placement) -> Iterator[n.Assignment]:
    """Every assignment that was walked, inside output sections and between them."""
    for command in placed.commands:
        for node in getattr(command, "items", (command,)):
            if isinstance(node, n.Assignment):
                yield node


def _counts(node: n.Assignment, placed: Placement) -> bool:
    if node.op[:-1] in DIVISORS and _is(node.value, DIVISORS[node.op[:-1]], placed):
        return True
    return any(
        isinstance(e, n.Binary) and e.op in DIVISORS and _is(e.right, DIVISORS[e.op], placed)
        for e in expressions(node.value)
    )


def _is(expr: n.Expr, value: int, placed: Placement) -> bool:
    """Whether an expression is that number, or a symbol that has it as its value."""
    if isinstance(expr, n.Number):
        return expr.value == value
    known = placed.symbols.get(expr.name) if isinstance(expr, n.Name) else None
    return known is not None and known.absolute() == value
