"""Images that link but would not start: one row per trap, each reads the finished result.

A linker that does what the script says can still produce a disk that only reboots.  The checks here
look at the finished layout for the ways that is known to happen; none changes anything.
"""

from __future__ import annotations

from collections.abc import Callable

from ..diag import Diagnostics
from .placement import Placement
from .relocate import Patched


def advise(placed: Placement, patched: Patched, raw: bool, diags: Diagnostics) -> None:
    """Run every check of the table over a finished link."""
    for check in CHECKS:
        check(placed, patched, raw, diags)


Check = Callable[[Placement, Patched, bool, Diagnostics], None]

CHECKS: tuple[Check, ...] = ()
