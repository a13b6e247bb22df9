"""The rows of `.dynsym`: those that the same names have in the symbol table of the output."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from ..finishing.symbol_columns import OutSymbols
from ..own.own_place import own_place
from ..placement import Placement


def fill_dynamic_symbols(
    symbols: OutSymbols,
    placed: Placement,
    where: Mapping[int, int],
    contents: list[bytes],
    elf_class: int,
) -> None:
    """Write the rows into the contents of the section they are in.

    where: header index of each output section; contents: of each header but the first."""
    names, found = placed.addresses.tables.names, own_place(placed, ".dynsym")
    if names is None or not names.order or found is None or found[0] not in where:
        return
    columns, wanted = symbols.columns, frozenset(names.order)
    row_of = {
        name: at for at, name in enumerate(columns.name) if columns.info[at] >> 4 and name in wanted
    }
    rows = bytearray(bytes(24 if elf_class == 64 else 16))
    for name in names.order:
        at = row_of.get(name)
        row = (0, 0, 0, 0, 0) if at is None else (
            columns.info[at], columns.other[at], columns.shndx[at], columns.value[at],
            columns.size[at],
        )  # fmt: skip
        rows += packed(names.offsets[name], row, elf_class)
    header = where[found[0]] - 1
    content = bytearray(contents[header])
    content[found[1] : found[1] + len(rows)] = rows
    contents[header] = bytes(content)


def packed(name: int, row: Sequence[int], elf_class: int) -> bytes:
    """A symbol of an ELF file (gABI ch.4); row: info, other, shndx, value, size."""
    info, other, shndx, value, size = row
    shndx = 0xFFF1 if shndx < 0 else shndx
    if elf_class == 64:
        return struct.pack("<IBBHQQ", name, info, other, shndx, value, size)
    return struct.pack("<IIIBBH", name, value, size, info, other, shndx)
