"""Which section headers an ELF output has, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import elf_const as c
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..matching.match import Claim, SectionId, SectionList
from ..ordering.order import OutputPlan
from ..ordering.orphans import EVERYTHING
from ..placement import PlacedSection, Placement
from ..placing.locate import Addresses
from ..segmenting.segments import stays
from .described_tables import STACK_NOTE, DescribedTables

if TYPE_CHECKING:
    from ..relocating.combine import KeptGroup, KeptTable

FIRST = -2
"""LLD makes the sections that a script describes before those of inputs."""


def keeps_relocations(options: ElfOptions) -> bool:
    return options.relocatable or options.emit_relocs


class Head:
    """A section header to be.

    kind: "section" (an output section, by OutputPlan.index), "relocations" (of that section),
    "group"; "stack note", the empty .note.GNU-stack that LLD writes with -r; "table", one of those
    that an ELF file has of its own, where a script gives it a place, by its name.
    order: a number over all inputs that says where among others it stands."""

    def __init__(
        self,
        kind: str,
        section: int = -1,
        table: KeptTable | None = None,
        group: KeptGroup | None = None,
        order: int = -1,
        name: str = "",
    ) -> None:
        self.kind, self.section, self.table, self.group = kind, section, table, group
        self.order, self.name = order, name


def list_heads(
    placed: Placement, options: ElfOptions, described: DescribedTables, dialect: Dialect
) -> list[Head]:
    """Every header but those of the tables that end the file, in order.

    GNU ld puts a relocation section behind its section, and groups first; LLD treats both as
    orphans, which stand in the order of the inputs."""
    kept = sorted((s for s in placed.sections if stays(s, options)), key=lambda s: s.plan.header)
    sections = [
        Head("section", s.plan.index, order=_first_input(s, placed.addresses)) for s in kept
    ]
    sections = _with_tables(sections, described, options)
    if not keeps_relocations(options):
        return sections
    apart = options.keeps_groups and not dialect.tables_like_gnu
    from ..relocating.combine import groups_that_stay, tables_that_stay

    stay = tables_that_stay(placed, kept, dialect, options.unwind_relocs, apart)
    tables = [Head("relocations", t.target, t, order=t.first) for t in stay]
    groups: list[Head] = []
    if options.keeps_groups:
        base = placed.addresses.table.base
        groups = [
            Head("group", group=g, order=base[g.file] + g.index)
            for g in groups_that_stay(placed, dialect)
        ]
    if dialect.tables_like_gnu:
        by_target = {head.section: head for head in tables}
        return [
            *groups,
            *(h for s in sections for h in (s, by_target.get(s.section)) if h is not None),
        ]
    heads = _as_orphans(sections, [*tables, *groups], placed, options)
    noted = options.relocatable and STACK_NOTE not in described.gone
    return [*heads, Head("stack note")] if noted else heads


def _with_tables(
    sections: list[Head], described: DescribedTables, options: ElfOptions
) -> list[Head]:
    """The same with the tables that the script places, each behind an output section."""
    names = [".shstrtab"] if options.strip == "all" else described.behind
    out = list(sections)
    for name in reversed([*described.behind]):
        if name in names:
            before = [head for head in sections if head.section <= described.behind[name]]
            out.insert(len(before), Head("table", name=name))
    return out


def _first_input(section: PlacedSection, addresses: Addresses) -> int:
    """The number of its first input section; COMMON blocks are before all others, what else is the
    linker's own behind them."""
    first = next(section.plan.sections(), -1)
    return -1 if first >= 0 and _is_common(first, addresses.table) else first


def _as_orphans(
    sections: list[Head], others: list[Head], placed: Placement, options: ElfOptions
) -> list[Head]:
    """LLD's order: before the first orphan of a later input; with -r among all, else among what is
    not in memory."""
    out = list(sections)
    for head in sorted(others, key=lambda h: h.order):
        at = len(out)
        for i, other in enumerate(out):
            plan = placed.sections[other.section].plan if other.kind == "section" else None
            scripted = plan is not None and plan.node is not None
            late = plan is None or options.relocatable or not plan.alloc
            if late and not scripted and other.order > head.order:
                at = i
                break
        out.insert(at, head)
    return out


def _is_common(sid: SectionId, table: SectionList) -> bool:
    return sid >= table.base[-1] and table.name[sid] == "COMMON"


def _begins(sid: SectionId, table: SectionList, again: bool) -> bool:
    """Whether LLD lets a section have the section symbol: inputs, and of the linker's own the name
    of a loader and merged strings, of which there are none with -r."""
    if sid < table.base[-1] or table.name[sid] == ".interp":
        return True
    return not again and bool(table.flags[sid] & c.SHF_MERGE)


def _named_by(plan: OutputPlan, table: SectionList, again: bool) -> SectionId:
    """The input section whose file LLD gives the section symbol of an output section: the first of
    the last statement that took any; -1 for none.  again: -r.

    Orphans join the statement before them."""
    statements: list[list[SectionId]] = []
    follows = False
    for item in plan.items:
        if not isinstance(item, Claim):
            follows = False
            continue
        inputs = [sid for sid in item.sections if _begins(sid, table, again)]
        if item.node is EVERYTHING and follows:
            statements[-1] += inputs
        else:
            statements.append(inputs)
        follows = True
    return next((inputs[0] for inputs in reversed(statements) if inputs), -1)


def section_symbols(
    heads: list[Head], placed: Placement, options: ElfOptions, dialect: Dialect
) -> tuple[tuple[int, int, int], ...]:
    """(header index, file, value) of each section symbol: GNU ld has one for every section; LLD
    for those with inputs, by a file of theirs, in the order the sections were made."""
    found: list[tuple[tuple[int, int], int, int, int]] = []
    table = placed.addresses.table
    for shndx, head in enumerate(heads, 1):
        if head.kind in ("relocations", "stack note", "table"):
            continue
        file, order, value = -1, (head.order, 0), 0
        if head.group is not None:
            file = head.group.file
        else:
            section = placed.sections[head.section]
            value = 0 if options.relocatable else section.vma
            if not dialect.tables_like_gnu:
                first = _named_by(section.plan, table, options.relocatable)
                if first < 0:
                    continue
                file = -1 if first in placed.addresses.edits.content else table.file[first]
                node = section.plan.node
                if node is not None and node.statements:
                    span = node.name_span  # the place in the script, also after INSERT
                    order = FIRST, span.start if span is not None else 0
        found.append((order, shndx, file, value))
    if not dialect.tables_like_gnu:
        found.sort(key=lambda row: row[0])
    return tuple((shndx, file, value) for _, shndx, file, value in found)
