"""Which names an expression or statement mentions: symbols, and sections whose address is used.

The script's expressions are read several times before they are evaluated: PROVIDE wants to know
whether a symbol is used, an empty output section stays when its address is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..script import nodes as n

ADDRESS_CALLS = frozenset({"ADDR", "LOADADDR"})


def expressions(node: object) -> Iterator[n.Expr]:
    """Every expression under a node, outermost first; the node itself when it is one."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, n.Node):
            if isinstance(item, _EXPR):
                yield item
            for name in _fields(type(item)):
                value = getattr(item, name)
                if value is not None:
                    stack.append(value)


_EXPR = (n.Number, n.Name, n.Unary, n.Binary, n.Ternary, n.Call, n.AssertExpr)


def _fields(kind: type) -> tuple[str, ...]:
    """Names of the fields that can hold expressions; spans and plain values are left out."""
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = tuple(f.name for f in attrs.fields(kind) if f.type not in PLAIN)
    return found


PLAIN = frozenset(
    ("str", "int", "bool", "bytes", "tuple[str, ...]", "Span | None", "FilePattern",
     "tuple[SectionPattern, ...]", "tuple[InputFile, ...]")
)  # fmt: skip
"""Types of fields that hold no expression."""

_FIELDS: dict[type, tuple[str, ...]] = {}
"""Field names by node type: what the class says, read once."""


def names_used(node: object) -> set[str]:
    """Symbols a node's expressions mention (`.` is none); DEFINED(x) asks, and does not use."""
    return {e.name for e in expressions(node) if isinstance(e, n.Name) and e.name != "."}


def sections_addressed(node: object) -> set[str]:
    """Sections whose ADDR or LOADADDR a node's expressions ask for."""
    return {
        e.target for e in expressions(node) if isinstance(e, n.Call) and e.name in ADDRESS_CALLS
    }


def asks_header_size(node: object) -> bool:
    """Whether any expression under a node reads SIZEOF_HEADERS."""
    return any(isinstance(e, n.Call) and e.name == "SIZEOF_HEADERS" for e in expressions(node))
