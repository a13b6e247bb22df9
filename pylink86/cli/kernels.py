"""What the commands that take a kernel share: its options, its manifest, the disk made of it.

An option and the key in Cargo.toml have one name and one meaning; where both are given, the option
counts.
"""

from __future__ import annotations

import os
from pathlib import Path

from .options import ADD, ON, SET, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..boot.image.build import DiskImage
    from ..boot.image.config import ImageConfig
    from ..boot.image.manifest import Manifest
    from ..diag import Diagnostic
    from .options import Parsed, Table

KERNEL_OPTIONS: Table = {
    "Kernel": (
        (
            "--protocol",
            "NAME",
            SET,
            "protocol",
            "how the kernel is started: bootloader (the Rust crate 0.9), raw, multiboot1, "
            "multiboot2; auto (default) looks for a multiboot header, then at the ELF class",
        ),
        (
            "--feature",
            "NAMES",
            ADD,
            "features",
            "map_physical_memory, recursive_page_table, vga_320x200, sse",
        ),
        ("--kernel-stack-size", "PAGES", SET, "kernel-stack-size", "default 512"),
        ("--kernel-stack-address", "ADDRESS", SET, "kernel-stack-address", "of its guard page"),
        (
            "--physical-memory-offset",
            "ADDRESS",
            SET,
            "physical-memory-offset",
            "where map_physical_memory shows address 0",
        ),
        ("--boot-info-address", "ADDRESS", SET, "boot-info-address", "where the BootInfo goes"),
        ("--command-line", "TEXT", SET, "command_line", "for a multiboot kernel"),
        (
            "--manifest-path",
            "FILE",
            SET,
            "manifest",
            "the kernel's Cargo.toml (default: found by KERNEL_MANIFEST, CARGO_MANIFEST_DIR, or "
            "above the kernel)",
        ),
    ),
    "Disk": (
        ("--floppy", "", ON, "floppy", "a floppy of 1.44 MB in drive 0x00, not a hard disk"),
        ("--pad-to-mib", "", ON, "pad_to_mib", "fill the disk up to whole MiB"),
    ),
}
KEYS = (
    "kernel-stack-size",
    "kernel-stack-address",
    "physical-memory-offset",
    "boot-info-address",
)
ELF = b"\x7fELF"


def is_kernel(path: str) -> bool:
    """Whether a file is an ELF file, and not a disk."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == ELF
    except OSError:
        return False


def kernel_of(parsed: Parsed, usage: str) -> str:
    """The one kernel of a command line, or that in the environment variable KERNEL."""
    from ..diag import LinkError

    named = [text for kind, text, _ in parsed.inputs if kind == "file"]
    if not named and os.environ.get("KERNEL"):
        named = [os.environ["KERNEL"]]
    if len(named) != 1:
        said = "no kernel was named" if not named else f"{len(named)} kernels were named"
        parsed.problems.append(error("one-kernel", f"{said}: an image is of one", help=(usage,)))
    if parsed.problems:
        problems = list(parsed.problems)
        parsed.problems.clear()
        raise LinkError(problems)
    return named[0]


def make_disk(kernel: str, values: dict[str, Any]) -> tuple[DiskImage, list[Diagnostic]]:
    """The disk of a kernel as options and manifest want it, and warnings about both."""
    from ..boot.image.build import disk_image
    from ..boot.image.manifest import find_manifest, manifest_warnings

    manifest = find_manifest(Path(kernel), values.get("manifest", ""))
    disk = disk_image(kernel, _configure(manifest, values))
    return disk, [*manifest_warnings(manifest), *disk.diagnostics]


def _configure(manifest: Manifest | None, values: dict[str, Any]) -> ImageConfig:
    from ..boot.image.manifest import configure_from

    keys = {key: values[key] for key in KEYS if key in values}
    if "kernel-stack-size" in keys:
        keys["kernel-stack-size"] = _number(keys["kernel-stack-size"])
    words = " ".join(values.get("features", ())).replace(",", " ").split()
    return configure_from(
        manifest,
        keys,
        tuple(words),
        protocol=values.get("protocol", "auto"),
        medium="floppy" if values.get("floppy") else "disk",
        pad_to_mib=bool(values.get("pad_to_mib")),
        command_line=values.get("command_line", ""),
    )


def _number(text: str) -> int | str:
    try:
        return int(text, 0)
    except ValueError:
        return text
