"""Options that let a link go on in spite of an error: which errors, and whether they are told.

An image with a hole in it is still of use to somebody who looks for the hole.  Each of these
options names a kind of error that is then only a warning, or not even that.
"""

from __future__ import annotations

from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..diag import Diagnostic

OF_THE_OUTPUT = (
    "assert-failed", "address-not-aligned", "discarded-symbol", "duplicate-symbol",
    "link-order-discarded", "region-overflow", "reloc-overflow", "section-type-mismatch",
    "sections-overlap", "undefined-hidden",
    "undefined-symbol",
)  # fmt: skip
"""What --noinhibit-exec lets pass: all that leaves an output one can write."""

SILENT = {
    "no_check_sections": "sections-overlap",
    "no_reloc_overflow": "reloc-overflow",
    "multiple_definitions": "duplicate-symbol",
    "undefs": "undefined-symbol",
}
"""Option value -> the error that is not told at all."""

METHODS = {
    "ignore-all": True,
    "ignore-in-object-files": True,
    "ignore-in-shared-libs": False,
    "report-all": False,
}
"""Values of --unresolved-symbols, and whether undefined symbols of objects are passed over."""

NAMES = frozenset((*SILENT, "noinhibit_exec", "warn_unresolved", "unresolved_symbols"))


def tolerances(values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Slugs of errors that do not end the link, and those of them that are silent."""
    told = set(OF_THE_OUTPUT if values.get("noinhibit_exec") else ())
    if values.get("warn_unresolved"):
        told.add("undefined-symbol")
    silent = {slug for name, slug in SILENT.items() if values.get(name)}
    if METHODS.get(values.get("unresolved_symbols", ""), False):
        if not values.get("warn_unresolved"):
            silent.add("undefined-symbol")
        told.add("undefined-symbol")
    return tuple(sorted(told | silent)), tuple(sorted(silent))


def bad_methods(values: Mapping[str, Any]) -> list[Diagnostic]:
    """bad-option-value for what --unresolved-symbols does not know."""
    method = values.get("unresolved_symbols", "report-all")
    if method in METHODS:
        return []
    message = f"`{method}' is not a value of --unresolved-symbols"
    return [error("bad-option-value", message, help=(f"use one of {', '.join(METHODS)}",))]
