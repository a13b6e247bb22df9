"""Whether the sections of each memory region fit in it.

GNU ld tells of a region that is too small, LLD of every section that ends behind it; what the
region holds and what is largest in it stands below the first of them."""

from __future__ import annotations

from ...diag import Diagnostics
from ...dialect import Dialect
from ..placement import PlacedSection, Placement
from ..placing.regions import RegionState
from .largest import largest_inputs, largest_symbols


def check_regions(placed: Placement, dialect: Dialect, diags: Diagnostics) -> None:
    """Report region-overflow.  Source: GNU ld manual 3.7."""
    for region in dict.fromkeys(placed.regions.by_name.values()):
        inside = [s for s in placed.sections if _counts(s, region.name, dialect)]
        too_far = [s for s in inside if _end_in(s, region.name) > region.end]
        if too_far:
            _tell_overflow(region, inside, too_far, placed, dialect, diags)
    if dialect.lma_counts:
        _check_below_regions(placed, diags)


def _counts(section: PlacedSection, region: str, dialect: Dialect) -> bool:
    """Whether a section takes room in a region; LLD looks at where empty ones run, too."""
    if section.size:
        return region in (section.region, section.lma_region)
    return section.region == region and not (dialect.lma_counts or section.plan.dropped)


def _tell_overflow(
    region: RegionState,
    inside: list[PlacedSection],
    too_far: list[PlacedSection],
    placed: Placement,
    dialect: Dialect,
    diags: Diagnostics,
) -> None:
    """One message with the section that crosses the end; in LLD's dialect a short one for each
    further section."""
    worst = max(_end_in(s, region.name) for s in too_far)
    needs = worst - region.origin
    for number, section in enumerate(too_far if not dialect.lma_counts else too_far[:1]):
        end = worst if dialect.lma_counts else _end_in(section, region.name)
        diags.error(
            "region-overflow",
            f"section `{section.name}' will not fit in region `{region.name}': "
            f"region `{region.name}' overflowed by {end - region.end} bytes",
            span=section.plan.node.name_span if section.plan.node is not None else None,
            label="" if number else f"needs {needs:#x} bytes, the region has {region.length:#x}",
            notes=[] if number else _what_fills(section, placed, inside),
            help=[]
            if number
            else [
                f"give `{region.name}'{_line(region.node.span)} a LENGTH of at least {needs:#x}, "
                "or drop unused code with --gc-sections"
            ],
        )


def _check_below_regions(placed: Placement, diags: Diagnostics) -> None:
    """GNU ld: sections that an address of their own puts in front of their region."""
    for section in placed.sections:
        region = placed.regions.get(section.region)
        end = section.vma + section.size
        if region is None or not section.plan.alloc or section.plan.dropped or end >= region.origin:
            continue
        diags.error(
            "region-overflow",
            f"address {end:#x} of section `{section.name}' is not within region `{region.name}'",
            span=section.plan.node.name_span if section.plan.node is not None else None,
            notes=[f"the region begins at {region.origin:#x}"],
            help=["leave the address out, or send the section to no region"],
        )


def _what_fills(
    culprit: PlacedSection, placed: Placement, inside: list[PlacedSection]
) -> list[str]:
    """What a region that is too small holds: its sections, and the largest parts of the last."""
    notes = []
    if len(inside) > 1:
        notes.append("it holds " + ", ".join(f"`{s.name}' {s.size:#x}" for s in inside))
    inputs = largest_inputs(culprit, placed.addresses)
    if inputs:
        notes.append(f"largest inputs of `{culprit.name}': {inputs}")
    symbols = largest_symbols(culprit, placed.addresses)
    if symbols:
        notes.append(f"largest symbols of `{culprit.name}': {symbols}")
    return notes


def _end_in(section: PlacedSection, region: str) -> int:
    start = section.vma if section.region == region else section.lma
    return start + section.size


def _line(span: object) -> str:
    line = getattr(span, "line", None)
    return f" (line {line})" if line else ""
