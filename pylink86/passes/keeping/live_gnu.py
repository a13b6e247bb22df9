"""--gc-sections as GNU ld does it: which sections are roots, and what stays that is not in memory.

Only notes are roots by themselves; KEEP() in the script says the rest.  Debug information and
comments are found by nobody's reference, so they follow their file: as long as something of it is
in memory they stay.  But a section that is neither, and refers to code, goes.

Source: a file with a section of each kind, linked with `ld --gc-sections`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ... import elf_const as c
from ...model import ObjectFile
from ..names.comdat import group_members
from ..names.resolve import Resolution
from ..names.special_names import is_debug
from ..section_list import SectionId, SectionList

ARRAYS = frozenset({c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY})
FRAGMENT = ".debug_line."
"""Debug information in pieces: `.debug_line.text.f` is about `.text.f`."""

References = Callable[[SectionId], Iterable[SectionId]]


def roots_like_gnu(table: SectionList, again: bool) -> set[SectionId]:
    """What is alive beside KEEP() and names: notes of their own, what is to be retained, and with
    -r (again) the arrays of functions that run first and last."""
    arrays = ARRAYS if again else frozenset[int]()
    part = c.SHF_GROUP | c.SHF_LINK_ORDER
    return {
        sid
        for sid, kind in enumerate(table.type)
        if table.eligible[sid]
        and (
            (kind == c.SHT_NOTE and not table.flags[sid] & part)
            or kind in arrays
            or table.flags[sid] & c.SHF_GNU_RETAIN
        )
    }


def dead_like_gnu(
    table: SectionList,
    resolution: Resolution,
    through: Iterable[SectionId],
    references: References,
) -> set[SectionId]:
    """The sections that leave.  through: those that were reached; references: the sections that
    one refers to."""
    stays = set(through)
    alive = {
        table.file[sid]  # of a COMMON block, the file that asked for it
        for sid in stays
        if table.flags[sid] & c.SHF_ALLOC and table.type[sid] != c.SHT_NOTE
    }
    debug: list[SectionId] = []
    for file in sorted(file for file in alive if 0 <= file < resolution.own):
        followers = _Followers(table, resolution.files[file], table.base[file])
        stays.update(followers.sections(stays))
        sections = range(table.base[file], table.base[file + 1])
        debug += [sid for sid in sections if sid in stays and _is_debug(table, sid)]
    while debug:  # debug information leads to more of its kind, and to nothing else
        found = {x for x in references(debug.pop()) if x not in stays and _is_debug(table, x)}
        stays |= found
        debug += found
    own = table.base[-1]
    return {
        sid
        for sid, ok in enumerate(table.eligible)
        if ok
        and sid not in stays
        and sid not in table.phantoms
        and (sid < own or table.name[sid] == "COMMON")
    }


def _is_debug(table: SectionList, sid: SectionId) -> bool:
    return is_debug(table.name[sid], table.flags[sid])


class _Followers(NamedTuple):
    """What of a file stays because the file does; base: the number of its first section."""

    table: SectionList
    obj: ObjectFile
    base: SectionId

    def sections(self, reached: set[SectionId]) -> Iterator[SectionId]:
        """Debug information, unless it is in pieces and its code is dead; sections without
        relocations; groups that are all of the one or all of the other."""
        pieces = self._dead_pieces(reached)
        part = c.SHF_GROUP | c.SHF_LINK_ORDER
        for sid in range(self.base, self.base + len(self.obj.sections)):
            if self.table.flags[sid] & part or sid in pieces:
                continue
            if _is_debug(self.table, sid) or self._is_remark(sid):
                yield sid
        for members in group_members(self.obj, self.base):
            group = [sid for sid in members if self.table.eligible[sid]]  # no relocation tables
            if all(_is_debug(self.table, x) for x in group) or all(map(self._is_remark, group)):
                yield from group

    def _is_remark(self, sid: SectionId) -> bool:
        """Whether a section is neither in memory nor relocated, as `.comment`."""
        tables = self.obj.relocation_sections.get(sid - self.base, ())
        return not self.table.flags[sid] & c.SHF_ALLOC and not any(
            self.obj.sections.size[rel] for rel in tables
        )

    def _dead_pieces(self, reached: set[SectionId]) -> set[SectionId]:
        """Pieces of debug information about code that nobody reached."""
        table, sections = self.table, range(self.base, self.base + len(self.obj.sections))
        if not any(name.startswith(FRAGMENT) for name in self.obj.sections.names):
            return set()
        dead = tuple(
            table.name[sid]
            for sid in sections
            if table.flags[sid] & c.SHF_EXECINSTR and sid not in reached
        )
        return {sid for sid in sections if _is_debug(table, sid) and table.name[sid].endswith(dead)}
