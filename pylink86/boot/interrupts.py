"""What the CPU does when an interrupt or an exception happens.

The CPU looks up a handler (real mode: the vector table at 0; later: the guest's IDT), puts the
way back on the stack and jumps.  When that fails there is a second exception, the double fault,
and when even its handler cannot be reached, a third: the triple fault, at which a real machine
resets without a word. Unicorn only says that something happened, so all this is here, step by
step, and each step that fails can be told: no IDT, gate not present, stack not mapped.

Source: Intel SDM volume 3, 6.10 to 6.15 and 20.3.
"""

from __future__ import annotations

import attrs

from .cpu import Cpu

NAMES = {
    0: "#DE divide error",
    1: "#DB debug",
    2: "NMI",
    3: "#BP breakpoint",
    4: "#OF overflow",
    5: "#BR bound range",
    6: "#UD invalid opcode",
    7: "#NM no FPU",
    8: "#DF double fault",
    10: "#TS invalid TSS",
    11: "#NP segment not present",
    12: "#SS stack fault",
    13: "#GP general protection",
    14: "#PF page fault",
    16: "#MF x87 error",
    17: "#AC alignment",
    19: "#XM SIMD error",
}
"""Exceptions of the CPU by vector."""

WITH_ERROR_CODE = frozenset({8, 10, 11, 12, 13, 14, 17})
CONTRIBUTORY = frozenset({0, 10, 11, 12, 13})
DOUBLE_FAULT, PAGE_FAULT = 8, 14
TF, IF, NT, RF, VM, AC = 1 << 8, 1 << 9, 1 << 14, 1 << 16, 1 << 17, 1 << 18


@attrs.frozen
class Event:
    """An interrupt: its vector, where it comes from, and for exceptions the error code."""

    vector: int
    kind: str
    """"exception", "software" (`int n`) or "hardware"."""
    error: int = 0
    address: int | None = None
    """CR2 of a page fault."""
    why: str = ""
    """What the page tables say about that address."""

    def describe(self) -> str:
        if self.kind == "software":
            return f"int {self.vector:#04x}"
        if self.kind == "hardware":
            return f"hardware interrupt {self.vector:#04x}"
        text = NAMES.get(self.vector, f"exception {self.vector}")
        if self.vector == PAGE_FAULT and self.address is not None:
            text += f" at address {self.address:#x}"
            text += f" ({self.why})" if self.why else ""
        elif self.vector in WITH_ERROR_CODE and self.vector != DOUBLE_FAULT:
            text += f" (error code {self.error:#x})"
        return text


class Failed(Exception):
    """The handler of an event could not be reached; `event` is the exception that results."""

    def __init__(self, why: str, event: Event) -> None:
        super().__init__(why)
        self.event = event


class TripleFault(Exception):
    """The double fault's handler could not be reached either; `chain` tells each step."""

    def __init__(self, chain: list[str]) -> None:
        super().__init__("; ".join(chain))
        self.chain = chain


class NotEmulated(Exception):
    """An interrupt that needs what unicorn cannot be made to do."""


@attrs.frozen
class Descriptor:
    """A segment of the GDT or LDT: base and limit in bytes, access byte, flags (bit 1 L, bit 2
    D).
    """

    base: int
    limit: int
    access: int
    flags: int

    @property
    def bits(self) -> int:
        return 64 if self.flags & 2 else 32 if self.flags & 4 else 16


FLAT = {
    "protected": Descriptor(0, 0xFFFFFFFF, 0x9B, 4),
    "long": Descriptor(0, 0, 0x9B, 2),
}
"""What CS most likely is when its descriptor cannot be read any more."""


def mode(cpu: Cpu) -> str:
    """real, protected or long (which includes 32-bit code inside long mode)."""
    if not cpu["cr0"] & 1:
        return "real"
    return "long" if cpu.efer >> 10 & 1 else "protected"


def descriptor(cpu: Cpu, selector: int) -> Descriptor | None:
    """The descriptor of a selector, None when it is null or outside its table.

    It tells what the segment register was loaded from; when the guest changed the table since, the
    hidden part of the register differs, which unicorn does not show.
    """
    if selector & ~3 == 0:
        return None
    base, limit = cpu.table("ldtr" if selector & 4 else "gdtr")
    if (selector | 7) > limit:
        return None
    raw = cpu.linear_read(base + (selector & ~7), 8)
    if len(raw) < 8:
        return None
    value = int.from_bytes(raw, "little")
    limit = value & 0xFFFF | value >> 32 & 0xF0000
    flags = value >> 52 & 0xF
    if flags & 8:
        limit = limit << 12 | 0xFFF
    return Descriptor(
        value >> 16 & 0xFFFFFF | value >> 32 & 0xFF000000, limit, value >> 40 & 0xFF, flags
    )


