"""Where the time of a link goes: the pass list notes the end of each pass, --time prints them.

A pass that is repeated until nothing moves has one row for all its rounds.  Nothing is noted unless
somebody asks; then a note costs less than a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter, process_time


class Laps:
    """spent: for each pass, in the order they first ended, seconds of the wall clock and of the
    processor."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}
        self._last = perf_counter(), process_time()

    def end(self, name: str) -> None:
        now = perf_counter(), process_time()
        wall, cpu = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = wall + now[0] - self._last[0], cpu + now[1] - self._last[1]
        self._last = now

    def table(self) -> str:
        """A row for each pass and one for all, in milliseconds."""
        every = [sum(times) for times in zip(*self.spent.values())] or [0.0, 0.0]
        rows = [*self.spent.items(), ("all of it", tuple(every))]
        lines = [f"{wall * 1000:9.1f} {cpu * 1000:9.1f}  {name}" for name, (wall, cpu) in rows]
        return "\n".join([f"{'wall ms':>9} {'cpu ms':>9}  pass", *lines, ""])


_LAPS: ContextVar[Laps | None] = ContextVar("_LAPS", default=None)


def lap(name: str) -> None:
    """The pass of that name has ended."""
    laps = _LAPS.get()
    if laps is not None:
        laps.end(name)


@contextmanager
def timed() -> Iterator[Laps]:
    """Note the passes of the links inside."""
    laps = Laps()
    token = _LAPS.set(laps)
    try:
        yield laps
    finally:
        _LAPS.reset(token)
