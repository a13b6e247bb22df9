"""--why-live SYMBOL: the chain of references from a root to what garbage collection kept.

Somebody whose image is too large asks why a function is still in it.  The walk of --gc-sections
remembers for each section the one that led to it; this reads the chain back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..result import LinkResult


def why_live(result: LinkResult, names: Iterable[str]) -> str:
    """For each name the sections from its own to a root, one a line."""
    return "".join(f"{line}\n" for name in names for line in _chain(result, name))


def _chain(result: LinkResult, name: str) -> Iterator[str]:
    where = result.resolution.definer.get(name)
    if where is None:
        yield f"{name}: no file defines it"
        return
    shndx = result.resolution.files[where[0]].symbols.shndx[where[1]]
    sid = result.table.base[where[0]] + shndx
    if shndx <= 0:
        yield f"{name}: it is a number, in no section"
        return
    if sid in result.live.dead:
        yield f"{name}: not live, nothing refers to {_place(result, sid)}"
        return
    if not result.live.through:
        yield f"{name}: everything is live without --gc-sections"
        return
    yield f"live symbol: {name}"
    met = set()
    while sid not in met:
        met.add(sid)
        by = result.live.through.get(sid, sid)
        if by == sid:
            yield f">>> {_place(result, sid)} is a root: the entry, KEEP(), -u, or its kind"
            return
        yield f">>> {_place(result, sid)} is needed by {_place(result, by)}"
        sid = by


def _place(result: LinkResult, sid: int) -> str:
    table = result.table
    return f"{result.resolution.files[table.owner_file(sid)].name}:({table.name[sid]})"
