"""Which tables a program that runs anywhere has, how large they are, and what `.dynamic` says.

All of this is decided from relocations and names, before anything has an address: the tables take
room like other sections.  `.dynamic` is a list of tags with what each is about (gABI ch.5, "Dynamic
Section"); passes/pie/moving_values.py looks the values up in the end.  Found with `readelf -d`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import attrs

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ..matching.match import SectionList
from ..names.resolve import Resolution
from ..own.table_form import TableForm
from ..tables import DynamicNames, Moves
from .dynamic_words import DynamicWords
from .moving import SPARE_ENTRIES

BIND_NOW, TEXTREL = 8, 4
"""DF_BIND_NOW, DF_TEXTREL."""
NOW, PIE = 1, 0x08000000
"""DF_1_NOW, DF_1_PIE."""

ARRAYS = (
    (".preinit_array", c.DT_PREINIT_ARRAY, c.DT_PREINIT_ARRAYSZ),
    (".init_array", c.DT_INIT_ARRAY, c.DT_INIT_ARRAYSZ),
    (".fini_array", c.DT_FINI_ARRAY, c.DT_FINI_ARRAYSZ),
)

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
    form: TableForm,
    names: DynamicNames | None,
    said: DynamicWords,
) -> tuple[dict[str, int], tuple[Entry, ...]]:
    """Sizes of the tables, by name, and what .dynamic says; sizes: those of other tables.

    gone: sections that are not in the output; now: -z now; names: of GNU ld's .dynsym;
    said: what options say."""
    word = form.word
    rows = table.name[table.base[-1] :]
    made = {
        ".dynsym": 24 if word == 8 else 16,
        ".dynstr": 1,
        ".gnu.hash": 20 + word,
        ".hash": 16,
    }
    if names is not None:
        made |= {name: len(content) for name, content in names.contents.items()}
        made[".dynsym"] *= len(names.order) + 1
    made = {name: size for name, size in made.items() if name in rows}
    made |= _sizes_of_lists(moves, sizes, table, dialect, form)
    arrays = {
        table.name[sid].split(".")[1]
        for sid in range(table.base[-1])
        if table.eligible[sid]
        and sid not in gone
        and re.fullmatch(r"\.(preinit|init|fini)_array(\..*)?", table.name[sid])
    }
    named = not dialect.tables_like_gnu or _has_names(table, gone)
    entries = tuple(
        (_gnu_entries if dialect.tables_like_gnu else _lld_entries)(
            _Facts(moves, {**sizes, **made}, form, arrays, resolution, now, said, names, named)
        )
    )
    spare = 1
    if dialect.tables_like_gnu:  # which has an entry for the number of relocations in any case
        spare = SPARE_ENTRIES + (not len(moves))
    made[".dynamic"] = (len(entries) + spare) * 2 * word
    return made, entries


def _has_names(table: SectionList, gone: Collection[int]) -> bool:
    """Whether `.dynamic` speaks of names: GNU ld leaves that out when a script discards `.dynstr`.
    Raises table-discarded when it has to speak of another table that is not there."""
    out = [table.name[sid] for sid in range(table.base[-1], len(table)) if sid in gone]
    if ".dynstr" in out:
        return False
    for name in (".dynsym", ".hash", ".gnu.hash"):
        if name in out and ".dynamic" not in out:
            raise fail(
                "table-discarded",
                f"could not find section {name}",
                notes=["the script discards it, and `.dynamic' says where it is"],
                help=["discard `.dynstr', too, and names are not spoken of; or `.dynamic'"],
            )
    return True


def _sizes_of_lists(
    moves: Moves, sizes: Mapping[str, int], table: SectionList, dialect: Dialect, form: TableForm
) -> dict[str, int]:
    """Bytes of what lists the places: LLD's one section, or GNU ld's parts; with what else is in
    them."""
    if dialect.tables_like_gnu:
        parts = Counter(form.prefix + table.name[sid] for sid, _ in moves.places)
        parts.update(form.prefix + table.name[sid] for sid, _, _ in moves.bound_places)
        parts[form.prefix + ".got"] += len(moves.slots) + len(moves.bound_slots)
    else:
        parts = Counter({form.list_name: len(moves)})
    found = {name: count * form.entsize + sizes.get(name, 0) for name, count in parts.items()}
    return {name: size for name, size in found.items() if size}


@attrs.frozen(eq=False)
class _Facts:
    """What decides which entries there are.  named: whether `.dynstr` is in the output, without
    which GNU ld says nothing about names."""

    moves: Moves
    sizes: dict[str, int]
    form: TableForm
    arrays: set[str]
    resolution: Resolution
    now: bool
    said: DynamicWords
    listed: DynamicNames | None
    named: bool = True

    def at(self, tag: int, section: str) -> Iterator[Entry]:
        if section in self.sizes:
            yield tag, "at", section

    def symbol(self, tag: int, name: str) -> Iterator[Entry]:
        if name in self.resolution.definer:
            yield tag, "value", name

    def texts(self) -> Iterator[Entry]:
        if self.listed is not None and self.named:
            for tag, text in self.said.texts:
                yield tag, "is", self.listed.texts[text]

    def lists(self) -> Iterator[Entry]:
        """The arrays of functions that the program has."""
        for section, start, size in ARRAYS:
            if section[1:] in self.arrays:
                yield start, "start", section
                yield size, "extent", section

    def flags(self) -> Iterator[Entry]:
        value = (
            self.said.flags | (BIND_NOW if self.now else 0) | (TEXTREL if self.moves.in_text else 0)
        )
        if value:
            yield c.DT_FLAGS, "is", value

    def flags_1(self) -> Iterator[Entry]:
        yield c.DT_FLAGS_1, "is", self.said.flags_1 | PIE | (NOW if self.now else 0)

    def relocations(self) -> Iterator[Entry]:
        tags = c.DT_REL, c.DT_RELSZ, c.DT_RELENT
        if self.form.addends:
            tags = c.DT_RELA, c.DT_RELASZ, c.DT_RELAENT
        name = self.form.list_name
        if len(self.moves) or name in self.sizes or self._has_lists():
            yield tags[0], "list", name
            yield tags[1], "list size", name
            yield tags[2], "is", self.form.entsize

    def _has_lists(self) -> bool:
        """GNU ld: whether pointers to indirect functions are listed."""
        parts = (".ifunc", ".got")
        is_there = any(self.form.prefix + part in self.sizes for part in parts)
        return is_there or bool(self.moves.bound_places)

    def late(self) -> Iterator[Entry]:
        """GNU ld: relocations of indirect functions have a table of their own."""
        name = self.form.prefix + ".plt"
        if ".plt" in self.sizes:
            yield c.DT_PLTGOT, "at", ".got.plt"
        if name in self.sizes:
            yield c.DT_PLTRELSZ, "size", name
            yield c.DT_PLTREL, "is", c.DT_RELA if self.form.addends else c.DT_REL
            yield c.DT_JMPREL, "at", name

    def count(self) -> Iterator[Entry]:
        if len(self.moves):
            tag = c.DT_RELACOUNT if self.form.addends else c.DT_RELCOUNT
            yield tag, "count", self.form.list_name

    def names(self) -> Iterator[Entry]:
        yield c.DT_SYMTAB, "at", ".dynsym"
        yield c.DT_SYMENT, "is", 24 if self.form.word == 8 else 16
        yield c.DT_STRTAB, "at", ".dynstr"
        yield c.DT_STRSZ, "size", ".dynstr"

    def in_text(self) -> Iterator[Entry]:
        if self.moves.in_text:
            yield c.DT_TEXTREL, "is", 0


def _gnu_entries(facts: _Facts) -> Iterator[Entry]:
    yield from facts.texts()
    yield from facts.symbol(c.DT_INIT, facts.said.init)
    yield from facts.symbol(c.DT_FINI, facts.said.fini)
    yield from facts.lists()
    if facts.named:
        yield from facts.at(c.DT_HASH, ".hash")
        yield from facts.at(c.DT_GNU_HASH, ".gnu.hash")
        symtab, syment, strtab, strsz = facts.names()
        yield from (strtab, symtab, strsz, syment)
    if facts.said.gnu_flags_1:
        yield c.DT_GNU_FLAGS_1, "is", facts.said.gnu_flags_1
    yield c.DT_DEBUG, "is", 0
    yield from facts.late()
    yield from facts.relocations()
    yield from facts.in_text()
    yield from facts.flags()
    yield from facts.flags_1()
    yield from facts.count()


def _lld_entries(facts: _Facts) -> Iterator[Entry]:
    yield from facts.texts()
    yield from facts.flags()
    yield from facts.flags_1()
    if not facts.said.read_only:
        yield c.DT_DEBUG, "is", 0
    yield from facts.relocations()
    yield from facts.count()
    yield from facts.names()
    yield from facts.in_text()
    yield from facts.at(c.DT_GNU_HASH, ".gnu.hash")
    yield from facts.at(c.DT_HASH, ".hash")
    yield from facts.lists()
    yield from facts.symbol(c.DT_INIT, facts.said.init)
    yield from facts.symbol(c.DT_FINI, facts.said.fini)
