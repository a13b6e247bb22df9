"""The units of .debug_info, each with what its first entry says: where its code is.

.debug_info is a row of units, one for each source file, each a tree of entries.  Which attributes
an entry has and how they are encoded stands in another section, .debug_abbrev.  An index needs no
more than the first entry of each unit, so only that one is decoded.

Source: DWARF 5, 7.5 (units, entries, forms); DWARF 2 to 4 likewise.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from .debug_file import INFO, NOWHERE, DebugFile, DebugSection, EndOfData

ABBREV = ".debug_abbrev"

RESERVED, DWARF64 = 0xFFFFFFF0, 0xFFFFFFFF
"""Lengths from here on say something else; one of them, that a length of 8 bytes follows."""
TYPE_UNITS = (2, 6)
"""DW_UT_type, DW_UT_split_type."""
WITH_ID = (4, 5)
"""DW_UT_skeleton, DW_UT_split_compile: eight bytes of their header are an id."""

LOW_PC, HIGH_PC, ENTRY_PC, RANGES = 0x11, 0x12, 0x52, 0x55
STR_OFFSETS_BASE, ADDR_BASE, RNGLISTS_BASE, GNU_ADDR_BASE = 0x72, 0x73, 0x74, 0x2133

FORM_ADDR, FORM_INDIRECT, FORM_IMPLICIT = 0x01, 0x16, 0x21
FORM_RNGLISTX = 0x23
INDEXED_ADDRESS = frozenset((0x1B, 0x29, 0x2A, 0x2B, 0x2C, 0x1F01))
"""DW_FORM_addrx, addrx1 to addrx4, GNU_addr_index."""
CONSTANTS = frozenset((0x05, 0x06, 0x07, 0x0B, 0x0F, FORM_IMPLICIT))
"""Forms of a distance: DW_FORM_data1 to data8, udata."""

FIXED = {
    0x05: 2, 0x06: 4, 0x07: 8, 0x0B: 1, 0x0C: 1, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8, 0x19: 0,
    0x1C: 4, 0x1E: 16, 0x20: 8, 0x24: 8, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2,
    0x2B: 3, 0x2C: 4,
}  # fmt: skip
"""Bytes of the forms that have as many in every unit."""
OFFSETS = frozenset((0x0E, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21))
"""Forms of a section offset: DW_FORM_strp, sec_offset, strp_sup, line_strp, GNU_ref_alt, ..."""
REF_ADDR = 0x10
LEBS = frozenset((0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02))
SIGNED_LEB = 0x0D
BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
"""Forms of a block of bytes: how many bytes say how long it is."""
LEB_BLOCKS = frozenset((0x09, 0x18))
STRING = 0x08


class BadUnit(Exception):
    """A unit whose first entry cannot be read."""


@attrs.frozen
class Value:
    """An attribute: its form, its number, and the section that counts from."""

    form: int
    number: int
    section: int = NOWHERE


@attrs.frozen(eq=False, repr=False)
class Unit:
    """One unit.  offset, length: in .debug_info, all of its bytes; entry: where the first entry
    begins; wide: bytes of a section offset; abbrevs: where its abbreviations begin."""

    file: DebugFile
    offset: int
    length: int
    version: int
    word: int
    wide: int
    abbrevs: int
    entry: int

    @property
    def end(self) -> int:
        return self.offset + self.length

    def attributes(self) -> dict[int, Value]:
        """The attributes of the first entry, up to the end of the data; raises BadUnit."""
        info = self.file.section(INFO)
        if self.entry >= self.end:
            raise BadUnit(f"the unit at {self.offset:#x} has no entry")
        found: dict[int, Value] = {}
        try:
            code, at = info.uleb(self.entry)
            described = list(self._described(code)) if code else []
        except EndOfData as end:
            raise BadUnit(f"the data ends at {end.at:#x}") from None
        for attribute, form, constant in described:
            try:
                value, at = self._value(info, form, at, constant)
            except EndOfData:
                break
            found.setdefault(attribute, value)
        if self.version >= 5 and STR_OFFSETS_BASE in found:
            self._check_strings(found[STR_OFFSETS_BASE].number)
        return found

    def _check_strings(self, base: int) -> None:
        """Whether what the unit says of its strings can be so (DWARF 5, 7.26), as LLD does before
        it takes a unit's word for anything.  Raises BadUnit."""
        table, wrong = self.file.section(".debug_str_offsets"), ""
        try:  # before the first row are the length, the version, and padding
            length = table.number(base - 4 - self.wide, self.wide) - 4
            if length < 0 or base + length > len(table.content):
                wrong = "length exceeds section size"
        except EndOfData:
            wrong = "there is no table"
        if wrong:
            raise BadUnit(f"invalid reference to .debug_str_offsets: {wrong}")

    def _described(self, wanted: int) -> Iterator[tuple[int, int, int]]:
        """(attribute, form, DW_FORM_implicit_const's value) of the entry's abbreviation."""
        table, at = self.file.section(ABBREV), self.abbrevs
        while True:
            code, at = table.uleb(at)
            if not code:
                raise BadUnit(f"abbreviation {wanted} is not described")
            at = table.uleb(at)[1] + 1
            while True:
                attribute, at = table.uleb(at)
                form, at = table.uleb(at)
                constant = 0
                if form == FORM_IMPLICIT:
                    constant, at = table.uleb(at)
                if not attribute and not form:
                    break
                if code == wanted:
                    yield attribute, form, constant
            if code == wanted:
                return

    def _value(self, info: DebugSection, form: int, at: int, constant: int) -> tuple[Value, int]:
        """An attribute's value, and where the next begins; 0 for what no index asks for."""
        while form == FORM_INDIRECT:
            form, at = info.uleb(at)
        size = self._size(form)
        if size is not None:
            if size > 8:
                return Value(form, 0), at + size
            return Value(form, *info.refers(at, size)), at + size
        if form == FORM_IMPLICIT:
            return Value(form, constant), at
        if form in LEBS or form == SIGNED_LEB:
            number, at = info.uleb(at)
            return Value(form, number), at
        if form == STRING:
            return Value(form, 0), info.text(at)[1]
        if form in BLOCKS:
            return Value(form, 0), at + BLOCKS[form] + info.number(at, BLOCKS[form])
        if form in LEB_BLOCKS:
            length, at = info.uleb(at)
            return Value(form, 0), at + length
        raise BadUnit(f"form {form:#x} is not known")

    def _size(self, form: int) -> int | None:
        if form == FORM_ADDR or (form == REF_ADDR and self.version < 3):
            return self.word
        return self.wide if form in OFFSETS or form == REF_ADDR else FIXED.get(form)


