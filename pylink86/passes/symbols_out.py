"""The symbol table of the output: which symbols stay, in which order, bound how.

Local symbols come first (gABI ch.4), file by file; what is left out of them is a matter of
`-x`, `-X` and of the dialect, and so is the order of the others: GNU ld writes them as they lie in
its table of names, LLD as they were first mentioned.

All of it was found by linking two small files with each linker and reading `readelf -sW`."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from .. import elf_const as c
from ..model import ABS, COMMON, UNDEF, SymbolRow
from ..script import nodes as n
from ..script.evaluate import evaluate
from ..script.values import Constants
from .local_symbols import Origin, Pair, file_symbol, locals_like_gnu, locals_of
from .name_order import names_in_reading_order
from .name_table import strung, table_order, tail_merged
from .needs import names_in_order
from .placement import FIRST_OF_ALL, PlacedSection
from .symbol_sources import SymbolSources, script_nodes

DYNAMIC = "_DYNAMIC"
"""Where .dynamic begins, for start-up code."""

FORCED_LOCAL = (c.STV_HIDDEN, c.STV_INTERNAL)


@attrs.frozen(eq=False, repr=False)
class OutSymbols:
    """rows: without the null symbol, locals first; strings, name_off: their names. number: of the
    output symbol for (file, symbol index) of every input symbol that has one.  names: of the output
    symbol for a global name. sections: of the section symbol for a header index."""

    rows: tuple[SymbolRow, ...]
    strings: bytes
    name_off: tuple[int, ...]
    number: dict[tuple[int, int], int]
    names: dict[str, int]
    sections: dict[int, int]


def _scripts_names(sources: SymbolSources) -> Iterator[str]:
    """The script's symbols as LLD meets them: those that expressions read, then the others."""
    symbols = sources.placed.symbols
    nodes = (
        node
        for node in script_nodes(sources.placed.commands)
        if isinstance(node, (n.Assignment, n.Assert, n.Data))
    )
    given = dict.fromkeys(symbols, 1)
    yield from (name for name in names_in_order(nodes, given, 2) if name in symbols)
    yield from (name for name in sources.placed.written if name in symbols)
    yield from symbols


def output_symbols(sources: SymbolSources) -> OutSymbols:
    """The table of the dialect."""
    if sources.dialect.tables_like_gnu:
        pairs = _like_gnu(sources)
        strings, where = tail_merged(row.name for row, _ in pairs)
        name_off = tuple(where[row.name] for row, _ in pairs)
    else:
        pairs, added = _like_lld(sources)
        strings, offsets = strung([row.name for row, _ in added])
        at_row = {id(row): at for (row, _), at in zip(added, offsets)}
        name_off = tuple(at_row[id(row)] for row, _ in pairs)
    number: dict[tuple[int, int], int] = {}
    names: dict[str, int] = {}
    sections: dict[int, int] = {}
    for at, (row, origin) in enumerate(pairs, 1):
        if row.type == c.STT_SECTION and origin.index < 0:
            sections[row.shndx] = at
        elif origin.file >= 0:
            number[origin.file, origin.index] = at
        if origin.name:
            names[origin.name] = at
    rows = tuple(row for row, _ in pairs)
    return OutSymbols(rows, strings, name_off, number, names, sections)


def _section_symbol(shndx: int, value: int) -> tuple[SymbolRow, Origin]:
    return SymbolRow("", value, 0, c.STB_LOCAL, c.STT_SECTION, 0, shndx), Origin(-1, -1)


def _script_row(sources: SymbolSources, name: str, binding: int, other: int) -> SymbolRow:
    """A symbol the script assigns."""
    value = sources.placed.symbols[name]
    section = value.section
    number = value.absolute() & sources.word
    if isinstance(section, PlacedSection) and not value.forced:
        index = section.plan.index
        shndx = sources.where.get(index, sources.nearby.get(index, ABS)) if index >= 0 else ABS
        shndx = 1 if index == FIRST_OF_ALL else shndx
        if sources.relocatable and shndx > 0:
            number = value.number
    else:
        shndx = ABS
        around = sources.around.get(name) if value.from_dot else None
        if around is not None and sources.dialect.tables_like_gnu:
            shndx = sources.where.get(around, sources.nearby.get(around, ABS))
            if sources.relocatable:
                number -= sources.placed.sections[around].vma
    size = sources.in_objects(name)[1] if sources.dialect.tables_like_gnu else 0
    return SymbolRow(name, number, size, binding, sources.type_of(name), other, shndx)


