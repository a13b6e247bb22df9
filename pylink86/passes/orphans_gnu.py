"""Where GNU ld 2.40 puts each orphan: behind its anchor, or behind the orphan of its class before.

An orphan of a name the script has goes into that output section.  See anchors_gnu for the anchor,
header_order for the order of headers, which is another thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .anchors_gnu import (
    RELOCATIONS,
    TRAIT_FLAGS,
    anchor_by_traits,
    class_of,
    entry_traits,
    named,
    traits_of,
    well_known,
)
from .entry import ALLOC, LOAD, Entry, known_type
from .header_order import HeaderOrder, Move, made_in_order
from .match import SectionId, SectionList
from .orphans import Dropped, Item, append, beside_of, output_name


@attrs.define(eq=False)
class _Class:
    """What is remembered of a class of orphans.

    home: its anchor; tail: its last orphan, which the next statement goes behind; header: the
    section whose header the next one's follows."""

    home: Entry | None = None
    tail: Entry | None = None
    header: Entry | None = None
    begun: bool = False


def place_like_gnu(
    items: list[Item],
    orphans: Sequence[SectionId],
    table: SectionList,
    apart: Collection[SectionId] = (),
    typed: bool = False,
    joins: bool = True,
) -> list[Entry]:
    """Put each orphan into `items` as GNU ld 2.40 does; `items` is changed.  Returns the output
    sections in the order of their headers.

    An output section of the same name takes it when both are in memory and in the file, or neither.
    Otherwise a class (code, data, ...) has an anchor, whose region the orphan shares: the section
    of the class's well-known name, or the last section of like traits.  The first orphan of a class
    goes behind the anchor (without one: first of all), the next ones behind each other.
    apart: those that share an output section with nothing.  typed: the output is ELF, where types
    count: sections of one name share one only if they are of one type, and an anchor is of the
    orphan's type, too, if there is one.  joins: an orphan counts with the flags of later ones of
    its name.
    """
    headers = HeaderOrder(made_in_order(items))
    for made in headers.made:
        if not made.has_input:
            made.first_type = made.named[0]
    classes: dict[str, _Class] = {}
    by_name: dict[str, list[SectionId]] = {}
    for sid in orphans:
        by_name.setdefault(table.name[sid], []).append(sid)
    for sid in orphans:
        same_name = by_name[table.name[sid]]
        same_name.pop(0)
        flags, kind = _joint_flags(sid, same_name if joins else (), table), table.type[sid]
        known = known_type(table, sid) if typed else None
        name = _name_of(table, sid)
        traits = traits_of(table.flags[sid], kind)
        home = None if sid in apart else _same_name(items, name, traits, known)
        if table.name[sid] == "COMMON":
            home = named(items, name) or _at_the_end(items, name)
        if home is not None:
            append(home, sid, table)
            if home not in headers.made:
                headers.made.append(home)
            continue
        entry = Entry(name, None, [])
        append(entry, sid, table)
        group = class_of(flags, kind, name)
        state = classes.setdefault(group, _Class()) if group else _Class()
        anchor = _anchor(items, state, group, traits_of(flags, kind), known)
        entry.beside = beside_of(anchor)
        if not state.begun:
            state.header = _header_before(items, anchor, headers)
        move = headers.add_behind(entry, state.header, table.align[sid], typed)
        items.insert(_position(items, state, anchor, move), entry)
        state.tail = state.header = entry
        state.begun = True
    return headers.made


def _position(items: list[Item], state: _Class, anchor: Entry | None, move: Move) -> int:
    """Index at which an orphan's section goes in among the statements."""
    if move.after is not None:
        return _position_after(items, move.after)
    if move.before is not None:
        return _position_after(items, _entry_before(items, move.before))
    if state.tail is not None:
        return items.index(state.tail) + 1
    return _position_after(items, anchor)


def _entry_before(items: Sequence[Item], entry: Entry) -> Entry | None:
    """The output section statement before another; None for the first."""
    before = [item for item in items[: items.index(entry)] if isinstance(item, Entry)]
    return before[-1] if before else None


def _header_before(
    items: Sequence[Item], anchor: Entry | None, headers: HeaderOrder
) -> Entry | None:
    """The section whose header the first orphan of a class follows: the anchor, or the last before
    it that has any being; None for the begin of the table."""
    if anchor is None:
        return None
    before = items[: items.index(anchor) + 1]
    made = (item for item in reversed(before) if isinstance(item, Entry) and item in headers.made)
    return next(made, None)


def _joint_flags(sid: SectionId, later: Sequence[SectionId], table: SectionList) -> int:
    """The flags an orphan counts with: writable, code, thread-local as soon as it, or a `later`
    orphan of its name, is."""
    flags = table.flags[sid]
    for other in later:
        if table.type[other] == table.type[sid] and not (table.flags[other] ^ flags) & c.SHF_ALLOC:
            flags |= table.flags[other] & TRAIT_FLAGS
    return flags


def _name_of(table: SectionList, sid: SectionId) -> str:
    """The output section an orphan makes: the linker's own relocations make one together."""
    name = output_name(table, table.name[sid])
    if sid >= table.base[-1] and table.type[sid] in RELOCATIONS:
        return f".{name.split('.')[1]}.dyn"
    return name


def _anchor(
    items: list[Item], state: _Class, group: str, traits: int, kind: int | None
) -> Entry | None:
    """What an orphan is placed behind; remembered for its class when the traits agree in full."""
    anchor = state.home or well_known(items, group)
    settled = anchor is not None
    if anchor is None:
        anchor, settled = anchor_by_traits(items, traits, kind)
    if anchor is not None and settled:
        state.home = anchor
    return anchor


def _same_name(items: list[Item], name: str, traits: int, kind: int | None) -> Entry | None:
    """The output section of a name that takes an orphan: of its type, if that is not None; else the
    last of the name that nothing went into."""
    unused = None
    for item in items:
        if isinstance(item, Entry) and item.name == name:
            if not item.begun:
                unused = item
                continue
            have = entry_traits(item)
            same_type = kind is None or kind == item.first_type
            if have == 0 or ((have ^ traits) & (ALLOC | LOAD) == 0 and same_type):
                return item
    return unused


def _at_the_end(items: list[Item], name: str) -> Entry:
    """A new output section behind everything: where COMMON blocks go when there is no `.bss`."""
    entry = Entry(name, None, [])
    items.append(entry)
    return entry


def _position_after(items: list[Item], anchor: Entry | None) -> int:
    """Index at which an orphan goes in behind its anchor (or, without one, first).

    Assignments to symbols stay with the anchor; the first assignment to `.` belongs to what
    follows, if that is in memory. Where no output section follows any more, the orphan goes to the
    very end."""
    start = 0 if anchor is None else items.index(anchor) + 1
    first_dot = None
    ignore_dot = anchor is None
    for index in range(start, len(items)):
        item = items[index]
        if isinstance(item, (Entry, Dropped)):
            not_in_memory = (
                isinstance(item, Entry) and item.has_input and not entry_traits(item) & ALLOC
            )
            return index if first_dot is None or not_in_memory else first_dot
        if isinstance(item, n.Assignment) and item.name == "." and first_dot is None:
            if item.trails:
                continue
            if not ignore_dot:
                first_dot = index
            ignore_dot = False
    return len(items)
