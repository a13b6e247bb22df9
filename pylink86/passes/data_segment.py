"""DATA_SEGMENT_ALIGN and its company: where the data of a program begins, to the byte.

Data must not share a page with code, so it begins a page further on.  It may keep its offset in the
page, which saves space in the file, unless the end then reaches into one page more.  With RELRO the
part that is read-only after start-up must end with a page, and the begin moves so that it does
(GNU ld manual 3.10.9; the numbers by experiment, LLD only rounds up)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import attrs

from ..dialect import Dialect


@attrs.define(eq=False)
class DataSegment:
    """What a walk met: the begin it chose, and how far behind it RELRO and everything end.

    height: how far before the end of RELRO it begins (see relro_height), which ends relro_offset
    bytes before the end of a page.  saves: whether beginning at the next page saves one; decided
    once, as GNU ld does, because the end depends on the begin."""

    base: int = 0
    relro_span: int | None = None
    height: int | None = None
    relro_offset: int = 0
    span: int | None = None
    saves: bool | None = None


def data_segment_base(
    dot: int, max_page: int, common_page: int, relro: bool, before: DataSegment, dialect: Dialect
) -> int:
    """The value of DATA_SEGMENT_ALIGN(max_page, common_page) at `dot`.

    relro: whether -z relro is on; it does not count when nothing stands in the RELRO part.
    before: what the walk before met (nothing in the first)."""
    up = _up(dot, max_page)
    if not dialect.data_segment_moves:
        return up
    base = up + dot % max_page
    if relro and before.relro_span != 0:
        if before.height is None and before.relro_span is not None:
            return base
        span = (before.height or 0) + before.relro_offset
        return _up(up + span, max_page) - span
    if before.span is None:
        return base
    if saves_page(base, common_page, before):
        return up + (
            dot + common_page - 1 & max_page - common_page if max_page > common_page else 0
        )
    return base


class Stacked(NamedTuple):
    """A section of the RELRO part: bytes it takes, its alignment, whether it is .tbss."""

    size: int
    align: int
    is_tbss: bool


def relro_height(sections: Sequence[Stacked], offset: int) -> int | None:
    """How far before its end the RELRO part begins: its sections stacked downwards from `offset`
    bytes before the end of a page, each rounded down to its alignment.

    None when they are not stacked: GNU ld gives up where .tbss is the last and leaves a gap."""
    end = start = -offset
    for number, section in enumerate(reversed(sections)):
        start -= section.size
        gap = start % (section.align or 1)
        if gap and section.is_tbss and number == 0:
            return None
        start -= gap
    return end - start


def saves_page(base: int, common_page: int, before: DataSegment) -> bool | None:
    """Whether the data takes a page less when it begins with one; None while that is open: the walk
    before must have begun at `base`."""
    if before.saves is not None or before.span is None or before.base != base:
        return before.saves
    end = base + before.span
    first, last = -base % common_page, end % common_page
    apart = base // common_page != end // common_page
    return bool(first and last and apart and first + last <= common_page)


def _up(address: int, page: int) -> int:
    return -(-address // page) * page if page else address
