"""What is known of an unwind table and its index before addresses are: which records there are, and
how large the index will be."""

from __future__ import annotations

from collections.abc import Sequence

from ... import elf_const as c
from ...dialect import Dialect
from ...model import ObjectFile, SectionRow
from ..matching.match import SectionId
from ..names.resolve import OwnSection

NAME = ".eh_frame_hdr"
HEAD = 12
ROW = 8
PLAIN_SIZE = 8
"""Bytes of a header without a list, when a table was not understood."""


class Fde:
    """A record of a function: input section and offset of it and of its CIE; how it says where the
    function is (DW_EH_PE_), with an address of `word` bytes."""

    def __init__(
        self,
        home: SectionId,
        sec_off: int,
        cie_home: SectionId,
        cie_off: int,
        encoding: int,
        word: int,
    ) -> None:
        self.home, self.sec_off, self.cie_home, self.cie_off = home, sec_off, cie_home, cie_off
        self.encoding, self.word = encoding, word


class UnwindIndex:
    """fdes: all records, in link order.  table: the first input section of the unwind table.
    header: the section of the index, -1 for none.  listed: whether it has a list."""

    def __init__(
        self, fdes: tuple[Fde, ...], table: SectionId, header: SectionId = -1, listed: bool = True
    ) -> None:
        self.fdes, self.table, self.header, self.listed = fdes, table, header, listed

    @property
    def size(self) -> int:
        """Bytes of the index."""
        return HEAD + ROW * len(self.fdes) if self.listed else PLAIN_SIZE


def index_section(files: Sequence[ObjectFile], dialect: Dialect) -> tuple[OwnSection, ...]:
    """The index as a section of the linker's own file, of the first file with unwind tables in GNU
    ld; its size is known later.  Without unwind tables there is none."""
    first = next((n for n, obj in enumerate(files) if ".eh_frame" in obj.sections.names), -1)
    if first < 0:
        return ()
    row = SectionRow(NAME, c.SHT_PROGBITS, c.SHF_ALLOC, size=HEAD, align=4)
    if dialect.edits_unwind_in_place:
        return (OwnSection(row, bytes(HEAD), first, "__GNU_EH_FRAME_HDR"),)
    return (OwnSection(row, bytes(HEAD)),)
