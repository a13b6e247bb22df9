"""Strings and constants of one output section merged: which input sections take part, and where
their bytes are afterwards.

How pieces are found and ordered is for `merge` (LLD) and `merge_gnu`."""

from __future__ import annotations

from collections.abc import Mapping

from ... import elf_const as c
from ...diag import fail
from ...script import nodes as n
from ..matching.match import SectionId
from ..ordering.order import OutputPlan
from ..placing.locate import describe_section
from .edit import Moved, OffsetMap, moved_to
from .editor import Editor


def merge_groups(
    section: OutputPlan,
    sids: list[SectionId],
    editor: Editor,
    tails: bool,
    used: Mapping[SectionId, set[int]],
) -> None:
    """Each group becomes one section, which takes the place of its first.

    used: offsets that are referred to, for --gc-sections; empty keeps everything."""
    from .merge import group_key, merge_group, mergeable, pieces_at

    table, edits = editor.table, editor.edits
    groups: dict[tuple[int, int, int], list[SectionId]] = {}
    forced = _subalign(section)
    for sid in sids:
        flags, entsize = table.flags[sid], editor.entsize(sid)
        _check_for_lld(sid, editor)
        if mergeable(flags, table.size[sid], entsize, editor.relocated(sid)):
            key = group_key(flags, entsize, forced or table.align[sid])
            groups.setdefault(key, []).append(sid)
    for (flags, entsize, _), members in groups.items():
        inputs = [(editor.content(sid), forced or table.align[sid]) for sid in members]
        place = describe_section(editor.resolution, table, members[0])
        strings = bool(flags & c.SHF_STRINGS)
        live = [
            pieces_at(content, entsize, strings, used.get(sid, ()))
            if used and flags & c.SHF_ALLOC
            else None
            for sid, (content, _) in zip(members, inputs)
        ]
        merged = merge_group(inputs, entsize, strings, tails, live, place)
        home = members[0]
        editor.replace(home, merged.content, merged.align)
        for sid, offsets in zip(members, merged.maps):
            edits.moved[sid] = moved_to(home, offsets)
        edits.parts[home] = ()


def _check_for_lld(sid: SectionId, editor: Editor) -> None:
    """What LLD refuses to take apart.  Raises bad-merge-section."""
    flags, size, entsize = editor.table.flags[sid], editor.table.size[sid], editor.entsize(sid)
    if not (size and entsize):
        return
    place = describe_section(editor.resolution, editor.table, sid)
    if size % entsize:
        raise fail(
            "bad-merge-section",
            f"SHF_MERGE section size ({size}) must be a multiple of sh_entsize ({entsize})",
            place=place,
            help=["correct the entry size in its .section line, or link with -O0"],
        )
    if flags & c.SHF_WRITE:
        raise fail(
            "bad-merge-section",
            "writable SHF_MERGE section is not supported",
            place=place,
            notes=["what the program changes in one copy would change in all of them"],
            help=["take `w` or `M` out of its .section line, or link with -O0"],
        )


def merge_sections_in_place(sids: list[SectionId], editor: Editor) -> None:
    """GNU ld's way: each section keeps what no earlier one has, and ends behind that.  Earlier is
    meant by file and by section header, wherever the script places them."""
    from .merge_gnu import group_key, merge_in_place, mergeable
    from .merge_gnu_packed import merge_packed

    table, edits = editor.table, editor.edits
    groups: dict[tuple[bool, int, int], list[SectionId]] = {}
    for sid in sorted(sids):
        strings, entsize = bool(table.flags[sid] & c.SHF_STRINGS), editor.entsize(sid)
        align = table.align[sid]
        if mergeable(table.size[sid], entsize, align, strings, editor.relocated(sid)):
            groups.setdefault(group_key(strings, entsize, align), []).append(sid)
    for (strings, entsize, align), members in groups.items():
        inputs = [editor.content(sid) for sid in members]
        if (strings, entsize, align) == (True, 1, 1):
            merged = merge_packed(inputs)
        else:
            merged = merge_in_place(inputs, entsize, align, strings)
        for sid, content, found in zip(members, merged.contents, merged.maps):
            homes = tuple([members[owner] for owner in found.owners])
            offsets = OffsetMap(found.starts, found.outs, found.size)
            edits.moved[sid] = Moved(homes, offsets, (sid, len(content)) if content else None)
            editor.replace(sid, content)


def _subalign(section: OutputPlan) -> int:
    """SUBALIGN(n), which counts for merged sections and the pieces in them; 0 when there is none.

    Merging comes before addresses are known, so only a number is understood here."""
    node = section.node
    if node is None or not isinstance(node.subalign, n.Number):
        return 0
    value = node.subalign.value or 1
    return 0 if value & (value - 1) else value
