"""The bundled boot sectors: 512 bytes that load your code from the disk and start it.

A PC's BIOS reads one sector, in 16-bit mode, and leaves the rest to it.  These sectors do that:
read the stage, open the A20 line, clear .bss, switch the processor's mode, and say on the screen
what went wrong.  Each is an ordinary object file, assembled from the nasm source beside it by
scripts/build-sectors; the names it leaves open are defined by the layouts in script.defaults.  What
they promise a stage is in docs/boot-sectors.md.
"""

from __future__ import annotations

import pkgutil

from ...diag import fail
from ...formats import read_bytes
from ...model import ObjectFile
from ...script.defaults import SECTOR_KINDS


def sector(kind: str) -> ObjectFile:
    """The boot sector for a stage in this mode: `real`, `protected` (32-bit) or `long` (64-bit).

    One section, .bootsector, of 512 bytes; ELF32 for the first two, ELF64 for the last, so that GNU
    ld and LLD link it with what compilers make for that mode.  Fails with unknown-boot-sector.
    """
    if kind not in SECTOR_KINDS:
        raise fail(
            "unknown-boot-sector",
            f"there is no boot sector `{kind}`",
            help=["one of: " + ", ".join(SECTOR_KINDS)],
        )
    data = pkgutil.get_data(__name__, f"{kind}.o")
    if data is None:
        raise fail(
            "cannot-read",
            f"cannot find {kind}.o of the package",
            help=["install pylink86 again: files of it are missing"],
        )
    return read_bytes(data, f"boot sector `{kind}`")
