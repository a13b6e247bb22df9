"""Linked files that no linker would write: sections and program headers drawn at random.

The sections lie in the file as the gABI wants them, inside the segments that map them; how many
segments there are, what they overlap and where they are loaded is up to the dice.
"""

from __future__ import annotations

import random
import struct
from typing import NamedTuple

HEADS = {64: 64, 32: 52}
EHDR = {64: struct.Struct("<HHIQQQIHHHHHH"), 32: struct.Struct("<HHIIIIIHHHHHH")}
SHDR = {64: struct.Struct("<IIQQQQIIQQ"), 32: struct.Struct("<10I")}
PHDR = {64: (56, "<IIQQQQQQ", (0, 1, 2, 3, 4, 5, 6, 7)), 32: (32, "<8I", (0, 2, 3, 4, 5, 6, 1, 7))}
SYM = {64: struct.Struct("<IBBHQQ"), 32: struct.Struct("<IIIBBH")}

PROGBITS, SYMTAB, STRTAB, NOTE, NOBITS = 1, 2, 3, 7, 8
LOAD, PT_NOTE, TLS, STACK, RELRO = 1, 4, 7, 0x6474E551, 0x6474E552


class Part(NamedTuple):
    """A section with its place."""

    name: str
    kind: int
    flags: int
    addr: int
    offset: int
    size: int
    align: int


def drawn_image(rng: random.Random) -> bytes:
    """The bytes of an executable file."""
    bits = rng.choice((64, 64, 32))
    count = rng.choice((1, 2, 2, 3, 4))
    page = rng.choice((0x1000, 0x1000, 0x10, 0x200000 if bits == 64 else 0x1000))
    rows: list[tuple[int, ...]] = []
    parts: list[Part] = []
    total = count + 4
    body = bytearray(HEADS[bits] + total * PHDR[bits][0])
    vma = 0x100000
    for number in range(count):
        vma = _segment(rng, body, parts, rows, vma, page, with_headers=number == 0)
    _extra(rng, parts, rows)
    for name in (".comment", ".debug_info", ".meta")[: rng.randrange(4)]:
        data = rng.randbytes(rng.randrange(1, 30))
        parts.append(Part(name, PROGBITS, 0, 0, len(body), len(data), 1))
        body += data
    return _written(bits, body, parts, rows)


def _segment(
    rng: random.Random, body: bytearray, parts: list[Part], rows: list[tuple[int, ...]],
    vma: int, page: int, *, with_headers: bool,
) -> int:  # fmt: skip
    """One PT_LOAD and its sections; returns where the next may begin."""
    headers = with_headers and rng.random() < 0.4
    if headers:
        start, vma = 0, vma // page * page
        at = len(body)
    else:
        start = len(body) + (vma - len(body)) % page
        body += bytes(start - len(body))
        at = start
    shift = rng.choice((0, 0, 0, -0x80000, 0x1000000, 0x10))
    shift = shift if vma + shift >= 0 else 0
    writable = rng.random() < 0.5
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        align = rng.choice((1, 1, 4, 16, 64))
        at += -(vma + at - start) % align + rng.choice((0, 0, 0, 8, 0x40))
        size = rng.choice((1, 4, 8, 32, 100))
        body += bytes(max(at - len(body), 0)) + rng.randbytes(size)
        name = rng.choice((".text", ".data", ".rodata", ".boot")) + rng.choice(
            ("", ".x", f".{at:x}")
        )
        if any(part.name == name for part in parts):
            name += f".{at:x}"
        flags = 2 | (1 if writable else rng.choice((0, 4)))
        parts.append(Part(name, PROGBITS, flags, vma + at - start, at, size, align))
        at += size
    filled = at - start
    memory = filled
    if writable and rng.random() < 0.5:
        memory += -memory % 16
        size = rng.choice((4, 64, 3000))
        room = ".bss" if all(part.name != ".bss" for part in parts) else f".bss.{vma:x}"
        parts.append(Part(room, NOBITS, 3, vma + memory, start + filled, size, 16))
        memory += size
    elif rng.random() < 0.1:
        memory += 64
    rows.append((LOAD, 5 + writable, start, vma, vma + shift, filled, memory, page))
    return (vma + memory + page - 1) // page * page + rng.choice((0, page, start % page))


def _extra(rng: random.Random, parts: list[Part], rows: list[tuple[int, ...]]) -> None:
    """Segments that are views of sections, or of nothing."""
    if rng.random() < 0.5:
        rows.append((STACK, 6, 0, 0, 0, 0, 0, rng.choice((0, 8, 16))))
    for kind in (PT_NOTE, RELRO, 0x60001234):
        if rng.random() < 0.25:
            part = rng.choice(parts)
            size = 0 if part.kind == NOBITS else part.size
            rows.append((kind, 4, part.offset, part.addr, part.addr, size, part.size, part.align))


def _written(bits: int, body: bytearray, parts: list[Part], rows: list[tuple[int, ...]]) -> bytes:
    """Headers and tables around the contents."""
    named = bytearray(b"\0")
    strings = bytearray(b"\0")
    symbols = bytes(SYM[bits].size)
    for number, part in enumerate(parts, 1):
        where = len(strings)
        strings += f"in{number}\0".encode()
        row = (where, 0x11, 0, number, part.addr, 1)
        if bits == 32:
            row = (where, part.addr, 1, 0x11, 0, number)
        symbols += SYM[bits].pack(*row)
    heads = [bytes(SHDR[bits].size)]

    def add(name: str, kind: int, flags: int, addr: int, offset: int, size: int, align: int,
            link: int = 0, info: int = 0, entsize: int = 0) -> None:  # fmt: skip
        head = (len(named), kind, flags, addr, offset, size, link, info, align, entsize)
        named.extend(name.encode() + b"\0")
        heads.append(SHDR[bits].pack(*head))

    for part in parts:
        add(part.name, part.kind, part.flags, part.addr, part.offset, part.size, part.align)
    body += bytes(-len(body) % 8)
    add(".symtab", SYMTAB, 0, 0, len(body), len(symbols), 8, len(parts) + 2, 1, SYM[bits].size)
    body += symbols
    add(".strtab", STRTAB, 0, 0, len(body), len(strings), 1)
    body += strings
    at = len(body)
    add(".shstrtab", STRTAB, 0, 0, at, len(named) + 10, 1)
    body += named
    body += bytes(-len(body) % 8)
    size, form, order = PHDR[bits]
    machine = 62 if bits == 64 else 3
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    body[: HEADS[bits]] = ident + EHDR[bits].pack(
        2, machine, 1, parts[0].addr, HEADS[bits], len(body), 0, HEADS[bits], size, len(rows),
        SHDR[bits].size, len(heads), len(heads) - 1,
    )  # fmt: skip
    table = b"".join(struct.pack(form, *(row[i] for i in order)) for row in rows)
    body[HEADS[bits] : HEADS[bits] + len(table)] = table
    return bytes(body) + b"".join(heads)
