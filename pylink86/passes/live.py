"""--gc-sections: what is reachable from the entry point, and what is not.

Compilers put each function into a section of its own, so that a linker can leave out what nobody
calls.  The walk starts at roots (the entry symbol, KEEP, names the script uses) and follows
relocations from section to section; what it does not reach is dead (GNU ld manual, --gc-sections).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .match import Claims, Draft, SectionId, SectionList
from .resolve import Resolution
from .words import names_used

ROOT_TYPES = frozenset({c.SHT_NOTE, c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY})
ROOT_NAMES = (".init", ".fini", ".ctors", ".dtors", ".jcr", ".eh_frame")


@attrs.frozen(eq=False, repr=False)
class Live:
    """dead: input sections nothing reaches; through: for a live one, the section that led to it.

    A root leads to itself.  Without --gc-sections nothing is dead and `through` is empty.
    """

    dead: frozenset[SectionId]
    through: dict[SectionId, SectionId]


ALL_LIVE = Live(frozenset(), {})


def mark_live(
    claims: Claims, table: SectionList, resolution: Resolution, roots: Iterable[str]
) -> Live:
    """Follow references from the roots; only sections that occupy memory can die.

    roots: names of symbols (entry, -u).  Section kinds the run-time finds without a reference (init
    arrays, notes, C identifiers by __start_ and __stop_) are roots too.
    """
    gone = claims.discarded
    through: dict[SectionId, SectionId] = {}
    todo: list[SectionId] = []

    def reach(sid: SectionId, by: SectionId) -> None:
        if sid not in through and table.eligible[sid] and sid not in gone:
            through[sid] = by
            todo.append(sid)

    wanted = {*roots, *_script_names(claims)}
    for name in sorted(wanted):
        where = resolution.definer.get(name)
        if where is not None:
            _reach_symbol(where, resolution, table, reach)
    for sid in sorted(claims.kept | _roots(table)):
        reach(sid, sid)
    by_name = _encapsulated(table)
    followed: list[SectionId] = []
    while todo:
        sid = todo.pop()
        followed.append(sid)
        for target in _references(sid, resolution, table, by_name):
            reach(target, sid)
    dead = frozenset(
        sid
        for sid, ok in enumerate(table.eligible)
        if ok
        and sid not in through
        and table.flags[sid] & c.SHF_ALLOC
        and sid not in table.phantoms
    )
    return Live(dead, through)


def _script_names(claims: Claims) -> set[str]:
    nodes = (
        i for item in claims.items for i in (item.items if isinstance(item, Draft) else (item,))
    )
    return {
        name
        for node in nodes
        if isinstance(node, (n.Assignment, n.Assert, n.Data))
        for name in names_used(node)
    }


def _roots(table: SectionList) -> set[SectionId]:
    return {
        sid
        for sid, kind in enumerate(table.type)
        if table.eligible[sid]
        and table.flags[sid] & c.SHF_ALLOC
        and (kind in ROOT_TYPES or table.name[sid].startswith(ROOT_NAMES))
    }


def _encapsulated(table: SectionList) -> dict[str, list[SectionId]]:
    """Sections whose name is a C identifier: `__start_name` and `__stop_name` reach them all."""
    found: dict[str, list[SectionId]] = {}
    for sid, name in enumerate(table.name):
        if name.isidentifier() and table.eligible[sid]:
            found.setdefault(name, []).append(sid)
    return found


def _reach_symbol(
    where: tuple[int, int], resolution: Resolution, table: SectionList, reach: object
) -> None:
    shndx = resolution.files[where[0]].symbols.shndx[where[1]]
    if shndx > 0:
        sid = table.base[where[0]] + shndx
        reach(sid, sid)  # type: ignore[operator]


def _references(
    sid: SectionId, resolution: Resolution, table: SectionList, by_name: dict[str, list[SectionId]]
) -> Iterable[SectionId]:
    """The sections a live section's relocations point at."""
    file = table.owner_file(sid)
    obj = resolution.files[file]
    index = sid - table.base[file]
    if obj.sections.names[index] == ".eh_frame":
        return
    first = resolution.first_global[file]
    names = resolution.global_names[file]
    shndx_of = obj.symbols.shndx
    for rel in obj.relocation_sections.get(index, ()):
        for symbol in set(obj.relocations(rel).symbol):
            if symbol < first:
                if shndx_of[symbol] > 0:
                    yield table.base[file] + shndx_of[symbol]
                continue
            name = names[symbol - first]
            where = resolution.definer.get(name)
            if where is not None:
                shndx = resolution.files[where[0]].symbols.shndx[where[1]]
                if shndx > 0:
                    yield table.base[where[0]] + shndx
            elif name.startswith(("__start_", "__stop_")):
                yield from by_name.get(name.split("_", 3)[3], ())
