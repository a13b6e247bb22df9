"""Relocation sections that are decoded together give what each of them says."""

from __future__ import annotations

import pytest

from pylink86 import elf_const as c
from pylink86.diag import LinkError
from pylink86.elf_tables import decode_relocations
from pylink86.formats import read_bytes
from pylink86.model import ObjectFile
from tests.oracle.objects import Obj, Reloc, Sec, Sym


def made(machine: str, *sections: Sec) -> ObjectFile:
    symbols = (Sym("f", "global", "func", 1, 0, 8), Sym("g"))
    return read_bytes(Obj("a.o", machine, sections, symbols).encode(), "a.o")


def code(name: str, count: int, flags: str = "ax") -> Sec:
    kind = "R_X86_64_PC32"
    rows = tuple(Reloc(8 * i, kind, "fg"[i % 2], -i) for i in range(count))
    return Sec(name, flags, align=8, data=bytes(8 * count + 8), relocs=rows)


def test_each_section_has_its_rows():
    sections = [code(f".text.{i}", count) for i, count in enumerate((3, 0, 1, 300))]
    file = made("x86_64", *sections, code(".debug_x", 2, ""))
    tables = [i for i, kind in enumerate(file.sections.type) if kind == c.SHT_RELA]
    assert len(tables) == 4
    for index in tables:
        rels = file.relocations(index)
        apart = decode_relocations(file.contents[index], 64, True)
        assert (rels.offset, rels.type, rels.symbol, rels.addend) == apart


def test_debug_data_is_decoded_apart():
    file = made("x86_64", code(".text", 2), code(".data", 1, "wa"), code(".debug_x", 2, ""))
    groups = file.relocation_groups
    assert [len(group.rows().offset) for group in groups.values()] == [3, 3, 2]
    assert len({id(group) for group in groups.values()}) == 2
    assert [group.rows().spans[index][2] for index, group in groups.items()] == [8, 0, 8]


def test_only_the_damaged_section_is_refused():
    short = Sec(".short", "ax", data=bytes(4), relocs=(Reloc(9, "R_X86_64_PC32", "f"),))
    file = made("x86_64", code(".text", 2), short)
    whole, damaged = file.relocation_groups
    assert not file.relocation_groups[whole].rows().is_sound
    assert len(file.relocations(whole)) == 2
    with pytest.raises(LinkError, match="lies beyond the 0x4 bytes"):
        file.relocations(damaged)
