"""Time inside the emulated PC, and the timer that counts it.

Guest time has nothing to do with the time on the wall: it advances with executed instructions,
port accesses and waits, so that a run gives the same result on every machine.  The timer chip
(8254) turns it into ticks, 18.2 in a second unless the guest programs another rate.
"""

from __future__ import annotations

PIT_HZ = 1_193_182
"""Input clock of the timer chip."""
INSTRUCTIONS_PER_MICROSECOND = 20
"""How fast the guest believes it is."""


class Clock:
    """Guest time in microseconds and the three counters of the timer chip."""

    def __init__(self) -> None:
        self.now = 0.0
        self.next_tick = 65536e6 / PIT_HZ
        self.reload = [65536, 65536, 65536]
        self.started = [0.0, 0.0, 0.0]
        self._low_next = [True, True, True]
        self._access = [3, 3, 3]
        self._latched: list[int | None] = [None, None, None]
        self._low_byte = [0, 0, 0]
        self._toggle = False

    @property
    def period(self) -> float:
        """Microseconds from one timer interrupt to the next."""
        return self.reload[0] * 1e6 / PIT_HZ

    def advance(self, microseconds: float) -> None:
        self.now += microseconds

    def ticks_due(self) -> int:
        """Timer interrupts that came due since the last question."""
        if self.now < self.next_tick:
            return 0
        due = int((self.now - self.next_tick) / self.period) + 1
        self.next_tick += due * self.period
        return due

    def skip_to_tick(self) -> None:
        """Let guest time pass until the next timer interrupt: the CPU sleeps."""
        self.now = max(self.now, self.next_tick)

    def instructions_to_tick(self) -> int:
        return int(max(0.0, self.next_tick - self.now) * INSTRUCTIONS_PER_MICROSECOND) + 1

    def count(self, channel: int) -> int:
        """What a counter shows now; it counts down from its reload value."""
        elapsed = int((self.now - self.started[channel]) * PIT_HZ / 1e6)
        return (self.reload[channel] - elapsed % self.reload[channel]) & 0xFFFF

    def command(self, value: int) -> None:
        """Port 43h: choose how a channel is accessed, or latch its counter."""
        channel, access = value >> 6, value >> 4 & 3
        if channel == 3:
            return
        self._low_next[channel] = True
        if access == 0:
            self._latched[channel] = self.count(channel)
        else:
            self._access[channel] = access

    def write(self, channel: int, value: int) -> None:
        """Ports 40h-42h: set a counter, one or two bytes at a time."""
        access = self._access[channel]
        if access == 3 and self._low_next[channel]:
            self._low_byte[channel], self._low_next[channel] = value, False
            return
        whole = value << 8 if access == 2 else value
        if access == 3:
            whole = value << 8 | self._low_byte[channel]
            self._low_next[channel] = True
        self.reload[channel] = whole or 65536
        self.started[channel] = self.now
        if channel == 0:
            self.next_tick = self.now + self.period

    def read(self, channel: int) -> int:
        """Ports 40h-42h: the counter, latched or live, one byte at a time."""
        latched = self._latched[channel]
        value = self.count(channel) if latched is None else latched
        if self._access[channel] == 3 and self._low_next[channel]:
            self._low_next[channel] = False
            return value & 0xFF
        self._low_next[channel], self._latched[channel] = True, None
        return value & 0xFF if self._access[channel] == 1 else value >> 8

    def port_61(self) -> int:
        """Port 61h: bit 4 flips with memory refresh, bit 5 is counter 2's output."""
        self._toggle = not self._toggle
        elapsed = (self.now - self.started[2]) * PIT_HZ / 1e6
        return self._toggle << 4 | (elapsed >= self.reload[2]) << 5
