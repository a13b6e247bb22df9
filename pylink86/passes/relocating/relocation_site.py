"""Where relocations are applied, for those that are looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import elf_const as c

if TYPE_CHECKING:
    from ...model import ObjectFile

BLANK = 1 << 80
LOWEST_BLANK = BLANK - 1
"""No address is as large, so a value from here on says what is to be written as it is."""


class Site:
    """The section whose relocations are at hand: the file and its number, the section's index, the
    bytes of its output section, where it begins in them, and its address.  in_place: addends lie in
    the places; unwritten: the bytes are not in the output, so what does not fit harms nobody."""

    def __init__(
        self,
        obj: ObjectFile,
        file: int,
        section: int,
        content: bytearray,
        sec_off: int,
        start: int,
        in_place: bool,
        unwritten: bool,
    ) -> None:
        self.obj, self.file, self.section = obj, file, section
        self.content, self.sec_off, self.start = content, sec_off, start
        self.in_place, self.unwritten = in_place, unwritten

    @property
    def in_memory(self) -> bool:
        return bool(self.obj.sections.flags[self.section] & c.SHF_ALLOC)


class Reloc:
    """One relocation: offset in its section, type, symbol, addend."""

    __slots__ = ("addend", "offset", "symbol", "type")

    def __init__(self, offset: int, type: int, symbol: int, addend: int) -> None:
        self.offset, self.type, self.symbol, self.addend = offset, type, symbol, addend
