"""Values of options that hold patterns: `GLOB=VALUE` lists, and patterns that mean nothing.

Scripts forgive a `[` without its `]`, as GNU ld does; in an option it is a typing error that would
fit nothing, so it is told, as LLD does."""

from __future__ import annotations

import re

from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..diag import Diagnostic

CLOSED = r"(?s:(?:[^\\\[]|\\.|\[\^?.[^\]]*\])*)"
"""A pattern whose sets all end; a `]` right behind the `[` is in the set."""


def glob_problems(option: str, pattern: str) -> list[Diagnostic]:
    """bad-option-value for a pattern with a set that does not end, or a lone backslash."""
    if re.fullmatch(CLOSED, pattern):
        return []
    what = "stray '\\'" if pattern[-1:] == "\\" else "unmatched '['"
    message = f"{option}: invalid glob pattern, {what}: {pattern}"
    return [error("bad-option-value", message, help=("put a backslash before a character that "
                  "stands for itself",))]  # fmt: skip


def shuffles(values: Mapping[str, Any]) -> tuple[tuple[tuple[str, int], ...], list[Diagnostic]]:
    """(pattern, seed) of each --shuffle-sections, and what is wrong with them."""
    option = "--shuffle-sections"
    found: list[tuple[str, int]] = []
    problems: list[Diagnostic] = []
    for text in values.get("shuffle_sections", ()):
        pattern, _, digits = text.partition("=")
        seed = _integer(digits)
        if not pattern or seed is None:
            message = f"{option}=: expected <section_glob>=<seed>, but got '{text}'"
            if pattern and digits:
                message = f"{option}=: expected an integer, but got '{digits}'"
            help_ = ("write, for example, --shuffle-sections='*=1'",)
            problems.append(error("bad-option-value", message, help=help_))
        else:
            problems += glob_problems(f"{option}=", pattern)
            found.append((pattern, seed))
    return tuple(found), problems


def dead_references(
    values: Mapping[str, Any],
) -> tuple[tuple[tuple[str, int], ...], list[Diagnostic]]:
    """(pattern, value) of each -z dead-reloc-in-nonalloc, and what is wrong with them."""
    option = "-z dead-reloc-in-nonalloc="
    found: list[tuple[str, int]] = []
    problems: list[Diagnostic] = []
    for text in values.get("dead_references", ()):
        pattern, _, digits = text.partition("=")
        value = _integer(digits)
        if not pattern or not digits:
            message = f"{option}: expected <section_glob>=<value>"
            problems.append(error("bad-option-value", message))
        elif value is None or value < 0:
            message = f"{option}: expected a non-negative integer, but got '{digits}'"
            problems.append(error("bad-option-value", message))
        else:
            problems += glob_problems(option, pattern)
            found.append((pattern, value))
    return tuple(found), problems


COMPRESSIONS = {"none": "", "zlib": "zlib", "zstd": "zstd"}
HIGHEST_LEVEL = {"zlib": 9}


def compressions(
    values: Mapping[str, Any],
) -> tuple[tuple[tuple[str, str, int], ...], list[Diagnostic]]:
    """(pattern, kind, level) of each --compress-sections, and what is wrong with them."""
    option = "--compress-sections"
    found: list[tuple[str, str, int]] = []
    problems: list[Diagnostic] = []
    for text in values.get("compress_sections", ()):
        pattern, equals, rest = text.partition("=")
        kind, colon, digits = rest.partition(":")
        level = _integer(digits) if colon else 0
        message = ""
        if not equals:
            message = f"{option}: parse error, not 'section-glob=[none|zlib|zstd]'"
        elif kind not in COMPRESSIONS:
            message = f"unknown {option} value: {kind}"
        elif level is None or not 0 <= level <= HIGHEST_LEVEL.get(kind, level):
            message = f"{option}: `{digits}' is not a compression level of {kind}"
            if level is None:
                what = "expected a non-negative integer compression level"
                message = f"{option}: {what}, but got '{digits}'"
        else:
            problems += glob_problems(option, pattern)
            found.append((pattern, COMPRESSIONS[kind], level))
        if message:
            problems.append(error("bad-option-value", message))
    return tuple(found), problems


def _integer(digits: str) -> int | None:
    try:
        return int(digits, 0)
    except ValueError:
        return None
