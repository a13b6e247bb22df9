"""What becomes of an instruction that a linker replaces by a shorter way to do the same.

A compiler that does not know where a symbol will be takes the long way: load its address from a
table, call a function that finds a thread's variable.  A static link knows better and writes
another instruction of the same length over it, with another relocation.
"""

from __future__ import annotations

import struct
from typing import NamedTuple


class Rewrite(NamedTuple):
    """New bytes for an instruction, and the relocation that stands for its old one.

    start: where the new bytes begin; place: where the new relocation patches, both as offsets in
    the section.  type, addend: of the new relocation.  swallows: the relocation behind the old one
    (a call of the function that is not needed any more) goes, too.
    """

    start: int
    code: bytes
    place: int
    type: int
    addend: int
    swallows: bool = False


def with_addend(rewrite: Rewrite) -> bytes:
    """The new bytes with the addend in place, as SHT_REL wants them."""
    code = bytearray(rewrite.code)
    struct.pack_into("<I", code, rewrite.place - rewrite.start, rewrite.addend & 0xFFFFFFFF)
    return bytes(code)
