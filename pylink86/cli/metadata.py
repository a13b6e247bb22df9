"""--package-metadata: the text of the note, checked as GNU ld checks it."""

from __future__ import annotations

from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..diag import Diagnostic


def package_metadata(values: Mapping[str, Any], problems: list[Diagnostic]) -> str:
    """The text of --package-metadata; GNU ld warns of what is no JSON and writes no note then,
    LLD takes any."""
    text: str = values.get("package_metadata", "")
    reason = _not_json(text) if text and values.get("dialect") != "lld" else ""
    if not reason:
        return text
    problems.append(
        error(
            "bad-option-value",
            f"--package-metadata={text} does not contain valid JSON, ignoring",
            severity="warning",
            notes=(reason,),
            help=('quote it for the shell: --package-metadata=\'{"name":"kernel"}\'',),
        )
    )
    return ""


def _not_json(text: str) -> str:
    """Why a text is no object and no list in JSON; "" when it is one."""
    import json

    try:
        found = json.loads(text)
    except ValueError as problem:
        return str(problem)
    return "" if isinstance(found, (dict, list)) else "it is neither an object nor a list"
