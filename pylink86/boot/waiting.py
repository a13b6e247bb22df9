"""A guest that waits: for what, whether it can come, and when to stop watching.

Boot code ends in `jmp $` or a `hlt` loop; a kernel sleeps until a key or the next tick.  Both
look the same for a moment.  What tells them apart is whether any interrupt leads into the guest's
own code, and whether anything a person could see still changes.
"""

from __future__ import annotations

import zlib

from .cpu import Cpu
from .firmware import is_ours
from .keyboard import scan_codes
from .pc import Pc
from .place import code_at
from .screen import TEXT

IDLE_SECONDS = 10.0
"""Guest time without any change on screen and lines after which a waiting guest counts as idle."""
SELF_JUMP, HALT_LOOP = b"\xeb\xfe", b"\xf4\xeb\xfd"


class Watch:
    """What changed last, in guest time, and whether keys go through the keyboard itself."""

    def __init__(self, pc: Pc) -> None:
        self.pc = pc
        self.quiet_since = 0.0
        self.seen = 0
        self.typing = False

    def is_quiet(self) -> bool:
        """Whether nothing a person could see has changed for a while."""
        pc = self.pc
        shown = zlib.crc32(pc.memory.read(TEXT, 4000))
        seen = hash((shown, len(pc.serial), len(pc.debug), len(pc.keys), len(pc.calls)))
        if seen != self.seen:
            self.seen, self.quiet_since = seen, pc.clock.now
        return pc.clock.now - self.quiet_since > IDLE_SECONDS * 1e6

    def type_key(self, cpu: Cpu) -> bool:
        """Press the next key, when the guest does not ask the BIOS for keys."""
        pc = self.pc
        if pc.scan_codes:
            return self.typing and not pc.pics[0].mask & 2
        direct = cpu["cr0"] & 1 or not is_ours(pc.memory, 9) or "port" in pc.waits
        if not pc.keys or not direct:
            return False
        pc.scan_codes.extend(scan_codes(pc.keys.popleft()))
        self.typing = True
        self.quiet_since = pc.clock.now
        return True


def only_bios_listens(pc: Pc, cpu: Cpu) -> bool:
    """Whether no interrupt can matter: a bare loop, and all handlers are the BIOS's."""
    if cpu["cr0"] & 1 or not all(is_ours(pc.memory, n) for n in (8, 9, 0x1C)):
        return False
    return code_at(cpu, 0, 2) == SELF_JUMP or code_at(cpu, -1, 3) == HALT_LOOP


def why_idle(pc: Pc, cpu: Cpu, watch: Watch, interrupts: bool) -> str | None:
    """Why a guest that waits will not wake; None when the next timer interrupt might wake it."""
    wish = f" for {pc.waits}" if pc.waits else ""
    if not interrupts:
        return f"forever{wish}, with interrupts disabled"
    if only_bios_listens(pc, cpu):
        return f"forever{wish}"
    if pc.pics[0].mask & 1 or pc.pics[0].in_service & 1:
        return f"forever{wish}: the timer interrupt is off or unacknowledged"
    if watch.is_quiet():
        return f"on{wish}: nothing changed for {IDLE_SECONDS:g} s of its time"
    return None
