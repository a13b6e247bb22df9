"""Names of a program that moves which others see: `.dynsym` with its strings and tables of hashes
(gABI ch.5, "Hash Table"; the table of GNU has a filter in front and lists names by bucket).

GNU ld lists what --export-dynamic and its kin ask for, and undefined names that a loader may bind:
weak ones, when the program names a loader in `.interp`.  Which names there are and how the tables
look follows from the names alone, so all but the rows of `.dynsym` is made here, before anything
has an address.  The numbers of buckets were found by linking programs that export from 1 to 2100
names, the order of each table by `readelf --dyn-syms -I`."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence

import attrs

from ..finishing.name_table import table_order, tail_merged
from ..own.table_form import TableForm
from ..tables import DynamicNames

BUCKETS = (1, 3, 17, 37, 67, 97, 131, 197, 263, 521, 1031, 2053, 4099, 8209, 16411, 32771)
"""The numbers of buckets that GNU ld takes: the last that is not greater than the names."""


@attrs.frozen(eq=False, repr=False)
class Listed:
    """What is to be listed.  met: names in the order the link meets them; exported: those that
    others may use, hidden: those that were to be, but no other module may see; bound: undefined
    names that a loader binds; undefined: of the exported ones, those that nobody defines;
    weak: undefined names that exports name, which are listed when they are bound."""

    met: Sequence[str]
    exported: Collection[str] = ()
    hidden: Collection[str] = ()
    bound: Collection[str] = ()
    undefined: Collection[str] = ()
    weak: Collection[str] = ()


def dynamic_names(
    listed: Listed, form: TableForm, hash_style: str, texts: Collection[str]
) -> DynamicNames:
    """The tables of a link.  texts: what else is in `.dynstr`."""
    walk = table_order(list(dict.fromkeys(listed.met)))
    names = [name for name in walk if name in listed.exported or name in listed.bound]
    bound = [name for name in names if name in listed.bound]
    asked = [name for name in names if name in listed.exported or name in listed.weak]
    strings, where = tail_merged([*asked, *texts, *bound])
    order, table = names, b""
    if hash_style != "sysv":
        order, table = _hashed_like_gnu(names, {*bound, *listed.undefined}, form.word)
    contents = {".dynstr": strings or b"\0", ".gnu.hash": table}
    contents[".hash"] = _hashed(order, names)
    offsets = {name: where[name] for name in (*asked, *bound)}
    return DynamicNames(
        tuple(order), frozenset(bound), frozenset(listed.hidden), offsets, contents,
        {text: where[text] for text in texts},
    )  # fmt: skip


def _bucket_count(names: int) -> int:
    return max((count for count in BUCKETS if count <= names), default=1)


def _hashed(order: Sequence[str], walk: Sequence[str]) -> bytes:
    """`.hash`: of each bucket the name that the walk comes to last, and behind each name the one
    before it."""
    number = {name: at for at, name in enumerate(order, 1)}
    many = _bucket_count(len(order))
    buckets, chain = [0] * many, [0] * (len(order) + 1)
    for name in walk:
        at = sysv_hash(name) % many
        chain[number[name]], buckets[at] = buckets[at], number[name]
    return struct.pack(f"<{2 + many + len(chain)}I", many, len(chain), *buckets, *chain)


def _hashed_like_gnu(
    names: Sequence[str], undefined: Collection[str], word: int
) -> tuple[list[str], bytes]:
    """The names as `.gnu.hash` wants them, and its bytes: what is undefined first, which nobody
    looks up; then bucket by bucket, each ended by the lowest bit of the last number."""
    hashes = {name: gnu_hash(name) for name in names if name not in undefined}
    first = [name for name in names if name in undefined]
    if not hashes:
        return first, struct.pack("<4I", 1, 1, 1, 0) + bytes(word + 4)
    many = max(_bucket_count(len(hashes)), 2)
    order = sorted(hashes, key=lambda name: hashes[name] % many)
    begin = len(first) + 1
    buckets, ends = [0] * many, set()
    for at, name in enumerate(order, begin):
        bucket = hashes[name] % many
        buckets[bucket] = buckets[bucket] or at
        if at == len(order) + len(first) or hashes[order[at - begin + 1]] % many != bucket:
            ends.add(name)
    head, filter_ = _filter(list(hashes.values()), word)
    chain = [hashes[name] & ~1 | (name in ends) for name in order]
    return [*first, *order], struct.pack(
        f"<4I{len(filter_)}{'Q' if word == 8 else 'I'}{many + len(chain)}I",
        many, begin, *head, *filter_, *buckets, *chain,
    )  # fmt: skip


def _filter(hashes: Sequence[int], word: int) -> tuple[tuple[int, int], list[int]]:
    """Words of the filter with its shift, and its words: each name sets two bits in one of them."""
    top = len(hashes).bit_length() - 1
    shift = top + 3 + (top > 0 and len(hashes) >> top - 1 & 1)
    inside = 6 if word == 8 else 5
    shift = max(shift, inside)
    words = [0] * (1 << shift - inside)
    mask = (1 << inside) - 1
    for value in hashes:
        words[value >> inside & len(words) - 1] |= 1 << (value & mask) | 1 << (
            value >> shift & mask
        )
    return (len(words), shift), words


def sysv_hash(name: str) -> int:
    """gABI ch.5, "Hash Table"."""
    found = 0
    for byte in _bytes(name):
        found = (found << 4) + byte
        high = found & 0xF0000000
        found = (found ^ high >> 24) & ~high & 0xFFFFFFFF
    return found


def gnu_hash(name: str) -> int:
    """The hash of DT_GNU_HASH: times 33, plus a byte."""
    found = 5381
    for byte in _bytes(name):
        found = (found * 33 + byte) & 0xFFFFFFFF
    return found


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
