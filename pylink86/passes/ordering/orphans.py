"""Where an input section goes that the script does not mention.

The manual only says "after the last section of the same flags" (GNU ld manual 3.6.8.1); what the
two linkers really do was found by giving both the same small scripts, and decides where `.eh_frame`
lands in a boot image.  GNU ld sorts orphans into classes and puts each class behind an anchor; LLD
gives each section a rank and puts an orphan beside the section whose rank looks most like its own.
Each has a module of its own (orphans_gnu, orphans_lld); this one has the words of both.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...script import nodes as n
from ..matching.match import Claim, SectionId, SectionList
from .chain import Chain, Link
from .entry import Entry


class Dropped:
    """An output section of the script that holds nothing and leaves no trace (LLD's dialect), or
    that GNU ld leaves out because its constraint fails.

    absent: the latter; its symbols and ASSERTs count, and it keeps its place among the others."""

    def __init__(self, node: n.OutputSection, absent: bool = False) -> None:
        self.node, self.absent = node, absent


Item = Entry | Dropped | n.Assignment | n.Assert


class Statements(Chain[Item]):
    """What a script says, in order, with the output sections by name."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.by_name: dict[str, list[Entry]] = {}
        super().__init__(items)

    def named(self, name: str) -> Entry | None:
        """The first output section of a name."""
        return self.first_section(self.by_name.get(name, ()))

    def first_section(self, wanted: Iterable[Entry]) -> Entry | None:
        """The one of some output sections that stands before all others."""
        found = self.first(wanted)
        return found if isinstance(found, Entry) else None

    def _insert(self, before: Link[Item], item: Item) -> None:
        super()._insert(before, item)
        if isinstance(item, Entry):
            self.by_name.setdefault(item.name, []).append(item)


EVERYTHING = n.InputStatement(n.FilePattern("*"))
"""The statement an orphan is claimed by: none the user wrote."""


def append(entry: Entry, sid: SectionId, table: SectionList) -> None:
    """Add one orphan at the end of an output section."""
    last = entry.items[-1] if entry.items else None
    if isinstance(last, Claim) and last.node is EVERYTHING:
        entry.items[-1] = Claim(EVERYTHING, (*last.sections, sid))
    else:
        entry.items.append(Claim(EVERYTHING, (sid,)))
    entry.add(table, (sid,))


def beside_of(anchor: Entry | Dropped | None) -> n.OutputSection | None:
    if isinstance(anchor, Dropped):
        return anchor.node
    return None if anchor is None else anchor.node or anchor.beside


def output_name(table: SectionList, name: str) -> str:
    """COMMON blocks nobody placed go to `.bss`; every other orphan keeps its name, or has the one
    that the output gives it."""
    return table.renames.get(name, ".bss" if name == "COMMON" else name)
