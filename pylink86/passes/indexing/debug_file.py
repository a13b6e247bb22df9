"""Debug sections of an object as a reader of tables needs them: numbers, and what they refer to.

Before a link nothing has an address: where debug data has one, the object has a number and a
relocation that says of which section it is an offset.  An index is made from the objects, so such
a number is read as a pair: the offset, and the section it counts from.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property

from ... import elf_const as c
from ...model import ObjectFile, Relocations
from ..names.resolve import Resolution

INFO = ".debug_info"

NOWHERE = -1
"""The section of a number that counts from none."""


class EndOfData(Exception):
    """A table ends in the middle of a field.  at: where the field begins."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class DebugSection:
    """The bytes of one section and its relocations; index: in its file, 0 for one that is not
    there."""

    def __init__(self, file: DebugFile, index: int) -> None:
        self.file, self.index = file, index

    @cached_property
    def content(self) -> bytes:
        return bytes(self.file.obj.contents[self.index]) if self.index else b""

    def number(self, at: int, size: int, end: int = -1) -> int:
        """`size` bytes as a number.  end: where the table ends, -1 for the end of the section;
        raises EndOfData behind it."""
        limit = len(self.content) if end < 0 else min(end, len(self.content))
        if not 0 <= at <= at + size <= limit:
            raise EndOfData(at)
        return int.from_bytes(self.content[at : at + size], "little")

    def uleb(self, at: int) -> tuple[int, int]:
        """An unsigned LEB128 number, and where it ends (DWARF 5, 7.6); raises EndOfData."""
        value, shift, start = 0, 0, at
        while True:
            if at >= len(self.content) or shift > 63:
                raise EndOfData(start)
            byte = self.content[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    def text(self, at: int, end: int = -1) -> tuple[bytes, int]:
        """A string, and where the next field begins; raises EndOfData."""
        limit = len(self.content) if end < 0 else min(end, len(self.content))
        stop = self.content.find(b"\0", at, limit) if at >= 0 else -1
        if stop < 0:
            raise EndOfData(at)
        return self.content[at:stop], stop + 1

    def refers(self, at: int, size: int, end: int = -1) -> tuple[int, int]:
        """A number and the section of the file it is an offset in, NOWHERE for a plain number."""
        number = self.number(at, size, end)
        for rels in self._tables:
            row = bisect_left(rels.offset, at)
            if row < len(rels.offset) and rels.offset[row] == at:
                addend = number if rels.addend is None else rels.addend[row]
                value, section = self.file.symbol(rels.symbol[row])
                return (value + addend) & ((1 << 8 * size) - 1), section
        return number, NOWHERE

    @cached_property
    def _tables(self) -> tuple[Relocations, ...]:
        obj = self.file.obj
        return tuple(obj.relocations(i) for i in obj.relocation_sections.get(self.index, ()))


class DebugFile:
    """An object among the inputs; number: its place among them."""

    def __init__(self, resolution: Resolution, number: int) -> None:
        self.resolution, self.number = resolution, number
        self.obj: ObjectFile = resolution.files[number]

    @cached_property
    def _sections(self) -> Mapping[str, DebugSection]:
        """The sections by name, the last of each; .debug_info of a group is a type unit, which no
        index lists."""
        table = self.obj.sections
        return {
            name: DebugSection(self, index)
            for index, (name, flags) in enumerate(zip(table.names, table.flags))
            if name.startswith(".debug_") and not (name == INFO and flags & c.SHF_GROUP)
        }

    def section(self, name: str) -> DebugSection:
        """A section by name; an empty one when there is none."""
        return self._sections.get(name) or DebugSection(self, 0)

    def symbol(self, index: int) -> tuple[int, int]:
        """(offset, section of this file); the section is NOWHERE when the symbol is defined in
        none.  As in LLD, a name that another file defines keeps its section here and has the
        offset it has there, and what is in no output because of its group has offset 0."""
        where, symbols = self.resolution, self.obj.symbols
        shndx, file = symbols.shndx[index], self.number
        if (file, shndx) in where.dropped:
            file, index = 0, 0
        first = where.first_global[self.number]
        if index >= first:
            name = where.global_names[self.number][index - first]
            file, index = where.definer.get(name, (0, 0))
        value = where.files[file].symbols.value[index] if index else 0
        return value, shndx if shndx > 0 else NOWHERE
