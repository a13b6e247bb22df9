"""COFF objects made by hand, as nasm and compilers for Windows write them, and damage to them.

Both kinds of header are here (the second is for more than 65,279 sections), sections with
relocations and without contents, groups, weak externals, COMMON symbols and long names.
"""

from __future__ import annotations

import random
import struct

from tests.fuzz.damage import damaged_bytes

MACHINES = (0x14C, 0x8664)
KINDS = {0x14C: (6, 7, 20), 0x8664: (2, 3, 4, 5)}
"""Relocation types: addresses, addresses from the start of the image, distances."""

CODE, DATA, BSS, GROUP = 0x60500020, 0xC0400040, 0xC0300080, 0x1000
EXTERNAL, STATIC, WEAK_EXTERNAL, FILE = 2, 3, 105, 103
BIG_UUID = bytes.fromhex("c7a1bad1eebaa94baf20faf66aa4dcb8")


REFERRED = (2, 4, 5, 6, 8, 9, 10, 12, 13)
"""Numbers of symbols; those between are auxiliary records."""


def coff_object(rng: random.Random) -> bytes:
    """An object of a few sections that refer to each other."""
    machine, big = rng.choice(MACHINES), rng.random() < 0.3
    kinds = KINDS[machine]
    head = 56 if big else 20
    sections = [
        (b".text", CODE, b"\xe8" + bytes(15), 3),
        (b".data", DATA, bytes(16), 2),
        (b".bss", BSS, b"", 0),
        (b".text$mn", CODE | GROUP, b"\x90" * 8, 1),
        (b"/4", DATA, b"x" * 5, 0),
    ]
    body = bytearray()
    headers = bytearray()
    start = head + 40 * len(sections)
    for name, flags, content, many in sections:
        at = start + len(body)
        body += content
        fixups = start + len(body)
        for number in range(many):
            body += struct.pack("<IIH", number * 4 + 1, rng.choice(REFERRED), rng.choice(kinds))
        size = len(content) or 16
        headers += struct.pack(
            "<8sIIIIIIHHI", name, 0, 0, size, at if content else 0, fixups if many else 0, 0, many,
            0, flags,
        )  # fmt: skip
    symbols, count = _symbols(big)
    table = start + len(body)
    if big:
        front = struct.pack("<HHHHI16s4III", 0, 0xFFFF, 2, machine, 0, BIG_UUID, 0, 0, 0, 0,
                            len(sections), table)  # fmt: skip
        front += struct.pack("<I", count)
    else:
        front = struct.pack("<HHIIIHH", machine, len(sections), 0, table, count, 0, 0)
    strings = b".rdata$long\0a_name_that_is_long\0"
    return front + headers + body + symbols + struct.pack("<I", 4 + len(strings)) + strings


def _symbols(big: bool) -> tuple[bytes, int]:
    """The table with its auxiliary records, and how many records it has."""
    form = "<8sIiHBB" if big else "<8sIhHBB"
    size = 20 if big else 18
    long_name = struct.pack("<II", 0, 16)
    rows = [
        (b".file", 0, -2, 0, FILE, b"fuzz.asm"),
        (b".text", 0, 1, 0, STATIC, struct.pack("<IHHIHB", 16, 3, 0, 0, 0, 0)),
        (b"start", 0, 1, 0x20, EXTERNAL, None),
        (b"local", 4, 1, 0, STATIC, None),
        (b".text$mn", 0, 4, 0, STATIC, struct.pack("<IHHIHB", 8, 1, 0, 0x1234, 4, 2)),
        (b"copied", 0, 4, 0x20, EXTERNAL, None),
        (b"other", 0, 0, 0x20, EXTERNAL, None),
        (b"weak", 0, 0, 0, WEAK_EXTERNAL, struct.pack("<II", 3, 2)),
        (b"common", 32, 0, 0, EXTERNAL, None),
        (long_name, 7, -1, 0, EXTERNAL, None),
    ]
    made = b""
    count = 0
    for name, value, section, kind, storage, aux in rows:
        made += struct.pack(form, name, value, section, kind, storage, aux is not None)
        made += aux.ljust(size, b"\0") if aux is not None else b""
        count += 1 + (aux is not None)
    return made, count


def make_coff(rng: random.Random) -> bytes:
    """One that is damaged, mostly in its headers and tables; one in twelve is whole."""
    data = coff_object(rng)
    chance = rng.random()
    if chance < 0.08:
        return data
    if chance < 0.5:
        new = bytearray(data)
        width = rng.choice((2, 4))
        at = rng.choice((rng.randrange(0, 60, 2), rng.randrange(0, len(data) - width, 2)))
        value = rng.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, len(data)))
        new[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
        return bytes(new)
    return damaged_bytes(rng, data)
