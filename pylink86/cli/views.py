"""The views of a finished link that `pyld` writes beside its output: a table, a picture."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..result import LinkResult


def write_views(result: LinkResult, values: Mapping[str, Any]) -> None:
    """Print the table of --print-layout, write the page of --picture; raises cannot-write."""
    name = os.path.basename(values.get("output", "a.out"))
    if "print_layout" in values:
        _print_layout(result, values, name)
    if "picture" in values:
        from ..formats.output import write_file

        page = result.picture(name)
        write_file(values["picture"], page.encode("utf-8", errors="backslashreplace"))


def _print_layout(result: LinkResult, values: Mapping[str, Any], name: str) -> None:
    """To stdout, in colour and cut to fit where that is a terminal."""
    from shutil import get_terminal_size

    from ..explain.overview import overview
    from ..explain.table import layout_table
    from ..report import wants_colour

    when = values.get("colour", "auto")
    colour = when == "always" or (when in ("auto", "") and wants_colour(sys.stdout, os.environ))
    text = layout_table(
        overview(result),
        title=name,
        full=values["print_layout"] == "full",
        colour=colour,
        width=get_terminal_size().columns if sys.stdout.isatty() else 0,
    )
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
