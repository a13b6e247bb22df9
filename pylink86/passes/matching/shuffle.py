"""--shuffle-sections: input sections in another order, the same one for the same seed.

A program that only works in the order its sections happen to have is broken; shuffled links find
that out.  The order for a seed is that of LLD, so that a bad one found with it can be looked at
here: a Mersenne Twister begun with the seed (std::mt19937) picks, for each place in turn, one of
the sections that are left, and the one that was there takes its place.

Source: ld.lld(1), and links of up to thirty one-byte sections with ld.lld-19 and many seeds."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Sequence
from typing import TypeVar

from ...wildcard import compile_section_pattern
from .match import SectionId

T = TypeVar("T")

REVERSE = 0xFFFFFFFF
"""The seed -1 as 32 bits: the order is turned round."""

WORDS = 624
"""32-bit words in the state of the generator."""


def shuffled_ranks(
    shuffles: Iterable[tuple[str, int]], sections: Sequence[tuple[SectionId, str]]
) -> dict[SectionId, int]:
    """The rank of each section after all shuffles, one upon the other.

    shuffles: (pattern of section names, seed).  sections: (number, name) in their order; those the
    linker makes in the end have the number -1, and count all the same."""
    now = list(sections)
    for pattern, seed in shuffles:
        fits = compile_section_pattern(pattern)
        places = [i for i, (_, name) in enumerate(now) if fits(name)]
        picked = _shuffled([now[i] for i in places], seed & 0xFFFFFFFF)
        for place, section in zip(places, picked):
            now[place] = section
    return {sid: rank for rank, (sid, _) in enumerate(now) if sid >= 0}


def _shuffled(items: list[T], seed: int) -> list[T]:
    """The items in the order of a seed; 0 is any."""
    if seed == REVERSE:
        return items[::-1]
    generator = mersenne_twister(seed or secrets.randbits(32))
    for place in range(len(items) - 1):
        other = place + generator.getrandbits(32) % (len(items) - place)
        items[place], items[other] = items[other], items[place]
    return items


def mersenne_twister(seed: int) -> random.Random:
    """Python's generator in the state that std::mt19937 begins with (ISO C++ [rand.eng.mers])."""
    state = [seed]
    for i in range(1, WORDS):
        last = state[-1]
        state.append(1812433253 * (last ^ last >> 30) + i & 0xFFFFFFFF)
    generator = random.Random()
    generator.setstate((3, (*state, WORDS), None))
    return generator
