"""Where LLD puts input sections that the script does not name, and the order it gives without one.

Each output section has a rank by what it holds: notes, read-only data, code, what is writable,
.bss. Without a script ranks are the order.  With one, an orphan stands beside the section whose
rank looks most like its own.  Found by linking small scripts with ld.lld-19 (see orphans.py for GNU
ld's way)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import SectionId, SectionList
from .entry import Entry
from .orphans import Dropped, Item, append, beside_of, output_name

R_NO_START, R_NOT_ALLOC, R_WRITE, R_EXEC_WRITE, R_EXEC, R_RODATA, R_LARGE = (
    1 << 27,
    1 << 26,
    1 << 14,
    1 << 13,
    1 << 12,
    1 << 11,
    1 << 10,
)
R_NOT_RELRO, R_NOT_TLS, R_BSS = 1 << 9, 1 << 8, 1 << 7
"""Bits of a rank, the most telling highest: sections sort by it, and likeness is the common
prefix."""

RELRO_NAMES = frozenset(
    {
        ".data.rel.ro",
        ".bss.rel.ro",
        ".ctors",
        ".dtors",
        ".jcr",
        ".eh_frame",
        ".toc",
        ".init_array",
        ".fini_array",
        ".preinit_array",
    }
)
RELRO_TYPES = frozenset({c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY, c.SHT_DYNAMIC})


def is_protected(name: str, flags: int, kind: int, guarded: bool) -> bool:
    """Whether a loader would take away the right to write a section, once it has relocated it.

    guarded: the global offset table is in it, also an empty one, whatever the section's name."""
    return bool(guarded or flags & c.SHF_TLS or name in RELRO_NAMES or kind in RELRO_TYPES)


def _rank(name: str, flags: int, kind: int, protected: bool) -> int:
    """Order of notes, read-only data, code, thread-local, relro, data, .bss, and what is not in
    memory; data of the large model (SHF_X86_64_LARGE) stands outside of the other, on either side.

    protected: whether -z relro makes it read-only.  Found by linking one section of each sort
    with an empty SECTIONS command.
    """
    large = bool(flags & c.SHF_X86_64_LARGE)
    if not flags & c.SHF_ALLOC:
        return R_NOT_ALLOC
    if name == ".interp":  # loaders want it in the first page
        return 0
    rank = 0
    if flags & c.SHF_EXECINSTR:
        rank |= R_EXEC_WRITE if flags & c.SHF_WRITE else R_EXEC
    elif flags & c.SHF_WRITE:
        rank |= R_WRITE | (R_LARGE if large else 0)
        if not protected:
            rank |= R_NOT_RELRO
    else:
        rank |= (R_RODATA if kind == c.SHT_PROGBITS else 0) | (0 if large else R_LARGE)
    if not flags & c.SHF_TLS:
        rank |= R_NOT_TLS
    return rank | R_BSS if kind == c.SHT_NOBITS else rank


def rank_of(entry: Entry, relro: bool) -> int:
    """A section that --section-start gives an address stands before all others."""
    if entry.node is not None and entry.node.started:
        return 0
    kind = entry.type or c.SHT_PROGBITS
    protected = relro and is_protected(entry.name, entry.flags, kind, entry.guarded)
    return R_NO_START | _rank(entry.name, entry.flags, kind, protected)


def _grouped(
    orphans: Sequence[SectionId], table: SectionList, apart: Collection[SectionId]
) -> list[list[SectionId]]:
    groups: dict[object, list[SectionId]] = {}
    for sid in orphans:
        key = sid if sid in apart else output_name(table, table.name[sid])
        groups.setdefault(key, []).append(sid)
    return list(groups.values())


def _open(items: Sequence[Item]) -> dict[str, Entry]:
    """For each name the first output section which takes orphans."""
    found: dict[str, Entry] = {}
    last = last_statement(items)
    for at, item in enumerate(items):
        if isinstance(item, Entry) and not (item.void and at <= last):
            found.setdefault(item.name, item)
    return found


