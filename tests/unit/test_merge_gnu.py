"""Merging in place, with results as GNU ld 2.40 wrote them."""

from __future__ import annotations

import pytest

from pylink86.passes.editing.merge_gnu import merge_in_place, mergeable


def test_the_first_file_keeps_the_string():
    merged = merge_in_place([b"hello\0world\0", b"world\0more\0"], 1, 1, True)
    assert merged.contents == (b"hello\0world\0", b"more\0")
    assert merged.maps[1](0) == (0, 6) and merged.maps[1](6) == (1, 0)
    assert merged.maps[1](8) == (1, 2)


def test_strings_live_at_the_end_of_longer_ones_even_of_later_files():
    merged = merge_in_place([b"abc\0", b"xabc\0"], 1, 1, True)
    assert merged.contents == (b"", b"xabc\0")
    assert merged.maps[0](0) == (1, 1)


def test_zeros_after_a_string_are_padding():
    merged = merge_in_place([b"aa\0\0bb\0\0"], 1, 4, True)
    assert merged.contents == (b"aa\0\0bb\0\0",)
    assert merged.maps[0](3) == merged.maps[0](7) == (0, 2)


def test_the_last_section_is_rounded_when_all_inputs_were():
    assert merge_in_place([b"a\0", b"\0b\0\0"], 1, 2, True).contents == (b"a\0", b"\0b\0\0")
    assert merge_in_place([b"qq\0", b"\0b\0\0"], 1, 2, True).contents == (b"qq\0", b"\0b\0")


def test_constants():
    merged = merge_in_place([b"AAAABBBBAAAA", b"BBBBCCCC"], 4, 4, False)
    assert merged.contents == (b"AAAABBBB", b"CCCC")
    assert merged.maps[0](8) == (0, 0) and merged.maps[1](1) == (0, 5)
    assert merged.maps[1](9) is None and merged.maps[1](-1) is None


@pytest.mark.parametrize(
    ("size", "entsize", "align", "strings", "yes"),
    [
        (8, 4, 4, False, True),
        (8, 4, 8, False, False),
        (8, 1, 8, True, True),
        (9, 3, 4, True, False),
        (9, 3, 2, False, False),
        (9, 4, 4, False, False),
        (0, 4, 4, False, False),
        (8, 0, 4, False, False),
    ],
)
def test_which_sections_are_taken_apart(size, entsize, align, strings, yes):
    assert mergeable(size, entsize, align, strings, False) is yes
    assert not mergeable(size, entsize, align, strings, True)


def test_a_string_without_end_is_given_one():
    assert merge_in_place([b"aa\0bb"], 1, 1, True).contents == (b"aa\0bb\0",)
