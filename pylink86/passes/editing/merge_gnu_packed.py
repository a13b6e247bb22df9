"""Strings of single bytes that may begin anywhere, merged the way GNU ld does it: by columns.

Names in debug data are of this kind, and a program has a hundred thousand of them.  Without
alignment nothing is left of the curious rules of `merge_gnu` but two: a string stays in the section
that had it first, and strings live at the end of longer ones.  So here is no object for a string,
only its number in the order of appearance, and most steps are one call for a whole section."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from ...elf_tables import Buffer
from .merge_gnu import MergedInPlace, SharedMap

ZERO = b"\0"


def merge_packed(inputs: Sequence[Buffer]) -> MergedInPlace:
    """The same as `merge_in_place(inputs, 1, 1, True)`, 0.7 us a string."""
    number: dict[bytes, int] = {}
    owners: list[int] = []
    split = []
    for owner, content in enumerate(inputs):
        pieces = bytes(content).split(ZERO)
        if not pieces[-1]:
            pieces.pop()
        new = [piece for piece in dict.fromkeys(pieces) if piece not in number]
        number.update(zip(new, range(len(number), len(number) + len(new))))
        owners += [owner] * len(new)
        split.append(pieces)
    contents, outs = _laid_out([*number], owners, len(inputs))
    maps = []
    for content, pieces in zip(inputs, split):
        starts = (0, *accumulate([len(piece) + 1 for piece in pieces[:-1]]))
        members = [number[piece] for piece in pieces]
        homes = tuple([owners[member] for member in members])
        places = tuple([outs[member] for member in members])
        maps.append(SharedMap(starts[: len(pieces)], homes, places, len(content)))
    return MergedInPlace(contents, tuple(maps))


def _laid_out(
    strings: Sequence[bytes], owners: list[int], count: int
) -> tuple[tuple[bytes, ...], list[int]]:
    """What is left of each of `count` inputs, and where each string is; `owners` gets the owners of
    the strings that those live in."""
    hosts = _hosts(strings)
    kept: list[list[bytes]] = [[] for _ in range(count)]
    sizes = [0] * count
    outs = [0] * len(strings)
    for entry, (string, owner) in enumerate(zip(strings, owners)):
        if entry not in hosts:
            outs[entry] = sizes[owner]
            sizes[owner] += len(string) + 1
            kept[owner].append(string)
    for entry, host in hosts.items():
        owners[entry] = owners[host]
        outs[entry] = outs[host] + len(strings[host]) - len(strings[entry])
    return tuple([ZERO.join([*held, b""]) for held in kept]), outs


def _hosts(strings: Sequence[bytes]) -> dict[int, int]:
    """For each string that a longer one ends with, such a one.

    Read backwards and sorted from the end, those that end alike come behind each other, the longest
    first."""
    backwards = [string[::-1] for string in strings]
    found: dict[int, int] = {}
    host, longest = -1, b""
    for entry in sorted(range(len(strings)), key=backwards.__getitem__, reverse=True):
        if host >= 0 and longest.startswith(backwards[entry]):
            found[entry] = host
        else:
            host, longest = entry, backwards[entry]
    return found
