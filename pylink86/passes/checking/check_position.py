"""-pie: code that cannot be anywhere else.

On i386 an instruction reads a slot of the global offset table through a register that holds the
table's address.  Code compiled for a fixed address leaves the register out and has the slot's own
address in it, which no loader would correct.  LLD refuses it in a program that says it can be
anywhere.

Source: ld.lld-19 -pie with `movl foo@GOT, %eax`; psABI i386 4.4.1."""

from __future__ import annotations

from ... import elf_const as c
from ...arch import reloc_name, rows_for
from ...arch.loads import has_no_base
from ...arch.reloc import GOT
from ...diag import Diagnostics
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from .refs_lld import tell_not_movable


def check_position(
    resolution: Resolution, table: SectionList, gone: frozenset[SectionId], diags: Diagnostics
) -> None:
    """Report reloc-not-pic for each slot that i386 code knows by its address.

    gone: sections that are not in the output."""
    for file, obj in enumerate(resolution.files[:-1]):
        if obj.header.machine != c.EM_386:
            continue
        rows = rows_for(c.EM_386)
        for index, tables in obj.relocation_sections.items():
            sid = table.base[file] + index
            if not (table.flags[sid] & c.SHF_ALLOC and table.eligible[sid]) or sid in gone:
                continue
            for rels in map(obj.relocations, tables):
                for offset, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
                    row = rows.get(kind)
                    is_slot = row is not None and row.kind == GOT
                    if is_slot and has_no_base(obj.contents[index], offset):
                        name, place = reloc_name(c.EM_386, kind), (file, index, offset)
                        tell_not_movable(resolution, "reloc-not-pic", place, name, symbol, diags)
