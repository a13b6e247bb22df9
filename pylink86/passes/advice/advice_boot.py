"""What a BIOS and a boot sector need of a raw image, and do not say when they lack it.

The first sector is loaded to 0x7c00 and started only when it ends in 55 AA; the rest is loaded by
the sector's own code, as many sectors as it was told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...arch import rows_for
from ...diag import Diagnostics
from ..checking.largest import largest_inputs, largest_symbols
from ..finished import Finished, name_span
from ..matching.match import SectionId
from ..near import count
from ..placement import DATA, INPUT, PlacedSection
from ..placing.counts import sector_counts
from .advise import MOST_SECTORS, ONE_CALL, SECTOR, SIGNATURE, SIGNATURE_AT

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


def _tell_too_long(link: Finished, found: Signature, diags: Diagnostics) -> None:
    over = found.file_off - SIGNATURE_AT
    first = link.loaded[0]
    symbols = largest_symbols(first, link.placed.addresses, 0, found.file_off)
    inputs = largest_inputs(first, link.placed.addresses)
    diags.warn(
        "boot-sector-too-long",
        f"the boot sector is {over} bytes ({over:#x}) too long: 55 AA stands at offset "
        f"{found.file_off}, not at {SIGNATURE_AT}",
        span=name_span(found.section),
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
        span=name_span(found.section),
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
        span=name_span(found.section),
        notes=["the first sector has 512 bytes, and the signature is the last two of them"],
        help=[f"fill up the sector before it: {_pad(link)}"],
    )


def _tell_missing(link: Finished, diags: Diagnostics) -> None:
    there = link.bytes_at(SIGNATURE_AT, 2).hex(" ")
    diags.warn(
        "no-boot-signature",
        "the image starts at 0x7c00 but has no 55 AA at offset 510, so a BIOS does not start it",
        span=name_span(link.loaded[0]),
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
    from something >> 9 or / 512.  What is no boot image is told of only when the count loses its
    last bytes: other tools may fill it up."""
    if not link.loaded:
        return
    behind = max(0, link.size - SECTOR) if link.boots_from_disk else link.size
    least = max(behind // SECTOR, 1)
    most = link.size // SECTOR + 64 if link.boots_from_disk else least
    for name, node in sector_counts(link.placed, least, most).items():
        over = link.size % SECTOR
        diags.warn(
            "partial-sector",
            f"the image ends {over} bytes into a sector, but `{name}' counts whole sectors",
            span=node.span,
            notes=[
                f"the file has {link.size} bytes, {count(link.size // SECTOR, 'sector')} and "
                f"{over} bytes; `{name}' is {link.placed.symbols[name].absolute()}",
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

    One call is recognised by its code: `mov al, COUNT` near `mov ah, 2`, `mov ax, 0x200 + COUNT`,
    or a disk address packet (10 00 COUNT).  Elsewhere it is silent: the count may be a loop's."""
    counts = sector_counts(link.placed, ONE_CALL + 1, MOST_SECTORS)
    for name, node in counts.items():
        place = _single_call(link, name)
        if place:
            value = link.placed.symbols[name].absolute()
            diags.warn(
                "sector-count-over-127",
                f"`{name}' is {value}, and a BIOS reads at most {ONE_CALL} sectors in one call",
                span=node.span,
                place=place,
                notes=["the stage would arrive cut off or not at all on many PCs"],
                help=[
                    f"read in a loop of calls of at most {ONE_CALL} sectors each",
                    "or let a bundled boot sector load the stage: pyld --boot-sector=long",
                ],
            )


MOV_AL, MOV_AX, MOV_AH_2 = b"\xb0", b"\xb8", b"\xb4\x02"
NEAR = 16
"""Bytes around `mov al` in which the function number is set."""
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
                    if symbol != wanted or kind not in rows:
                        continue
                    if _is_one_call(bytes(content), offset, rows[kind].width):
                        return f"{obj.name}:({obj.sections.names[target]}+{offset:#x})"
    return ""


def _is_one_call(code: bytes, offset: int, width: int) -> bool:
    """Whether the operand at an offset is the count of one int 13h."""
    if width > 2 or offset < 2:
        return width == 1 and code[:offset] == MOV_AL and MOV_AH_2 in code[:NEAR]
    if code[offset - 2 : offset] == PACKET:
        return True
    before = code[offset - 1 : offset]
    if width == 1 and before == MOV_AX:
        return code[offset + 1 : offset + 2] == b"\x02"
    around = code[max(0, offset - NEAR) : offset + NEAR]
    return width == 1 and before == MOV_AL and MOV_AH_2 in around
