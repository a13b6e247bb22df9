"""Equal strings and constants of different files, kept once (SHF_MERGE).

Compilers put literals into sections that say: my content is a row of strings, or of constants of
one size, and nobody cares where each of them is.  A linker may then keep one copy of equal ones and
move everything that pointed to the others.  Twenty files that print "error: %s\\n" need it once.

Which pieces survive is clear; in which order they come is each linker's own, and whoever compares
images byte by byte needs the same order.  This module knows LLD's (measured with ld.lld-19):
pieces are dealt into 32 shards by five bits of their hash, each shard in order of first appearance;
with -O2 strings are sorted from their ends, so that "world" lives inside "hello world".  What GNU
ld does is in `merge_gnu`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence

import attrs

from ...diag import fail
from ...elf_const import SHF_GROUP, SHF_INFO_LINK, SHF_STRINGS, SHF_WRITE
from ...elf_tables import Buffer
from .edit import OffsetMap
from .xxh3 import xxh3_64

Input = tuple[Buffer, int]
"""Content and alignment of one input section."""

LARGEST = 1 << 28
"""Bytes of merged pieces, each aligned; a larger product is a mistake in somebody's alignment."""

SHARDS = 32


@attrs.frozen
class Merged:
    """One new section in place of several: its bytes, its alignment, and a map for each input."""

    content: bytes
    align: int
    maps: tuple[OffsetMap, ...]


GroupKey = tuple[int, int, int]


def mergeable(flags: int, size: int, entsize: int, has_relocations: bool) -> bool:
    """Whether LLD takes a SHF_MERGE section apart, at -O1 and above.

    Not when it is empty, when the size of its elements is unknown or does not divide its size, or
    when relocations patch it (two equal holes need not stay equal).  Writable ones are refused
    before.
    """
    return not (has_relocations or flags & SHF_WRITE or size == 0 or entsize == 0 or size % entsize)


def group_key(flags: int, entsize: int, align: int) -> GroupKey:
    """Input sections of one output section with equal keys become one section, where the first was.

    Constants may have different alignments, the largest counts; strings may not.  Names do not
    count.
    """
    kept = flags & ~(SHF_GROUP | SHF_INFO_LINK)
    return kept, entsize, align if flags & SHF_STRINGS else 0


def merge_group(
    inputs: Sequence[Input],
    entsize: int,
    is_strings: bool,
    tail: bool = False,
    live: Sequence[Container[int] | None] = (),
    place: str = "",
) -> Merged:
    """One section from many, in LLD's order.

    inputs: content and alignment in bytes of each input section of the group, in link order.
    entsize: bytes of a constant, or of a character; divides the size of each content.
    tail: strings may also end inside each other (LLD -O2).
    live: for each input the offsets of the pieces to keep, None for all (--gc-sections).
    Errors: bad-merge-section for a string without its terminating zero.
    Cost: 0.4 us for a piece seen before, 3 to 5 us for a new one.
    """
    align = max((a for _, a in inputs), default=1)
    where: dict[bytes, int] = {}
    number_of: list[tuple[tuple[int, ...], list[int | None], int]] = []
    for index, (content, _) in enumerate(inputs):
        data = bytes(content)
        starts, pieces = split(data, entsize, is_strings, place)
        kept = live[index] if live else None
        numbers = [
            where.setdefault(p, len(where)) if kept is None or s in kept else None
            for s, p in zip(starts, pieces, strict=True)
        ]
        number_of.append((starts, numbers, len(data)))
    unique = list(where)
    if len(unique) * align > LARGEST:
        raise fail(
            "image-too-large",
            f"{len(unique)} strings or constants aligned to {align:#x} do not fit in memory",
            place=place,
        )
    if tail and is_strings:
        content, outs = pack_tails(unique, align)
    else:
        content, outs = pack(unique, shard_order(unique, entsize if is_strings else 0), align)
    maps = tuple(
        OffsetMap(starts, tuple([None if n is None else outs[n] for n in numbers]), size)
        for starts, numbers, size in number_of
    )
    return Merged(content, align, maps)


