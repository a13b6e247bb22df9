"""Relocations of many sections as one table.

A compiler that puts each function into a section of its own makes a table of three rows or ten for
each.  What is done once for a table takes longer then than its rows do.  Mostly the sections of a
file follow each other in one output section, and their tables each other in the file: such a run
of tables is one whose offsets count from where the output section begins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, chain, groupby, repeat
from operator import add

from ... import elf_const as c
from ...relocation_groups import GroupRows, Span
from ..placing.locate import Addresses
from ..section_list import SectionId
from .sums import Row

NOWHERE = -1
"""The output section of what is in none; here, too, of what is not part of a run."""

WIDEST = 16
"""Bytes the widest relocation patches (a TLS descriptor)."""


class Run:
    """Tables of some sections, which lie in output section `home`; rows [begin, end) of a group.
    sec_offs: where each section begins there; counts: of its rows."""

    def __init__(
        self,
        group: GroupRows,
        home: int,
        sids: list[SectionId],
        sec_offs: list[int],
        spans: list[Span],
    ) -> None:
        self.group, self.home, self.sids, self.sec_offs = group, home, sids, sec_offs
        self.begin, self.end = spans[0][0], spans[-1][1]
        self.counts = [end - begin for begin, end, _ in spans]

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
    changed = {base + info[rel] for number, rel in where.tables.relocations if number == file}
    for group in dict.fromkeys(groups.values()):
        rows = group.rows()
        sids = [base + info[rel] for rel in rows.spans]
        if not rows.is_sound or rows.addend is None or not flags[sids[0] - base] & c.SHF_ALLOC:
            continue
        spans = list(rows.spans.values())
        homes = [where.owner[sid] for sid in sids]
        for at, (sid, (_, _, highest)) in enumerate(zip(sids, spans)):
            if highest + WIDEST > where.size[sid] or sid in apart or sid in changed:
                homes[at] = NOWHERE
        begin = 0
        for home, same in groupby(homes):
            part = slice(begin, begin + len(list(same)))
            begin = part.stop
            if home >= 0 and contents[home]:
                sec_offs = [where.offset[sid] for sid in sids[part]]
                yield Run(rows, home, sids[part], sec_offs, spans[part])
