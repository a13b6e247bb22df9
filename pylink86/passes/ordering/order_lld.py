"""LLD's order of output sections: ranks without a script, INSERT, a place for every orphan.

LLD first has one list: what scripts describe, in their order, and behind it a new output section
for each name of an orphan.  Without a SECTIONS command that stays where it is (`SECTIONS { ... }
INSERT AFTER .text` only moves) the list is sorted by rank.  Then INSERT moves output sections, also
behind those of orphans.  Last, what is still behind the script's own sections gets a place beside
its like. Found by giving ld.lld-19 the same scripts in parts and in different order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..matching.match import Claim, Claims, Draft, SectionId, SectionList
from ..placing.relro_part import protected_by_script
from ..reading.insert import Move, insert_moves, missing
from ..reading.scripts import ScriptFile
from .entry import Entry
from .orphans import Dropped, Item
from .orphans_lld import join_by_name, last_statement, place_like_lld, rank_of
from .section_type import check_type, section_type

Holds = Callable[[Entry], bool]
"""Whether an output section has anything that keeps it in the output."""


def order_like_lld(
    entries: Sequence[Item],
    floating: Sequence[Entry],
    orphans: Sequence[SectionId],
    claims: Claims,
    table: SectionList,
    script: ScriptFile,
    holds: Holds,
    dialect: Dialect,
    relro: frozenset[str],
    diags: Diagnostics,
) -> list[Item]:
    """All output sections, and the statements between them, in order.

    entries: what SECTIONS commands and assignments make; floating: output sections described by
    OVERWRITE_SECTIONS alone; relro: names of the linker's own tables that a loader would protect;
    without any nothing is protected, and sections are not put together for it.
    Reports insert-target-missing, section-type-mismatch.  With -r nothing is moved."""
    strays = [*orphans, *_untaken_tables(claims, table)]
    fresh = join_by_name(entries, strays, table, floating, claims.apart)
    fresh = [e for e in fresh if not table.phantoms.issuperset(_taken(e)) or _is_told(e, holds)]
    # Without SECTIONS what a script describes comes behind what it does not.
    items: list[Item] = [*entries, *fresh]
    if not script.has_sections:
        told = {id(entry) for entry in floating}
        items = [
            *(entry for entry in fresh if id(entry) not in told),
            *entries,
            *(entry for entry in fresh if id(entry) in told),
        ]
    known = {id(entry) for entry in fresh}
    described = protected_by_script(items)
    guarded = {sid for sid in range(table.base[-1], len(table)) if table.name[sid] in relro}
    for entry in items:
        if isinstance(entry, Entry) and entry.has_input:
            entry.guarded = id(entry) in described or not guarded.isdisjoint(_taken(entry))
            entry.type, entry.flags = section_type(entry, table, dialect)
            check_type(entry, table, dialect, diags)
    if not dialect.orphans_by_rank:
        return _settled(items, known, holds)
    if not script.has_sections:
        items = _sorted_by_rank(items, bool(relro))
    for move in insert_moves(script.commands):
        _insert(items, move)
    items = _settled(items, known, holds)
    if script.has_sections:
        first = _first_unplaced(items, known)
        tail = [item for item in items[first:] if isinstance(item, Entry)]
        rest = [item for item in items[first:] if isinstance(item, (n.Assignment, n.Assert))]
        del items[first:]
        has_bounds = any(isinstance(k, (n.Memory, n.Phdrs)) for k in script.commands)
        items += rest
        place_like_lld(items, tail, has_bounds, bool(relro))
    return items


def _first_unplaced(items: Sequence[Item], fresh: Collection[int]) -> int:
    """Where begins what gets its place by rank: the output sections of orphans, and everything
    behind one whose ONLY_IF_RO or ONLY_IF_RW fails and which is there all the same."""
    last = last_statement(items)
    for at, item in enumerate(items):
        if id(item) in fresh:
            return at
        if isinstance(item, Entry) and item.void and at > last:
            return at
    return len(items)


def _sorted_by_rank(items: Sequence[Item], relro: bool) -> list[Item]:
    """Without a script: output sections by rank, then assignments, which so see where all ends."""
    sections = [item for item in items if isinstance(item, Entry)]
    sections.sort(key=lambda entry: rank_of(entry, relro))
    return [*sections, *(item for item in items if not isinstance(item, Entry))]


def _insert(items: list[Item], move: Move) -> None:
    """Take the named output sections out, and put them next to the anchor."""
    moving: list[Item] = []
    for name in move.names:
        at = _index(items, name)
        if at is not None:
            moving.append(items.pop(at))
    anchor = _index(items, move.node.section)
    if anchor is None:
        raise missing(move)
    at = anchor + (move.node.where == "AFTER")
    items[at:at] = moving


def _index(items: Sequence[Item], name: str) -> int | None:
    return next(
        (i for i, item in enumerate(items) if isinstance(item, Entry) and item.name == name), None
    )


def _settled(items: list[Item], fresh: Collection[int], holds: Holds) -> list[Item]:
    """The list with the flags of sections without input, and marks for those that leave.

    fresh: identities of what no script places."""
    inherit_flags(items, holds)
    _hand_on_phdrs(item for item in items if id(item) not in fresh)
    return [_or_dropped(item, holds) for item in items]


def _hand_on_phdrs(items: Iterable[Item]) -> None:
    """`:phdr` counts for the sections in memory behind it, even when its own section leaves."""
    now: tuple[str, ...] = ()
    for entry in items:
        if isinstance(entry, Entry) and entry.node is not None:
            if entry.node.phdrs:
                now = entry.node.phdrs
            elif now and entry.flags & c.SHF_ALLOC:
                entry.node = attrs.evolve(entry.node, phdrs=now)


def _taken(entry: Entry) -> list[SectionId]:
    return [sid for item in entry.items if isinstance(item, Claim) for sid in item.sections]


def _is_told(entry: Entry, holds: Holds) -> bool:
    """Whether a script describes the section, and with more than its address."""
    return entry.node is not None and holds(entry)


def _untaken_tables(claims: Claims, table: SectionList) -> list[SectionId]:
    """The linker's own empty tables that no pattern took: an output section of such a name has them
    in it, which makes LLD's `.bss : { LONG(1) }` a section without contents."""
    taken = {
        sid
        for draft in claims.items
        if isinstance(draft, Draft)
        for item in draft.items
        if isinstance(item, Claim)
        for sid in item.sections
    }
    return sorted(table.phantoms - taken - claims.discarded)


def _or_dropped(item: Item, holds: Holds) -> Item:
    """An output section of the script, or what marks its place when it will be left out."""
    if isinstance(item, Entry) and item.node is not None and not holds(item):
        return Dropped(item.node)
    return item


def inherit_flags(entries: Sequence[Item], holds: Holds) -> None:
    """An output section without input has the flags of the one before it (alloc if none)."""
    flags = c.SHF_ALLOC
    for entry in entries:
        if isinstance(entry, Entry):
            if entry.has_input:
                flags = entry.flags if holds(entry) else flags
            else:
                entry.flags = flags & (c.SHF_ALLOC | c.SHF_WRITE)
