"""Damaged debug data ends in an index or in errors, never in a traceback or a hang; and the hashes
and tables of an index find every name."""

from __future__ import annotations

import struct
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86 import LinkError, link
from pylink86.passes.elf_options import ElfOptions
from pylink86.passes.indexing.debug_names import name_hash
from pylink86.passes.indexing.debug_names_read import table_order
from pylink86.passes.indexing.gdb_index import _hash_table, gdb_hash
from tests.fuzz.indexes import NAMES, PARTS, indexed_object


@cache
def options() -> ElfOptions:
    return ElfOptions(gdb_index=True, debug_names=True)


def linked(parts: dict[str, bytes], dialect: str = "lld") -> dict[str, bytes]:
    result = link([indexed_object(parts)], elf=options(), dialect=dialect)
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
