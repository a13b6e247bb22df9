"""What a BIOS and a boot sector need of a raw image, and do not say when they lack it.

The first sector is loaded to 0x7c00 and started only when it ends in 55 AA; the rest is loaded by
the sector's own code, as many sectors as it was told, into memory that is not free everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..arch import rows_for
from ..diag import Diagnostics, Span
from .counts import SECTOR, sector_counts
from .finished import Finished
from .largest import largest_inputs, largest_symbols
from .match import SectionId
from .placement import DATA, INPUT, PlacedSection

SIGNATURE = b"\x55\xaa"
SIGNATURE_AT = 510
STAGE_LIMIT = 0x80000
"""From here on some BIOSes keep data of their own; the bundled sectors load no further."""
EBDA = 0x9FC00
"""Where nearly every BIOS keeps it (the extended BIOS data area)."""
VIDEO = 0xA0000
HIGH = 0x100000
LOW_FREE = 0x500
"""Below this is the interrupt table and the BIOS's variables."""
BIOS_READ_LIMIT = 127


# The signature


class Signature(NamedTuple):
    """55 AA somewhere in the image: where, in which section, and in which input (-1: none) with
    the offset in that."""

    file_off: int
    section: PlacedSection
    sid: SectionId
    sec_off: int


def signature(link: Finished, diags: Diagnostics) -> None:
    """no-boot-signature, boot-sector-too-long: 55 AA must stand at offset 510 of the image.

    Only for raw images that begin at 0x7c00.
    """
    if not link.boots_from_disk or link.image_bytes(SIGNATURE_AT, 2) == SIGNATURE:
        return
    found = next(_signatures(link), None)
    if found is None:
        _tell_missing(link, diags)
    elif found.sid >= 0 and found.sec_off == SIGNATURE_AT:
        _tell_not_first(link, found, diags)
    elif found.file_off > SIGNATURE_AT:
        _tell_too_long(link, found, diags)
    else:
        _tell_early(link, found, diags)


def _signatures(link: Finished) -> Iterator[Signature]:
    """Where 55 AA looks like a signature: a data statement, the end of an input, its offset 510."""
    for section in link.loaded:
        content = link.content(section)
        start = link.load_address(section) - link.start
        for piece in section.pieces:
            if piece.kind not in (INPUT, DATA):
                continue
            part = content[piece.sec_off : piece.sec_off + piece.size]
            sid = piece.origin if isinstance(piece.origin, int) else -1
            for at in (SIGNATURE_AT, piece.size - 2):
                if at >= 0 and part[at : at + 2] == SIGNATURE:
                    yield Signature(start + piece.sec_off + at, section, sid, at)
                    break


def _span(section: PlacedSection) -> Span | None:
    return section.plan.node.name_span if section.plan.node is not None else None


def _tell_too_long(link: Finished, found: Signature, diags: Diagnostics) -> None:
    over = found.file_off - SIGNATURE_AT
    first = link.loaded[0]
    symbols = largest_symbols(first, link.placed.addresses, 0, found.file_off)
    inputs = largest_inputs(first, link.placed.addresses)
    diags.warn(
        "boot-sector-too-long",
        f"the boot sector is {over} bytes ({over:#x}) too long: 55 AA stands at offset "
        f"{found.file_off}, not at {SIGNATURE_AT}",
        span=_span(found.section),
        notes=[
            "a BIOS starts a disk only when the bytes 510 and 511 are 55 AA",
            *([f"largest symbols before it: {symbols}"] if symbols else []),
            *([f"largest inputs before it: {inputs}"] if inputs and not symbols else []),
        ],
        help=[
            "move code or data out of the first sector, into the stage that it loads, until 510 "
            "bytes are left"
        ],
    )


def _tell_not_first(link: Finished, found: Signature, diags: Diagnostics) -> None:
    first = next((p for p in link.loaded[0].pieces if p.kind == INPUT), None)
    name = link.describe(found.sid)
    before = link.describe(first.origin) if first and isinstance(first.origin, int) else ""
    diags.warn(
        "no-boot-signature",
        f"the boot sector, {name}, is at offset {found.file_off - SIGNATURE_AT:#x} of the image "
        "and not at its start",
        span=_span(found.section),
        notes=[
            "a BIOS starts a disk only when the bytes 510 and 511 are 55 AA",
            *([f"the image begins with {before}"] if before and before != name else []),
        ],
        help=[
            "name its file first on the command line, or place its section before the others in "
            "the script"
        ],
    )


