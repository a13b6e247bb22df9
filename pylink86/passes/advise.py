"""Images that link but would not start: one row per trap, each reads the finished result.

A linker that does what the script says can still produce a disk that only reboots.  The checks here
know the ways that is known to happen; each looks at the finished link and changes nothing.  A check
is right or it is silent: a build that fails on one unexpected word has no use for a guess.
"""

from __future__ import annotations

from collections.abc import Callable

from ..diag import Diagnostics
from .advice_boot import (
    count_over_bios_limit,
    image_with_a_hole,
    low_memory_limits,
    partial_last_sector,
    signature,
)
from .advice_bss import bss_nobody_clears
from .advice_empty import empty_sections
from .advice_headers import boot_headers
from .advice_layout import (
    files_nobody_gave,
    not_loaded_in_image,
    orphans_far_off,
    placed_but_left_out,
)
from .finished import Finished

CHECKS: tuple[Callable[[Finished, Diagnostics], None], ...] = (
    files_nobody_gave,
    empty_sections,
    orphans_far_off,
    not_loaded_in_image,
    placed_but_left_out,
    signature,
    partial_last_sector,
    count_over_bios_limit,
    low_memory_limits,
    image_with_a_hole,
    bss_nobody_clears,
    boot_headers,
)


def advise(finished: Finished, diags: Diagnostics) -> None:
    """Run every check of the table over a finished link."""
    for check in CHECKS:
        check(finished, diags)