def code_segment(cpu: Cpu) -> Descriptor:
    """The segment the CPU executes in."""
    selector = cpu["cs"]
    now = mode(cpu)
    if now == "real":
        return Descriptor(selector * 16, 0xFFFF, 0x9B, 0)
    return descriptor(cpu, selector) or FLAT[now]


def deliver(cpu: Cpu, event: Event) -> list[str]:
    """Bring the CPU to the handler of an event, or of the double fault it turns into.

    Returns what went wrong on the way, one line per step; raises TripleFault or NotEmulated.
    """
    chain: list[str] = []
    while True:
        try:
            _DELIVER[mode(cpu)](cpu, event)
            return chain
        except Failed as failed:
            chain.append(f"{event.describe()}: {failed}")
            if event.vector == DOUBLE_FAULT and event.kind == "exception":
                raise TripleFault(chain) from None
            event = _combine(event, failed.event)


def _combine(first: Event, second: Event) -> Event:
    """Which exception follows when `second` happens while `first` is delivered (SDM table 6-5)."""
    serious = first.kind == "exception" and first.vector in CONTRIBUTORY | {PAGE_FAULT}
    worse = second.vector in CONTRIBUTORY or (
        second.vector == PAGE_FAULT and first.vector == PAGE_FAULT
    )
    return Event(DOUBLE_FAULT, "exception") if serious and worse else second


def _push(cpu: Cpu, stack: Descriptor, words: list[int], size: int, top: int) -> int:
    """Store words, first one deepest, below `top` (an SP value); returns the new SP.

    Nothing is written unless the whole frame has a place.
    """
    mask = {16: 0xFFFF, 32: 0xFFFFFFFF, 64: (1 << 64) - 1}[stack.bits]
    places = []
    sp = top
    for _ in words:
        sp = (sp - size) & mask
        linear = stack.base + sp
        place = cpu.walk(linear)
        if place.physical is None:
            why = f"the stack at {linear:#x} is not mapped ({place.why()})"
            cpu["cr2"] = linear
            raise Failed(why, Event(PAGE_FAULT, "exception", 2, linear))
        places.append(place.physical)
    for at, word in zip(places, words, strict=True):
        cpu.memory.put(at, word, size)
    return sp


def _deliver_real(cpu: Cpu, event: Event) -> None:
    """Vector table of far pointers; FLAGS, CS, IP on the stack; no error codes."""
    base, limit = cpu.table("idtr")
    if event.vector * 4 + 3 > limit:
        why = f"the vector table has only {limit + 1:#x} bytes"
        raise Failed(why, Event(13, "exception", event.vector * 8 + 2))
    pointer = int.from_bytes(cpu.linear_read(base + event.vector * 4, 4), "little")
    cs, ss, sp, ip, flags = cpu.get("cs", "ss", "rsp", "rip", "rflags")
    stack = Descriptor(ss * 16, 0xFFFF, 0x93, 0)
    low = _push(cpu, stack, [flags & 0xFFFF, cs, ip & 0xFFFF], 2, sp & 0xFFFF)
    cpu["rsp"] = sp & ~0xFFFF | low
    cpu["rflags"] = flags & ~(IF | TF | AC)
    selector, offset = pointer >> 16, pointer & 0xFFFF
    cpu.far_jump(selector, offset, 16, cs * 16, selector * 16 + offset)


@attrs.frozen
class Gate:
    """An entry of the IDT: where the handler is, its type (6, 7, 14, 15) and access byte."""

    selector: int
    offset: int
    type: int
    access: int
    stack: int = 0
    """Long mode: number of the stack in the TSS to switch to (IST), 0 for none."""


def _gate(cpu: Cpu, event: Event, size: int) -> Gate:
    """Read and check the IDT entry of an event; size 8, in long mode 16."""
    base, limit = cpu.table("idtr")
    error = Event(13, "exception", event.vector * 8 + 2 + (event.kind != "software"))
    at = event.vector * size
    if at + size - 1 > limit:
        has = f"has room for {(limit + 1) // size} vectors" if limit else "is empty"
        raise Failed(f"the IDT at {base:#x} {has}", error)
    if (base, limit) == (0, 0x3FF):
        raise Failed("there is no IDT: lidt was never executed", error)
    raw = cpu.linear_read(base + at, size)
    if len(raw) < size:
        place = cpu.walk(base + at + len(raw))
        linear = base + at + len(raw)
        cpu["cr2"] = linear
        raise Failed(
            f"the IDT at {base:#x} is not mapped ({place.why()})",
            Event(PAGE_FAULT, "exception", 0, linear),
        )
    value = int.from_bytes(raw, "little")
    access = value >> 40 & 0xFF
    offset = value & 0xFFFF | value >> 32 & 0xFFFF0000
    if size == 16:
        offset |= value >> 64 << 32 & 0xFFFFFFFF_00000000
    gate = Gate(value >> 16 & 0xFFFF, offset, access & 0x1F, access, value >> 32 & 7)
    if gate.type == 5:
        raise NotEmulated(f"{event.describe()} goes through a task gate")
    if gate.type not in ((6, 7, 14, 15) if size == 8 else (14, 15)):
        what = "is empty" if not value else f"has type {gate.type:#x}, which is no gate"
        raise Failed(f"IDT entry {event.vector:#x} at {base + at:#x} {what}", error)
    if event.kind == "software" and access >> 5 & 3 < cpu["cs"] & 3:
        raise Failed(
            f"IDT entry {event.vector:#x} may not be called from ring {cpu['cs'] & 3}", error
        )
    if not access & 0x80:
        missing = Event(11, "exception", error.error)
        raise Failed(f"IDT entry {event.vector:#x} at {base + at:#x} is not present", missing)
    return gate


