"""Where the bytes of an input section went when a pass rewrote it: one offset map.

Most input sections are copied as they are.  Some are taken apart: strings that occur twice are kept
once, unwind records of dropped functions leave.  Everything that pointed into such a section
(symbols, relocations, the map, the debugger's view) must then ask where its bytes are now.  An
`OffsetMap` answers for one input section, whoever did the rewriting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

import attrs


@attrs.frozen(repr=False)
class OffsetMap:
    """Input offset -> offset in the new section, piece by piece.

    starts: where each piece begins in the input section: ascending, the first is 0.
    outs: where each piece begins in the new section; None when it was dropped.
    size: of the input section, in bytes.
    """

    starts: tuple[int, ...]
    outs: tuple[int | None, ...]
    size: int

    def __call__(self, offset: int) -> int | None:
        """The offset in the new section; None when the piece was dropped or the section is shorter.

        An offset in the middle of a piece stays in its middle; the end of the section is the end of
        its last piece.
        """
        if not 0 <= offset <= self.size or not self.starts:
            return None
        index = bisect_right(self.starts, offset) - 1
        out = self.outs[index]
        return None if out is None else out + offset - self.starts[index]

    def pieces(self) -> Iterator[tuple[int, int, int | None]]:
        """Each piece as (input offset, size, new offset or None)."""
        ends = (*self.starts[1:], self.size)
        return ((s, e - s, o) for s, e, o in zip(self.starts, ends, self.outs, strict=True))


@attrs.frozen(repr=False)
class Moved:
    """Input offset -> the section that has the byte now, and the offset there.

    homes: for each piece of `offsets`, the number of that section among all input sections; it may
    be the input itself.  end: where the end of the section is, when that is not the end of its last
    piece.
    """

    homes: tuple[int, ...]
    offsets: OffsetMap
    end: tuple[int, int] | None = None

    def __call__(self, offset: int) -> tuple[int, int] | None:
        """(section, offset in it); None when the piece was dropped or the section is shorter."""
        if offset == self.offsets.size and self.end is not None:
            return self.end
        out = self.offsets(offset)
        if out is None:
            return None
        return self.homes[bisect_right(self.offsets.starts, offset) - 1], out

    def within(self, home: int) -> Callable[[int], int | None]:
        """The part of the map that leads to one section."""
        if self.homes.count(home) == len(self.homes):
            return self.offsets

        def offset_in(offset: int) -> int | None:
            found = self(offset)
            return found[1] if found is not None and found[0] == home else None

        return offset_in

    def pieces(self) -> Iterator[tuple[int, int, int, int | None]]:
        """Each piece as (input offset, size, section, offset there or None)."""
        return (
            (start, size, home, out)
            for (start, size, out), home in zip(self.offsets.pieces(), self.homes, strict=True)
        )


def moved_to(home: int, offsets: OffsetMap) -> Moved:
    """The map of an input section whose pieces are all in one section now."""
    return Moved((home,) * len(offsets.starts), offsets)


def shifted(base: int, size: int) -> OffsetMap:
    """The map of a section that was copied as a whole to offset `base`."""
    return OffsetMap((0,), (base,), size)


def dropped(size: int) -> OffsetMap:
    """The map of a section of which nothing is left."""
    return OffsetMap((0,), (None,), size)
