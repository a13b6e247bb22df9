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
    _check_wraps(placed, "VMA", lambda s: s.vma, lambda s: s.plan.alloc, diags)
    if dialect.lma_counts:
        _check_wraps(
            placed, "LMA", lambda s: s.lma, lambda s: s.plan.loads and s.lma != s.vma, diags
        )
    if dialect.lma_counts:
        _check_places(placed, raw, diags)
    else:
        _check_places_like_lld(placed, raw, diags)
    if not dialect.lma_counts:
        # Half of all links have no use for it.
        from .check_lld import check_like_lld

        check_like_lld(placed, diags)


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


def _check_wraps(
    placed: Placement,
    kind: str,
    start: Callable[[PlacedSection], int],
    counts: Callable[[PlacedSection], bool],
    diags: Diagnostics,
) -> None:
    """Sections whose last byte lies beyond the last address, of 32 bits for an i386 link."""
    bits = 64 if placed.addresses.machine == c.EM_X86_64 else 32
    for section in placed.sections:
        first, last = start(section), start(section) + section.size - 1
        if section.size and counts(section) and (last >> 64 or first >> bits != last >> bits):
            node = section.plan.node
            diags.error(
                "address-wraps",
                f"section {section.name} {kind} wraps around address space",
                span=node.name_span if node is not None else None,
                label=f"{section.size:#x} bytes from {first:#x}",
                notes=[f"the last address of {bits} bits is {(1 << bits) - 1:#x}"],
                help=[f"place it at {(1 << bits) - section.size:#x} or below"]
                if section.size <= 1 << bits
                else ["make it smaller"],
            )


def _check_places(placed: Placement, raw: bool, diags: Diagnostics) -> None:
    """GNU ld: sections lie apart in memory, or all of them where they are loaded."""
    overlay = _is_overlaid(placed)
    if not overlay:
        _check_overlaps(placed, "VMA", lambda s: s.vma, lambda s: _has_own_place(s, raw), diags)
    if overlay or any(s.lma != s.vma for s in placed.sections):
        _check_overlaps(placed, "LMA", lambda s: s.lma, lambda s: s.plan.loads, diags)


def _check_places_like_lld(placed: Placement, raw: bool, diags: Diagnostics) -> None:
    """LLD: sections lie apart in memory, but for neighbours that are both of an OVERLAY, and apart
    where they are loaded, those without contents too.  A raw image knows no load addresses, so
    there nothing may share any; in other files LLD does not look at thread-local ones, and there
    only at those with contents."""

    def in_memory(section: PlacedSection) -> bool:
        return section.plan.alloc

    if raw:
        _check_overlaps(
            placed, "VMA", lambda s: s.vma, in_memory, diags, mild=_is_copied_over_nothing
        )
        return
    _check_overlaps(
        placed, "VMA", lambda s: s.vma, in_memory, diags, _is_overlay_member, _is_thread_local
    )
    _check_overlaps(placed, "LMA", lambda s: s.lma, in_memory, diags, mild=_is_thread_local)


def _is_thread_local(one: PlacedSection, other: PlacedSection) -> bool:
    return bool((one.plan.flags | other.plan.flags) & c.SHF_TLS)


def _is_copied_over_nothing(one: PlacedSection, other: PlacedSection) -> bool:
    """Whether thread-local contents and a section without any share bytes."""
    return _is_thread_local(one, other) and c.SHT_NOBITS in (one.plan.type, other.plan.type)


def _is_overlay_member(section: PlacedSection) -> bool:
    return section.plan.node is not None and bool(section.plan.node.overlay)


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


def _check_overlaps(
    placed: Placement,
    kind: str,
    start: Callable[[PlacedSection], int],
    counts: Callable[[PlacedSection], bool],
    diags: Diagnostics,
    share: Callable[[PlacedSection], bool] = lambda section: False,
    mild: Callable[[PlacedSection, PlacedSection], bool] = lambda one, other: False,
) -> None:
    """Two sections that share addresses: each pair of neighbours by address, told once.

    share: tells sections that may share them with each other; mild: pairs that are warned of."""
    inside = [
        s
        for s in placed.sections
        if s.size and counts(s) and not (s.plan.flags & c.SHF_TLS and s.plan.type == c.SHT_NOBITS)
    ]
    inside.sort(key=start)
    reach: PlacedSection | None = None
    for section in inside:
        both = reach is not None and share(section) and share(reach)
        if reach is not None and not both and start(section) < start(reach) + reach.size:
            tell = diags.warn if mild(section, reach) else diags.error
            _tell_overlap(reach, section, kind, start, placed, tell)
        if both or reach is None or start(section) + section.size > start(reach) + reach.size:
            reach = section


def _tell_overlap(
    first: PlacedSection,
    second: PlacedSection,
    kind: str,
    start: Callable[[PlacedSection], int],
    placed: Placement,
    tell: Callable[..., None],
) -> None:
    a, b = (start(first), first.size), (start(second), second.size)
    by = min(a[0] + a[1], b[0] + b[1]) - b[0]
    tell(
        "sections-overlap",
        f"section {second.name} {kind} [{b[0]:016x},{b[0] + b[1] - 1:016x}] overlaps section "
        f"{first.name} {kind} [{a[0]:016x},{a[0] + a[1] - 1:016x}]",
        span=second.plan.node.name_span if second.plan.node is not None else None,
        label=f"{by} bytes ({by:#x}) of `{first.name}' are already here",
        notes=[
            *_there(first, b[0] - a[0], b[0] - a[0] + by, placed),
            *_there(second, 0, by, placed),
        ],
        help=[
            f"place `{second.name}' at {a[0] + a[1]:#x} or later, or make `{first.name}' "
            f"{by} bytes smaller"
        ],
    )


def _there(section: PlacedSection, start: int, end: int, placed: Placement) -> list[str]:
    """The inputs that lie in the disputed bytes [start, end) of a section, and what could go."""
    inputs = largest_inputs(section, placed.addresses, start, end)
    if not inputs:
        return []
    notes = [f"in these bytes `{section.name}' has {inputs}"]
    symbols = largest_symbols(section, placed.addresses) if start else ""
    if symbols:
        notes.append(f"largest symbols of `{section.name}': {symbols}")
    return notes
