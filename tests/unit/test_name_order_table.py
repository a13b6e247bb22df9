"""GNU ld's table of names: hashes, buckets, and what growing does to the order."""

from __future__ import annotations

from pylink86.passes.name_table import SIZES, hash_bucket, name_hash, table_order

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