def units_of(file: DebugFile) -> Iterator[Unit]:
    """The units that are compiled sources, not types.  Raises BadUnit for a header that cannot be
    read, behind which no other is looked for."""
    info, at = file.section(INFO), 0
    while at < len(info.content):
        try:
            unit, kind = _unit(file, info, at)
        except EndOfData as end:
            raise BadUnit(f"the unit at {at:#x} ends early, at {end.at:#x}") from None
        at += unit.length
        if kind not in TYPE_UNITS:
            yield unit


def _unit(file: DebugFile, info: DebugSection, at: int) -> tuple[Unit, int]:
    """The unit that begins at an offset, and its DW_UT number, 0 before DWARF 5."""
    length, wide, head = info.number(at, 4), 4, at + 4
    if length == DWARF64:
        length, wide, head = info.number(head, 8), 8, head + 8
    elif length >= RESERVED:
        raise BadUnit(f"the unit at {at:#x} has the reserved length {length:#x}")
    version, kind = info.number(head, 2), 0
    if not 2 <= version <= 5:
        raise BadUnit(f"the unit at {at:#x} has version {version}")
    if version == 5:
        kind, word = info.number(head + 2, 1), info.number(head + 3, 1)
        abbrevs, entry = info.refers(head + 4, wide)[0], head + 4 + wide
        entry += 8 if kind in WITH_ID else 8 + wide if kind in TYPE_UNITS else 0
    else:
        abbrevs, word = info.refers(head + 2, wide)[0], info.number(head + 2 + wide, 1)
        entry = head + 3 + wide
    if word not in (2, 4, 8):
        raise BadUnit(f"the unit at {at:#x} has addresses of {word} bytes")
    if head + length > len(info.content):
        raise BadUnit(f"the unit at {at:#x} ends behind the section, at {head + length:#x}")
    return Unit(file, at, head + length - at, version, word, wide, abbrevs, entry), kind
