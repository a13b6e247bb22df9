"""Which segments a linked file has after GNU objcopy worked on it, and which sections they hold.

Program headers say bytes and addresses, but an edit changes sections.  So each header is first read
as a list of sections.  As long as no section of a segment changed, the list is written out again
and the header keeps what it said.  When one changed, went, or moved, every header is made anew: a
segment keeps the sections whose load addresses still lie in it, sections that were moved elsewhere
get segments of their own, and what follows from no section (GNU_RELRO) is lost.

Source: GNU objcopy 2.40, one option at a time on files of GNU ld, LLD and with program headers
drawn at random.
"""

from __future__ import annotations

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR
from .bfd import in_segment, words
from .draft import GROUP, PLAIN, complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .draft import Draft, Sec, Seg

DEFAULT_PAGE = 0x1000
"""The page of x86, which counts where no segment has an alignment of its own."""


class Mapped:
    """A segment of the output before its place in the file is known.

    `paddr` counts where `loads_there` is true; else, and for `align` and `memory` (its size) that
    are None, the sections decide.  `shift` is what lies between the first section's address and the
    segment's.
    """

    __slots__ = (
        "align", "flags", "has_header", "has_table", "loads_there", "memory", "number", "paddr",
        "secs", "shift", "type",
    )  # fmt: skip

    def __init__(self, type: int, flags: int) -> None:
        self.type = type
        self.flags = flags
        self.paddr = 0
        self.loads_there = False
        self.align: int | None = None
        self.memory: int | None = None
        self.shift = 0
        self.has_header = self.has_table = False
        self.number = 0
        self.secs: list[Sec] = []


def map_segments(draft: Draft, body: list[Sec]) -> tuple[list[Mapped], int]:
    """The segments of the output in their order, and the page size for what has no alignment: 1
    where the input was not made for pages.

    bad-operation where GNU objcopy gives up: a moved section that no segment can begin with.
    """
    stays = set(map(id, body))
    inputs = [
        sec for sec in (*draft.secs, *draft.removed) if sec.role in (PLAIN, GROUP) and sec.old_index
    ]
    inputs.sort(key=lambda sec: sec.old_index)
    if not _changed(draft, inputs, stays):
        found = _kept(draft, inputs)
    else:
        page = max([1, *(seg.align for seg in draft.segs if seg.type == c.PT_LOAD)])
        found = _Remade(draft, inputs, stays, page).segments()
    for number, mapped in enumerate(found):
        mapped.number = number
        if mapped.type == c.PT_LOAD:
            mapped.secs = [sec for sec in mapped.secs if sec.alloc]
    return found, DEFAULT_PAGE if _paged(inputs) else 1


def _paged(inputs: list[Sec]) -> bool:
    """Was the input made to be mapped by pages: do offsets of contents agree with addresses?"""
    return all(
        (sec.before.addr - sec.before.offset) % DEFAULT_PAGE == 0
        for sec in inputs
        if sec.before is not None and sec.before.type != c.SHT_NOBITS
        and sec.before.flags & c.SHF_ALLOC and sec.before.size
    )  # fmt: skip


def _changed(draft: Draft, inputs: list[Sec], stays: set[int]) -> bool:
    """Is a section of a segment not what it was?"""
    different = [sec for sec in inputs if id(sec) not in stays or _differs(sec)]
    for seg in draft.segs:
        if not seg.paddr and not seg.memsz and seg.type in (c.PT_INTERP, c.PT_DYNAMIC):
            return True
        if any(in_segment(sec.before, seg) for sec in different if sec.before is not None):
            return True
    return False


def _differs(sec: Sec) -> bool:
    was = sec.before
    return was is not None and (
        (was.addr, was.lma, was.size, was.align, was.words)
        != (sec.addr, sec.lma, _size(sec), sec.asked_align, frozenset(words(sec)))
    )  # fmt: skip


def _size(sec: Sec) -> int:
    """Its size when segments are decided: --update-section comes later."""
    return sec.before.size if sec.updated and sec.before is not None else sec.size


class _Headers:
    """Which segments hold the file header and the table of program headers; of the loaded ones only
    the first holds the table."""

    def __init__(self, draft: Draft) -> None:
        self.header = IDENT_SIZE + EHDR[draft.elf_class].size
        self.entry = PHDR[draft.elf_class].size
        self.table = len(draft.segs) * self.entry
        self.start = draft.phoff
        self.taken = False

    def note(self, mapped: Mapped, seg: Seg) -> None:
        loaded = seg.type == c.PT_LOAD
        mapped.has_header = seg.old_offset == 0 and seg.old_filesz >= self.header
        if loaded and self.taken:
            return
        end = seg.old_offset + seg.old_filesz
        mapped.has_table = seg.old_offset <= self.start and end >= self.start + self.table
        self.taken |= loaded and mapped.has_table

    def size(self, mapped: Mapped) -> int:
        return self.header * mapped.has_header + self.table * mapped.has_table


