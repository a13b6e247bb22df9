"""Everything in the emulated PC except its CPU.

The BIOS functions and the devices work on this record.  It can be made and tried without an
emulator: `Pc(image)` is a machine that is switched on and waits for its first instruction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import attrs

from .ata import Ata
from .clock import Clock
from .disk import Disk
from .keyboard import Key
from .memory import Memory
from .pic import Pic
from .screen import Screen

EXIT_PORT = 0xF4
"""Where a guest writes the number it ends with, unless the machine was made with another."""


@attrs.frozen
class Ending:
    """Why the run is over; reason as in `Machine.reason`, detail for a person."""

    reason: str
    detail: str
    exit_code: int | None = None


class Pc:
    """Memory, screen, disk, keys, chips, and what was noticed on the way."""

    def __init__(
        self,
        image: bytes,
        floppy: bool = False,
        memory: int = 128 << 20,
        keys: Iterable[Key] = (),
        strict: bool = False,
        exit_port: int = EXIT_PORT,
    ) -> None:
        self.strict = strict
        self.exit_port = exit_port
        self.memory = Memory(memory, a20=not strict)
        self.screen = Screen(self.memory)
        self.disk = Disk(image, floppy)
        self.ata = Ata(self.disk)
        self.keys: deque[Key] = deque(keys)
        self.clock = Clock()
        self.pics = (Pic(0x08, 0xB8), Pic(0x70, 0x8F))
        self.serial = bytearray()
        self.debug = bytearray()
        self.ports: dict[str, int] = {}
        """State of the small chips in `pylink86.boot.devices`, by name."""
        self.scan_codes: deque[int] = deque()
        self.ending: Ending | None = None
        self.calls: deque[str] = deque(maxlen=32)
        """The last BIOS calls, for the explanation."""
        self.notes: dict[str, None] = {}
        """What a person should know, in order, each once."""
        self.loaded: list[tuple[int, int]] = []
        """Memory the BIOS wrote for the guest: code may be there that the CPU has cached."""
        self.busy = 0
        """Counts accesses that can change over time: a loop that makes them is waiting, not
        stuck.
        """
        self.waits = ""
        """What the guest polls without anything to come, for the explanation of an idle loop."""

    def end(self, reason: str, detail: str, exit_code: int | None = None) -> None:
        """Stop the run after the current instruction; the first reason counts."""
        if self.ending is None:
            self.ending = Ending(reason, detail, exit_code)

    def note(self, text: str) -> None:
        self.notes[text] = None

    def load(self, address: int, data: bytes) -> None:
        """Store bytes that may be code."""
        self.memory.write(address, data)
        self.loaded.append((address, len(data)))

    def set_a20(self, on: bool) -> None:
        """Open or close the A20 gate; the CPU's map of memory follows (see `Cpu`)."""
        self.memory.a20 = on
