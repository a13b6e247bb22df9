"""The hash in a build id: made of the finished output, with zeros in its own place.

GNU ld hashes headers and sections with MD5 or SHA-1, leaving out file offsets and the symbol table;
LLD hashes the whole file with BLAKE3 (for `fast` with XXH3), each MiB by itself and then the
hashes.  Found by trying which hash of which parts of a linked file is in its note."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR
from ...model import ObjectFile
from ..editing.package_note import NAME as PACKAGE
from ..placement import Placement
from ..relocating.relocate import Patched
from .build_id import HASH_SIZES, HEAD, NAME

GNU_HASHES = {"md5": hashlib.md5, "sha1": hashlib.sha1}
PART = 1 << 20
OF_FILE = (c.SHT_SYMTAB, c.SHT_SYMTAB_SHNDX, c.SHT_STRTAB)
NAMES_OF_FILE = (".symtab", ".symtab_shndx", ".strtab", ".shstrtab")
"""Types and names of the tables that describe the file; others are the program's."""


@attrs.frozen
class NotePlace:
    """Where the note is: the output section's index, and the bytes [start, end) in it."""

    section: int
    start: int
    end: int


def note_place(placed: Placement, style: str) -> NotePlace | None:
    """Where an id that is a hash has to go; None when there is none or its note was discarded."""
    if style not in HASH_SIZES:
        return None
    return _place_of(NAME, placed)


def _place_of(name: str, placed: Placement) -> NotePlace | None:
    """Where a note of the linker's own is."""
    where = placed.addresses
    for sid in range(where.table.base[-1], len(where.table)):
        if where.table.name[sid] == name and where.owner[sid] >= 0:
            start = where.offset[sid]
            return NotePlace(where.owner[sid], start, start + where.size[sid])
    return None


def with_elf_build_id(
    obj: ObjectFile, where: dict[int, int], placed: Placement, style: str, dialect: Dialect
) -> ObjectFile:
    """The output file with its hash in the note.  where: header index of each output section."""
    place = note_place(placed, style)
    if place is None or place.section not in where:
        return obj
    header = where[place.section]
    content = bytearray(obj.contents[header])
    note = bytes(content[place.start : place.end])
    if dialect.build_id_is_of_sections:
        content[place.start : place.end] = bytes(len(note))
        unsigned = _without_package(_with_content(obj, header, content), where, placed)
        hashed = GNU_HASHES[style](usedforsecurity=False)
        for part in _gnu_parts(unsigned):
            hashed.update(part)
        found: bytes = hashed.digest()
    else:
        found = tree_hash(obj.to_bytes(), style)
    content[place.start : place.end] = note[:HEAD] + found
    return _with_content(obj, header, content)


def with_image_build_id(placed: Placement, patched: Patched, image: bytes, style: str) -> Patched:
    """The contents of the sections with the hash of the image they make."""
    place = note_place(placed, style)
    if place is None:
        return patched
    contents = list(patched.contents)
    content = contents[place.section][:]
    content[place.start + HEAD : place.end] = tree_hash(image, style)
    contents[place.section] = content
    return Patched(tuple(contents), patched.applied)


def _without_package(obj: ObjectFile, where: dict[int, int], placed: Placement) -> ObjectFile:
    """GNU ld fills in the note of --package-metadata behind the id: it is hashed as zeros."""
    place = _place_of(PACKAGE, placed)
    if place is None or place.section not in where:
        return obj
    header = where[place.section]
    content = bytearray(obj.contents[header])
    content[place.start : place.end] = bytes(place.end - place.start)
    return _with_content(obj, header, content)


def _with_content(obj: ObjectFile, header: int, content: bytearray) -> ObjectFile:
    contents = list(obj.contents)
    contents[header] = bytes(content)
    return attrs.evolve(obj, contents=tuple(contents))


def _gnu_parts(obj: ObjectFile) -> Iterator[bytes]:
    """What GNU ld hashes: headers with file offsets of 0, and after each section header the bytes
    of the section, except those of the tables that describe the file."""
    data, elf_class = obj.to_bytes(), obj.header.elf_class
    word = elf_class // 8
    head = bytearray(data[: IDENT_SIZE + EHDR[elf_class].size])
    at = IDENT_SIZE + 8 + word  # e_phoff and e_shoff come after four fields and e_entry
    head[at : at + 2 * word] = bytes(2 * word)
    yield bytes(head)
    layout = obj.layout
    assert layout is not None
    size = PHDR[elf_class].size * len(obj.segments)
    yield data[layout.phoff : layout.phoff + size]
    size = SHDR[elf_class].size
    at = 8 + 2 * word  # sh_offset comes after two words, sh_flags and sh_addr
    columns = zip(obj.sections.type, obj.sections.names, obj.contents)
    for index, (kind, name, content) in enumerate(columns):
        row = bytearray(data[layout.shoff + index * size : layout.shoff + (index + 1) * size])
        row[at : at + word] = bytes(word)
        yield bytes(row)
        is_apart = kind in OF_FILE and name in NAMES_OF_FILE
        if kind != c.SHT_NOBITS and not is_apart:
            yield bytes(content)


def tree_hash(data: bytes, style: str) -> bytes:
    """LLD's id of an output in which the id is still 0."""
    digest = _lld_hash(style)
    parts = range(0, max(len(data), 1), PART)
    return digest(b"".join(digest(data[at : at + PART]) for at in parts))


def _lld_hash(style: str) -> Callable[[bytes], bytes]:
    if style == "fast":
        from ..editing.xxh3 import xxh3_64

        return lambda data: xxh3_64(data).to_bytes(8, "little")
    from .blake3 import blake3

    return partial(blake3, size=HASH_SIZES[style])
