"""--strip-debug over rows of numbers and over a graph: the same bytes, or no answer."""

from __future__ import annotations

import pytest

import fixtures
from pylink86.diag import LinkError
from pylink86.ops import run
from pylink86.ops.plan import Notes, Plan
from pylink86.ops.strip_columns import strip_debug

NAMES = sorted(fixtures.entries())
LONG_WAY = ("exec64", "c64_common", "symbols64", "dyn32", "boot_long_stabs")
"""Program headers, COMMON, undefined locals, no object, names that decide."""


def the_long_way(data: bytes, monkeypatch: pytest.MonkeyPatch) -> bytes | str:
    monkeypatch.setattr(run, "ONLY_STRIP_DEBUG", frozenset())
    try:
        return run.transform(data, "a.o", Plan(strip_debug=True), "gnu", Notes())
    except LinkError as problem:
        return str(problem)


@pytest.mark.parametrize("name", NAMES)
def test_both_ways_give_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = fixtures.path(name).read_bytes()
    found = strip_debug(data)
    assert found is None or found == the_long_way(data, monkeypatch)


def test_ordinary_objects_take_the_short_way() -> None:
    short = [n for n in NAMES if strip_debug(fixtures.path(n).read_bytes()) is not None]
    assert len(short) > 0.75 * len(NAMES)
    assert not set(short) & set(LONG_WAY)


@pytest.mark.parametrize("name", ["symbols64", "rust_hello_O2_pic", "c32_common"])
def test_damage_has_the_words_of_the_long_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every header byte changed, one at a time: never an exception, never other bytes."""
    data = bytearray(fixtures.path(name).read_bytes())
    shoff = int.from_bytes(data[40:48] if data[4] == 2 else data[32:36], "little")
    for at in [*range(64), *range(shoff, len(data), 7)]:
        before = data[at]
        data[at] = before ^ 0xFF
        found = strip_debug(bytes(data))
        if found is not None:
            assert found == the_long_way(bytes(data), monkeypatch), at
        data[at] = before


def test_only_strip_debug_asks_for_it() -> None:
    assert Plan(strip_debug=True, output_name="x").asked() == {"strip_debug"}
    assert Plan(strip_debug=True, set_start=0).asked() == {"strip_debug", "set_start"}
