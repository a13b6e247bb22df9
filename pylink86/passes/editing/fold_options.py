"""What --icf and its company ask for."""

from __future__ import annotations

import attrs


@attrs.frozen(eq=False, repr=False)
class Fold:
    """kind: "", "none", "safe" or "all".  keep_unique: symbols whose sections stay.  data_too:
    nobody compares addresses of data."""

    kind: str = ""
    keep_unique: tuple[str, ...] = ()
    data_too: bool = False
