"""Global symbols that are in the output as their files have them, at the address of their section.

Nearly all are.  For those a row of the output is a few looks into columns, which are made here for
all names at once: 1 us a symbol instead of ten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .. import elf_const as c
from .locate import MAX_OFFSET
from .symbol_columns import Home, SymbolColumns
from .symbol_sources import SymbolSources

NOBODY = (-1, 0)
"""The null symbol of the linker's own file, which is the last."""


def plain_symbols(
    sources: SymbolSources,
    names: Sequence[str],
    visibilities: Mapping[str, int],
    apart: Collection[str],
) -> SymbolColumns:
    """A row for each name; those that are not plain, or are named in `apart`, have shndx 0."""
    where = sources.placed.addresses
    resolution, base = where.resolution, where.table.base
    symbols = [file.symbols for file in resolution.files]
    definer_of = resolution.definer.get
    homes = [definer_of(name, NOBODY) for name in names]
    shndx_of = [table.shndx for table in symbols]
    value_of = [table.value for table in symbols]
    size_of = [table.size for table in symbols]
    info_of = [table.info for table in symbols]
    other_of = [table.other for table in symbols]
    sids = [base[f] + number if (number := shndx_of[f][i]) > 0 else 0 for f, i in homes]
    heads, starts = _headers(sources), _starts(sources)
    shndx = [0 if name in apart else heads[sid] for name, sid in zip(names, sids)]
    for at in _special(sources, homes):
        shndx[at] = 0
    default = c.STV_DEFAULT
    return SymbolColumns(
        list(names),
        [starts[sid] + value_of[f][i] for sid, (f, i) in zip(sids, homes)],
        [size_of[f][i] for f, i in homes],
        [info_of[f][i] for f, i in homes],
        [
            other_of[f][i] & ~3 | visibilities.get(name, default)
            for name, (f, i) in zip(names, homes)
        ],
        shndx,
        homes,
        list(names),
    )


def _headers(sources: SymbolSources) -> list[int]:
    """For each input section the header index of its output section; 0 where more has to be known:
    it has none, its bytes moved, thread-local addresses count from elsewhere."""
    placed = sources.placed
    where = placed.addresses
    shown = [
        0
        if section.plan.flags & c.SHF_TLS and not sources.relocatable
        else sources.where.get(index, 0)
        for index, section in enumerate(placed.sections)
    ]
    shown.append(0)  # for owner -1: not placed
    found = [shown[owner] for owner in where.owner]
    for sid in (*where.edits.moved, *where.folded, *range(where.table.base[-1], len(found))):
        found[sid] = 0
    return found


def _starts(sources: SymbolSources) -> list[int]:
    """The address of each input section; with -r, its offset in the output section."""
    where = sources.placed.addresses
    if sources.relocatable:
        return where.offset
    vmas = [section.vma for section in sources.placed.sections]
    vmas.append(0)
    return [vmas[owner] + offset for owner, offset in zip(where.owner, where.offset)]


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
