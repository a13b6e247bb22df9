"""The registers a BIOS call gets and gives back.

Boot code talks to the BIOS through registers: it puts a number into AH, arguments into the
others, and executes `int`.  The functions that answer such a call (`pylink86.boot.bios`) see this
small record and never the emulator, so each can be tried with nothing but numbers.
"""

from __future__ import annotations

from typing import Any

NAMES = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "ds", "es", "flags")
"""What a call can see and change."""


class Part:
    """A named part of a wider register: `al` is bits 0-7 of `eax`, `carry` is bit 0 of `flags`."""

    def __init__(self, whole: str, shift: int, bits: int) -> None:
        self.whole, self.shift, self.mask = whole, shift, (1 << bits) - 1

    def __get__(self, r: Any, owner: type) -> int:
        return int(getattr(r, self.whole)) >> self.shift & self.mask

    def __set__(self, r: Any, value: int) -> None:
        rest = getattr(r, self.whole) & ~(self.mask << self.shift)
        setattr(r, self.whole, rest | (value & self.mask) << self.shift)


class Registers:
    """32-bit general registers, DS, ES, and the flags the call will return with."""

    def __init__(self, **values: int) -> None:
        self.eax = self.ebx = self.ecx = self.edx = self.esi = self.edi = self.ebp = 0
        self.ds = self.es = 0
        self.flags = 0x202
        for name, value in values.items():
            setattr(self, name, value)

    ax, bx, cx, dx = (Part(f"e{x}x", 0, 16) for x in "abcd")
    al, bl, cl, dl = (Part(f"e{x}x", 0, 8) for x in "abcd")
    ah, bh, ch, dh = (Part(f"e{x}x", 8, 8) for x in "abcd")
    si, di, bp = Part("esi", 0, 16), Part("edi", 0, 16), Part("ebp", 0, 16)
    carry, zero = Part("flags", 0, 1), Part("flags", 6, 1)

    def done(self, ah: int = 0) -> None:
        """Report success the way most calls do: carry clear and a status, usually 0, in AH."""
        self.carry, self.ah = 0, ah

    def failed(self, ah: int) -> None:
        """Report an error: carry set and the error code in AH."""
        self.carry, self.ah = 1, ah
