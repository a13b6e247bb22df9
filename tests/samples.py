"""Small objects made in memory, for tests that need one they can change."""

from __future__ import annotations

from pylink86 import elf_const as c
from pylink86.elf_tables import encode_relocations
from pylink86.model import ABS, Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols

MACHINE = {32: c.EM_386, 64: c.EM_X86_64}


def small_object(elf_class: int = 64) -> ObjectFile:
    """.text with one relocation, .bss, a group around both; a file, a local and two globals."""
    with_addend = elf_class == 64
    row = (4, 2, 4, -4) if with_addend else (4, 2, 4)
    table = encode_relocations([row], elf_class, with_addend)
    code = c.SHF_ALLOC | c.SHF_EXECINSTR | c.SHF_GROUP
    rows = [
        SectionRow(".group", c.SHT_GROUP, size=12, info=3, align=4, entsize=4),
        SectionRow(".text", c.SHT_PROGBITS, code, size=9, align=16),
        SectionRow(
            ".rela.text" if with_addend else ".rel.text",
            c.SHT_RELA if with_addend else c.SHT_REL,
            c.SHF_INFO_LINK | c.SHF_GROUP,
            size=len(table),
            info=2,
            align=8,
            entsize=len(table),
        ),
        SectionRow(".bss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, size=0x1000, align=32),
    ]
    group = b"".join(word.to_bytes(4, "little") for word in (c.GRP_COMDAT, 2, 3))
    return ObjectFile(
        "small.o",
        Header(elf_class, MACHINE[elf_class]),
        Sections.from_rows(rows),
        [b"", group, b"123456789", table, b""],
        Symbols.from_rows(
            [
                SymbolRow("small.asm", 0, type=c.STT_FILE, shndx=ABS),
                SymbolRow("here", 8, shndx=2),
                SymbolRow("start", 0, 9, c.STB_GLOBAL, c.STT_FUNC, shndx=2),
                SymbolRow("outside", 0, binding=c.STB_GLOBAL),
            ]
        ),
    )
