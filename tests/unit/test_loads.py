"""Instructions before and after: loads through the global offset table, thread-local sequences."""

from __future__ import annotations

import pytest

from pylink86.arch.loads import rewrite_load
from pylink86.arch.thread import rewrite_thread

GOTPCREL, GOTPCRELX, REX_GOTPCRELX, GOT32, GOT32X = 9, 41, 42, 3, 43

# Bytes before, type, then in GNU ld and in LLD: bytes after and type of the new relocation.
LOADS = (
    ("48 8b 05", GOTPCREL, "48 8d 05 .. PC32", None),
    ("ff 15", GOTPCREL, None, None),
    ("48 8b 05", REX_GOTPCRELX, "48 c7 c0 .. 32S", "48 8d 05 .. PC32"),
    ("4c 8b 0d", REX_GOTPCRELX, "49 c7 c1 .. 32S", "4c 8d 0d .. PC32"),
    ("44 8b 0d", REX_GOTPCRELX, "41 c7 c1 .. 32", "44 8d 0d .. PC32"),
    ("8b 05", GOTPCRELX, "c7 c0 .. 32", "8d 05 .. PC32"),
    ("48 85 05", REX_GOTPCRELX, "48 f7 c0 .. 32S", "48 f7 c0 .. 32S"),
    ("85 0d", GOTPCRELX, "f7 c1 .. 32", None),
    ("48 03 0d", REX_GOTPCRELX, "48 81 c1 .. 32S", "48 81 c1 .. 32S"),
    ("4c 2b 1d", REX_GOTPCRELX, "49 81 eb .. 32S", "49 81 eb .. 32S"),
    ("3b 15", GOTPCRELX, "81 fa .. 32", None),
    ("ff 15", GOTPCRELX, "67 e8 .. PC32", "67 e8 .. PC32"),
    ("ff 25", GOTPCRELX, "e9 .. 90 PC32", "e9 .. 90 PC32"),
    ("ff 35", GOTPCRELX, None, None),
)
TYPES = {2: "PC32", 10: "32", 11: "32S"}


@pytest.mark.parametrize(("before", "kind", "gnu", "lld"), LOADS)
def test_loads_of_x86_64(before: str, kind: int, gnu: str | None, lld: str | None) -> None:
    head = bytes.fromhex(before)
    for dialect, wanted in (("gnu", gnu), ("lld", lld)):
        found = rewrite_load(b"\x90" * 3 + head + bytes(4), 3 + len(head), kind, -4, 8, dialect)
        if wanted is None:
            assert found is None
            continue
        assert found is not None
        new = bytearray(b"\x90" * 3 + head + bytes(4))
        new[found.start : found.start + len(found.code)] = found.code
        shown = new[3 : found.place].hex(" "), "..", new[found.place + 4 :].hex(" ")
        assert " ".join((*filter(None, shown), TYPES[found.type])) == wanted
        assert found.addend == (-4 if found.type == 2 else 0)


def test_a_load_of_something_behind_the_slot_stays() -> None:
    assert rewrite_load(bytes.fromhex("488b0500000000"), 3, REX_GOTPCRELX, 0, 8, "gnu") is None


@pytest.mark.parametrize(
    ("before", "after"),
    (
        ("8b 83", "c7 c0"),
        ("8b 0d", "c7 c1"),
        ("85 8b", "f7 c1"),
        ("03 8b", "81 c1"),
        ("ff 93", "67 e8"),
    ),
)
def test_loads_of_i386_are_rewritten_by_gnu_ld_alone(before: str, after: str) -> None:
    content = bytes.fromhex(before) + bytes(4)
    found = rewrite_load(content, 2, GOT32X, 0, 4, "gnu")
    assert found is not None and found.code[:2] == bytes.fromhex(after)
    assert rewrite_load(content, 2, GOT32X, 0, 4, "lld") is None
    assert rewrite_load(content, 2, GOT32, 0, 4, "gnu") is None


THREADS = (
    (8, 19, 4, "66488d3d00000000666648e800000000", "64488b042500000000488d8000000000", True),
    (8, 20, 3, "488d3d00000000e800000000", "66666664488b042500000000", True),
    (8, 22, 3, "488b1500000000", "48c7c200000000", False),
    (8, 22, 3, "4c8b0d00000000", "49c7c100000000", False),
    (8, 22, 3, "480305 00000000", "488d8000000000", False),
    (8, 22, 3, "4c032500000000", "4981c400000000", False),
    (8, 34, 3, "488d0500000000", "48c7c000000000", False),
    (8, 35, 0, "ff10", "6690", False),
    (4, 18, 3, "8d041d00000000e800000000", "65a10000000081e800000000", True),
    (4, 19, 2, "8d8300000000e800000000", "65a100000000908d742600", True),
    (4, 15, 1, "a100000000", "b800000000", False),
    (4, 16, 2, "8b9000000000", "c7c200000000", False),
    (4, 33, 2, "2b9300000000", "81ea00000000", False),
    (4, 39, 2, "8d8300000000", "8d0500000000", False),
)


@pytest.mark.parametrize(("word", "kind", "place", "before", "after", "swallows"), THREADS)
def test_thread_local_sequences(
    word: int, kind: int, place: int, before: str, after: str, swallows: bool
) -> None:
    found = rewrite_thread(bytes.fromhex(before), place, kind, word, True, "gnu")
    assert found is not None
    assert (found.start, found.code.hex(), found.swallows) == (0, after, swallows)
    assert rewrite_thread(bytes(len(found.code)), place, kind, word, True, "gnu") is None


def test_a_call_that_is_not_there_is_not_swallowed() -> None:
    content = bytes.fromhex("488d3d00000000e800000000")
    assert rewrite_thread(content, 3, 20, 8, False, "gnu") is None
