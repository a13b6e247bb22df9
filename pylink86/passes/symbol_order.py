"""--symbol-ordering-file: sections in the order of the symbols that a file lists.

Whoever knows in which order a program runs through its functions can have them side by side.  The
sections of the listed symbols come first within what one pattern of the script takes (or, without a
script, within their output section), in the list's order; the others follow as they were.

Source: ld.lld(1), and made files linked with ld.lld-19."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ..diag import Diagnostics
from ..model import ABS
from .match import Claim, SectionId, SectionList
from .order import OutputPlan, Plan
from .resolve import Resolution

COMMENT = "#"


def read_symbol_order(text: str) -> tuple[str, ...]:
    """The names in an ordering file: one in a line, `#` begins a comment line."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith(COMMENT))


def order_by_symbols(
    plan: Plan,
    names: Sequence[str],
    table: SectionList,
    resolution: Resolution,
    diags: Diagnostics,
) -> Plan:
    """The plan with sections of listed symbols first.  Warns symbol-order of names that order
    nothing."""
    rank: dict[str, int] = {}
    for name in names:
        if name in rank:
            _warn(f"duplicate ordered symbol: {name}", diags)
        rank.setdefault(name, len(rank))
    seen, first = _ranked_sections(rank, table, resolution, diags)
    for name in (name for name in rank if name not in seen):
        _warn(f"symbol ordering file: no such symbol: {name}", diags)
    sections = tuple(_sorted(section, first) for section in plan.sections)
    by_index = {section.index: section for section in sections}
    commands = tuple(
        by_index[cmd.index] if isinstance(cmd, OutputPlan) else cmd for cmd in plan.commands
    )
    return attrs.evolve(plan, commands=commands, sections=sections)


def _ranked_sections(
    rank: dict[str, int], table: SectionList, resolution: Resolution, diags: Diagnostics
) -> tuple[set[str], dict[SectionId, int]]:
    """The names that are there, and the best rank of each section's symbols; local symbols of all
    files count, and of a global one its definer's."""
    seen: set[str] = set()
    first: dict[SectionId, int] = {}
    for name, file, index in _symbols(resolution):
        if name not in rank:
            continue
        seen.add(name)
        shndx = resolution.files[file].symbols.shndx[index]
        if shndx > 0:
            sid = table.base[file] + shndx
            first[sid] = min(rank[name], first.get(sid, rank[name]))
        elif shndx == ABS:
            where = resolution.files[file].name
            _warn(f"{where}: unable to order absolute symbol: {name}", diags)
    for name in (name for name in rank if name in resolution.undefined):
        seen.add(name)
        _warn(f"unable to order undefined symbol: {name}", diags)
    return seen, first


def _symbols(resolution: Resolution) -> Iterable[tuple[str, int, int]]:
    for name, (file, index) in resolution.definer.items():
        yield name, file, index
    for file, obj in enumerate(resolution.files[:-1]):
        for index in range(1, resolution.first_global[file]):
            yield obj.symbols.name(index), file, index


def _sorted(section: OutputPlan, first: dict[SectionId, int]) -> OutputPlan:
    last = max(first.values(), default=0) + 1
    items = tuple(
        Claim(item.node, tuple(sorted(item.sections, key=lambda sid: first.get(sid, last))))
        if isinstance(item, Claim) and not first.keys().isdisjoint(item.sections)
        else item
        for item in section.items
    )
    return attrs.evolve(section, items=items)


def _warn(message: str, diags: Diagnostics) -> None:
    diags.warn(
        "symbol-order",
        message,
        help=["correct the ordering file, or link with --no-warn-symbol-ordering"],
    )
