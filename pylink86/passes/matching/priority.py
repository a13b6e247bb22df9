"""SORT_BY_INIT_PRIORITY: the numbers in names, and, as GNU ld does it, an order that is none.

`.init_array.00100` is sorted by its number, but beside a name without a number both are compared as
names.  So `.t.10`, `.t.b`, `.t.5` has no order every pair agrees with, and the result depends on
how the sorting is done: each section walks down a binary tree in input order.  Tried with random
names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import total_ordering
from typing import Any

MOST = 0x7FFFFFFF
"""A number above it is no priority."""

NO_PRIORITY = 65536
LISTS = (".ctors", ".dtors")

_INTEGER = "-?[0-9]+"


@total_ordering
class Priority:
    """A section name as a sort key; compares by number only with another that has one."""

    __slots__ = ("name", "number")

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = priority_of(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Priority) and self.name == other.name

    def __lt__(self, other: Priority) -> bool:
        if self.number < 0 or other.number < 0 or self.number == other.number:
            return self.name < other.name
        return self.number < other.number

    __hash__ = None  # type: ignore[assignment]


def priority_of(name: str) -> int:
    """The number behind the last dot, -1 without one; .ctors and .dtors count back from 65535."""
    before, _, digits = name.rpartition(".")
    if not digits.isdecimal():
        return -1
    number = int(digits)
    if before in LISTS:
        number = (65535 - number) & 0xFFFFFFFFFFFFFFFF
    return number if number <= MOST else -1


def lld_priority(name: str) -> int:
    """The number behind the last dot as LLD reads it, with a sign, else 65536; .ctors and .dtors
    count back from 65535."""
    before, _, digits = name.rpartition(".")
    if not re.fullmatch(_INTEGER, digits) or not -MOST - 1 <= int(digits) <= MOST:
        return NO_PRIORITY
    return 65535 - int(digits) if before in LISTS else int(digits)


class _Node:
    def __init__(self, item: int, key: Any) -> None:
        self.item, self.key = item, key
        self.less: _Node | None = None
        self.more: _Node | None = None


def tree_sorted(items: Sequence[int], key: Callable[[int], Any]) -> list[int]:
    """The items as a binary tree without balance gives them back; equal keys keep their order."""
    root: _Node | None = None
    for item in items:
        new = _Node(item, key(item))
        if root is None:
            root = new
            continue
        at = root
        while True:
            down = at.less if new.key < at.key else at.more
            if down is None:
                break
            at = down
        if new.key < at.key:
            at.less = new
        else:
            at.more = new
    return _in_order(root)


def _in_order(root: _Node | None) -> list[int]:
    out: list[int] = []
    stack: list[_Node] = []
    at = root
    while stack or at is not None:
        while at is not None:
            stack.append(at)
            at = at.less
        at = stack.pop()
        out.append(at.item)
        at = at.more
    return out
