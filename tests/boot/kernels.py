"""Kernels for tests of disk images: assembled from asm/, linked with this package, or made by hand.

A kernel ends its run through the exit port; what it has to say comes through port 0xe9.
"""

from __future__ import annotations

import dataclasses
import functools
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pylink86 import link, read_bytes

ASM = Path(__file__).with_name("asm")
NASM = "nasm is not installed (Debian and Ubuntu: apt-get install nasm)"
ALL_WELL, WRONG = 0x10, 0x11

SCRIPT = """\
ENTRY(_start)
PHDRS
{{
  head PT_LOAD FLAGS(4);
  text PT_LOAD FLAGS(5);
  rodata PT_LOAD FLAGS(4);
  data PT_LOAD FLAGS(6);
}}
SECTIONS
{{
  . = {base:#x};
  .multiboot : AT(ADDR(.multiboot)) {{ KEEP(*(.multiboot)) }} :head
  .text : AT(ADDR(.text)) {{ *(.text) }} :text
  . = ALIGN(0x1000);
  .rodata : AT(ADDR(.rodata)) {{ *(.rodata) }} :rodata
  . = ALIGN(0x1000);
  .data : AT(ADDR(.data)) {{ *(.data) }} :data
  .bss : AT(ADDR(.bss)) {{ *(.bss) *(COMMON) }} :data
}}
"""


def has_nasm() -> bool:
    return shutil.which("nasm") is not None


@functools.cache
def kernel(*defines: str, base: int = 0x200000, bits: int = 64, payload: bytes = b"") -> bytes:
    """The ELF file of a kernel in asm/, with macros as `NAME` or `NAME=value`.

    base: where it is linked to.
    """
    source = "kernel.asm" if bits == 64 else "kernel32.asm"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "payload").write_bytes(payload)
        words = ["nasm", f"-felf{bits}", "-o", "k.o", *(f"-D{d}" for d in defines), ASM / source]
        subprocess.run(words, cwd=folder, check=True)
        data = (folder / "k.o").read_bytes()
    script = SCRIPT.format(base=base)
    return link([read_bytes(data, "k.o")], script).image


def checksum(payload: bytes) -> int:
    """What the SUM kernel says of its payload."""
    total = 0
    for byte in payload:
        total = ((total << 1 | total >> 31) + byte) & 0xFFFFFFFF
    return total


@dataclasses.dataclass(frozen=True)
class Segment:
    """A segment to be: address, bytes in the file, bytes in memory, flags of the program header."""

    vaddr: int
    data: bytes
    memsz: int
    flags: int = 7
    paddr: int | None = None
    kind: int = 1


def elf(
    segments: Sequence[Segment],
    entry: int,
    bits: int = 64,
    kind: int = 2,
    machine: int | None = None,
) -> bytes:
    """An ELF file with program headers and nothing else."""
    machine = machine or (62 if bits == 64 else 3)
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    head, row = ("<HHIQQQIHHHHHH", "<IIQQQQQQ") if bits == 64 else ("<HHIIIIIHHHHHH", "<IIIIIIII")
    size = 16 + struct.calcsize(head)
    at = size + len(segments) * struct.calcsize(row)
    rows, body = [], b""
    for s in segments:
        paddr = s.vaddr if s.paddr is None else s.paddr
        mask = (1 << bits) - 1
        place = (at + len(body), s.vaddr & mask, paddr & mask, len(s.data), s.memsz)
        fields = (s.kind, s.flags, *place, 1) if bits == 64 else (s.kind, *place, s.flags, 1)
        rows.append(struct.pack(row, *fields))
        body += s.data
    sizes = (size, struct.calcsize(row), len(segments), 0, 0, 0)
    start = struct.pack(head, kind, machine, 1, entry, size, 0, 0, *sizes)
    return ident + start + b"".join(rows) + body
