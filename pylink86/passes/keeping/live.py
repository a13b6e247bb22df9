"""--gc-sections: what is reachable from the entry point, and what is not.

Compilers put each function into a section of its own, so that a linker can leave out what nobody
calls.  The walk starts at roots (the entry symbol, KEEP, names the script uses) and follows
relocations from section to section; what it does not reach is dead (GNU ld manual, --gc-sections).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ... import elf_const as c
from ...arch import rows_for
from ...arch.reloc import implicit_addend
from ...dialect import Dialect
from ...model import ObjectFile, Relocations
from ...script import nodes as n
from ..liveness import Live
from ..matching.match import Claims, Draft, SectionId, SectionList
from ..names.comdat import group_members
from ..names.resolve import Resolution
from ..reading.provides import wanted_names
from ..words import names_used
from .live_gnu import dead_like_gnu, roots_like_gnu

ROOT_TYPES = frozenset({c.SHT_NOTE, c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY})
ROOT_NAMES = frozenset({".init", ".fini", ".jcr", ".eh_frame"})
ROOT_BEGINNINGS = (".init_array", ".ctors", ".dtors")
"""Names of what a run-time finds without a reference, as LLD takes them."""


def mark_live(
    claims: Claims,
    table: SectionList,
    resolution: Resolution,
    roots: Iterable[str],
    dialect: Dialect,
    bounds_keep: bool | None = None,
    generic: bool = False,
    again: bool = False,
) -> Live:
    """Follow references from the roots.

    roots: names of symbols (entry, -u). Sections the run-time finds without a reference (init
    arrays, notes, in GNU ld's dialect C identifiers by __start_ and __stop_) are roots too, and
    those that say so (SHF_GNU_RETAIN); GNU ld leaves all but notes to KEEP(), but not here in
    images, for which it has no garbage collection at all (generic). again: with -r. bounds_keep:
    whether `__start_x` and `__stop_x` keep the sections called x (-z nostart-stop-gc); None as the
    dialect does. Members of a group live together, and a section that is ordered by another lives
    with it. What is not in memory only follows: in GNU ld's dialect it leaves with the last of its
    file that is."""
    if bounds_keep is None:
        bounds_keep = dialect.tables_like_gnu
    walk = _Walk(claims.discarded, table, resolution, dialect, bounds_keep, _replaced(claims))
    roots = tuple(roots)
    wanted = wanted_names(claims, resolution, roots, bounded=True)
    for name in sorted({*roots, *_script_names(claims, wanted)}):
        walk.reach_symbol(name)
    grouped = frozenset[SectionId]()
    if not dialect.tables_like_gnu:
        grouped = _groups_in_memory(resolution, table)
    like_gnu = dialect.tables_like_gnu and not generic
    found = roots_like_gnu(table, again) if like_gnu else _roots(table, grouped, dialect)
    for sid in sorted(claims.kept | found):
        walk.reach(sid, sid)
    if dialect.rebuilds_eh_frame:
        walk.reach_what_unwinding_needs()
    walk.run()
    if like_gnu:
        left = frozenset(dead_like_gnu(table, resolution, walk.through, walk.referred))
        held = frozenset(filter(None, map(walk.section_of, roots)))
        return Live(left, walk.through, {}, frozenset(walk.names), held)
    dead = frozenset(
        sid
        for sid, ok in enumerate(table.eligible)
        if ok
        and sid not in walk.through
        and (table.flags[sid] & c.SHF_ALLOC or sid in grouped)
        and not _is_made(table, sid)
    )
    if dialect.tables_like_gnu:
        dead |= _left_alone(table, walk.through, claims.kept)
    used = walk.used if dialect.rebuilds_eh_frame else {}
    return Live(dead, walk.through, used, frozenset(walk.names))


def _is_made(table: SectionList, sid: SectionId) -> bool:
    """Whether a section is there because the linker needs it: a table of its own, not a COMMON
    block."""
    own = sid >= table.base[-1] and table.name[sid] != "COMMON"
    return own or sid in table.phantoms


def _script_names(claims: Claims, wanted: frozenset[str]) -> set[str]:
    """The names that the script reads; a PROVIDE reads something only when its name is wanted."""
    return {
        name
        for node in _script_nodes(claims)
        if isinstance(node, (n.Assignment, n.Assert, n.Data))
        and not (isinstance(node, n.Assignment) and node.provide and node.name not in wanted)
        for name in names_used(node)
    }


def _replaced(claims: Claims) -> frozenset[str]:
    """Names that the script gives another value: what an object has there is not meant."""
    return frozenset(
        node.name
        for node in _script_nodes(claims)
        if isinstance(node, n.Assignment) and not node.provide
    )


def _script_nodes(claims: Claims) -> Iterator[object]:
    for item in claims.items:
        yield from item.items if isinstance(item, Draft) else (item,)


def _groups_in_memory(resolution: Resolution, table: SectionList) -> frozenset[SectionId]:
    """Members of groups of which something is in memory: LLD keeps or drops them together, notes
    and what is not in memory, too."""
    found: set[SectionId] = set()
    for file, obj in enumerate(resolution.files[:-1]):
        if c.SHT_GROUP in obj.sections.type:
            for members in group_members(obj, table.base[file]):
                if any(table.flags[sid] & c.SHF_ALLOC for sid in members):
                    found.update(members)
    return frozenset(found)


def _roots(table: SectionList, grouped: frozenset[SectionId], dialect: Dialect) -> set[SectionId]:
    """What a run-time finds without a reference; grouped: notes that their group decides about.
    With -r an unwind table is none for LLD."""
    is_input = not (dialect.tables_like_gnu or dialect.rebuilds_eh_frame)
    names = ROOT_NAMES - {".eh_frame"} if is_input else ROOT_NAMES
    return {
        sid
        for sid, kind in enumerate(table.type)
        if table.eligible[sid]
        and table.flags[sid] & c.SHF_ALLOC
        and (
            (kind in ROOT_TYPES and not (kind == c.SHT_NOTE and sid in grouped))
            or table.name[sid] in names
            or table.name[sid].startswith(ROOT_BEGINNINGS)
            or table.flags[sid] & c.SHF_GNU_RETAIN
        )
    }


def _left_alone(
    table: SectionList, through: dict[SectionId, SectionId], kept: frozenset[SectionId]
) -> frozenset[SectionId]:
    """Sections of files of which nothing else is left: debug information of dropped code.  Unwind
    tables count only when KEEP() holds them."""
    alive = {table.file[sid] for sid in through if table.name[sid] != ".eh_frame" or sid in kept}
    return frozenset(
        sid
        for sid, ok in enumerate(table.eligible)
        if ok and table.file[sid] not in alive and sid < table.base[-1]
    )


IN_THE_WALK = c.SHF_ALLOC | c.SHF_GROUP | c.SHF_LINK_ORDER
"""LLD keeps all other sections in any case, and so does not look at what they refer to, not even
when code refers to them."""

Target = tuple[SectionId, int]
"""An input section and an offset in it."""


class UnwindRecord(NamedTuple):
    """A record of an unwind table: what it refers to, and what the one it shares does."""

    is_cie: bool
    targets: tuple[Target, ...]
    shared: tuple[Target, ...]


class _Walk:
    """The sections reached so far, and those whose references were not followed yet."""

    def __init__(
        self,
        gone: frozenset[SectionId],
        table: SectionList,
        resolution: Resolution,
        dialect: Dialect,
        bounds_keep: bool,
        replaced: frozenset[str],
    ) -> None:
        self.replaced = replaced
        self.gone, self.table, self.resolution, self.dialect = gone, table, resolution, dialect
        self.through: dict[SectionId, SectionId] = {}
        self.used: dict[SectionId, set[int]] = {}
        self.names: set[str] = set()
        self.todo: list[SectionId] = []
        self.known: dict[tuple[int, int], Sequence[Target]] = {}
        """What symbols stand for, by file and number."""
        self.by_name = _encapsulated(table) if bounds_keep else {}
        self.beside = _companions(resolution, table)
        self.unwinding = self.needed_by_functions() if dialect.tables_like_gnu else {}

    def reach(self, sid: SectionId, by: SectionId, offset: int = 0) -> None:
        """A section is needed: by another, at an offset."""
        if not self.table.eligible[sid] or sid in self.gone:
            return
        if self.table.flags[sid] & c.SHF_MERGE:
            self.used.setdefault(sid, set()).add(offset)
        if sid not in self.through:
            self.through[sid] = by
            if self.table.flags[sid] & IN_THE_WALK or self.dialect.tables_like_gnu:
                self.todo.append(sid)

    def reach_symbol(self, name: str) -> None:
        where = None if name in self.replaced else self.resolution.definer.get(name)
        target = None if where is None else self._place(*where)
        if target is not None:
            self.reach(target[0], target[0], target[1])

    def section_of(self, name: str) -> SectionId | None:
        """The section a name is defined in."""
        where = self.resolution.definer.get(name)
        target = None if where is None else self._place(*where)
        return None if target is None else target[0]

    def run(self) -> None:
        """Follow references until nothing new is found."""
        while self.todo:
            sid = self.todo.pop()
            for companion in self.beside.get(sid, ()):
                self.reach(companion, sid)
            for target, offset in self.unwinding.get(sid, ()):
                self.reach(target, sid, offset)
            if self.table.name[sid] == ".eh_frame":
                continue
            for target, offset in self.places(sid):
                self.reach(target, sid, offset)

    def referred(self, sid: SectionId) -> Iterator[SectionId]:
        """The sections that one refers to, wherever in them."""
        file = self.table.owner_file(sid)
        obj = self.resolution.files[file]
        for rel in obj.relocation_sections.get(sid - self.table.base[file], ()):
            for symbol in dict.fromkeys(obj.relocations(rel).symbol):
                for target, _ in self.meant(file, symbol):
                    yield target

    def places(self, sid: SectionId) -> Iterator[Target]:
        """What the relocations of a section point at; each symbol once unless the offset counts."""
        file = self.table.owner_file(sid)
        index = sid - self.table.base[file]
        obj = self.resolution.files[file]
        for rel in obj.relocation_sections.get(index, ()):
            rels, seen = obj.relocations(rel), set[int]()
            for number, symbol in enumerate(rels.symbol):
                if symbol not in seen:
                    found = self.meant(file, symbol)
                    if self._is_merged(file, symbol, found):
                        yield _within(found[0], obj, index, rels, number)
                    else:
                        seen.add(symbol)
                        yield from found

    def meant(self, file: int, symbol: int) -> Sequence[Target]:
        """What a file's symbol stands for: a place, none, or with `__start_x` all sections called
        x; notes the name."""
        found = self.known.get((file, symbol))
        if found is None:
            found = self.known[file, symbol] = self._meant(file, symbol)
        return found

    def _meant(self, file: int, symbol: int) -> Sequence[Target]:
        first = self.resolution.first_global[file]
        where: tuple[int, int] | None = (file, symbol)
        if symbol >= first:
            name = self.resolution.redirected.get((file, symbol))
            name = name or self.resolution.global_names[file][symbol - first]
            self.names.add(name)
            if name in self.replaced:
                return ()
            where = self.resolution.definer.get(name)
            if where is None and name.startswith(("__start_", "__stop_")):
                return [(sid, 0) for sid in self.by_name.get(name.split("_", 3)[3], ())]
        target = None if where is None else self._place(*where)
        return () if target is None else (target,)

    def _is_merged(self, file: int, symbol: int, found: Sequence[Target]) -> bool:
        """Whether the addend says which string or constant is meant."""
        is_section = self.resolution.files[file].symbols.info[symbol] & 0xF == c.STT_SECTION
        return is_section and bool(found and self.table.flags[found[0][0]] & c.SHF_MERGE)

    def _place(self, file: int, symbol: int) -> Target | None:
        symbols = self.resolution.files[file].symbols
        shndx = symbols.shndx[symbol]
        return None if shndx <= 0 else (self.table.base[file] + shndx, symbols.value[symbol])

    def reach_what_unwinding_needs(self) -> None:
        """LLD: personality routines, and the tables of functions whether these live or not."""
        for record in self.records():
            for sid, place in record.targets if record.is_cie else record.targets[1:]:
                flags = self.table.flags[sid]
                if record.is_cie or not flags & (c.SHF_EXECINSTR | c.SHF_LINK_ORDER | c.SHF_GROUP):
                    self.reach(sid, sid, place)

    def needed_by_functions(self) -> dict[SectionId, list[Target]]:
        """GNU ld: what the unwind records of each function refer to lives when it does."""
        found: dict[SectionId, list[Target]] = {}
        for record in self.records():
            if not record.is_cie and record.targets:
                function = record.targets[0][0]
                found.setdefault(function, []).extend((*record.targets[1:], *record.shared))
        return found

    def records(self) -> Iterator[UnwindRecord]:
        """Every record of every unwind table, with what its relocations refer to, in order."""
        from ..editing.unwind import records

        for file, obj in enumerate(self.resolution.files[:-1]):
            if ".eh_frame" not in obj.sections.names:
                continue
            for index, name in enumerate(obj.sections.names):
                if name != ".eh_frame" or (file, index) in self.resolution.dropped:
                    continue
                places = self._places(file, index)
                cies: dict[int, tuple[Target, ...]] = {}
                for start, size, cie in records(obj.contents[index], obj.name):
                    low, high = (bisect_left(places, (at,)) for at in (start, start + size))
                    mine = tuple((sid, value) for _, sid, value in places[low:high])
                    if cie is None:
                        cies[start] = mine
                    yield UnwindRecord(cie is None, mine, () if cie is None else cies[cie])

    def _places(self, file: int, index: int) -> list[tuple[int, SectionId, int]]:
        """(offset, section, offset in it) of each relocation of a section, in order."""
        found = []
        obj = self.resolution.files[file]
        for rel in obj.relocation_sections.get(index, ()):
            rels = obj.relocations(rel)
            for number, (offset, symbol) in enumerate(zip(rels.offset, rels.symbol)):
                meant = self.meant(file, symbol)
                if self._is_merged(file, symbol, meant):
                    meant = (_within(meant[0], obj, index, rels, number),)
                found += [(offset, *target) for target in meant]
        return sorted(found)


def _within(target: Target, obj: ObjectFile, index: int, rels: Relocations, number: int) -> Target:
    """The place that row `number` of a relocation table means in a section it refers to."""
    return target[0], target[1] + _addend(obj, index, rels, number)


def _addend(obj: ObjectFile, index: int, rels: Relocations, number: int) -> int:
    """The addend of a relocation, which lies in the section for SHT_REL."""
    if rels.addend is not None:
        return rels.addend[number]
    row = rows_for(obj.header.machine).get(rels.type[number])
    return 0 if row is None else implicit_addend(obj.contents[index], rels.offset[number], row)


def _encapsulated(table: SectionList) -> dict[str, list[SectionId]]:
    """Sections whose name is a C identifier: `__start_name` and `__stop_name` reach them all."""
    found: dict[str, list[SectionId]] = {}
    for sid, name in enumerate(table.name):
        if name.isidentifier() and table.eligible[sid]:
            found.setdefault(name, []).append(sid)
    return found


def _companions(resolution: Resolution, table: SectionList) -> dict[SectionId, list[SectionId]]:
    """For each section those that live when it does: the members of its group, and sections that
    are ordered by it (SHF_LINK_ORDER)."""
    found: dict[SectionId, list[SectionId]] = {}
    for file, obj in enumerate(resolution.files[:-1]):
        base, sections = table.base[file], obj.sections
        for index in range(len(sections)):
            if sections.flags[index] & c.SHF_LINK_ORDER and sections.link[index]:
                found.setdefault(base + sections.link[index], []).append(base + index)
        for members in group_members(obj, base):
            for sid in members:
                found.setdefault(sid, []).extend(other for other in members if other != sid)
    return found
