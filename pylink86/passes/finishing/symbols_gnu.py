"""GNU ld's order of symbols: what is local file by file, then the others as they lie in its table
of names."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...model import UNDEF, SymbolRow
from ..names.visibility import FORCED_LOCAL
from .local_symbols import file_symbol, locals_like_gnu
from .name_order import names_in_reading_order
from .name_table import table_walk
from .plain_symbols import plain_symbols
from .symbol_columns import Home, Origin, Pair, SymbolColumns
from .symbol_rows import (
    global_symbol,
    script_row,
    section_symbol,
    visibilities_of,
)
from .symbol_sources import SymbolSources


def symbols_like_gnu(sources: SymbolSources) -> SymbolColumns:
    """Section symbols when relocations stay; locals file by file; after a nameless STT_FILE what
    the script hides; then the others in the order of the table of names."""
    found = SymbolColumns()
    for shndx, _, value in sources.section_syms:
        found.add(section_symbol(shndx, value))
    for pair in locals_like_gnu(sources):
        found.add(pair)
    visibilities = visibilities_of(sources)
    met = _names_met(sources)
    walk = _listed_walk(sources, met)
    order = [met[at] for at in walk]
    made_here = _made_local(sources, visibilities)
    _add_hidden(found, sources, order, made_here)
    rest = _globals(sources, met, walk, made_here, visibilities)
    rest.put_first(found)
    return rest


def _asked(sources: SymbolSources) -> tuple[str, ...]:
    """The entry symbol, unless it is a number, and the names of -u, as they come into the table."""
    asked = sources.asked
    entry = "" if _is_number(asked.entry) else asked.entry
    return tuple(filter(None, (entry, *reversed(asked.first))))


def _is_number(entry: str) -> bool:
    """Whether -e names an address."""
    try:
        return int(entry, 0) >= 0
    except ValueError:
        return False


def _names_met(sources: SymbolSources) -> list[str]:
    """Every name the link has met, in the order in which GNU ld's table of names got them."""
    early = names_in_reading_order(sources.placed.addresses.resolution)
    met = dict.fromkeys((*_asked(sources), *early))
    met.update(dict.fromkeys(sources.own_tables()))
    met.update(dict.fromkeys(sources.placed.symbols))
    return list(met)


def _listed_walk(sources: SymbolSources, met: Sequence[str]) -> list[int]:
    """The places in `met` of the names that are listed, as the table holds them."""
    walk = table_walk(met)
    if sources.options.retained is None:
        return walk
    return [at for at in walk if sources.lists(met[at]) or met[at] in sources.names_in_use]


def _made_local(sources: SymbolSources, visibilities: dict[str, int]) -> dict[str, Pair | None]:
    """Names of files that are local in the output, and their rows: those that the script hides,
    those of the linker's own tables, hidden functions that are called through a table, and with -r
    those that nothing asks for any more."""
    placed = sources.placed
    names = {name: at for name in placed.hidden if (at := sources.mention(name)) is not None}
    names.update(sources.own_tables())
    names.update(_hidden_calls(sources, visibilities))
    names.update(_no_longer_wanted(sources))
    names.update(_hidden_exports(sources))
    return {
        name: global_symbol(sources, name, at, 0)
        for name, at in names.items()
        if name not in placed.symbols
    }


def _hidden_calls(sources: SymbolSources, visibilities: dict[str, int]) -> dict[str, Home]:
    """Hidden functions of a program that moves are local ones once something called them as if
    through a linkage table (observed)."""
    where = sources.placed.addresses
    moves = where.tables.moves
    return {
        name: sources.mentioned[name]
        for name in (moves.called if moves is not None else ())
        if visibilities.get(name) in FORCED_LOCAL and name in where.resolution.definer
    }


def _hidden_exports(sources: SymbolSources) -> dict[str, Home]:
    """Names that were to be listed for others, but that a file hides (observed)."""
    listed = sources.placed.addresses.tables.names
    hidden = sources.placed.addresses.resolution.definer.keys() & (listed.hidden if listed else ())
    return {name: sources.mentioned[name] for name in hidden if name in sources.mentioned}


