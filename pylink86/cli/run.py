"""`pylink86 run IMAGE|KERNEL`: boot an image, or a disk made of a kernel, and print its screen.

The exit status makes it a test: 0 when the image came to rest (halted, or idle in a loop) or ended
itself with the expected exit code, 1 when it crashed, reset the machine or never finished, 2 for a
wrong command line or a missing tool.
"""

from __future__ import annotations

import sys

from .kernels import KERNEL_OPTIONS, is_kernel, make_disk
from .options import ON, SET, error, help_text, parse
from .program import parse_size, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..boot.machine import Machine
    from ..diag import Diagnostic
    from .options import Parsed, Table

OPTIONS: Table = {
    "Machine": (
        ("--memory", "SIZE", SET, "memory", "RAM, such as 64M (default 128M)"),
        ("--keys", "TEXT", SET, "keys", "type this; named keys as <enter>, <up>, <f1>"),
        (
            "--strict",
            "",
            ON,
            "strict",
            "be the most awkward BIOS: start at 07c0:0000, A20 closed, odd segment registers",
        ),
    ),
    "Limits": (
        ("--timeout", "SECONDS", SET, "timeout", "give up after this time (10, in QEMU 30)"),
        ("--budget", "N", SET, "budget", "give up after N instructions (default 500000000)"),
    ),
    "Result": (
        ("--serial", "", ON, "serial", "print what was sent to COM1 instead of the screen"),
        ("--json", "", ON, "json", "print the whole result as JSON"),
        ("--success", "N", SET, "success", "exit code of the guest that means success (default 0)"),
        ("-h --help", "", ON, "help", "print this and stop"),
    ),
    "QEMU": (
        ("--qemu", "", ON, "qemu", "run in QEMU instead of the built-in emulator"),
        ("--window", "", ON, "window", "open QEMU's window; runs until it is closed"),
        ("--gdb", "", ON, "gdb", "let QEMU wait for gdb, and print what to type there"),
    ),
    **{f"{title}, when it is an ELF file": rows for title, rows in KERNEL_OPTIONS.items()},
}

WRONG_USE = 2
USAGE = "pylink86 run [OPTIONS] IMAGE|KERNEL [-- QEMU'S OPTIONS]"


def main(argv: Sequence[str]) -> int:
    """Run an image as the command line says; 0, 1 or 2 as in the module's text."""
    from ..diag import LinkError

    words, for_qemu = _split(argv)
    parsed = parse(words, OPTIONS)
    if parsed.values.get("help"):
        print(f"Usage: {USAGE}\n" + help_text(OPTIONS), end="")
        return 0
    try:
        arguments = _arguments(parsed)
        arguments["for_qemu"] = for_qemu
        if for_qemu and not _wants_qemu(parsed.values):
            raise LinkError([error("needs-qemu", "words after `--` are for QEMU", help=(USAGE,))])
        machine = _boot(parsed, arguments)
    except LinkError as problem:
        show([*parsed.problems, *problem.diagnostics], parsed.values)
        return WRONG_USE
    _print(machine, parsed.values)
    return 0 if succeeded(machine, arguments["success"]) else 1


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our words, and those after `--`, which are QEMU's."""
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _wants_qemu(values: dict[str, Any]) -> bool:
    return any(values.get(name) for name in ("qemu", "window", "gdb"))


def _arguments(parsed: Parsed) -> dict[str, Any]:
    """Numbers and the image from the command line; LinkError with all that is wrong."""
    from ..diag import LinkError

    problems: list[Diagnostic] = list(parsed.problems)
    found: dict[str, Any] = {"success": 0}
    for name, read in (
        ("memory", parse_size),
        ("timeout", _seconds),
        ("budget", parse_size),
        ("success", parse_size),
    ):
        text = parsed.values.get(name)
        if text is None:
            continue
        found[name] = read(text)
        if found[name] is None:
            problems.append(error("bad-option-value", f"--{name} does not take `{text}'"))
    images = [text for kind, text, _ in parsed.inputs if kind == "file"]
    if len(images) != 1:
        said = "no image was named" if not images else f"{len(images)} images were named"
        problems.append(error("one-image", f"{said}: a machine boots from one", help=(USAGE,)))
    if problems:
        parsed.problems.clear()
        raise LinkError(problems)
    found["image"] = images[0]
    return found


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if seconds > 0 else None


def _boot(parsed: Parsed, arguments: dict[str, Any]) -> Machine:
    values = parsed.values
    names = {"memory": "memory", "timeout": "timeout"}
    chosen = {to: arguments[name] for name, to in names.items() if name in arguments}
    chosen |= {"floppy": bool(values.get("floppy")), "keys": values.get("keys", "")}
    image = _image(arguments["image"], values)
    if _wants_qemu(values):
        from ..boot.qemu import run_qemu

        window, gdb = bool(values.get("window")), bool(values.get("gdb"))
        kernel = arguments["image"] if isinstance(image, bytes) else ""
        chosen |= {"extra": arguments["for_qemu"], "kernel": kernel}
        return run_qemu(image, window=window, gdb=gdb, **chosen)
    from ..boot.launch import run

    if "budget" in arguments:
        chosen["max_instructions"] = arguments["budget"]
    return run(image, strict=bool(values.get("strict")), **chosen)


def _image(path: str, values: dict[str, Any]) -> str | bytes:
    """The image itself, or the disk of a kernel."""
    if not is_kernel(path):
        return path
    disk, warnings = make_disk(path, values)
    show(warnings, values)
    return disk.to_bytes()


def succeeded(machine: Machine, success: int) -> bool:
    """Whether a run counts as a good one."""
    if machine.reason == "exit code":
        return machine.exit_code == success
    return machine.ok


def _print(machine: Machine, values: dict[str, Any]) -> None:
    if values.get("json"):
        import json

        print(json.dumps(machine.as_json(), indent=1))
        return
    if values.get("serial"):
        text = machine.serial.decode("utf-8", errors="replace")
    else:
        text = machine.screen
    if text:
        _write(text if text.endswith("\n") else text + "\n")
    said = machine.explain() if not machine.ok else f"{machine.reason}: {machine.detail}"
    notes = [] if not machine.ok else [f"note: {note}" for note in machine.notes]
    _write("".join(f"[{line}]\n" for line in [*said.splitlines(), *notes]))


def _write(text: str) -> None:
    """To stdout, also where it cannot show every character of the screen's font."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
