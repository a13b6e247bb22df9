"""Where GNU objcopy puts the segments of a linked file.

BFD forgets file offsets: a segment is a list of sections (`segment_map_gnu`), and its bytes are
laid out anew.  In each PT_LOAD the offset must agree with the address modulo the segment's
alignment; inside, sections lie as far apart as their load addresses.  A segment that holds the
file's headers begins at 0.  The other segments (notes, TLS, RELRO) follow the sections they are
made of.
"""

from __future__ import annotations

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR
from .bfd import words
from .draft import GROUP, PLAIN, Seg, complain
from .segment_map_gnu import map_segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec
    from .segment_map_gnu import Mapped


def place_segments(draft: Draft, body: list[Sec]) -> int:
    """Give the draft its new segments, and their sections offsets; other sections that are
    allocated follow.  Returns where the bytes of all end."""
    mapped, page = map_segments(draft, body)
    place = _Placer(draft, mapped, page)
    for one in mapped:
        one.secs = [sec for _, sec in sorted(enumerate(one.secs), key=_in_memory_order)]
    for one in sorted(mapped, key=_load_order):
        place.segment(one)
    place.outside([sec for sec in draft.secs if sec.role in (PLAIN, GROUP)])
    place.views(mapped)
    draft.segs = [place.made[one.number] for one in mapped]
    for seg in draft.segs:
        for field in ("vaddr", "paddr", "offset", "filesz", "memsz"):
            setattr(seg, field, getattr(seg, field) & place.mask)
    return place.end


def _load_order(one: Mapped) -> tuple[int, int, int, int, int]:
    """The order of work: by type, the segment with the file header first, loaded ones by load
    address."""
    at = 0
    if one.type == c.PT_LOAD:
        at = one.paddr if one.loads_there else one.secs[0].lma + one.shift if one.secs else 0
    return one.type == c.PT_NULL, one.type, not one.has_header, at, one.number


def _in_memory_order(one: tuple[int, Sec]) -> tuple[int, int, bool, int, int]:
    """By load address, then address; where both are equal what is empty comes first, and what
    stands for zeros last."""
    number, sec = one
    has = words(sec)
    loaded = "load" in has
    last = not loaded and "tls" not in has and sec.size > 0
    return sec.lma, sec.addr, last, 0 if last or not loaded else sec.size, number


