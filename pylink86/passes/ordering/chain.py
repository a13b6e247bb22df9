"""A list one can insert into anywhere, and look around in, without walking through all of it.

Orphans go in among the output sections one by one, each beside one that is already there.  With a
plain list every one of them would move or pass over all others; here each item knows its
neighbours, and a dictionary says where an item stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Link(Generic[T]):
    """A place in a chain; the one before the first has no item."""

    __slots__ = ("before", "behind", "item")

    def __init__(self, item: T | None) -> None:
        self.item = item
        self.before: Link[T] | None = None
        self.behind: Link[T] | None = None


class Chain(Generic[T]):
    """Items in order, each there once; they are told apart by identity."""

    def __init__(self, items: Iterable[T]) -> None:
        self.start: Link[T] = Link(None)
        self.end = self.start
        self.places: dict[int, Link[T]] = {}
        for item in items:
            self.add(item)

    def __iter__(self) -> Iterator[T]:
        return self.from_behind(None)

    def __reversed__(self) -> Iterator[T]:
        return self.back_from(None)

    def __contains__(self, item: T) -> bool:
        return id(item) in self.places

    def from_behind(self, item: T | None) -> Iterator[T]:
        """What follows an item, in order; all of it for None."""
        link = self._place(item).behind
        while link is not None:
            assert link.item is not None
            yield link.item
            link = link.behind

    def back_from(self, item: T | None) -> Iterator[T]:
        """An item and what stands before it, backwards; all of it for None."""
        link: Link[T] | None = self.end if item is None else self._place(item)
        while link is not None and link.item is not None:
            yield link.item
            link = link.before

    def next_of(self, item: T | None) -> T | None:
        """The item behind another, the first for None; None where nothing follows."""
        link = self._place(item).behind
        return None if link is None else link.item

    def add(self, item: T) -> None:
        """Put an item at the end."""
        self._insert(self.end, item)

    def insert_behind(self, item: T | None, new: T) -> None:
        """Put an item behind another, or first of all for None."""
        self._insert(self._place(item), new)

    def insert_before(self, item: T | None, new: T) -> None:
        """Put an item before another, or at the end for None."""
        before = self.end if item is None else self._place(item).before
        assert before is not None
        self._insert(before, new)

    def first(self, wanted: Iterable[T]) -> T | None:
        """The one of some items that stands before all others."""
        some = list(wanted)
        if len(some) < 2:
            return some[0] if some else None
        known = set(map(id, some))
        return next(item for item in self if id(item) in known)

    def _place(self, item: T | None) -> Link[T]:
        return self.start if item is None else self.places[id(item)]

    def _insert(self, before: Link[T], item: T) -> None:
        link = self.places[id(item)] = Link(item)
        link.before, link.behind = before, before.behind
        if before.behind is None:
            self.end = link
        else:
            before.behind.before = link
        before.behind = link
