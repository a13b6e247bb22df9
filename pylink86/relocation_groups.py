"""The relocation sections of a file, decoded many at once.

A compiler that puts each function into a section of its own makes a relocation section for each,
too, of three rows or ten.  Decoded one by one, the calls cost more than the rows.  So all sections
of a file that are read together are one table: those of what is in memory, and apart from them
those of what only a debugger reads, which many links never look at.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from . import elf_const as c
from .elf_tables import REL, RELA, Buffer, Column, decode_relocations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Sections

Span = tuple[int, int, int]
"""Rows [begin, end) of a group, and the largest offset among them, -1 when there are none."""


class RelocationGroup:
    """Relocation sections of one kind as the columns of a single table.

    indices: of the sections, in order; contents: of all sections of the file; symbols: how many it
    has."""

    def __init__(
        self,
        sections: Sections,
        contents: Sequence[Buffer],
        elf_class: int,
        symbols: int,
        indices: list[int],
    ) -> None:
        self._sections = sections
        self._contents = contents
        self._elf_class = elf_class
        self._symbols = symbols
        self._indices = indices

    @cached_property
    def columns(self) -> tuple[Column, Column, Column, Column | None]:
        """offset, type, symbol and addend of every row; addend as in `decode_relocations`."""
        return decode_relocations(b"".join(self._tables), self._elf_class, self._with_addend)

    @cached_property
    def _tables(self) -> list[Buffer]:
        return [self._contents[index] for index in self._indices]

    @property
    def _with_addend(self) -> bool:
        return self._sections.type[self._indices[0]] == c.SHT_RELA

    @cached_property
    def spans(self) -> dict[int, Span]:
        """Where the rows of each section are."""
        offsets = self.columns[0]
        record = (RELA if self._with_addend else REL)[self._elf_class].size
        spans: dict[int, Span] = {}
        begin = 0
        for index, table in zip(self._indices, self._tables):
            end = begin + len(table) // record
            spans[index] = begin, end, max(offsets[begin:end], default=-1)
            begin = end
        return spans

    @cached_property
    def symbols_exist(self) -> bool:
        """Whether every row speaks of a symbol the file has, or of none (0)."""
        return max(self.columns[2], default=0) < max(self._symbols, 1)

    @cached_property
    def is_sound(self) -> bool:
        """The same, and every row lies in its section."""
        size, info = self._sections.size, self._sections.info
        return self.symbols_exist and all(
            highest < size[info[index]] for index, (_, _, highest) in self.spans.items()
        )


def group_relocations(
    sections: Sections, contents: Sequence[Buffer], elf_class: int, symbols: int
) -> dict[int, RelocationGroup]:
    """The group of each relocation section of a file, by section index."""
    flags, info = sections.flags, sections.info
    members: dict[tuple[int, int], list[int]] = {}
    for index, kind in enumerate(sections.type):
        if kind in (c.SHT_RELA, c.SHT_REL):
            members.setdefault((kind, flags[info[index]] & c.SHF_ALLOC), []).append(index)
    return {
        index: group
        for indices in members.values()
        for group in [RelocationGroup(sections, contents, elf_class, symbols, indices)]
        for index in indices
    }
