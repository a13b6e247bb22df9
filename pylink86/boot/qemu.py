"""The same run in real QEMU: a second opinion on the emulator, a window, and a place for gdb.

QEMU is started without a display and watched through its monitor: where the CPU is, whether it
halted, what the text screen shows.  A guest that ends in a loop is recognised by looking several
times.  What QEMU takes from the PC world and we cannot change: RAM is zero at the start, the BIOS
has printed its own lines, and the exit device ends QEMU at once, so that the screen is the one
seen just before.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from ..diag import fail
from .keyboard import qemu_keys
from .launch import Image, check_signature, read_image
from .machine import Machine
from .monitor import Gone, Monitor
from .screen import TEXT, decode

PROGRAMS = ("qemu-system-x86_64", "qemu-system-i386")
INSTALL = (
    "Debian, Ubuntu: apt install qemu-system-x86",
    "Fedora: dnf install qemu-system-x86; Arch: pacman -S qemu-system-x86",
    "macOS: brew install qemu; Windows: winget install SoftwareFreedomConservancy.QEMU",
)
SECONDS = 30.0
MEMORY = 128 << 20
KEPT_MEMORY = 16 << 20
"""How much memory `Machine.memory` can show after the run."""

POLL = 0.04
QUIET_POLLS = 6
"""Looks at an unchanged guest after which it counts as idle..."""
BIOS_QUIET_POLLS = 40
"""...and when it is inside the BIOS, which also waits for its own devices."""
NEAR = 64
"""Bytes of code an idle loop may span."""


def find_qemu() -> str:
    """Path of a QEMU for x86; qemu-missing."""
    for name in PROGRAMS:
        for folder in (None, r"C:\Program Files\qemu"):
            found = shutil.which(name, path=folder)
            if found:
                return found
    raise fail(
        "qemu-missing",
        f"`{PROGRAMS[0]}` is not on this machine's path",
        help=[*INSTALL, "or leave --qemu away: the emulator of this package needs none"],
    )


def gdb_commands(port: int = 1234, kernel: str = "") -> tuple[str, ...]:
    """What to type in gdb to stop at the first instruction of the boot sector, or of a kernel."""
    if kernel:
        # The kernel is not in memory yet: a breakpoint that is written there would be lost.
        return f"file {kernel}", f"target remote localhost:{port}", "hbreak _start", "continue"
    return (
        "set architecture i8086",
        f"target remote localhost:{port}",
        "break *0x7c00",
        "continue",
    )


@attrs.define
class _Watch:
    """What was seen at the last look, and how often nothing had changed since."""

    place: int = -1
    lines: tuple[str, ...] = ()
    registers: dict[str, int] = attrs.Factory(dict)
    quiet: int = 0


def _arguments(
    program: str, folder: Path, floppy: bool, memory: int, port: int, window: bool, gdb: bool
) -> list[str]:
    interface = "floppy" if floppy else "ide"
    return [
        program,
        *(
            "-drive",
            f"file={folder / 'image'},format=raw,if={interface},snapshot=on".replace("\\", "/"),
        ),
        *("-boot", "order=a" if floppy else "order=c", "-m", f"{memory >> 20}M", "-nic", "none"),
        *("-serial", f"file:{folder / 'serial'}", "-debugcon", f"file:{folder / 'debug'}"),
        *("-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
        *("-qmp", f"tcp:127.0.0.1:{port}", "-monitor", "none", "-parallel", "none"),
        *("-no-reboot", "-no-shutdown", "-d", "cpu_reset", "-D", str(folder / "log")),
        *(() if window else ("-display", "none")),
        *(("-s", "-S") if gdb else ()),
    ]


def run_qemu(
    image: Image,
    *,
    floppy: bool = False,
    memory: int = MEMORY,
    timeout: float = SECONDS,
    keys: str = "",
    window: bool = False,
    gdb: bool = False,
    program: str | None = None,
    extra: Sequence[str] = (),
    kernel: str = "",
    say: Callable[[str], None] = print,
) -> Machine:
    """Boot an image in QEMU; the result has the shape of `boot.run`'s.

    window: open QEMU's window and run until it is closed; gdb: wait for gdb on port 1234 and run
    until QEMU ends, telling through `say` what to type.  Without these the run ends as in the
    emulator, or after `timeout` seconds.  extra: more words for QEMU;
    kernel: ELF file of what the image starts, for gdb. Errors: qemu-missing, qemu-failed,
    cannot-read, empty-image, unknown-key.
    """
    data, pressed = read_image(image), qemu_keys(keys)
    program = program or find_qemu()
    if gdb:
        say("QEMU waits for gdb on port 1234.  Start gdb and type:")
        for line in gdb_commands(kernel=kernel):
            say(f"  {line}")
    started = time.perf_counter()
    monitor = Monitor()
    with tempfile.TemporaryDirectory(prefix="pylink86-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "image").write_bytes(data)
        command = _arguments(program, folder, floppy, memory, monitor.port, window, gdb)
        command += extra
        process = _start(command)
        try:
            _connect(monitor, process)
            patience = float("inf") if window or gdb else timeout
            ending, watch, ram = _follow(monitor, patience, pressed, stop_early=not (window or gdb))
        finally:
            monitor.close()
            status = _finish(process)
        return _machine(ending, watch, ram, folder, status, started, check_signature(data))


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as error:
        raise fail("qemu-failed", f"cannot start {command[0]}: {error}") from None


def _connect(monitor: Monitor, process: subprocess.Popen[bytes]) -> None:
    """Wait for QEMU's monitor, or for QEMU to say why it will not run."""
    for _ in range(100):
        try:
            monitor.accept(0.2)
            return
        except TimeoutError:
            if process.poll() is not None:
                break
        except Gone:
            break
    process.kill()
    words = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    raise fail("qemu-failed", "QEMU did not start", notes=words.splitlines()[:5])


