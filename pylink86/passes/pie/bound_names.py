"""Undefined names that a loader binds.

An undefined name that is only asked for weakly is 0 in a static program.  When a program that moves
names a loader, GNU ld leaves it to that: if code reads the name's address from the global offset
table or calls it through the linkage table, and does not need the address itself.

Found with `ld -pie` on objects with each kind of reference, and `readelf --dyn-syms`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ... import elf_const as c
from ...arch import rows_for
from ...arch.reloc import ABS, GOT, GOT_PC, PC, PLT
from ...model import ObjectFile
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..names.strongly_wanted import strongly_wanted
from ..names.visibility import visibilities
from ..tables import BOUNDARIES

THROUGH_TABLES = (GOT, GOT_PC, PLT)


def bound_names(
    resolution: Resolution,
    table: SectionList,
    gone: Collection[SectionId],
    made: Collection[str],
) -> frozenset[str]:
    """The undefined names that a loader binds; made: names that the link gives a value."""
    seen = visibilities(resolution)
    weak = resolution.undefined - strongly_wanted(resolution)
    weak = frozenset(
        n for n in weak if n not in made and n not in seen and not n.startswith(BOUNDARIES)
    )
    if not weak:
        return frozenset()
    through: set[str] = set()
    direct: set[str] = set()
    for file, names in enumerate(resolution.global_names[:-1]):
        if weak.isdisjoint(names):
            continue
        obj, base = resolution.files[file], table.base[file]
        for index, name, kind in _references(obj, names, resolution.first_global[file], weak):
            sid = base + index
            if not table.flags[sid] & c.SHF_ALLOC or not table.eligible[sid] or sid in gone:
                continue
            if kind in THROUGH_TABLES:
                through.add(name)
            elif kind in (ABS, PC) and table.flags[sid] & c.SHF_EXECINSTR:
                direct.add(name)
    return frozenset(through - direct)


def _references(
    obj: ObjectFile, names: Sequence[str], first: int, wanted: Collection[str]
) -> Iterator[tuple[int, str, object]]:
    """Section, name and kind of each reference to one of the names."""
    rows = rows_for(obj.header.machine)
    for index, tables in obj.relocation_sections.items():
        for rel in tables:
            rels = obj.relocations(rel)
            for kind, symbol in zip(rels.type, rels.symbol):
                if symbol >= first and names[symbol - first] in wanted and kind in rows:
                    yield index, names[symbol - first], rows[kind].kind
