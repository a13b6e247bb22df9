"""`--error-handling-script=FILE`: a program of the user's that knows what a missing name means.

It is run with `undefined-symbol NAME` or `missing-lib NAME`, and can say in which package the name
is; the link has failed all the same.

Source: GNU ld manual 2.1, ld.lld(1), and both run with such scripts.
"""

from __future__ import annotations

import re
import subprocess
import sys

from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..diag import Diagnostic

CASES = (
    ("undefined-symbol", "undefined-symbol", re.compile(r"undefined reference to `(.+)'")),
    ("cannot-read", "missing-lib", re.compile(r"cannot find -l([^\s:]+)")),
)
"""Slug of the error, what the script is told, and where the name stands in the message."""


def ask_script(path: str, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Run the script for each error it has a word for; errors of running it."""
    problems: list[Diagnostic] = []
    for one in found:
        for slug, word, pattern in CASES:
            name = pattern.search(one.message) if one.slug == slug else None
            if name:
                problems += _run(path, word, name.group(1))
    return problems


def _run(path: str, word: str, name: str) -> list[Diagnostic]:
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        status = subprocess.run([path, word, name], check=False).returncode
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        return [error("script-failed", f"cannot run error handling script {path}: {reason}")]
    if status:
        return [error("script-failed", f"error handling script {path} exited with code {status}")]
    return []
