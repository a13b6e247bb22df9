"""Boots an image in QEMU without a window and reads the text screen out of the machine's memory.

Nothing is timed by sleeping: QEMU's own protocol (QMP, one JSON object a line on its standard
input and output) is asked again and again for the 4,000 bytes at 0xb8000, until the wanted text is
there or the machine can no longer change it: it halted with interrupts off, or reset itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

TEXT_MEMORY = 0xB8000
COLUMNS, ROWS = 80, 25
SECTOR = 512
# An int 13h read past the end of the disk fails as a whole, and an image need not end on a sector.
SMALLEST_DISK = 128 * SECTOR
POLL_SECONDS = 0.02

PROGRAMS = ("qemu-system-x86_64", "qemu-system-i386")
MISSING = "QEMU is not installed (Debian and Ubuntu: apt-get install qemu-system-x86)"


class QemuError(RuntimeError):
    """QEMU itself failed; the text is what it said."""


@dataclasses.dataclass(frozen=True)
class Screen:
    """The text screen when the wait ended.

    lines: 25 strings without trailing blanks. colours: the 2,000 attribute bytes.
    state: `wanted` (the text is there), `halted` (for good), `reset`, or `timeout`.
    """

    lines: tuple[str, ...]
    colours: bytes
    state: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip("\n")


def qemu_program() -> str | None:
    """The installed QEMU for PCs, the one that knows long mode first, or None."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def boot_in_qemu(
    image: bytes, *, timeout: float = 20.0, want: str | None = None, program: str | None = None
) -> Screen:
    """Boot `image` as the first hard disk and return the screen.

    image: the disk from its first byte; it is padded with zeros. timeout: seconds of wall time.
    want: return as soon as this stands at the start of a line; without it, wait until the machine
    halts for good. QemuError when QEMU is missing or fails by itself.
    """
    program = program or qemu_program()
    if program is None:
        raise QemuError(MISSING)
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder, "disk.img")
        size = max(SMALLEST_DISK, -(-len(image) // SECTOR) * SECTOR)
        disk.write_bytes(image.ljust(size, b"\0"))
        return watch_command(_command(program, disk), timeout=timeout, want=want)


def watch_command(command: list[str], *, timeout: float, want: str | None = None) -> Screen:
    """Run a QEMU with other disks or another machine; `-qmp stdio` must be among its words."""
    with tempfile.TemporaryDirectory() as folder:
        machine = _Machine(command, time.monotonic() + timeout)
        try:
            return _watch(machine, want, os.path.join(folder, "screen.bin"))
        finally:
            machine.stop()


def _command(program: str, disk: Path) -> list[str]:
    """QEMU's arguments: a plain PC, emulated, that stops instead of booting twice."""
    drive = str(disk).replace(",", ",,")
    return [
        program,
        *("-machine", "pc,accel=tcg", "-m", "16", "-nodefaults", "-vga", "std"),
        *("-display", "none", "-net", "none", "-no-reboot", "-no-shutdown"),
        *("-drive", f"format=raw,if=ide,index=0,file={drive}"),
        *("-qmp", "stdio"),
    ]


def _watch(machine: _Machine, want: str | None, file: str) -> Screen:
    """Poll until there is an answer. The state is asked first, so the screen is the newer one."""
    while True:
        state = _final_state(machine)
        if state is None and time.monotonic() > machine.deadline:
            state = "timeout"
        machine.execute("pmemsave", val=TEXT_MEMORY, size=2 * COLUMNS * ROWS, filename=file)
        screen = _screen(Path(file).read_bytes(), state or "wanted")
        if want is not None and any(line.startswith(want) for line in screen.lines):
            return dataclasses.replace(screen, state="wanted")
        if state is not None:
            return screen
        time.sleep(POLL_SECONDS)


def _final_state(machine: _Machine) -> str | None:
    """`reset` or `halted` when nothing can happen any more, else None."""
    if not machine.execute("query-status")["running"]:
        return "reset"
    registers = machine.execute("human-monitor-command", **{"command-line": "info registers"})
    flags = re.search(r"[RE]FL=([0-9a-f]+)", registers)
    interrupts = flags is None or int(flags[1], 16) & 0x200
    return "halted" if "HLT=1" in registers and not interrupts else None


def _screen(memory: bytes, state: str) -> Screen:
    letters = memory[0::2].decode("cp437").replace("\0", " ")
    lines = tuple(letters[at : at + COLUMNS].rstrip() for at in range(0, len(letters), COLUMNS))
    return Screen(lines, memory[1::2], state)


class _Machine:
    """A running QEMU and the conversation with it."""

    def __init__(self, command: list[str], deadline: float) -> None:
        self.deadline = deadline
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self._answer()  # the greeting
            self.execute("qmp_capabilities")
        except BaseException:
            self.stop()
            raise

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _answer(self) -> dict[str, Any]:
        """The next message that is not an event."""
        while True:
            # A grace beyond the deadline: the last look at the screen is taken after it.
            patience = max(self.deadline - time.monotonic(), 0) + 5
            try:
                line = self._lines.get(timeout=patience)
            except queue.Empty:
                raise QemuError("QEMU does not answer") from None
            if not line:
                self._process.wait(5)
                assert self._process.stderr is not None
                raise QemuError(f"QEMU ended: {self._process.stderr.read().strip()}")
            message: dict[str, Any] = json.loads(line)
            if "error" in message:
                raise QemuError(f"QEMU says: {message['error']['desc']}")
            if "event" not in message:
                return message

    def execute(self, name: str, **arguments: Any) -> Any:
        """Send one QMP command and return what it returns."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # when it ended, the answer says why
            self._process.stdin.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
            self._process.stdin.flush()
        return self._answer().get("return")

    def stop(self) -> None:
        """End QEMU and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._listener.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
