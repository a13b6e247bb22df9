"""Relocations of COFF objects as those of ELF.

In COFF the addend lies in the place, and a distance counts from the end of the field or from up to
five bytes behind it.  ELF's distances count from the place itself; x86-64 objects have the addend
in the relocation, i386 ones in the place, which is changed then.

Source: Microsoft PE format, "Type Indicators"; psABI i386 4.3, psABI x86-64 4.4."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .. import elf_const as c


class Fixup(NamedTuple):
    """A relocation of COFF: offset in its section, type, and the symbol's number in ELF."""

    place: int
    kind: int
    symbol: int


class Type(NamedTuple):
    """The ELF type, the bytes it patches, and what is taken from the addend."""

    number: int
    width: int
    less: int = 0


AMD64: Mapping[int, Type] = {
    0x01: Type(1, 8),  # ADDR64 -> R_X86_64_64
    0x02: Type(10, 4),  # ADDR32 -> R_X86_64_32
    0x03: Type(10, 4),  # ADDR32NB, from the image's base, which is 0
    **{0x04 + n: Type(2, 4, 4 + n) for n in range(6)},  # REL32, REL32_1.. -> R_X86_64_PC32
    0x0B: Type(10, 4),  # SECREL of debug information, whose sections are at 0
}

I386: Mapping[int, Type] = {
    0x01: Type(20, 2),  # DIR16 -> R_386_16
    0x02: Type(21, 2, 2),  # REL16 -> R_386_PC16
    0x06: Type(1, 4),  # DIR32 -> R_386_32
    0x07: Type(1, 4),  # DIR32NB
    0x0B: Type(1, 4),  # SECREL
    0x14: Type(2, 4, 4),  # REL32 -> R_386_PC32
}

NOTHING = 0
"""ABSOLUTE: no relocation at all, on both processors."""


def encoded(
    fixups: Iterable[Fixup], content: bytes, machine: int, damaged: Callable[[str], Exception]
) -> tuple[bytes, bytes]:
    """The table of a section's relocations as ELF has it, and the section's bytes; raises what
    `damaged` makes of places outside and of types that ELF does not know."""
    wide = machine == c.EM_X86_64
    types = AMD64 if wide else I386
    table, patched = bytearray(), bytearray(content)
    for place, kind, symbol in fixups:
        if kind == NOTHING:
            continue
        row = types.get(kind)
        if row is None:
            raise damaged(f"relocation type {kind:#x} has no counterpart in ELF")
        if place + row.width > len(content):
            raise damaged(f"a relocation patches {place:#x}, outside of its section")
        field = slice(place, place + row.width)
        addend = int.from_bytes(content[field], "little", signed=True) - row.less
        if wide:
            table += struct.pack("<QQq", place, symbol << 32 | row.number, addend)
        else:
            table += struct.pack("<II", place, symbol << 8 | row.number)
            patched[field] = (addend & (1 << 8 * row.width) - 1).to_bytes(row.width, "little")
    return bytes(table), bytes(patched)
