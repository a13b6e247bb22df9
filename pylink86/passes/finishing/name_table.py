"""How names are stored: the order of GNU ld's table of them, and string tables of both linkers.

COMMON blocks and the symbols of an ELF file are written in the order of that table, so bytes depend
on it.  A string table of GNU ld holds no name that another one ends in; LLD's hold what was asked
for, each time it was."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, compress

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


_LANE, _LANES = 8, 4096
"""Bytes of a lane, and how many names are hashed side by side at most."""

_FEW = 8
"""So many names of one length are hashed one by one sooner than side by side."""


def name_hashes(names: Sequence[str]) -> list[int]:
    """The number of each name.

    What is done for a letter is adding and shifting, which Python does to one long integer as fast
    as to hundreds of short ones.  So names of one length stand side by side in such an integer, a
    lane of 64 bits each: 0.03 us for each letter."""
    by_length: dict[int, list[int]] = {}
    for at, length in enumerate(map(len, names)):
        by_length.setdefault(length, []).append(at)
    found = [0] * len(names)
    for length, group in by_length.items():
        for begin in range(0, len(group), _LANES):
            some = group[begin : begin + _LANES]
            text = "".join([names[at] for at in some])
            if len(some) < _FEW or not text.isascii():
                numbers: Iterable[int] = [name_hash(names[at]) for at in some]
            else:
                numbers = _side_by_side(text.encode("ascii"), length, len(some))
            for at, number in zip(some, numbers):
                found[at] = number
    return found


def _side_by_side(letters: bytes, length: int, names: int) -> tuple[int, ...]:
    """The numbers of so many names of one length; letters: of all, name after name."""
    size = _LANE * names
    inside = int.from_bytes((b"\xff" * (_LANE - 1) + b"\x3f") * names, "little")  # of x >> 2
    column = bytearray(size)
    lanes = 0
    for letter in range(length):
        column[::_LANE] = letters[letter::length]
        lanes += int.from_bytes(column, "little") * 0x20001
        lanes ^= lanes >> 2 & inside
    column[::_LANE] = b"\1" * names
    lanes += int.from_bytes(column, "little") * (length * 0x20001)
    lanes ^= lanes >> 2 & inside
    return struct.unpack(f"<{names}Q", lanes.to_bytes(size, "little"))


def hash_bucket(name: str) -> int:
    """The bucket of a name in a table that has not grown; in one bucket the later name is first."""
    return name_hash(name) % SIZES[0]


def table_order(names: Sequence[str], wanted: Collection[str] | None = None) -> list[str]:
    """Names as GNU ld walks through its table of them.

    names: all there are, each once, in the order in which they came in; wanted: those to return."""
    if wanted is None:
        return [names[at] for at in table_walk(names)]
    if not wanted:
        return []
    if len(names) + OWN_NAMES <= SIZES[0] * 3 // 4:  # a name's bucket does not depend on others
        later_first = [name for name in reversed(names) if name in wanted]
        return sorted(later_first, key=hash_bucket)
    return [name for at in table_walk(names) if (name := names[at]) in wanted]


def table_walk(names: Sequence[str]) -> list[int]:
    """The places of names in the order of a walk through the table.

    A new name is put at the front of its bucket.  Here a bucket is the number of its first name,
    counted from 1, and each name has that of the next one; 0 is none."""
    hashes = [0, *name_hashes(names)]
    following = [0] * len(hashes)
    firsts: list[int] = []
    begin = 1
    for size in SIZES:
        firsts = _spread(firsts, following, hashes, size)
        end = size * 3 // 4 + 2 - OWN_NAMES if size != SIZES[-1] else len(hashes) + 1
        buckets = [number % size for number in hashes[begin:end]]
        for number, bucket in enumerate(buckets, begin):
            following[number] = firsts[bucket]
            firsts[bucket] = number
        if len(hashes) < end:
            break
        begin = end
    walk = []
    for number in filter(None, firsts):
        while number:
            walk.append(number - 1)
            number = following[number]
    return walk


def _spread(firsts: list[int], following: list[int], hashes: list[int], size: int) -> list[int]:
    """The table with so many buckets: bucket by bucket, each name is put at the front of its new
    one; those with one number that stand together move together, as they are."""
    new = [0] * size
    for number in filter(None, firsts):
        while number:
            last, after = number, following[number]
            value = hashes[number]
            while after and hashes[after] == value:
                last, after = after, following[after]
            bucket = value % size
            following[last] = new[bucket]
            new[bucket] = number
            number = after
    return new


def tail_merged(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """GNU ld's string table: the names in order of first appearance, but what another name ends in
    is stored there.  Returns the table and the offset of each name."""
    different = list(dict.fromkeys(names))
    table, offsets = tail_merged_column(different)
    return table, {"": 0, **dict(zip(different, offsets))}


def tail_merged_column(names: Sequence[str]) -> tuple[bytes, list[int]]:
    """The same table, and the offset of each of these names, in their order."""
    texts = _texts(names)
    stored = dict.fromkeys(texts)
    stored.pop("", None)
    hosts = _hosts([*stored])
    for text in hosts:
        del stored[text]
    table = "\0".join(("", *stored, "")).encode("latin-1")
    starts = accumulate([len(text) + 1 for text in stored], initial=1)
    if len(stored) == len(texts):
        return table, [*starts][:-1]
    where = dict(zip(stored, starts))
    for text, host in hosts.items():
        where[text] = where[host] + len(host) - len(text)
    where[""] = 0
    return table, [where[text] for text in texts]


def _texts(names: Sequence[str]) -> list[str]:
    """The names with one character for each byte that is stored."""
    text = "\0".join(names)
    if text.isascii() and names:
        return text.split("\0")  # each beside the next in memory: they are gone through again
    return [name.encode("utf-8", "surrogateescape").decode("latin-1") for name in names]


def _hosts(texts: Iterable[str]) -> dict[str, str]:
    """For each text that another one ends in, the longest that does.  Sorted by their ends, the
    texts with one end stand one behind the other, the longest first."""
    back = sorted([text[::-1] for text in texts], reverse=True)
    rest = back[1:]
    hosts: dict[str, str] = {}
    for longer, shorter in compress(zip(back, rest), map(str.startswith, back, rest)):
        hosts[shorter] = hosts.get(longer, longer)
    return {end[::-1]: host[::-1] for end, host in hosts.items()}


def strung(names: Sequence[str]) -> tuple[bytes, list[int]]:
    """LLD's table of symbol names: one after the other, equal ones too; the offset of each."""
    table, found = bytearray(1), []
    for name in names:
        found.append(len(table) if name else 0)
        table += name.encode("utf-8", "surrogateescape") + b"\0" if name else b""
    return bytes(table), found
