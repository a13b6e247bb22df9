"""Sections by the pattern of their names: what is free, what was taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylink86.passes.matching.unclaimed import Unclaimed
from pylink86.passes.section_list import SectionList
from pylink86.wildcard import compile_section_pattern


def unclaimed(*names: str) -> Unclaimed:
    many = [0] * len(names)
    eligible = [True] * len(names)
    return Unclaimed(SectionList((0,), many, [*names], many, many, many, many, eligible))


NAMES = (".text", ".text.b", ".data", ".text.a", ".text", ".t*", ".texts")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (".text", [0, 4]),
        (".text.*", [1, 3]),
        (".text*", [0, 1, 3, 4, 6]),
        (".*a", [2, 3]),
        (".t*", [5]),
        ("*", [0, 1, 2, 3, 4, 5, 6]),
        (".none*", []),
    ],
)
def test_what_a_pattern_means(pattern: str, found: list[int]) -> None:
    sections = unclaimed(*NAMES)
    assert sorted(sections.sections(sections.rows(pattern))) == found


def test_what_was_taken_is_not_free_but_for_a_while() -> None:
    sections = unclaimed(*NAMES)
    sections.take(sections.rows(".text"))
    assert sections.take_section(3, ".text.a") and not sections.take_section(3, ".text.a")
    with sections.trying(every=True):
        assert len(sections.rows(".text*")) == 5
        sections.take(sections.rows("*"))
    with sections.trying():
        assert sorted(sections.sections(sections.rows(".text*"))) == [1, 6]
        sections.take(sections.rows("*"))
    assert sorted(sections.left()) == [1, 2, 5, 6]


@given(
    st.lists(st.text("ab.", max_size=4), max_size=12),
    st.text("ab.*?", min_size=1, max_size=4),
)
def test_it_is_what_the_predicate_says(names: list[str], pattern: str) -> None:
    """No name here holds a wildcard, so none is the text of a pattern with one."""
    sections = unclaimed(*names)
    matches = compile_section_pattern(pattern)
    found = sorted(sections.sections(sections.rows(pattern)))
    assert found == [at for at, name in enumerate(names) if matches(name)]
