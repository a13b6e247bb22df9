"""From the relocations to addresses: tables, order, merged sections, places.

All of it is done again when a load that was made a distance turns out to be out of reach, which is
known only when everything has its address (`passes.own.reach`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs

from ..diag import Diagnostics
from ..formats.images import FLAT
from ..laps import lap
from ..passes.checking.crossrefs import check_cross_references
from ..passes.editing.merging import edit_sections
from ..passes.matching.inside_order import order_inside
from ..passes.matching.match import Claims, SectionList
from ..passes.names.linker_names import asks_for_header, linker_names, with_header_symbol
from ..passes.ordering.order import Plan, order_sections
from ..passes.ordering.section_types import settle_section_types
from ..passes.own.got import scan_relocations
from ..passes.own.own_tables import assigned_names, fill_tables
from ..passes.own.reach import Laid
from ..passes.placement import Placement
from ..passes.placing.locate import Addresses
from ..passes.placing.settle import Settled, settle_layout
from ..passes.placing.walks import settle_addresses
from ..passes.reading.relink import with_empty_kept, with_unwinding_at_its_relocations
from ..passes.tables import NO_TABLES, Load, Tables
from .connect import Connected
from .gather import Task

if TYPE_CHECKING:
    from ..passes.pie.dynamic_names import Listed
    from ..passes.segmenting.segments import FileMap


def lay_out(task: Task, found: Connected, keep: Collection[Load], diags: Diagnostics) -> Laid:
    """Give everything its place; keep: loads that are to be left as they are."""
    tables, table, claims = _with_tables(task, found, keep, diags)
    plan = _ordered(task, found, tables, table, claims, diags)
    lap("order sections")
    gone = found.live.dead | claims.discarded
    plan, folded = _folded(task, found, plan, table, gone, diags)
    gone |= folded.keys()
    plan, edits = edit_sections(
        plan, table, found.resolution, gone, task.dialect, task.generic, task.options.elf,
        found.live.used, tables.own_records,
    )  # fmt: skip
    if found.debug is not None:
        from ..passes.indexing.debug_indexes import with_indexes

        edits = with_indexes(edits, found.debug, table, found.gone)
    lap("merge and edit")
    # From here on what is in the output, and in which order, is settled; only numbers are missing.
    addresses = Addresses.of(found.resolution, table, edits, task.machine, tables, folded)
    return Laid(tables, table, claims, _settled(task, plan, claims, addresses, diags))


def _with_tables(
    task: Task, found: Connected, keep: Collection[Load], diags: Diagnostics
) -> tuple[Tables, SectionList, Claims]:
    """The linker's own tables, and the sections with those that hold something."""
    tables, table, claims = NO_TABLES, found.table, found.claims
    resolution, options, dialect = found.resolution, task.options, task.dialect
    if not task.again:
        made = assigned_names(claims)
        has_sections = task.script.has_sections
        made |= linker_names(resolution, task.machine, has_sections, task.moves, dialect)
        tables = scan_relocations(
            resolution, table, found.gone, made, dialect, options.relax, keep, task.generic,
            options.elf, diags, _listed(task, found),
        )  # fmt: skip
        table, claims = fill_tables(table, claims, tables, dialect, task.generic)
        lap("scan relocations")
    if options.elf.emit_relocs and not task.generic:
        claims = with_empty_kept(claims, table, dialect)
        claims = with_unwinding_at_its_relocations(claims, table, resolution, dialect)
    return tables, table, claims


def _listed(task: Task, found: Connected) -> Listed | None:
    """The names that a program which moves is asked to list."""
    exports = task.options.exports
    if not task.moves:
        return None
    if not task.dialect.tables_like_gnu:
        if not exports:
            return None
        from ..passes.pie.exports_lld import asked_of_lld

        return asked_of_lld(task.script, found.resolution, exports, task.dialect)
    from ..passes.pie.exports_gnu import asked_exports

    asked = (task.entry or "_start", *reversed(task.wanted))
    return asked_exports(task.script, found.resolution, exports, asked, task.dialect)


def _ordered(
    task: Task,
    found: Connected,
    tables: Tables,
    table: SectionList,
    claims: Claims,
    diags: Diagnostics,
) -> Plan:
    """The output sections and what is in them, in order, with their types."""
    script, options, dialect = task.script, task.options, task.dialect
    resolution = found.resolution
    plan = order_sections(
        script, claims, table, resolution, found.live.dead, dialect, task.wanted,
        options.elf.relro_tables, task.generic, task.again, diags,
    )  # fmt: skip
    if not task.again:
        plan = order_inside(
            plan, options.symbol_order, options.symbol_order_path, options.profile, options.shuffle,
            script.has_sections, table, resolution, dialect, options.elf, diags,
        )  # fmt: skip
    if dialect.generic_path:
        plan = settle_section_types(plan, table, task.generic, task.again)
    if dialect.tables_like_gnu and (tables.threads or not task.generic):
        from ..passes.own.thread_align import with_aligned_block

        plan = with_aligned_block(plan)
    check_cross_references(script, plan, table, resolution, diags)
    return plan


def _folded(
    task: Task,
    found: Connected,
    plan: Plan,
    table: SectionList,
    gone: frozenset[int],
    diags: Diagnostics,
) -> tuple[Plan, dict[int, int]]:
    """The plan with one copy of sections that are the same, where --icf asks for it."""
    if task.options.fold.kind not in ("safe", "all") or task.again:
        return plan, {}
    from ..passes.editing.icf import check_unique, fold_identical

    check_unique(task.options.fold, found.resolution, diags)

    return fold_identical(plan, table, found.resolution, gone, task.options.fold)


def _settled(
    task: Task, plan: Plan, claims: Claims, addresses: Addresses, diags: Diagnostics
) -> Settled:
    """Addresses, segments and symbols, walked until they agree with each other."""
    script, options, dialect = task.script, task.options, task.dialect

    def walk(plan: Plan, met: Diagnostics) -> Placement:
        flat = task.oformat == FLAT
        return settle_addresses(plan, script, addresses, dialect, met, flat=flat)

    def settle(plan: Plan, met: Diagnostics) -> Settled:
        return settle_layout(
            walk, plan, script, addresses, options.elf, task.elf_class, task.raw, dialect, met
        )

    if not options.spills:
        return settle(plan, diags)
    from ..passes.matching.spill import Spills, settle_spilling

    spills = Spills(claims.matches, options.spill_warnings)
    return settle_spilling(settle, plan, spills, dialect, diags)


def with_last_touches(task: Task, found: Connected, settled: Settled) -> Settled:
    """What is added when addresses are known: `__ehdr_start`, parts of sections that are split."""
    by_segment = not (task.dialect.reserves_names or task.raw or task.again)
    if by_segment and asks_for_header(found.resolution):
        segments = file_map(task, settled).segments
        settled = attrs.evolve(settled, placed=with_header_symbol(settled.placed, segments))
    if task.options.elf.splits:
        from ..passes.ordering.split import split_sections

        placed = split_sections(settled.placed, task.options.elf)
        settled = attrs.evolve(settled, placed=placed)
    return settled


def file_map(task: Task, settled: Settled) -> FileMap:
    """Where everything lies in an ELF file."""
    from ..passes.finishing.finish import map_output

    return map_output(
        settled.placed, task.elf_class, settled.segments, task.script, task.options.elf,
        task.dialect,
    )  # fmt: skip