# --- Nothing changed ------------------------------------------------------------------------------


def _kept(draft: Draft, inputs: list[Sec]) -> list[Mapped]:
    headers = _Headers(draft)
    known = any(seg.paddr for seg in draft.segs)
    found = []
    for seg in draft.segs:
        mapped = Mapped(seg.type, seg.flags)
        mapped.align = seg.align
        mapped.paddr, mapped.loads_there = seg.paddr, known
        if seg.type in (c.PT_GNU_RELRO, c.PT_GNU_STACK):
            # A page may end in the middle of a section, and no section says how large a stack is.
            mapped.memory = seg.memsz
        headers.note(mapped, seg)
        mapped.secs = [sec for sec in inputs if sec.before and in_segment(sec.before, seg)]
        if any(_load_distance(sec, seg) for sec in mapped.secs if sec.alloc):
            mapped.loads_there = False
        if not mapped.secs:
            mapped.shift = seg.vaddr
        elif mapped.loads_there:
            # Padding in front of the first section.
            first, *others = mapped.secs
            lowest = min([first.lma, *(sec.lma for sec in others if sec.alloc)])
            mapped.shift = mapped.paddr + headers.size(mapped) - lowest
        found.append(mapped)
    return found


def _load_distance(sec: Sec, seg: Seg) -> int:
    """How far the section's load address is from what this segment says of it."""
    was = sec.before
    assert was is not None
    loaded = "load" in was.words
    inside = was.offset - seg.old_offset if loaded else was.addr - seg.vaddr
    return was.lma - seg.paddr - inside


# --- Something changed ----------------------------------------------------------------------------


class _Remade:
    """Program headers made anew: `segments` is the answer."""

    def __init__(self, draft: Draft, inputs: list[Sec], stays: set[int], page: int) -> None:
        self.segs = draft.segs
        self.inputs = inputs
        self.stays = stays
        self.page = page
        self.paged = _paged(inputs)
        self.headers = _Headers(draft)
        self.known = any(seg.paddr for seg in draft.segs)
        self.placed: set[int] = set()
        """Sections that a new PT_LOAD holds already."""
        self.shrunk: Mapped | None = None
        """The segment whose load address was computed with room for the input's headers."""

    def segments(self) -> list[Mapped]:
        extents = _joined(self.segs)
        found = [one for seg in self.segs if seg.index in extents
                 for one in self._of(seg, *extents[seg.index])]  # fmt: skip
        more = len(found) - len(self.segs)
        if self.shrunk is not None:
            self.shrunk.paddr -= max(more, 0) * self.headers.entry
            for one in found:
                if one.type == c.PT_PHDR:
                    one.paddr = self.shrunk.paddr
                    one.paddr += self.headers.header * self.shrunk.has_header
                    break
        return found

    def _of(self, seg: Seg, filesz: int, memsz: int) -> list[Mapped]:
        """The segments that one of the input becomes; its sizes are after joining."""
        extent = max(filesz, memsz)
        mapped = Mapped(seg.type, seg.flags)
        if seg.type == c.PT_LOAD and seg.align > 1 and self.paged:
            mapped.align = seg.align
        there = [sec for sec in self.inputs if self._belongs(sec, seg, extent)]
        secs = [sec for sec in there if id(sec) in self.stays]
        if not there or id(there[0]) in self.stays:
            mapped.paddr, mapped.loads_there = seg.paddr, self.known
        self.headers.note(mapped, seg)
        if not secs:
            mapped.shift = seg.vaddr
            return [mapped]
        front = self.headers.size(mapped)
        if self._has_no_load_address(seg, secs[0], front):
            mapped.paddr = seg.vaddr
        inside = [sec for sec in secs if self._fits(sec, seg, mapped.paddr, extent)]
        if len(inside) == len(secs):
            mapped.secs = secs
            if self.known:
                mapped.shift = mapped.paddr + front - min(sec.lma for sec in secs)
            return [mapped]
        first = min(inside, key=lambda sec: sec.lma) if inside else secs[0]
        mapped.paddr = self._start(seg, mapped, first)
        return self._split(seg, mapped, secs, extent)

    def _belongs(self, sec: Sec, seg: Seg, extent: int) -> bool:
        """Was the section part of the segment, and has no other PT_LOAD taken it?"""
        was = sec.before
        assert was is not None
        thread = "tls" in was.words
        if seg.type == c.PT_GNU_STACK or (seg.type == c.PT_TLS and not thread):
            return False
        if thread and seg.type not in (c.PT_LOAD, c.PT_TLS):
            return False
        if seg.type == c.PT_LOAD and id(sec) in self.placed:
            return False
        size = _room(was.words, was.size, seg)
        if _is_note_of(sec, seg):
            return True
        if "alloc" not in was.words:
            return False
        base, at = (seg.paddr, was.lma) if self.known else (seg.vaddr, was.addr)
        if seg.type == c.PT_DYNAMIC and not size and at == base and sec.was != ".dynamic":
            return False
        return base <= at and at + size <= base + extent

    def _fits(self, sec: Sec, seg: Seg, base: int, extent: int) -> bool:
        """Does the section, as it is now, lie in a segment that is loaded there?"""
        if _is_note_of(sec, seg):
            return True
        size = _room(words(sec), _size(sec), seg)
        return base <= sec.lma and sec.lma + size <= base + extent

    def _has_no_load_address(self, seg: Seg, first: Sec, front: int) -> bool:
        if self.known or not seg.vaddr or not first.lma:
            return False
        return _aligned(seg.vaddr + front, first) == first.addr

    def _start(self, seg: Seg, mapped: Mapped, first: Sec) -> int:
        """The load address that lets `first` begin the segment, behind headers it has."""
        start = first.lma
        if mapped.has_table:
            start -= self.headers.table
            self.shrunk = mapped
        if mapped.has_header:
            align = first.asked_align
            if seg.align and seg.align < align:
                align = seg.align
            start = (start - self.headers.header) & -align
        return start

    def _split(self, seg: Seg, mapped: Mapped, secs: Sequence[Sec], extent: int) -> list[Mapped]:
        """Fill a segment with what lies in it, and go on with another for the rest."""
        found = []
        left = list(secs)
        while True:
            rest = []
            for sec in left:
                if self._fits(sec, seg, mapped.paddr, extent) and self._follows(mapped, sec):
                    mapped.secs.append(sec)
                    if seg.type == c.PT_LOAD:
                        self.placed.add(id(sec))
                else:
                    rest.append(sec)
            found.append(mapped)
            if not rest:
                return found
            if len(rest) == len(left):
                _sorry(seg)
            left = rest
            mapped = Mapped(seg.type, seg.flags)
            mapped.paddr, mapped.loads_there = left[0].lma, self.known

    def _follows(self, mapped: Mapped, sec: Sec) -> bool:
        """May the section be the next of the segment: without overlap, and without a page between?
        The first must be at its start."""
        if not mapped.secs:
            if _aligned(mapped.paddr + self.headers.size(mapped), sec) != sec.lma:
                _sorry(None)
            return True
        end = mapped.secs[-1].lma + _size(mapped.secs[-1])
        return end <= sec.lma and _up(end, self.page) >= _up(sec.lma, self.page)


