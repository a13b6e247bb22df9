"""What is left of a run: the screen, the registers, memory, and why it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

REASONS = {
    "halted": "the CPU halted with interrupts disabled: nothing can wake it",
    "idle loop": "the CPU loops or waits without anything left to happen",
    "exit code": "the guest ended the run and gave a number",
    "triple fault": "an exception could not be handled at all: a real machine resets",
    "crash": "the CPU cannot get any further: an exception the BIOS ignores, or no memory to run",
    "reboot": "the guest reset the machine or asked the BIOS to boot again",
    "budget": "the limit of instructions or seconds was reached",
}
"""Every value of `Machine.reason`."""
SWITCHED_OFF = "switched the machine off"
ENDS_WELL = frozenset({"halted", "idle loop"})


@attrs.frozen(eq=False)
class Machine:
    """A machine after a run.

    reason: a key of REASONS; detail: the same as a sentence; exit_code: the number the guest
    wrote to the exit port, for reason "exit code". lines: the screen's lines without trailing
    blanks; serial, debug: bytes sent to COM1 and port 0xe9. registers: name -> number: rax..r15,
    rip, rflags, cs..gs, cr0, cr2, cr3, cr4. faults: what happened with the last exceptions, one
    line each; calls: the last BIOS calls; notes: what a person should know; milliseconds: how
    long the run took.
    """

    reason: str
    detail: str
    exit_code: int | None
    lines: tuple[str, ...]
    serial: bytes
    debug: bytes
    registers: dict[str, int]
    place: str
    faults: tuple[str, ...]
    calls: tuple[str, ...]
    notes: tuple[str, ...]
    milliseconds: float
    engine: str
    _read: Callable[[int, int], bytes] = attrs.field(repr=False)

    @property
    def screen(self) -> str:
        """The screen as text, without blank lines at the end."""
        return "\n".join(self.lines).rstrip("\n")

    @property
    def ok(self) -> bool:
        """Whether the guest ended as a finished one does: halted, idle, or exit code 0."""
        return self.reason in ENDS_WELL or (self.reason == "exit code" and self.exit_code == 0)

    @property
    def switched_off(self) -> bool:
        """Whether the guest switched the machine off; `exit_code` is 0 then, as for the number."""
        return self.reason == "exit code" and self.detail.startswith(SWITCHED_OFF)

    def memory(self, address: int, count: int) -> bytes:
        """Bytes of physical memory as the run left them."""
        return self._read(address, count)

    def explain(self) -> str:
        """What happened, for a person: reason, place, exceptions, last BIOS call, notes."""
        parts = [f"{self.reason}: {self.detail}", f"at {self.place}"]
        if self.faults and self.reason in ("triple fault", "crash", "budget", "reboot"):
            parts += [f"exception: {line}" for line in self.faults]
        if self.calls and self.reason not in ("exit code",):
            parts.append(f"last BIOS call: {self.calls[-1]}")
        parts += [f"note: {line}" for line in self.notes]
        return "\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Everything but memory, in types JSON knows; bytes as Latin-1 text."""
        found = {
            field.name: getattr(self, field.name)
            for field in attrs.fields(type(self))
            if field.name != "_read"
        }
        found["lines"] = list(self.lines)
        for name in ("faults", "calls", "notes"):
            found[name] = list(found[name])
        for name in ("serial", "debug"):
            found[name] = found[name].decode("latin-1")
        return found
