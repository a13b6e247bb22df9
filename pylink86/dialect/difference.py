"""What a row of the table of dialects is made of."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Difference:
    """One row.  says: what a true value means; experiment: a script both linkers were given, and
    what it came to; gnu, lld: the value in each dialect."""

    __slots__ = ("experiment", "gnu", "lld", "says")

    def __init__(self, says: str, experiment: str, gnu: Any, lld: Any) -> None:
        self.says, self.experiment, self.gnu, self.lld = says, experiment, gnu, lld


def differs(says: str, experiment: str, *, gnu: Any, lld: Any) -> Any:
    """A row; an attribute of `Dialect` is declared with it, so it is typed as the value it has."""
    return Difference(says, experiment, gnu, lld)
