"""The unwind tables of a link taken apart and put together anew: which there are, which functions
are in the output, and where every record is afterwards."""

from __future__ import annotations

from collections.abc import Hashable

from .edit import moved_to
from .editor import Editor
from .locate import describe_section
from .match import SectionId, SectionList
from .resolve import Resolution
from .unwind import Relocation, UnwindInput, merge_unwind


def merge_unwind_tables(
    table: SectionList, resolution: Resolution, gone: frozenset[SectionId], editor: Editor
) -> None:
    """Make the linker's own `.eh_frame` from all the files'."""
    first_own = table.base[-1]
    home = next((s for s in range(first_own, len(table)) if table.name[s] == ".eh_frame"), None)
    if home is None:
        return
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
    editor.replace(home, bytes(unwind.content), unwind.align)
    for sid, offsets in zip(sids, unwind.maps):
        editor.edits.moved[sid] = moved_to(home, offsets)
    editor.edits.parts[home] = tuple(sids)


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
