"""Where GNU ld and LLD differ: one documented row per difference, asked by name.

A script means slightly different things to the two linkers; both meanings are in use, so both are
spoken here.  A pass asks `dialect.pads_code_with_nops` and never which linker it is.  Each row says
what differs and names the experiment that shows it; the table is printed into docs/DIALECTS.md.
"""

from __future__ import annotations

from .difference import Difference
from .gathering import Gathering
from .placing import Placing
from .reading import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROWS: dict[str, Difference] = {
    name: row
    for area in (Reading, Gathering, Placing)
    for name, row in vars(area).items()
    if row.__class__ is Difference
}
"""Every difference by its name, in the order of the document."""


class Dialect(Reading, Gathering, Placing):
    """How one linker reads a script and builds an image: each row of the table is an attribute.

    Values are not to be changed; `but` makes another dialect.
    """

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        self.name = name
        self.__dict__.update(values)

    def but(self, **changes: Any) -> Dialect:
        """The same, except for the rows named."""
        unknown = changes.keys() - ROWS
        if unknown:
            raise TypeError(f"no such difference: {', '.join(sorted(unknown))}")
        values = {name: getattr(self, name) for name in ROWS}
        return Dialect(self.name, {**values, **changes})


GNU = Dialect("gnu", {name: row.gnu for name, row in ROWS.items()})
LLD = Dialect("lld", {name: row.lld for name, row in ROWS.items()})

DIALECTS = {"gnu": GNU, "lld": LLD}
