"""The emulated PC: CPU, BIOS and chips, run until there is a result.

A run always ends: when the guest halts or idles, asks for the end, crashes, or uses up its
instructions or seconds.  The CPU runs in slices; between two of them interrupts are delivered and
the clock is looked at.  All that a guest can see depends on the number of instructions only, so
runs repeat exactly, as long as the guest does not read the time stamp counter.
"""

from __future__ import annotations

import time

import attrs

from . import bios, devices, firmware
from .bridge import bios_answers, call_bios
from .clock import INSTRUCTIONS_PER_MICROSECOND
from .cpu import EXTENDED, GENERAL, NAMES, Cpu, Hooks
from .interrupts import (
    CONTRIBUTORY,
    IF,
    WITH_ERROR_CODE,
    Event,
    NotEmulated,
    TripleFault,
    code_segment,
    deliver,
    mode,
)
from .machine import Machine
from .memory import FRESH
from .pc import Pc
from .place import code_at, place
from .registers import Registers
from .waiting import Watch, why_idle

FIRST_SLICE, LARGEST_SLICE = 4096, 1 << 18
"""Instructions between two looks at interrupts and clock; starts small so that an idle loop is
seen soon.
"""
WOKEN_SLICE = 128
"""What a waiting guest gets after an interrupt to show that it has something to do now."""
PROBE_STEPS = 64
"""How long a loop may be and still be recognised as idle."""
NO_CODE = {bytes(32): "zeros", bytes([FRESH]) * 32: "what RAM held at power-on"}
"""What a guest that went astray finds instead of instructions, and may run through for hours."""
PROBE_CHUNKS = 8
"""MiB of touched memory up to which the probe compares all of it."""
PREFIXES = b"\x66\x67\x26\x2e\x36\x3e\x64\x65"
STOP_COST = 32
"""Instructions an interrupted slice is charged with: unicorn does not tell how many it ran."""
RUBBISH = 0x5A5A_0000
"""What the BIOS leaves in registers it says nothing about."""
EXCEPTIONS_THAT_STICK = frozenset({0, 5, 6, 7, 12, 13})
"""Faults point at the instruction itself: when the BIOS just returns, it faults again, forever."""