def _global(
    sources: SymbolSources, name: str, mention: tuple[int, int], visibility: int
) -> tuple[SymbolRow, Origin] | None:
    """A global symbol's row and where it comes from; None when it is not in the output."""
    resolution = sources.placed.addresses.resolution
    definer = resolution.definer.get(name)
    if sources.relocatable and name in sources.own_tables():  # they are for the last link to make
        definer, visibility = None, c.STV_DEFAULT
    file, index = definer or mention
    symbols = resolution.files[file].symbols
    binding = symbols.info[index] >> 4
    is_own = definer is not None and file == resolution.own
    placed_already = sources.options.define_common and sources.dialect.tables_like_gnu
    if sources.relocatable and is_own and not placed_already:
        return _still_common(sources, name, mention, visibility)
    if name in resolution.weakened:
        info = c.STB_WEAK << 4 | symbols.info[index] & 0xF
        weak = _undefined(sources, name, info, visibility)
        return None if weak is None else (weak, Origin(-1, -1, name))
    if definer is None and sources.leaves_out_undefined(name):
        return None
    row = sources.row(file, index, name, binding, visibility)
    if row is None and (sources.dialect.tables_like_gnu or sources.took_part(file, index)):
        return None
    if row is None or (row.shndx == UNDEF and not sources.dialect.tables_like_gnu):
        row = _undefined(sources, name, symbols.info[index], visibility)
    return None if row is None else (row, Origin(file, index, name))


def _undefined(sources: SymbolSources, name: str, info: int, visibility: int) -> SymbolRow | None:
    """LLD: a name that nobody defines, or whose section takes no part in the link.  With
    --gc-sections it is only listed when something that stays refers to it."""
    used = sources.asked.used
    if used is not None and name not in used:
        return None
    return SymbolRow(name, 0, 0, info >> 4, info & 0xF, visibility)


def _subalign(sources: SymbolSources, name: str) -> int:
    """What SUBALIGN makes of the alignment of a COMMON block; 0 where there is none."""
    placed = sources.placed
    found = placed.addresses.of_symbol(*placed.addresses.resolution.definer[name])
    node = placed.sections[found[0]].plan.node if isinstance(found, tuple) else None
    if node is None or node.subalign is None:
        return 0
    return evaluate(node.subalign, Constants(sources.dialect)).absolute()


def _still_common(
    sources: SymbolSources, name: str, mention: tuple[int, int], visibility: int
) -> tuple[SymbolRow, Origin]:
    """A COMMON symbol in an output that is linked again: the largest size and the strictest
    alignment that were asked for."""
    resolution = sources.placed.addresses.resolution
    size = align = 0
    kind = resolution.files[mention[0]].symbols.info[mention[1]] & 0xF
    for file, names in enumerate(resolution.global_names):
        if name not in names:
            continue
        symbols = resolution.files[file].symbols
        index = resolution.first_global[file] + names.index(name)
        if symbols.shndx[index] == COMMON:
            size, align = max(size, symbols.size[index]), max(align, symbols.value[index])
    if not sources.dialect.tables_like_gnu:
        align = _subalign(sources, name) or align
    is_common = sources.options.common_types
    is_common = kind == c.STT_COMMON if is_common is None else is_common
    kind = c.STT_COMMON if is_common else c.STT_OBJECT
    row = SymbolRow(name, align, size, c.STB_GLOBAL, kind, visibility, COMMON)
    return row, Origin(*mention, name)


def _visibilities(sources: SymbolSources) -> dict[str, int]:
    """The strictest visibility any file gives a name (gABI ch.4): internal, hidden, protected."""
    found: dict[str, int] = {}
    resolution = sources.placed.addresses.resolution
    for file, names in enumerate(resolution.global_names):
        other = resolution.files[file].symbols.other
        first = resolution.first_global[file]
        for at, name in enumerate(names, first):
            visibility = other[at] & 3
            if visibility:
                old = found.get(name)
                found[name] = visibility if old is None else min(old, visibility)
    own = resolution.files[resolution.own]
    for at, name in enumerate(own.symbols.names):
        if own.symbols.other[at] & 3 and resolution.definer.get(name) == (resolution.own, at):
            found[name] = c.STV_HIDDEN
    return found


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


# LLD