class _Placer:
    """Offsets given so far: `end` is the next free byte, `made` the program headers by number.

    usual_page: what a PT_LOAD is aligned to that says nothing of it; `page` is what the last one
    said, and its offset agrees modulo that.
    """

    def __init__(self, draft: Draft, mapped: list[Mapped], page: int) -> None:
        self.word = draft.word
        self.page = self.usual_page = page
        self.mask = (1 << draft.elf_class) - 1
        self.header = IDENT_SIZE + EHDR[draft.elf_class].size
        self.table = len(mapped) * PHDR[draft.elf_class].size
        self.end = self.header + self.table
        self.made: dict[int, Seg] = {}
        self.placed: set[int] = set()
        self.header_at: tuple[int, int] | None = None
        self.table_at: tuple[int, int] | None = None
        """Address and load address of the headers, where a PT_LOAD has them."""

    def segment(self, one: Mapped) -> None:
        """Sizes of a segment, and offsets of the sections of a PT_LOAD."""
        seg = self.made[one.number] = Seg((one.type, one.flags, 0, 0, 0, 0, 0, 0), one.number)
        seg.vaddr = one.shift + (one.secs[0].addr if one.secs else 0)
        by_sections = one.secs[0].lma + one.shift if one.secs else 0
        seg.paddr = one.paddr if one.loads_there else by_sections
        seg.align, align = self._alignment(one)
        back = 0
        bare = False
        if one.type == c.PT_LOAD and one.secs:
            bare, back = self._agree(one, seg, align)
        elif one.type == c.PT_NOTE:
            for sec in one.secs:
                sec.type = c.SHT_NOTE
        elif one.type == c.PT_DYNAMIC and len(one.secs) > 1 and one.secs[0].name != ".dynamic":
            complain("bad-operation", "the first section of PT_DYNAMIC is not .dynamic")
        self._headers(one, seg)
        if one.type == c.PT_LOAD:
            self._start(one, seg, (one.align or self.page) if bare else 0)
        for sec in one.secs:
            back += self._section(one, seg, sec)
        if bare:
            self.end -= back
        if one.type == c.PT_LOAD:
            if one.has_header:
                self.header_at = seg.vaddr, seg.paddr
            if one.has_table:
                skip = self.header * one.has_header
                self.table_at = seg.vaddr + skip, seg.paddr + skip

    def _alignment(self, one: Mapped) -> tuple[int, int]:
        """p_align, and what offset and address agree modulo."""
        largest = max([sec.asked_align for sec in one.secs], default=0)
        if one.align is not None:
            if one.type == c.PT_LOAD and self.usual_page > 1:
                self.page = one.align
            return one.align, one.align
        if one.type != c.PT_LOAD or self.usual_page == 1:
            return largest or self.word, largest
        return (largest if largest >= self.page else self.usual_page), max(largest, self.page)

    def _agree(self, one: Mapped, seg: Seg, align: int) -> tuple[bool, int]:
        """Move on to an offset that agrees with the address.  Returns whether the segment has no
        bytes, and how far to go back after it because it needs none."""
        for sec in one.secs:
            if not {"load", "contents"} & words(sec):
                sec.type = c.SHT_NOBITS
        bare = all(sec.type == c.SHT_NOBITS for sec in one.secs)
        step = (seg.vaddr - self.end) % max(align, 1)
        self.end += step
        return bare, step

    def _headers(self, one: Mapped, seg: Seg) -> None:
        """Count in the file header and the table of program headers."""
        if one.has_header:
            seg.filesz = seg.memsz = self.header
            if one.type == c.PT_LOAD and one.secs:
                if seg.vaddr < self.end or (not one.loads_there and seg.paddr < self.end):
                    complain("bad-operation", "not enough room for program headers")
                seg.vaddr -= self.end
                if not one.loads_there:
                    seg.paddr -= self.end
        if one.has_table:
            if not one.has_header:
                seg.offset = self.header
                if one.secs:
                    # A PT_PHDR holds nothing but the table in front of its sections.
                    front = self.end - seg.offset if one.type == c.PT_LOAD else self.table
                    seg.vaddr -= front
                    if not one.loads_there:
                        seg.paddr -= front
            seg.filesz += self.table
            seg.memsz += self.table

    def _start(self, one: Mapped, seg: Seg, bare: int) -> None:
        """bare: the page of a segment without bytes, whose offset is kept small."""
        if one.has_header or one.has_table:
            more = self.end - seg.offset - seg.filesz
            seg.filesz += 0 if bare else more
            seg.memsz += more
        else:
            seg.offset = self.end % bare if bare else self.end

    def _section(self, one: Mapped, seg: Seg, sec: Sec) -> int:
        """Put one section behind those that the segment has already.  Returns how far that went on
        for a section without bytes: as far as the padding in front of the first."""
        front = 0
        loaded = one.type == c.PT_LOAD
        has_bytes = sec.type != c.SHT_NOBITS
        thread = bool(sec.flags & c.SHF_TLS)
        counts = sec.alloc and (not thread or one.type == c.PT_TLS)
        if one.type in (c.PT_LOAD, c.PT_TLS) and (has_bytes or counts):
            end = seg.paddr + seg.memsz
            if sec.lma < end:
                # It begins before the last one ends: BFD puts it behind, and says so.
                sec.lma = end
            gap = sec.lma - end
            seg.memsz += gap
            if has_bytes:
                # Room in the middle of a segment becomes bytes.
                gap = max(gap, seg.memsz - seg.filesz)
                if loaded:
                    self.end += gap
                seg.filesz += gap
            elif loaded and sec is one.secs[0]:
                front = gap
                self.end += gap
        if loaded:
            self._put(sec, self.end)
        elif not has_bytes and thread and id(sec) not in self.placed:
            self._put(sec, self.end + (sec.addr - self.end) % sec.asked_align)
        if has_bytes:
            if loaded:
                self.end += sec.size
            seg.filesz += sec.size
            seg.memsz += sec.size if sec.alloc else 0
        elif counts:
            seg.memsz += sec.size
        return front

    def _put(self, sec: Sec, offset: int) -> None:
        sec.offset = offset
        self.placed.add(id(sec))

    def outside(self, order: list[Sec]) -> None:
        """Sections of no PT_LOAD, in their order."""
        for sec in order:
            if id(sec) in self.placed:
                continue
            if sec.type == c.SHT_NOBITS:
                sec.offset = 0
                continue
            if sec.alloc:
                step = sec.align
                if sec.size and self.usual_page > 1:
                    step = self.usual_page
                self.end += (sec.addr - self.end) % max(step, 1)
            else:
                self.end += -self.end % max(sec.align, 1)
            sec.offset = self.end
            self.end += sec.size

    def views(self, mapped: list[Mapped]) -> None:
        """Segments that say something of sections placed elsewhere."""
        for one in mapped:
            seg = self.made[one.number]
            if one.type == c.PT_LOAD:
                continue
            if one.type == c.PT_GNU_RELRO:
                self._after_relocation(one, seg, mapped)
            elif one.type == c.PT_GNU_STACK:
                seg.memsz = one.memory if one.memory is not None else seg.memsz
            elif one.secs and one.type != c.PT_PHDR:
                seg.offset = one.secs[0].offset
                full = [sec for sec in one.secs if sec.type != c.SHT_NOBITS]
                seg.filesz = full[-1].offset + full[-1].size - seg.offset if full else 0
                if one.type == c.PT_NOTE and seg.memsz:
                    seg.memsz = max(seg.memsz, seg.filesz & self.mask)
            elif not one.secs and (one.has_header or one.has_table):
                where = (self.header_at if one.has_header else self.table_at) or (0, 0)
                seg.vaddr = where[0]
                if not one.loads_there:
                    seg.paddr = where[1]

    def _after_relocation(self, one: Mapped, seg: Seg, mapped: list[Mapped]) -> None:
        """GNU_RELRO keeps its size, from the first section of a PT_LOAD that lies in it."""
        start = one.secs[0].addr if one.secs else 0
        end = start + (one.memory or 0) if one.secs else 0
        for load in mapped:
            if load.type != c.PT_LOAD or not load.secs or start >= end:
                continue
            last = load.secs[-1]
            last_size = 0 if last.flags & c.SHF_TLS and last.type == c.SHT_NOBITS else last.size
            if not (last.addr + last_size > start and load.secs[0].addr < end):
                continue
            first = next((s for s in load.secs if start <= s.addr < end and s.size), None)
            if first is None:
                break
            around = self.made[load.number]
            seg.vaddr, seg.paddr, seg.offset = first.addr, first.lma, first.offset
            seg.memsz = end - first.addr
            left = around.vaddr + around.filesz - first.addr
            # BFD's numbers have no sign: what lies behind all contents counts as full.
            seg.filesz = min(seg.memsz, left) if left >= 0 else seg.memsz
            return
        empty = Seg((c.PT_NULL, 0, 0, 0, 0, 0, 0, 0), one.number)
        self.made[one.number] = empty