def last_statement(items: Sequence[Item]) -> int:
    """The index of the last statement between output sections of the script, -1 for none.  One
    whose condition fails takes orphans only where nothing stands behind it (LLD dies otherwise)."""
    last = -1
    statement = -1
    for at, item in enumerate(items):
        if isinstance(item, (n.Assignment, n.Assert)):
            statement = at
        elif isinstance(item, Entry) and item.node is not None:
            last = statement
    return last


def join_by_name(
    items: Sequence[Item],
    orphans: Sequence[SectionId],
    table: SectionList,
    floating: Sequence[Entry] = (),
    apart: Collection[SectionId] = (),
) -> list[Entry]:
    """LLD: an output section takes the orphans of its name whatever their flags; the others form
    new ones, which are returned in order of first appearance.

    floating: output sections that the script describes without a place; they count as new.
    apart: orphans that share an output section with nothing."""
    fresh: dict[object, Entry] = {}
    more = [entry for entry in floating if fresh.setdefault(entry.name, entry) is not entry]
    known = _open(items)
    for group in _grouped(orphans, table, apart):
        name = output_name(table, table.name[group[0]])
        alone = group[0] in apart
        home = None if alone else known.get(name) or fresh.get(name)
        if home is None:
            home = fresh[group[0] if alone else name] = Entry(name, None, [])
        for sid in group:
            append(home, sid, table)
    return [*fresh.values(), *more]


def place_like_lld(
    items: list[Item], fresh: Sequence[Entry], only_after: bool, relro: bool
) -> None:
    """Put the output sections of orphans into `items` as LLD 19 does; `items` is changed.

    They are sorted by rank and each goes beside the section most like it: after it when that one's
    rank is not higher, else before it, which for the first section of the script means in front of
    everything.  What is not in memory goes to the end.  only_after: the script has MEMORY or PHDRS,
    and an orphan never goes before its likeness, where it would change a region or segment that is
    not its own."""
    start = _first_place(items)
    ranked = [(rank_of(e, relro), e) for e in fresh]
    ranked.sort(key=lambda pair: pair[0])
    index = 0
    while index < len(ranked):
        rank = ranked[index][0]
        same = [e for r, e in ranked if r == rank]
        where = _position(items, start, rank, only_after, relro)
        before = [i for i in items[:where] if isinstance(i, Entry)]
        for entry in same:
            entry.beside = beside_of(before[-1] if before else None)
        items[where:where] = same
        index += len(same)


def _first_place(items: list[Item]) -> int:
    """Orphans stay behind the symbol assignments, and the one `. =` or ASSERT, that a script begins
    with."""
    for index, item in enumerate(items):
        if not (_is_symbol_assignment(item) or isinstance(item, Dropped)):
            return index + 1 if isinstance(item, (n.Assignment, n.Assert)) else index
    return len(items)


def _is_symbol_assignment(item: Item) -> bool:
    return isinstance(item, n.Assignment) and item.name != "."


def _likeness(rank: int, item: Item, relro: bool) -> int:
    """Length of the common prefix of two ranks, in bits of 32; -1 for what cannot be an anchor."""
    if not isinstance(item, Entry) or not item.has_input:
        return -1
    return 32 - (rank ^ rank_of(item, relro)).bit_length()


def _position(items: list[Item], start: int, rank: int, only_after: bool, relro: bool) -> int:
    end = len(items)
    if rank & R_NOT_ALLOC:
        return end
    best, where = 0, end
    for index in range(start, end):
        like = _likeness(rank, items[index], relro)
        item = items[index]
        if like > best or (
            like == best and isinstance(item, Entry) and rank_of(item, relro) <= rank
        ):
            best, where = like, index
    if where == end:
        return end
    anchor = items[where]
    assert isinstance(anchor, Entry)
    if only_after or rank_of(anchor, relro) <= rank:
        where += 1
        for index in range(where, end):
            like = _likeness(rank, items[index], relro)
            if like == -1:
                continue
            if like != best:
                break
            where = index + 1
    else:
        while where > start and not _has_input(items[where - 1]):
            where -= 1
    if not any(_has_input(item) for item in items[where:]):
        return end
    while where < end and (
        _is_symbol_assignment(items[where]) or isinstance(items[where], Dropped)
    ):
        where += 1
    return where


def _has_input(item: Item) -> bool:
    return isinstance(item, Entry) and item.has_input
