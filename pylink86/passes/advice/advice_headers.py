"""Headers that boot loaders look for: found in an input, but not where the loader will find them.

Multiboot, Multiboot2, PVH and Limine loaders search the kernel file for a magic number.  When
garbage collection drops it or the layout moves it too deep, they only say "no multiboot header
found"."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ... import elf_const as c
from ...diag import Diagnostics
from ...elf_tables import Buffer
from ...formats.elf_read import Contents
from ..finished import Finished
from ..matching.match import SectionId
from ..near import listed
from ..placement import INPUT, PlacedSection
from .advise import LIMINE_MAGIC, MULTIBOOT2_MAGIC, MULTIBOOT_MAGIC

XEN_PVH = 18
PAGE = 0x1000


class HeaderKind(NamedTuple):
    """A kind of header: its name, alignment, size and how deep in the file loaders look (0:
    anywhere)."""

    name: str
    align: int
    size: int
    depth: int
    source: str


MULTIBOOT = HeaderKind("multiboot header", 4, 12, 8192, "Multiboot 0.6.96, 3.1.1")
MULTIBOOT2 = HeaderKind("multiboot2 header", 8, 16, 32768, "Multiboot2 2.0, 3.1.1")
PVH = HeaderKind("PVH note", 4, 0, 0, "Xen x86/HVM direct boot ABI")
LIMINE = HeaderKind("Limine request", 8, 0, 0, "Limine boot protocol, features")

SMALLER_PAGES = (
    "it is the first that is placed, but pages push it so far: link with -n, or with "
    "-z max-page-size=0x1000, and align its output section to no more than that"
)

MAGICS = (MULTIBOOT_MAGIC, MULTIBOOT2_MAGIC, LIMINE_MAGIC)

Found = tuple[SectionId, int, HeaderKind]
"""A header: the input section, the offset in it (in its output section when it is placed), what it
is."""


Reason = tuple[str, str]
"""Why a header is not in the output, and the cure."""


def boot_headers(link: Finished, diags: Diagnostics) -> None:
    """boot-header-dropped, boot-header-misaligned, boot-header-too-deep.

    A header is a magic number with the right checksum (multiboot), a Xen note of type 18 (PVH), or
    the 16 bytes all Limine requests begin with; PVH and Limine count in ELF output only, which is
    what their loaders take.
    """
    dropped: dict[tuple[str, Reason], list[SectionId]] = {}
    for section, content in zip(link.placed.sections, link.patched.contents):
        for found in _placed_headers(link, section, content):
            if section.plan.alloc:
                _check_place(link, section, found, diags)
            else:
                dropped.setdefault((found[2].name, NO_ALLOC), []).append(found[0])
    for sids, reason in ((link.live.dead, COLLECTED), (link.claims.discarded, DISCARDED)):
        for found in _lost_headers(link, sids):
            dropped.setdefault((found[2].name, reason), []).append(found[0])
    for (name, reason), lost in dropped.items():
        _tell_dropped(link, name, reason, list(dict.fromkeys(lost)), diags)


def _tell_dropped(
    link: Finished, name: str, reason: Reason, lost: list[SectionId], diags: Diagnostics
) -> None:
    why, cure = reason
    several = len(lost) > 1
    names = list(dict.fromkeys(link.table.name[sid] for sid in lost))
    diags.warn(
        "boot-header-dropped",
        f"the {name}{'s' if several else ''} in {listed(map(link.describe, lost), 3)} "
        f"{'are' if several else 'is'} not in the output",
        notes=[why, "a loader would say that the file has no header"],
        help=[cure.format(names[0] if reason is NO_ALLOC else " ".join(names))],
    )


NO_ALLOC = (
    "its section has no alloc flag, so it belongs to no segment that is loaded",
    'say in the source that it is memory: .section {0}, "a" (gas) or section {0} progbits alloc '
    "(nasm)",
)
COLLECTED = (
    "removed by --gc-sections: no code refers to a header",
    "write KEEP(*({0})) in the script",
)
DISCARDED = (
    "taken by a /DISCARD/ pattern of the script",
    "write KEEP(*({0})) in a section that stands before /DISCARD/",
)
"""Why a header is not where a loader looks, and the way out; {0} stands for its section's name."""


def _placed_headers(link: Finished, section: PlacedSection, content: bytearray) -> Iterator[Found]:
    """Headers in an output section; offsets are the output section's."""
    if len(content) < MULTIBOOT.size:
        return
    for sec_off, kind in _in_bytes(content, link.raw):
        for piece in section.pieces:
            if piece.sec_off <= sec_off < piece.sec_off + piece.size and piece.kind == INPUT:
                assert isinstance(piece.origin, int)
                yield piece.origin, sec_off, kind


