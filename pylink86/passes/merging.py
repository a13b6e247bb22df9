"""Input sections taken apart and put together anew: which ones, and where their bytes went.

`merge` and `unwind` know how to combine sections; this pass knows which sections of the link they
apply to, and records the outcome as `Edits`: new sizes and bytes, and a map for every old offset.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import attrs

from .. import elf_const as c
from ..dialect import Dialect
from ..script import nodes as n
from .locate import NO_EDITS, Edits, describe_section
from .match import Claim, SectionId, SectionList
from .order import OutputPlan, Plan
from .resolve import Resolution

if TYPE_CHECKING:
    from .unwind import Relocation, UnwindInput


def edit_sections(
    plan: Plan,
    table: SectionList,
    resolution: Resolution,
    gone: frozenset[SectionId],
    dialect: Dialect,
    raw: bool,
) -> tuple[Plan, Edits]:
    """Merge strings, constants and unwind tables where the dialect does; the plan without the
    sections whose bytes went elsewhere.

    gone: sections that are discarded or dead.  Raises bad-merge-section, bad-eh-frame.
    """
    edits = Edits({}, {}, {}, {}, {})
    if dialect.rebuilds_eh_frame:
        _unwind(table, resolution, gone, edits)
    if dialect.merges_strings and (dialect.merges_strings_in_raw or not raw):
        for section in plan.sections:
            _merge_in(section, table, resolution, edits)
    if not edits.moved:
        return plan, NO_EDITS
    return _without_removed(plan, edits), edits


def _merge_in(
    section: OutputPlan, table: SectionList, resolution: Resolution, edits: Edits
) -> None:
    """Merge the SHF_MERGE inputs of one output section; each group takes the place of its first."""
    sids = [sid for sid in section.sections() if table.flags[sid] & c.SHF_MERGE]
    if not sids:
        return
    from .merge import group_key, merge_group, mergeable

    groups: dict[tuple[int, int, int], list[SectionId]] = {}
    forced = _subalign(section)
    for sid in sids:
        flags = table.flags[sid]
        number = table.owner_file(sid)
        obj = resolution.files[number]
        index = sid - table.base[number]
        entsize = obj.sections.entsize[index]
        relocated = index in obj.relocation_sections
        if mergeable(flags, table.size[sid], entsize, relocated):
            key = group_key(flags, entsize, forced or table.align[sid])
            groups.setdefault(key, []).append(sid)
    for (flags, entsize, _), sids in groups.items():
        inputs = []
        for sid in sids:
            number = table.owner_file(sid)
            content = resolution.files[number].contents[sid - table.base[number]]
            inputs.append((content, forced or table.align[sid]))
        place = describe_section(resolution, table, sids[0])
        merged = merge_group(inputs, entsize, bool(flags & c.SHF_STRINGS), place=place)
        _note(edits, sids[0], merged.content, merged.align)
        for sid, offsets in zip(sids, merged.maps):
            edits.moved[sid] = (sids[0], offsets)
        edits.parts[sids[0]] = ()


def _subalign(section: OutputPlan) -> int:
    """SUBALIGN(n), which counts for merged sections and the pieces in them; 0 when there is none.

    Merging comes before addresses are known, so only a number is understood here."""
    node = section.node
    if node is None or not isinstance(node.subalign, n.Number):
        return 0
    value = node.subalign.value or 1
    return 0 if value & (value - 1) else value


def _note(edits: Edits, sid: SectionId, content: bytes, align: int) -> None:
    edits.content[sid] = content
    edits.size[sid] = len(content)
    edits.align[sid] = align


def _unwind(
    table: SectionList, resolution: Resolution, gone: frozenset[SectionId], edits: Edits
) -> None:
    """Make the linker's own `.eh_frame` from all the files'."""
    first_own = table.base[-1]
    home = next((s for s in range(first_own, len(table)) if table.name[s] == ".eh_frame"), None)
    if home is None:
        return
    from .unwind import UnwindInput, merge_unwind

    sids: list[SectionId] = []
    inputs: list[UnwindInput] = []
    for number, obj in enumerate(resolution.files[:-1]):
        if ".eh_frame" not in obj.sections.names:
            continue
        for index, name in enumerate(obj.sections.names):
            if name == ".eh_frame" and (number, index) not in resolution.dropped:
                sid = table.base[number] + index
                relocs = _relocs(resolution, number, index)
                place = describe_section(resolution, table, sid)
                inputs.append(UnwindInput(obj.contents[index], table.align[sid], relocs, place))
                sids.append(sid)

    def alive(symbol: Hashable) -> bool:
        where = resolution.definer.get(symbol) if isinstance(symbol, str) else symbol
        if not isinstance(where, tuple):
            return False
        shndx = resolution.files[where[0]].symbols.shndx[where[1]]
        sid = table.base[where[0]] + shndx
        return shndx > 0 and table.eligible[sid] and sid not in gone

    unwind = merge_unwind(inputs, alive)
    _note(edits, home, bytes(unwind.content), unwind.align)
    for sid, offsets in zip(sids, unwind.maps):
        edits.moved[sid] = (home, offsets)
    edits.parts[home] = tuple(sids)


def _relocs(resolution: Resolution, number: int, index: int) -> list[Relocation]:
    """Relocations of one section with symbols by identity: a global's name, a local's number."""
    obj = resolution.files[number]
    first = resolution.first_global[number]
    names = resolution.global_names[number]
    found: list[Relocation] = []
    for rel in obj.relocation_sections.get(index, ()):
        rels = obj.relocations(rel)
        addends = rels.addend or (0,) * len(rels)
        for offset, symbol, addend in zip(rels.offset, rels.symbol, addends):
            who: Hashable = names[symbol - first] if symbol >= first else (number, symbol)
            found.append((offset, who, addend))
    found.sort(key=lambda row: row[0])
    return found


def _without_removed(plan: Plan, edits: Edits) -> Plan:
    """The plan with each group standing where its first member was."""
    removed = {sid for sid, (home, _) in edits.moved.items() if sid != home}
    sections = tuple(_thinned(section, removed, edits) for section in plan.sections)
    by_index = {section.index: section for section in sections}
    commands = tuple(
        by_index[cmd.index] if isinstance(cmd, OutputPlan) else cmd for cmd in plan.commands
    )
    return attrs.evolve(plan, commands=commands, sections=sections)


def _thinned(section: OutputPlan, removed: set[SectionId], edits: Edits) -> OutputPlan:
    items = tuple(
        Claim(item.node, tuple(sid for sid in item.sections if sid not in removed))
        if isinstance(item, Claim)
        else item
        for item in section.items
    )
    align = max((edits.align[sid] for sid in section.sections() if sid in edits.align), default=1)
    return attrs.evolve(section, items=items, align=max(section.align, align))
