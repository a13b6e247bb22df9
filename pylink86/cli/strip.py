"""`pystrip`: objcopy in place, for files that shall be small."""

from __future__ import annotations

from .objcopy import run_tool
from .program import run_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def command(argv: Sequence[str]) -> int:
    """`pylink86 strip ...`"""
    return main(argv, "pystrip")


def main(argv: Sequence[str] | None = None, program: str | None = None) -> int:
    """Run `pystrip`; the exit status: 0, or 1 after any error."""
    return run_tool(argv, program, strip=True)
