"""The symbol table of the output: which symbols stay, in which order, bound how.

Local symbols come first (gABI ch.4), file by file; what is left out of them is a matter of
`-x`, `-X` and of the dialect, and so is the order of the others: GNU ld writes them as they lie in
its table of names, LLD as they were first mentioned.

All of it was found by linking two small files with each linker and reading `readelf -sW`."""

from __future__ import annotations

from .name_table import strung, tail_merged_column
from .symbol_columns import OutSymbols as OutSymbols
from .symbol_columns import SymbolColumns
from .symbol_sources import SymbolSources


def output_symbols(sources: SymbolSources) -> OutSymbols:
    """The table of the dialect."""
    definer = sources.placed.addresses.resolution.definer
    if sources.dialect.tables_like_gnu:
        from .symbols_gnu import symbols_like_gnu

        columns = symbols_like_gnu(sources)
        return OutSymbols(columns, *tail_merged_column(columns.name), definer)
    from .symbols_lld import symbols_like_lld

    pairs, added = symbols_like_lld(sources)
    strings, offsets = strung([row.name for row, _ in added])
    at_row = {id(row): at for (row, _), at in zip(added, offsets)}
    columns = SymbolColumns()
    for pair in pairs:
        columns.add(pair)
    return OutSymbols(columns, strings, [at_row[id(row)] for row, _ in pairs], definer)
