"""What .gdb_index will say of each object: its units, where their code is, and its names.

All of it is read before anything has an address, as offsets in sections of the object; what the
output has of it, and where, is for `gdb_index`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial

import attrs

from ...diag import Diagnostics
from ..names.resolve import Resolution
from .debug_file import INFO, DebugFile
from .debug_ranges import BadRanges, Range, unit_ranges
from .debug_units import BadUnit, Unit, units_of
from .pubnames import TABLES, PublicName, public_names

EXTRA = {4: 0, 8: 8}
"""What LLD forgets of the length of a unit, by the width of its offsets."""


@attrs.frozen(eq=False, repr=False)
class IndexedFile:
    """What an index says of a file: its units as (offset, length) in its section `info`; the code
    of each, by the unit's number; its names, each with the number of a unit."""

    number: int
    info: int
    units: Sequence[tuple[int, int]]
    code: Sequence[tuple[int, Range]]
    names: Sequence[tuple[PublicName, int]]


def read_files(resolution: Resolution, diags: Diagnostics) -> list[IndexedFile]:
    """Every file with debug data, in order.  Warns with bad-debug-data; what was understood of a
    file counts."""
    found = []
    for number, obj in enumerate(resolution.files[:-1]):
        if INFO in obj.sections.names:
            file = DebugFile(resolution, number)
            if file.section(INFO).index:
                found.append(_read(file, diags))
    return found


def _read(file: DebugFile, diags: Diagnostics) -> IndexedFile:
    units: list[Unit] = []
    try:
        for unit in units_of(file):
            units.append(unit)  # those before a damaged one count
    except BadUnit as bad:
        _warn(diags, file, INFO, str(bad))
    offsets = [unit.offset for unit in units]
    return IndexedFile(
        file.number,
        file.section(INFO).index,
        [(unit.offset, unit.length - EXTRA[unit.wide]) for unit in units],
        list(_code(file, units, diags)),
        [(name, _unit_at(offsets, name.unit)) for name in _names(file, diags)],
    )


def _code(
    file: DebugFile, units: Sequence[Unit], diags: Diagnostics
) -> Sequence[tuple[int, Range]]:
    """(number of the unit, range) of all code; none where one of the units is damaged."""
    found: list[tuple[int, Range]] = []
    for number, unit in enumerate(units):
        try:
            found += [(number, covered) for covered in unit_ranges(unit)]
        except (BadUnit, BadRanges) as bad:
            _warn(diags, file, INFO, f"decoding address ranges: {bad}")
            return []
    return found


def _unit_at(offsets: Sequence[int], offset: int) -> int:
    """The number of the first unit from an offset on."""
    return bisect_left(offsets, offset)


def _names(file: DebugFile, diags: Diagnostics) -> Iterator[PublicName]:
    for table in TABLES:
        section = file.section(table)
        if section.index:
            yield from public_names(section, partial(_warn, diags, file, table))


def _warn(diags: Diagnostics, file: DebugFile, section: str, message: str) -> None:
    diags.warn(
        "bad-debug-data",
        message,
        place=f"{file.obj.name}({section})",
        notes=["the index has what could be read of it"],
        help=["compile the file again, or link without --gdb-index"],
    )
