"""GNU ld's table of names: hashes, buckets, and what growing does to the order."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylink86.passes.finishing import name_table
from pylink86.passes.finishing.name_table import (
    SIZES,
    hash_bucket,
    name_hash,
    name_hashes,
    table_order,
    tail_merged,
    tail_merged_column,
)

NAMES = [f"sym{i}_{i * 7919 % 1000}" for i in range(3100)]


def test_hashes_have_64_bits() -> None:
    """Read back from an output of GNU ld: this name stands between buckets 1221 and 1229."""
    name = (
        "_RNvXs1_NtNtCsgEmfK2I1SDS_4core6marker8varianceNtB5_24PhantomCovariantLifetime"
        "NtNtB9_3fmt5Debug3fmt"
    )
    assert 1221 <= hash_bucket(name) <= 1229
    assert name_hash(name) > 0xFFFFFFFF


def test_a_small_table_is_walked_bucket_by_bucket_the_later_name_first() -> None:
    order = table_order(NAMES[:500])
    assert sorted(order) == sorted(NAMES[:500])
    buckets = [hash_bucket(name) for name in order]
    assert buckets == sorted(buckets)
    for one, two in zip(order, order[1:]):
        if hash_bucket(one) == hash_bucket(two):
            assert NAMES.index(one) > NAMES.index(two)


def test_a_table_grows_when_it_is_three_quarters_full() -> None:
    for count, size in ((3037, 4051), (3038, 4093), (3068, 4093), (3069, 8191)):
        order = table_order(NAMES[:count])
        buckets = [name_hash(name) % size for name in order]
        assert buckets == sorted(buckets), count
    assert list(SIZES) == sorted(SIZES)


def test_only_what_is_wanted() -> None:
    some = set(NAMES[::7])
    assert table_order(NAMES, some) == [name for name in table_order(NAMES) if name in some]


def walked_one_by_one(names: list[str]) -> list[str]:
    """What `table_order` gives, the way GNU ld does it: each name put in front of its bucket, each
    bucket taken apart when the table grows."""
    sizes = iter(SIZES)
    size = next(sizes)
    buckets: dict[int, list[str]] = {}
    for count, name in enumerate(names, 2):
        buckets.setdefault(name_hash(name) % size, []).insert(0, name)
        if count > size * 3 // 4:
            size, old, buckets = next(sizes), buckets, {}
            for index in sorted(old):
                for number, run in groupby(old[index], key=name_hash):
                    home = buckets.setdefault(number % size, [])
                    home[:0] = run
    return [name for index in sorted(buckets) for name in buckets[index]]


@pytest.mark.parametrize("count", [3037, 3038, 3069, 3070, 7000])
def test_the_table_in_one_go_is_the_table_name_by_name(count: int) -> None:
    names = [f"{'ab' * (i % 3)}{i * 7919 % 9001}" for i in range(count)]
    names = [*dict.fromkeys(names)]
    assert table_order(names) == walked_one_by_one(names)


def test_names_with_one_number_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_table, "name_hash", lambda name: len(name) * 7 + ord(name[0]))
    monkeypatch.setitem(globals(), "name_hash", name_table.name_hash)
    monkeypatch.setattr(name_table, "name_hashes", lambda names: [*map(name_hash, names)])
    names = [f"{i}{'x' * (i % 40)}" for i in range(7000)]
    assert table_order(names) == walked_one_by_one(names)


def test_a_name_is_stored_in_one_that_ends_in_it() -> None:
    table, where = tail_merged(["", "b", "ab", "cab", "é", "xé", "ab", "d"])
    assert table == b"\0cab\0x\xc3\xa9\0d\0"
    assert where == {"": 0, "cab": 1, "ab": 2, "b": 3, "xé": 5, "é": 6, "d": 9}
    assert tail_merged(["b", "cab"]) == (b"\0cab\0", {"": 0, "cab": 1, "b": 3})
    assert tail_merged([""]) == (b"\0", {"": 0})


@given(st.lists(st.text(st.sampled_from("ab_é\udcff"), max_size=9), max_size=99))
def test_names_side_by_side_have_the_numbers_they_have_alone(names: list[str]) -> None:
    assert name_hashes(names) == [name_hash(name) for name in names]


def test_long_names_and_many_of_a_length_side_by_side() -> None:
    names = [f"{i:05}" for i in range(5000)] + [f"{i}" + "\udcff" * 9000 for i in range(9)]
    assert name_hashes(names) == [name_hash(name) for name in names]


@given(st.lists(st.text("abé", max_size=5), max_size=30))
def test_the_offset_of_each_name_is_where_it_is_stored(names: list[str]) -> None:
    table, offsets = tail_merged_column(names)
    read = [table[at : table.index(b"\0", at)].decode() for at in offsets]
    assert read == names
    assert tail_merged(names) == (table, {"": 0, **dict(zip(names, offsets))})
