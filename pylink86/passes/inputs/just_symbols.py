"""--just-symbols: the addresses of a program that is in memory already, without its bytes.

A second stage calls into the first, a module into its kernel: what was linked before is not linked
again, but its global symbols are known at their addresses (GNU ld manual 2.1, -R)."""

from __future__ import annotations

import os

import attrs

from ... import elf_const as c
from ...formats import read
from ...model import ABS, COMMON, UNDEF, ObjectFile, SectionRow, Sections, SymbolRow, Symbols


def symbols_alone(path: str | os.PathLike[str]) -> ObjectFile:
    """A file that defines what another does, as absolute symbols; fails as formats.read does.

    Thread-local symbols are offsets, not addresses, and stay behind."""
    file = read(path)
    rows = []
    for index in range(file.first_global, len(file.symbols)):
        symbols = file.symbols
        shndx, kind = symbols.shndx[index], symbols.info[index] & 0xF
        if shndx in (UNDEF, COMMON) or kind == c.STT_TLS:
            continue
        base = file.sections.addr[shndx] if shndx > 0 and file.header.type == c.ET_REL else 0
        rows.append(
            SymbolRow(
                symbols.name(index),
                base + symbols.value[index],
                symbols.size[index],
                symbols.info[index] >> 4,
                kind,
                symbols.other[index],
                ABS,
            )
        )
    table = Symbols.from_rows(rows)
    sections = Sections.from_rows(
        [SectionRow(".symtab", c.SHT_SYMTAB, info=1), SectionRow(".strtab", c.SHT_STRTAB)]
    )
    return ObjectFile(
        file.name,
        attrs.evolve(file.header, type=c.ET_REL, shstrndx=0),
        sections,
        (b"", b"", b""),
        table,
        symtab=1,
    )
