"""`pylink86 explain SLUG`: what a message means, told to somebody who meets it for the first time.

A message has room for what is wrong here and now.  What the thing is at all, how one gets there
and the usual cures stand here, one text per slug; a test looks for slugs without one.
"""

from __future__ import annotations

import sys

from .explanations_boot import BOOT_TEXTS
from .explanations_calls import CALL_TEXTS
from .explanations_image import IMAGE_TEXTS
from .explanations_link import LINK_TEXTS
from .explanations_objcopy import OBJCOPY_TEXTS
from .explanations_script import SCRIPT_TEXTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Explain each slug; without one, list them all.  1 when one of them does not exist."""
    if not argv:
        print("\n".join(sorted(EXPLANATIONS)))
        return 0
    return max(explain(word) for word in argv)


def explain(word: str) -> int:
    """Print the text of a slug, also given as `error[slug]`; 1 when there is none."""
    slug = word.rpartition("[")[2].rstrip("]: ")
    text = EXPLANATIONS.get(slug)
    if text is None:
        sys.stderr.write(_unknown(slug))
        return 1
    print(f"{slug}\n\n{text.strip()}\n")
    return 0


def _unknown(slug: str) -> str:
    from difflib import get_close_matches

    from ..diag import Diagnostic
    from ..report import render

    near = get_close_matches(slug, EXPLANATIONS, n=3)
    return render(
        [
            Diagnostic(
                "error",
                "unknown-slug",
                f"there is no message called `{slug}'",
                help=(f"did you mean {' or '.join(near)}?",)
                if near
                else ("`pylink86 explain' alone lists them all",),
            )
        ]
    )


EXPLANATIONS = {
    **CALL_TEXTS,
    **SCRIPT_TEXTS,
    **LINK_TEXTS,
    **BOOT_TEXTS,
    **IMAGE_TEXTS,
    **OBJCOPY_TEXTS,
}
"""Slug -> its text; the areas stand in modules of their own."""
