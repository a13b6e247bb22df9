"""The relocation sections of a file, decoded many at once.

A compiler that puts each function into a section of its own makes a relocation section for each,
too, of three rows or ten.  Decoded one by one, the calls cost more than the rows.  So all sections
of a file that are read together are one table: those of what is in memory, and apart from them
those of what only a debugger reads, which many links never look at.
"""

from __future__ import annotations

from itertools import accumulate
from operator import lt
from typing import TYPE_CHECKING, NamedTuple

from . import elf_const as c
from .elf_tables import REL, RELA, Buffer, Column, decode_relocations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .columns import Sections

Span = tuple[int, int, int]
"""Rows [begin, end) of a group, and the largest offset among them, -1 when there are none."""


class GroupRows(NamedTuple):
    """A group's rows as columns; addend as in `decode_relocations`.

    spans: where the rows of each section are.  symbols_exist: whether every row speaks of a symbol
    the file has, or of none (0).  is_sound: the same, and every row lies in its section."""

    offset: Column
    type: Column
    symbol: Column
    addend: Column | None
    spans: dict[int, Span]
    symbols_exist: bool
    is_sound: bool


class RelocationGroup:
    """Relocation sections of one kind as a single table, which is decoded when it is asked for.

    indices: of the sections, in order; contents: of all sections of the file; symbols: how many it
    has."""

    __slots__ = ("_contents", "_elf_class", "_indices", "_rows", "_sections", "_symbols")

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
        self._rows: GroupRows | None = None

    def rows(self) -> GroupRows:
        """All rows, one section after the other."""
        if self._rows is None:
            self._rows = self._decoded()
        return self._rows

    def _decoded(self) -> GroupRows:
        sections, contents = self._sections, self._contents
        with_addend = sections.type[self._indices[0]] == c.SHT_RELA
        record = (RELA if with_addend else REL)[self._elf_class].size
        indices = self._indices
        table = b"".join([contents[index] for index in indices])
        columns = decode_relocations(table, self._elf_class, with_addend)
        offset, size, info = columns[0], sections.size, sections.info
        ends = list(accumulate([size[index] // record for index in indices]))
        begins = [0, *ends[:-1]]
        highest = [max(offset[begin:end], default=-1) for begin, end in zip(begins, ends)]
        spans = dict(zip(indices, zip(begins, ends, highest)))
        inside = all(map(lt, highest, [size[info[index]] for index in indices]))
        symbols_exist = max(columns[2], default=0) < max(self._symbols, 1)
        return GroupRows(*columns, spans, symbols_exist, symbols_exist and inside)


TYPES = (c.SHT_RELA, c.SHT_REL)


def group_relocations(
    sections: Sections, contents: Sequence[Buffer], elf_class: int, symbols: int
) -> dict[int, RelocationGroup]:
    """The group of each relocation section of a file, by section index."""
    flags, info, types = sections.flags, sections.info, sections.type
    indices = [index for index, kind in enumerate(types) if kind in TYPES]
    keys = [(types[index], flags[info[index]] & c.SHF_ALLOC) for index in indices]
    members: dict[tuple[int, int], list[int]] = {key: [] for key in keys}
    for key, index in zip(keys, indices):
        members[key].append(index)
    found: dict[int, RelocationGroup] = {}
    for held in members.values():
        group = RelocationGroup(sections, contents, elf_class, symbols, held)
        found.update(dict.fromkeys(held, group))
    return found if len(members) == 1 else {index: found[index] for index in indices}
