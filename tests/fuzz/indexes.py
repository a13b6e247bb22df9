"""Objects with debug data for --gdb-index and --debug-names, and damage to it.

The data is made by hand: one unit whose code is a list of ranges, and its names in both kinds of
table.  Damage goes to what the tables say, so that it gets past the headers of the object.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

from pylink86 import link, read_bytes
from pylink86.elf_const import (
    EM_X86_64,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_MERGE,
    SHF_STRINGS,
    SHT_PROGBITS,
)
from pylink86.model import Header, ObjectFile, SectionRow, Sections
from pylink86.passes.elf_options import ElfOptions
from pylink86.passes.indexing.debug_names import name_hash
from tests.fuzz.damage import damaged_bytes

ABBREV = bytes((1, 0x11, 0, 0x11, 1, 0x55, 0x17, 0x74, 0x17, 0x73, 0x17, 0, 0, 0))
INFO = struct.pack("<IHBBIBQIII", 33, 5, 1, 8, 0, 1, 0, 12, 12, 8)
RANGES = struct.pack("<IHBBI", 32, 5, 8, 0, 0) + bytes((1, 0, 4, 0, 9, 3, 0, 4, 7)) + bytes(12)
ADDRESSES = struct.pack("<IHBBQ", 12, 5, 8, 0, 0)
PUBLIC = struct.pack("<IHIIIB", 23, 2, 0, 37, 17, 0x30) + b"main\0" + bytes(4)
NAMES = (
    struct.pack("<IHHIIIIIII", 0, 5, 0, 1, 0, 0, 1, 1, 9, 0)
    + struct.pack("<IIIII", 0, 1, name_hash(b"main"), 0, 0)
    + bytes((1, 0x2E, 3, 0x13, 4, 0x19, 0, 0, 0))
    + bytes((1, 17, 0, 0, 0, 0))
)
NAMES = struct.pack("<I", len(NAMES) - 4) + NAMES[4:]

PARTS: Mapping[str, bytes] = {
    ".text": b"\xc3" * 16,
    ".debug_abbrev": ABBREV,
    ".debug_info": INFO,
    ".debug_rnglists": RANGES,
    ".debug_ranges": bytes(range(64)),
    ".debug_addr": ADDRESSES,
    ".debug_gnu_pubnames": PUBLIC,
    ".debug_gnu_pubtypes": PUBLIC,
    ".debug_names": NAMES,
    ".debug_str": b"main\0",
}
FLAGS = {".text": SHF_ALLOC | SHF_EXECINSTR, ".debug_str": SHF_MERGE | SHF_STRINGS}


def indexed_object(parts: Mapping[str, bytes]) -> ObjectFile:
    """An object of these sections."""
    rows = [
        SectionRow(
            name, SHT_PROGBITS, FLAGS.get(name, 0), size=len(content),
            entsize=int(name == ".debug_str"),
        )
        for name, content in parts.items()
    ]  # fmt: skip
    return ObjectFile(
        "a.o", Header(64, EM_X86_64), Sections.from_rows(rows), (b"", *parts.values())
    )


def make_indexed(rng: random.Random) -> bytes:
    """One section or two damaged, now and then repeated, as `-r` puts tables behind each other."""
    parts = dict(PARTS)
    for name in rng.sample([*PARTS][1:], rng.choice((1, 1, 2))):
        parts[name] = damaged_bytes(rng, parts[name] * rng.choice((1, 1, 1, 2, 50)))
    return indexed_object(parts).to_bytes()


def feed_indexed(data: bytes) -> None:
    """Link it with both indexes."""
    elf = ElfOptions(gdb_index=True, debug_names=True)
    dialect = ("gnu", "lld")[data[-1] % 2 if data else 0]
    len(link([read_bytes(data, "fuzz.o")], elf=elf, dialect=dialect).image)
