"""Inputs that an earlier link has read, by content, for whoever links the same files again.

Whoever rebuilds a kernel changes one object of a hundred.  Inside of `keeping`, a file whose bytes
were seen before under its name is not taken apart again: it is the same ObjectFile, with all that
was decoded of it.  Nothing is kept unless somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

    from ..model import ObjectFile
    from .ar import Archive

Key = tuple[str, bytes]
"""The name of a file and a digest of its bytes."""


class Kept:
    """known: what the link before used; used: what this one does."""

    def __init__(self) -> None:
        self.known: dict[Key, ObjectFile | Archive] = {}
        self.used: dict[Key, ObjectFile | Archive] = {}

    def find(self, key: Key) -> ObjectFile | Archive | None:
        found = self.used.get(key) or self.known.get(key)
        if found is not None:
            self.used[key] = found
        return found


_KEPT: ContextVar[Kept | None] = ContextVar("_KEPT", default=None)


def kept_inputs() -> Kept | None:
    """What is kept here and now."""
    return _KEPT.get()


def key_of(name: str, data: bytes | mmap) -> Key:
    from hashlib import blake2b

    return name, blake2b(data, digest_size=32).digest()


@contextmanager
def keeping(kept: Kept) -> Iterator[None]:
    """What is read inside is kept; what the last time kept and this time did not ask for is let
    go."""
    kept.known, kept.used = kept.used, {}
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)
        kept.known = {}
