"""Does a 64-bit kernel use SSE instructions?  With SSE off the first of them is the end of it.

Bytes that look like such an instruction can be a part of another one, so a find counts only when
decoding from the start of its function meets it.  Decoding here means finding the length of each
instruction: a letter per opcode says what follows it.

Source: Intel SDM volume 2, appendix A (opcode maps).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...elf_tables import string_at
from .kernel import Kernel, Load

CANDIDATE = re.compile(
    rb"(?:[\x66\xf2\xf3][\x40-\x4f]?|[\x40-\x4f])?"
    rb"\x0f[\x10\x11\x28\x29\x57\x6f\x7f\xef\x2a]",
    re.S,
)
"""The moves and clears that code with SSE cannot do without."""
MOST_CANDIDATES = 300
"""Finds that are looked at: a kernel without SSE has some by chance, one with SSE many."""
FARTHEST = 0x4000
"""Bytes from the start of a function up to which a find is looked at."""

PREFIXES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")

# What follows an opcode: nothing ".", ModRM "m", with 8 bits "M", with 16 or 32 bits "Z"; 8 bits
# "b", 16 "w", 16 or 32 "z", 24 "e", 16 to 64 "v", an address of 64 bits "a"; "g" and "G": ModRM,
# and for the first two of its eight kinds 8 bits, or 16 or 32; "x": no such instruction.
_ALU = "mmmmbzxx"
ONE_BYTE = (
    _ALU * 8  # 00: those with 0f, 26, 2e ... are taken care of before
    + "x" * 16  # 40: REX
    + "." * 16  # 50: push, pop
    + "xxxmxxxxzZbM...."  # 60
    + "b" * 16  # 70: jumps
    + "MZxMmmmmmmmmmmmm"  # 80
    + "..........x....."  # 90
    + "aaaa....bz......"  # a0
    + "bbbbbbbbvvvvvvvv"  # b0: mov
    + "MMw.xxMZe.w..bx."  # c0
    + "mmmmxxx.mmmmmmmm"  # d0
    + "bbbbbbbbzzxb...."  # e0
    + ".x....gG......mm"  # f0
)
TWO_BYTES = (
    "mmmmx.....x.xm.x"  # 00
    + "m" * 16  # 10
    + "mmmmxxxxmmmmmmmm"  # 20
    + "......x.xxxxxxxx"  # 30: 38 and 3a are taken care of before
    + "m" * 48  # 40, 50, 60
    + "MMMMmmm.mmmmmmmm"  # 70
    + "z" * 16  # 80: jumps
    + "m" * 16  # 90
    + "...mMmxx...mMmmm"  # a0
    + "mmmmmmmmmmMmmmmm"  # b0
    + "mmMmMMMm........"  # c0
    + "m" * 48  # d0, e0, f0
)
XMM = frozenset([*range(0x10, 0x18), *range(0x28, 0x30), *range(0x50, 0x60), 0xC2, 0xC6])
XMM_WITH_PREFIX = frozenset([*range(0x60, 0x77), *range(0x7C, 0x80), *range(0xD0, 0x100)])
"""Second opcode bytes that use XMM registers; those of the second set MMX registers else."""


@attrs.frozen
class Instruction:
    """Length in bytes; 0 when the bytes are no instruction."""

    size: int
    sse: bool = False


NOT_AN_INSTRUCTION = Instruction(0)


def decode(code: bytes, at: int) -> Instruction:
    """The instruction at an offset of 64-bit code."""
    start, prefixes = at, set()
    while at < len(code) and code[at] in PREFIXES:
        prefixes.add(code[at])
        at += 1
    wide = at < len(code) and code[at] & 0xF8 == 0x48
    at += at < len(code) and code[at] & 0xF0 == 0x40
    code = code[: start + 15]
    if at + 1 >= len(code):
        return Instruction(at + 1 - start if at < len(code) else 0)
    first, second = code[at], code[at + 1]
    if first in (0xC4, 0xC5):
        kind = _vex_kind(code, at)
        at += 3 if first == 0xC4 else 2
        return _sized(code, at + 1, kind, start, prefixes, wide, sse=True)
    if first != 0x0F:
        return _sized(code, at + 1, ONE_BYTE[first], start, prefixes, wide)
    if second in (0x38, 0x3A):
        sse = 0x66 in prefixes
        return _sized(code, at + 3, "mM"[second == 0x3A], start, prefixes, wide, sse)
    with_prefix = bool(prefixes & {0x66, 0xF2, 0xF3})
    sse = second in XMM or (second in XMM_WITH_PREFIX and with_prefix)
    return _sized(code, at + 2, TWO_BYTES[second], start, prefixes, wide, sse)


def _vex_kind(code: bytes, at: int) -> str:
    """AVX: the map is in the prefix; vzeroupper alone has no ModRM."""
    if code[at] == 0xC5:
        return TWO_BYTES[code[at + 2]] if at + 2 < len(code) else "x"
    which = code[at + 1] & 0x1F
    if which == 1:
        return TWO_BYTES[code[at + 3]] if at + 3 < len(code) else "x"
    return {2: "m", 3: "M"}.get(which, "x")


def _sized(
    code: bytes,
    at: int,
    kind: str,
    start: int,
    prefixes: set[int],
    wide: bool,
    sse: bool = False,
) -> Instruction:
    """An instruction whose opcode ends before `at`."""
    if kind == "x":
        return NOT_AN_INSTRUCTION
    half = 2 if 0x66 in prefixes and not wide else 4
    fixed = {".": 0, "b": 1, "w": 2, "e": 3, "z": half, "v": 8 if wide else half}
    fixed["a"] = 4 if 0x67 in prefixes else 8
    if kind in fixed:
        return Instruction(at + fixed[kind] - start, sse)
    if at >= len(code):
        return NOT_AN_INSTRUCTION
    after = {"m": 0, "M": 1, "Z": half}
    test = code[at] >> 3 & 7 < 2
    after |= {"g": 1 if test else 0, "G": half if test else 0}
    return Instruction(at + _modrm(code, at) + after[kind] - start, sse)


def _modrm(code: bytes, at: int) -> int:
    """Bytes of ModRM, SIB and displacement."""
    mod, rm = code[at] >> 6, code[at] & 7
    if mod == 3:
        return 1
    size = 1 + (rm == 4)
    base = code[at + 1] & 7 if rm == 4 and at + 1 < len(code) else rm
    if mod == 0:
        return size + (4 if base == 5 else 0)
    return size + (1 if mod == 1 else 4)


def find_sse(kernel: Kernel) -> tuple[int, str] | None:
    """Address of an SSE instruction, and the function it is in ("" when unknown); None without."""
    functions = _functions(kernel)
    starts = [start for start, _ in functions]
    for load, at in _candidates(kernel):
        index = bisect_right(starts, load.vaddr + at) - 1
        start, name = functions[index] if index >= 0 else (load.vaddr, "")
        start = max(start, load.vaddr)
        if load.vaddr + at - start <= FARTHEST and _meets(load, start, at):
            return load.vaddr + at, name
    return None


def _candidates(kernel: Kernel) -> Iterator[tuple[Load, int]]:
    left = MOST_CANDIDATES
    for load in kernel.loads:
        if load.flags & c.PF_X:
            for found in CANDIDATE.finditer(load.data):
                yield load, found.start()
                left -= 1
                if not left:
                    return


def _functions(kernel: Kernel) -> list[tuple[int, str]]:
    """Address and name of every function, by address; the entry point counts as one."""
    symbols = kernel.file.symbols
    rows = zip(symbols.value, symbols.info, symbols.name_off)
    named = {
        value: string_at(symbols.strings, name)
        for value, info, name in rows
        if info & 0xF == c.STT_FUNC
    }
    return sorted({kernel.entry: "", **named}.items())


def _meets(load: Load, start: int, at: int) -> bool:
    """Whether decoding from `start` arrives at offset `at`, and finds SSE there."""
    code = bytes(load.data[start - load.vaddr : at + 16])
    here, goal = 0, at - (start - load.vaddr)
    while here < goal:
        size = decode(code[here : here + 16], 0).size
        if not size:
            return False
        here += size
    return here <= goal and decode(code[here : here + 16], 0).sse
