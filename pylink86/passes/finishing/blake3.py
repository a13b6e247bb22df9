"""BLAKE3, the hash LLD makes build ids with.

A build id is a hash of the whole output, and whoever wants LLD's bytes needs LLD's hash.  Written
from the published specification (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function,
fast everywhere"); only plain hashing, up to 32 bytes of output.

BLAKE3 hashes each chunk of 1024 bytes by itself, which pure Python turns to its own use: the same
word of many chunks lies in one big integer, 64 bits for each, so that one addition or shift of
Python's does the work of many.  Cost: 5 ms for a chunk alone, 100 ms for a MiB.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from sys import byteorder

IV = (
    *(0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A),
    *(0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19),
)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
CHUNK, BLOCK = 1024, 64

ROUNDS = 7
MIXES = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)
"""Which words of the state each step of a round mixes: columns, then diagonals."""

LANE = 64
"""Bits for each chunk in a big integer: a word and room for what is shifted out of it."""


def blake3(data: bytes, size: int = 32) -> bytes:
    """The first `size` (at most 32) bytes of the BLAKE3 hash."""
    whole = (len(data) - 1) // CHUNK if data else 0
    values = _whole_chunks(data, whole)
    last = data[whole * CHUNK :]
    values.append(_chunk(last, whole, 0 if whole else ROOT))
    while len(values) > 1:
        values = _parents(values)
    return b"".join(word.to_bytes(4, "little") for word in values[0])[:size]


def _compress(
    chain: Sequence[int], words: Sequence[int], tail: Sequence[int], mask: int
) -> list[int]:
    """The new chaining value, of as many chunks as there are lanes.

    tail: the state's last four words: counter (low, high), bytes in the block, flags.
    """
    state = [*chain, *(word * (mask // 0xFFFFFFFF) for word in IV[:4]), *tail]
    order: Sequence[int] = range(16)
    for _ in range(ROUNDS):
        for step, (a, b, c, d) in enumerate(MIXES):
            x, y = words[order[2 * step]], words[order[2 * step + 1]]
            va, vb, vc, vd = state[a], state[b], state[c], state[d]
            va = (va + vb + x) & mask
            vd ^= va
            vd = (vd >> 16 | vd << 16) & mask
            vc = (vc + vd) & mask
            vb ^= vc
            vb = (vb >> 12 | vb << 20) & mask
            va = (va + vb + y) & mask
            vd ^= va
            vd = (vd >> 8 | vd << 24) & mask
            vc = (vc + vd) & mask
            vb ^= vc
            state[a], state[c], state[d] = va, vc, vd
            state[b] = (vb >> 7 | vb << 25) & mask
        order = [order[i] for i in PERMUTATION]
    return [state[i] ^ state[i + 8] for i in range(8)]


def _ones(lanes: int) -> int:
    """The number 1 in every lane."""
    return ((1 << LANE * lanes) - 1) // ((1 << LANE) - 1)


def _packed(column: Sequence[int]) -> int:
    """Numbers of 32 bits, each in its lane."""
    lanes = array("Q", column)
    if byteorder == "big":
        lanes.byteswap()
    return int.from_bytes(lanes.tobytes(), "little")


def _unpacked(value: int, lanes: int) -> Sequence[int]:
    found = array("Q", value.to_bytes(LANE // 8 * lanes, "little"))
    if byteorder == "big":
        found.byteswap()
    return found


def _words(data: bytes) -> array[int]:
    """Bytes as numbers of 32 bits; `I` has four bytes wherever Python runs."""
    words = array("I", data)
    if byteorder == "big":
        words.byteswap()
    return words


def _whole_chunks(data: bytes, count: int) -> list[tuple[int, ...]]:
    """The chaining values of the first `count` chunks, all at once."""
    if not count:
        return []
    words = _words(data[: count * CHUNK])
    one = _ones(count)
    mask = one * 0xFFFFFFFF
    chain = [word * one for word in IV]
    number = _packed(range(count))
    blocks = CHUNK // BLOCK
    for block in range(blocks):
        flags = (CHUNK_START if block == 0 else 0) | (CHUNK_END if block == blocks - 1 else 0)
        columns = [_packed(words[16 * block + i :: CHUNK // 4]) for i in range(16)]
        chain = _compress(chain, columns, (number, 0, BLOCK * one, flags * one), mask)
    return list(zip(*(_unpacked(word, count) for word in chain)))


def _chunk(data: bytes, number: int, root: int) -> tuple[int, ...]:
    """The chaining value of one chunk of up to 1024 bytes; root: ROOT when it is all there is."""
    chain: Sequence[int] = IV
    last = max((len(data) - 1) // BLOCK, 0)
    for block in range(last + 1):
        part = data[block * BLOCK : (block + 1) * BLOCK]
        flags = (CHUNK_START if block == 0 else 0) | (CHUNK_END | root if block == last else 0)
        words = _words(part.ljust(BLOCK, b"\0"))
        chain = _compress(chain, words, (number, 0, len(part), flags), 0xFFFFFFFF)
    return tuple(chain)


def _parents(values: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """One level up the tree: pairs become one; an odd one at the end goes up as it is."""
    pairs = len(values) // 2
    one = _ones(pairs)
    flags = (PARENT | (ROOT if len(values) == 2 else 0)) * one
    left = list(zip(*values[0 : 2 * pairs : 2]))
    right = list(zip(*values[1 : 2 * pairs : 2]))
    columns = [_packed(column) for column in (*left, *right)]
    chain = _compress(
        [word * one for word in IV], columns, (0, 0, BLOCK * one, flags), one * 0xFFFFFFFF
    )
    above = list(zip(*(_unpacked(word, pairs) for word in chain)))
    return above + values[2 * pairs :]
