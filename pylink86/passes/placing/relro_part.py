"""Whether a script's RELRO part holds anything: what lies between DATA_SEGMENT_ALIGN and
DATA_SEGMENT_RELRO_END, and is read-only once a program has started.

GNU ld asks the patterns that stand there, not what came to lie there.  Its own script has
`.eh_frame` twice, once for tables that are written to, and so a program with an ordinary unwind
table has its data begin with a page (observed with -z relro and -z norelro)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claims, Draft, SectionId, SectionList
from ..ordering.entry import Entry
from ..words import expressions


def holds_relro(claims: Claims, table: SectionList, gone: Iterable[SectionId]) -> bool:
    """Whether any pattern of the RELRO part matches something of some size in memory.

    gone: dead and discarded sections; .tbss does not count.  Output sections whose constraint fails
    do."""
    missing = frozenset(gone)
    return any(
        table.size[sid] and table.flags[sid] & c.SHF_ALLOC and not _is_tbss(table, sid)
        for sid in _matched(claims)
        if sid not in missing
    )


def protected_by_script(items: Iterable[object]) -> frozenset[int]:
    """Identities of the output sections between DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END,
    which LLD protects whatever their names are; none where one of the two is missing."""
    inside: list[int] = []
    begun = False
    for item in items:
        if isinstance(item, Entry):
            if begun:
                inside.append(id(item))
            continue
        calls = _calls(item)
        begun = begun or "DATA_SEGMENT_ALIGN" in calls
        if "DATA_SEGMENT_RELRO_END" in calls:
            return frozenset(inside)
    return frozenset()


def _calls(item: object) -> set[str]:
    return {e.name for e in expressions(item) if isinstance(e, n.Call)}


def _is_tbss(table: SectionList, sid: SectionId) -> bool:
    return bool(table.flags[sid] & c.SHF_TLS) and table.type[sid] == c.SHT_NOBITS


def _matched(claims: Claims) -> Iterator[SectionId]:
    """The input sections that patterns of the RELRO part match."""
    inside = False
    for item in claims.items:
        if isinstance(item, Draft):
            if inside:
                yield from item.matched()
            continue
        calls = _calls(item)
        inside |= "DATA_SEGMENT_ALIGN" in calls
        if "DATA_SEGMENT_RELRO_END" in calls:
            return
