"""Merging of equal pieces, with results as ld.lld 19 wrote them, and the hash behind the order."""

from __future__ import annotations

import struct

import pytest

from pylink86.diag import LinkError
from pylink86.elf_const import SHF_ALLOC, SHF_GROUP, SHF_MERGE, SHF_STRINGS, SHF_WRITE
from pylink86.passes.editing.edit import OffsetMap, dropped, shifted
from pylink86.passes.editing.merge import group_key, merge_group, mergeable, split
from pylink86.passes.editing.xxh3 import xxh3_64

ONE = b"hello\0world\0hello\0\0o\0abc\0xabc\0"
TWO = b"world\0more\0"


def test_strings_come_in_the_order_of_lld():
    merged = merge_group([(ONE, 1), (TWO, 1)], 1, True)
    assert merged.content == b"world\0\0hello\0o\0abc\0xabc\0more\0"
    first, second = merged.maps
    assert [first(n) for n in (0, 6, 12, 18, 19)] == [7, 0, 7, 6, 13]
    assert second(0) == 0 and second(8) == merged.content.index(b"re")


def test_tails_share_bytes():
    merged = merge_group([(ONE, 1), (TWO, 1)], 1, True, tail=True)
    assert merged.content == b"hello\0more\0world\0xabc\0"
    assert merged.maps[0](18) == 21 and merged.maps[0](21) == merged.content.index(b"abc")


def test_constants_take_the_largest_alignment_of_the_group():
    def words(*values):
        return struct.pack(f"<{len(values)}Q", *values)

    merged = merge_group([(words(1, 2, 1, 3), 1), (words(2, 4, 1, 5), 16)], 8, False)
    assert merged.align == 16
    assert merged.content == words(5, 0, 1, 0, 2, 0, 3, 0, 4)


def test_pieces_that_are_not_live_leave():
    merged = merge_group([(b"aa\0bb\0", 1), (b"aa\0", 1)], 1, True, live=[{3}, None])
    assert sorted(merged.content.split(b"\0")) == [b"", b"aa", b"bb"]
    assert merged.maps[0](0) is None and merged.maps[1](0) is not None


@pytest.mark.parametrize(
    ("flags", "size", "entsize", "relocated", "yes"),
    [
        (SHF_ALLOC, 8, 4, False, True),
        (SHF_ALLOC, 8, 0, False, False),
        (SHF_ALLOC, 0, 4, False, False),
        (SHF_ALLOC, 9, 4, False, False),
        (SHF_ALLOC, 8, 4, True, False),
        (SHF_ALLOC | SHF_WRITE, 8, 4, False, False),
    ],
)
def test_which_sections_are_taken_apart(flags, size, entsize, relocated, yes):
    assert mergeable(flags | SHF_MERGE, size, entsize, relocated) is yes


def test_which_sections_join():
    strings = SHF_ALLOC | SHF_MERGE | SHF_STRINGS
    assert group_key(strings, 1, 1) == group_key(strings | SHF_GROUP, 1, 1)
    assert group_key(strings, 1, 1) != group_key(strings, 1, 8)
    assert group_key(strings, 1, 1) != group_key(strings, 2, 1)
    assert group_key(SHF_ALLOC | SHF_MERGE, 8, 8) == group_key(SHF_ALLOC | SHF_MERGE, 8, 16)


def test_wide_strings_end_at_aligned_zeros_only():
    data = struct.pack("<9H", 0x41, 0, 0x4100, 0x0041, 0, 0, 0x4200, 0x0042, 0)
    starts, pieces = split(data, 2, True)
    assert b"".join(pieces) == data
    assert starts == (0, 4, 10, 12)


def test_a_string_without_end_is_an_error():
    with pytest.raises(LinkError) as caught:
        merge_group([(b"aa\0bb", 1)], 1, True, place="a.o:(.rodata.str1.1)")
    found = caught.value.diagnostics[0]
    assert (found.slug, found.place) == ("bad-merge-section", "a.o:(.rodata.str1.1)")


def test_offset_maps():
    offsets = OffsetMap((0, 4, 6), (10, None, 0), 9)
    assert [offsets(n) for n in (0, 3, 4, 5, 6, 8, 9)] == [10, 13, None, None, 0, 2, 3]
    assert offsets(10) is None and offsets(-1) is None
    assert list(offsets.pieces()) == [(0, 4, 10), (4, 2, None), (6, 3, 0)]
    assert shifted(5, 4)(4) == 9 and dropped(4)(0) is None


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", 0x2D06800538D394C2),
        (b"a", 0xE6C632B61E964E1F),
        (b"abc", 0x78AF5F94892F3950),
        (b"hello", 0x9555E8555C62DCFD),
        (b"0123456789abcdef", 0x64439946D8FA212D),
        (b"x" * 17, 0x89975E6B7D2F5A11),
        (bytes(range(128)), 0x85C6174C7FF4C46B),
        (bytes(range(129)), 0xEC7642B431BA3E5A),
        (bytes(range(240)), 0x375A384D957FE865),
        (bytes(range(241)), 0x02E8CD95421C6D02),
        (bytes(range(256)) * 4, 0xA870F92984398D22),
        (bytes(range(256)) * 4 + b"a", 0xC715792FB0DD59D9),
        (bytes(range(256)) * 9, 0x5703BD07D242EA32),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, bytes) else "",
)
def test_hash_vectors(data, digest):
    """Values of the reference implementation for each branch of the algorithm."""
    assert xxh3_64(data) == digest
