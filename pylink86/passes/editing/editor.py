"""What the passes that take sections apart read of the link, and the edits they collect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...elf_tables import Buffer
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..placing.locate import Edits

if TYPE_CHECKING:
    from .unwind_plan import UnwindIndex


class Editor:
    """What editing reads of the link, and the edits it collects.  own_records: unwind records of
    the linker's own, by section."""

    def __init__(
        self,
        table: SectionList,
        resolution: Resolution,
        edits: Edits,
        own_records: Mapping[SectionId, bytes],
    ) -> None:
        self.table, self.resolution, self.edits = table, resolution, edits
        self.own_records = own_records
        self.unwind: UnwindIndex | None = None

    def content(self, sid: SectionId) -> Buffer:
        if sid in self.own_records:
            return self.own_records[sid]
        number = self.table.owner_file(sid)
        return self.resolution.files[number].contents[sid - self.table.base[number]]

    def entsize(self, sid: SectionId) -> int:
        number = self.table.owner_file(sid)
        return self.resolution.files[number].sections.entsize[sid - self.table.base[number]]

    def relocated(self, sid: SectionId) -> bool:
        number = self.table.owner_file(sid)
        return sid - self.table.base[number] in self.resolution.files[number].relocation_sections

    def own_section(self, name: str) -> SectionId:
        """A section of the linker's own file; -1 when there is none of that name."""
        table = self.table
        sids = range(table.base[-1], len(table))
        return next((sid for sid in sids if table.name[sid] == name), -1)

    def replace(self, sid: SectionId, content: bytes, align: int = 0) -> None:
        """Give an input section other bytes, and another alignment if it is not 0."""
        self.edits.content[sid] = content
        self.edits.size[sid] = len(content)
        if align:
            self.edits.align[sid] = align
