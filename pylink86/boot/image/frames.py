"""Physical memory for the kernel: which frame each of its pages gets, and with which permissions.

Pages get frames in the order of their addresses, one after the other from 1 MiB on, so a kernel
needs as much memory as it has pages, wherever they are.  A page that two segments share is one
frame, and may do what either of them may.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import attrs

from ... import elf_const as c
from .kernel import Load
from .paging import NO_EXECUTE, WRITABLE
from .places import PAGE


@attrs.frozen
class Run:
    """`pages` pages from vaddr on, with consecutive frames from `physical` on and equal flags."""

    vaddr: int
    physical: int
    pages: int
    flags: int

    @property
    def end(self) -> int:
        return self.vaddr + self.pages * PAGE


@attrs.frozen(eq=False, repr=False)
class Block:
    """What the loader shall put at a physical address: `data`, or `size` bytes of zeros."""

    address: int
    data: memoryview | None
    size: int

    @property
    def end(self) -> int:
        return self.address + self.size


def page_runs(loads: Iterable[Load], start: int) -> list[Run]:
    """The pages of all loads (sorted, disjoint), with frames from `start` on."""
    runs: list[Run] = []
    for first, end, flags in _merged(loads):
        runs.append(Run(first, start, (end - first) // PAGE, flags))
        start += end - first
    return runs


def _merged(loads: Iterable[Load]) -> Iterator[tuple[int, int, int]]:
    """First page, end and page flags, without a page twice."""
    stretches: list[list[int]] = []
    for load in loads:
        first, end = load.vaddr & -PAGE, -(-load.end // PAGE) * PAGE
        if stretches and first < stretches[-1][1]:
            before = stretches[-1]
            both = before[2] | load.flags
            if before[0] == first:
                before[2] = both
            else:
                before[1] = first
                stretches.append([first, first + PAGE, both])
            first += PAGE
        if first < end:
            stretches.append([first, end, load.flags])
    return ((first, end, page_flags(flags)) for first, end, flags in stretches)


def page_flags(segment_flags: int) -> int:
    """PF_W and PF_X as the page tables say them."""
    writable = WRITABLE if segment_flags & c.PF_W else 0
    return writable | (0 if segment_flags & c.PF_X else NO_EXECUTE)


def frame_of(vaddr: int, runs: list[Run]) -> int:
    """The physical address behind an address of the kernel."""
    run = runs[bisect_right(runs, vaddr, key=lambda run: run.vaddr) - 1]
    return run.physical + vaddr - run.vaddr


def blocks_of(loads: Iterable[Load], runs: list[Run]) -> list[Block]:
    """What the frames hold: bytes of the segments, zeros in between and behind.

    Frames are in the order of addresses without a hole, and so are a load's bytes in them.
    """
    found: list[Block] = []
    at = runs[0].physical
    for load in loads:
        start = frame_of(load.vaddr, runs)
        found += [zeros(at, start), Block(start, load.data, len(load.data))]
        at = start + len(load.data)
    found.append(zeros(at, runs[-1].physical + runs[-1].pages * PAGE))
    return [block for block in found if block.size]


def zeros(start: int, end: int) -> Block:
    """A block without bytes of its own."""
    return Block(start, None, end - start)
