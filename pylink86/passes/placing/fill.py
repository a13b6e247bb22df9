"""What stands in the gaps: a script's fill pattern, or the default of the dialect.

Alignment and `. = ...` leave gaps in an output section.  `=fill` and FILL() say which bytes go
there (GNU ld manual 3.6.8.5, 3.6.5); the linkers read the same number differently, and where
nothing is said, code is padded with instructions that do nothing (GNU ld) or trap (LLD)."""

from __future__ import annotations

from collections.abc import Callable

from ...dialect import Dialect
from ...elf_const import EM_X86_64
from ...script import nodes as n

Pattern = bytes | Callable[[int], bytes]
"""Bytes to repeat, or a function that makes any number of bytes (`long_nops`)."""

ZEROS: Pattern = b"\0"
TRAPS: Pattern = b"\xcc"

NOP = (
    b"",
    bytes.fromhex("90"),  # nop
    bytes.fromhex("6690"),  # xchg %ax,%ax
    bytes.fromhex("0f1f00"),  # nopl (%rax)
    bytes.fromhex("0f1f4000"),  # nopl 0(%rax)
    bytes.fromhex("0f1f440000"),  # nopl 0(%rax,%rax,1)
    bytes.fromhex("660f1f440000"),  # nopw 0(%rax,%rax,1)
    bytes.fromhex("0f1f8000000000"),  # nopl 0L(%rax)
    bytes.fromhex("0f1f840000000000"),  # nopl 0L(%rax,%rax,1)
    bytes.fromhex("660f1f840000000000"),  # nopw 0L(%rax,%rax,1)
    bytes.fromhex("662e0f1f840000000000"),  # nopw %cs:0L(%rax,%rax,1)
)
"""By length; the encodings the Intel manual recommends (NOP, table 4-12)."""


def long_nops(size: int) -> bytes:
    """GNU ld's padding of x86-64 code: as many ten-byte NOPs as fit, then one of the rest."""
    return NOP[10] * (size // 10) + NOP[size % 10]


def short_nops(size: int) -> bytes:
    """Its padding of i386 code, whose processors may not know the long ones: two bytes, then
    one."""
    return NOP[2] * (size // 2) + NOP[size % 2]


def fill_bytes(pattern: Pattern, size: int, phase: int = 0) -> bytes:
    """`size` bytes of a gap; phase: how far into the pattern the gap begins."""
    if callable(pattern):
        return pattern(size)
    if len(pattern) == 1:
        return pattern * size
    whole = pattern * ((phase + size) // len(pattern) + 1)
    return whole[phase : phase + size]


def literal_pattern(expr: n.Expr) -> bytes:
    """GNU ld: a hexadecimal constant of any length means the bytes as written: `=0x90` is 90 90 90,
    `=0x0090` is 00 90. Anything else has no pattern of its own (b"")."""
    if isinstance(expr, n.Number):
        digits = expr.literal.lower()
        if digits.startswith("0x") and digits[-1] not in "km":
            text = digits[2:]
            return bytes.fromhex("0" * (len(text) % 2) + text)
    return b""


def word_pattern(value: int) -> bytes:
    """What any other fill means: the low 32 bits, most significant byte first (`=144` is
    00 00 00 90)."""
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def default_pattern(is_code: bool, machine: int, dialect: Dialect) -> Pattern:
    """What pads a section the script gives no fill; machine: EM_ of the output."""
    if not is_code:
        return ZEROS
    if not dialect.pads_code_with_nops:
        return TRAPS
    return long_nops if machine == EM_X86_64 else short_nops
