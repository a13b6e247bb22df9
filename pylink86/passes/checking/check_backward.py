"""--warn-backrefs: tell of members that a file behind their library drew (`inputs.backward`)."""

from __future__ import annotations

from collections.abc import Sequence

from ...diag import Diagnostics
from ...wildcard import compile_patterns
from ..inputs.members import Inputs


def warn_backward(inputs: Inputs, passed_over: Sequence[str], diags: Diagnostics) -> None:
    """Warn of backward-reference; passed_over: patterns of members that may join so."""
    fits = compile_patterns(passed_over)
    for number in inputs.backward:
        reason, name = inputs.reasons[number], inputs.files[number].name
        if not fits(name):
            wants = inputs.files[reason.file].name
            diags.warn(
                "backward-reference",
                f"backward reference detected: {reason.symbol} in {wants} refers to {name}",
                help=[f"name the library behind {wants}, or both in --start-group ... --end-group"],
            )
