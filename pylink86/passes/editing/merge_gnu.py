"""Equal strings and constants kept once, the way GNU ld does it when it writes ELF.

LLD makes one new section of all that it merges (see `merge`).  GNU ld leaves every input section
where it is and takes out of each what an earlier one has already; strings may also end inside
longer ones. So a piece of one file may now live in what is left of another file's section, and a
section of which nothing is left leaves the link.

All of this was found by linking generated sections with GNU ld 2.40 and looking; the curious rules
(zeros after a string, rounding of the last section) are its own.  With --oformat binary and other
formats that are not the inputs' own it merges nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ...elf_tables import Buffer


class SharedMap:
    """Input offset -> (number of the input in the group, offset in what is left of it).

    starts: where each piece begins in the input, ascending, the first is 0; owners and outs: where
    it lives now; size: of the input, in bytes.
    """

    def __init__(
        self, starts: tuple[int, ...], owners: tuple[int, ...], outs: tuple[int, ...], size: int
    ) -> None:
        self.starts, self.owners, self.outs, self.size = starts, owners, outs, size

    def __call__(self, offset: int) -> tuple[int, int] | None:
        """Where a byte is now; None outside of the input; its end is the end of its last piece."""
        if not 0 <= offset <= self.size or not self.starts:
            return None
        index = bisect_right(self.starts, offset) - 1
        return self.owners[index], self.outs[index] + offset - self.starts[index]


class MergedInPlace:
    """What is left of each input section of a group (b"": it leaves), and where its pieces are."""

    def __init__(self, contents: tuple[bytes, ...], maps: tuple[SharedMap, ...]) -> None:
        self.contents, self.maps = contents, maps


class Entry:
    """A different piece: its bytes, the alignment it is given, the input that holds it.

    host: the longer string this one lives at the end of.  dropped: a later copy that needs more
    alignment took its place.
    """

    def __init__(
        self,
        data: bytes,
        align: int,
        owner: int,
        out: int = 0,
        host: Entry | None = None,
        moved_to: Entry | None = None,
    ) -> None:
        self.data, self.align, self.owner, self.out, self.host = data, align, owner, out, host
        self.moved_to = moved_to

    def home(self) -> tuple[int, int]:
        """Input number and offset, once everything is laid out."""
        entry = self
        while entry.moved_to is not None:
            entry = entry.moved_to
        if entry.host is None:
            return entry.owner, entry.out
        owner, out = entry.host.home()
        return owner, out + len(entry.host.data) - len(entry.data)


def mergeable(size: int, entsize: int, align: int, is_strings: bool, has_relocations: bool) -> bool:
    """Whether GNU ld takes a SHF_MERGE section apart.

    Besides what LLD asks too (see `merge.mergeable`): constants may not be aligned to more than
    their size; characters must be a multiple of the alignment, or a power of two below it.
    """
    if has_relocations or not size or not entsize or size % entsize:
        return False
    if align > entsize:
        return is_strings and entsize & (entsize - 1) == 0
    return entsize % align == 0


GroupKey = tuple[bool, int, int]


def group_key(is_strings: bool, entsize: int, align: int) -> GroupKey:
    """Sections of one output section with equal keys share their pieces; names do not count."""
    return is_strings, entsize, align


def merge_in_place(
    inputs: Sequence[Buffer], entsize: int, align: int, is_strings: bool
) -> MergedInPlace:
    """What GNU ld leaves of each input section of a group.

    inputs: contents in the order of files and section headers, all of one entsize and alignment in
    bytes.
    """
    zero = bytes(entsize)
    known: dict[bytes, Entry] = {}
    entries: list[Entry] = []
    found: list[tuple[list[int], list[Entry | None]]] = []
    for owner, content in enumerate(inputs):
        data = bytes(content)
        pieces = strings(data, entsize, align) if is_strings else constants(data, entsize)
        starts: list[int] = []
        members: list[Entry | None] = []
        for start, piece, aligned in pieces:
            entry = known.get(piece)
            if aligned and (entry is None or entry.align < aligned):
                newer = Entry(piece, aligned, owner)
                entries.append(newer)
                if entry is not None:
                    entry.moved_to = newer
                known[piece] = entry = newer
            starts.append(start)
            members.append(entry)
        found.append((starts, members))
    kept = [entry for entry in entries if entry.moved_to is None]
    if is_strings:
        find_hosts(kept, entsize)
        stand_in(known, kept, entsize)
    contents = lay_out(entries, inputs, align)
    maps = tuple(
        shared_map(starts, [m or known[zero] for m in members], len(content))
        for (starts, members), content in zip(found, inputs, strict=True)
    )
    return MergedInPlace(contents, maps)


Pieces = list[tuple[int, bytes, int]]
"""Start, bytes, and the alignment the piece asks for; 0: it is padding and asks for nothing."""


def constants(data: bytes, entsize: int) -> Pieces:
    return [(at, data[at : at + entsize], 1) for at in range(0, len(data), entsize)]


def strings(data: bytes, entsize: int, align: int) -> Pieces:
    """The strings of a section, each as aligned as its offset is, up to the section's alignment.

    Zeros after a string are padding: of all of them the first that is aligned asks for an empty
    string, the others are wherever there is one.  A last string without its zero is given one.
    """
    zero = bytes(entsize)
    pieces: Pieces = []
    seen_padding = False
    at, end = 0, len(data)
    while at < end:
        stop = find_zero(data, at, entsize)
        pieces.append((at, data[at:stop] + zero, min(at & -at, align) if at else align))
        at = stop + entsize
        while at < end and data[at : at + entsize] == zero:
            wanted = not seen_padding and at % align == 0
            seen_padding |= wanted
            pieces.append((at, zero, align if wanted else 0))
            at += entsize
    return pieces


def find_zero(data: bytes, at: int, entsize: int) -> int:
    """Where the zero character of the string at `at` is; the end when there is none."""
    zero = bytes(entsize)
    found = data.find(zero, at)
    while found >= 0 and (found - at) % entsize:
        found = data.find(zero, found + 1)
    return len(data) if found < 0 else found


def find_hosts(entries: Sequence[Entry], entsize: int) -> None:
    """Let strings live at the end of longer ones, where the alignment they ask for allows.

    Sorted from their ends, the longest first, each is compared with the last that found no host.
    When all ask for the same alignment, above the size of a character, strings that end at the same
    phase come together.
    """
    aligns = {e.align for e in entries}
    phase = aligns.pop() if len(aligns) == 1 else 1
    if phase <= entsize:
        phase = 1
    ordered = sorted(
        entries, key=lambda e: ((len(e.data) - entsize) % phase, e.data[::-1]), reverse=True
    )
    host: Entry | None = None
    for entry in ordered:
        if (
            host is not None
            and host.align >= entry.align
            and (len(host.data) - len(entry.data)) % entry.align == 0
            and host.data.endswith(entry.data)
        ):
            entry.host = host
        else:
            host = entry


def stand_in(known: dict[bytes, Entry], kept: Sequence[Entry], entsize: int) -> None:
    """When no input asks for an empty string, padding is the end of the first string written."""
    zero = bytes(entsize)
    first = next((e for e in kept if e.host is None), None)
    if zero not in known and first is not None:
        known[zero] = Entry(zero, 1, first.owner, host=first)


def lay_out(entries: Sequence[Entry], inputs: Sequence[Buffer], align: int) -> tuple[bytes, ...]:
    """Each piece into the section that had it first, in order of appearance.

    When the sizes of all inputs are multiples of their alignment, the size of the section that the
    last different piece came from is made one, too.
    """
    contents = [bytearray() for _ in inputs]
    for entry in entries:
        if entry.host is None and entry.moved_to is None:
            content = contents[entry.owner]
            content += bytes(-len(content) % entry.align)
            entry.out = len(content)
            content += entry.data
    if entries and not any(len(content) % align for content in inputs):
        last = contents[entries[-1].owner]
        last += bytes(-len(last) % align)
    return tuple(bytes(content) for content in contents)


def shared_map(starts: list[int], members: list[Entry], size: int) -> SharedMap:
    homes = [entry.home() for entry in members]
    return SharedMap(
        tuple(starts), tuple(owner for owner, _ in homes), tuple(out for _, out in homes), size
    )
