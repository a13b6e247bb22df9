"""Where the linker's own sections went."""

from __future__ import annotations

from ..placement import Placement


def own_place(placed: Placement, name: str) -> tuple[int, int] | None:
    """(output section, offset in it) of one of the linker's own sections; None when it is not in
    the output."""
    where = placed.addresses
    for sid in range(where.table.base[-1] + 1, len(where.table)):
        if where.table.name[sid] == name:
            found = where.of_place(sid, 0)
            if found is not None:
                return found
    return None


def own_address(placed: Placement, name: str) -> int | None:
    """Its address."""
    found = own_place(placed, name)
    return None if found is None else placed.sections[found[0]].vma + found[1]


def would_be_at(placed: Placement, name: str) -> int:
    """The address where one of the linker's own sections would be if it held anything: behind what
    stands before it in its output section; 0 without a place."""
    where = placed.addresses
    for section in placed.sections:
        end = section.vma
        for sid in section.plan.sections():
            if sid > where.table.base[-1] and where.table.name[sid] == name:
                return -(-end // where.align[sid]) * where.align[sid]
            if where.owner[sid] == section.plan.index:
                end = max(end, section.vma + where.offset[sid] + where.size[sid])
    return 0
