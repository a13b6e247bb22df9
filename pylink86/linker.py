"""link(): objects and a layout in, an image out; the list of passes, in order.

Each pass reads what it is given and returns what it decided; none changes an older decision.  The
comments between the calls say what is settled from there on.  `LinkResult` keeps every value, so
explaining a link afterwards is reading them.

A pass that most links do without is imported where it is called: to import a module takes longer
than to run it in a small link.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from .diag import Diagnostics, fail
from .dialect import DIALECTS, Dialect
from .elf_const import EM_IAMCU
from .formats.images import FLAT
from .laps import lap
from .link_options import LinkOptions
from .model import ObjectFile
from .passes.advise import advise
from .passes.arrange import arrange_script, settle_starts
from .passes.check import check_layout
from .passes.crossrefs import check_cross_references
from .passes.default_layout import with_layout
from .passes.expand import expand_sections
from .passes.finished import Finished
from .passes.got import scan_relocations
from .passes.inside_order import order_inside
from .passes.library import Search
from .passes.linker_names import asks_for_header, linker_names, with_header_symbol
from .passes.liveness import ALL_LIVE
from .passes.load import InputLike, load_inputs
from .passes.locate import Addresses
from .passes.match import Claims, SectionList, list_sections, match_sections
from .passes.members import join_members, names_in_libraries
from .passes.merging import edit_sections
from .passes.order import Plan, order_sections
from .passes.own_sections import own_sections
from .passes.own_tables import assigned_names, fill_tables
from .passes.placement import Placement
from .passes.reach import Laid, in_reach
from .passes.relink import (
    dialect_for_relinking,
    folded,
    forced,
    sections_for_relinking,
    with_empty_kept,
    with_unwinding_at_its_relocations,
)
from .passes.relocate import apply_relocations, assembled
from .passes.resolve import Resolution, resolve_symbols
from .passes.roots import (
    check_collecting,
    check_entry,
    check_required,
    check_retained,
    default_entry,
    entry_address,
    entry_name,
    wanted_names,
)
from .passes.scripts import LayoutLike, ScriptFile
from .passes.section_types import settle_section_types
from .passes.settle import Settled, settle_layout
from .passes.strays import handle_orphans
from .passes.table_form import TableForm
from .passes.tables import NO_TABLES, Load
from .passes.target import (
    ELF_CLASSES,
    ELF_FORMATS,
    EMULATIONS,
    RAW_FORMATS,
    as_i386,
    is_native,
    output_format,
    output_machine,
)
from .passes.walks import settle_addresses
from .result import LinkResult
from .script.nodes import Version
from .script.parser import parse_defsym

if TYPE_CHECKING:
    from .passes.patcher import SourceLine
    from .passes.segments import FileMap


def link(
    objs: Iterable[InputLike],
    layout: LayoutLike = None,
    *,
    dialect: str | Dialect = "gnu",
    options: LinkOptions | None = None,
    **settings: object,
) -> LinkResult:
    """Link objects by a layout.

    objs: paths, bytes, ObjectFiles or Inputs, in command-line order.  layout: a path, script text,
    a Layout or a parsed Script.  dialect: "gnu" or "lld".  options, or fields of LinkOptions as
    keywords (`oformat="binary"`, `gc_sections=True`).  Raises LinkError with all that was found;
    warnings are in the result's `diagnostics`."""
    chosen = attrs.evolve(options or LinkOptions(), **settings)  # type: ignore[arg-type]
    kind = _dialect(dialect)
    if chosen.fortran_common:
        kind = kind.but(common_takes_definition=True)
    if chosen.elf.relocatable:
        kind = dialect_for_relinking(kind)
    diags = Diagnostics(
        chosen.silenced, chosen.fatal_warnings, chosen.error_limit, chosen.tolerated
    )
    with _collector_paused():
        return _link(objs, layout, kind, chosen, diags)


