"""What the passes that take sections apart read of the link, and the edits they collect."""

from __future__ import annotations

import attrs

from ..elf_tables import Buffer
from .locate import Edits
from .match import SectionId, SectionList
from .resolve import Resolution


@attrs.frozen(eq=False, repr=False)
class Editor:
    """What editing reads of the link, and the edits it collects."""

    table: SectionList
    resolution: Resolution
    edits: Edits

    def content(self, sid: SectionId) -> Buffer:
        number = self.table.owner_file(sid)
        return self.resolution.files[number].contents[sid - self.table.base[number]]

    def entsize(self, sid: SectionId) -> int:
        number = self.table.owner_file(sid)
        return self.resolution.files[number].sections.entsize[sid - self.table.base[number]]

    def relocated(self, sid: SectionId) -> bool:
        number = self.table.owner_file(sid)
        return sid - self.table.base[number] in self.resolution.files[number].relocation_sections

    def replace(self, sid: SectionId, content: bytes, align: int = 0) -> None:
        """Give an input section other bytes, and another alignment if it is not 0."""
        self.edits.content[sid] = content
        self.edits.size[sid] = len(content)
        if align:
            self.edits.align[sid] = align
