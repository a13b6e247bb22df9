"""Which files a link reads, for whoever wants to pack them up.

Objects, archives, members of thin archives and scripts are opened in several places, some of them
only because another file named them.  Each place notes the path here; nothing is kept unless
somebody listens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LISTENING: ContextVar[list[str] | None] = ContextVar("_LISTENING", default=None)


def note(path: str) -> None:
    """A file is about to be read."""
    paths = _LISTENING.get()
    if paths is not None:
        paths.append(path)


@contextmanager
def listening(into: list[str] | None = None) -> Iterator[list[str]]:
    """The paths that are read inside, in order; the list grows while it is in use.

    into: the list to add to, also when what happens inside fails."""
    paths: list[str] = [] if into is None else into
    token = _LISTENING.set(paths)
    try:
        yield paths
    finally:
        _LISTENING.reset(token)
