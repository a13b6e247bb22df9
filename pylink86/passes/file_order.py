"""In which order GNU ld takes up the input files when it writes the output.

A file is read when the linker comes to the first of its sections, and then it gives all it has: its
local symbols, its relocations.  So the order in which files have their first sections in the output
is that of the symbol table, and of lists that are made while relocations are applied.

Found by linking small files whose sections a script puts in another order, and reading
`readelf -sW` and `readelf -rW`."""

from __future__ import annotations

from collections.abc import Container, Iterable

from .. import elf_const as c
from ..script import nodes as n
from .matching.match import SectionId, SectionList
from .ordering.order import OutputPlan
from .placement import Placement
from .placing.locate import Addresses


def files_as_placed(placed: Placement, with_header: Container[int] | None = None) -> dict[int, int]:
    """Number of each file that has a section in the output -> its rank by the first of them; empty
    ones count, too.

    with_header: the output sections that have one, by OutputPlan.index; None: all that are not
    left out.  They count in the order of headers, and only those with contents do.  Unwind tables
    without records count when one behind them has some."""
    where = placed.addresses
    table = where.table
    emptied = emptied_tables(where)
    found: dict[int, None] = {}
    for section in sorted(placed.sections, key=lambda s: s.plan.header):
        plan = section.plan
        hollow = plan.dropped or (plan.only_symbols and not section.size)
        if hollow if with_header is None else plan.index not in with_header:
            continue
        if not _has_bytes(plan, table):
            continue
        sids = _inputs_of(plan, where)
        if section.name == ".eh_frame":
            sids = _unwind_tables(sids, table, emptied)
        found.update((table.file[sid], None) for sid in sids)
    found.pop(-1, None)
    return {file: rank for rank, file in enumerate(found)}


def emptied_tables(where: Addresses) -> frozenset[SectionId]:
    """Unwind tables of which nothing is left."""
    names, edited = where.table.name, where.edits.size.items()
    return frozenset(sid for sid, size in edited if not size and names[sid] == ".eh_frame")


def _inputs_of(plan: OutputPlan, where: Addresses) -> list[SectionId]:
    """The sections of files in an output section.  Of the linker's own only those with contents
    count, and COMMON: a file keeps that when larger requests of other files have emptied it."""
    table, parts = where.table, where.edits.parts
    sids = [*plan.sections()]
    if parts:
        sids = [part for sid in sids for part in parts.get(sid) or (sid,)]
    own = table.base[-1]
    if max(sids, default=0) < own:
        return sids
    return [sid for sid in sids if sid < own or where.size[sid] or table.name[sid] == "COMMON"]


def _unwind_tables(
    sids: Iterable[SectionId], table: SectionList, emptied: frozenset[SectionId]
) -> list[SectionId]:
    """Those that have records, in the order of the files, and those before the last of them."""

    def rank(sid: SectionId) -> tuple[int, SectionId]:
        return table.file[sid], sid

    held = sorted({*sids} - emptied, key=rank)
    if not held:
        return []
    last = table.file[held[-1]]
    return sorted((*held, *(sid for sid in emptied if table.file[sid] < last)), key=rank)


def _has_bytes(plan: OutputPlan, table: SectionList) -> bool:
    """Whether an output section has contents for GNU ld: (OVERLAY) and its like make `.bss`
    PROGBITS in the section table, and it has none all the same."""
    if plan.type == c.SHT_NOBITS:
        return False
    if any(table.type[sid] != c.SHT_NOBITS for sid in plan.sections()):
        return True
    return any(isinstance(item, (n.Data, n.Text)) for item in plan.items)
