"""DATA_SEGMENT_ALIGN and its company: where the data of a program begins, to the byte.

Data must not share a page with code, so it begins a page further on.  It may keep its offset in the
page, which saves space in the file, unless the end then reaches into one page more.  With RELRO the
part that is read-only after start-up must end with a page, and the begin moves so that it does
(GNU ld manual 3.10.9; the numbers by experiment, LLD only rounds up)."""

from __future__ import annotations

import attrs

from ..dialect import Dialect


@attrs.define(eq=False)
class DataSegment:
    """What a walk met: the begin it chose, and how far behind it RELRO and everything end."""

    base: int = 0
    relro_span: int | None = None
    span: int | None = None


def data_segment_base(
    dot: int, max_page: int, common_page: int, relro: bool, before: DataSegment, dialect: Dialect
) -> int:
    """The value of DATA_SEGMENT_ALIGN(max_page, common_page) at `dot`.

    relro: whether -z relro is on; it does not count when nothing stands in the RELRO part.  before: what the walk before met (nothing in the first)."""
    up = _up(dot, max_page)
    if not dialect.data_segment_moves:
        return up
    if relro and before.relro_span != 0:
        span = before.relro_span or 0
        return _up(up + span, max_page) - span
    base = up + dot % max_page
    if before.span is None:
        return base
    end = base + before.span
    first, last = -base % common_page, end % common_page
    saves = first and last and base // common_page != end // common_page
    return base + first if saves and first + last <= common_page else base


def _up(address: int, page: int) -> int:
    return -(-address // page) * page if page else address
