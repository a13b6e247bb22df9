"""The type of a row in the table of BIOS calls."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from .pc import Pc
from .registers import Registers


@attrs.frozen
class Row:
    """What answers a call, and a line for the reference in the documentation."""

    function: Callable[[Pc, Registers], None]
    what: str


Rows = dict[tuple[int, int | None], Row]
"""(interrupt, AH) -> row; AH is None where one function answers all."""
