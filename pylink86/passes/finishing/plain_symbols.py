"""Global symbols that are in the output as their files have them, at the address of their section.

Nearly all are.  For those a row of the output is a few looks into columns, which are made here for
all names at once: 1 us a symbol instead of ten.  The columns are filled in the order in which names
are met, where one lies beside the next in memory, and only then put into the output's, which jumps
to and fro."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import compress, groupby
from operator import add, itemgetter
from typing import TypeVar

from ... import elf_const as c
from ...elf_tables import Column
from ..placing.locate import MAX_OFFSET
from ..section_list import SectionId
from .symbol_columns import Home, SymbolColumns
from .symbol_sources import SymbolSources

T = TypeVar("T")

NOBODY = (-1, 0)
"""The null symbol of the linker's own file, which is the last."""


def plain_symbols(
    sources: SymbolSources,
    met: Sequence[str],
    walk: Sequence[int],
    visibilities: Mapping[str, int],
    apart: Collection[str],
) -> SymbolColumns:
    """A row for each name, in the order of `walk`, which has their places in `met`; those that are
    not plain, or are named in `apart`, have shndx 0."""
    resolution = sources.placed.addresses.resolution
    definer = resolution.definer
    homes = [definer.get(name, NOBODY) for name in met]
    sids, sec_offs, sizes, infos, others = _fields(sources, homes)
    shndx = _headers(sources, sids, homes)
    if any(others):
        others = [other & ~3 for other in others]
    special = visibilities.keys() | apart
    for at, name in compress(enumerate(met), map(special.__contains__, met)):
        others[at] |= visibilities.get(name, c.STV_DEFAULT)
        shndx[at] *= name not in apart

    def walked(column: Sequence[T]) -> list[T]:
        return list(map(column.__getitem__, walk))

    return SymbolColumns(
        walked(met),
        walked([*map(add, _starts(sources, sids), sec_offs)]),
        walked(sizes),
        walked(infos),
        walked(others),
        walked(shndx),
        [None] * len(walk),
    )


def _fields(
    sources: SymbolSources, homes: Sequence[Home]
) -> tuple[list[SectionId], list[int], list[int], list[int], list[int]]:
    """Of each of these symbols its section (0: none), its offset there, size, info and other."""
    where = sources.placed.addresses
    files, base = where.resolution.files, where.table.base
    sids: list[SectionId] = []
    sec_offs: list[int] = []
    sizes: list[int] = []
    infos: list[int] = []
    others: list[int] = []
    for file, run in groupby(homes, key=itemgetter(0)):
        symbols, start = files[file].symbols, base[file]
        of_run = _picker([index for _, index in run])
        sids += [start + shndx if shndx > 0 else 0 for shndx in of_run(symbols.shndx)]
        sec_offs += of_run(symbols.value)
        sizes += of_run(symbols.size)
        infos += of_run(symbols.info)
        others += of_run(symbols.other)
    return sids, sec_offs, sizes, infos, others


def _picker(rows: list[int]) -> Callable[[Column], Column]:
    """What takes these rows out of a column.  The symbols of a file are mostly met as they follow
    each other there."""
    first, last = rows[0], rows[0] + len(rows)
    if rows == [*range(first, last)]:
        return itemgetter(slice(first, last))
    return lambda column: tuple([column[row] for row in rows])


def _headers(sources: SymbolSources, sids: Sequence[int], homes: Sequence[Home]) -> list[int]:
    """For the input section of each symbol the header index of its output section; 0 where more has
    to be known: it has none, its bytes moved, thread-local addresses count from elsewhere."""
    placed = sources.placed
    where = placed.addresses
    shown = [
        0
        if section.plan.flags & c.SHF_TLS and not sources.relocatable
        else sources.where.get(index, 0)
        for index, section in enumerate(placed.sections)
    ]
    shown.append(0)  # for owner -1: not placed
    owner, own = where.owner, where.table.base[-1]
    found = [shown[owner[sid]] if sid < own else 0 for sid in sids]
    elsewhere = where.edits.moved.keys() | where.folded.keys()
    if elsewhere:
        found = [0 if sid in elsewhere else shndx for sid, shndx in zip(sids, found)]
    for at in _special(sources, homes):
        found[at] = 0
    return found


def _starts(sources: SymbolSources, sids: Sequence[int]) -> list[int]:
    """The address of each input section; with -r, its offset in the output section."""
    where = sources.placed.addresses
    owner, offset = where.owner, where.offset
    if sources.relocatable:
        return [offset[sid] for sid in sids]
    vmas = [section.vma for section in sources.placed.sections]
    vmas.append(0)
    return [vmas[owner[sid]] + offset[sid] for sid in sids]


def _special(sources: SymbolSources, homes: Sequence[Home]) -> list[int]:
    """Which of these symbols lie elsewhere than at their section's address plus their value:
    indirect functions, and in 32-bit files offsets before the section."""
    where = sources.placed.addresses
    files = where.resolution.files
    direct = where.tables.indirect.direct
    found = [at for at, home in enumerate(homes) if home in direct] if direct else []
    if any(file.header.elf_class == 32 for file in files):
        found += [at for at, (f, i) in enumerate(homes) if files[f].symbols.value[i] > MAX_OFFSET]
    return found
