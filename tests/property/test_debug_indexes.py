"""Damaged debug data ends in an index or in errors, never in a traceback or a hang; and the hashes
and tables of an index find every name."""

from __future__ import annotations

import struct
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86 import LinkError, link
from pylink86.elf_const import (
    EM_X86_64,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_MERGE,
    SHF_STRINGS,
    SHT_PROGBITS,
)
from pylink86.model import Header, ObjectFile, SectionRow, Sections
from pylink86.passes.elf_options import ElfOptions
from pylink86.passes.indexing.debug_names import name_hash
from pylink86.passes.indexing.debug_names_read import table_order
from pylink86.passes.indexing.gdb_index import _hash_table, gdb_hash

ABBREV = bytes((1, 0x11, 0, 0x11, 1, 0x55, 0x17, 0x74, 0x17, 0x73, 0x17, 0, 0, 0))
INFO = struct.pack("<IHBBIBQIII", 33, 5, 1, 8, 0, 1, 0, 12, 12, 8)
RANGES = struct.pack("<IHBBI", 32, 5, 8, 0, 0) + bytes((1, 0, 4, 0, 9, 3, 0, 4, 7)) + bytes(12)
ADDRESSES = struct.pack("<IHBBQ", 12, 5, 8, 0, 0)
PUBLIC = struct.pack("<IHIIIB", 23, 2, 0, 37, 17, 0x30) + b"main\0" + bytes(4)
NAMES = (
    struct.pack("<IHHIIIIIII", 0, 5, 0, 1, 0, 0, 1, 1, 9, 0)
    + struct.pack("<IIIII", 0, 1, name_hash(b"main"), 0, 0)
    + bytes((1, 0x2E, 3, 0x13, 4, 0x19, 0, 0, 0))
    + bytes((1, 17, 0, 0, 0, 0))
)
NAMES = struct.pack("<I", len(NAMES) - 4) + NAMES[4:]

PARTS = {
    ".text": b"\xc3" * 16,
    ".debug_abbrev": ABBREV,
    ".debug_info": INFO,
    ".debug_rnglists": RANGES,
    ".debug_ranges": bytes(range(64)),
    ".debug_addr": ADDRESSES,
    ".debug_gnu_pubnames": PUBLIC,
    ".debug_gnu_pubtypes": PUBLIC,
    ".debug_names": NAMES,
    ".debug_str": b"main\0",
}
FLAGS = {".text": SHF_ALLOC | SHF_EXECINSTR, ".debug_str": SHF_MERGE | SHF_STRINGS}


def made(parts: dict[str, bytes]) -> ObjectFile:
    rows = [
        SectionRow(
            name, SHT_PROGBITS, FLAGS.get(name, 0), size=len(content),
            entsize=int(name == ".debug_str"),
        )
        for name, content in parts.items()
    ]  # fmt: skip
    return ObjectFile(
        "a.o", Header(64, EM_X86_64), Sections.from_rows(rows), (b"", *parts.values())
    )


@cache
def options() -> ElfOptions:
    return ElfOptions(gdb_index=True, debug_names=True)


def linked(parts: dict[str, bytes], dialect: str = "lld") -> dict[str, bytes]:
    result = link([made(parts)], elf=options(), dialect=dialect)
    assert result.image
    return {name: bytes(section.content) for name, section in result.sections.items()}


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_sound_data_is_indexed(dialect: str) -> None:
    sections = linked(PARTS, dialect)
    assert b"main\0" in sections[".gdb_index"]
    assert struct.unpack_from("<I", sections[".debug_names"])[0] == len(NAMES) - 4 + 3
    assert ".debug_gnu_pubnames" not in sections


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_data(data: st.DataObject) -> None:
    parts = dict(PARTS)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from([*PARTS][1:-1]))
        parts[name] = data.draw(damaged(parts[name]))
    try:
        linked(parts)
    except LinkError as error:
        assert {d.slug for d in error.diagnostics if d.severity == "error"} == {"bad-debug-names"}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes cut, replaced, or extended."""
    how = draw(st.sampled_from(["cut", "set", "word", "more"]))
    at = draw(st.integers(0, max(len(content) - 1, 0)))
    if how == "cut":
        return content[:at]
    if how == "more":
        return content + draw(st.binary(max_size=40))
    size = 1 if how == "set" else 4
    new = draw(st.sampled_from([b"\0", b"\x01", b"\x7f", b"\x80", b"\xff"])) * size
    return content[:at] + new + content[at + size :]


# Hashes and tables


@given(st.text(st.characters(codec="ascii"), max_size=12))
def test_hashes_do_not_know_upper_case(text: str) -> None:
    lower, upper = text.lower().encode(), text.upper().encode()
    assert gdb_hash(lower) == gdb_hash(upper)
    assert name_hash(lower) == name_hash(upper)


def test_hashes_of_known_names() -> None:
    """As compilers and linkers write them."""
    assert name_hash(b"int") == 0x0B888030
    assert name_hash(b"Foo") == 0x0B887389
    assert name_hash("ß".encode()) == 0x598407
    assert name_hash("İı".encode()) == name_hash(b"ii")
    assert gdb_hash(b"main") & 1023 == 489


@given(st.lists(st.integers(0, (1 << 32) - 1), max_size=900))
def test_every_name_is_found(hashes: list[int]) -> None:
    table = _hash_table([(number, i + 1, i + 1) for i, number in enumerate(hashes)])
    slots = list(struct.iter_unpack("<2I", table))
    mask = len(slots) - 1
    assert len(slots) >= 1024 and not len(slots) & mask
    for i, number in enumerate(hashes):
        at, step = number & mask, number * 17 & mask | 1
        while slots[at] != (i + 1, i + 1):
            assert slots[at] != (0, 0)
            at = at + step & mask


@given(st.lists(st.integers(1, 1 << 20), unique=True, max_size=120))
def test_table_order_loses_nothing(codes: list[int]) -> None:
    assert sorted(table_order(codes)) == sorted(codes)
