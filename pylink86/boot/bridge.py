"""Between the CPU and the BIOS: registers and stack frame of a call, there and back.

A BIOS call that nobody hooked needs no jump into the BIOS: it is answered where the `int` was
executed. One that comes by another way (a guest's handler that passes it on, `call far`) arrives
at the stub of its vector.  The functions of the BIOS see no difference.
"""

from __future__ import annotations

from . import bios
from .cpu import Cpu
from .firmware import is_ours
from .pc import Pc
from .registers import Registers

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp")
CALLER = (*GENERAL, "ds", "es", "ss", "rsp", "cs", "rip", "rflags")
FLAGS_RETURNED = 0x0CD5
"""Flags a BIOS call can change: the arithmetic ones and DF."""
LOW = 0xFFFFFFFF


def bios_answers(pc: Pc, cpu: Cpu, vector: int) -> bool:
    """Whether a vector leads to the BIOS and to nothing else, so that no jump is needed."""
    base, limit = cpu.table("idtr")
    if base or limit < vector * 4 + 3:
        return False
    return is_ours(pc.memory, vector) and (vector != 8 or is_ours(pc.memory, 0x1C))


def call_bios(pc: Pc, cpu: Cpu, number: int, inline: bool) -> int | None:
    """Answer a BIOS call; returns a new value for ES, which cannot be loaded while the CPU runs.

    inline: the `int` was just executed and nothing is on the stack yet; the frame is still
    written below SP, as the CPU would have, so that a stack in the wrong place shows.  Otherwise
    the frame is at SP and its flags are what `iret` will load.
    """
    *general, ds, es, ss, sp, cs, ip, flags = cpu.get(*CALLER)
    flags_at = ss * 16 + (sp + 4 & 0xFFFF)
    if inline:
        for depth, word in ((2, flags), (4, cs), (6, ip)):
            pc.memory.put(ss * 16 + (sp - depth & 0xFFFF), word, 2)
    else:
        flags = pc.memory.number(flags_at, 2)
    r = Registers()
    r.eax, r.ebx, r.ecx, r.edx, r.esi, r.edi, r.ebp = (v & LOW for v in general)
    r.ds, r.es, r.flags = ds, es, flags & 0xFFFF
    bios.call(pc, number, r)
    after = r.eax, r.ebx, r.ecx, r.edx, r.esi, r.edi, r.ebp
    for name, old, new in zip(GENERAL, general, after, strict=True):
        if old & LOW != new:
            cpu[name] = old & ~LOW | new
    if r.flags != flags & 0xFFFF and inline:
        cpu["rflags"] = flags & ~FLAGS_RETURNED | r.flags & FLAGS_RETURNED
    elif r.flags != flags & 0xFFFF:
        pc.memory.put(flags_at, r.flags, 2)
    return r.es if r.es != es else None
