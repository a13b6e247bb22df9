"""link(): objects and a layout in, an image out; the parts of a link, in order.

Each part reads what it is given and returns what it decided; none changes an older decision.  The
comments between the calls say what is settled from there on.  `LinkResult` keeps every value, so
explaining a link afterwards is reading them.

    gather      the script and the files that take part       linking/gather.py
    connect     who defines a name, what takes a section      linking/connect.py
    lay out     order, merging, addresses                     linking/lay_out.py
    relocate    the bytes                                     passes/relocating/relocate.py
    advise      what will not boot, or not as meant           passes/advice/advise.py

A pass that most links do without is imported where it is called: to import a module takes longer
than to run it in a small link.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import attrs

from .diag import Diagnostics, fail
from .dialect import DIALECTS, Dialect
from .formats.images import FLAT
from .laps import lap
from .link_options import LinkOptions
from .linking.connect import connect
from .linking.gather import Task, gather
from .linking.lay_out import lay_out, with_last_touches
from .model import ObjectFile
from .passes.advice.advise import advise
from .passes.checking.check import check_layout
from .passes.finished import Finished
from .passes.inputs.load import InputLike
from .passes.names.roots import (
    check_entry,
    check_required,
    check_retained,
    default_entry,
    entry_address,
)
from .passes.own.reach import Laid, in_reach
from .passes.placement import Placement
from .passes.reading.relink import dialect_for_relinking
from .passes.reading.scripts import LayoutLike
from .passes.relocating.relocate import Patched, apply_relocations, assembled
from .passes.section_list import SectionId
from .passes.target import ELF_CLASSES, ELF_FORMATS, RAW_FORMATS
from .result import LinkResult

if TYPE_CHECKING:
    from .passes.relocating.patcher import SourceLine


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
    if chosen.elf.traditional:
        kind = kind.but(edits_unwind_in_place=False)
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
    """The parts of a link."""
    task = gather(objs, layout, dialect, options, diags)
    task.source_line = _source_lines(dialect)
    found = connect(task, diags)
    # From here on every name has one definer, every section its statement or place as an orphan.
    laid = in_reach(partial(lay_out, task, found), dialect, diags)
    lap("settle addresses")
    settled = with_last_touches(task, found, laid.settled)
    # From here on no address moves.
    placed = settled.placed
    _check(task, found.live.dead, laid, placed, diags)
    lap("check")
    patched = _patched(task, placed, diags)
    diags.stop_on_errors()
    lap("relocate")
    check_entry(task.options.entry, task.again, task.given, placed, dialect, diags)
    first = task.entry or default_entry(task.script, dialect, task.again)
    made = LinkResult(
        task.options, dialect, task.oformat, task.script, task.inputs, found.resolution,
        laid.table, laid.claims, found.live, settled.plan, placed, settled, patched,
        entry_address(first, placed, dialect, task.again), (),
    )  # fmt: skip
    if not task.again:
        advise(finished(made), diags)
    diags.stop_on_errors()
    lap("advise")
    return attrs.evolve(made, diagnostics=tuple(diags))


def _check(
    task: Task,
    dead: frozenset[SectionId],
    laid: Laid,
    placed: Placement,
    diags: Diagnostics,
) -> None:
    """What cannot be told before everything has its place; errors end the link here."""
    options, dialect, again = task.options, task.dialect, task.again
    discarded = laid.claims.discarded
    check_required(options.require_defined, placed, diags)
    check_retained(options.elf, placed, dialect, diags)
    check_layout(placed, dialect, task.oformat == FLAT, options.max_image_size, diags, again)
    if not task.raw:
        from .passes.checking.check_tables import check_tables

        machine = placed.addresses.machine
        check_tables(laid.claims, laid.table, machine, task.script, options.elf, dialect, diags)
    if not (again or (task.generic and dialect.tables_like_gnu)):
        from .passes.checking.check_links import check_links

        check_links(placed, dead | discarded, diags)
    diags.stop_on_errors()
    if again:
        from .passes.checking.check_relinked import check_relinked

        check_relinked(placed, discarded, dialect, diags)


def _patched(task: Task, placed: Placement, diags: Diagnostics) -> Patched:
    """The bytes of the output sections."""
    dialect = task.dialect
    if task.again:
        patched = assembled(placed)
    else:
        dead = task.options.elf.dead_references
        patched = apply_relocations(
            placed, dialect, task.generic, diags, task.source_line, task.raw, dead
        )
    if placed.addresses.edits.unwind is not None:
        from .passes.editing.unwind_index import complete_unwind

        patched = complete_unwind(placed, patched, dialect)
    if placed.addresses.edits.indexes:
        from .passes.indexing.debug_indexes import write_indexes

        write_indexes(placed, patched)
    return patched


def finished(result: LinkResult) -> Finished:
    """A link as advice looks at it."""
    return Finished(
        result.script, result.resolution, result.table, result.claims, result.live, result.plan,
        result.placed, result.patched, result.dialect, result.oformat == "binary",
        partial(_file_offsets, result), unpaged=result.options.elf.paging == "N",
    )  # fmt: skip


def _file_offsets(result: LinkResult) -> Mapping[int, int]:
    """Where the sections of an ELF output lie in the file."""
    if result.oformat in RAW_FORMATS:
        return {}
    from .passes.finishing.finish import map_output

    settled, elf = result.settled, result.options.elf
    elf_class = ELF_FORMATS.get(result.oformat) or ELF_CLASSES[result.placed.addresses.machine]
    return map_output(
        settled.placed, elf_class, settled.segments, result.script, elf, result.dialect
    ).offsets


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


def _dialect(name: str | Dialect) -> Dialect:
    if isinstance(name, Dialect):
        return name
    if name not in DIALECTS:
        raise fail("unknown-dialect", f"unknown dialect `{name}'", help=["use gnu or lld"])
    return DIALECTS[name]


def _source_lines(dialect: Dialect) -> SourceLine:
    """Source lines of places; DWARF is only read when a message needs it."""
    known: list[SourceLine] = []

    def source_line(obj: ObjectFile, index: int, offset: int) -> str | None:
        if not known:
            from .explain.dwarf import source_lines

            known.append(source_lines(with_path=dialect.tells_in_order_of_files))
        return known[0](obj, index, offset)

    return source_line
