"""OVERLAY: sections that run at one address and are loaded one behind the other.

A program too large for its memory keeps parts side by side on the disk and copies the one it needs
to the place they share.  In a script that is one statement; what it means can be said with output
sections, load addresses and symbols, and here it is said (GNU ld manual 3.6.9).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from ...dialect import GNU, Dialect
from ...script import nodes as n


def expand_overlays(
    items: tuple[n.SectionsItem, ...], dialect: Dialect = GNU
) -> tuple[n.SectionsItem, ...]:
    """The items of a SECTIONS command with each OVERLAY replaced by what it stands for.

    LLD: one without an address is at `.` as it is, which no alignment raises.  GNU ld: placing
    knows that members are loaded one behind the other; else AT() says it."""
    if not any(isinstance(item, n.Overlay) for item in items):
        return items
    return tuple(
        made
        for item in items
        for made in (_expanded(item, dialect) if isinstance(item, n.Overlay) else (item,))
    )


def shut_overlays(items: tuple[n.SectionsItem, ...]) -> Iterator[n.Command]:
    """A NOCROSSREFS command for each OVERLAY that says so."""
    for item in items:
        if isinstance(item, n.Overlay) and item.no_cross_refs:
            names = tuple(section.name for section in item.sections)
            yield n.Command("NOCROSSREFS", names, item.span)


def _expanded(overlay: n.Overlay, dialect: Dialect) -> Iterator[n.SectionsItem]:
    """Output sections at one address, symbols for where each is loaded, and `.` behind the longest.

    The first section is where the OVERLAY says, in memory and in the image; each other one starts
    at its address and is loaded behind the one before.
    """
    before: n.OutputSection | None = None
    begin, load = overlay.address, overlay.at
    if not dialect.aligns_overlays:
        begin = begin or n.Name(".")
        load = load or (None if overlay.lma_region else n.Name("."))
    for section in overlay.sections:
        at = None
        if before is not None and not dialect.lma_counts:
            at = _loaded_behind(before, overlay)
        made = attrs.evolve(
            section,
            address=begin if before is None else _ask("ADDR", overlay.sections[0].name),
            at=load if before is None else at,
            subalign=overlay.subalign,
            region=overlay.region,
            lma_region=overlay.lma_region,
            phdrs=section.phdrs or overlay.phdrs,
            fill=section.fill or overlay.fill,
            overlay=overlay.sections[0].name,
        )
        yield made
        yield from _load_symbols(made)
        before = section
    if before is not None:
        yield n.Assignment(".", "=", _end(overlay), span=overlay.span, trails=True)


def _loaded_behind(before: n.OutputSection, overlay: n.Overlay) -> n.Expr | None:
    """Where the next section is loaded; with `AT>region` the region knows."""
    return None if overlay.lma_region else _load_end(before.name)


def _end(overlay: n.Overlay) -> n.Expr:
    longest: n.Expr = _ask("SIZEOF", overlay.sections[0].name)
    for section in overlay.sections[1:]:
        longest = n.Call("MAX", args=(longest, _ask("SIZEOF", section.name)))
    return n.Binary("+", _ask("ADDR", overlay.sections[0].name), longest)


def _load_symbols(section: n.OutputSection) -> Iterator[n.Assignment]:
    """`__load_start_name` and `__load_stop_name`, when something refers to them; of the section's
    name only what a C name may hold is in theirs."""
    name = re.sub(r"[^0-9A-Za-z_]", "", section.name)
    start = _ask("LOADADDR", section.name)
    for kind, value in (("start", start), ("stop", _load_end(section.name))):
        symbol = f"__load_{kind}_{name}"
        yield n.Assignment(symbol, "=", value, provide=True, span=section.name_span, implied=True)


def _load_end(section: str) -> n.Expr:
    return n.Binary("+", _ask("LOADADDR", section), _ask("SIZEOF", section))


def _ask(function: str, section: str) -> n.Expr:
    return n.Call(function, section)
