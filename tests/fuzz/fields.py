"""Every field of an ELF file by its place, for damage that leaves none of them out.

Random bytes find the shallow checks; a reader's weak spot is one field at one extreme.  So each
field of each header, symbol, relocation and segment is named here with its offset and width, and
so is each place where a structure begins or ends, to cut the file there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pylink86 import elf_const as c
from pylink86.elf_tables import EHDR, IDENT_SIZE, PHDR, REL, RELA, SHDR, SYM
from pylink86.model import ObjectFile

WIDTHS = {"B": 1, "H": 2, "I": 4, "i": 4, "Q": 8, "q": 8}

MOST_ROWS = 6
"""Of a long table the first and the last rows: what is true of one row is true of the next."""


class Field(NamedTuple):
    """`symbol 3 field 2`, the offset in the file, the width in bytes."""

    name: str
    file_off: int
    width: int


def widths(layout: str) -> list[int]:
    """The widths of the fields of a struct's format: `<10I` is ten times 4."""
    found: list[int] = []
    count = ""
    for letter in layout.lstrip("<"):
        if letter.isdigit():
            count += letter
        else:
            found += [WIDTHS[letter]] * int(count or 1)
            count = ""
    return found


def record_fields(title: str, layout: str, file_off: int) -> Iterator[Field]:
    for number, width in enumerate(widths(layout)):
        yield Field(f"{title} field {number}", file_off, width)
        file_off += width


def tables(file: ObjectFile) -> Iterator[tuple[str, str, int, int]]:
    """title, format, file offset and rows of each table of records."""
    bits = file.header.elf_class
    layout = file.layout
    assert layout is not None
    yield "header", EHDR[bits].format, IDENT_SIZE, 1
    yield "section", SHDR[bits].format, layout.shoff, len(file.sections)
    if file.segments:
        yield "segment", PHDR[bits].format, layout.phoff, len(file.segments)
    records = {c.SHT_SYMTAB: SYM, c.SHT_DYNSYM: SYM, c.SHT_REL: REL, c.SHT_RELA: RELA}
    for section in file:
        if section.type in records:
            record = records[section.type][bits]
            at = file.sections.offset[section.index]
            yield section.name, record.format, at, section.size // record.size


def fields(file: ObjectFile) -> Iterator[Field]:
    """The identification bytes, then every field of every table (the ends of long ones)."""
    for at in range(IDENT_SIZE):
        yield Field(f"ident {at}", at, 1)
    for title, layout, file_off, rows in tables(file):
        size = sum(widths(layout))
        shown = range(rows)
        if title != "section" and rows > MOST_ROWS:
            shown = [*range(MOST_ROWS - 2), rows - 2, rows - 1]  # type: ignore[assignment]
        for row in shown:
            yield from record_fields(f"{title} {row}", layout, file_off + row * size)


def extremes(width: int) -> tuple[int, ...]:
    """0, 1, the largest of each sign, and one less than the largest."""
    top = 1 << 8 * width
    return 0, 1, 2, 3, top // 2 - 1, top // 2, top - 2, top - 1


def with_field(data: bytes, field: Field, value: int) -> bytes:
    end = field.file_off + field.width
    return data[: field.file_off] + value.to_bytes(field.width, "little") + data[end:]


def boundaries(file: ObjectFile, size: int) -> list[int]:
    """Where structures of a file begin and end, and a byte to each side."""
    edges = {0, 4, IDENT_SIZE, size}
    for _, layout, file_off, rows in tables(file):
        record = sum(widths(layout))
        edges.update(range(file_off, file_off + (rows + 1) * record, record))
    for section in file:
        if section.type != c.SHT_NOBITS:
            at = file.sections.offset[section.index]
            edges |= {at, at + section.size}
    near = {edge + step for edge in edges for step in (-1, 0, 1)}
    return sorted(at for at in near if 0 <= at < size)


def damaged_files(file: ObjectFile, data: bytes) -> Iterator[tuple[str, bytes]]:
    """(what was done, bytes) of every cut and every field at every extreme."""
    for at in boundaries(file, len(data)):
        yield f"cut at {at}", data[:at]
    for field in fields(file):
        for value in extremes(field.width):
            new = with_field(data, field, value)
            if new != data:
                yield f"{field.name} = {value:#x}", new
