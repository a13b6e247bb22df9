"""Unwind tables the way GNU ld edits them: every input section stays where it is.

Out of each go the records of functions that are not in the output or have no code, and CIEs that an
earlier section has already (or nobody refers to). What stays is written anew: without the no-
operations at the end, rounded up to four bytes; of all sections but the last with contents, the
last record is made longer until the next section begins, for zeros between two would look like the
end of the table. The zero record that ends it counts in the last section only.

A record GNU ld does not understand makes it leave the whole input section as it is.  All of this
was found by linking made tables with GNU ld 2.40."""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence

from ...diag import LinkError
from .edit import OffsetMap
from .unwind import Relocation, UnwindInput, records
from .unwind_records import CieTraits, Unreadable, fde_program, padding_start, read_cie, width

PACK_WORD = struct.Struct("<I").pack_into
END = 4
"""Bytes of the record that ends a table."""
ROUND = 4


class Record:
    """A CIE or FDE of an input: its bytes without padding, and what becomes of it.

    cie: of an FDE, its CIE; merged: of a CIE, the equal one that is kept.  out: where it is in what
    is left of the input; -1: it is not there.  is_void: an FDE that is about no code."""

    def __init__(
        self,
        number: int,
        start: int,
        size: int,
        data: bytes,
        traits: CieTraits,
        key: Hashable = None,
        cie: Record | None = None,
        function: Hashable = None,
        merged: Record | None = None,
        out: int = -1,
        new_size: int = 0,
        is_void: bool = False,
    ) -> None:
        self.number, self.start, self.size, self.data = number, start, size, data
        self.traits, self.key, self.cie, self.function = traits, key, cie, function
        self.merged, self.out, self.new_size, self.is_void = merged, out, new_size, is_void

    @property
    def kept(self) -> Record:
        return self.merged or self


class GnuUnwind:
    """What is left of each input, with its map (None: it is as it was); and for each FDE (input,
    offset there, input of its CIE, offset there, encoding of its address)."""

    def __init__(
        self,
        contents: tuple[bytes | None, ...],
        maps: tuple[OffsetMap | None, ...],
        fdes: tuple[tuple[int, int, int, int, int], ...],
    ) -> None:
        self.contents, self.maps, self.fdes = contents, maps, fdes

    @property
    def complete(self) -> bool:
        """Whether every input was understood, so that an index of the table can be made."""
        return None not in self.contents


def edit_unwind(
    inputs: Sequence[UnwindInput],
    words: Sequence[int],
    align: int,
    alive: Callable[[Hashable], bool],
    relocatable: bool = False,
) -> GnuUnwind:
    """Edit the inputs of the output section `.eh_frame`.

    words: bytes of an address in each input.  align: of the output section.  alive: whether the
    function a symbol stands for is in the output.  relocatable: -r, where CIEs are not shared."""
    parsed = [_parse(number, *pair) for number, pair in enumerate(zip(inputs, words))]
    known: dict[Hashable, Record] = {}
    for table in parsed:
        for record in table or ():
            if record.cie is None or record.is_void or not alive(record.function):
                continue
            record.out = 0
            if relocatable:
                record.cie.out = 0
            else:
                _keep(record.cie, known)
    last = _last_with_contents(inputs, parsed)
    contents: list[bytes | None] = []
    maps: list[OffsetMap | None] = []
    for number, (section, table) in enumerate(zip(inputs, parsed)):
        if table is None:
            contents.append(None)
            maps.append(None)
            continue
        content = _lay_out(table, align if number < last else 1)
        if number == len(inputs) - 1 and _ends(section, table):
            content += bytes(END)
        contents.append(content)
        maps.append(_offset_map(table, section, len(content)))
    return GnuUnwind(tuple(contents), tuple(maps), tuple(_fdes(parsed)))


