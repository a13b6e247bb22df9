"""Input sections taken apart and put together anew: which ones, and where their bytes went.

`merge` and `unwind` know how to combine sections; this pass knows which sections of the link they
apply to, and records the outcome as `Edits`: new sizes and bytes, and a map for every old offset.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..matching.match import Claim, SectionId, SectionList
from ..names.resolve import Resolution
from ..ordering.order import OutputPlan, Plan
from ..placing.locate import NO_EDITS, Edits
from .editor import Editor


def edit_sections(
    plan: Plan,
    table: SectionList,
    resolution: Resolution,
    gone: frozenset[SectionId],
    dialect: Dialect,
    generic: bool,
    options: ElfOptions,
    used: Mapping[SectionId, set[int]] | None = None,
    own_records: Mapping[SectionId, bytes] | None = None,
) -> tuple[Plan, Edits]:
    """Merge strings, constants and unwind tables where the dialect does; the plan without the
    sections whose bytes went elsewhere.

    gone: sections that are discarded or dead.  generic: the link goes through GNU ld's generic
    path, which merges nothing.  used: with --gc-sections, the offsets that are referred to.
    own_records: unwind records of the linker's own, by section.
    Raises bad-merge-section, bad-eh-frame.
    """
    editor = Editor(table, resolution, Edits({}, {}, {}, {}, {}), own_records or {})
    if dialect.rebuilds_eh_frame:
        from .unwind_sections import merge_unwind_tables

        merge_unwind_tables(gone, editor)
    elif dialect.edits_unwind_in_place and not generic:
        tables = plan.find(".eh_frame")
        if tables is not None and not tables.dropped:
            from .unwind_sections import edit_unwind_tables

            edit_unwind_tables(tables, gone, editor, options.relocatable)
    if dialect.joins_notes_in_place and not generic and _has(table, ".note.gnu.property"):
        from .promises import promised, withdrawn
        from .property_notes import join_property_notes

        join_property_notes(plan, editor, promised(options), withdrawn(options))
    if _merges(dialect, generic, options):
        for section in plan.sections:
            _merge_in(section, editor, dialect, options, used or {})
    edits = attrs.evolve(editor.edits, unwind=editor.unwind)
    header = editor.own_section(".eh_frame_hdr")
    if header >= 0 and editor.unwind is None:
        editor.replace(header, b"")
    if not edits.size:
        return plan, NO_EDITS
    return _without_removed(plan, edits, table, dialect), edits


def _has(table: SectionList, name: str) -> bool:
    return name in table.name


def _merges(dialect: Dialect, generic: bool, options: ElfOptions) -> bool:
    """Whether strings and constants are merged: GNU ld does it only in an ELF file that is not
    linked again, LLD at -O0 only in one that is."""
    if dialect.merges_in_place:
        return (dialect.merges_strings_in_raw or not generic) and not options.relocatable
    return options.relocatable or options.optimize > 0


def _merge_in(
    section: OutputPlan,
    editor: Editor,
    dialect: Dialect,
    options: ElfOptions,
    used: Mapping[SectionId, set[int]],
) -> None:
    """Merge the SHF_MERGE inputs of one output section; from -O2 on LLD shares ends of strings."""
    flags = editor.table.flags
    if not any(own & c.SHF_MERGE for own in set(map(flags.__getitem__, section.sections()))):
        return
    sids = [sid for sid in section.sections() if flags[sid] & c.SHF_MERGE]
    from .merge_sections import merge_groups, merge_sections_in_place

    if dialect.merges_in_place:
        merge_sections_in_place(sids, editor)
    else:
        merge_groups(section, sids, editor, options.optimize >= 2, used)


def _without_removed(plan: Plan, edits: Edits, table: SectionList, dialect: Dialect) -> Plan:
    """The plan without sections of which nothing is left; GNU ld keeps an unwind table without
    records."""
    removed = {sid for sid in (*edits.moved, *edits.content) if not edits.content.get(sid)}
    stays = ".eh_frame" if dialect.edits_unwind_in_place else ""
    sections = tuple(_thinned(section, removed, edits, table, stays) for section in plan.sections)
    by_index = {section.index: section for section in sections}
    commands = tuple(
        by_index[cmd.index] if isinstance(cmd, OutputPlan) else cmd for cmd in plan.commands
    )
    return attrs.evolve(plan, commands=commands, sections=sections)


def _thinned(
    section: OutputPlan, removed: set[SectionId], edits: Edits, table: SectionList, stays: str
) -> OutputPlan:
    """An output section without what is gone; it is as aligned as what it holds now.  stays: the
    name of one that is in the output also when nothing is left."""
    items = tuple(
        Claim(item.node, tuple(sid for sid in item.sections if sid not in removed))
        if isinstance(item, Claim)
        else item
        for item in section.items
    )
    before = tuple(section.sections())
    align = section.align
    if not edits.align.keys().isdisjoint(before):
        align = max(edits.align.get(sid, table.align[sid]) for sid in before)
    found = attrs.evolve(
        section,
        items=items,
        align=align,
        has_unwind_index=edits.unwind is not None and edits.unwind.header in before,
    )
    emptied = removed.issuperset(before) and all(isinstance(item, Claim) for item in items)
    if not (before and emptied):
        return found
    if section.name == stays:
        return attrs.evolve(found, items=section.items, only_symbols=False)
    return attrs.evolve(found, dropped=True)