def _like_lld(sources: SymbolSources) -> tuple[list[Pair], list[Pair]]:
    """File by file: the file's locals, the section symbols of sections it began, its hidden
    symbols; then those of no file; then the others as first mentioned, the script's last.  Also the
    same in the order in which names were stored: hidden ones are with the others there."""
    resolution = sources.placed.addresses.resolution
    groups: dict[int | str, list[tuple[SymbolRow, Origin]]] = {}
    for file in range(len(resolution.files) - 1):
        for pair in locals_of(sources, file):
            groups.setdefault(file, []).append(pair)
    added = [pair for group in groups.values() for pair in group]
    for shndx, file, value in sources.section_syms:
        pair = _section_symbol(shndx, value)
        groups.setdefault(file, []).append(pair)
        added.append(pair)
    rest: list[tuple[SymbolRow, Origin]] = []
    placed = sources.placed
    visibilities = _visibilities(sources)
    mentioned = sources.mentioned
    if placed.addresses.tables.moves is not None and DYNAMIC in resolution.definer:
        mentioned = {**mentioned, DYNAMIC: resolution.definer[DYNAMIC]}
    known = [x for x in sources.asked.first if x in mentioned or x in placed.symbols]
    for name in dict.fromkeys((*known, *mentioned, *_scripts_names(sources))):
        visibility = visibilities.get(name) or sources.own_visibility(name)
        if name in placed.symbols:
            if name in placed.hidden:
                visibility = c.STV_HIDDEN
            pair = _script_row(sources, name, c.STB_GLOBAL, visibility), Origin(-1, 0, name)
        else:
            made = _global(sources, name, mentioned[name], visibility)
            if made is None:
                continue
            pair = made
        row, origin = pair
        is_local = row.shndx != UNDEF and sources.is_made_local(name)
        hidden = visibility in FORCED_LOCAL or is_local
        if hidden and not sources.relocatable:
            row = attrs.evolve(row, binding=c.STB_LOCAL)
            groups.setdefault(_group(sources, name, origin), []).append((row, origin))
        else:
            rest.append((row, origin))
        added.append((row, origin))
    return [pair for group in groups.values() for pair in group] + rest, added


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


# GNU ld


def _hidden_calls(
    sources: SymbolSources, mentioned: dict[str, tuple[int, int]], visibilities: dict[str, int]
) -> dict[str, tuple[int, int]]:
    """Hidden functions of a program that moves are local ones once something called them as if
    through a linkage table (observed)."""
    where = sources.placed.addresses
    moves = where.tables.moves
    return {
        name: mentioned[name]
        for name in (moves.called if moves is not None else ())
        if visibilities.get(name) in FORCED_LOCAL and name in where.resolution.definer
    }


def _like_gnu(sources: SymbolSources) -> list[Pair]:
    """Section symbols when relocations stay; locals file by file; after a nameless STT_FILE what
    the script hides; then the others in the order of the table of names."""
    found = [_section_symbol(shndx, value) for shndx, _, value in sources.section_syms]
    found += locals_like_gnu(sources)
    placed = sources.placed
    mentioned = dict(sources.mentioned)
    visibilities = _visibilities(sources)
    mentioned.update(sources.own_tables())
    early = names_in_reading_order(placed.addresses.resolution)
    asked = tuple(filter(None, (sources.asked.entry, *reversed(sources.asked.first))))
    order = table_order(list(dict.fromkeys((*asked, *early, *mentioned, *placed.symbols))))
    order = [name for name in order if sources.lists(name) or name in sources.names_in_use]
    local_here = {name: at for name, at in mentioned.items() if name in placed.hidden}
    local_here.update(sources.own_tables())
    local_here.update(_hidden_calls(sources, mentioned, visibilities))
    made_here = {
        name: _global(sources, name, at, 0)
        for name, at in local_here.items()
        if name not in placed.symbols
    }
    hidden = [name for name in order if name in placed.hidden or made_here.get(name)]
    named = sources.options.discard != "all" and any(r.type == c.STT_FILE for r, _ in found)
    if hidden and named:
        found.append(file_symbol(""))
    for name in hidden:
        own = made_here.get(name)
        if own is not None:
            found.append((attrs.evolve(own[0], binding=c.STB_LOCAL), own[1]))
            continue
        row = _script_row(sources, name, c.STB_LOCAL, c.STV_DEFAULT)
        found.append((row, Origin(-1, 0, name)))
    for name in order:
        if name in placed.symbols:
            if name not in placed.hidden:
                visibility = _alias_visibility(sources, visibilities, name)
                row = _script_row(sources, name, c.STB_GLOBAL, visibility)
                found.append((row, Origin(-1, 0, name)))
            continue
        visibility = visibilities.get(name, c.STV_DEFAULT)
        mention = None if name in made_here else mentioned.get(name)
        made = None if mention is None else _global(sources, name, mention, visibility)
        if made is not None:
            found.append(made)
        elif name in asked and mention is None and name not in made_here:
            row = SymbolRow(name, 0, 0, c.STB_GLOBAL, c.STT_NOTYPE, c.STV_DEFAULT, UNDEF)
            found.append((row, Origin(-1, 0, name)))
    return found
