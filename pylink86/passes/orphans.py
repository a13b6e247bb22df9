"""Where an input section goes that the script does not mention.

The manual only says "after the last section of the same flags" (GNU ld manual 3.6.8.1); what the
two linkers really do was found by giving both the same small scripts, and decides where `.eh_frame`
lands in a boot image.  GNU ld sorts orphans into classes and puts each class behind an anchor; LLD
gives each section a rank and puts an orphan beside the section whose rank looks most like its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .entry import ALLOC, CODE, HAS_CONTENTS, LOAD, READONLY, TLS, Entry, known_type
from .match import Claim, SectionId, SectionList


@attrs.frozen(eq=False, repr=False)
class Dropped:
    """An output section of the script that holds nothing and leaves no trace (LLD's dialect), or
    that GNU ld leaves out because its constraint fails.

    absent: the latter; its symbols and ASSERTs count, and it keeps its place among the others."""

    node: n.OutputSection
    absent: bool = False


Item = Entry | Dropped | n.Assignment | n.Assert

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


# GNU ld


ALL = HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE | TLS


TRAIT_FLAGS = c.SHF_WRITE | c.SHF_EXECINSTR | c.SHF_TLS


def _traits(flags: int, kind: int) -> int:
    found = 0 if kind == c.SHT_NOBITS else HAS_CONTENTS
    if flags & c.SHF_ALLOC:
        found |= ALLOC if kind == c.SHT_NOBITS else ALLOC | LOAD
    if not flags & c.SHF_WRITE:
        found |= READONLY
    if flags & c.SHF_EXECINSTR:
        found |= CODE
    if flags & c.SHF_TLS:
        found |= TLS
    return found


def _entry_traits(entry: Entry) -> int:
    """An output section of data statements is read-only data, unless something else gave it being;
    one nothing went into has no traits, or those its well-known name stands for."""
    if not entry.begun:
        return WELL_KNOWN.get(entry.name, 0)
    if not entry.has_input:
        data = HAS_CONTENTS | ALLOC | LOAD | (READONLY if entry.data_is_readonly else 0)
        return data & ~entry.lacks if entry.has_data else 0
    found = _traits(entry.flags, entry.type)
    if entry.has_data:
        found |= HAS_CONTENTS | LOAD | ALLOC
    if entry.node is not None and entry.node.readonly:
        found |= READONLY
    return found & ~entry.lacks


WELL_KNOWN = {
    ".text": HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE,
    ".rodata": HAS_CONTENTS | ALLOC | LOAD | READONLY,
    ".interp": HAS_CONTENTS | ALLOC | LOAD | READONLY,
    ".tdata": HAS_CONTENTS | ALLOC | LOAD | TLS,
    ".data": HAS_CONTENTS | ALLOC | LOAD,
    ".bss": ALLOC,
}
"""What GNU ld takes an output section for that is in the script and that nothing went into."""

RELOCATIONS = frozenset((c.SHT_REL, c.SHT_RELA))

ANCHOR_NAMES = {
    "text": ".text",
    "rodata": ".rodata",
    "tdata": ".tdata",
    "data": ".data",
    "bss": ".bss",
    "note": ".interp",
    "nonalloc": ".comment",
}
"""The output section an orphan of a class follows when the script has it, whatever it holds."""


def _class_of(flags: int, kind: int) -> str:
    if not flags & c.SHF_ALLOC:
        return "nonalloc"
    if kind == c.SHT_NOTE:
        return "note"
    if kind in RELOCATIONS:
        return "relocations"
    if flags & c.SHF_TLS:
        return "tdata"
    if kind == c.SHT_NOBITS:
        return "bss"
    if flags & c.SHF_WRITE:
        return "data"
    return "text" if flags & c.SHF_EXECINSTR else "rodata"


def _looser_masks(traits: int) -> tuple[int, ...]:
    """Which traits must agree for a section to serve as anchor, strictest first.

    Code may follow writable code; read-only data follows code; data follows anything with contents;
    .bss follows anything in memory.  Found by experiment.
    """
    if not traits & ALLOC:
        return (ALL, 0)
    if traits & CODE:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | CODE | TLS
    if traits & TLS:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | TLS, HAS_CONTENTS | ALLOC | LOAD
    if traits & READONLY and traits & HAS_CONTENTS:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | READONLY
    if traits & HAS_CONTENTS:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | TLS
    return ALL, ALLOC


def _anchor_by_traits(
    items: list[Item], traits: int, kind: int | None, exact: bool = True
) -> tuple[Entry | None, bool]:
    """The last output section whose traits agree, under the strictest mask that finds one; whether
    they agree in everything.  kind: its type, where that counts; exact: whether full agreement is
    looked for first."""
    every = [i for i in items if isinstance(i, Entry)]
    entries = [i for i in every if kind is None or not i.begun or i.first_type == kind]
    masks = _looser_masks(traits)
    if not exact:
        masks = masks[1:]
    for mask in masks:
        for entry in reversed(entries if mask else every):
            have = _entry_traits(entry)
            wanted = traits & ~TLS if mask == HAS_CONTENTS | ALLOC | LOAD else traits
            if (have or not mask) and (have ^ wanted) & mask == 0:
                return entry, mask == ALL
    return None, False


def place_like_gnu(
    items: list[Item],
    orphans: Sequence[SectionId],
    table: SectionList,
    apart: Collection[SectionId] = (),
    typed: bool = False,
    joins: bool = True,
) -> None:
    """Put each orphan into `items` as GNU ld 2.40 does; `items` is changed.

    An output section of the same name takes it when both are in memory and in the file, or neither.
    Otherwise a class (code, data, ...) has an anchor, whose region the orphan shares: the section
    of the class's well-known name, or the last section of like traits.  The first orphan of a class
    goes behind the anchor (without one: first of all), the next ones behind each other.
    apart: those that share an output section with nothing.  typed: the output is ELF, and an anchor
    is of the orphan's type, too, if there is one.  joins: an orphan counts with the flags of later
    ones of its name.
    """
    homes: dict[str, Entry] = {}
    tails: dict[str, Entry] = {}
    by_name: dict[str, list[SectionId]] = {}
    for sid in orphans:
        by_name.setdefault(table.name[sid], []).append(sid)
    for sid in orphans:
        same_name = by_name[table.name[sid]]
        same_name.pop(0)
        flags, kind = _joint_flags(sid, same_name if joins else (), table), table.type[sid]
        traits = _traits(flags, kind)
        name = _name_of(table, sid)
        home = _same_name(items, name, traits)
        if table.name[sid] == "COMMON":
            home = named(items, name) or _at_the_end(items, name)
        if home is not None and sid not in apart:
            append(home, sid, table)
            continue
        entry = Entry(name, None, [])
        append(entry, sid, table)
        group = _class_of(flags, kind)
        anchor = _anchor(items, homes, group, traits, known_type(table, sid) if typed else None)
        entry.beside = beside_of(anchor)
        at = items.index(tails[group]) + 1 if group in tails else _position_after(items, anchor)
        items.insert(at, entry)
        tails[group] = entry


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
    items: list[Item], homes: dict[str, Entry], group: str, traits: int, kind: int | None
) -> Entry | None:
    """What an orphan is placed behind; remembered for its class when the traits agree in full."""
    anchor = homes.get(group)
    if anchor is None and group == "note" and kind is not None:
        anchor = _first_note(items)
    anchor = anchor or _well_known(items, group)
    settled, exact = anchor is not None, group != "relocations"
    if anchor is None:
        anchor, settled = _anchor_by_traits(items, traits, kind, exact)
    if anchor is None and kind is not None:
        anchor, settled = _anchor_by_traits(items, traits, None, exact)
    if anchor is not None and settled:
        homes[group] = anchor
    return anchor


def _first_note(items: list[Item]) -> Entry | None:
    """Notes of an ELF file follow the first notes there are, such as a build id."""
    notes = (i for i in items if isinstance(i, Entry) and i.has_input and i.type == c.SHT_NOTE)
    return next(notes, None)


def _well_known(items: list[Item], group: str) -> Entry | None:
    if group == "relocations":
        entries = (item for item in items if isinstance(item, Entry))
        return next((entry for entry in entries if entry.name.startswith(".rel")), None)
    return named(items, ANCHOR_NAMES[group])


def beside_of(anchor: Entry | None) -> n.OutputSection | None:
    return None if anchor is None else anchor.node or anchor.beside


def output_name(table: SectionList, name: str) -> str:
    """COMMON blocks nobody placed go to `.bss`; every other orphan keeps its name, or has the one
    that the output gives it."""
    return table.renames.get(name, ".bss" if name == "COMMON" else name)


def _same_name(items: list[Item], name: str, traits: int) -> Entry | None:
    for item in items:
        if isinstance(item, Entry) and item.name == name:
            have = _entry_traits(item) if item.begun else 0
            if have == 0 or (have ^ traits) & (ALLOC | LOAD) == 0:
                return item
    return None


def _at_the_end(items: list[Item], name: str) -> Entry:
    """A new output section behind everything: where COMMON blocks go when there is no `.bss`."""
    entry = Entry(name, None, [])
    items.append(entry)
    return entry


def named(items: Sequence[Item], name: str) -> Entry | None:
    return next((i for i in items if isinstance(i, Entry) and i.name == name), None)


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
                isinstance(item, Entry) and item.has_input and not _entry_traits(item) & ALLOC
            )
            return index if first_dot is None or not_in_memory else first_dot
        if isinstance(item, n.Assignment) and item.name == "." and first_dot is None:
            if item.trails:
                continue
            if not ignore_dot:
                first_dot = index
            ignore_dot = False
    return len(items)
