"""The byte that a direct call leaves over when it takes the place of one through the table."""

from __future__ import annotations

from typing import NamedTuple


class CallPadding(NamedTuple):
    """What fills the byte that a direct call needs less than one through the table."""

    byte: int
    behind: bool
    """Whether it stands behind the call, not before it."""


ADDR32 = 0x67
USUAL_PADDING = CallPadding(ADDR32, False)