def _parse(number: int, section: UnwindInput, word: int) -> list[Record] | None:
    """The records of an input; None when GNU ld would leave them alone."""
    content = bytes(section.content)
    relocs = {offset: (who, addend) for offset, who, addend in section.relocs}
    found: dict[int, Record] = {}
    try:
        for start, size, cie_at in records(content, section.place):
            data = content[start : start + size]
            if cie_at is None:
                traits = read_cie(data, word)
                data = data[: padding_start(data, traits.program, traits.encoding, word)]
                key = data[4:], _personality(section.relocs, start, size)
                found[start] = Record(number, start, size, data, traits, key)
                continue
            cie = found[cie_at]
            if start + 8 not in relocs:
                return None
            program = fde_program(data, cie.traits, word)
            data = data[: padding_start(data, program, cie.traits.encoding, word)]
            who = relocs[start + 8][0]
            made = Record(number, start, size, data, cie.traits, None, cie, who)
            made.is_void = _is_void(data, cie.traits.encoding, word)
            found[start] = made
    except (Unreadable, LinkError):
        return None
    return list(found.values())


def _is_void(data: bytes, encoding: int, word: int) -> bool:
    """Whether an FDE covers no bytes of code: GNU ld leaves it out."""
    size = width(encoding, word)
    return not any(data[8 + size : 8 + 2 * size])


def _personality(relocs: Sequence[Relocation], start: int, size: int) -> Hashable:
    """The symbol and addend of a CIE's relocation."""
    inside = ((who, addend) for offset, who, addend in relocs if start <= offset < start + size)
    return next(inside, None)


def _keep(cie: Record, known: dict[Hashable, Record]) -> None:
    """The first CIE of equal ones that an FDE needs stays for all."""
    if cie.out < 0 and cie.merged is None:
        first = known.setdefault(cie.key, cie)
        if first is cie:
            cie.out = 0
        else:
            cie.merged = first


def _last_with_contents(
    inputs: Sequence[UnwindInput], parsed: Sequence[Sequence[Record] | None]
) -> int:
    """The last input that holds more than the end of the table."""
    for number in range(len(inputs) - 1, -1, -1):
        table = parsed[number]
        size = len(inputs[number].content) if table is None else sum(r.out >= 0 for r in table)
        if size and (table is not None or size > END):
            return number
    return -1


def _ends(section: UnwindInput, table: Sequence[Record]) -> bool:
    """Whether an input ends with the record that ends the table."""
    end = max((r.start + r.size for r in table), default=0)
    return bytes(section.content[end : end + END]) == bytes(END)


def _lay_out(table: Sequence[Record], align: int) -> bytes:
    """The records that stay, one after another; the size made a multiple of `align`."""
    content = bytearray()
    kept = [record for record in table if record.out >= 0]
    for record in kept:
        record.out = len(content)
        size = -(-len(record.data) // ROUND) * ROUND
        if record is kept[-1]:
            size += -(len(content) + size) % align
        record.new_size = size
        content += record.data.ljust(size, b"\0")
        PACK_WORD(content, record.out, size - 4)
        if record.cie is not None and record.cie.kept.number == record.number:
            PACK_WORD(content, record.out + 4, record.out + 4 - record.cie.kept.out)
    return bytes(content)


def _offset_map(table: Sequence[Record], section: UnwindInput, size: int) -> OffsetMap:
    starts = [record.start for record in table]
    outs = [record.out if record.out >= 0 else None for record in table]
    end = max((r.start + r.size for r in table), default=0)
    if end < len(section.content) or not table:
        starts.append(end)
        outs.append(max(size - END, 0))
    return OffsetMap(tuple(starts), tuple(outs), len(section.content))


def _fdes(
    parsed: Sequence[Sequence[Record] | None],
) -> Sequence[tuple[int, int, int, int, int]]:
    return [
        (r.number, r.out, r.cie.kept.number, r.cie.kept.out, r.traits.encoding)
        for table in parsed
        for r in table or ()
        if r.cie is not None and r.out >= 0
    ]
