"""Names the linker defines when something asks for them and nobody defines them.

A program that prints its own size, reads its own program headers or runs its constructors refers to
`_end`, `__ehdr_start` or `__init_array_start` without a line of script.  LLD, which has no script
of its own, defines where the headers are, where constructors are listed, and, without a SECTIONS
command, where code, data and .bss end.  These are assignments a user could have written, behind all
others.

Found with `ld.lld-19` on an object that refers to all of them, with and without SECTIONS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...elf_tables import EHDR, IDENT_SIZE
from ...script import nodes as n
from ..ordering.order import OutputPlan, Plan

if TYPE_CHECKING:
    from ..placing.locate import Addresses
    from ..segmenting.segments import SegmentPlan

HEADERS = ("__ehdr_start", "__executable_start", "__dso_handle")
"""Where the ELF header runs."""

ARRAYS = (".preinit_array", ".init_array", ".fini_array")
"""Sections whose start and end are `__init_array_start` and the like."""

LATE_RELOCATIONS = {c.EM_X86_64: "__rela_iplt", c.EM_386: "__rel_iplt"}
"""What a start-up routine applies for indirect functions; a program without any has an empty
table."""

EHDR_SIZES = {c.EM_X86_64: IDENT_SIZE + EHDR[64].size, c.EM_386: IDENT_SIZE + EHDR[32].size}

ENDS = ("_etext", "etext", "_edata", "edata", "_end", "end", "__bss_start")
"""Where the code ends, what is in the file, and everything; only without SECTIONS."""


def reserved_names(machine: int, has_sections: bool, moves: bool = False) -> frozenset[str]:
    """Every name LLD defines in a link; moves: a program that runs anywhere finds its late
    relocations with the others."""
    names = {*HEADERS, *(() if moves else _bounds(LATE_RELOCATIONS[machine]))}
    names.update(name for array in ARRAYS for name in _array_bounds(array))
    return frozenset(names if has_sections else names.union(ENDS))


def is_asked_for(plan: Plan, names: frozenset[str]) -> bool:
    """Whether any of the names is needed, and has no value."""
    return not (plan.wanted & names) <= plan.assigned


def with_reserved(
    plan: Plan,
    names: frozenset[str],
    machine: int,
    segments: Sequence[SegmentPlan],
    header: int,
    late: tuple[n.Expr, n.Expr] | None = None,
) -> Plan:
    """The plan with assignments of those names that are wanted, and that nobody assigns.

    segments: as they were planned, before empty ones go; none for an image.  header: the address of
    the ELF header.  late: where the relocations of indirect functions begin and end."""
    at_header = _header(plan, header)
    values: dict[str, n.Expr] = dict.fromkeys(HEADERS, at_header)
    values.update(zip(_bounds(LATE_RELOCATIONS[machine]), late or (at_header, at_header)))
    for array in ARRAYS:
        section = plan.find(array)
        start, end = _array_bounds(array)
        values[start] = at_header if section is None else _start_of(section)
        values[end] = at_header if section is None else _end_of(section)
    hidden = frozenset(values)
    values.update(_ends(plan, segments, machine, header))
    added = tuple(
        n.Assignment(name, "=", value, hidden=name in hidden)
        for name, value in values.items()
        if name in names and name in plan.wanted and name not in plan.assigned
    )
    assigned = plan.assigned.union(node.name for node in added)
    return attrs.evolve(plan, commands=(*plan.commands, *added), assigned=assigned)


def late_relocations(plan: Plan, addresses: Addresses) -> tuple[n.Expr, n.Expr] | None:
    """Start and end of the linker's own relocations; None when it has none.  They are looked for at
    the start or at the end of the output section they are in."""
    table = addresses.table
    if not addresses.tables.indirect.relocations:
        return None
    for section in plan.sections:
        sids = [*section.sections()]
        for sid in sids:
            if sid >= table.base[-1] and table.type[sid] in (c.SHT_REL, c.SHT_RELA):
                size = n.Number(table.size[sid])
                start = _start_of(section)
                if sid != sids[0]:
                    start = n.Binary("-", _end_of(section), size)
                return start, n.Binary("+", start, size)
    return None


def _bounds(stem: str) -> tuple[str, str]:
    return f"{stem}_start", f"{stem}_end"


def _array_bounds(array: str) -> tuple[str, str]:
    return _bounds(f"__{array[1:]}")


def _start_of(section: OutputPlan) -> n.Expr:
    return n.Call("ADDR", section.name)


def _end_of(section: OutputPlan) -> n.Expr:
    return n.Binary("+", _start_of(section), n.Call("SIZEOF", section.name))


def _header(plan: Plan, address: int) -> n.Expr:
    """An address, shown in the first section."""
    first = next((s for s in plan.sections if s.alloc and not s.dropped), None)
    if first is None:
        return n.Number(address)
    start = _start_of(first)
    return n.Binary("+", start, n.Binary("-", n.Number(address), n.Call("ABSOLUTE", args=(start,))))


def _ends(
    plan: Plan, segments: Sequence[SegmentPlan], machine: int, header: int
) -> Iterator[tuple[str, n.Expr]]:
    """ENDS: of the last segment that cannot be written, the last contents, the last segment."""
    loads = [s for s in segments if s.type == c.PT_LOAD]
    fixed = [s for s in loads if not (s.flags or 0) & c.PF_W]
    filled = [s for s in plan.sections if s.loads]
    ehdr_ends = _header(plan, header + EHDR_SIZES[machine])
    text, everything = (_end_of_last(plan, some, header, ehdr_ends) for some in (fixed, loads))
    data = _end_of(filled[-1]) if loads and filled else ehdr_ends
    bss = plan.find(".bss")
    start = n.Number(0) if bss is None else _start_of(bss)
    return zip(ENDS, (text, text, data, data, everything, everything, start))


def _end_of_last(
    plan: Plan, loads: Sequence[SegmentPlan], header: int, ehdr_ends: n.Expr
) -> n.Expr:
    """Where the last of some segments ends; without any, where the ELF header does."""
    if not loads:
        return ehdr_ends
    if not loads[-1].sections:
        return _header(plan, header + plan.sizes.headers)
    return _end_of(plan.sections[loads[-1].sections[-1]])
