"""Where things went: the columns `place` fills, and the address of any symbol of any file.

Every question of the form "at which address is this symbol" is answered here, whether a script's
expression asks or a relocation does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import attrs

from ...model import ABS
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..tables import NO_TABLES, Tables

if TYPE_CHECKING:
    from ..editing.edit import Moved
    from ..editing.unwind_plan import UnwindIndex
    from ..indexing.debug_indexes import DebugIndex
    from ..placement import Piece


MAX_OFFSET = 0x7FFFFFFF
"""Largest offset in a section of a 32-bit file; what is above it is negative."""


class Run(NamedTuple):
    """The input sections of one statement, set down.

    sids: of the statement; begin: what their places depend on beside the output section's address,
    which was `vma` and may be any other that leaves the same remainder by `align`.  placed: those
    of them that were set down, offsets: each one's in the output section; size: of all before the
    point where the walk goes on."""

    sids: Sequence[SectionId]
    begin: tuple[object, ...]
    vma: int
    align: int
    placed: Sequence[SectionId]
    offsets: list[int]
    pieces: list[Piece]
    size: int
    gap_start: int


@attrs.frozen(eq=False, repr=False)
class Edits:
    """What merging and unwind-table editing did to input sections.

    size, align: of input sections whose content was replaced.  content: their new bytes.  moved:
    for a section whose bytes now lie in another (or were rearranged in itself), where each is.
    parts: for a section made of others, those whose relocations still apply, each through its
    map.  unwind: the records of the unwind table, when it was edited.  indexes: of debug data, by
    the section each will fill."""

    size: dict[SectionId, int]
    align: dict[SectionId, int]
    content: dict[SectionId, bytes]
    moved: dict[SectionId, Moved]
    parts: dict[SectionId, tuple[SectionId, ...]]
    unwind: UnwindIndex | None = None
    indexes: Mapping[SectionId, DebugIndex] = attrs.field(factory=dict)


NO_EDITS = Edits({}, {}, {}, {}, {})


@attrs.frozen(eq=False, repr=False)
class Addresses:
    """Columns by input section number: size and align (given), offset and owner (filled by a walk).

    machine: EM_ of the output.  owner: index of the output section, -1 while not placed; offset:
    bytes from that section's start.  tables: what the linker's own tables hold,
    and instructions that were rewritten.  folded: for a copy that --icf left out, what stayed."""

    resolution: Resolution
    table: SectionList
    edits: Edits
    machine: int
    size: list[int]
    align: list[int]
    offset: list[int]
    owner: list[int]
    tables: Tables
    folded: Mapping[SectionId, SectionId]
    empty: frozenset[SectionId] = frozenset()
    """The linker's own tables that hold nothing and are among the inputs (GNU ld): they give their
    output section flags and alignment, and are not set down."""
    runs: dict[int, Run] = attrs.field(factory=dict)
    """What the last walk did with the sections of each statement, by `id` of the statement's
    sections: most walks do it again."""
    waiting: list[tuple[int, Run]] = attrs.field(factory=list)
    """What this walk has set down, by output section, and is not in `offset` and `owner` yet."""

    @staticmethod
    def of(
        resolution: Resolution,
        table: SectionList,
        edits: Edits,
        machine: int,
        tables: Tables = NO_TABLES,
        folded: Mapping[SectionId, SectionId] | None = None,
    ) -> Addresses:
        size, align = table.size, table.align
        if edits.size:
            size, align = list(size), list(align)
            for sid, number in edits.size.items():
                size[sid] = number
            for sid, number in edits.align.items():
                align[sid] = number
        same = folded or {}
        if same:
            align = list(align)
        for copy, kept in same.items():
            align[kept] = max(align[kept], align[copy])
        own = range(table.base[-1] + 1, len(table))
        empty = frozenset(
            sid
            for sid in own
            if not size[sid] and sid not in table.phantoms and table.name[sid] != "COMMON"
        )
        return Addresses(
            resolution, table, edits, machine, size, align, [], [], tables, same, empty
        )

    def fresh(self) -> Addresses:
        """The same inputs, nothing placed yet."""
        many = len(self.size)
        return attrs.evolve(self, offset=[0] * many, owner=[-1] * many, waiting=[])

    def fill(self) -> None:
        """Write down what was set down.  A walk whose numbers nobody asks for is spared it."""
        offset, owner = self.offset, self.owner
        for index, run in self.waiting:
            for sid, sec_off in zip(run.placed, run.offsets):
                offset[sid] = sec_off
                owner[sid] = index
        self.waiting.clear()

    def of_symbol(self, file: int, index: int) -> tuple[int, int] | int | None:
        """(output section index, offset), an absolute number, or None when it is not placed.

        In a 32-bit file `.set low, entry - 0x80000000` is an offset before the section's start."""
        obj = self.resolution.files[file]
        shndx, value = obj.symbols.shndx[index], obj.symbols.value[index]
        if shndx == ABS:
            return value
        if shndx <= 0:
            return None
        if value > MAX_OFFSET and obj.header.elf_class == 32:
            value -= 1 << 32
        return self.of_place(self.table.base[file] + shndx, value)

    def of_place(self, sid: SectionId, sec_off: int) -> tuple[int, int] | None:
        """An offset in an input section as (output section index, offset); None when not placed."""
        sid = self.folded.get(sid, sid)
        moved = self.edits.moved.get(sid) if self.edits.moved else None
        if moved is not None:
            new = moved(sec_off)
            if new is None:
                return None
            sid, sec_off = new
        return self.place(sid, sec_off)

    def place(self, sid: SectionId, sec_off: int) -> tuple[int, int] | None:
        """The same for an offset in what is left of an input section."""
        if self.waiting:
            self.fill()
        owner = self.owner[sid]
        return None if owner < 0 else (owner, self.offset[sid] + sec_off)

    def describe(self, sid: SectionId) -> str:
        """`file.o(.text)`: an input section by name."""
        return describe_section(self.resolution, self.table, sid)


def describe_section(resolution: Resolution, table: SectionList, sid: SectionId) -> str:
    """`file.o(.text)`; a section the linker made for a file (COMMON) bears that file's name."""
    number = table.file[sid]
    return f"{resolution.files[number].name if number >= 0 else '<linker>'}({table.name[sid]})"
