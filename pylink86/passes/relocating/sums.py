"""The hot loop: relocations whose value is a sum of addresses and fits.

Of a hundred thousand relocations nearly all are `S + A` or `S + A - P`, with an S that is known and
a result that the field holds.  These are written here; at any other row the loop stops and hands it
back."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...arch.reloc import (
    GOT_PC,
    PC,
    PLT,
    PLT_ABS,
    SIZE,
    Reach,
    patch_of,
    signed_range,
    unsigned_range,
)
from ...arch.reloc import Row as Type

Row = tuple[int, int, int, int]
"""A relocation: offset in its section, type, symbol, addend."""

DISTANCES = (PC, PLT)
"""Kinds whose formula is S + A - P."""

SIGNED, UNSIGNED = (
    {n: struct.Struct(f"<{f}").pack_into for n, f in zip((1, 2, 4, 8), letters)}
    for letters in ("bhiq", "BHIQ")
)
"""By bytes."""


Form = tuple[bool, int, int, Callable[..., None]]
"""What a type does with a value: whether P is subtracted; the lowest and the highest that fits; and
what writes one of these."""


def form_of(row: Type | None, reach: Reach, word: int, in_place: bool) -> Form | None:
    """None for types that are no sum of addresses; the other arguments are as in `patch_of`.

    Where a field can be read as a signed and as an unsigned number, only values of the usual kind
    are written at once: distances have a sign, and so have addresses of 64 bits here, others have
    none.  The distance to a slot of the global offset table is one like any other."""
    if row is None or row.kind in (SIZE, PLT_ABS):
        return None
    patch = patch_of(row._replace(kind=PC) if row.kind == GOT_PC else row, reach, word, in_place)
    if patch is None:
        return None
    is_distance = patch.kind in DISTANCES
    has_sign = is_distance or row.width == 8 or patch.hi <= patch.mask >> 1
    lowest, highest = (signed_range if has_sign else unsigned_range)(row.width)
    pack_into = (SIGNED if has_sign else UNSIGNED)[row.width]
    return is_distance, max(lowest, patch.lo), min(highest, patch.hi), pack_into


Column = Sequence["int | None"] | Mapping[int, "int | None"]
"""S, or what stands for it, by symbol; None where it is no plain number."""


Sum = tuple[Column, bool, int, int, Callable[..., None]]
"""A type in one file: the values it is reckoned from, and its form."""


Elsewhere = Mapping[int, "Mapping[int, int | None] | None"]
"""By symbol that has no plain value: S + A by addend; None where that takes a closer look."""


class _Nowhere(dict[int, None]):
    """Nothing of the file was taken apart or left out."""

    def __missing__(self, symbol: int) -> None:
        return None


NOWHERE: Elsewhere = _Nowhere()


def apply_sums(
    rows: Iterator[Row],
    sums: Mapping[int, Sum | None],
    content: bytearray,
    sec_off: int,
    start: int,
    elsewhere: Elsewhere = NOWHERE,
) -> Row | None:
    """Apply relocations up to the first that is no plain sum, or does not fit; that row, or None
    when all are done.

    sums: by type; sec_off: of the input section in `content`; start: its address.  elsewhere: asked
    where a symbol has no plain value, but not for distances, which take a closer look.  0.3 us a
    row: `rows` can use one tuple again and again, as none is kept."""
    for offset, kind, symbol, addend in rows:
        how = sums[kind]
        if how is None:
            return offset, kind, symbol, addend
        values, is_distance, lo, hi, pack_into = how
        value = values[symbol]
        if value is not None:
            value += addend
        else:
            found = None if is_distance else elsewhere[symbol]
            value = None if found is None else found[addend]
            if value is None:
                return offset, kind, symbol, addend
        if is_distance:
            value -= start + offset
        if not lo <= value <= hi:
            return offset, kind, symbol, addend
        pack_into(content, sec_off + offset, value)
    return None
