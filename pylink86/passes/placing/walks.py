"""The walk over the script, made as often as it takes until nothing moves.

A script may ask for things that are only known later in the walk (SIZEOF of a later section, a
symbol defined further down), so the walk is repeated, each time with what the one before found.
Without such a forward reference one walk is all."""

from __future__ import annotations

from ...diag import Diagnostics, fail
from ...dialect import Dialect
from ..ordering.order import Plan
from ..placement import Placement
from ..reading.scripts import ScriptFile
from .first_walk import asks_for_first_walk, walk_first
from .locate import Addresses
from .place import Walk

MAX_WALKS = 64


def settle_addresses(
    plan: Plan,
    script: ScriptFile,
    addresses: Addresses,
    dialect: Dialect,
    diags: Diagnostics,
    flat: bool = False,
) -> Placement:
    """Walk until a walk finds what the one before found; the first walk is enough without forward
    references.

    flat: the output is a raw image, where LLD has no load addresses.  In GNU ld's dialect the
    walk before the first one that counts is the one in which nothing is left out.
    Reports what the last walk met (dot-moved-backwards, undefined-symbol ...), and
    layout-does-not-settle when it goes on moving.  Source: GNU ld manual 3.10.5; repeating is ours.
    """
    marks = dialect.tables_like_gnu and not dialect.walks_once
    before, last = None, None
    if marks and asks_for_first_walk(plan, addresses):
        before = walk_first(plan, script, addresses, dialect)
    for _ in range(MAX_WALKS - (before is not None)):
        found = Diagnostics()
        walk = Walk(plan, script, addresses.fresh(), dialect, before, found, flat=flat)
        placed = walk.run()
        depends = walk.looked_ahead or walk.is_weighing
        if not depends or (before is not None and _same(before, placed)):
            diags.extend(found)
            diags.stop_on_errors()
            placed.addresses.fill()
            return placed
        if marks and walk.looked_ahead and before is None:
            placed = walk_first(plan, script, addresses, dialect)
        before, last = placed, before
    moving = _first_difference(last, placed)
    raise fail(
        "layout-does-not-settle",
        f"the layout does not settle: {moving} changes every time it is computed",
        notes=[f"{MAX_WALKS} walks over the script were tried"],
        help=["an address depends on itself through a forward reference; break the circle"],
    )


def _same(a: Placement, b: Placement) -> bool:
    return _numbers(a) == _numbers(b)


def _numbers(placed: Placement) -> tuple[object, ...]:
    return (
        [(s.vma, s.lma, s.size) for s in placed.sections],
        {name: value.absolute() for name, value in placed.symbols.items()},
        placed.end,
        placed.data_segment.relro_span,
        placed.data_segment.span,
        placed.data_segment.choice,
    )


def _first_difference(a: Placement | None, b: Placement) -> str:
    if a is not None:
        for one, two in zip(a.sections, b.sections):
            if (one.vma, one.lma, one.size) != (two.vma, two.lma, two.size):
                return f"section `{two.name}'"
        for name, value in b.symbols.items():
            old = a.symbols.get(name)
            if old is None or old.absolute() != value.absolute():
                return f"symbol `{name}'"
    return "the location counter"
