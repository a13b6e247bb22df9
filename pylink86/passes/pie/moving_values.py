"""What the tables of a program that runs anywhere hold, once everything has its address.

`.rela.dyn` lists the places that hold addresses, `.dynamic` says where that and the other tables
are.  There are no names to look up: `.dynsym`, `.dynstr` and the hash tables are as empty as the
gABI (ch.5, "Hash Table") lets them be; start-up code that looks for them finds them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ..file_order import files_as_placed
from ..own.indirect_values import IRELATIVE, IndirectValues
from ..own.own_place import own_address, own_place
from ..own.table_form import TableForm
from ..placement import PlacedSection, Placement
from ..relocating.symbol_values import SymbolValues
from ..tables import Moves, Tables
from .moving_plan import Entry

RELATIVE, GLOB_DAT, WHOLE = 8, 6, 1
"""R_X86_64_RELATIVE and R_386_RELATIVE, GLOB_DAT, R_X86_64_64 and R_386_32."""

RELOCATION_TYPES = (c.SHT_REL, c.SHT_RELA)

FILTER_SHIFT = 26
"""What LLD writes into a filter of names that has none."""


class Listed(NamedTuple):
    """A word that start-up code corrects: the part of the list it is in, its address, the type of
    the relocation, and the value without the address of the program."""

    part: str
    place: int
    kind: int
    value: int
    symbol: int = 0


def _sorted(rows: Sequence[Listed]) -> list[Listed]:
    """The order of the list: what only the address of the program is added to, names, indirect
    functions; all that is about one name stands together."""
    first: dict[int, int] = {}
    for row in rows:
        first[row.symbol] = min(row.place, first.get(row.symbol, row.place))

    def rank(row: Listed) -> tuple[int, int, int]:
        if row.symbol:
            return 1, first[row.symbol], row.place
        return (0 if row.kind == RELATIVE else 2), row.place, row.place

    return sorted(rows, key=rank)


@attrs.frozen(eq=False)
class MovingValues:
    """The tables of a placed link."""

    placed: Placement
    values: SymbolValues
    dialect: Dialect

    @property
    def tables(self) -> Tables:
        return self.placed.addresses.tables

    @property
    def word(self) -> int:
        return self.form.word

    @property
    def form(self) -> TableForm:
        return self.tables.form

    def write(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the tables, when everything else is written: what a listed word has to hold at 0 is
        what is there."""
        moves, word = self.tables.moves, self.word
        if moves is None:
            return
        self._write_lists(contents, moves)
        for name, content in self._tables_of_names().items():
            self._put(contents, name, content)
        start = own_address(self.placed, ".dynamic") or 0
        if self._has_header():
            self._put(contents, ".got.plt", start.to_bytes(word, "little"))
        entries = (self._entry(entry) for entry in self.tables.dynamic)
        self._put(contents, ".dynamic", b"".join(entries))

    def _tables_of_names(self) -> Mapping[str, bytes]:
        names = self.tables.names
        if names is not None and (names.order or self.dialect.tables_like_gnu):
            return names.contents
        return {
            **(names.contents if names is not None else {}),
            ".hash": struct.pack("<4I", 1, 1, 0, 0),
            ".gnu.hash": struct.pack("<4I", 1, 1, 1, FILTER_SHIFT) + bytes(self.word + 4),
        }

    def _has_header(self) -> bool:
        """Whether .got.plt begins with the words for a loader, and holds not only those of indirect
        functions, which LLD puts there."""
        words = len(self.tables.indirect.entries) * self.form.slot
        return self.dialect.tables_like_gnu or self.tables.sizes.get(".got.plt", 0) > words

    def _write_lists(self, contents: tuple[bytearray, ...], moves: Moves) -> None:
        """The list of places, in the order of addresses; what a script takes out of GNU ld's
        `.rela.dyn` is as its parts come."""
        whole = self.form.list_name
        homes = self._homes()
        sorted_rows: dict[int, list[Listed]] = {}
        ends = dict(homes)
        for listed in (
            *self._taken(contents, moves),
            *self._resolved(contents),
            *self._bound(moves),
        ):
            if listed.part not in homes:
                continue
            owner, offset = ends[listed.part]
            if self.placed.sections[owner].name == whole:
                sorted_rows.setdefault(owner, []).append(listed)
            else:
                row = self._row(listed)
                contents[owner][offset : offset + len(row)] = row
                ends[listed.part] = (owner, offset + len(row))
        for owner, rows in sorted_rows.items():
            start = min(offset for home, offset in homes.values() if home == owner)
            text = b"".join(map(self._row, _sorted(rows)))
            contents[owner][start : start + len(text)] = text

    def _row(self, listed: Listed) -> bytes:
        return self.form.row(listed.place, listed.kind, listed.value, listed.symbol)

    def _bound(self, moves: Moves) -> Iterator[Listed]:
        """What a loader fills in with the address of a name that it knows."""
        names, where, prefix = self.tables.names, self.placed.addresses, self.form.prefix
        if names is None:
            return
        got = own_address(self.placed, ".got") or 0
        for slot, name in moves.bound_slots:
            place = got + self.tables.slots[slot]
            yield Listed(prefix + ".got", place, GLOB_DAT, 0, names.number(name))
        for sid, offset, name in moves.bound_places:
            found = where.of_place(sid, offset)
            if found is not None:
                place = self.placed.sections[found[0]].vma + found[1]
                part = prefix + where.table.name[sid]
                yield Listed(part, place, WHOLE, 0, names.number(name))

    def _resolved(self, contents: tuple[bytearray, ...]) -> Iterator[Listed]:
        """What GNU ld lists for indirect functions: their pointers and slots.  A pointer holds what
        the relocation has no room for."""
        if self.tables.linkage is None or not self.tables.indirect.relocations:
            return
        functions = IndirectValues(self.placed, self.dialect)
        kind, resolvers = IRELATIVE[functions.made.form.machine], SymbolValues(self.placed)
        for resolved in functions.in_order():
            if resolved.pointer is not None or resolved.in_slot:
                part = self.form.prefix + (".got" if resolved.in_slot else ".ifunc")
                value = resolvers.local(*resolved.function) or 0
                found = resolved.pointer and self.placed.addresses.of_place(*resolved.pointer)
                if found:
                    held = (0 if self.form.addends else value).to_bytes(self.word, "little")
                    contents[found[0]][found[1] : found[1] + self.word] = held
                yield Listed(part, functions.place(resolved), kind, value)

    def _homes(self) -> dict[str, tuple[int, int]]:
        """Output section and offset of each part of the list."""
        where = self.placed.addresses
        kinds, found = where.table.type, {}
        for sid in range(where.table.base[-1] + 1, len(where.table)):
            place = where.of_place(sid, 0) if kinds[sid] in RELOCATION_TYPES else None
            if place is not None and where.size[sid] and self.placed.sections[place[0]].size:
                found[where.table.name[sid]] = place
        return found

    def _taken(self, contents: tuple[bytearray, ...], moves: Moves) -> Iterator[Listed]:
        """Each word that holds an address.  LLD takes the value out where the table has
        room for it, so that what the object had there is left; GNU ld leaves it there, too."""
        word = self.word
        takes = not (self.form.leaves_values or self.dialect.tables_like_gnu)
        for part, owner, offset, old in self._places(moves):
            content = contents[owner]
            if offset + word > len(content):
                continue
            value = int.from_bytes(content[offset : offset + word], "little")
            if takes:
                content[offset : offset + word] = old
            yield Listed(part, self.placed.sections[owner].vma + offset, RELATIVE, value)

    def _places(self, moves: Moves) -> Iterator[tuple[str, int, int, bytes]]:
        """Part of the list, output section and offset of each listed word, and what the object had
        there; file by file as these lie in the output."""
        where, whole = self.placed.addresses, self.form.list_name
        in_parts, name = self.dialect.tables_like_gnu, where.table.name
        rank = files_as_placed(self.placed)
        for sid, offset in sorted(
            moves.places, key=lambda one: rank.get(where.table.file[one[0]], 0)
        ):
            found = where.of_place(sid, offset)
            if found is not None:
                part = self.form.prefix + name[sid] if in_parts else whole
                yield part, *found, self._old(sid, offset)
        got = own_place(self.placed, ".got")
        if got is not None:
            part = self.form.prefix + ".got" if in_parts else whole
            for slot in moves.slots:
                yield part, got[0], got[1] + self.tables.slots[slot], bytes(self.word)

    def _old(self, sid: int, offset: int) -> bytes:
        """The word that an input section has at an offset."""
        where = self.placed.addresses
        file = where.table.owner_file(sid)
        content = where.resolution.files[file].contents[sid - where.table.base[file]]
        return bytes(content[offset : offset + self.word])

    def _entry(self, entry: Entry) -> bytes:
        tag, what, of = entry
        value = of if isinstance(of, int) else self._value(what, of)
        if what == "count" and not value:
            return b""
        mask = (1 << 8 * self.word) - 1
        return struct.pack("<2Q" if self.word == 8 else "<2I", tag, value & mask)

    def _value(self, what: str, name: str) -> int:
        if what == "size":
            return self.tables.sizes.get(name, 0)
        if what == "value":
            return self.values.named(name) or 0
        if what == "at":
            return own_address(self.placed, name) or 0
        if what in ("list", "list size"):
            return self._list(name)[what == "list size"]
        section = self.placed.find(name)
        if section is None:
            return 0
        if what == "count":
            return self._counted(section)
        return section.vma if what == "start" else section.size

    def _list(self, name: str) -> tuple[int, int]:
        """Address and size of the list as .dynamic gives them: LLD's section; for GNU ld all
        sections of relocations in memory, but for those of the linkage table."""
        if not self.dialect.tables_like_gnu:
            return own_address(self.placed, name) or 0, self.tables.sizes.get(name, 0)
        late = self.form.prefix + ".plt"
        sections = [
            s
            for s in self.placed.sections
            if s.plan.type in RELOCATION_TYPES and s.plan.alloc and s.size
        ]
        size = sum(s.size for s in sections) - self.tables.sizes.get(late, 0)
        start = min((s.vma for s in sections), default=0)
        if start == own_address(self.placed, late):
            start += self.tables.sizes.get(late, 0)
        return (start if size else 0), size

    def _counted(self, section: PlacedSection) -> int:
        """How many places the list in `.rela.dyn` has."""
        if not self.dialect.tables_like_gnu:
            return len(self.tables.moves or ())
        homes, at = self._homes(), section.plan.index
        late = self.form.prefix + ".plt"
        inside = [
            self.tables.sizes[name]
            for name, (owner, _) in homes.items()
            if self.placed.sections[owner] is section and name != late
        ]
        resolved, moves = self.tables.indirect.relocations, self.tables.moves or Moves()
        others = {
            self.form.prefix + ".got": sum(r.in_slot for r in resolved) + len(moves.bound_slots),
            self.form.prefix + ".ifunc": sum(r.pointer is not None for r in resolved),
        }
        for sid, _, _ in moves.bound_places:
            part = self.form.prefix + self.placed.addresses.table.name[sid]
            others[part] = others.get(part, 0) + 1
        return sum(inside) // self.form.entsize - sum(
            many for name, many in others.items() if name in homes and homes[name][0] == at
        )

    def _put(self, contents: tuple[bytearray, ...], name: str, data: bytes) -> None:
        found = own_place(self.placed, name)
        if found is not None and data and contents[found[0]]:
            contents[found[0]][found[1] : found[1] + len(data)] = data
