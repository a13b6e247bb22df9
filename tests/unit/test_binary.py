"""Raw images: positions, gaps, and the size that is checked before it is made."""

from __future__ import annotations

import pytest

from pylink86 import LinkError
from pylink86.formats.binary import FilePiece, write_binary


def test_pieces_lie_at_their_positions_and_the_rest_is_the_gap_byte():
    pieces = [FilePiece(4, b"cd", "b"), FilePiece(0, b"ab", "a")]
    assert write_binary(pieces, 0) == b"ab\0\0cd"
    assert write_binary(pieces, 8, 0x90) == b"ab\x90\x90cd\x90\x90"


def test_the_later_of_two_pieces_wins():
    assert write_binary([FilePiece(0, b"aaa", ""), FilePiece(1, b"b", "")], 0) == b"aba"


def test_nothing_is_an_empty_image():
    assert write_binary([], 0) == b""


def refusal(pieces, size=0, **options):
    with pytest.raises(LinkError) as caught:
        write_binary(pieces, size, **options)
    (found,) = caught.value.diagnostics
    assert found.slug == "image-too-large"
    return found


def test_an_image_larger_than_allowed_names_both_sides_of_the_widest_hole():
    pieces = [
        FilePiece(0xFFFF_8000_0000_0000, b"k", "section `.kernel`"),
        FilePiece(0x7C00, b"b" * 512, "section `.boot`"),
        FilePiece(0x9000, b"c", "section `.stage`"),
    ]
    found = refusal(pieces)
    assert found.message == "the image would have 0xffff800000000001 bytes, more than 0x40000000"
    assert found.notes == (
        "0xffff7fffffff6fff of them are a hole between section `.stage`, which ends at 0x9001, "
        "and section `.kernel`, which starts at 0xffff800000000000",
    )


def test_the_hole_may_be_at_either_end():
    piece = FilePiece(10, b"x", "section `.a`")
    assert "between the start of the file" in refusal([piece], max_size=5).notes[0]
    assert "and the end of the file" in refusal([piece], 1 << 40).notes[0]


def test_the_limit_itself_is_allowed():
    assert len(write_binary([FilePiece(7, b"x", "")], 0, max_size=8)) == 8
