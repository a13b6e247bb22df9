"""Where in memory a raw image may lie, and how much of the file is memory that nobody uses.

A boot sector loads its stage into the low 640 KiB of a PC, where the BIOS has its variables at the
bottom and more of them at the top, and above which there are the graphics card and ROM.
"""

from __future__ import annotations

from ...diag import Diagnostics
from ..checking.largest import largest_inputs
from ..finished import HIGH, STAGE_LIMIT, Finished, name_span
from ..placement import PlacedSection
from .advise import HUGE

EBDA = 0x9FC00
"""Where nearly every BIOS keeps more of its data (the extended BIOS data area)."""
VIDEO = 0xA0000
LOW_FREE = 0x500
"""Below this is the interrupt table and the BIOS's variables."""
HOLE = 1 << 20


def low_memory_limits(link: Finished, diags: Diagnostics) -> None:
    """stage-reaches-bios-data, section-in-video-memory: below 1 MiB not all memory is free.

    Only for raw images loaded below 0x80000.  A section that begins above 0x80000 was put there on
    purpose and may use what is below the EBDA; one without contents that lies in video memory
    altogether stands for that memory."""
    if not LOW_FREE <= link.start < STAGE_LIMIT:
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
        span=name_span(section),
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
        span=name_span(section),
        notes=[what, *([f"largest inputs: {inputs}"] if inputs else [])],
        help=["make it smaller, or load what is large to 1 MiB or above"],
    )


def image_with_a_hole(link: Finished, diags: Diagnostics) -> None:
    """image-hole: a gap between two sections of the script that makes the raw file huge.

    From 512 KiB in a boot image, else from 1 MiB and when the hole is most of the file.  Silent for
    ROMs: an image whose size is a power of two and whose end is a multiple of it."""
    if _is_rom(link):
        return
    first = min((link.load_address(s) for s in link.loaded if s.plan.node), default=0)
    for left, right in zip(link.loaded, link.loaded[1:]):
        end = link.load_address(left) + left.size
        hole = link.load_address(right) - end
        if hole < (HUGE if link.boots_from_disk else max(HOLE, link.size // 2)):
            continue
        if right.plan.node is None or link.load_address(left) < first:
            continue  # told as an orphan that is far off, or before the image
        diags.warn(
            "image-hole",
            f"{hole:#x} bytes of the image are a hole between `{left.name}' and `{right.name}'",
            span=right.plan.node.name_span,
            notes=[
                f"`{left.name}' ends at {end:#x}, `{right.name}' is loaded at "
                f"{link.load_address(right):#x}",
                f"the file has {link.size:#x} bytes; {link.size - hole:#x} without the hole",
            ],
            help=_closer(link, left, right),
        )


def _closer(link: Finished, left: PlacedSection, right: PlacedSection) -> list[str]:
    """How the second section comes to lie right behind the first in the file."""
    node = right.plan.node
    ignored = (
        "LLD ignores AT in raw output: link with --dialect=gnu, or to ELF and objcopy -O binary"
    )
    if node is not None and node.at is not None and not link.dialect.lma_counts:
        return [ignored]
    after = f"AT(LOADADDR({left.name}) + SIZEOF({left.name}))"
    if right.lma != right.vma:
        return [f"write {after} for `{right.name}', if the file need not look like memory"]
    return [
        f"say where it lies in the file: {right.name} {right.vma:#x} : {after} {{ ... }}, and copy "
        f"it to {right.vma:#x} at run time",
        *([] if link.dialect.lma_counts else [ignored]),
    ]


def _is_rom(link: Finished) -> bool:
    return link.size & (link.size - 1) == 0 and (link.start + link.size) % link.size == 0
