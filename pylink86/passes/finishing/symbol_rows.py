"""One row of the output's symbol table: of a global name, of a name the script assigns, of a
section.

What decides a row is the same in both dialects; which rows there are, and in which order, is not
(symbols_gnu, symbols_lld)."""

from __future__ import annotations

from ... import elf_const as c
from ...model import ABS, COMMON, UNDEF, SymbolRow
from ...script.evaluate import evaluate
from ...script.values import Constants
from ..names.visibility import visibilities
from ..placement import FIRST_OF_ALL, PlacedSection
from .symbol_columns import Origin, Pair
from .symbol_sources import SymbolSources


def section_symbol(shndx: int, value: int) -> Pair:
    return SymbolRow("", value, 0, c.STB_LOCAL, c.STT_SECTION, 0, shndx), Origin(-1, -1)


def script_row(sources: SymbolSources, name: str, binding: int, other: int) -> SymbolRow:
    """A symbol the script assigns."""
    value = sources.placed.symbols[name]
    section = value.section
    number = value.absolute() & sources.word
    if isinstance(section, PlacedSection) and not value.forced:
        index = section.plan.index
        shndx = sources.header_for(index, number) if index >= 0 else ABS
        shndx = 1 if index == FIRST_OF_ALL else shndx
        if sources.relocatable and shndx > 0:
            number = value.number
    else:
        shndx = ABS
        around = sources.around.get(name) if value.from_dot else None
        if around is not None and sources.dialect.tables_like_gnu:
            shndx = sources.header_for(around, number)
            if sources.relocatable:
                number -= sources.placed.sections[around].vma
    if name in sources.placed.nowhere:
        shndx = UNDEF
    size = sources.in_objects(name)[1] if sources.dialect.tables_like_gnu else 0
    return SymbolRow(name, number, size, binding, sources.type_of(name), other, shndx)


def global_symbol(
    sources: SymbolSources, name: str, mention: tuple[int, int], visibility: int
) -> Pair | None:
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
        if sources.is_unused_common(name):
            return None
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
) -> Pair:
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


def visibilities_of(sources: SymbolSources) -> dict[str, int]:
    """The strictest visibility any file gives a name."""
    return visibilities(sources.placed.addresses.resolution)
