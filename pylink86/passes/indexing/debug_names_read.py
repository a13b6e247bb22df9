""".debug_names of an object, taken apart: its units, its names, and what each name means.

The section is one table or several, each an index of some units: a list of the units, a hash table
of names, and for each name a row of entries.  An entry begins with the number of an abbreviation,
which says what kind of thing is named and which attributes follow, with their forms: the place of
its description, the entry of what is around it, the unit.

Source: DWARF 5, 6.1.1; which forms are read, as ld.lld.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

import attrs

from ...diag import Diagnostics
from ..names.resolve import Resolution
from .debug_file import NOWHERE, DebugFile, DebugSection, EndOfData
from .debug_units import DWARF64

NAMES, STRINGS = ".debug_names", ".debug_str"

COMPILE_UNIT, PARENT = 1, 4
"""DW_IDX_*."""

FLAG_PRESENT, REF4 = 0x19, 0x13
SIZES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x11: 1, 0x12: 2, REF4: 4}
"""Bytes of DW_FORM_data1, data2, data4, ref1, ref2, ref4."""

HEADER = struct.Struct("<H2x7I")
"""Behind the length: version, padding; how many units, local and foreign type units, buckets,
names; bytes of the abbreviations and of the augmentation string."""

HELP = ("compile the file again, or without -gpubnames; or link without --debug-names",)

HASH_FACTOR, FEWEST_SLOTS = 37, 64


class BadNames(Exception):
    """A table that cannot be read."""


@attrs.frozen
class Abbrev:
    """A kind of entry: a tag, and attributes with their forms."""

    tag: int
    attributes: tuple[tuple[int, int], ...]


@attrs.frozen(eq=False, repr=False)
class Entry:
    """What a name means.  at: where among the table's entries; values: of the attributes of its
    kind, None for a form without bytes."""

    at: int
    kind: Abbrev
    values: Sequence[int | None]


@attrs.frozen(eq=False, repr=False)
class Name:
    """A name: its text, the place of that as (offset, section of the file), its entries."""

    text: bytes
    string: tuple[int, int]
    entries: Sequence[Entry]


@attrs.frozen(eq=False, repr=False)
class NameIndex:
    """A table of a file.  units: as (offset, section of the file); kinds: in the order of LLD's
    table; has_types: it lists type units, too."""

    file: int
    units: Sequence[tuple[int, int]]
    kinds: Sequence[Abbrev]
    names: Sequence[Name]
    augmentation: bytes
    has_types: bool


def read_names(resolution: Resolution, diags: Diagnostics) -> list[NameIndex]:
    """The tables of all files, in order.  Reports bad-debug-names, and warns with
    bad-debug-data of what is left out."""
    found: list[NameIndex] = []
    for number, obj in enumerate(resolution.files[:-1]):
        if NAMES not in obj.sections.names:
            continue
        place = f"{obj.name}({NAMES})"
        try:
            indexes = _tables(DebugFile(resolution, number))
        except BadNames as bad:
            diags.error("bad-debug-names", str(bad), place=place, help=HELP)
            continue
        if any(index.has_types for index in indexes):
            diags.warn(
                "bad-debug-data",
                "type units are not implemented",
                place=place,
                notes=["their names are listed as if the file's first unit had them, as by ld.lld"],
                help=["compile with -fno-debug-types-section"],
            )
        found += indexes
    return found


def _tables(file: DebugFile) -> list[NameIndex]:
    """All tables of a file.  Raises BadNames."""
    section, at = file.section(NAMES), 0
    found = []
    while at < len(section.content):
        try:
            index, at = _Table(file, section, at).read()
        except EndOfData as end:
            raise BadNames(f"the table at {at:#x} ends early, at {end.at:#x}") from None
        found.append(index)
    return found


class _Table:
    """One table and where its parts are; start: of the table in its section."""

    def __init__(self, file: DebugFile, section: DebugSection, start: int) -> None:
        self.file, self.section = file, section
        length, at = section.number(start, 4), start + 4
        if length == DWARF64:
            raise BadNames("found DWARF64, which is currently unsupported")
        self.end = at + length
        if at + HEADER.size > len(section.content):
            raise EndOfData(at)
        fields = HEADER.unpack_from(section.content, at)
        version, units, local, foreign, buckets, names, abbrevs, augmentation = fields
        if version != 5:
            raise BadNames(f"unsupported version: {version}")
        self.unit_count, self.name_count, self.has_types = units, names, bool(local or foreign)
        self.text = at + HEADER.size
        self.text_size = augmentation
        self.units = self.text + (augmentation + 3 & ~3)
        types = self.units + 4 * units
        hashes = types + 4 * local + 8 * foreign + 4 * buckets
        self.strings = hashes + (4 * names if buckets else 0)
        self.offsets = self.strings + 4 * names
        self.abbrevs = self.offsets + 4 * names
        self.pool = self.abbrevs + abbrevs
        if self.pool > len(section.content):
            raise BadNames("Section too small: cannot read abbreviations.")
        self.left = len(section.content)
        """How many entries there may still be: a table in which lists overlap could have more than
        bytes."""

    def read(self) -> tuple[NameIndex, int]:
        """The table, and where the next one begins."""
        section = self.section
        units = [section.refers(self.units + 4 * i, 4) for i in range(self.unit_count)]
        kinds = self._kinds()
        names = [self._name(number, kinds) for number in range(self.name_count)]
        text = bytes(section.content[self.text : self.text + self.text_size])
        ordered = [kinds[code] for code in table_order(kinds)]
        found = NameIndex(self.file.number, units, ordered, names, text, self.has_types)
        return found, self.end

    def _kinds(self) -> dict[int, Abbrev]:
        """The abbreviations by their numbers."""
        found: dict[int, Abbrev] = {}
        section, at = self.section, self.abbrevs
        while True:
            if at >= self.pool:
                raise BadNames("Incorrectly terminated abbreviation table.")
            code, at = section.uleb(at)
            if not code:
                return found
            if code in found:
                raise BadNames("Duplicate abbreviation code.")
            tag, at = section.uleb(at)
            attributes = []
            while True:
                attribute, at = section.uleb(at)
                form, at = section.uleb(at)
                if not attribute and not form:
                    break
                _check_form(attribute, form)
                attributes.append((attribute, form))
            found[code] = Abbrev(tag, tuple(attributes))

    def _name(self, number: int, kinds: Mapping[int, Abbrev]) -> Name:
        string = self.section.refers(self.strings + 4 * number, 4)
        texts = self.file.section(STRINGS)
        try:
            text = texts.text(string[0])[0] if string[1] in (texts.index, NOWHERE) else b""
        except EndOfData:
            text = b""
        at = self.pool + self.section.number(self.offsets + 4 * number, 4)
        return Name(text, string, self._entries(at, kinds))

    def _entries(self, at: int, kinds: Mapping[int, Abbrev]) -> list[Entry]:
        """The entries of a name, up to an abbreviation 0."""
        section = self.section
        found: list[Entry] = []
        while True:
            if at >= len(section.content):
                raise BadNames("index entry is out of bounds")
            start = at - self.pool
            code, at = section.uleb(at)
            if not code:
                return found
            if code not in kinds:
                raise BadNames(f"abbrev code not found in abbrev table: {code}")
            self.left -= 1
            if self.left < 0:
                raise BadNames("entries overlap")
            values: list[int | None] = []
            for _, form in kinds[code].attributes:
                size = SIZES.get(form, 0)
                values.append(section.number(at, size) if size else None)
                at += size
            found.append(Entry(start, kinds[code], values))


def _check_form(attribute: int, form: int) -> None:
    if attribute == PARENT and form not in (FLAG_PRESENT, REF4):
        raise BadNames("invalid form for DW_IDX_parent")
    if attribute != PARENT and form not in SIZES:
        raise BadNames(f"unrecognized form encoding {form} in abbrev table")


def table_order(codes: Iterable[int]) -> list[int]:
    """Numbers of abbreviations in the order in which LLD goes through them: that of a hash table
    which doubles when three quarters of it are full.  Found by making abbreviations."""
    slots: list[int | None] = [None] * FEWEST_SLOTS
    for many, code in enumerate(codes, 1):
        if 4 * many >= 3 * len(slots):
            old, slots = slots, [None] * (2 * len(slots))
            for kept in old:
                if kept is not None:
                    _insert(slots, kept)
        _insert(slots, code)
    return [code for code in slots if code is not None]


def _insert(slots: list[int | None], code: int) -> None:
    mask = len(slots) - 1
    at, step = code * HASH_FACTOR & mask, 1
    while slots[at] is not None:
        at, step = at + step & mask, step + 1
    slots[at] = code
