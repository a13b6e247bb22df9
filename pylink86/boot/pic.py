"""The interrupt controller (two 8259 chips): which device may interrupt, and through which vector.

A kernel that leaves it as the BIOS set it up gets the timer at vector 8, which in protected mode
is the double fault.  A kernel that does not acknowledge an interrupt gets no second one.  Both
are classic mistakes, and both happen here as on the real chip.
"""

from __future__ import annotations


class Pic:
    """One chip with 8 inputs; `first` is the vector of its input 0."""

    def __init__(self, first: int, mask: int) -> None:
        self.first, self.mask = first, mask
        self.requested = 0
        self.in_service = 0
        self.auto_end = False
        self._expect: list[int] = []
        self._read_service = False

    def request(self, line: int) -> None:
        self.requested |= 1 << line

    def pending(self) -> int | None:
        """The input to serve now: requested, not masked, nothing as important in service."""
        for line in range(8):
            if self.in_service >> line & 1:
                return None
            if (self.requested & ~self.mask) >> line & 1:
                return line
        return None

    def acknowledge(self, line: int) -> int:
        """The CPU takes the interrupt; returns its vector."""
        self.requested &= ~(1 << line)
        if not self.auto_end:
            self.in_service |= 1 << line
        return self.first + line

    def command(self, value: int) -> None:
        """Even port: begin initialisation (ICW1), end of interrupt (OCW2), read select (OCW3)."""
        if value & 0x10:
            self._expect = [2, 3, 4] if value & 1 else [2, 3]
            if value & 2:
                self._expect.remove(3)
            self.mask = self.in_service = self.requested = 0
        elif value & 0x08:
            self._read_service = value & 3 == 3
        elif value >> 5 == 3:
            self.in_service &= ~(1 << (value & 7))
        elif value >> 5 == 1:
            self.in_service &= self.in_service - 1

    def data(self, value: int) -> None:
        """Odd port: the next initialisation word, or the mask."""
        if not self._expect:
            self.mask = value
            return
        word = self._expect.pop(0)
        if word == 2:
            self.first = value & 0xF8
        elif word == 4:
            self.auto_end = bool(value & 2)

    def status(self) -> int:
        return self.in_service if self._read_service else self.requested
