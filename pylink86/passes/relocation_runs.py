"""Relocations of many sections as one table.

A compiler that puts each function into a section of its own makes a table of three rows or ten for
each.  What is done once for a table takes longer then than its rows do.  Mostly the sections of a
file follow each other in one output section, and their tables each other in the file: such a run
of tables is one whose offsets count from where the output section begins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, chain, repeat
from operator import add

from .. import elf_const as c
from ..relocation_groups import GroupRows
from .locate import Addresses
from .section_list import SectionId
from .sums import Row

WIDEST = 16
"""Bytes the widest relocation patches (a TLS descriptor)."""


class Run:
    """Tables of sections that lie in output section `home`.  counts: of rows, of each section."""

    def __init__(self, group: GroupRows, home: int, begin: int) -> None:
        self.group, self.home, self.begin = group, home, begin
        self.sids: list[SectionId] = []
        self.sec_offs: list[int] = []
        self.counts: list[int] = []
        self.end = begin

    def rows(self) -> tuple[Iterator[Row], Iterator[int]]:
        """The rows, their offsets those in the output section; and the column of types as it is
        used up with them, whose `length_hint` tells how many rows are left."""
        group, span = self.group, slice(self.begin, self.end)
        assert group.addend is not None
        starts = chain.from_iterable(map(repeat, self.sec_offs, self.counts))
        types = iter(group.type[span])
        offsets = map(add, group.offset[span], starts)
        return zip(offsets, types, group.symbol[span], group.addend[span]), types

    def sections_within(self, rows: int) -> int:
        """Of how many sections all rows are among so many first ones."""
        return bisect_right([*accumulate(self.counts)], rows)


def relocation_runs(
    file: int, where: Addresses, apart: Collection[SectionId], contents: Sequence[bytearray]
) -> Iterator[Run]:
    """The runs of a file's tables for what is in memory, as far as their rows are where the file
    has them, with addends, and every row is well inside its section.

    apart: sections to leave alone; contents: of the output sections, empty where there are none."""
    obj, base = where.resolution.files[file], where.table.base[file]
    groups, info, flags = obj.relocation_groups, obj.sections.info, obj.sections.flags
    if len(obj.relocation_sections) != len(groups):  # a section has two tables
        return
    owner, sec_off, size = where.owner, where.offset, where.size
    rewritten = {rel for number, rel in where.tables.relocations if number == file}
    for group in dict.fromkeys(groups.values()):
        rows = group.rows()
        if not rows.is_sound or rows.addend is None:
            continue
        run: Run | None = None
        for rel, (begin, end, highest) in rows.spans.items():
            index = info[rel]
            sid = base + index
            home = owner[sid]
            if run is not None and (home != run.home or begin != run.end):
                yield run
                run = None
            if home < 0 or not contents[home] or highest + WIDEST > size[sid] or sid in apart:
                continue
            if not flags[index] & c.SHF_ALLOC or rel in rewritten:
                continue
            if run is None:
                run = Run(rows, home, begin)
            run.sids.append(sid)
            run.sec_offs.append(sec_off[sid])
            run.counts.append(end - begin)
            run.end = end
        if run is not None:
            yield run
