"""Local symbols of the output, file by file: which stay, and under which name.

A local symbol is for people who read disassembly or follow a program in a debugger, and for
relocations that stay in the output.  `-x`, `-X` and --retain-symbols-file say how many of the first
kind there are; the second kind stays whatever they say.

All of it was found by linking small files with each linker and reading `readelf -sW`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...model import ABS, SymbolRow
from ..file_order import emptied_tables, files_as_placed
from .symbol_columns import Origin, Pair
from .symbol_sources import SymbolSources


def locals_like_gnu(sources: SymbolSources) -> list[Pair]:
    """The files in the order of headers, each with a symbol for its name if any of its symbols
    stays for its own sake; then those that only relocations need, in the order of these."""
    resolution = sources.placed.addresses.resolution
    found: list[Pair] = []
    for file in files_as_placed(sources.placed, sources.where):
        obj = resolution.files[file]
        every = list(locals_of(sources, file))
        local = [pair for pair in every if _stays_by_itself(sources, pair)]
        named = sources.options.discard == "all" or any(r.type == c.STT_FILE for r, _ in local)
        if local and not named:
            found.append(file_symbol(os.path.basename(obj.member or obj.name)))
        found += local
        rest = {pair[1].index: pair for pair in every if not _stays_by_itself(sources, pair)}
        found += [rest[index] for index in _as_referred_to(sources, file) if index in rest]
    return _numbered(found) if sources.options.unique_symbols else found


def locals_of(sources: SymbolSources, file: int) -> Iterator[Pair]:
    """The local symbols of a file that stay."""
    addresses = sources.placed.addresses
    obj = addresses.resolution.files[file]
    symbols, options = obj.symbols, sources.options
    if options.discard == "all" and not sources.used:
        return
    infos = symbols.info[: addresses.resolution.first_global[file]]
    if infos.count(c.STT_SECTION) == len(infos) - 1:  # but for the null symbol only such
        return
    for index, info in enumerate(infos):
        kind = info & 0xF
        if kind == c.STT_SECTION or not index:
            continue
        name = symbols.name(index)
        if kind == c.STT_FILE:
            if options.discard != "all" and sources.lists(name) and not _is_gone(sources, file):
                yield (
                    SymbolRow(name, 0, 0, c.STB_LOCAL, kind, symbols.other[index], ABS),
                    Origin(file, index),
                )
            continue
        if not name or sources.is_gone(file, index):
            continue
        if (file, index) not in sources.used and _left_out(sources, file, index, name):
            continue
        row = sources.row(file, index, name, c.STB_LOCAL)
        if row is not None:
            yield row, Origin(file, index)


def file_symbol(name: str) -> Pair:
    """What stands before the local symbols of a file."""
    return SymbolRow(name, 0, 0, c.STB_LOCAL, c.STT_FILE, 0, ABS), Origin(-1, -1)


def _stays_by_itself(sources: SymbolSources, pair: Pair) -> bool:
    """Whether a local symbol that stays would do so without any relocation."""
    row, origin = pair
    is_file = row.type == c.STT_FILE
    return is_file or not _left_out(sources, origin.file, origin.index, row.name)


def _as_referred_to(sources: SymbolSources, file: int) -> list[int]:
    """The symbols of a file as the relocations of its sections in the output name them."""
    if not sources.used:
        return []
    where = sources.placed.addresses
    obj, base = where.resolution.files[file], where.table.base[file]
    tables = (
        rel
        for index, rels in sorted(obj.relocation_sections.items())
        if where.owner[base + index] >= 0
        for rel in rels
    )
    return list(dict.fromkeys(index for rel in tables for index in obj.relocations(rel).symbol))


def _numbered(pairs: list[Pair]) -> list[Pair]:
    """-z unique-symbol: `loop.0`, `loop.1`: each name with how many had it before, in
    hexadecimal."""
    seen: dict[str, int] = {}
    found = []
    for row, origin in pairs:
        if row.type not in (c.STT_FILE, c.STT_SECTION):
            count = seen.get(row.name, 0)
            seen[row.name] = count + 1
            row = attrs.evolve(row, name=f"{row.name}.{count:x}")
        found.append((row, origin))
    return found


def _is_gone(sources: SymbolSources, file: int) -> bool:
    """GNU ld: whether garbage collection left nothing of a file, not even its name."""
    if not sources.dialect.tables_like_gnu or sources.relocatable:
        return False
    where = sources.placed.addresses
    base, size = where.table.base[file], len(where.resolution.files[file].sections)
    sids = [sid for sid in range(base, base + size) if where.table.eligible[sid]]
    held = any(where.owner[sid] >= 0 for sid in sids) or not emptied_tables(where).isdisjoint(sids)
    return not held and any(where.table.size[sid] for sid in sids)


def _left_out(sources: SymbolSources, file: int, index: int, name: str) -> bool:
    """Whether -x, -X, --retain-symbols-file or the default drop a local symbol: temporary ones
    (`.L`) in sections whose strings or constants are merged, unless the output can be linked
    again."""
    discard = sources.options.discard
    if discard == "all" or not sources.lists(name):
        return True
    if discard == "none" or not name.startswith(".L"):
        return False
    if discard == "locals":
        return True
    obj = sources.placed.addresses.resolution.files[file]
    shndx = obj.symbols.shndx[index]
    merged = shndx > 0 and bool(obj.sections.flags[shndx] & c.SHF_MERGE)
    return merged and not (sources.relocatable and sources.dialect.tables_like_gnu)
