"""Where GNU ld 2.40 puts each orphan: behind its anchor, or behind the orphan of its class before.

An orphan of a name the script has goes into that output section.  See anchors_gnu for the anchor,
header_order for the order of headers, which is another thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import SectionId, SectionList
from .anchors_gnu import (
    RELOCATIONS,
    TRAIT_FLAGS,
    anchor_by_traits,
    class_of,
    entry_traits,
    traits_of,
    well_known,
)
from .entry import ALLOC, LOAD, Entry, known_type
from .header_order import HeaderOrder, Move, made_in_order
from .orphans import Dropped, Item, Statements, append, beside_of, output_name

OWN_NOTES = (".note.gnu.build-id", ".note.package")


class _Class:
    """What is remembered of a class of orphans.

    home: its anchor; tail: its last orphan, which the next statement goes behind; header: the
    section whose header the next one's follows."""

    def __init__(self) -> None:
        self.home: Entry | None = None
        self.tail: Entry | None = None
        self.header: Entry | None = None
        self.begun = False


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
    placing = _Placing(Statements(items), headers, table, apart, typed)
    joint = _joint_flags(orphans, table) if joins else {}
    for sid in orphans:
        placing.place(sid, joint.get(sid, table.flags[sid]))
    items[:] = placing.items
    return list(headers.made)


def _joint_flags(orphans: Sequence[SectionId], table: SectionList) -> dict[SectionId, int]:
    """The flags each orphan counts with: writable, code, thread-local as soon as it, or a later
    orphan of its name, is."""
    found: dict[SectionId, int] = {}
    later: dict[tuple[str, int, int], int] = {}
    for sid in reversed(orphans):
        flags = table.flags[sid]
        like = table.name[sid], table.type[sid], flags & c.SHF_ALLOC
        later[like] = later.get(like, 0) | flags & TRAIT_FLAGS
        found[sid] = flags | later[like]
    return found


class _Placing:
    """The statements while orphans go in among them; see `place_like_gnu`."""

    def __init__(
        self,
        items: Statements,
        headers: HeaderOrder,
        table: SectionList,
        apart: Collection[SectionId],
        typed: bool,
    ) -> None:
        self.items, self.headers, self.table = items, headers, table
        self.apart, self.typed = apart, typed
        self.classes: dict[str, _Class] = {}

    def place(self, sid: SectionId, flags: int) -> None:
        """Give one orphan its output section; flags: those it counts with."""
        table, kind = self.table, self.table.type[sid]
        known = known_type(table, sid) if self.typed else None
        name = _name_of(table, sid)
        home = self.home(sid, name, known)
        if home is not None:
            self.headers.append(home, sid, table)
            return
        entry = Entry(name, None, [])
        append(entry, sid, table)
        group = class_of(flags, kind, name)
        state = self.classes.setdefault(group, _Class()) if group else _Class()
        anchor = (
            None
            if self.is_first_of_all(sid, state, group)
            else self.anchor(state, group, traits_of(flags, kind), known)
        )
        entry.beside = beside_of(anchor)
        if not state.begun:
            state.header = self.header_before(anchor)
        move = self.headers.add_behind(entry, state.header, table.align[sid], self.typed)
        self.put_in(entry, state, anchor, move)
        state.tail = state.header = entry
        state.begun = True

    def home(self, sid: SectionId, name: str, kind: int | None) -> Entry | None:
        """The output section that takes an orphan; COMMON blocks have one in any case."""
        if self.table.name[sid] == "COMMON":
            found = self.items.named(name)
            if found is None:  # a new one behind everything
                found = Entry(name, None, [])
                self.items.add(found)
            return found
        if sid in self.apart:
            return None
        return self.same_name(name, traits_of(self.table.flags[sid], self.table.type[sid]), kind)

    def same_name(self, name: str, traits: int, kind: int | None) -> Entry | None:
        """The output section of a name that takes an orphan: of its type, if that is not None; else
        the last of the name that nothing went into."""
        unused = None
        fits = []
        for entry in self.items.by_name.get(name, ()):
            if not entry.begun:
                unused = entry
                continue
            have = entry_traits(entry)
            same_type = kind is None or kind == entry.first_type
            if have == 0 or ((have ^ traits) & (ALLOC | LOAD) == 0 and same_type):
                fits.append(entry)
        return self.items.first_section(fits) or unused

    def is_first_of_all(self, sid: SectionId, state: _Class, group: str) -> bool:
        """Whether an orphan is a note of the linker's own (--build-id), which no section is like,
        and no note was placed before (observed)."""
        is_own = sid >= self.table.base[-1] and self.table.name[sid] in OWN_NOTES
        return is_own and not state.begun and well_known(self.items, group) is None

    def anchor(
        self, state: _Class, group: str, traits: int, kind: int | None
    ) -> Entry | Dropped | None:
        """What an orphan is placed behind; remembered for its class when the traits agree in
        full."""
        known = state.home or well_known(self.items, group)
        anchor, settled = (known, True) if known else anchor_by_traits(self.items, traits, kind)
        if settled and isinstance(anchor, Entry):
            state.home = anchor
        return anchor

    def header_before(self, anchor: Entry | Dropped | None) -> Entry | None:
        """The section whose header the first orphan of a class follows: the anchor, or the last
        before it that has any being; None for the begin of the table."""
        if anchor is None:
            return None
        made = (
            item
            for item in self.items.back_from(anchor)
            if isinstance(item, Entry) and item in self.headers.made
        )
        return next(made, None)

    def put_in(
        self, entry: Entry, state: _Class, anchor: Entry | Dropped | None, move: Move
    ) -> None:
        """Put an orphan's section in among the statements."""
        if move.after is not None:
            self.put_behind(move.after, entry)
        elif move.before is not None:
            before = (i for i in self.items.back_from(move.before) if isinstance(i, Entry))
            next(before)
            self.put_behind(next(before, None), entry)
        elif state.tail is not None:
            self.items.insert_behind(state.tail, entry)
        else:
            self.put_behind(anchor, entry)

    def put_behind(self, anchor: Entry | Dropped | None, entry: Entry) -> None:
        """Put an orphan's section in behind its anchor (or, without one, first).

        Assignments to symbols stay with the anchor; the first assignment to `.` belongs to what
        follows, if that is in memory. Where no output section follows any more, the orphan goes to
        the very end."""
        first_dot = None
        ignore_dot = anchor is None
        for item in self.items.from_behind(anchor):
            if isinstance(item, (Entry, Dropped)):
                not_in_memory = (
                    isinstance(item, Entry) and item.has_input and not entry_traits(item) & ALLOC
                )
                goes_there = first_dot is None or not_in_memory
                self.items.insert_before(item if goes_there else first_dot, entry)
                return
            if isinstance(item, n.Assignment) and item.name == "." and first_dot is None:
                if item.trails:
                    continue
                if not ignore_dot:
                    first_dot = item
                ignore_dot = False
        self.items.add(entry)


def _name_of(table: SectionList, sid: SectionId) -> str:
    """The output section an orphan makes: the linker's own relocations make one together."""
    name = output_name(table, table.name[sid])
    if sid >= table.base[-1] and table.type[sid] in RELOCATIONS:
        return f".{name.split('.')[1]}.dyn"
    return name