def _joined(segs: list[Seg]) -> dict[int, tuple[int, int]]:
    """File and memory size of the segments that stay, by number.

    Loaded segments that share memory become one; GNU_RELRO and PT_NULL go.
    """
    sizes = {
        seg.index: (seg.filesz, seg.memsz)
        for seg in segs
        if seg.type not in (c.PT_NULL, c.PT_GNU_RELRO)
    }
    loads = [seg for seg in segs if seg.type == c.PT_LOAD]
    while True:
        left = [seg for seg in loads if seg.index in sizes]
        pairs = ((one, two) for n, two in enumerate(left) for one in left[:n])
        meet = next(((one, two) for one, two in pairs if _overlap(one, two, sizes)), None)
        if meet is None:
            return sizes
        lower, upper = sorted(meet, key=lambda seg: (seg.vaddr, -seg.index))
        filesz, memsz = sizes[lower.index]
        more = upper.vaddr + max(sizes[upper.index]) - lower.vaddr - max(filesz, memsz)
        if more > 0:
            sizes[lower.index] = filesz + more, memsz + more
        del sizes[upper.index]


def _overlap(one: Seg, two: Seg, sizes: dict[int, tuple[int, int]]) -> bool:
    """Do two segments share addresses, where they run and where they are loaded?"""
    size, other = max(sizes[one.index]), max(sizes[two.index])

    def meet(left: int, right: int) -> bool:
        return left < right + other and right < left + size

    return meet(one.vaddr, two.vaddr) and meet(one.paddr, two.paddr)


def _is_note_of(sec: Sec, seg: Seg) -> bool:
    """Was it a note in this segment of notes?  Only the place in the file counts."""
    was = sec.before
    assert was is not None
    if seg.type != c.PT_NOTE or was.type != c.SHT_NOTE:
        return False
    end = was.offset + was.size
    return seg.old_offset <= was.offset and end <= seg.old_offset + seg.old_filesz


def _room(has: Iterable[str], size: int, seg: Seg) -> int:
    """Bytes that a section takes in a segment: thread storage that is zero takes none."""
    zero = "tls" in has and "contents" not in has
    return 0 if zero and seg.type != c.PT_TLS else size


def _aligned(address: int, sec: Sec) -> int:
    return _up(address, sec.asked_align)


def _up(address: int, align: int) -> int:
    return -(-address // align) * align


def _sorry(seg: Seg | None) -> None:
    complain(
        "bad-operation",
        "error in private header data: the sections that were moved make no segment",
        help=["move all sections of a segment by the same distance"],
    )
