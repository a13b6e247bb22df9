"""Ranges of addresses: sections end before addresses do, and lie apart.

Two sections at one address are one section's bytes lost, or a variable that changes code; a section
that goes on at address 0 is neither here nor there."""

from __future__ import annotations

from collections.abc import Callable

from ... import elf_const as c
from ...diag import Diagnostics
from ..placement import PlacedSection, Placement
from .largest import largest_inputs, largest_symbols


def check_wraps(
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
            tell_wrap(section, kind, first, bits, diags)


def tell_wrap(section: PlacedSection, kind: str, first: int, bits: int, diags: Diagnostics) -> None:
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


def check_overlaps(
    placed: Placement,
    kind: str,
    start: Callable[[PlacedSection], int],
    counts: Callable[[PlacedSection], bool],
    diags: Diagnostics,
    share: Callable[[PlacedSection], bool] = lambda section: False,
    mild: Callable[[PlacedSection, PlacedSection], bool] = lambda one, other: False,
    only_neighbours: bool = False,
) -> None:
    """Two sections that share addresses: each, by address, with the one that reaches farthest.

    share: tells sections that may share them with each other; mild: pairs that are warned of.
    only_neighbours: each with the one that begins before it."""
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
        goes_on = reach is None or start(section) + section.size > start(reach) + reach.size
        if both or only_neighbours or goes_on:
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
