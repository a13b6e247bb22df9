"""The unwind tables of a link taken apart and put together anew: which there are, which functions
are in the output, and where every record is afterwards."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from ...diag import fail
from ..matching.match import SectionId
from ..names.resolve import Resolution
from ..ordering.order import OutputPlan
from ..placing.locate import describe_section
from .edit import OffsetMap, moved_to
from .editor import Editor
from .unwind import Relocation, Unwind, UnwindInput, merge_unwind
from .unwind_gnu import edit_unwind
from .unwind_plan import Fde, UnwindIndex
from .unwind_records import Unreadable, function_encoding

START = OffsetMap((0,), (0,), 0)
"""crtbegin.o finds the begin of the whole table by a section of its own that is empty."""


def merge_unwind_tables(gone: frozenset[SectionId], editor: Editor) -> None:
    """LLD's way: the linker's own `.eh_frame` of all the files'.  gone: discarded or dead."""
    table, resolution = editor.table, editor.resolution
    home = editor.own_section(".eh_frame")
    if home < 0:
        return
    sids = [
        table.base[number] + index
        for number, obj in enumerate(resolution.files[:-1])
        if ".eh_frame" in obj.sections.names
        for index, name in enumerate(obj.sections.names)
        if name == ".eh_frame" and (number, index) not in resolution.dropped
    ]
    unwind = merge_unwind([_input(sid, editor) for sid in sids], _alive(gone, editor))
    editor.replace(home, bytes(unwind.content), unwind.align)
    for sid, offsets in zip(sids, unwind.maps):
        editor.edits.moved[sid] = moved_to(home, offsets if table.size[sid] else START)
    editor.edits.parts[home] = tuple(sids)
    header = editor.own_section(".eh_frame_hdr")
    if header >= 0:
        word = resolution.files[0].header.elf_class // 8
        fdes = tuple(_fdes_in(unwind, home, word))
        editor.unwind = UnwindIndex(fdes, home, header)
        editor.replace(header, bytes(editor.unwind.size))


def _fdes_in(unwind: Unwind, home: SectionId, word: int) -> Iterator[Fde]:
    encodings: dict[int, int] = {}
    content = bytes(unwind.content)
    for out, cie in unwind.fdes:
        if cie not in encodings:
            end = cie + 4 + int.from_bytes(content[cie : cie + 4], "little")
            try:
                encodings[cie] = function_encoding(content[cie:end], word)
            except Unreadable as problem:
                raise fail(
                    "bad-eh-frame",
                    f"corrupted .eh_frame: {problem}",
                    help=["link without --eh-frame-hdr, or build the objects again"],
                ) from None
        yield Fde(home, out, home, cie, encodings[cie], word)


def edit_unwind_tables(
    section: OutputPlan, gone: frozenset[SectionId], editor: Editor, relocatable: bool
) -> None:
    """GNU ld's way: each input section of the output section `.eh_frame` is edited where it is."""
    table, resolution = editor.table, editor.resolution
    sids = [sid for sid in section.sections() if table.size[sid]]
    words = [resolution.files[table.owner_file(sid)].header.elf_class // 8 for sid in sids]
    inputs = [_input(sid, editor) for sid in sids]
    unwind = edit_unwind(inputs, words, section.align, _alive(gone, editor), relocatable)
    for sid, content, offsets in zip(sids, unwind.contents, unwind.maps):
        if content is not None and offsets is not None:
            editor.replace(sid, content)
            editor.edits.moved[sid] = moved_to(sid, offsets)
    fdes = tuple(
        Fde(sids[home], out, sids[cie_home], cie, encoding, words[home])
        for home, out, cie_home, cie, encoding in unwind.fdes
    )
    if not sids or relocatable:
        return
    header = editor.own_section(".eh_frame_hdr")
    first = next((s for s, content in zip(sids, unwind.contents) if content != b""), sids[0])
    editor.unwind = UnwindIndex(fdes, first, header, unwind.complete)
    if header >= 0:
        editor.replace(header, bytes(editor.unwind.size))


OWN_FUNCTION = -1, -1
"""What the linker's own records are about."""
OWN_FUNCTION_AT = 32
"""Where they say where it is: behind the CIE and the begin of the FDE."""


def _input(sid: SectionId, editor: Editor) -> UnwindInput:
    if sid in editor.own_records:
        own: Sequence[Relocation] = [(OWN_FUNCTION_AT, OWN_FUNCTION, 0)]
        return UnwindInput(editor.content(sid), editor.table.align[sid], own)
    number = editor.table.owner_file(sid)
    relocs = _relocs(editor.resolution, number, sid - editor.table.base[number])
    place = describe_section(editor.resolution, editor.table, sid)
    return UnwindInput(editor.content(sid), editor.table.align[sid], relocs, place)


def _alive(gone: frozenset[SectionId], editor: Editor) -> Callable[[Hashable], bool]:
    """Whether the function a symbol stands for is in the output."""
    table, resolution = editor.table, editor.resolution

    def alive(symbol: Hashable) -> bool:
        where = resolution.definer.get(symbol) if isinstance(symbol, str) else symbol
        if not isinstance(where, tuple):
            return False
        if where == OWN_FUNCTION:
            return True
        shndx = resolution.files[where[0]].symbols.shndx[where[1]]
        sid = table.base[where[0]] + shndx
        return shndx > 0 and table.eligible[sid] and sid not in gone

    return alive


def _relocs(resolution: Resolution, number: int, index: int) -> Sequence[Relocation]:
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
