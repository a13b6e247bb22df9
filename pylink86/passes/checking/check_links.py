"""SHF_LINK_ORDER sections that say something about one which is not there (see link_order)."""

from __future__ import annotations

from collections.abc import Iterable

from ...diag import Diagnostics
from ..placement import Placement
from ..section_list import SectionId, linked_sections


def check_links(placed: Placement, gone: Iterable[SectionId], diags: Diagnostics) -> None:
    """link-order-discarded: a section is in the output, and the one it names is not.

    gone: input sections that are discarded or dead."""
    addresses = placed.addresses
    table, files = addresses.table, addresses.resolution.files
    missing = frozenset(gone)
    for sid, link in linked_sections(table, files).items():
        lost = link in missing or not table.eligible[link]
        if addresses.owner[sid] >= 0 and lost and sid not in missing:
            name = files[table.owner_file(sid)].name
            diags.error(
                "link-order-discarded",
                f"sh_link of section `{table.name[sid]}' points to discarded section "
                f"`{table.name[link]}' of `{name}'",
                place=f"{name}:({table.name[sid]})",
                notes=["the section has SHF_LINK_ORDER: it says something about the other one"],
                help=["discard both, or keep both"],
            )
