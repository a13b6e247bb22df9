"""The order of GNU ld's table of names: COMMON blocks and the symbols of an ELF file are written in
it, so bytes depend on it."""

from __future__ import annotations

BUCKETS = 4051


def hash_bucket(name: str) -> int:
    """Where GNU ld's table of names has a symbol: it lays COMMON blocks out bucket by bucket, in
    one bucket the later name first.  Found by giving it 60 names and reading back their
    addresses."""
    value = 0
    data = name.encode("utf-8", "surrogateescape")
    for byte in (*data, len(data)):
        value = (value + byte + (byte << 17)) & 0xFFFFFFFF
        value ^= value >> 2
    return value % BUCKETS