def _no_longer_wanted(sources: SymbolSources) -> dict[str, Home]:
    """With -r --gc-sections undefined names become local ones when only dead sections refer to them
    (observed)."""
    used = sources.asked.used
    if used is None or not sources.relocatable:
        return {}
    undefined = sources.placed.addresses.resolution.undefined
    wanted = {*used, *sources.asked.first, sources.asked.entry}
    mentioned = sources.mentioned
    return {name: at for name, at in mentioned.items() if name in undefined and name not in wanted}


def _add_hidden(
    found: SymbolColumns,
    sources: SymbolSources,
    order: list[str],
    made_here: dict[str, Pair | None],
) -> None:
    """What is local without being so in its file, behind a nameless STT_FILE."""
    placed = sources.placed
    local = placed.hidden | made_here.keys()
    hidden = [name for name in order if name in local and _is_listed(sources, name)]
    hidden = [name for name in hidden if name in placed.hidden or made_here[name]]
    has_files = c.STT_FILE in {info & 0xF for info in set(found.info)}
    if hidden and has_files and sources.options.discard != "all":
        found.add(file_symbol(""))
    for name in hidden:
        own = made_here.get(name)
        if own is not None:
            found.add((attrs.evolve(own[0], binding=c.STB_LOCAL), own[1]))
            continue
        row = script_row(sources, name, c.STB_LOCAL, c.STV_DEFAULT)
        found.add((row, Origin(-1, 0, name)))


def _is_listed(sources: SymbolSources, name: str) -> bool:
    """Whether a name that the script assigns is listed: not in a program when all its assignments
    stand in output sections that are not there."""
    is_nowhere = name in sources.placed.nowhere and name not in sources.assigned
    return sources.relocatable or not is_nowhere


def _globals(
    sources: SymbolSources,
    met: Sequence[str],
    walk: Sequence[int],
    made_here: dict[str, Pair | None],
    visibilities: dict[str, int],
) -> SymbolColumns:
    """The other names: plain symbols, and in between those that are not."""
    apart = sources.placed.symbols.keys() | made_here.keys()
    found = plain_symbols(sources, met, walk, visibilities, apart)
    absent = set()
    for at in [at for at, shndx in enumerate(found.shndx) if not shndx]:
        pair = _odd_global(sources, found.name[at], made_here, visibilities)
        if pair is None:
            absent.add(at)
        else:
            found.put(at, pair)
    found.drop(absent)
    return found


def _odd_global(
    sources: SymbolSources,
    name: str,
    made_here: dict[str, Pair | None],
    visibilities: dict[str, int],
) -> Pair | None:
    """A name that the script assigns, nobody defines, or whose symbol is not simply where its
    section is; None when it is not listed, or not here."""
    placed = sources.placed
    if name in placed.symbols:
        if name in placed.hidden or not _is_listed(sources, name):
            return None
        visibility = _alias_visibility(sources, visibilities, name)
        return script_row(sources, name, c.STB_GLOBAL, visibility), Origin(-1, 0, name)
    if name in made_here:
        return None
    mention = sources.mention(name)
    if mention is not None:
        visibility = visibilities.get(name, c.STV_DEFAULT)
        return global_symbol(sources, name, mention, visibility)
    if name not in _asked(sources):
        return None
    row = SymbolRow(name, 0, 0, c.STB_GLOBAL, c.STT_NOTYPE, c.STV_DEFAULT, UNDEF)
    return row, Origin(-1, 0, name)


def _alias_visibility(sources: SymbolSources, visibilities: dict[str, int], name: str) -> int:
    """GNU ld: of a name the script assigns, the strictest among its own and those of the names it
    is only another name of, as `a = b + 4;` (observed; its type comes the same way)."""
    hidden = sources.placed.hidden
    given = [
        c.STV_HIDDEN
        if alias in hidden
        else visibilities.get(alias) or sources.own_visibility(alias)
        for alias in sources.alias_chain(name)
    ]
    return min(filter(None, given), default=c.STV_DEFAULT)
