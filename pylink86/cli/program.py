"""What every command does around its work: print findings, end with a status.

A linker runs inside compilers, Make and IDEs.  They look at the exit status (0, or 1 for any error)
and at the text on stderr.  So a good run is silent, and whatever goes wrong in here is one line.
"""

from __future__ import annotations

import os
import sys
from errno import EIO, ENOSPC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, NoReturn

    from ..diag import Diagnostic

VERSION_LIKE = "PYLINK86_GNU_VERSION"
"""Environment: a version such as 2.40 makes `--version` begin with `GNU ld`, which is what the
Linux kernel's build asks for before it lets a linker in."""

TRACEBACK = "PYLINK86_TRACEBACK"
"""Environment: 1 lets an unexpected exception through, with its traceback."""


def run_process(main: Callable[[], int]) -> NoReturn:
    """Be a process that does this and nothing else: entry points call it.

    Everything lives until the end, so Python need not look for garbage on the way nor take its own
    data apart at the end: together a quarter of a small link's time.
    """
    import gc

    gc.disable()
    os._exit(main())


def guarded(work: Callable[[], int]) -> int:
    """Run a command and write out what it printed; the exit status.

    No exception leaves here, unless the environment asks for its traceback.
    """
    try:
        status = work()
        sys.stdout.flush()
        sys.stderr.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output (`head`) went away; keep the interpreter from trying again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except MemoryError:
        sys.stderr.write("error[out-of-memory]: there is not enough memory for this\n")
        return 1
    except Exception as problem:
        if os.environ.get(TRACEBACK) == "1":
            raise
        sys.stderr.write(_fault(problem))
        return 1


def _fault(problem: Exception) -> str:
    """One line about an exception nobody expected; a full disk under our output is no fault."""
    if isinstance(problem, OSError) and problem.errno in (ENOSPC, EIO) and not problem.filename:
        return f"error[cannot-write]: cannot write standard output: {problem.strerror}\n"
    from ..report import printable

    return (
        f"error[internal]: {type(problem).__name__}: {printable(str(problem))} (this is a "
        f"fault in pylink86: please report it, with what {TRACEBACK}=1 adds)\n"
    )


def show(found: Iterable[Diagnostic], values: Mapping[str, Any]) -> bool:
    """Print findings to stderr as the options say; whether one of them is an error."""
    found = list(found)
    if values.get("no_warnings"):
        found = [d for d in found if d.severity == "error"]
    if not found:
        return False
    from ..report import render, wants_colour

    when = values.get("colour", "auto")
    always = (
        ("always", "") if values.get("dialect") == "lld" and "colour" in values else ("always",)
    )
    colour = when in always or (when in ("auto", "") and wants_colour(sys.stderr, os.environ))
    as_json = values.get("error_format") == "json"
    if values.get("dialect") == "lld" and not as_json:
        from ..explain.lld_errors import lld_report

        text = lld_report(
            found,
            values.get("program") or "ld.lld",
            colour=colour,
            demangle=values.get("demangle", True) is not False,
            limit=int(values["error_limit"]) if values.get("error_limit", "").isdecimal() else 20,
        )
    elif values.get("dialect") == "llvm" and not as_json:
        from ..explain.llvm_errors import llvm_report

        text = llvm_report(found, values.get("program") or "llvm-objcopy", values.get("about", ""))
    else:
        text = render(found, as_json=as_json, colour=colour)
    sys.stderr.write(text)
    return any(d.severity == "error" for d in found)


GNU_VERSION = "2.40"
"""The GNU ld whose options and behaviour are this linker's."""

AS_LLD = "LLD 19.1.7 (compatible with GNU linkers)"
"""The same for LLD, in its own words."""


def version_line(like: str = "", dialect: str = "gnu") -> str:
    """First line of `--version`.

    libtool and meson look in it for `GNU`, meson and CMake for the words and numbers of GNU ld or
    LLD, so that our own number stands last and where libtool does not take it for GNU ld 0.1.  The
    Linux kernel's build wants it to begin with `GNU ld`: like is the version to begin with, which
    the environment may ask for, too.
    """
    from .. import __version__

    version = like or os.environ.get(VERSION_LIKE)
    if version:
        return f"GNU ld (pylink86 {__version__}) {version}"
    words = AS_LLD if dialect == "lld" else f"GNU ld version {GNU_VERSION}"
    return f"pylink86, compatible with {words} (pylink86-{__version__})"


def parse_size(text: str) -> int | None:
    """`4096`, `0x10000`, `512K`, `1G` in bytes; None when it is none of them."""
    digits, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "")
    if text[:2].lower() == "0x" and unit in "ABCDEF":
        digits, unit = text, ""
    scale = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(unit)
    try:
        size = int(digits, 0)
    except ValueError:
        return None
    return None if scale is None or size < 0 else size * scale