def _finish(process: subprocess.Popen[bytes]) -> int:
    """End QEMU; returns its exit status, -1 when it had to be killed."""
    try:
        _, _ = process.communicate(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return -1
    return process.returncode


def _follow(
    monitor: Monitor, patience: float, keys: tuple[str, ...], stop_early: bool
) -> tuple[tuple[str, str], _Watch, bytes]:
    """Look at the guest until it ends; returns reason and detail, the last look, and memory."""
    watch, waiting = _Watch(), list(keys)
    deadline = time.monotonic() + patience
    ending: tuple[str, str] | None = None
    ram = b""
    try:
        while ending is None:
            time.sleep(POLL)
            _look(monitor, watch)
            ending = _stopped(monitor)
            if ending is None and waiting and watch.quiet >= 2:
                monitor.text(f"sendkey {waiting.pop(0)} 20")
                watch.quiet = 0
            elif ending is None and stop_early:
                ending = _judge(monitor, watch)
            if ending is None and time.monotonic() > deadline:
                ending = "budget", f"still running after {patience:g} seconds"
        ram = _save_memory(monitor)
        monitor.call("quit")
    except Gone:
        ending = ending or ("gone", "")
    return ending, watch, ram


def _look(monitor: Monitor, watch: _Watch) -> None:
    """Read registers and screen, and note whether anything moved."""
    registers = monitor.registers()
    lines = decode(monitor.physical(TEXT, 4000))
    place = registers.get("code base", 0) + registers.get("rip", 0)
    still = abs(place - watch.place) <= NEAR and lines == watch.lines
    watch.quiet = watch.quiet + 1 if still else 0
    watch.place, watch.lines, watch.registers = place, lines, registers


def _stopped(monitor: Monitor) -> tuple[str, str] | None:
    """Whether the guest reset the machine or switched it off."""
    for event in monitor.events:
        if event["event"] == "SHUTDOWN":
            if event["data"].get("reason") == "guest-shutdown":
                return "exit code", "switched the machine off"
            return "reboot", "reset the machine"
    return None


def _judge(monitor: Monitor, watch: _Watch) -> tuple[str, str] | None:
    """Whether the guest has come to rest."""
    halted = watch.registers.get("halted", 0)
    enabled = watch.registers.get("rflags", 0) >> 9 & 1
    in_bios = 0xC0000 <= watch.place < 0x100000 or watch.place >= 0xFFFC0000
    if halted and not enabled and not in_bios:
        return "halted", "executed hlt with interrupts disabled"
    if watch.quiet < (BIOS_QUIET_POLLS if in_bios else QUIET_POLLS):
        return None
    if in_bios:
        return "idle loop", "waits inside the BIOS"
    return "idle loop", "sleeps in hlt" if halted else "loops forever"


def _save_memory(monitor: Monitor) -> bytes:
    """The lowest memory, as the CPU sees it, through a file QEMU writes."""
    with tempfile.TemporaryDirectory(prefix="pylink86-", ignore_cleanup_errors=True) as name:
        path = Path(name) / "memory"
        spelled = str(path).replace("\\", "/")
        monitor.call("pmemsave", val=0, size=KEPT_MEMORY, filename=spelled)
        return path.read_bytes() if path.exists() else b""


def _text_file(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _machine(
    ending: tuple[str, str],
    watch: _Watch,
    ram: bytes,
    folder: Path,
    status: int,
    started: float,
    notes: tuple[str, ...],
) -> Machine:
    reason, detail = ending
    exit_code, faults = None, ()
    log = _text_file(folder / "log")
    if reason == "gone" and status & 1 and status > 0:
        exit_code = status >> 1
        reason, detail = "exit code", f"wrote {exit_code:#x} to the exit port 0xf4"
    elif reason == "gone":
        reason, detail = "budget", "QEMU was closed"
    elif reason == "exit code":
        exit_code = 0
    elif reason == "reboot" and b"Triple fault" in log:
        reason, detail = "triple fault", "an exception could not be handled at all"
    registers = {n: v for n, v in watch.registers.items() if n not in ("halted", "code base")}

    def read(address: int, count: int) -> bytes:
        return ram[address : address + count]

    return Machine(
        reason=reason,
        detail=detail,
        exit_code=exit_code,
        lines=watch.lines or ("",) * 25,
        serial=_text_file(folder / "serial"),
        debug=_text_file(folder / "debug"),
        registers=registers,
        place=f"{registers.get('cs', 0):04x}:{registers.get('rip', 0):x}",
        faults=faults,
        calls=(),
        notes=notes,
        milliseconds=(time.perf_counter() - started) * 1000,
        engine="qemu",
        read=read,
    )
