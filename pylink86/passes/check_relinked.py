"""-r: relocations that are left without a meaning, because what they refer to is discarded."""

from __future__ import annotations

from collections.abc import Collection

from .. import elf_const as c
from ..diag import Diagnostics
from .placement import Placement
from .section_list import SectionId


def check_relinked(placed: Placement, discarded: Collection[SectionId], diags: Diagnostics) -> None:
    """Warn of discarded-symbol: a section that stays refers to a discarded one as such.  The output
    has R_X86_64_NONE there, as LLD's."""
    if not discarded:
        return
    addresses = placed.addresses
    table, resolution = addresses.table, addresses.resolution
    for file, obj in enumerate(resolution.files):
        base = table.base[file]
        lost = {
            symbol
            for symbol in range(resolution.first_global[file])
            if obj.symbols.info[symbol] & 0xF == c.STT_SECTION
            and base + obj.symbols.shndx[symbol] in discarded
        }
        for index, tables in obj.relocation_sections.items() if lost else ():
            if addresses.owner[base + index] < 0:
                continue
            for rels in map(obj.relocations, tables):
                for offset, symbol in zip(rels.offset, rels.symbol):
                    if symbol in lost:
                        name = obj.sections.names[obj.symbols.shndx[symbol]]
                        diags.warn(
                            "discarded-symbol",
                            f"relocation refers to a discarded section: {name}",
                            place=f"{obj.name}:({obj.sections.names[index]}+{offset:#x})",
                            help=["keep the section, or discard the one that uses it, too"],
                        )