def _lost_headers(link: Finished, sids: Iterable[SectionId]) -> Iterator[Found]:
    """Headers in input sections that are not in the output."""
    table = link.table
    by_file: dict[int, list[int]] = {}
    for sid in sorted(sids):
        number = table.owner_file(sid)
        obj, index = link.resolution.files[number], sid - table.base[number]
        if table.type[sid] == c.SHT_NOTE and not link.raw:
            if _has_pvh(obj.contents[index]):
                yield sid, 0, PVH
        elif table.type[sid] == c.SHT_PROGBITS and "debug" not in table.name[sid]:
            by_file.setdefault(number, []).append(index)
    for number, indices in by_file.items():
        obj = link.resolution.files[number]
        if isinstance(obj.contents, Contents) and not obj.contents.may_hold(MAGICS, indices):
            continue
        for index in indices:
            for sec_off, kind in _in_bytes(bytes(obj.contents[index]), link.raw):
                yield table.base[number] + index, sec_off, kind


def _in_bytes(data: bytes | bytearray, raw: bool) -> Iterator[tuple[int, HeaderKind]]:
    if data.find(MULTIBOOT_MAGIC) >= 0:
        yield from _multiboot(data, MULTIBOOT_MAGIC, MULTIBOOT, 3)
    if data.find(MULTIBOOT2_MAGIC) >= 0:
        yield from _multiboot(data, MULTIBOOT2_MAGIC, MULTIBOOT2, 4)
    at = -1 if raw else data.find(LIMINE_MAGIC)
    while at >= 0:
        yield at, LIMINE
        at = data.find(LIMINE_MAGIC, at + 8)


def _multiboot(
    data: bytes | bytearray, magic: bytes, kind: HeaderKind, words: int
) -> Iterator[tuple[int, HeaderKind]]:
    """Magic, then flags or architecture and length, then what makes the sum 0 modulo 2^32."""
    at = data.find(magic)
    while 0 <= at <= len(data) - 4 * words:
        if sum(struct.unpack_from(f"<{words}I", data, at)) & 0xFFFFFFFF == 0:
            yield at, kind
            return
        at = data.find(magic, at + 1)


def _has_pvh(content: Buffer) -> bool:
    """Whether a note section holds XEN_ELFNOTE_PHYS32_ENTRY, from which QEMU starts a kernel."""
    data = bytes(content)
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        if kind == XEN_PVH and data[at + 12 : at + 16] == b"Xen\0":
            return True
        at += 12 + (name_size + 3 & ~3) + (size + 3 & ~3)
    return False


def _check_place(link: Finished, section: PlacedSection, found: Found, diags: Diagnostics) -> None:
    """Alignment and depth of a header that is in the output."""
    sid, sec_off, kind = found
    at = section.vma + sec_off
    where = f"at {at:#x}"
    if link.raw:
        at = link.load_address(section) - link.start + sec_off
        where = f"at offset {at:#x} of the image"
    if at % kind.align:
        diags.warn(
            "boot-header-misaligned",
            f"the {kind.name} is {where}, which is no multiple of {kind.align}",
            place=link.describe(sid),
            notes=[f"loaders step through the file by {kind.align} bytes ({kind.source})"],
            help=[
                f"align it in the source: .balign {kind.align} (gas) or align {kind.align} (nasm) "
                "before the header"
            ],
        )
    depth = _depth(link, section, sec_off) if kind.depth else 0
    if kind.depth and depth + kind.size > kind.depth:
        first = section is min(link.loaded, key=lambda loaded: loaded.vma) and sec_off < PAGE
        if first and link.unpaged:
            return  # nothing is left to do: as in Xen, whose own tool makes the file that boots
        diags.warn(
            "boot-header-too-deep",
            f"the {kind.name} is at file offset {depth:#x}, and loaders look only in the first "
            f"{kind.depth:#x} bytes",
            place=link.describe(sid),
            notes=[f"source of the limit: {kind.source}"],
            help=[_first_placed(link.table.name[sid]) if not first or link.raw else SMALLER_PAGES],
        )


def _first_placed(name: str) -> str:
    where = "at the start of the first output section"
    return f"make it the first that is placed: KEEP(*({name})) {where}"


def _depth(link: Finished, section: PlacedSection, sec_off: int) -> int:
    """Where in the output file a place is; for ELF as the writer lays it out."""
    if link.raw:
        return link.load_address(section) - link.start + sec_off
    offset = link.file_offsets().get(section.plan.index)
    return 0 if offset is None else offset + sec_off
