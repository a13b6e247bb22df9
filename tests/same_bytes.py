"""A few links whose bytes every Python has to make alike; runs where pytest is not installed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pylink86 import link

ROOT = Path(__file__).resolve().parent.parent

FORMATS = ("gnu binary", "gnu elf64-x86-64", "lld binary", "lld elf64-x86-64")
NAMES = ("hello_O0_static_g", "c64_data", "merge64", "groups64")


def digests() -> list[str]:
    """What a few links of fixtures make, in both dialects."""
    found = []
    for dialect, oformat in map(str.split, FORMATS):
        result = link(
            [ROOT / "fixtures" / "objects" / f"{name}.o" for name in NAMES],
            None if "elf" in oformat else "SECTIONS { . = 0x100000; .a : { *(*) *(COMMON) } }",
            dialect=dialect,
            entry="0",
            oformat=oformat,
            tolerated=("undefined-symbol", "duplicate-symbol", "discarded-symbol"),
        )
        found.append(hashlib.sha256(result.to_bytes(oformat)).hexdigest())
    return found
