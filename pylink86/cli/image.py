"""`pylink86 image KERNEL -o disk.img`: make a disk that boots a kernel."""

from __future__ import annotations

import sys
from pathlib import Path

from .kernels import KERNEL_OPTIONS, kernel_of, make_disk
from .options import ON, SET, help_text, parse
from .program import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..boot.image.build import DiskImage
    from .options import Table

OPTIONS: Table = {
    **KERNEL_OPTIONS,
    "Result": (
        ("-o --output", "FILE", SET, "output", "the disk (default: the kernel's name with .img)"),
        ("-v --verbose", "", ON, "verbose", "print what was put where"),
        ("--json", "", ON, "json", "print the same as JSON"),
        ("-q --quiet", "", ON, "no_warnings", "no warnings, no progress"),
        ("-h --help", "", ON, "help", "print this and stop"),
    ),
}
USAGE = "pylink86 image [OPTIONS] KERNEL -o DISK"
LONG_WORK = 16 << 20
"""Bytes of a disk from which on progress is shown."""


def main(argv: Sequence[str]) -> int:
    """Make an image; 0, or 1 with what was wrong on stderr."""
    from ..diag import LinkError

    parsed = parse(argv, OPTIONS)
    values = parsed.values
    if values.get("help"):
        print(f"Usage: {USAGE}\n" + help_text(OPTIONS), end="")
        return 0
    try:
        kernel = kernel_of(parsed, USAGE)
        disk, warnings = make_disk(kernel, values)
        output = values.get("output") or Path(kernel).with_suffix(".img").name
        disk.write(output, progress(disk, values))
    except LinkError as problem:
        show([*parsed.problems, *problem.diagnostics], values)
        return 1
    show(warnings, values)
    if values.get("json"):
        import json

        print(json.dumps({"output": output, **disk.as_json()}, indent=1))
    elif values.get("verbose"):
        print(report(disk, output), end="")
    return 0


def progress(disk: DiskImage, values: dict[str, Any]) -> Callable[[int], None] | None:
    """A counter on stderr, for large disks and when a person is looking."""
    if disk.size < LONG_WORK or values.get("no_warnings") or not sys.stderr.isatty():
        return None

    def step(done: int) -> None:
        end = "\n" if done == disk.size else ""
        sys.stderr.write(f"\rwriting {done >> 20} of {disk.size >> 20} MiB{end}")
        sys.stderr.flush()

    return step


def report(disk: DiskImage, output: str) -> str:
    """What is where, for a person."""
    lines = [
        f"{output}: {disk.sectors} sectors ({disk.size:,} bytes), of them {disk.loader:,} bytes of "
        "loader",
        f"protocol {disk.protocol}, {disk.bits}-bit, entry {disk.entry:#x}, "
        f"needs {disk.memory / (1 << 20):.1f} MiB of memory",
        "segments:",
    ]
    lines += [
        f"  {s.vaddr:#18x}  at {s.physical:#10x}  {s.file_bytes:#9x} bytes of {s.memory_bytes:#9x}"
        f"  {s.permissions}"
        for s in disk.segments
    ]
    lines += ["addresses:", *(f"  {at:#18x}  {name}" for name, at in disk.addresses.items())]
    return "\n".join(lines) + "\n"