class Emulator:
    """One run of one machine."""

    def __init__(self, pc: Pc, max_instructions: int, timeout: float) -> None:
        self.pc = pc
        self.left = max_instructions
        self.limits = max_instructions, timeout
        self.started = time.perf_counter()
        self.faults: list[str] = []
        self.event: Event | None = None
        self.problem: str | None = None
        self.new_es: int | None = None
        self.stopped = False
        self.slice = FIRST_SLICE
        self.full_slices = 0
        self.woken = False
        self.watch = Watch(pc)
        firmware.install(pc)
        hooks = Hooks(
            self._interrupted, self._read_port, self._write_port, self._in_bios, self._missing
        )
        watched = ((firmware.STUBS, firmware.STUBS_END), (firmware.RESET, firmware.RESET + 1))
        start = (0x07C0, 0) if pc.strict else (0, 0x7C00)
        self.cpu = Cpu(pc.memory, hooks, watched, start)
        self._set_registers()

    def _set_registers(self) -> None:
        """What a BIOS leaves in the registers: the drive in DL, a stack, and rubbish elsewhere."""
        rubbish = {name: 0xDEAD_0000_BEEF_0000 + i for i, name in enumerate(EXTENDED)}
        rubbish |= dict.fromkeys(GENERAL, RUBBISH)
        values = {"rax": RUBBISH | 0xAA55, "rdx": RUBBISH | self.pc.disk.number, "rsp": 0x6F00}
        for name, value in {**rubbish, **values, "rflags": 0x202}.items():
            self.cpu[name] = value
        if self.pc.strict:
            self.cpu["rsp"] = 0x0400
            self.cpu.load_segment("ds", 0x40)
            self.cpu.load_segment("es", 0x50)

    def _stop(self) -> None:
        self.stopped = True
        self.cpu.stop()

    # Called by the CPU while it runs.

    def _read_port(self, port: int, size: int) -> int:
        value = devices.read_port(self.pc, port, size)
        self._settle()
        return value

    def _write_port(self, port: int, size: int, value: int) -> None:
        devices.write_port(self.pc, port, size, value)
        self._settle()

    def _settle(self) -> None:
        """After a chip or the BIOS did something: memory map, code cache, end, and due
        interrupts.
        """
        pc, cpu = self.pc, self.cpu
        cpu.follow_a20()
        for address, size in pc.loaded:
            cpu.forget_code(address, size)
        pc.loaded.clear()
        if pc.ending or pc.clock.now >= pc.clock.next_tick:
            self._stop()

    def _interrupted(self, vector: int) -> None:
        """unicorn met an interrupt.  BIOS calls are answered at once; all else waits for the
        stop.
        """
        cpu = self.cpu
        cr0, cs, ip = cpu.get("cr0", "cs", "rip")
        if not cr0 & 1:
            before = self.pc.memory.read(cs * 16 + (ip - 2 & 0xFFFF), 2)
            software = before == bytes([0xCD, vector]) or (vector == 3 and before[1] == 0xCC)
            if software and bios_answers(self.pc, self.cpu, vector):
                self._call_bios(vector, inline=True)
                return
        else:
            before = cpu.linear_read(code_segment(cpu).base + ip - 2, 2)
            short = {3: 0xCC, 4: 0xCE, 1: 0xF1}
            software = before == bytes([0xCD, vector]) or before[1:] == bytes(
                [short.get(vector, 0xCD)]
            )
        kind = "software" if software or vector >= 32 else "exception"
        address = cpu["cr2"] if vector == 14 and kind == "exception" else None
        if kind == "exception" and vector in WITH_ERROR_CODE | CONTRIBUTORY:
            cpu.keep_fault()
        self.event = Event(vector, kind, 0, address)
        self._stop()

    def _missing(self, instruction: str) -> None:
        self.pc.end("crash", f"{instruction}: the emulator cannot do that, --qemu can")
        self._stop()

    def _in_bios(self, address: int) -> None:
        """The CPU is about to execute in the BIOS: a call through a vector, or a reset."""
        if address == firmware.RESET:
            self.pc.end("reboot", "jumped to the reset address ffff:0000")
            self._stop()
            return
        number, inside = divmod(address - firmware.STUBS, firmware.STUB_SIZE)
        if not inside and not self.cpu["cr0"] & 1:
            self._call_bios(number, inline=False)

    def _call_bios(self, number: int, inline: bool) -> None:
        self.new_es = call_bios(self.pc, self.cpu, number, inline)
        if self.new_es is not None:
            self._stop()
        self._settle()

    # The run.

    def run(self) -> Machine:
        """Run until there is a result."""
        try:
            while not self.pc.ending:
                self._turn()
            return self._result()
        finally:
            self.cpu.close()

    def _turn(self) -> None:
        """One slice, and what follows from how it ended."""
        if self._out_of_budget():
            return
        outcome = self._step(min(self.slice, self.left, self.pc.clock.instructions_to_tick()))
        if outcome == "ran":
            self._after_full_slice()
        else:
            self._act_on(outcome)

    def _step(self, count: int) -> str:
        """Run up to `count` instructions and charge for them.

        Returns how that ended: "ran" all, "ended", "event" (see self.event, self.problem),
        "stopped" by a chip or the BIOS, or "halted".
        """
        self.event, self.stopped = None, False
        self.problem = self.cpu.run(count)
        if self.new_es is not None:
            self.cpu.load_segment("es", self.new_es)
            self.new_es = None
        outcome = self._outcome(count)
        spent = count if outcome == "ran" else min(count, STOP_COST)
        self.left -= spent
        self.pc.clock.advance(spent / INSTRUCTIONS_PER_MICROSECOND)
        return outcome

    def _outcome(self, count: int) -> str:
        if self.pc.ending:
            return "ended"
        if self.event or self.problem:
            return "event"
        if self.stopped:
            return "stopped"
        if self.cpu.ran_all(count):
            return "ran"
        # Or nobody can tell: unicorn ends a run at `hlt` as when the count is used up, with RIP
        # behind it.  The byte alone is no proof: `cmp r12, r14` ends with it, too.
        return "halted" if code_at(self.cpu, -1, 1) == b"\xf4" else "ran"

    def _act_on(self, outcome: str) -> None:
        if outcome == "event":
            self._handle_event()
        elif outcome == "stopped":
            self._interrupt_if_due()
        elif outcome == "halted":
            self._sleep()

    def _out_of_budget(self) -> bool:
        instructions, seconds = self.limits
        if self.left <= 0:
            self.pc.end("budget", f"still running after {instructions:,} instructions")
        elif time.perf_counter() - self.started > seconds:
            self.pc.end("budget", f"still running after {seconds:g} seconds")
        return self.pc.ending is not None

    # Waiting.

    def _after_full_slice(self) -> None:
        """The slice was used up: is this a loop that waits, or work?"""
        empty = NO_CODE.get(code_at(self.cpu, 0, 32))
        if empty:
            self.pc.end("crash", f"runs through memory that holds {empty}, not code")
            return
        self.full_slices += 1
        probe = self.woken or self.full_slices & (self.full_slices - 1) == 0
        self.slice = min(2 * self.slice, LARGEST_SLICE)
        if probe:
            outcome, waits = self._probe()
            if outcome != "ran":
                self._act_on(outcome)
                return
            self.slice = max(self.slice, FIRST_SLICE)
            self.woken = waits
            if waits:
                self.slice = WOKEN_SLICE
                self._idle("loops")
                return
        if self._interrupt_wanted() and self._leave_shadow():
            self._interrupt_if_due()

    def _probe(self) -> tuple[str, bool]:
        """Find out whether the guest goes round a short loop in which nothing changes.

        Steps until RIP and all registers are back where they were, then runs that loop once more
        and compares all of memory.  Nothing but an interrupt can end such a loop.  Returns how
        the last step ended and whether it is one.
        """
        names = (*GENERAL, *EXTENDED, "rip", "rflags")
        start, busy = self.cpu.get(*names), self.pc.busy
        self.pc.waits, steps = "", 0
        while steps == 0 or self.cpu["rip"] != start[16] or self.cpu.get(*names) != start:
            outcome, steps = self._step(1), steps + 1
            if outcome != "ran" or self.pc.busy != busy or steps > PROBE_STEPS:
                return outcome, False
        chunks = self.pc.memory.chunks
        if len(chunks) > PROBE_CHUNKS:
            return "ran", False
        before = {index: bytes(chunk) for index, chunk in chunks.items()}
        outcome = self._step(steps)
        same = self.cpu.get(*names) == start and self.pc.busy == busy and before == chunks
        return outcome, outcome == "ran" and same

    def _sleep(self) -> None:
        """After `hlt`."""
        if not self.cpu["rflags"] & IF:
            self.pc.end("halted", "executed hlt with interrupts disabled")
        else:
            self._idle("sleeps in hlt")

    def _idle(self, how: str) -> None:
        """The guest waits for an interrupt: deliver the next one, or end when none can matter."""
        pc = self.pc
        if not self.watch.type_key(self.cpu):
            why = why_idle(pc, self.cpu, self.watch, bool(self.cpu["rflags"] & IF))
            if why is not None:
                pc.end("idle loop", f"{how} {why}")
                return
            pc.clock.skip_to_tick()
            self.woken = True
        self._interrupt_if_due()

    # Interrupts.

    def _interrupt_wanted(self) -> bool:
        """Let the chips ask, and say whether the CPU should look."""
        pc = self.pc
        if pc.clock.ticks_due():
            pc.pics[0].request(0)
        if self.watch.typing and pc.scan_codes:
            pc.pics[0].request(1)
        return pc.pics[0].pending() is not None and bool(self.cpu["rflags"] & IF)

    def _leave_shadow(self) -> bool:
        """Step until an interrupt may come; False when something else happened first.

        `sti` and loads of SS hold interrupts off for one instruction, and which instruction was
        the last is not known.  So run one that is.
        """
        while True:
            code = code_at(self.cpu, 0, 4).lstrip(PREFIXES)
            outcome = self._step(1)
            if outcome == "halted" and self.cpu["rflags"] & IF:
                return True
            if outcome != "ran":
                self._act_on(outcome)
                return False
            holds = code[:1] in (b"\xfb", b"\x17") or code[:2] == b"\x0f\xb2"
            if not holds and not (code[:1] == b"\x8e" and code[1] >> 3 & 7 == 2):
                return True

    def _interrupt_if_due(self) -> None:
        """Deliver the most important hardware interrupt, if the CPU takes one."""
        pc = self.pc
        if pc.ending or not self._interrupt_wanted():
            return
        line = pc.pics[0].pending()
        assert line is not None
        vector = pc.pics[0].acknowledge(line)
        if not self.cpu["cr0"] & 1 and bios_answers(self.pc, self.cpu, vector):
            bios.call(pc, vector, Registers(), log=False)
        else:
            self._deliver(Event(vector, "hardware"))

    def _handle_event(self) -> None:
        """An exception or a software interrupt the BIOS does not answer at once."""
        pc, cpu = self.pc, self.cpu
        event = self.event
        if self.problem == "invalid opcode":
            event = Event(6, "exception")
        elif self.problem == "outside memory":
            pc.end("crash", f"jumped to {cpu['rip']:#x}, where no memory is")
        elif self.problem:
            pc.end("crash", f"the emulator gave up: {self.problem}")
        if pc.ending or event is None:
            return
        if event.kind == "exception":
            event = self._complete(event)
            self.faults.append(f"{event.describe()} at {place(self.cpu)}")
            del self.faults[:-8]
            if self._bios_would_ignore(event):
                what = f"{event.describe()}, and the BIOS's handler only returns to it, forever"
                pc.end("crash", what)
                return
        self._deliver(event)

    def _complete(self, event: Event) -> Event:
        """Add what unicorn hides: the error code.  CR2 may have changed while unicorn stopped."""
        if event.vector not in WITH_ERROR_CODE | CONTRIBUTORY:
            return event
        error = self.cpu.take_error_code()
        if event.address is not None:
            self.cpu["cr2"] = event.address
        event = attrs.evolve(event, error=error if event.vector in WITH_ERROR_CODE else 0)
        if event.address is None:
            return event
        found = self.cpu.walk(event.address)
        return attrs.evolve(event, why=found.why() if found.physical is None else "")

    def _bios_would_ignore(self, event: Event) -> bool:
        real = not self.cpu["cr0"] & 1
        ours = real and firmware.is_ours(self.pc.memory, event.vector)
        return ours and event.vector in EXCEPTIONS_THAT_STICK

    def _deliver(self, event: Event) -> None:
        """Bring the guest to its handler, or end the run where that is impossible."""
        in_protected_mode = self.cpu["cr0"] & 1
        if event.kind == "software" and in_protected_mode and 0x10 <= event.vector <= 0x1A:
            self.pc.note(
                f"int {event.vector:#04x} was executed in {mode(self.cpu)} mode: "
                "BIOS calls work in real mode only"
            )
        told = len(self.faults) - (event.kind == "exception")
        try:
            self.faults += deliver(self.cpu, event)
        except TripleFault as fault:
            # The chain begins with the event itself.
            self.faults[told:] = fault.chain
            self.pc.end("triple fault", f"{event.describe()}, and no handler can be reached")
        except NotEmulated as missing:
            self.pc.end("crash", f"{missing}: the emulator cannot do that, --qemu can")

    # The result.

    def _result(self) -> Machine:
        pc, cpu = self.pc, self.cpu
        ending = pc.ending
        assert ending is not None
        return Machine(
            reason=ending.reason,
            detail=ending.detail,
            exit_code=ending.exit_code,
            lines=pc.screen.lines(),
            serial=bytes(pc.serial),
            debug=bytes(pc.debug),
            registers=dict(zip(NAMES, cpu.get(*NAMES), strict=True)),
            place=place(self.cpu),
            faults=tuple(self.faults),
            calls=tuple(pc.calls),
            notes=tuple(pc.notes),
            milliseconds=(time.perf_counter() - self.started) * 1000,
            engine="emulator",
            read=pc.memory.read,
        )
