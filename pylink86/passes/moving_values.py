"""What the tables of a program that runs anywhere hold, once everything has its address.

`.rela.dyn` lists the places that hold addresses, `.dynamic` says where that and the other tables
are.  There are no names to look up: `.dynsym`, `.dynstr` and the hash tables are as empty as the
gABI (ch.5, "Hash Table") lets them be; start-up code that looks for them finds them."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Mapping

import attrs

from .. import elf_const as c
from ..dialect import Dialect
from .match import SectionList
from .moving import SPARE_ENTRIES, relocation_name
from .own_place import own_address, own_place
from .placement import Placement
from .resolve import Resolution
from .symbol_values import SymbolValues
from .tables import Moves, Tables

RELATIVE = 8
"""R_X86_64_RELATIVE and R_386_RELATIVE."""

BIND_NOW, TEXTREL = 8, 4
"""DF_BIND_NOW, DF_TEXTREL."""
NOW, PIE = 1, 0x08000000
"""DF_1_NOW, DF_1_PIE."""

ARRAYS = (
    (".preinit_array", c.DT_PREINIT_ARRAY, c.DT_PREINIT_ARRAYSZ),
    (".init_array", c.DT_INIT_ARRAY, c.DT_INIT_ARRAYSZ),
    (".fini_array", c.DT_FINI_ARRAY, c.DT_FINI_ARRAYSZ),
)

FILTER_SHIFT = 26
"""What LLD writes into a filter of names that has none."""

Entry = tuple[int, str, "str | int"]
"""A tag, what is said, and of what (tables.Tables.dynamic)."""


def moving_sizes(
    moves: Moves,
    sizes: Mapping[str, int],
    resolution: Resolution,
    table: SectionList,
    gone: Collection[int],
    dialect: Dialect,
    now: bool,
) -> tuple[dict[str, int], tuple[Entry, ...]]:
    """Sizes of the tables, by name, and what .dynamic says; sizes: those of other tables.

    gone: sections that are not in the output; now: -z now."""
    word = resolution.files[0].header.elf_class // 8
    rows = table.name[table.base[-1] :]
    made = {
        ".dynsym": 24 if word == 8 else 16,
        ".dynstr": 1,
        ".gnu.hash": 20 + word,
        ".hash": 16,
    }
    made = {name: size for name, size in made.items() if name in rows}
    relocations = relocation_name(8 * word)
    count = len(moves) * (24 if word == 8 else 8) + sizes.get(relocations, 0)
    if count:
        made[relocations] = count
    arrays = {
        table.name[sid].split(".")[1]
        for sid in range(table.base[-1])
        if table.eligible[sid]
        and sid not in gone
        and re.fullmatch(r"\.(preinit|init|fini)_array(\..*)?", table.name[sid])
    }
    entries = tuple(
        (_gnu_entries if dialect.tables_like_gnu else _lld_entries)(
            _Facts(moves, {**sizes, **made}, word, arrays, resolution, now)
        )
    )
    spare = 1
    if dialect.tables_like_gnu:  # which has an entry for the number of relocations in any case
        spare = SPARE_ENTRIES + (not len(moves))
    made[".dynamic"] = (len(entries) + spare) * 2 * word
    return made, entries


@attrs.frozen(eq=False)
class _Facts:
    """What decides which entries there are."""

    moves: Moves
    sizes: dict[str, int]
    word: int
    arrays: set[str]
    resolution: Resolution
    now: bool

    def at(self, tag: int, section: str) -> Iterator[Entry]:
        if section in self.sizes:
            yield tag, "at", section

    def symbol(self, tag: int, name: str) -> Iterator[Entry]:
        if name in self.resolution.definer:
            yield tag, "value", name

    def lists(self) -> Iterator[Entry]:
        """The arrays of functions that the program has."""
        for section, start, size in ARRAYS:
            if section[1:] in self.arrays:
                yield start, "start", section
                yield size, "extent", section

    def flags(self) -> Iterator[Entry]:
        value = (BIND_NOW if self.now else 0) | (TEXTREL if self.moves.in_text else 0)
        if value:
            yield c.DT_FLAGS, "is", value

    def flags_1(self) -> Iterator[Entry]:
        yield c.DT_FLAGS_1, "is", PIE | (NOW if self.now else 0)

    def relocations(self) -> Iterator[Entry]:
        wide = self.word == 8
        tags = (
            (c.DT_RELA, c.DT_RELASZ, c.DT_RELAENT) if wide else (c.DT_REL, c.DT_RELSZ, c.DT_RELENT)
        )
        name = relocation_name(8 * self.word)
        if name in self.sizes:
            yield tags[0], "at", name
            yield tags[1], "size", name
            yield tags[2], "is", 24 if wide else 8

    def late(self) -> Iterator[Entry]:
        """GNU ld: relocations of indirect functions have a table of their own."""
        name = ".rela.iplt" if self.word == 8 else ".rel.iplt"
        if name in self.sizes:
            yield c.DT_PLTGOT, "at", ".got.plt"
            yield c.DT_PLTRELSZ, "size", name
            yield c.DT_PLTREL, "is", c.DT_RELA if self.word == 8 else c.DT_REL
            yield c.DT_JMPREL, "at", name

    def count(self) -> Iterator[Entry]:
        if len(self.moves):
            yield (c.DT_RELACOUNT if self.word == 8 else c.DT_RELCOUNT), "is", len(self.moves)

    def names(self) -> Iterator[Entry]:
        yield c.DT_SYMTAB, "at", ".dynsym"
        yield c.DT_SYMENT, "is", 24 if self.word == 8 else 16
        yield c.DT_STRTAB, "at", ".dynstr"
        yield c.DT_STRSZ, "size", ".dynstr"

    def in_text(self) -> Iterator[Entry]:
        if self.moves.in_text:
            yield c.DT_TEXTREL, "is", 0


def _gnu_entries(facts: _Facts) -> Iterator[Entry]:
    yield from facts.symbol(c.DT_INIT, "_init")
    yield from facts.symbol(c.DT_FINI, "_fini")
    yield from facts.lists()
    yield from facts.at(c.DT_HASH, ".hash")
    yield from facts.at(c.DT_GNU_HASH, ".gnu.hash")
    symtab, syment, strtab, strsz = facts.names()
    yield from (strtab, symtab, strsz, syment)
    yield c.DT_DEBUG, "is", 0
    yield from facts.late()
    yield from facts.relocations()
    yield from facts.in_text()
    yield from facts.flags()
    yield from facts.flags_1()
    yield from facts.count()


def _lld_entries(facts: _Facts) -> Iterator[Entry]:
    yield from facts.flags()
    yield from facts.flags_1()
    yield c.DT_DEBUG, "is", 0
    yield from facts.relocations()
    yield from facts.count()
    yield from facts.names()
    yield from facts.in_text()
    yield from facts.at(c.DT_GNU_HASH, ".gnu.hash")
    yield from facts.at(c.DT_HASH, ".hash")
    yield from facts.lists()
    yield from facts.symbol(c.DT_INIT, "_init")
    yield from facts.symbol(c.DT_FINI, "_fini")


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
        return self.placed.addresses.resolution.files[0].header.elf_class // 8

    def write(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the tables, when everything else is written: what a listed word has to hold at 0 is
        what is there."""
        moves, word = self.tables.moves, self.word
        if moves is None:
            return
        rows = sorted(self._taken(contents, moves))
        if word == 8:
            text = b"".join(struct.pack("<QQQ", place, RELATIVE, value) for place, value in rows)
        else:
            text = b"".join(struct.pack("<II", place, RELATIVE) for place, _ in rows)
        self._put(contents, relocation_name(8 * word), text)
        self._put(contents, ".hash", struct.pack("<4I", 1, 1, 0, 0))
        shift = 0 if self.dialect.tables_like_gnu else FILTER_SHIFT
        self._put(contents, ".gnu.hash", struct.pack("<4I", 1, 1, 1, shift) + bytes(word + 4))
        start = own_address(self.placed, ".dynamic") or 0
        self._put(contents, ".got.plt", start.to_bytes(word, "little"))
        self._put(contents, ".dynamic", b"".join(map(self._entry, self.tables.dynamic)))

    def _taken(self, contents: tuple[bytearray, ...], moves: Moves) -> Iterator[tuple[int, int]]:
        """Address and value of each listed word.  LLD takes the value out where the table has room
        for it; GNU ld leaves it there, too."""
        word = self.word
        takes = word == 8 and not self.dialect.tables_like_gnu
        for owner, offset in self._places(moves):
            content = contents[owner]
            if offset + word > len(content):
                continue
            value = int.from_bytes(content[offset : offset + word], "little")
            if takes:
                content[offset : offset + word] = bytes(word)
            yield self.placed.sections[owner].vma + offset, value

    def _places(self, moves: Moves) -> Iterator[tuple[int, int]]:
        """Output section and offset of each listed word."""
        where = self.placed.addresses
        for sid, offset in moves.places:
            found = where.of_place(sid, offset)
            if found is not None:
                yield found
        got = own_place(self.placed, ".got")
        if got is not None:
            yield from ((got[0], got[1] + self.tables.slots[slot]) for slot in moves.slots)

    def _entry(self, entry: Entry) -> bytes:
        tag, what, of = entry
        value = of if isinstance(of, int) else self._value(what, of)
        mask = (1 << 8 * self.word) - 1
        return struct.pack("<2Q" if self.word == 8 else "<2I", tag, value & mask)

    def _value(self, what: str, name: str) -> int:
        if what == "size":
            return self.tables.sizes.get(name, 0)
        if what == "value":
            return self.values.named(name) or 0
        if what == "at":
            return own_address(self.placed, name) or 0
        section = self.placed.find(name)
        if section is None:
            return 0
        return section.vma if what == "start" else section.size

    def _put(self, contents: tuple[bytearray, ...], name: str, data: bytes) -> None:
        found = own_place(self.placed, name)
        if found is not None and data and contents[found[0]]:
            contents[found[0]][found[1] : found[1] + len(data)] = data