def _link(
    objs: Iterable[InputLike],
    layout: LayoutLike,
    dialect: Dialect,
    options: LinkOptions,
    diags: Diagnostics,
) -> LinkResult:
    """The pass list."""
    extra = [node for text in options.defsym for node in parse_defsym(text).commands]
    before = options.inputs_before_script
    machine = EMULATIONS.get(options.emulation, 0)
    search = Search.of(options.search, options.sysroot, machine)
    if options.just_symbols:
        from .passes.just_symbols import symbols_alone

        objs = [*objs, *map(symbols_alone, options.just_symbols)]
    loaded = load_inputs(objs, layout, extra, search, dialect, diags, before)
    lap("load inputs")
    if options.wrap:
        from .passes.wrap import wrapped_steps

        loaded = attrs.evolve(loaded, steps=wrapped_steps(loaded.steps, options.wrap))
    if options.oformat in RAW_FORMATS:  # an image stays where it is linked to
        options = attrs.evolve(options, elf=attrs.evolve(options.elf, pie=False))
    script = with_layout(loaded, machine, options.elf, dialect)
    if options.version_scripts:
        script = attrs.evolve(script, commands=(*script.commands, *options.version_scripts))
    options = attrs.evolve(
        options, elf=settle_starts(forced(options.elf, script, dialect), script, dialect)
    )
    if options.gc_sections and dialect.rebuilds_eh_frame:
        options = attrs.evolve(options, elf=attrs.evolve(options.elf, unwind_relocs=False))
    starts, sort = options.elf.section_starts, options.sort_section
    if options.spills:
        from .passes.spill import check_spilling

        check_spilling(script, diags)
    script = arrange_script(script, dialect, diags, starts, sort)
    lap("arrange the script")
    entry = options.entry or entry_name(script)
    wanted = wanted_names(script, options.undefined, options.require_defined)
    drawn = names_in_libraries(loaded.steps, options.undefined_globs)
    inputs = join_members(loaded, entry, (*wanted, *drawn), dialect, diags)
    lap("join archive members")
    if not options.emulation and inputs.files[0].header.machine == EM_IAMCU:
        options = attrs.evolve(options, emulation="elf_iamcu")
    inputs = attrs.evolve(inputs, files=expand_sections(as_i386(inputs.files), diags))
    if not dialect.tables_like_gnu:
        from .passes.versioned import default_versions, named_by_default

        inputs = attrs.evolve(
            inputs, files=named_by_default(inputs.files), versions=default_versions(inputs.files)
        )
    if options.ignored_symbols:
        from .passes.ignored import without_need

        inputs = attrs.evolve(inputs, files=without_need(inputs.files, options.ignored_symbols))
    oformat = output_format(script, options.oformat, inputs.files[0], options.emulation)
    raw = oformat in RAW_FORMATS
    machine = output_machine(options.emulation, inputs.files)
    # What GNU ld links through its generic path: images, and ELF of another class.
    generic = raw or not is_native(oformat, machine, inputs.files[0])
    moves = options.elf.pie and not (generic or options.elf.relocatable)
    options = attrs.evolve(options, elf=attrs.evolve(options.elf, pie=moves))
    own = own_sections(inputs.files, options.elf, dialect, raw, generic)
    if options.elf.interpreter and not raw:
        from .passes.interpreter import interpreter_sections

        own += interpreter_sections(options.elf, script, dialect)
    has_tables = not (options.elf.relocatable and dialect.tables_like_gnu)
    resolution = resolve_symbols(
        inputs, dialect, diags, generic, own, has_tables=has_tables,
        sort_common=options.sort_common, features=options.elf.features,
        form=TableForm.of(inputs.files[0].header, options.elf),
    )  # fmt: skip
    if options.elf.reports:
        from .passes.check_promises import report_promises

        report_promises(inputs.files, options.elf, dialect, diags)
    if not dialect.tables_like_gnu and (options.undefined or options.traced):
        early = (*options.traced, *wanted_names(script, options.undefined, ()))
        resolution = attrs.evolve(resolution, met=(*early, *resolution.met))
    if options.wrap:
        from .passes.wrap import redirected

        to_wrappers = redirected(resolution, options.wrap, dialect)
        resolution = attrs.evolve(resolution, redirected=to_wrappers)
    if dialect.tables_like_gnu:
        from .passes.versioned import with_default_versions

        resolution = with_default_versions(resolution)
    if dialect.objects_bring_warnings and not generic:
        from .passes.link_warnings import give_link_warnings

        give_link_warnings(resolution, diags)
    lap("resolve symbols")
    diags.stop_on_errors()
    # From here on no file joins the link, and each name has one definer.
    table = list_sections(resolution, dialect, generic)
    again = options.elf.relocatable
    if again:
        table = sections_for_relinking(table, resolution, dialect, options.elf)
    elif not script.has_sections and not dialect.tables_like_gnu:
        table = folded(table, options.elf.keeps_text_prefix)
    claims = match_sections(script, resolution, table, dialect, options.unique, options.spills)
    claims = handle_orphans(claims, table, resolution, options.orphan_handling, diags)
    lap("match sections")
    if any(script.of(Version)):
        from .passes.check_versions import check_versions

        named = frozenset(assigned_names(claims))
        check_versions(script, resolution, named, options.elf, dialect, diags)
    live = ALL_LIVE
    if options.gc_sections:
        from .passes.exported import exported_names

        exported = exported_names(resolution, script, options, dialect)
        if again:
            asked = (options.entry, *wanted, *exported)
            check_collecting(asked, resolution, script, dialect, diags)
        first = entry or ("_start" if generic else default_entry(script, dialect, again))
        roots = (first, *wanted, *exported)
        from .passes.live import mark_live

        live = mark_live(
            claims, table, resolution, roots, dialect, options.bounds_keep, generic, again
        )
    if live.held:
        claims = attrs.evolve(claims, kept=claims.kept | live.held)
    lap("mark live")
    if options.elf.pie and not (again or dialect.tables_like_gnu):
        from .passes.check_position import check_position

        check_position(resolution, table, live.dead | claims.discarded, diags)
    elf_class = ELF_FORMATS.get(oformat) or ELF_CLASSES[machine]
    found, told = table, claims

    def lay_out(keep: Collection[Load], met: Diagnostics) -> Laid:
        """From the relocations to addresses; keep: loads that are to be left as they are."""
        tables, table, claims = NO_TABLES, found, told
        if not again:
            gone = live.dead | claims.discarded
            made = assigned_names(claims)
            made |= linker_names(resolution, machine, script.has_sections, moves, dialect)
            tables = scan_relocations(
                resolution, table, gone, made, dialect, options.relax, keep, generic, options.elf,
                met,
            )  # fmt: skip
            table, claims = fill_tables(table, claims, tables, dialect, generic)
            lap("scan relocations")
        if options.elf.emit_relocs and not generic:
            claims = with_empty_kept(claims, table, dialect)
            claims = with_unwinding_at_its_relocations(claims, table, resolution, dialect)
        plan = order_sections(
            script, claims, table, resolution, live.dead, dialect, wanted, options.elf.relro_tables,
            generic, again, met,
        )  # fmt: skip
        if not again:
            plan = order_inside(
                plan, options.symbol_order, options.profile, options.shuffle, script.has_sections,
                table, resolution, dialect, options.elf, met,
            )  # fmt: skip
        if dialect.generic_path:
            plan = settle_section_types(plan, table, generic, again)
        if dialect.tables_like_gnu and (tables.threads or not generic):
            from .passes.thread_align import with_aligned_block

            plan = with_aligned_block(plan)
        check_cross_references(script, plan, table, resolution, met)
        lap("order sections")
        gone = live.dead | claims.discarded
        plan, folded = _folded(plan, table, resolution, gone, options)
        gone |= folded.keys()
        plan, edits = edit_sections(
            plan, table, resolution, gone, dialect, generic, options.elf, live.used
        )
        lap("merge and edit")
        # From here on what is in the output, and in which order, is settled; only numbers are
        # missing.
        addresses = Addresses.of(resolution, table, edits, machine, tables, folded)

        def walk(plan: Plan, met: Diagnostics) -> Placement:
            return settle_addresses(plan, script, addresses, dialect, met, flat=oformat == FLAT)

        def settle(plan: Plan, met: Diagnostics) -> Settled:
            return settle_layout(
                walk, plan, script, addresses, options.elf, elf_class, raw, dialect, met
            )

        if options.spills:
            settled = _spilling(settle, plan, claims, options, dialect, met)
        else:
            settled = settle(plan, met)
        return Laid(tables, table, claims, settled)

    laid = in_reach(lay_out, dialect, diags)
    lap("settle addresses")
    table, claims, settled = laid.table, laid.claims, laid.settled
    if asks_for_header(resolution) and not (dialect.reserves_names or raw or again):
        segments = _file_map(settled, elf_class, script, options, dialect).segments
        settled = attrs.evolve(settled, placed=with_header_symbol(settled.placed, segments))
    if options.elf.splits:
        from .passes.split import split_sections

        settled = attrs.evolve(settled, placed=split_sections(settled.placed, options.elf))
    plan, placed = settled.plan, settled.placed
    # From here on no address moves.
    check_required(options.require_defined, placed, diags)
    check_retained(options.elf, placed, dialect, diags)
    check_layout(placed, dialect, oformat == FLAT, options.max_image_size, diags, again)
    if not raw:
        from .passes.check_tables import check_tables

        check_tables(script, dialect, diags)
    if not (again or (generic and dialect.tables_like_gnu)):
        from .passes.check_links import check_links

        check_links(placed, live.dead | claims.discarded, diags)
    diags.stop_on_errors()
    if again:
        from .passes.check_relinked import check_relinked

        check_relinked(placed, claims.discarded, dialect, diags)
    lap("check")
    patched = (
        assembled(placed)
        if again
        else apply_relocations(
            placed, dialect, generic, diags, _source_lines(), raw, options.elf.dead_references
        )
    )
    if placed.addresses.edits.unwind is not None:
        from .passes.unwind_index import complete_unwind

        patched = complete_unwind(placed, patched, dialect)
    diags.stop_on_errors()
    lap("relocate")
    check_entry(options.entry, again, loaded.script, placed, dialect, diags)
    first = entry or default_entry(script, dialect, again)
    start = entry_address(first, placed, dialect, again)
    made = LinkResult(
        options, dialect, oformat, script, inputs, resolution, table, claims, live, plan, placed,
        settled, patched, start, (),
    )  # fmt: skip
    if not again:
        advise(finished(made), diags)
    diags.stop_on_errors()
    lap("advise")
    return attrs.evolve(made, diagnostics=tuple(diags))