def _handler_segment(cpu: Cpu, event: Event, gate: Gate, long: bool) -> Descriptor:
    """Check the code segment a gate names."""
    found = descriptor(cpu, gate.selector)
    wrong = Event(13, "exception", gate.selector & ~3)
    name = f"IDT entry {event.vector:#x} names code segment {gate.selector:#x}"
    if found is None:
        raise Failed(f"{name}, which the GDT does not have", wrong)
    if found.access & 0x18 != 0x18:
        raise Failed(f"{name}, which is no code segment", wrong)
    if not found.access & 0x80:
        raise Failed(f"{name}, which is not present", Event(11, "exception", wrong.error))
    if long and found.bits != 64:
        raise Failed(f"{name}, which is not a 64-bit one", wrong)
    ring, now = found.access >> 5 & 3, cpu["cs"] & 3
    if ring < now and not found.access & 4:
        raise NotEmulated(f"{event.describe()} in ring {now} with a handler in ring {ring}")
    return found


def _enter(cpu: Cpu, event: Event, gate: Gate, segment: Descriptor, flags: int) -> None:
    """Flags as the gate wants them, then CS:RIP; the usual handler is in the current segment."""
    keep_interrupts = gate.type & 1
    cpu["rflags"] = flags & ~(TF | NT | RF | VM | (0 if keep_interrupts else IF))
    if gate.selector & ~3 == cpu["cs"] & ~3:
        cpu["rip"] = gate.offset
        return
    here = code_segment(cpu)
    base = 0 if segment.bits == 64 else segment.base
    target = base + gate.offset
    current = 0 if here.bits == 64 else here.base
    cpu.far_jump(gate.selector & ~3 | cpu["cs"] & 3, gate.offset, here.bits, current, target)


def _deliver_protected(cpu: Cpu, event: Event) -> None:
    """8-byte gates; EFLAGS, CS, EIP and the error code on the stack, 2 or 4 bytes each by gate
    type.
    """
    gate = _gate(cpu, event, 8)
    cs, ss, sp, ip, flags = cpu.get("cs", "ss", "rsp", "rip", "rflags")
    if flags & VM:
        raise NotEmulated(f"{event.describe()} in virtual-8086 mode")
    segment = _handler_segment(cpu, event, gate, long=False)
    stack = descriptor(cpu, ss) or Descriptor(0, 0xFFFFFFFF, 0x93, 4)
    words = [flags, cs, ip]
    if event.kind == "exception" and event.vector in WITH_ERROR_CODE:
        words.append(event.error)
    size = 4 if gate.type & 8 else 2
    mask = 0xFFFFFFFF if stack.bits == 32 else 0xFFFF
    cpu["rsp"] = sp & ~mask | _push(cpu, stack, words, size, sp & mask)
    _enter(cpu, event, gate, segment, flags)


def _deliver_long(cpu: Cpu, event: Event) -> None:
    """16-byte gates; the stack aligned to 16, SS, RSP, RFLAGS, CS, RIP and the error code on it."""
    gate = _gate(cpu, event, 16)
    segment = _handler_segment(cpu, event, gate, long=True)
    cs, ss, sp, ip, flags = cpu.get("cs", "ss", "rsp", "rip", "rflags")
    top = sp
    if gate.stack:
        base, limit = cpu.table("tr")
        at = 0x1C + 8 * gate.stack
        if at + 7 > limit:
            why = (
                f"IDT entry {event.vector:#x} wants stack {gate.stack}, but no TSS is loaded (ltr)"
            )
            raise Failed(why, Event(10, "exception"))
        top = int.from_bytes(cpu.linear_read(base + at, 8), "little")
    words = [ss, sp, flags, cs, ip]
    if event.kind == "exception" and event.vector in WITH_ERROR_CODE:
        words.append(event.error)
    flat = Descriptor(0, 0, 0x93, 2)
    cpu["rsp"] = _push(cpu, flat, words, 8, top & ~0xF)
    _enter(cpu, event, gate, segment, flags)


_DELIVER = {"real": _deliver_real, "protected": _deliver_protected, "long": _deliver_long}
