"""The fixed-size records of ELF, decoded and encoded a whole table at a time.

An ELF file is mostly tables: section headers, symbols, relocations, program headers.  Each table is
an array of equal records, so a few calls of `struct` read it all.  Columns are what the rest of the
package works on: a tuple of ints per field, addressed by index.

Source of every layout: gABI chapters 4 and 5 (little endian), ELF32 and ELF64.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Buffer = bytes | memoryview
Column = tuple[int, ...]

EHDR = {32: struct.Struct("<HHIIIIIHHHHHH"), 64: struct.Struct("<HHIQQQIHHHHHH")}
"""Everything after e_ident: type machine version entry phoff shoff flags ehsize phentsize phnum
shentsize shnum shstrndx."""

SHDR = {32: struct.Struct("<10I"), 64: struct.Struct("<IIQQQQIIQQ")}
"""name type flags addr offset size link info addralign entsize: the same order in both classes."""

PHDR = {32: struct.Struct("<8I"), 64: struct.Struct("<IIQQQQQQ")}
"""32: type offset vaddr paddr filesz memsz flags align; 64: type flags offset vaddr paddr ..."""

SYM = {32: struct.Struct("<IIIBBH"), 64: struct.Struct("<IBBHQQ")}
"""32: name value size info other shndx; 64: name info other shndx value size."""

REL = {32: struct.Struct("<II"), 64: struct.Struct("<QII")}
"""32: offset info; 64: offset, then type and symbol, the halves of r_info."""

RELA = {32: struct.Struct("<IIi"), 64: struct.Struct("<QIIq")}

IDENT_SIZE = 16


BLOCK = 256
"""Records that one format decodes at once: a format as long as a large table would be made anew for
each."""


_blocks: dict[tuple[str, int], struct.Struct] = {}
"""What `_block` has made: `functools.cache` would cost a small tool a millisecond of import."""


def _block(layout: str, count: int) -> struct.Struct:
    """`count` records of a layout such as "<QII" as one record."""
    found = _blocks.get((layout, count))
    if found is None:
        found = _blocks[layout, count] = struct.Struct(layout[0] + layout[1:] * count)
    return found


def columns(record: struct.Struct, table: Buffer, width: int) -> tuple[Column, ...]:
    """A table as `width` columns; an empty table gives empty columns.

    table: its length is a multiple of record.size.  All fields are decoded one after the other and
    every column is a stride of them, so no row is ever made: 100,000 symbols take 15 ms.
    """
    count = len(table) // record.size
    if count <= BLOCK:
        flat: Column = _block(record.format, count).unpack(table)
        return tuple(flat[field::width] for field in range(width))
    fields: list[int] = []
    block = _block(record.format, BLOCK)
    whole = count - count % BLOCK
    for start in range(0, whole * record.size, block.size):
        fields += block.unpack_from(table, start)
    fields += _block(record.format, count % BLOCK).unpack_from(table, whole * record.size)
    return tuple(tuple(fields[field::width]) for field in range(width))


def decode_section_headers(table: Buffer, elf_class: int) -> tuple[Column, ...]:
    """name_off, type, flags, addr, offset, size, link, info, align, entsize."""
    return columns(SHDR[elf_class], table, 10)


def decode_symbols(table: Buffer, elf_class: int) -> tuple[Column, ...]:
    """name_off, value, size, info, other, shndx (as the file has it, 0..0xffff)."""
    found = columns(SYM[elf_class], table, 6)
    if elf_class == 32:
        return found
    name_off, info, other, shndx, value, size = found
    return name_off, value, size, info, other, shndx


def encode_symbols(columns: Sequence[Sequence[int]], elf_class: int) -> bytes:
    """The inverse of decode_symbols: the same columns.

    Each is packed as a whole, and its bytes are put in strides, the first of every number, the
    second of every number and so on, so that no row is ever made: 0.1 us a symbol."""
    record = SYM[elf_class]
    if elf_class == 64:
        name_off, value, size, info, other, shndx = columns
        columns = name_off, info, other, shndx, value, size
    count = len(columns[0])
    table, at = bytearray(record.size * count), 0
    for letter, column in zip(record.format[1:], columns):
        packed = struct.pack(f"<{count}{letter}", *column)
        width = struct.calcsize(f"<{letter}")
        for byte in range(width):
            table[at + byte :: record.size] = packed[byte::width]
        at += width
    return bytes(table)


def decode_relocations(
    table: Buffer, elf_class: int, with_addend: bool
) -> tuple[Column, Column, Column, Column | None]:
    """offset, type, symbol, addend; addend is None for SHT_REL, whose addends lie in the
    section."""
    if elf_class == 64:
        if with_addend:
            offset, kind, symbol, addend = columns(RELA[64], table, 4)
            return offset, kind, symbol, addend
        offset, kind, symbol = columns(REL[64], table, 3)
        return offset, kind, symbol, None
    found = columns(RELA[32] if with_addend else REL[32], table, 3 if with_addend else 2)
    info = found[1]
    kind = tuple([i & 0xFF for i in info])
    symbol = tuple([i >> 8 for i in info])
    return found[0], kind, symbol, found[2] if with_addend else None


def encode_relocations(rows: Iterable[Sequence[int]], elf_class: int, with_addend: bool) -> bytes:
    """The inverse of decode_relocations; rows of (offset, type, symbol[, addend])."""
    if elf_class == 64:
        pack = (RELA if with_addend else REL)[64].pack
        return b"".join(pack(*row) for row in rows)
    if with_addend:
        pack = RELA[32].pack
        return b"".join(pack(o, s << 8 | k, a) for o, k, s, a in rows)
    pack = REL[32].pack
    return b"".join(pack(o, s << 8 | k) for o, k, s in rows)


def decode_segments(table: Buffer, elf_class: int) -> list[tuple[int, ...]]:
    """Rows of type, flags, offset, vaddr, paddr, filesz, memsz, align."""
    rows = PHDR[elf_class].iter_unpack(table)
    if elf_class == 64:
        return [tuple(row) for row in rows]
    return [(t, f, o, v, p, fs, ms, a) for t, o, v, p, fs, ms, f, a in rows]


def encode_segments(rows: Iterable[Sequence[int]], elf_class: int) -> bytes:
    """The inverse of decode_segments."""
    pack = PHDR[elf_class].pack
    if elf_class == 64:
        return b"".join(pack(*row) for row in rows)
    return b"".join(pack(t, o, v, p, fs, ms, f, a) for t, f, o, v, p, fs, ms, a in rows)


def string_at(table: bytes, offset: int) -> str:
    """The NUL-terminated string at an offset; bytes that are not UTF-8 survive as surrogates."""
    return table[offset : table.index(b"\0", offset)].decode("utf-8", "surrogateescape")


def strings_at(table: bytes, offsets: Iterable[int]) -> tuple[str, ...]:
    """Many of them.  Names are ASCII as a rule, so the table is decoded as a whole; else each
    different offset once."""
    if table.isascii():
        text = table.decode("ascii")
        end = text.index
        return tuple([text[off : end("\0", off)] for off in offsets])
    find = table.index
    seen: dict[int, str] = {0: ""} if table[:1] == b"\0" or not table else {}
    names = []
    for off in offsets:
        name = seen.get(off)
        if name is None:
            name = seen[off] = table[off : find(b"\0", off)].decode("utf-8", "surrogateescape")
        names.append(name)
    return tuple(names)


def build_strings(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """A string table holding each name once, and where each begins; begins with the empty name."""
    where = {"": 0}
    parts = [b"\0"]
    end = 1
    for name in names:
        if name not in where:
            where[name] = end
            encoded = name.encode("utf-8", "surrogateescape") + b"\0"
            parts.append(encoded)
            end += len(encoded)
    return b"".join(parts), where