def finished(result: LinkResult) -> Finished:
    """A link as advice looks at it."""
    settled, options, oformat = result.settled, result.options, result.oformat
    offsets: dict[int, int] = {}
    if oformat not in RAW_FORMATS:
        elf_class = ELF_FORMATS.get(oformat) or ELF_CLASSES[result.placed.addresses.machine]
        offsets = _file_map(settled, elf_class, result.script, options, result.dialect).offsets
    return Finished(
        result.script, result.resolution, result.table, result.claims, result.live, result.plan,
        result.placed, result.patched, result.dialect, oformat == "binary", offsets,
        unpaged=options.elf.paging == "N",
    )  # fmt: skip


def _file_map(
    settled: Settled, elf_class: int, script: ScriptFile, options: LinkOptions, dialect: Dialect
) -> FileMap:
    """Where everything lies in an ELF file."""
    from .passes.finish import map_output

    segments, elf = settled.segments, options.elf
    return map_output(settled.placed, elf_class, segments, script, elf, dialect)


def _spilling(
    settle: Callable[[Plan, Diagnostics], Settled],
    plan: Plan,
    claims: Claims,
    options: LinkOptions,
    dialect: Dialect,
    diags: Diagnostics,
) -> Settled:
    """The layout where what does not fit goes on to a later statement."""
    from .passes.spill import Spills, settle_spilling

    spills = Spills(claims.matches, options.spill_warnings)
    return settle_spilling(settle, plan, spills, dialect, diags)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's cycle collector finds nothing during a link and would look for it again and
    again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _folded(
    plan: Plan,
    table: SectionList,
    resolution: Resolution,
    gone: frozenset[int],
    options: LinkOptions,
) -> tuple[Plan, dict[int, int]]:
    """The plan with one copy of sections that are the same, where --icf asks for it."""
    if options.fold.kind not in ("safe", "all") or options.elf.relocatable:
        return plan, {}
    from .passes.icf import fold_identical

    return fold_identical(plan, table, resolution, gone, options.fold)


def _dialect(name: str | Dialect) -> Dialect:
    if isinstance(name, Dialect):
        return name
    if name not in DIALECTS:
        raise fail("unknown-dialect", f"unknown dialect `{name}'", help=["use gnu or lld"])
    return DIALECTS[name]


def _source_lines() -> SourceLine:
    """Source lines of places; DWARF is only read when a message needs it."""
    known: list[SourceLine] = []

    def source_line(obj: ObjectFile, index: int, offset: int) -> str | None:
        if not known:
            from .explain.dwarf import source_lines

            known.append(source_lines())
        return known[0](obj, index, offset)

    return source_line
