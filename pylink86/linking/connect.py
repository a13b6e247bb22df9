"""Which file defines each name, which statement of the script takes each section, what is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..diag import Diagnostics
from ..laps import lap
from ..passes.liveness import ALL_LIVE, Live
from ..passes.matching.match import Claims, SectionList, list_sections, match_sections
from ..passes.names.resolve import Resolution, resolve_symbols
from ..passes.names.roots import check_collecting, default_entry, wanted_names
from ..passes.own.own_sections import own_sections
from ..passes.own.own_tables import assigned_names
from ..passes.own.table_form import TableForm
from ..passes.reading.relink import folded, sections_for_relinking
from ..script.nodes import Version
from .gather import Task

if TYPE_CHECKING:
    from ..passes.indexing.debug_indexes import IndexSources


class Connected:
    """What was found.  gone: the input sections that are dead or discarded; debug: what is to be
    indexed for a debugger, None for nothing."""

    def __init__(
        self, resolution: Resolution, table: SectionList, claims: Claims, live: Live
    ) -> None:
        self.resolution, self.table, self.claims, self.live = resolution, table, claims, live
        self.gone = live.dead | claims.discarded
        self.debug: IndexSources | None = None


def connect(task: Task, diags: Diagnostics) -> Connected:
    """Look names up, match sections, and tell the dead ones."""
    resolution = _resolution(task, diags)
    lap("resolve symbols")
    diags.stop_on_errors()
    if task.options.backward_excluded is not None:
        from ..passes.checking.check_backward import warn_backward

        warn_backward(task.inputs, task.options.backward_excluded, diags)
    # From here on no file joins the link, and each name has one definer.
    table, claims = _claims(task, resolution, diags)
    lap("match sections")
    if any(task.script.of(Version)):
        from ..passes.checking.check_versions import check_versions

        named = frozenset(assigned_names(claims))
        check_versions(task.script, resolution, named, task.options.elf, task.dialect, diags)
    live = _live(task, resolution, table, claims, diags) if task.options.gc_sections else ALL_LIVE
    if live.held:
        claims = attrs.evolve(claims, kept=claims.kept | live.held)
    lap("mark live")
    found = Connected(resolution, table, claims, live)
    if task.options.elf.indexes_debug_data and not task.raw:
        from ..passes.indexing.debug_indexes import read_sources

        found.debug = read_sources(resolution, task.options.elf, diags)
    if task.moves and not task.dialect.tables_like_gnu:
        from ..passes.checking.check_position import check_position

        check_position(resolution, table, found.gone, diags)
    return found


def _resolution(task: Task, diags: Diagnostics) -> Resolution:
    """Names and who defines them, with the linker's own file."""
    inputs, options, dialect = task.inputs, task.options, task.dialect
    own = own_sections(inputs.files, options.elf, dialect, task.raw, task.generic)
    if (options.elf.interpreter or options.elf.pie) and not task.raw:
        from ..passes.pie.interpreter import interpreter_sections

        own += interpreter_sections(options.elf, task.script, dialect, inputs.files[0].header)
    resolution = resolve_symbols(
        inputs, dialect, diags, task.generic, own,
        has_tables=not (task.again and dialect.tables_like_gnu),
        sort_common=options.sort_common, features=options.elf.features,
        form=TableForm.of(inputs.files[0].header, options.elf), source=task.source_line,
    )  # fmt: skip
    if options.elf.reports:
        from ..passes.checking.check_promises import report_promises

        report_promises(inputs.files, options.elf, dialect, diags)
    if not dialect.tables_like_gnu and (options.undefined or options.traced):
        early = (*options.traced, *wanted_names(task.script, options.undefined, ()))
        resolution = attrs.evolve(resolution, met=(*early, *resolution.met))
    if options.wrap:
        from ..passes.names.wrap import redirected

        to_wrappers = redirected(resolution, options.wrap, dialect)
        resolution = attrs.evolve(resolution, redirected=to_wrappers)
    if dialect.tables_like_gnu and not task.again:
        from ..passes.names.versioned import with_default_versions

        resolution = with_default_versions(resolution)
    if options.warn_common:
        from ..passes.names.common_warnings import warn_common

        warn_common(resolution, dialect, diags)
    if dialect.objects_bring_warnings and not task.generic:
        from ..passes.names.link_warnings import give_link_warnings

        give_link_warnings(resolution, diags)
    return resolution


def _claims(task: Task, resolution: Resolution, diags: Diagnostics) -> tuple[SectionList, Claims]:
    """The input sections, and which statement of the script takes each."""
    script, options, dialect = task.script, task.options, task.dialect
    replaced: tuple[str, ...] = ()
    if options.elf.indexes_debug_data and not task.raw:
        from ..passes.indexing.debug_indexes import replaced_names

        replaced = replaced_names(options.elf)
    table = list_sections(resolution, dialect, task.generic, replaced)
    if task.again:
        table = sections_for_relinking(table, resolution, dialect, options.elf)
    elif not script.has_sections and not dialect.tables_like_gnu:
        table = folded(table, options.elf.keeps_text_prefix)
    claims = match_sections(
        script, resolution, table, dialect, options.unique, options.spills, task.generic
    )
    if options.orphan_handling in ("", "place"):
        return table, claims
    from ..passes.matching.strays import handle_orphans, stray_tables

    tables = stray_tables(script, options.elf, task.raw, dialect)
    mode = options.orphan_handling
    return table, handle_orphans(claims, table, resolution, mode, tables, dialect, diags)


def _live(
    task: Task, resolution: Resolution, table: SectionList, claims: Claims, diags: Diagnostics
) -> Live:
    """What --gc-sections leaves."""
    from ..passes.keeping.live import mark_live
    from ..passes.names.exported import exported_names

    script, options, dialect = task.script, task.options, task.dialect
    exported = exported_names(resolution, script, options, dialect)
    if task.again:
        asked = (options.entry, *task.wanted, *exported)
        check_collecting(asked, resolution, script, dialect, diags)
    usual = "_start" if task.generic else default_entry(script, dialect, task.again)
    # The C library calls the functions for start and end, whether anything refers to them or not.
    start_and_end = options.elf.init, options.elf.fini
    roots = (task.entry or usual, *task.wanted, *exported, *start_and_end)
    return mark_live(
        claims, table, resolution, roots, dialect, options.bounds_keep, task.generic, task.again
    )
