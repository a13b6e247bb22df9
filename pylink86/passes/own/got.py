"""Which symbols get a slot in the global offset table, and which loads can do without one.

Position-independent code finds addresses in a table (GOT) that a dynamic loader would fill in.  A
static link has no loader: the linker fills the table itself, and rewrites most loads so that they
need no slot (arch/loads.py), thread-local ones too (arch/thread.py).  This pass reads the
relocations of every section that is in the output once (slot_scan).  It decides what is rewritten
and who needs a slot, which is all that the sizes of the linker's own sections depend on.

A load whose symbol turns out to lie too far away is rewritten no more when the link is laid out
again (`keep`); see passes/own/reach.py."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...arch import ROWS
from ...arch.padding import USUAL_PADDING
from ...arch.reloc import LOOKED_AT
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ..elf_options import ElfOptions
from ..matching.match import SectionId, SectionList
from ..names.resolve import OFFSET_TABLE, Resolution
from ..tables import NO_TABLES, IndirectFunctions, Load, Tables, indirect_functions
from .table_form import TableForm

if TYPE_CHECKING:
    from ..pie.dynamic_names import Listed
    from ..pie.dynamic_words import DynamicWords
    from ..tables import DynamicNames
    from .indirect import IndirectScan


KINDS = {
    machine: frozenset(number for number, row in rows.items() if row.kind in LOOKED_AT)
    for machine, rows in ROWS.items()
}
"""Relocation types to look at, by machine."""


def scan_relocations(
    resolution: Resolution,
    table: SectionList,
    gone: frozenset[SectionId],
    assigned: frozenset[str],
    dialect: Dialect,
    relax: bool,
    keep: Collection[Load] = (),
    generic: bool = False,
    options: ElfOptions | None = None,
    diags: Diagnostics | None = None,
    listed: Listed | None = None,
) -> Tables:
    """Read every relocation of the sections that are in the output and in memory.

    gone: sections that are dead or discarded; assigned: names the script assigns; relax: whether
    loads may be rewritten (--no-relax); keep: those that may not, in the order in which LLD gives
    them slots behind all others; generic: GNU ld makes an image.  options: of a program that
    may run anywhere; diags: for what cannot; listed: names that GNU ld's is asked to list.
    Thread-local sequences are always rewritten: a static program has no __tls_get_addr.  Raises
    reloc-not-supported."""
    moving = None
    if options is not None and diags is not None and options.pie:
        from ..pie.moving import moving_scan

        moving = moving_scan(resolution, table, assigned, dialect, options, diags)
        if listed is not None and dialect.tables_like_gnu and options.interpreter != "":
            from ..pie.bound_names import bound_names

            moving.bound = bound_names(resolution, table, gone, assigned)
    chosen_late = indirect_functions(resolution)
    walked = [
        file
        for file, obj in enumerate(resolution.files[:-1])
        if chosen_late or moving or not _asks_for_nothing(obj, _base_symbol(resolution, file))
    ]
    if not walked and (dialect.tables_like_gnu or OFFSET_TABLE not in resolution.definer):
        return NO_TABLES
    from .slot_scan import SlotScan

    padding = USUAL_PADDING if options is None else options.call_padding
    form = TableForm.of(resolution.files[0].header, options)
    scan = SlotScan(resolution, table, assigned, dialect, relax, keep, padding, form, moving)
    indirect: IndirectScan | None = None
    if chosen_late:
        from .indirect import IndirectScan

        late = moving is not None and dialect.tables_like_gnu
        features = options.features if options is not None else 0
        indirect = IndirectScan(resolution, table, dialect, chosen_late, late, features)
    for file in walked:
        obj, base = resolution.files[file], table.base[file]
        kinds, base_symbol = KINDS.get(obj.header.machine), _base_symbol(resolution, file)
        for index, tables in obj.relocation_sections.items():
            sid = base + index
            if not table.flags[sid] & c.SHF_ALLOC or not table.eligible[sid] or sid in gone:
                continue
            for rel in tables:
                rels = obj.relocations(rel)
                scan.base |= base_symbol in rels.symbol
                if indirect is not None:
                    indirect.section(file, obj, index, rel)
                if moving is not None:
                    moving.section(file, obj, index, rels)
                if kinds and not kinds.isdisjoint(rels.type):
                    scan.section(file, obj, index, rel, rels)
    functions = IndirectFunctions()
    if indirect is not None:
        functions = indirect.finished(generic and dialect.tables_like_gnu)
    made = scan.finished(functions)
    if moving is None or options is None:
        return made
    from ..pie.dynamic_words import dynamic_words
    from ..pie.moving_plan import moving_sizes

    said = dynamic_words(options, dialect)
    if listed is not None:
        listed = attrs.evolve(listed, bound=moving.bound)
    names = _names(listed, form, options, said, dialect)
    made = attrs.evolve(made, names=names)
    moves = moving.finished(tuple(made.slots))
    sizes, entries = moving_sizes(
        moves,
        made.sizes,
        resolution,
        table,
        gone,
        dialect,
        options.now,
        form,
        names,
        said,
    )
    made = attrs.evolve(made, sizes={**made.sizes, **sizes}, moves=moves, dynamic=entries)
    if made.linkage is None:
        return made
    from ..pie.linkage import with_unwind_records

    machine = resolution.files[0].header.machine
    return attrs.evolve(made, linkage=with_unwind_records(made, table, gone, machine))


def _names(
    listed: Listed | None,
    form: TableForm,
    options: ElfOptions,
    said: DynamicWords,
    dialect: Dialect,
) -> DynamicNames | None:
    """What `.dynsym` and `.dynstr` of a program that moves hold; None for nothing."""
    texts = [text for _, text in said.texts]
    if listed is not None and dialect.tables_like_gnu:
        from ..pie.dynamic_names import dynamic_names

        return dynamic_names(listed, form, options.hash_style, texts)
    if listed is not None:
        from ..pie.names_lld import names_of_lld

        return names_of_lld(listed, form, options.hash_style, texts)
    from ..pie.dynamic_words import names_of_texts

    return names_of_texts(said) if said.texts else None


def _asks_for_nothing(obj: ObjectFile, base_symbol: int) -> bool:
    """Whether no relocation of a file is of the kinds to look at or has this symbol.  Each
    relocation table of the file is looked at as a whole, so that a file of a thousand sections
    takes no longer."""
    kinds = KINDS.get(obj.header.machine, frozenset())
    flags, info = obj.sections.flags, obj.sections.info
    groups = {
        group for index, group in obj.relocation_groups.items() if flags[info[index]] & c.SHF_ALLOC
    }
    for rows in [group.rows() for group in groups]:
        is_asked = base_symbol in rows.symbol or not kinds.isdisjoint(rows.type)
        if is_asked or not rows.is_sound:
            return False
    return True


def _base_symbol(resolution: Resolution, file: int) -> int:
    """The file's symbol for the table itself; -1 when it has none."""
    names = resolution.global_names[file]
    if OFFSET_TABLE not in names:
        return -1
    return resolution.first_global[file] + names.index(OFFSET_TABLE)
