"""String tables: names one after the other, where a name that ends another one is stored inside it.

`.text` needs no room of its own when `.rela.text` is there.  Both tools merge tails this way; they
differ in the order of what is left: GNU objcopy keeps the order in which names first came up,
llvm-objcopy writes them in the order of their reversed spelling, last letter first, descending
(measured on tables of a few hundred names).
"""

from __future__ import annotations

from itertools import accumulate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def in_order_of_appearance(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """GNU objcopy's table and the offset of each name."""
    order = [name for name in dict.fromkeys(names) if name]
    if not order:
        return b"\0", {"": 0}
    # One call for all names: there are thousands.
    encoded = encode("\0".join(order)).split(b"\0")
    hosts = _hosts(encoded)
    stored = [data for data in encoded if data not in hosts] if hosts else encoded
    lengths = accumulate(map(len, stored), initial=0)
    starts = [number + length for number, length in enumerate(lengths, 1)]
    table = b"\0".join([b"", *stored, b""])
    if not hosts:
        return table, {"": 0, **dict(zip(order, starts))}
    at = dict(zip(stored, starts))
    where = {"": 0}
    for name, data in zip(order, encoded):
        host = hosts.get(data, data)
        where[name] = at[host] + len(host) - len(data)
    return table, where


def _hosts(names: Iterable[bytes]) -> dict[bytes, bytes]:
    """Name -> the longest one it is the tail of, for those that are a tail."""
    found: dict[bytes, bytes] = {}
    spelled = sorted([name[::-1] for name in names], reverse=True)
    # What begins like another, spelled backwards, follows it.
    for long, short in zip(spelled, spelled[1:]):
        if long.startswith(short):
            host = long[::-1]
            found[short[::-1]] = found.get(host, host)
    return found


def by_reversed_spelling(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """llvm-objcopy's table and the offset of each name."""
    where = {"": 0}
    parts = [b"\0"]
    end = 1
    last = b""
    rows = [(encode(name)[::-1], name) for name in dict.fromkeys(names) if name]
    for spelled, name in sorted(rows, reverse=True):
        if last.startswith(spelled):
            where[name] = end - 1 - len(spelled)
            continue
        where[name] = end
        parts.append(spelled[::-1] + b"\0")
        end += len(spelled) + 1
        last = spelled
    return b"".join(parts), where
