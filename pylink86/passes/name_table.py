"""How names are stored: the order of GNU ld's table of them, and string tables of both linkers.

COMMON blocks and the symbols of an ELF file are written in the order of that table, so bytes depend
on it.  A string table of GNU ld holds no name that another one ends in; LLD's hold what was asked
for, each time it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def tail_merged(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """GNU ld's string table: the names in order of first appearance, but what another name ends in
    is stored there.  Returns the table and the offset of each name."""
    encoded = {n: n.encode("utf-8", "surrogateescape") for n in dict.fromkeys(names) if n}
    hosts: dict[str, str] = {}
    last = ""
    for name in sorted(encoded, key=lambda n: encoded[n][::-1], reverse=True):
        if last and encoded[last].endswith(encoded[name]):
            hosts[name] = last
        else:
            last = name
    where = {"": 0}
    table = bytearray(1)
    for name, data in encoded.items():
        if name not in hosts:
            where[name] = len(table)
            table += data + b"\0"
    for name, host in hosts.items():
        where[name] = where[host] + len(encoded[host]) - len(encoded[name])
    return bytes(table), where


def strung(names: Sequence[str]) -> tuple[bytes, list[int]]:
    """LLD's table of symbol names: one after the other, equal ones too; the offset of each."""
    table, found = bytearray(1), []
    for name in names:
        found.append(len(table) if name else 0)
        table += name.encode("utf-8", "surrogateescape") + b"\0" if name else b""
    return bytes(table), found
