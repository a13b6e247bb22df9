"""Room for the indexes of debug data: sections of the linker's own file, of a size yet unknown."""

from __future__ import annotations

from collections.abc import Sequence

from ... import elf_const as c
from ...model import ObjectFile, SectionRow
from ..elf_options import ElfOptions
from ..own.own_file import OwnSection

GDB_INDEX, INFO, NAMES = ".gdb_index", ".debug_info", ".debug_names"


def index_sections(files: Sequence[ObjectFile], options: ElfOptions) -> list[OwnSection]:
    """The sections that are to be, where any file has what they are made of."""
    added = []
    if options.gdb_index and _any_has(files, INFO):
        row = SectionRow(GDB_INDEX, c.SHT_PROGBITS, size=1)
        added.append(OwnSection(row, bytes(1)))
    if options.debug_names and _any_has(files, NAMES):
        row = SectionRow(NAMES, c.SHT_PROGBITS, size=1, align=4)
        added.insert(0, OwnSection(row, bytes(1)))
    return added


def _any_has(files: Sequence[ObjectFile], name: str) -> bool:
    return any(name in file.sections.names for file in files)
