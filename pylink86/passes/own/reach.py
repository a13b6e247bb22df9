"""Loads that were rewritten and do not reach: they get their slot back.

A load through the global offset table is rewritten before anything has an address, because it
decides how large the table is.  When addresses are known, a symbol may turn out to lie more than
2 GiB away, or not below 2 GiB where the new instruction wants its number.  Then the link is laid
out again with the load as it was.  GNU ld gives up there ("failed to convert GOTPCREL relocation");
LLD goes back as this does."""

from __future__ import annotations

from collections.abc import Callable

from ...arch import rows_for, word_of
from ...arch.reloc import PC, REACHES, accepted
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script.values import Value
from ..matching.match import Claims, SectionList
from ..placement import Placement
from ..placing.settle import Settled
from ..relocating.symbol_values import SymbolValues, as_signed
from ..tables import BOUNDARIES, Changed, Load, Tables

Kept = dict[Load, None]
"""Loads to leave as they are, round by round, in each by their place in the output."""


class Laid:
    """A link laid out: the linker's tables, the input sections and claims with them in, and where
    everything is."""

    def __init__(
        self,
        tables: Tables,
        table: SectionList,
        claims: Claims,
        settled: Settled,
    ) -> None:
        self.tables, self.table, self.claims = tables, table, claims
        self.settled = settled


def in_reach(
    lay_out: Callable[[Kept, Diagnostics], Laid], dialect: Dialect, diags: Diagnostics
) -> Laid:
    """Lay the link out until every rewritten load reaches.

    lay_out: the passes from the scan of relocations to addresses, given the loads to leave as they
    are.  Each round leaves more alone, so there is an end; what only an earlier round met is not
    reported."""
    kept: Kept = {}
    while True:
        met = diags.fresh()
        laid = lay_out(kept, met)
        far = too_far(laid.tables, laid.settled.placed, dialect)
        if not far:
            diags.extend(met)
            return laid
        kept = {**kept, **far}


def too_far(tables: Tables, placed: Placement, dialect: Dialect) -> Kept:
    """The rewritten loads that do not reach."""
    if not tables.changed:
        return {}
    values = SymbolValues(placed)
    far = [one for one in tables.changed if not _reaches(one, values, placed, dialect)]
    far.sort(key=lambda one: placed.addresses.of_place(one.section, one.rewrite.place) or (-1, 0))
    return {one.load: None for one in far}


def _reaches(changed: Changed, values: SymbolValues, placed: Placement, dialect: Dialect) -> bool:
    file = changed.load[0]
    where = placed.addresses
    place = where.of_place(changed.section, changed.rewrite.place)
    target = values.of_file(file)[changed.symbol]
    if place is None or target is None:
        return True
    if not dialect.relaxes_absolute_loads and _is_absolute(changed, placed):
        return False
    machine = where.resolution.files[file].header.machine
    row = rows_for(machine)[changed.rewrite.type]
    value = target + changed.rewrite.addend
    if row.kind == PC:
        value -= placed.sections[place[0]].vma + place[1]
    lowest, highest = accepted(REACHES[dialect.name], row)
    word = word_of(machine)
    return word == 4 or lowest <= as_signed(value) <= highest


def _is_absolute(changed: Changed, placed: Placement) -> bool:
    """Whether the script gives the symbol a number instead of a place in a section."""
    resolution = placed.addresses.resolution
    file = changed.load[0]
    first = resolution.first_global[file]
    if changed.symbol < first:
        return False
    name = resolution.global_names[file][changed.symbol - first]
    if name.startswith(BOUNDARIES):
        return False
    value: Value | None = placed.symbols.get(name)
    return value is not None and value.is_absolute
