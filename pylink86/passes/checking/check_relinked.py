"""-r: relocations that are left without a meaning, because what they refer to is discarded."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ..placement import Placement
from ..relocating.tombstones import is_debug
from ..section_list import SectionId

FORGIVEN = (".eh_frame", ".gcc_except_table", ".sframe")
"""Tables in memory that GNU ld lets say something about what is not there."""


def check_relinked(
    placed: Placement, discarded: Collection[SectionId], dialect: Dialect, diags: Diagnostics
) -> None:
    """discarded-symbol: a section that stays refers to a discarded one.

    LLD warns when that is by a section symbol, and the output has R_X86_64_NONE there.  In GNU ld
    any symbol is an error, and a COMDAT section that lost counts as discarded, too; sections for
    debuggers and unwinders may have such references."""
    like_gnu = dialect.tables_like_gnu
    base = placed.addresses.table.base
    dropped = placed.addresses.resolution.dropped if like_gnu else ()
    gone = {*discarded, *(base[file] + index for file, index in dropped)}
    tell = diags.error if like_gnu else diags.warn
    for file, symbol, index, offset in _lost_references(placed, gone, like_gnu) if gone else ():
        obj = placed.addresses.resolution.files[file]
        name = obj.sections.names[obj.symbols.shndx[symbol]]
        of = "a discarded section" if not like_gnu else f"`{_name(placed, file, symbol)}', which is"
        tell(
            "discarded-symbol",
            f"relocation refers to {of}: {name}" if not like_gnu else f"{of} discarded",
            place=f"{obj.name}:({obj.sections.names[index]}+{offset:#x})",
            help=["keep the section, or discard the one that uses it, too"],
        )


def _name(placed: Placement, file: int, symbol: int) -> str:
    obj = placed.addresses.resolution.files[file]
    return obj.symbols.name(symbol) or obj.sections.names[obj.symbols.shndx[symbol]]


def _lost_references(
    placed: Placement, gone: Collection[SectionId], like_gnu: bool
) -> Iterator[tuple[int, int, int, int]]:
    """(file, symbol, section, offset) of each reference to a section that is gone."""
    addresses = placed.addresses
    for file, obj in enumerate(addresses.resolution.files):
        base = addresses.table.base[file]
        lost = _lost_symbols(placed, file, gone, like_gnu)
        for index, tables in obj.relocation_sections.items() if lost else ():
            name = obj.sections.names[index]
            in_memory = obj.sections.flags[index] & c.SHF_ALLOC
            forgiven = name in FORGIVEN if in_memory else is_debug(name)
            if addresses.owner[base + index] < 0 or (like_gnu and forgiven):
                continue
            for rels in map(obj.relocations, tables):
                for offset, symbol in zip(rels.offset, rels.symbol):
                    if symbol in lost:
                        yield file, symbol, index, offset


def _lost_symbols(
    placed: Placement, file: int, gone: Collection[SectionId], like_gnu: bool
) -> frozenset[int]:
    """A file's symbols that mean a section that is gone: section symbols, for GNU ld all."""
    base, resolution = placed.addresses.table.base, placed.addresses.resolution
    symbols, first = resolution.files[file].symbols, resolution.first_global[file]
    found = {
        symbol
        for symbol in range(first)
        if base[file] + symbols.shndx[symbol] in gone
        and (like_gnu or symbols.info[symbol] & 0xF == c.STT_SECTION)
    }
    for at, name in enumerate(resolution.global_names[file] if like_gnu else (), first):
        definer = resolution.definer.get(name)
        if definer is None or name in placed.symbols:
            continue
        shndx = resolution.files[definer[0]].symbols.shndx[definer[1]]
        if shndx > 0 and base[definer[0]] + shndx in gone:
            found.add(at)
    return frozenset(found)
