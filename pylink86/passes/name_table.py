"""How names are stored: the order of GNU ld's table of them, and string tables of both linkers.

COMMON blocks and the symbols of an ELF file are written in the order of that table, so bytes depend
on it.  A string table of GNU ld holds no name that another one ends in; LLD's hold what was asked
for, each time it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

SIZES = (4051, 4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287, 1048573)
"""Buckets of GNU ld's table of names, which grows when it is three quarters full: the numbers that
put the symbols of outputs with 500 to 26,000 names in ascending order."""

OWN_NAMES = 1
"""Names GNU ld puts in without being asked (_GLOBAL_OFFSET_TABLE_)."""


def name_hash(name: str) -> int:
    """The number of a name, of which the remainder says its bucket.  Found by giving GNU ld 60
    names and reading back their addresses.  It only ever grows by a few bits, so that there is
    nothing to cut off: 0.1 us for each letter."""
    value = 0
    data = name.encode("utf-8", "surrogateescape")
    for byte in data:
        value += byte * 0x20001
        value ^= value >> 2
    value += len(data) * 0x20001
    return value ^ value >> 2


def hash_bucket(name: str) -> int:
    """The bucket of a name in a table that has not grown; in one bucket the later name is first."""
    return name_hash(name) % SIZES[0]


def table_order(names: Sequence[str], wanted: Collection[str] | None = None) -> list[str]:
    """Names as GNU ld walks through its table of them.

    names: all there are, each once, in the order in which they came in; wanted: those to return."""
    if wanted is not None and not wanted:
        return []
    if len(names) + OWN_NAMES <= SIZES[0] * 3 // 4:
        some = names if wanted is None else [name for name in names if name in wanted]
        later_first = some[::-1]
        return sorted(later_first, key=hash_bucket)
    order = _grown(names)
    return order if wanted is None else [name for name in order if name in wanted]


def _grown(names: Sequence[str]) -> list[str]:
    """The walk through a table that has grown: names of each old bucket, from the first bucket on,
    were put at the front of the new ones, so that their order is turned round each time, but not
    that of names with one number."""
    sizes = iter(SIZES)
    size = next(sizes)
    buckets: dict[int, list[tuple[int, str]]] = {}
    for count, name in enumerate(names, 1 + OWN_NAMES):
        number = name_hash(name)
        buckets.setdefault(number % size, []).append((number, name))
        if count <= size * 3 // 4:
            continue
        size = next(sizes, size)
        old, buckets = buckets, {}
        for index in sorted(old):
            if len(old[index]) == 1:
                buckets.setdefault(old[index][0][0] % size, []).append(old[index][0])
                continue
            for hashed, run in groupby(reversed(old[index]), key=lambda entry: entry[0]):
                buckets.setdefault(hashed % size, []).extend(reversed([*run]))
    return [name for index in sorted(buckets) for _, name in reversed(buckets[index])]


def tail_merged(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """GNU ld's string table: the names in order of first appearance, but what another name ends in
    is stored there.  Returns the table and the offset of each name."""
    encoded = {n: n.encode("utf-8", "surrogateescape") for n in dict.fromkeys(names) if n}
    backwards = {data[::-1]: name for name, data in encoded.items()}
    hosts: dict[str, str] = {}
    last = b""
    for data in sorted(backwards, reverse=True):
        if last.startswith(data):
            hosts[backwards[data]] = backwards[last]
        else:
            last = data
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
