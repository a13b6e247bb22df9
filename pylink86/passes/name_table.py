"""How names are stored: the order of GNU ld's table of them, and string tables of both linkers.

COMMON blocks and the symbols of an ELF file are written in the order of that table, so bytes depend
on it.  A string table of GNU ld holds no name that another one ends in; LLD's hold what was asked
for, each time it was."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, compress, count
from operator import eq

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
    texts = [name.encode("utf-8", "surrogateescape") for name in names]
    by_length: dict[int, list[int]] = {}
    for at, text in enumerate(texts):
        by_length.setdefault(len(text), []).append(at)
    found = [0] * len(names)
    for length, group in by_length.items():
        if len(group) < _FEW:
            for at in group:
                found[at] = name_hash(names[at])
            continue
        for begin in range(0, len(group), _LANES):
            some = group[begin : begin + _LANES]
            letters = b"".join([texts[at] for at in some])
            for at, number in zip(some, _side_by_side(letters, length, len(some))):
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
    if wanted is not None and not wanted:
        return []
    if len(names) + OWN_NAMES <= SIZES[0] * 3 // 4:
        some = names if wanted is None else [name for name in names if name in wanted]
        later_first = some[::-1]
        return sorted(later_first, key=hash_bucket)
    order = _grown(names)
    return order if wanted is None else [name for name in order if name in wanted]


def _grown(names: Sequence[str]) -> list[str]:
    """The walk through a table that has grown.

    A new name is put at the front of its bucket.  When the table grows, its names are put at the
    front of the new buckets in the order of a walk through the old ones.  So a walk is always what
    came last, backwards, and before that the walk so far, backwards, all of it in stable order of
    the new buckets."""
    hashes = name_hashes(names)
    walk: list[int] = []
    begin = 0
    for size in SIZES:
        end = size * 3 // 4 + 1 - OWN_NAMES if size != SIZES[-1] else len(names) + 1
        buckets = [number % size for number in hashes[:end]]
        joining = range(begin, min(end, len(names)))
        walk = [*reversed(joining), *_turned(walk, hashes)]
        walk.sort(key=buckets.__getitem__)
        if len(names) < end:
            break
        begin = end
    return [names[index] for index in walk]


def _turned(walk: list[int], hashes: Sequence[int]) -> list[int]:
    """The walk backwards, but names with one number that stand together, which move together, as
    they are."""
    back = walk[::-1]
    numbers = [hashes[index] for index in back]
    end = 0
    for at in compress(count(), map(eq, numbers, numbers[1:])):  # a name and the next one
        if at < end:
            continue
        end = at + 2
        while end < len(back) and numbers[end] == numbers[at]:
            end += 1
        back[at:end] = back[at:end][::-1]
    return back


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


def _texts(names: Sequence[str]) -> Sequence[str]:
    """The names with one character for each byte that is stored."""
    if all(map(str.isascii, names)):
        return names
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
