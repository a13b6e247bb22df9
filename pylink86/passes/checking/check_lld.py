"""What LLD warns about in a finished layout, though it writes the file.

Both are contradictions between a script and the sections it names: an address that is not aligned
as the contents need, and a memory region for what is not in memory."""

from __future__ import annotations

from ...diag import Diagnostics
from ...script import nodes as n
from ..matching.match import Claim
from ..ordering.order import OutputPlan
from ..placement import Placement


def check_like_lld(placed: Placement, diags: Diagnostics) -> None:
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
