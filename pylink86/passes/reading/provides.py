"""Which PROVIDE statements give their symbol a value, and which names the script assigns.

`PROVIDE(x = 1)` defines x only when something asks for it: an object, -u, an expression, or another
PROVIDE that is asked for itself (GNU ld manual 3.5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...dialect import Dialect
from ...script import nodes as n
from ..matching.match import Claims, Draft
from ..names.resolve import Resolution
from ..words import names_used


def wanted_names(
    claims: Claims, resolution: Resolution, undefined: Iterable[str] = (), bounded: bool = False
) -> frozenset[str]:
    """Names a PROVIDE would be asked for: needed by an object or -u, used in the script's
    expressions, or used by another PROVIDE that is asked for; only -u's when nothing would provide
    them.  bounded: a section may have `__start_` symbols.

    LLD defines it also when only a library knows the name, which nobody wanted."""
    nodes: list[object] = []
    provided: dict[str, list[n.Assignment]] = {}
    for item in (*claims.items, *claims.floating):
        if isinstance(item, Draft) and item.node is not None:
            nodes.append(_head_expressions(item.node))
        for node in item.items if isinstance(item, Draft) else (item,):
            if isinstance(node, n.Assignment) and node.provide:
                provided.setdefault(node.name, []).append(node)
            else:
                nodes.append(node)
    if not (provided or bounded):
        return frozenset(undefined)
    met = frozenset(resolution.met)
    todo = [name for name in provided if name in met]
    todo += [*undefined, *resolution.undefined, *(x for node in nodes for x in names_used(node))]
    wanted: set[str] = set()
    while todo:
        name = todo.pop()
        if name in wanted or name in resolution.definer:
            continue
        wanted.add(name)
        todo += (used for node in provided.get(name, ()) for used in names_used(node))
    return frozenset(wanted)


def _head_expressions(node: n.OutputSection) -> tuple[object, ...]:
    """What an output section computes outside of its braces."""
    return (node.address, node.type_value, node.at, node.align, node.subalign, node.fill)


def written_names(claims: Claims, dialect: Dialect) -> tuple[str, ...]:
    """The names of all assignments, first to last; in LLD those in output sections with a condition
    come last."""
    items: Sequence[object] = (*claims.items, *claims.floating)
    if dialect.first_name_counts:
        items = sorted(items, key=_is_conditional)
    nodes = (
        node for item in items for node in (item.items if isinstance(item, Draft) else (item,))
    )
    names = (node.name for node in nodes if isinstance(node, n.Assignment))
    return tuple(dict.fromkeys(name for name in names if name != "."))


def first_provides(claims: Claims, wanted: frozenset[str], dialect: Dialect) -> frozenset[int]:
    """The PROVIDE statements that define something, by identity: the first of each wanted name."""
    first: dict[str, int] = {}
    items: Sequence[object] = (*claims.items, *claims.floating)
    if dialect.first_name_counts:
        items = sorted(items, key=_is_conditional)
    for item in items:
        for node in item.items if isinstance(item, Draft) else (item,):
            if isinstance(node, n.Assignment) and node.name in wanted:
                first.setdefault(node.name, id(node) if node.provide else 0)
    return frozenset(first.values())


def _is_conditional(item: object) -> bool:
    return isinstance(item, Draft) and item.node is not None and bool(item.node.constraint)
