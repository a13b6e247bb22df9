"""The indexes of debug data that a link can be asked for: what leaves for them, what comes.

Each is made of tables in the inputs (`-ggnu-pubnames`, `-gpubnames`), which it stands for in the
output; each is one section of the linker's own file, as large as what it says.  What it says is
read before sections are sorted out, put together once it is known which are left, and written when
they have their addresses."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import attrs

from ...diag import Diagnostics
from ..elf_options import ElfOptions
from ..names.resolve import Resolution
from ..placement import Placement
from ..placing.locate import Edits
from ..relocating.relocate import Patched
from ..section_list import SectionId, SectionList
from .index_sections import GDB_INDEX, NAMES

if TYPE_CHECKING:
    from typing import Protocol

    from .debug_names_read import NameIndex
    from .gdb_index_read import IndexedFile

    class DebugIndex(Protocol):
        """An index in work.  size: in bytes."""

        size: int

        def content(self, placed: Placement) -> bytes: ...


PUBLIC_NAMES = (".debug_gnu_pubnames", ".debug_gnu_pubtypes")


def replaced_names(options: ElfOptions) -> tuple[str, ...]:
    """Names of input sections that are not linked, as an index says what they do."""
    public = PUBLIC_NAMES if options.gdb_index else ()
    return (*public, NAMES) if options.debug_names else public


class IndexSources:
    """What was read for the indexes; None for one that is not to be."""

    def __init__(self, gdb: list[IndexedFile] | None, names: list[NameIndex] | None) -> None:
        self.gdb, self.names = gdb, names


def read_sources(resolution: Resolution, options: ElfOptions, diags: Diagnostics) -> IndexSources:
    """Read the debug data of all files, as far as an index needs it."""
    gdb = None
    if options.gdb_index:
        from .gdb_index_read import read_files

        gdb = read_files(resolution, diags)
    names = None
    if options.debug_names:
        from .debug_names_read import read_names

        names = read_names(resolution, diags)
    return IndexSources(gdb, names)


def with_indexes(
    edits: Edits, sources: IndexSources, table: SectionList, gone: Container[SectionId]
) -> Edits:
    """The edits with each index at its size.  gone: sections that are dead or discarded."""
    made: dict[SectionId, DebugIndex] = {}
    for sid in range(table.base[-1], len(table)):
        if table.name[sid] == GDB_INDEX and sources.gdb is not None:
            from .gdb_index import gdb_index

            made[sid] = gdb_index(sources.gdb, table, gone)
        elif table.name[sid] == NAMES and sources.names is not None:
            from .debug_names import merged_names

            made[sid] = merged_names(sources.names, table)
    if not made:
        return edits
    sizes = {sid: index.size for sid, index in made.items()}
    contents = {sid: bytes(size) for sid, size in sizes.items()}
    return attrs.evolve(
        edits,
        size={**edits.size, **sizes},
        content={**edits.content, **contents},
        indexes=made,
    )


def write_indexes(placed: Placement, patched: Patched) -> None:
    """Put the indexes into the contents of the output."""
    where = placed.addresses
    for sid, index in where.edits.indexes.items():
        place = where.place(sid, 0)
        if place is not None:
            home, at = place
            patched.contents[home][at : at + index.size] = index.content(placed)
