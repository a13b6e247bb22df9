"""What LLD refuses in a finished layout, and what it warns about though it writes the file.

Sections must lie apart and end where addresses do.  What it warns of are contradictions between a
script and the sections it names: an address that is not aligned as the contents need, and a memory
region for what is not in memory."""

from __future__ import annotations

from ... import elf_const as c
from ...diag import Diagnostics
from ...script import nodes as n
from ..matching.match import Claim
from ..ordering.order import OutputPlan
from ..placement import PlacedSection, Placement
from .memory_ranges import check_overlaps, tell_wrap

LAST = (1 << 64) - 1
"""The last address there is."""


def check_like_lld(placed: Placement, raw: bool, diags: Diagnostics) -> None:
    """Report address-wraps and sections-overlap, and what the script contradicts."""
    _check_ends(placed, diags)
    _check_places(placed, raw, diags)
    _check_words(placed, diags)


def _check_ends(placed: Placement, diags: Diagnostics) -> None:
    """Sections that end beyond the last address; of 64 bits already those that end at it."""
    bits = 64 if placed.addresses.machine == c.EM_X86_64 else 32
    limit = LAST if bits == 64 else 1 << 32
    for section in placed.sections:
        first = section.vma & LAST
        if section.plan.alloc and first + section.size > limit:
            tell_wrap(section, "VMA", first, bits, diags)


def _check_places(placed: Placement, raw: bool, diags: Diagnostics) -> None:
    """Sections lie apart in memory, but for neighbours that are both of an OVERLAY, and apart
    where they are loaded, those without contents too.  A raw image knows no load addresses, so
    there nothing may share any; in other files LLD does not look at thread-local ones, and there
    only at those with contents."""

    def in_memory(section: PlacedSection) -> bool:
        return section.plan.alloc

    def vma(section: PlacedSection) -> int:
        return section.vma

    def lma(section: PlacedSection) -> int:
        return section.lma

    if raw:
        mild = _is_copied_over_nothing
        check_overlaps(placed, "VMA", vma, in_memory, diags, mild=mild, only_neighbours=True)
        return
    check_overlaps(placed, "VMA", vma, in_memory, diags, _is_overlay_member, _is_thread_local, True)
    check_overlaps(
        placed, "LMA", lma, in_memory, diags, mild=_is_thread_local, only_neighbours=True
    )


def _is_thread_local(one: PlacedSection, other: PlacedSection) -> bool:
    return bool((one.plan.flags | other.plan.flags) & c.SHF_TLS)


def _is_copied_over_nothing(one: PlacedSection, other: PlacedSection) -> bool:
    """Whether thread-local contents and a section without any share bytes."""
    return _is_thread_local(one, other) and c.SHT_NOBITS in (one.plan.type, other.plan.type)


def _is_overlay_member(section: PlacedSection) -> bool:
    return section.plan.node is not None and bool(section.plan.node.overlay)


def _check_words(placed: Placement, diags: Diagnostics) -> None:
    """Warn of address-not-aligned and region-ignored.  Source: ld.lld-19 with
    `.x 0x1001 : { *(.x) }` and `.comment : { *(.comment) } > ram`."""
    for section in placed.sections:
        plan = section.plan
        node = plan.node
        if node is None:
            continue
        if node.region and not plan.alloc and _has_contents(plan):
            diags.warn(
                "region-ignored",
                f"ignoring memory region assignment for non-allocatable section '{section.name}'",
                span=node.name_span,
                help=[f"drop `> {node.region}': the section takes no memory"],
            )
        written = node.started or (node.address is not None and node.address.span is not None)
        if written and plan.alloc and section.vma % section.align:
            diags.warn(
                "address-not-aligned",
                f"address ({section.vma:#x}) of section {section.name} is not a multiple of "
                f"alignment ({section.align})",
                span=node.name_span,
                help=[f"begin it at `ALIGN({section.align})', or give it no address"],
            )


def _has_contents(plan: OutputPlan) -> bool:
    return any(
        bool(item.sections) if isinstance(item, Claim) else isinstance(item, (n.Data, n.Text))
        for item in plan.items
    )