def _tell_early(link: Finished, found: Signature, diags: Diagnostics) -> None:
    diags.warn(
        "no-boot-signature",
        f"55 AA stands at offset {found.file_off} of the image, not at {SIGNATURE_AT}, so a BIOS "
        "does not start it",
        span=_span(found.section),
        notes=["the first sector has 512 bytes, and the signature is the last two of them"],
        help=[f"fill up the sector before it: {_pad(link)}"],
    )


def _tell_missing(link: Finished, diags: Diagnostics) -> None:
    there = link.image_bytes(SIGNATURE_AT, 2).hex(" ")
    diags.warn(
        "no-boot-signature",
        "the image starts at 0x7c00 but has no 55 AA at offset 510, so a BIOS does not start it",
        span=_span(link.loaded[0]),
        notes=[
            f"the image has {link.size} bytes"
            + (f", and {there} there" if there else " and ends before that")
        ],
        help=[
            f"end the first sector with the signature: {_pad(link)} SHORT(0xaa55); in the script, "
            "or times 510-($-$$) db 0 and dw 0xaa55 in nasm",
            "if no BIOS reads it from a disk (PXE, CD) or another tool adds the signature: "
            "--no-warn=no-boot-signature",
        ],
    )


def _pad(link: Finished) -> str:
    """The assignment that moves `.` to offset 510, as the dialect counts."""
    return ". = 510;" if link.dialect.dot_in_section_is_relative else ". = 0x7c00 + 510;"


# Sectors


