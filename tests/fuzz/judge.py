"""Limits for work on hostile input, and what counts as a finding.

Good ends are a result and a LinkError with errors in it that can be printed.  Anything else is a
finding: another exception, more than SECONDS of processor time, more than MEMORY.
"""

from __future__ import annotations

import contextlib
import signal
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

from pylink86 import LinkError
from pylink86.report import render

SECONDS = 5
MEMORY = 1 << 30
"""Bytes of address space, the interpreter included."""

LONGEST_MESSAGE = 60_000


class TooLong(BaseException):
    """The work took longer than SECONDS; no `except Exception` holds it up."""


def verdict(work: Callable[[], object]) -> str:
    """What is wrong with how the work ends; "" when nothing is."""
    try:
        with deadline(SECONDS):
            work()
    except LinkError as problem:
        return _bad_error(problem)
    except TooLong:
        return f"longer than {SECONDS} s"
    except (Exception, MemoryError):
        return traceback.format_exc(limit=-6)
    return ""


def _bad_error(problem: LinkError) -> str:
    try:
        said = render(problem.diagnostics)
        said.encode("utf-8", "surrogateescape")
        render(problem.diagnostics, as_json=True)
    except Exception:
        return traceback.format_exc(limit=-6)
    if not any(d.severity == "error" for d in problem.diagnostics):
        return f"LinkError without an error: {said[:500]}"
    if len(said) > LONGEST_MESSAGE:
        return f"{len(said)} characters of message: {said[:300]}"
    return ""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TooLong after so many seconds of this process's time, where systems can ring.

    The processor's seconds, not the wall's: a busy machine is no finding."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limit_memory() -> None:
    """At most MEMORY bytes of address space from here on, where the system can do that."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
