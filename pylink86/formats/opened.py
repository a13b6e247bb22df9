"""Which files a link reads, for whoever wants to pack them up.

Objects, archives, members of thin archives and scripts are opened in several places, some of them
only because another file named them.  Each place notes the path here; nothing is kept unless
somebody listens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from ..diag import Span, fail

_LISTENING: ContextVar[list[str] | None] = ContextVar("_LISTENING", default=None)


def read_text(path: str, what: str, *, span: Span | None = None, help: Sequence[str] = ()) -> str:
    """What a script or a list says; bytes that are no UTF-8 are kept, as names may have some.

    what: how a message calls the file.  Raises cannot-read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as problem:
        reason = problem.strerror or problem
        raise fail(
            "cannot-read", f"cannot open {what}{path}: {reason}", span=span, help=help
        ) from None


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
