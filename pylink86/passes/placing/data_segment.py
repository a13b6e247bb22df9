"""DATA_SEGMENT_ALIGN and its company: where the data of a program begins, to the byte.

Data must not share a page with code, so it begins a page further on.  It may keep its offset in the
page, which saves space in the file, unless the end then reaches into one page more.  With RELRO the
part that is read-only after start-up must end with a page, and the begin moves so that it does.

GNU ld sets everything down once, decides where the data is to begin, and sets everything down again
(GNU ld manual 3.10.9; the numbers by experiment, LLD only rounds up)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Choice(NamedTuple):
    """Where the data begins, decided when everything was set down once.

    relro_end: where its RELRO part is to end, -1 without one.  given_up: that did not work, so it
    begins where it would anyhow."""

    base: int
    relro_end: int = -1
    given_up: bool = False


class DataSegment:
    """What a walk met: `.` before DATA_SEGMENT_ALIGN, the begin it chose, the sizes of pages, if
    there is a RELRO part, how far behind the begin RELRO and everything end; found: what is chosen
    at the end of RELRO, choice: at the end of everything."""

    def __init__(
        self,
        base: int = 0,
        dot: int = -1,
        page: int = 0,
        common_page: int = 0,
        relro: bool = False,
    ) -> None:
        self.base, self.dot, self.page = base, dot, page
        self.common_page, self.relro = common_page, relro
        self.relro_span: int | None = None
        self.span: int | None = None
        self.found: Choice | None = None
        self.choice: Choice | None = None

    @property
    def natural(self) -> int:
        """The begin at the same place of the next page."""
        return _up(self.dot, self.page) + (self.dot % self.page if self.page else 0)


def begin_data(
    dot: int, max_page: int, common_page: int, relro: bool, before: DataSegment
) -> DataSegment:
    """DATA_SEGMENT_ALIGN(max_page, common_page) at `dot`, in GNU ld.

    relro: whether there is a RELRO part that is to be protected; it begins with a page, until it is
    known how large it is.  before: what the walk before met; its choice counts if `.` was there."""
    data = DataSegment(0, dot, max_page, common_page, relro)
    if before.choice is not None and before.dot == dot:
        data.choice = before.choice
        data.base = before.choice.base
    else:
        data.base = _up(dot, max_page) if relro else data.natural
    return data


class Stacked(NamedTuple):
    """A section of the RELRO part: bytes it takes, its alignment."""

    size: int
    align: int


def end_relro(data: DataSegment, offset: int, address: int, held: Sequence[Stacked]) -> int:
    """DATA_SEGMENT_RELRO_END(offset, address): the new `.`.

    The part ends `offset` bytes behind it, with a page.  So that it does, its sections (held) are
    stacked downwards from there, each rounded down to its alignment; the data begins where the
    first one comes to lie.  When alignments make that part larger than it was, GNU ld gives up."""
    end = address + offset
    if data.choice is None:
        page_end = _up(end, data.page)
        base = page_end - offset
        for section in reversed(held):
            base -= section.size
            base -= base % (section.align or 1)
        data.found = Choice(base, page_end)
    else:
        end = _up(end, data.page)
        address = end - offset
        if end > data.choice.relro_end >= 0 and not data.choice.given_up:
            data.choice = Choice(_up(data.dot, data.page), data.choice.relro_end, True)
    data.relro_span = end - data.base
    return address


def end_data(data: DataSegment, address: int) -> None:
    """DATA_SEGMENT_END(address): what was chosen for the RELRO part counts, which needs another
    walk when its end is not known yet; without such a part, the data begins with a page if it takes
    one less then."""
    data.span = address - data.base
    if data.choice is None:
        data.choice = data.found if data.relro else _saving_pages(data, address)


def _saving_pages(data: DataSegment, end: int) -> Choice:
    page, common = data.page, data.common_page
    first, last = -data.base % common, end % common
    apart = data.base // common != end // common
    if first and last and apart and first + last <= common:
        offset = data.dot + common - 1 & page - common if page > common else 0
        return Choice(_up(data.dot, page) + offset)
    return Choice(data.base)


def _up(address: int, page: int) -> int:
    return -(-address // page) * page if page else address
