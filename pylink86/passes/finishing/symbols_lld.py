"""LLD's order of symbols: what is local file by file, then the others as they were mentioned."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...model import UNDEF, SymbolRow
from ..inputs.needs import names_in_order
from ..names.resolve import OFFSET_TABLE
from ..names.visibility import FORCED_LOCAL
from .local_symbols import locals_of
from .symbol_columns import Origin, Pair
from .symbol_rows import (
    global_symbol,
    script_row,
    section_symbol,
    visibilities_of,
)
from .symbol_sources import SymbolSources

DYNAMIC = "_DYNAMIC"
"""Where .dynamic begins, for start-up code."""


def symbols_like_lld(sources: SymbolSources) -> tuple[list[Pair], list[Pair]]:
    """File by file: the file's locals, the section symbols of sections it began, its hidden
    symbols; then those of no file; then the others as first mentioned, the script's last.  Also the
    same in the order in which names were stored: hidden ones are with the others there."""
    resolution = sources.placed.addresses.resolution
    groups: dict[int | str, list[Pair]] = {}
    for file in range(len(resolution.files) - 1):
        for pair in locals_of(sources, file):
            groups.setdefault(file, []).append(pair)
    added = [pair for group in groups.values() for pair in group]
    for shndx, file, value in sources.section_syms:
        pair = section_symbol(shndx, value)
        groups.setdefault(file, []).append(pair)
        added.append(pair)
    rest: list[Pair] = []
    placed = sources.placed
    visibilities = visibilities_of(sources)
    made_last = _names_of_tables(sources)
    mentioned = {**sources.mentioned, **made_last} if made_last else sources.mentioned
    known = [x for x in sources.asked.first if x in mentioned or x in placed.symbols]
    order = (*known, *sources.mentioned, *_scripts_names(sources), *made_last)
    for name in dict.fromkeys(order):
        visibility = visibilities.get(name) or sources.own_visibility(name)
        if name in placed.symbols:
            if name in placed.hidden:
                visibility = c.STV_HIDDEN
            pair = script_row(sources, name, c.STB_GLOBAL, visibility), Origin(-1, 0, name)
        elif name not in mentioned:
            if name not in resolution.definer and sources.asked.used is None:
                rest.append((SymbolRow(name, 0, 0, c.STB_GLOBAL), Origin(-1, 0, name)))
                added.append(rest[-1])
            continue
        else:
            made = global_symbol(sources, name, mentioned[name], visibility)
            if made is None:
                continue
            pair = made
        row, origin = pair
        shown = _shown(sources, name)
        row = row if shown == name else attrs.evolve(row, name=shown)
        is_local = row.shndx != UNDEF and sources.is_made_local(name)
        hidden = visibility in FORCED_LOCAL or is_local
        if hidden and not sources.relocatable:
            row = attrs.evolve(row, binding=c.STB_LOCAL)
            groups.setdefault(_group(sources, name, origin), []).append((row, origin))
        else:
            rest.append((row, origin))
        added.append((row, origin))
    return [pair for group in groups.values() for pair in group] + rest, added


def _names_of_tables(sources: SymbolSources) -> dict[str, tuple[int, int]]:
    """Names of the linker's own tables that are listed though no file mentions them."""
    resolution = sources.placed.addresses.resolution
    moves = sources.placed.addresses.tables.moves is not None
    names = (*((DYNAMIC,) if moves else ()), OFFSET_TABLE)
    return {
        name: definer
        for name in names
        if name not in sources.mentioned and (definer := resolution.definer.get(name)) is not None
    }


def _shown(sources: SymbolSources, name: str) -> str:
    """The name without a version, but with -r, when it is as in the objects."""
    if sources.relocatable:
        return sources.asked.versions.get(name, name)
    return name[:1] + name[1:].partition("@")[0]


def _group(sources: SymbolSources, name: str, origin: Origin) -> int | str:
    """The file beside whose local symbols LLD lists a hidden one; -1 is the linker, and each that
    the script assigns stands alone."""
    resolution = sources.placed.addresses.resolution
    if name in resolution.offered:
        return -1
    if origin.file < 0:
        node = sources.assigned.get(name)
        return -1 if node is None or node.span is None else name
    if origin.file == resolution.own:
        own = resolution.files[origin.file]
        return resolution.own_origin[own.symbols.shndx[origin.index]]
    return origin.file


def _scripts_names(sources: SymbolSources) -> Iterator[str]:
    """The script's symbols as LLD meets them: those that expressions read, in the order of the text
    and also in what its conditions leave out, then the others."""
    symbols = sources.placed.symbols
    nodes = (command for _, command in sources.placed.addresses.resolution.scripts)
    yield from names_in_order(nodes, dict.fromkeys(symbols, 1), 2)
    yield from (name for name in sources.placed.written if name in symbols)
    yield from symbols
