"""What must hold of a finished layout: ASSERTs, regions large enough, no two sections in one place.

Nothing here changes the layout; each finding says by how much something is off and which inputs are
the largest, because the cure is nearly always to make one of them smaller or a limit larger.
"""

from __future__ import annotations

from collections.abc import Callable

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..near import listed
from ..placement import Asserted, PlacedSection, Placement
from ..words import expressions
from .largest import largest_inputs, largest_symbols
from .memory_ranges import check_overlaps, check_wraps


def check_layout(
    placed: Placement,
    dialect: Dialect,
    raw: bool,
    max_size: int,
    diags: Diagnostics,
    again: bool = False,
) -> None:
    """Report assert-failed, region-overflow, sections-overlap, image-too-large, and in LLD's
    dialect address-not-aligned and region-ignored.

    max_size: bytes the output may have; checked before any byte is made, so that a wrong address
    costs a message and not the machine's memory.  again: with -r sections may lie over one another,
    as nearly all of them begin at 0.

    Source: GNU ld manual 3.4.5 (ASSERT), 3.7 (MEMORY); --check-sections for overlaps.
    """
    _check_asserts(placed, diags)
    if dialect.sections_have_addresses and placed.regions.by_name:
        from .check_regions import check_regions

        check_regions(placed, dialect, diags)
    _check_size(placed, dialect, raw, max_size, diags)
    if again:
        return
    if dialect.lma_counts:
        check_wraps(placed, "VMA", lambda s: s.vma, lambda s: s.plan.alloc, diags)
        check_wraps(
            placed, "LMA", lambda s: s.lma, lambda s: s.plan.loads and s.lma != s.vma, diags
        )
    if dialect.lma_counts:
        _check_places(placed, raw, diags)
    else:
        # Half of all links have no use for it.
        from .check_lld import check_like_lld

        check_like_lld(placed, raw, diags)


def _check_size(
    placed: Placement, dialect: Dialect, raw: bool, max_size: int, diags: Diagnostics
) -> None:
    """A section, or the span of a raw image, that nobody can want (image-too-large)."""
    inside = [s for s in placed.sections if s.size and s.plan.type != c.SHT_NOBITS]
    for section in inside:
        if section.size > max_size:
            node = section.plan.node
            diags.error(
                "image-too-large",
                f"section `{section.name}' would have {section.size:#x} bytes, more than "
                f"{max_size:#x}",
                span=node.name_span if node is not None else None,
                notes=[f"largest gap: {_largest_gap(section)}"],
                help=["check the address it is padded to, or raise --max-image-size"],
            )
            return
    if raw:
        start = (lambda s: s.lma) if dialect.lma_counts else (lambda s: s.vma)
        _check_span(
            sorted((s for s in inside if s.plan.loads), key=start), start, dialect, max_size, diags
        )


def _largest_gap(section: PlacedSection) -> str:
    piece = max(section.pieces, key=lambda p: p.size)
    span = None if isinstance(piece.origin, int) else piece.origin.span
    cause = f", made by `{span.text}' at {span}" if span is not None else ""
    return f"{piece.size:#x} bytes from {section.vma + piece.sec_off:#x}{cause}"


def _check_span(
    inside: list[PlacedSection],
    start: Callable[[PlacedSection], int],
    dialect: Dialect,
    max_size: int,
    diags: Diagnostics,
) -> None:
    """The distance from the first byte of a raw image to its last."""
    if not inside:
        return
    size = max(start(s) + s.size for s in inside) - start(inside[0])
    if size <= max_size:
        return
    pairs = list(zip(inside, inside[1:]))
    left, right = max(pairs, key=lambda p: start(p[1]) - start(p[0]) - p[0].size)
    diags.error(
        "image-too-large",
        f"the image would have {size:#x} bytes, more than {max_size:#x}",
        span=right.plan.node.name_span if right.plan.node is not None else None,
        notes=[
            f"most of it is the hole between `{left.name}', which ends at "
            f"{start(left) + left.size:#x}, and `{right.name}', which starts at {start(right):#x}"
        ],
        help=[
            *_across_hole(left, right, dialect),
            "or raise --max-image-size, when the file is meant to be so large",
        ],
    )


def _across_hole(left: PlacedSection, right: PlacedSection, dialect: Dialect) -> list[str]:
    """How a hole goes away: by placing what the script forgot, or by a load address."""
    forgotten = [s.name for s in (left, right) if s.plan.node is None]
    if forgotten:
        names = " ".join(forgotten)
        return [
            f"the script does not place {listed(forgotten)}: add *({names}) to a section, or leave "
            f"it out with /DISCARD/ : {{ *({names}) }}"
        ]
    if not dialect.lma_counts:
        return [
            f"place `{right.name}' nearer; LLD ignores AT in raw output, --dialect=gnu does not"
        ]
    return [
        f"give `{right.name}' a load address next to `{left.name}': "
        f"AT(LOADADDR({left.name}) + SIZEOF({left.name}))"
    ]


def _check_asserts(placed: Placement, diags: Diagnostics) -> None:
    for found in placed.asserted:
        if not found.holds:
            diags.error(
                "assert-failed",
                found.node.message,
                span=found.node.span,
                label="this does not hold",
                notes=[*_arithmetic(found), *_measured(found, placed)],
            )


def _arithmetic(found: Asserted) -> list[str]:
    """`__stage_end is 0x81200: 0x1200 (4608) more than 0x80000`: by how much a comparison fails."""
    condition = found.node.condition
    if found.sides is None or not isinstance(condition, n.Binary):
        return []
    left, right = found.sides
    name = condition.left.span.text if condition.left.span is not None else "the left side"
    by = abs(left - right)
    word = "more" if left > right else "less"
    distance = f": {by:#x} ({by}) {word} than {right:#x}" if by else ""
    return [f"{name} is {left:#x}{distance}"]


def _measured(found: Asserted, placed: Placement) -> list[str]:
    """What is large in the sections whose SIZEOF the condition limits."""
    notes = []
    for expr in expressions(found.node.condition):
        if isinstance(expr, n.Call) and expr.name == "SIZEOF":
            section = placed.find(expr.target)
            if section is not None:
                inputs = largest_inputs(section, placed.addresses)
                symbols = largest_symbols(section, placed.addresses)
                notes += [f"largest inputs of `{section.name}': {inputs}"] if inputs else []
                notes += [f"largest symbols of `{section.name}': {symbols}"] if symbols else []
    return notes


def _check_places(placed: Placement, raw: bool, diags: Diagnostics) -> None:
    """GNU ld: sections lie apart in memory, or all of them where they are loaded."""
    overlay = _is_overlaid(placed)
    if not overlay:
        check_overlaps(placed, "VMA", lambda s: s.vma, lambda s: _has_own_place(s, raw), diags)
    if overlay or any(s.lma != s.vma for s in placed.sections):
        check_overlaps(placed, "LMA", lambda s: s.lma, lambda s: s.plan.loads, diags)


def _has_own_place(section: PlacedSection, raw: bool) -> bool:
    """Whether it is in memory, and not on purpose where others are: in a raw image of LLD's
    dialect, where load addresses count for nothing, even parts of an OVERLAY must lie apart."""
    node = section.plan.node
    return section.plan.alloc and (raw or node is None or not node.overlay)


def _is_overlaid(placed: Placement) -> bool:
    """Whether two sections run at one address: GNU ld takes it for an overlay, and then lets all
    sections share addresses as long as they are loaded apart."""
    starts = [s.vma for s in placed.sections if s.size and s.plan.alloc]
    return len(starts) != len(set(starts))
