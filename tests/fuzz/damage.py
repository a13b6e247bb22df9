"""Damage at random: bytes, whole fields, records and words, so that some checks pass and a later
one is reached."""

from __future__ import annotations

import random
from collections.abc import Sequence

NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 0x10, 0x7F, 0x80, 0xFF, 0x100, 0xFF00, 0xFFF1, 0xFFF2, 0xFFFE, 0xFFFF,
    0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1,
)  # fmt: skip
"""Values at the ends of what fields can hold, and reserved indices of sections."""


def damaged_bytes(rng: random.Random, data: bytes) -> bytes:
    """A few bytes, fields or stretches of it changed, moved, doubled or cut off."""
    new = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        rng.choice(_KINDS)(rng, new)
    return bytes(new)


def _flip(rng: random.Random, new: bytearray) -> None:
    if new:
        new[rng.randrange(len(new))] ^= 1 << rng.randrange(8)


def _byte(rng: random.Random, new: bytearray) -> None:
    if new:
        new[rng.randrange(len(new))] = rng.randrange(256)


def _field(rng: random.Random, new: bytearray) -> None:
    """A number of 1, 2, 4 or 8 bytes, aligned as fields are, often near its old value."""
    width = rng.choice((1, 2, 4, 8))
    if len(new) < width:
        return
    at = rng.randrange(0, len(new) - width + 1, rng.choice((1, width)))
    old = int.from_bytes(new[at : at + width], "little")
    value = rng.choice((rng.choice(NUMBERS), old + 1, old - 1, old * 2, ~old, rng.getrandbits(64)))
    new[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")


def _stretch(rng: random.Random, new: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(new) + 1)
    return start, min(len(new), start + rng.choice((1, 2, 4, 8, 16, 24, 64, 500)))


def _cut(rng: random.Random, new: bytearray) -> None:
    start, end = _stretch(rng, new)
    del new[start:end]


def _double(rng: random.Random, new: bytearray) -> None:
    start, end = _stretch(rng, new)
    new[start:start] = new[start:end]


def _copy(rng: random.Random, new: bytearray) -> None:
    start, end = _stretch(rng, new)
    at = rng.randrange(len(new) + 1)
    new[at : at + end - start] = new[start:end]


def _fill(rng: random.Random, new: bytearray) -> None:
    start, end = _stretch(rng, new)
    new[start:end] = bytes([rng.choice((0, 0xFF, 0x20, 0x80))]) * (end - start)


def _truncate(rng: random.Random, new: bytearray) -> None:
    del new[rng.randrange(len(new) + 1) :]


_KINDS = (_flip, _byte, _byte, _field, _field, _field, _field, _cut, _double, _copy, _fill,
          _truncate)  # fmt: skip


def damaged_text(rng: random.Random, text: str, words: Sequence[str]) -> str:
    """A few pieces of it dropped, doubled, moved or replaced by words of its language."""
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 0, 1, 2, 5, 20, 80)))
        other = rng.randrange(len(text) + 1)
        piece = rng.choice(
            (
                rng.choice(words),
                f" {rng.choice(words)} ",
                "",
                text[start:end] * rng.choice((2, 2, 50)),
                text[other : other + rng.randint(1, 40)],
                chr(rng.choice((0, 9, 10, 34, 39, 92, 127, 0xE9, 0x2028, 0xDC80, 0x1F600))),
            )
        )
        text = text[:start] + piece + text[end:]
    return text


def damaged_words(
    rng: random.Random, line: Sequence[str], words: Sequence[str], values: Sequence[str]
) -> list[str]:
    """A command line with words of it dropped, doubled, swapped, broken or added."""
    new = list(line)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(new) + 1)
        action = rng.randrange(6)
        if action == 0 and new:
            del new[at - 1]
        elif action == 1 and new:
            new[at - 1] = damaged_text(rng, new[at - 1], values)[:2000]
        elif action == 2 and new:
            new[at:at] = [rng.choice(new)]
        else:
            word = rng.choice(words)
            joined = rng.choice(("", "", "=")) + rng.choice(values)
            new[at:at] = rng.choice(
                ([word], [word + joined], [word, rng.choice(values)], [word[: rng.randint(1, 9)]])
            )
    return new
