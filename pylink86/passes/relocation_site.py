"""Where relocations are applied, for those that are looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import elf_const as c

if TYPE_CHECKING:
    from ..model import ObjectFile

BLANK = 1 << 80
LOWEST_BLANK = BLANK - 1
"""No address is as large, so a value from here on says what is to be written as it is."""


class Site(NamedTuple):
    """The section whose relocations are at hand: the file and its number, the section's index, the
    bytes of its output section, where it begins in them, and its address.  in_place: addends lie in
    the places; unwritten: the bytes are not in the output, so what does not fit harms nobody."""

    obj: ObjectFile
    file: int
    section: int
    content: bytearray
    sec_off: int
    start: int
    in_place: bool
    unwritten: bool

    @property
    def in_memory(self) -> bool:
        return bool(self.obj.sections.flags[self.section] & c.SHF_ALLOC)


class Reloc(NamedTuple):
    """One relocation: offset in its section, type, symbol, addend."""

    offset: int
    type: int
    symbol: int
    addend: int
