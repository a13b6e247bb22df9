"""SORT_BY_NAME and the like: in which order a pattern's sections are placed.

A sort word names a criterion, nested ones a second for ties (GNU ld manual 3.6.4.1).  REVERSE,
which GNU ld has since 2.41, turns the order round and means SORT_BY_NAME when it stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...dialect import Dialect
from ...script import nodes as n
from .priority import Priority, lld_priority, tree_sorted

Column = Callable[[int], Any]


def words_of(pattern: n.SectionPattern) -> tuple[str, ...]:
    """The sort words of a pattern that mean anything; REVERSE alone sorts by name."""
    words = tuple(word for word in pattern.sort if word != "SORT_NONE")
    return words or (("SORT_BY_NAME",) if pattern.reverse and not pattern.sort else ())


def sort_key(
    pattern: n.SectionPattern, name: list[str], align: list[int], dialect: Dialect
) -> Callable[[int], tuple[Any, ...]]:
    """What a pattern sorts by, outermost word first, for an input section's number."""
    criteria: dict[str, Column] = {
        "SORT_BY_NAME": lambda sid: name[sid],
        "SORT_BY_ALIGNMENT": lambda sid: -align[sid],
        "SORT_BY_INIT_PRIORITY": (lambda sid: Priority(name[sid]))
        if dialect.init_priority_ties_by_name
        else lambda sid: lld_priority(name[sid]),
    }
    used = [criteria[word] for word in words_of(pattern)]
    return lambda sid: tuple([criterion(sid) for criterion in used])


def sorted_sections(
    sids: Iterable[int], pattern: n.SectionPattern, key: Callable[[int], tuple[Any, ...]]
) -> list[int]:
    """Sections in a pattern's order; equal ones stay as they were."""
    if "SORT_BY_INIT_PRIORITY" in pattern.sort:
        found = tree_sorted(list(sids), key)
        return found[::-1] if pattern.reverse else found
    return sorted(sids, key=key, reverse=pattern.reverse)
