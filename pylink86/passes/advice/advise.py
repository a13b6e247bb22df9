"""Images that link but would not start: one row per trap, each reads the finished result.

A linker that does what the script says can still produce a disk that only reboots.  The checks here
know the ways that is known to happen; each looks at the finished link and changes nothing.  A check
is right or it is silent: a build that fails on one unexpected word has no use for a guess.

Most links are good, so a row begins with a question that costs next to nothing; the module that
looks closer, and has the words, is imported when the answer is yes.  Together the questions take
some 3 % of the time of a link of two small objects (tests/bench/bench_advice.py).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from ... import elf_const as c
from ...diag import Diagnostics
from ..finished import HIGH, STAGE_LIMIT, Finished
from ..ordering.orphans import Dropped
from ..placement import INPUT

SIGNATURE_AT, SIGNATURE = 510, b"\x55\xaa"
SECTOR = 512
HUGE = 512 << 10
"""A raw image below this has no hole worth a word."""
ONE_CALL, MOST_SECTORS = 127, 0x800
"""Sectors every BIOS reads in one call; more than there are below 1 MiB."""
MULTIBOOT_MAGIC = 0x1BADB002.to_bytes(4, "little")
MULTIBOOT2_MAGIC = 0xE85250D6.to_bytes(4, "little")
LIMINE_MAGIC = bytes.fromhex("888b4cdf30ddb1c7 7bf094a183e8820a")


class Check(NamedTuple):
    """A trap: the question whether it could be there, and the function that finds out and tells.

    slugs: the warnings it gives.
    """

    could_be: Callable[[Finished], bool]
    module: str
    function: str
    slugs: tuple[str, ...]


def _names_files(link: Finished) -> bool:
    """The script names input files, and nobody opened those that are missing."""
    return not link.dialect.opens_files_named_in_patterns


def _has_empty_section(link: Finished) -> bool:
    """An output section of the script got no input section."""
    for section in link.placed.sections:
        if section.plan.node is not None:
            for piece in section.pieces:
                if piece.kind == INPUT:
                    break
            else:
                return True
    return any(isinstance(command, Dropped) for command in link.plan.commands)


def _loads_orphans(link: Finished) -> bool:
    return link.raw and any(section.plan.node is None for section in link.loaded)


def _loads_what_is_not_memory(link: Finished) -> bool:
    """A loaded section has parts without the alloc flag."""
    if not link.raw:
        return False
    flags = link.table.flags
    for section in link.loaded:
        for piece in section.pieces:
            if piece.kind == INPUT and not flags[piece.origin] & c.SHF_ALLOC:  # type: ignore[index]
                return True
    return False


def _leaves_out(link: Finished) -> bool:
    """A section of the script is not memory."""
    return link.raw and any(
        s.size and s.plan.node is not None and not s.plan.alloc for s in link.placed.sections
    )


def _lacks_signature(link: Finished) -> bool:
    return link.boots_from_disk and link.bytes_at(SIGNATURE_AT, 2) != SIGNATURE


def _ends_in_a_sector(link: Finished) -> bool:
    return link.raw and link.size % SECTOR != 0


def _counts_many(link: Finished) -> bool:
    """A symbol of the script could be a count of more sectors than one BIOS call reads."""
    return link.raw and any(
        ONE_CALL < value.absolute() < MOST_SECTORS for value in link.placed.symbols.values()
    )


def _reaches_high(link: Finished) -> bool:
    """A section ends above 0x80000 and begins below 1 MiB."""
    return link.raw and any(
        s.vma < HIGH and s.vma + s.size > STAGE_LIMIT for s in link.placed.sections
    )


def _is_large(link: Finished) -> bool:
    return link.raw and link.size >= HUGE


def _has_memory_without_bytes(link: Finished) -> bool:
    return link.raw and any(
        s.size and s.plan.alloc and not s.plan.loads for s in link.placed.sections
    )


def _may_have_header(link: Finished) -> bool:
    """A magic number is in the output, or something was left out that might have one."""
    if link.live.dead or link.claims.discarded:
        return True
    for content in link.patched.contents:
        find = content.find
        if find(MULTIBOOT_MAGIC) >= 0 or find(MULTIBOOT2_MAGIC) >= 0 or find(LIMINE_MAGIC) >= 0:
            return True
    return False


CHECKS = (
    Check(_names_files, "advice_layout", "files_nobody_gave", ("pattern-names-no-file",)),
    Check(_has_empty_section, "advice_empty", "empty_sections", ("empty-output-section",)),
    Check(
        _loads_orphans,
        "advice_layout",
        "orphans_far_off",
        ("orphan-before-image", "orphan-far-away"),
    ),
    Check(
        _loads_what_is_not_memory, "advice_layout", "not_loaded_in_image", ("nonalloc-in-image",)
    ),
    Check(_leaves_out, "advice_layout", "placed_but_left_out", ("nonalloc-left-out",)),
    Check(
        _lacks_signature,
        "advice_boot",
        "signature",
        ("no-boot-signature", "boot-sector-too-long"),
    ),
    Check(_ends_in_a_sector, "advice_boot", "partial_last_sector", ("partial-sector",)),
    Check(_counts_many, "advice_boot", "count_over_bios_limit", ("sector-count-over-127",)),
    Check(
        _reaches_high,
        "advice_memory",
        "low_memory_limits",
        ("stage-reaches-bios-data", "section-in-video-memory"),
    ),
    Check(_is_large, "advice_memory", "image_with_a_hole", ("image-hole",)),
    Check(_has_memory_without_bytes, "advice_bss", "bss_nobody_clears", ("bss-not-in-image",)),
    Check(
        _may_have_header,
        "advice_headers",
        "boot_headers",
        ("boot-header-dropped", "boot-header-misaligned", "boot-header-too-deep"),
    ),
)


def advise(finished: Finished, diags: Diagnostics) -> None:
    """Go through the table over a finished link."""
    for check in CHECKS:
        if check.could_be(finished):
            module = import_module(f".{check.module}", __package__)
            getattr(module, check.function)(finished, diags)