def pieces_at(
    content: Buffer, entsize: int, is_strings: bool, offsets: Iterable[int]
) -> frozenset[int]:
    """Where the strings or constants begin that some offsets lie in."""
    starts, _ = split(bytes(content), entsize, is_strings, "")
    return frozenset(
        starts[bisect_right(starts, offset) - 1]
        for offset in offsets
        if starts and 0 <= offset < len(content)
    )


def split(
    data: bytes, entsize: int, is_strings: bool, place: str = ""
) -> tuple[tuple[int, ...], list[bytes]]:
    """Where the pieces of a section begin, and the pieces, strings with their terminator."""
    if not is_strings:
        starts = range(0, len(data), entsize)
        return tuple(starts), [data[s : s + entsize] for s in starts]
    pieces = split_bytes(data) if entsize == 1 else split_wide(data, entsize)
    if pieces and not pieces[-1].endswith(bytes(entsize)):
        raise fail(
            "bad-merge-section",
            f"a string of {len(pieces[-1])} bytes at the end of a mergeable section has no "
            "terminating zero",
            place=place,
            help=("end the section with a zero, or drop the `S` from its flags",),
        )
    starts_list = []
    at = 0
    for piece in pieces:
        starts_list.append(at)
        at += len(piece)
    return tuple(starts_list), pieces


def split_bytes(data: bytes) -> list[bytes]:
    """Strings of bytes, each with its zero; the last one may lack it."""
    parts = data.split(b"\0")
    last = parts.pop()
    pieces = [part + b"\0" for part in parts]
    return [*pieces, last] if last else pieces


def split_wide(data: bytes, entsize: int) -> list[bytes]:
    """Strings of characters of several bytes, each with its zero character."""
    zero = bytes(entsize)
    pieces = []
    start = at = 0
    while (at := data.find(zero, at)) >= 0:
        if at % entsize:
            at += entsize - at % entsize
            if data[at : at + entsize] != zero:
                continue
        at += entsize
        pieces.append(data[start:at])
        start = at
    if start < len(data):
        pieces.append(data[start:])
    return pieces


def shard_order(pieces: Sequence[bytes], terminator: int) -> Iterable[int]:
    """The order in which LLD writes the different pieces, given in order of first appearance.

    terminator: bytes at the end of each piece that do not take part in its hash.
    """
    shards: list[list[int]] = [[] for _ in range(SHARDS)]
    for index, piece in enumerate(pieces):
        text = piece[:-terminator] if terminator else piece
        shards[(xxh3_64(text) & 0xFFFFFFFF) >> 27].append(index)
    return (index for shard in shards for index in shard)


def pack(pieces: Sequence[bytes], order: Iterable[int], align: int) -> tuple[bytes, list[int]]:
    """Pieces one after another, each aligned; and where each of them is."""
    outs = [0] * len(pieces)
    parts = []
    end = 0
    for index in order:
        if end % align:
            gap = -end % align
            parts.append(bytes(gap))
            end += gap
        outs[index] = end
        parts.append(pieces[index])
        end += len(pieces[index])
    return b"".join(parts), outs


def pack_tails(pieces: Sequence[bytes], align: int) -> tuple[bytes, list[int]]:
    """As `pack`, but a piece that ends the one written last lives inside it, where alignment
    allows.

    Sorted by their reversed bytes, descending, every piece follows the longest one it ends.
    """
    outs = [0] * len(pieces)
    parts: list[bytes] = []
    end = 0
    last = b""
    from_the_end = sorted(((p[::-1], i) for i, p in enumerate(pieces)), reverse=True)
    for _, index in from_the_end:
        piece = pieces[index]
        if last.endswith(piece) and (end - len(piece)) % align == 0:
            outs[index] = end - len(piece)
            continue
        gap = -end % align
        parts += (bytes(gap), piece)
        outs[index] = end + gap
        end += gap + len(piece)
        last = piece
    return b"".join(parts), outs
