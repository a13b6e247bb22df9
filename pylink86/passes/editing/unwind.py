"""The unwind tables of all files as one table (.eh_frame).

To unwind the stack at run time a program carries a record for each function (an FDE), and each
record refers back to a record of what many functions share (a CIE).  Every object file brings its
own CIEs, mostly the same few, and records for functions that may have been dropped from the link.
Copied as they are, the tables would hold repeated CIEs and records of functions that are not there.

So the records are taken out and put together anew, as LLD does it: every different CIE once, in
order of first appearance, after each CIE its FDEs in link order, at the end four zero bytes.
Records keep their size and bytes; only the distance from an FDE back to its CIE is written anew.
Relocations move along by the offset maps.  Measured with ld.lld-19 (it neither aligns records nor
drops unused CIEs).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence

import attrs

from ...diag import LinkError, fail
from ...elf_tables import Buffer
from .edit import OffsetMap, shifted

WORD = struct.Struct("<I").unpack_from
PACK_WORD = struct.Struct("<I").pack_into
TERMINATOR = bytes(4)

Relocation = tuple[int, Hashable, int]
"""Offset in the section, who the symbol is (equal for equal symbols of different files), addend."""


class UnwindInput:
    """One .eh_frame input section; relocs sorted by offset; place names it in errors."""

    def __init__(
        self, content: Buffer, align: int, relocs: Sequence[Relocation], place: str = ""
    ) -> None:
        self.content, self.align, self.relocs, self.place = content, align, relocs, place


class Unwind:
    """The new section, a map for each input, and (offset of FDE, offset of its CIE) in it."""

    def __init__(
        self,
        content: bytearray,
        align: int,
        maps: tuple[OffsetMap, ...],
        fdes: tuple[tuple[int, int], ...],
    ) -> None:
        self.content, self.align, self.maps, self.fdes = content, align, maps, fdes


@attrs.define(eq=False, repr=False)
class Cie:
    """A different CIE: its bytes, the input and offset that had it first, and the FDEs under it, as
    (input, record start, bytes)."""

    data: bytes
    first: tuple[int, int]
    fdes: list[tuple[int, int, bytes]] = attrs.Factory(list)
    out: int = 0


Piece = tuple[int, int, "Cie | None"]
"""A record of an input: start, size, and what it became when it is a CIE."""


def bad(what: str, place: str, offset: int) -> LinkError:
    return fail("bad-eh-frame", f"{what} in .eh_frame", place=f"{place}+{offset:#x}")


def records(content: Buffer, place: str) -> list[tuple[int, int, int | None]]:
    """The records of one section as (start, size, start of its CIE; None for a CIE).

    A record of length 0 ends the table, whatever follows it.  Source: LSB 5.0 core, 10.6.1.
    Errors: bad-eh-frame for lengths that leave the section, the 64-bit form, or no CIE.
    """
    found: list[tuple[int, int, int | None]] = []
    cies: set[int] = set()
    at, end = 0, len(content)
    while at < end:
        if end - at < 4:
            raise bad(f"{end - at} bytes after the last record", place, at)
        length = WORD(content, at)[0]
        if length == 0:
            break
        if length == 0xFFFFFFFF:
            raise bad("a record in the 64-bit form", place, at)
        if length < 4 or at + 4 + length > end:
            raise bad(f"a record of {length} bytes, {end - at - 4} are left,", place, at)
        back = WORD(content, at + 4)[0]
        if back == 0:
            cies.add(at)
            found.append((at, length + 4, None))
        elif at + 4 - back in cies:
            found.append((at, length + 4, at + 4 - back))
        else:
            raise bad("an FDE that refers to no CIE", place, at)
        at += length + 4
    return found


def merge_unwind(inputs: Sequence[UnwindInput], alive: Callable[[Hashable], bool]) -> Unwind:
    """One unwind table from the tables of many files.

    inputs: in link order, all of one machine class.
    alive: whether the function a symbol stands for is in the output; an FDE belongs to the symbol
        of its first relocation, and one without relocations belongs to nobody and leaves.
    CIEs are the same when their bytes and the symbol of their first relocation (the personality
    routine) are.  Errors: bad-eh-frame.  Source: observed with ld.lld-19.
    """
    cies: dict[tuple[bytes, Hashable], Cie] = {}
    split: list[list[Piece]] = []
    for number, section in enumerate(inputs):
        data = bytes(section.content)
        first = first_relocations(section.relocs)
        here: dict[int, Cie] = {}
        pieces: list[Piece] = []
        for start, size, cie_at in records(data, section.place):
            record = data[start : start + size]
            symbol = first(start, start + size)
            if cie_at is None:
                cie = cies.setdefault((record, symbol), Cie(record, (number, start)))
                here[start] = cie
                pieces.append((start, size, cie))
            else:
                if symbol is not None and alive(symbol):
                    here[cie_at].fdes.append((number, start, record))
                pieces.append((start, size, None))
        split.append(pieces)
    content, placed, fdes = lay_out(list(cies.values()))
    maps = tuple(
        offset_map(number, pieces, placed.get(number, {}), len(inputs[number].content))
        for number, pieces in enumerate(split)
    )
    return Unwind(content, max((s.align for s in inputs), default=1), maps, fdes)


def first_relocations(relocs: Sequence[Relocation]) -> Callable[[int, int], Hashable]:
    """A function from a record [start, end) to the symbol of its first relocation, or None.

    Records are asked for in ascending order, so each relocation is looked at once.
    """
    at = 0

    def first(start: int, end: int) -> Hashable:
        nonlocal at
        while at < len(relocs) and relocs[at][0] < start:
            at += 1
        return relocs[at][1] if at < len(relocs) and relocs[at][0] < end else None

    return first


def lay_out(
    cies: Sequence[Cie],
) -> tuple[bytearray, dict[int, dict[int, int]], tuple[tuple[int, int], ...]]:
    """Content; for each input the new offset of each FDE by its old one; the FDEs with their
    CIEs."""
    content = bytearray()
    placed: dict[int, dict[int, int]] = {}
    fdes = []
    for cie in cies:
        cie.out = len(content)
        content += cie.data
        for number, start, record in cie.fdes:
            out = len(content)
            content += record
            PACK_WORD(content, out + 4, out + 4 - cie.out)
            placed.setdefault(number, {})[start] = out
            fdes.append((out, cie.out))
    content += TERMINATOR
    return content, placed, tuple(fdes)


def offset_map(
    number: int, pieces: Sequence[Piece], placed: dict[int, int], size: int
) -> OffsetMap:
    """The map of one input; what follows its last record (a terminator) is dropped, and so is a CIE
    that stays in another place: its relocation applies once.  What has no records at all (in
    crtbegin.o and crtend.o) is where the table begins."""
    if not pieces:
        return shifted(0, size)
    starts = [start for start, _, _ in pieces]
    outs = [
        placed.get(start) if cie is None else cie.out if cie.first == (number, start) else None
        for start, _, cie in pieces
    ]
    end = pieces[-1][0] + pieces[-1][1] if pieces else 0
    if end < size or not pieces:
        starts.append(end)
        outs.append(None)
    return OffsetMap(tuple(starts), tuple(outs), size)
