"""The walk over the script, made as often as it takes until nothing moves.

A script may ask for things that are only known later in the walk (SIZEOF of a later section, a
symbol defined further down), so the walk is repeated, each time with what the one before found.
Without such a forward reference one walk is all."""

from __future__ import annotations

from .. import elf_const as c
from ..diag import Diagnostics, fail
from ..dialect import Dialect
from ..script import nodes as n
from .locate import Addresses
from .order import OutputPlan, Plan
from .place import Walk
from .placement import Placement
from .scripts import ScriptFile

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

    flat: the output is a raw image, where LLD has no load addresses.
    Reports what the last walk met (dot-moved-backwards, undefined-symbol ...), and
    layout-does-not-settle when it goes on moving.  Source: GNU ld manual 3.10.5; repeating is ours.
    """
    advanced = advanced_at_first(plan, script, addresses, dialect)
    before: Placement | None = None
    for _ in range(MAX_WALKS):
        found = Diagnostics()
        walk = Walk(plan, script, addresses.fresh(), dialect, before, found, flat=flat)
        walk.advanced = advanced
        placed = walk.run()
        if not walk.looked_ahead or (before is not None and _same(before, placed)):
            diags.extend(found)
            diags.stop_on_errors()
            placed.addresses.fill()
            return placed
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


# GNU ld's first walk


class _FirstWalk(Walk):
    """GNU ld's first walk, which finds out what is empty: up to then nothing is left out, and empty
    sections, its own tables too, take the room their alignment asks for."""

    marking = True


def advanced_at_first(
    plan: Plan, script: ScriptFile, addresses: Addresses, dialect: Dialect
) -> frozenset[int]:
    """The output sections that may be empty, by OutputPlan.index, in which `.` moved in GNU ld's
    first walk.  They count as in memory from then on, or are not left out, even when it does not
    move later (observed: `. = . + 15; .x : { . = ALIGN(16); }` behind 49 bytes of data)."""
    if not dialect.tables_like_gnu or dialect.walks_once:
        return frozenset()
    unsure = [section for section in plan.sections if _may_be_bare(section) or _is_padded(section)]
    if not unsure:
        return frozenset()
    walk = _FirstWalk(plan, script, addresses.fresh(), dialect, None, Diagnostics())
    sections = walk.run().sections
    return frozenset(section.index for section in unsure if sections[section.index].size)


def _may_be_bare(section: OutputPlan) -> bool:
    """Whether only assignments to `.` decide if an output section is in memory."""
    moves = (isinstance(item, n.Assignment) and item.name == "." for item in section.items)
    is_bare = section.type == c.SHT_NOBITS or not section.alloc
    return is_bare and not section.has_contents and any(moves)


def _is_padded(section: OutputPlan) -> bool:
    """Whether an output section that is left out may have had bytes before an empty input: its
    SUBALIGN() did not count for its own address yet."""
    has_subalign = section.node is not None and section.node.subalign is not None
    return section.dropped and has_subalign and next(section.sections(), None) is not None
