"""Property notes: an image promises what every object promises."""

from __future__ import annotations

import struct

import pytest

from pylink86 import ObjectFile, link, read_bytes
from pylink86.passes.editing.notes import NAME, common_features, property_note
from tests.oracle.objects import Obj, Sec

IBT, SHSTK = 1, 2


def promising(features: int | None, name: str, *, cut: int | None = None) -> ObjectFile:
    """An object with a note of these features; None: without a note."""
    sections = [Sec(".text", "ax", data=b"\xc3")]
    if features is not None:
        note = property_note(features, 8)[:cut]
        sections.append(Sec(NAME, "a", "note", 8, note))
    return read_bytes(Obj(name, "x86_64", tuple(sections)).encode(), name)


@pytest.mark.parametrize(
    ("features", "common"),
    [
        ([3, 3], 3),
        ([3, 1], 1),
        ([1, 2], 0),
        ([3, None], 0),
        ([None], 0),
        ([2], 2),
    ],
)
def test_what_all_promise(features: list[int | None], common: int) -> None:
    files = tuple(promising(f, f"{i}.o") for i, f in enumerate(features))
    assert common_features(files) == common


@pytest.mark.parametrize("word", [4, 8])
def test_a_note_is_as_the_psabi_has_it(word: int) -> None:
    note = property_note(IBT | SHSTK, word)
    name_size, size, kind = struct.unpack_from("<III", note)
    assert (name_size, kind, note[12:16]) == (4, 5, b"GNU\0")
    assert struct.unpack_from("<III", note, 16) == (0xC0000002, 4, 3)
    assert len(note) == 16 + size
    assert size % word == 0


@pytest.mark.parametrize("cut", range(32))
def test_a_note_that_is_cut_short_promises_nothing(cut: int) -> None:
    assert common_features((promising(3, "a.o", cut=cut),)) in (0, 3)
    assert cut > 27 or common_features((promising(3, "a.o", cut=cut),)) == 0


def test_lld_joins_notes_and_gnu_ld_keeps_them() -> None:
    files = [promising(3, "a.o"), promising(1, "b.o")]
    script = f"SECTIONS {{ .text 0x1000 : {{ *(.text) }} .n : {{ *({NAME}) }} }}"
    sizes = {
        dialect: link(files, script, dialect=dialect, oformat="binary").sections[".n"].size
        for dialect in ("gnu", "lld")
    }
    assert sizes == {"gnu": 64, "lld": 32}
    result = link(files, script, dialect="lld", oformat="binary")
    assert result.sections[".n"].content == property_note(IBT, 8)
