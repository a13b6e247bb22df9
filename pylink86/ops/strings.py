"""String tables: names one after the other, where a name that ends another one is stored inside it.

`.text` needs no room of its own when `.rela.text` is there.  Both tools merge tails this way; they
differ in the order of what is left: GNU objcopy keeps the order in which names first came up,
llvm-objcopy writes them in the order of their reversed spelling, last letter first, descending
(measured on tables of a few hundred names).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def in_order_of_appearance(names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """GNU objcopy's table and the offset of each name."""
    encoded = {name: encode(name) for name in dict.fromkeys(names) if name}
    hosts = _hosts(encoded.values())
    where = {"": 0}
    ends: dict[bytes, int] = {}
    parts = [b""]
    end = 1
    for name, data in encoded.items():
        if data not in hosts:
            where[name] = end
            parts.append(data)
            end += len(data) + 1
            ends[data] = end
    for name, data in encoded.items() if hosts else ():
        if data in hosts:
            where[name] = ends[hosts[data]] - len(data) - 1
    return b"\0".join([*parts, b""]), where


def _hosts(names: Iterable[bytes]) -> dict[bytes, bytes]:
    """Name -> the longest one it is the tail of, for those that are a tail."""
    found: dict[bytes, bytes] = {}
    last = b""
    for spelled in sorted([name[::-1] for name in names], reverse=True):
        if last.startswith(spelled):
            found[spelled[::-1]] = last[::-1]
        else:
            last = spelled
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
