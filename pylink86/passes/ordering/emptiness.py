"""Whether an output section that may hold nothing is in the output all the same.

A script describes sections for inputs that a program does not always have.  Both linkers leave an
output section without contents out, and each has its own idea of what counts: a symbol assigned in
it does, `. += 0` does in LLD only (GNU ld manual 3.6.7)."""

from __future__ import annotations

from ...dialect import Dialect
from ...script import nodes as n
from ..matching.match import Claim, SectionId, SectionList
from ..words import names_used
from .entry import Entry


def holds_something(
    entry: Entry,
    table: SectionList,
    provided: frozenset[int],
    is_asked: bool,
    kept: frozenset[SectionId],
    dialect: Dialect,
) -> bool:
    """Whether an output section stays (GNU ld manual 3.6.8.1; the finer points by experiment).
    With -r GNU ld drops none that anything gave being.

    is_asked: for its address; kept: what KEEP() matches, or anything with -q.  GNU ld: kept by one
    of those, an input of some size, a data statement, a symbol or a `.` assignment that can move.
    LLD: kept by any input section, any statement but a PROVIDE nobody needs, by ADDR() of it
    anywhere, and by expressions of its own that use symbols."""
    if dialect.orphans_follow_flags and not dialect.drops_zero_size:
        return entry.begun
    sids = [sid for item in entry.items if isinstance(item, Claim) for sid in item.sections]
    holds_input = any(table.size[sid] or sid in kept for sid in sids)
    if entry.has_data or entry.node is None:
        return entry.has_data or not dialect.drops_zero_size or holds_input
    if dialect.drops_zero_size:
        if holds_input:
            return True
    elif not table.phantoms.issuperset(sids) or is_asked or names_used(entry.node):
        return True
    return any(_keeps(item, provided, dialect) for item in entry.items)


def _keeps(item: Claim | n.SectionStatement, provided: frozenset[int], dialect: Dialect) -> bool:
    """Whether a statement other than input keeps its output section."""
    if isinstance(item, n.Assignment):
        if item.name != ".":
            return not item.provide or id(item) in provided
        return not (dialect.drops_zero_size and _adds_zero(item))
    return isinstance(item, n.Assert) and not dialect.drops_zero_size


def only_symbols(entry: Entry, kept: frozenset[SectionId]) -> bool:
    """Whether an output section has no input that KEEP() keeps, no data, nothing that moves `.`:
    when it has no size, only symbols keep it."""
    return (
        entry.node is not None
        and not entry.has_data
        and not any(
            (isinstance(item, Claim) and not kept.isdisjoint(item.sections))
            or (isinstance(item, n.Assignment) and item.name == "." and not _adds_zero(item))
            for item in entry.items
        )
    )


def _adds_zero(item: n.Assignment) -> bool:
    """`. += 0`, `. = . + 0`, and `. = ALIGN(. != 0 ? n : 1)` as in its own scripts: GNU ld does not
    count them."""
    if item.op == "+=":
        return _is_zero(item.value)
    value = item.value
    if isinstance(value, n.Call) and value.name == "ALIGN" and len(value.args) == 1:
        return _is_one_at_zero(value.args[0])
    return (
        isinstance(value, n.Binary)
        and value.op == "+"
        and isinstance(value.left, n.Name)
        and value.left.name == "."
        and _is_zero(value.right)
    )


def _is_one_at_zero(expr: n.Expr) -> bool:
    """`. != 0 ? n : 1`"""
    return (
        isinstance(expr, n.Ternary)
        and isinstance(expr.condition, n.Binary)
        and expr.condition.op == "!="
        and expr.condition.left == n.Name(".")
        and _is_zero(expr.condition.right)
        and isinstance(expr.other, n.Number)
        and expr.other.value == 1
    )


def _is_zero(expr: n.Expr) -> bool:
    return isinstance(expr, n.Number) and expr.value == 0