def partial_last_sector(link: Finished, diags: Diagnostics) -> None:
    """partial-sector: the image ends inside a sector although the script counts whole ones.

    Only for raw images, and only when the count reaches the end of the image: a symbol assigned
    from something >> 9 or / 512."""
    if not link.raw or link.size % SECTOR == 0 or link.start < 0:
        return
    behind = max(0, link.size - SECTOR) if link.boots_from_disk else link.size
    for name, node in sector_counts(link.placed).items():
        count = link.placed.symbols[name].absolute()
        if not max(behind // SECTOR, 1) <= count <= link.size // SECTOR + 64:
            continue
        over = link.size % SECTOR
        diags.warn(
            "partial-sector",
            f"the image ends {over} bytes into a sector, but `{name}' counts whole sectors",
            span=node.span,
            notes=[
                f"the file has {link.size} bytes, which is {link.size // SECTOR} sectors and "
                f"{over} bytes; `{name}' is {count}",
                "a loader that reads so many gets the last one in part, or not at all",
                *_dropped_padding(link),
            ],
            help=[
                "put `. = ALIGN(512);' at the end of the last section that has contents: "
                f"`{link.loaded[-1].name}'"
            ],
        )
        return


def _dropped_padding(link: Finished) -> list[str]:
    """The usual cause in GNU ld's dialect: a section with nothing but the padding."""
    empty = [
        s.name
        for s in link.placed.sections
        if s.plan.node is not None
        and not s.plan.loads
        and any(p.kind != INPUT for p in s.pieces)
        and not any(p.kind == INPUT for p in s.pieces)
    ]
    if not empty:
        return []
    return [f"`{empty[-1]}' holds nothing but padding, which is not written to a raw image"]


def count_over_bios_limit(link: Finished, diags: Diagnostics) -> None:
    """sector-count-over-127: a count that is handed to one BIOS call, and is more than many take.

    One call is recognised by its code: `mov al, COUNT`, or a disk address packet (10 00 COUNT).  A
    count in another place is silent: it may be that of a loop."""
    if not link.raw:
        return
    counts = {
        name: node
        for name, node in sector_counts(link.placed).items()
        if BIOS_READ_LIMIT < link.placed.symbols[name].absolute() < 0x10000
    }
    for name, node in counts.items():
        place = _single_call(link, name)
        if place:
            value = link.placed.symbols[name].absolute()
            diags.warn(
                "sector-count-over-127",
                f"`{name}' is {value}, and a BIOS reads at most {BIOS_READ_LIMIT} sectors in one "
                "call",
                span=node.span,
                place=place,
                notes=["the stage would arrive cut off or not at all on many PCs"],
                help=[
                    f"read in a loop of calls of at most {BIOS_READ_LIMIT} sectors each",
                    "or let a bundled boot sector load the stage: pyld --boot-sector=long",
                ],
            )


MOV_AL = b"\xb0"
PACKET = b"\x10\x00"
"""How a disk address packet begins: its size, then a zero, then the count (int 13h, AH=42h)."""


def _single_call(link: Finished, name: str) -> str:
    """`boot.o:(.boot.text+0x12)`: where a count becomes the operand of one BIOS call, or ""."""
    for number, obj in enumerate(link.resolution.files[:-1]):
        names = link.resolution.global_names[number]
        if name not in names:
            continue
        wanted = names.index(name) + link.resolution.first_global[number]
        rows = rows_for(obj.header.machine)
        for target, sections in obj.relocation_sections.items():
            content = obj.contents[target]
            for section in sections:
                rels = obj.relocations(section)
                for offset, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
                    if symbol != wanted or kind not in rows or rows[kind].width > 2:
                        continue
                    before = bytes(content[max(0, offset - 2) : offset])
                    if before == PACKET or (rows[kind].width == 1 and before[-1:] == MOV_AL):
                        return f"{obj.name}:({obj.sections.names[target]}+{offset:#x})"
    return ""


# Memory


def low_memory_limits(link: Finished, diags: Diagnostics) -> None:
    """stage-reaches-bios-data, section-in-video-memory: below 1 MiB not all memory is free.

    Only for raw images loaded below 0x80000.  A section that begins above 0x80000 was put there on
    purpose and may use what is below the EBDA; one without contents that lies in video memory
    altogether stands for that memory."""
    if not link.raw or not LOW_FREE <= link.start < STAGE_LIMIT:
        return
    for section in link.placed.sections:
        start, end = section.vma, section.vma + section.size
        if end <= STAGE_LIMIT or start >= HIGH or not section.plan.alloc or not section.size:
            continue
        if end > VIDEO:
            if section.plan.loads or start < VIDEO:
                _tell_video(section, diags)
        elif start < STAGE_LIMIT or (start < EBDA < end):
            _tell_reach(link, section, diags)


def _tell_video(section: PlacedSection, diags: Diagnostics) -> None:
    start, end = section.vma, section.vma + section.size
    diags.warn(
        "section-in-video-memory",
        f"`{section.name}' [{start:#x}, {end:#x}) reaches into video memory and BIOS ROM "
        f"({VIDEO:#x} to {HIGH:#x})",
        span=_span(section),
        notes=[f"it ends {end - VIDEO:#x} bytes above {VIDEO:#x}"] if start < VIDEO else [],
        help=[f"end it below {STAGE_LIMIT:#x}, or place it at {HIGH:#x} or above"],
    )


def _tell_reach(link: Finished, section: PlacedSection, diags: Diagnostics) -> None:
    end = section.vma + section.size
    limit, what = (
        (EBDA, "nearly every BIOS keeps data (the EBDA) from 0x9fc00 on")
        if end > EBDA
        else (STAGE_LIMIT, "some BIOSes keep data (the EBDA) from 0x80000 on")
    )
    inputs = largest_inputs(section, link.placed.addresses)
    diags.warn(
        "stage-reaches-bios-data",
        f"`{section.name}' ends at {end:#x}, {end - limit:#x} bytes above {limit:#x}",
        span=_span(section),
        notes=[what, *([f"largest inputs: {inputs}"] if inputs else [])],
        help=["make it smaller, or load what is large to 1 MiB or above"],
    )


BOOT_HOLE, HOLE = 512 << 10, 1 << 20
"""Holes that make a file huge: in an image that must fit below 640 KiB, and in others."""


def image_with_a_hole(link: Finished, diags: Diagnostics) -> None:
    """image-hole: a gap between two sections of the script that makes the raw file huge.

    From 512 KiB in a boot image, else from 1 MiB and when the hole is most of the file.  Silent for
    ROMs: an image whose size is a power of two and whose end is a multiple of it."""
    if not link.raw or link.size < BOOT_HOLE or _is_rom(link):
        return
    for left, right in zip(link.loaded, link.loaded[1:]):
        end = link.load_address(left) + left.size
        hole = link.load_address(right) - end
        if hole < (BOOT_HOLE if link.boots_from_disk else max(HOLE, link.size // 2)):
            continue
        if right.plan.node is None or left.plan.node is None:
            continue
        diags.warn(
            "image-hole",
            f"{hole:#x} bytes of the image are a hole between `{left.name}' and `{right.name}'",
            span=right.plan.node.name_span,
            notes=[
                f"`{left.name}' ends at {end:#x}, `{right.name}' is loaded at "
                f"{link.load_address(right):#x}",
                f"the file has {link.size:#x} bytes; {link.size - hole:#x} without the hole",
            ],
            help=[
                f"say where it lies in the file: {right.name} {right.vma:#x} : "
                f"AT(LOADADDR({left.name}) + SIZEOF({left.name})) {{ ... }}, and copy it to "
                f"{right.vma:#x} at run time",
                *([] if link.dialect.lma_counts else [
                    "LLD ignores AT in raw output: link with --dialect=gnu, or to ELF and "
                    "objcopy -O binary"
                ]),
            ],
        )  # fmt: skip


def _is_rom(link: Finished) -> bool:
    return link.size & (link.size - 1) == 0 and (link.start + link.size) % link.size == 0
