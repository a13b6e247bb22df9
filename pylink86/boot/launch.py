"""Boot an image and say what came of it: `boot.run(image)`.

This is what a test of a boot image calls, and what `pylink86 run` prints.  The emulator inside this
package is the default; `run_qemu` does the same in a real QEMU and returns the same kind of result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

from ..diag import fail
from .keyboard import parse_keys
from .machine import Machine

Image = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]"]

MEMORY = 128 << 20
MOST_MEMORY = 3 << 30
INSTRUCTIONS = 500_000_000
SECONDS = 10.0


def read_image(image: Image) -> bytes:
    """The bytes of an image given as bytes or as a path; cannot-read, empty-image."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
    else:
        try:
            data = Path(image).read_bytes()
        except OSError as error:
            raise fail(
                "cannot-read", f"cannot open {os.fspath(image)}: {error.strerror or error}"
            ) from None
    if not data:
        raise fail("empty-image", "the image has no bytes: there is no boot sector to run")
    return data


def check_signature(data: bytes) -> tuple[str, ...]:
    """A note when a BIOS would not boot this sector: it wants 0x55 0xAA at offset 510."""
    if data[510:512] == b"\x55\xaa":
        return ()
    found = data[510:512].hex(" ") or "nothing: it is shorter"
    return (
        f"a BIOS boots only a sector that ends with 55 aa at offset 510; the image has {found}",
    )


def run(
    image: Image,
    *,
    floppy: bool = False,
    memory: int = MEMORY,
    max_instructions: int = INSTRUCTIONS,
    timeout: float = SECONDS,
    keys: str = "",
    strict: bool = False,
    exit_port: int = 0xF4,
) -> Machine:
    """Boot an image in the emulator until it halts, idles, ends, crashes or the limits are reached.

    image: bytes or path of a raw disk image; floppy: it is in drive 0x00, not 0x80; memory: bytes
    of RAM; timeout: seconds; keys: text to type (see `pylink86.boot.keyboard`); strict: start as
    the most awkward BIOS would (07c0:0000, odd DS and ES, small stack, A20 closed, at most 127
    sectors per LBA call, no transfer across 64 KiB); exit_port: where the guest writes the number
    it ends with. Errors: emulator-missing, cannot-read,
    empty-image, bad-memory, unknown-key.
    """
    if not 2 << 20 <= memory <= MOST_MEMORY:
        raise fail("bad-memory", f"a machine has 2 MiB to 3 GiB of memory, not {memory:#x} bytes")
    data = read_image(image)
    pressed = parse_keys(keys)
    from .cpu import load_unicorn

    load_unicorn()
    from .emulator import Emulator
    from .pc import Pc

    pc = Pc(data, floppy, memory, pressed, strict, exit_port)
    for note in check_signature(data):
        pc.note(note)
    return Emulator(pc, max_instructions, timeout).run()
