"""`-b binary` and TARGET(binary): a file of any kind as data that code can refer to.

A picture, a font, a kernel to be loaded becomes an object with one section, `.data`, and three
symbols called after the file, so that a program finds it: `_binary_logo_bmp_start`, `_end` and
`_size`.  What is no letter or digit in the path is `_` (GNU ld manual 2.1, --format).
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...model import ABS, Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols


def binary_object(data: bytes, path: str, dialect: Dialect) -> ObjectFile:
    """A file as an object; the machine is that of the others, see `with_machine`.

    LLD aligns it to 8, GNU ld does not."""
    align = 1 if dialect.tables_like_gnu else 8
    flags = c.SHF_ALLOC | c.SHF_WRITE
    rows = [
        SectionRow(".data", c.SHT_PROGBITS, flags, size=len(data), align=align),
        SectionRow(".symtab", c.SHT_SYMTAB, info=1, align=8),
    ]
    kind = c.STT_NOTYPE if dialect.tables_like_gnu else c.STT_OBJECT
    stem = symbol_stem(path)
    symbols = [
        SymbolRow(f"{stem}_{name}", value, 0, c.STB_GLOBAL, kind, 0, shndx)
        for name, value, shndx in (("start", 0, 1), ("end", len(data), 1), ("size", len(data), ABS))
    ]
    return ObjectFile(
        path, Header(64, c.EM_NONE), Sections.from_rows(rows), (b"", data, b""),
        Symbols.from_rows(symbols), 2,
    )  # fmt: skip


def is_raw_data(obj: ObjectFile) -> bool:
    """Whether a file came in as data, so that it says nothing about code."""
    return (
        obj.layout is None
        and obj.sections.names == ("", ".data", ".symtab")
        and all(name.startswith("_binary_") for name in obj.global_names)
    )


def symbol_stem(path: str) -> str:
    """`_binary_` and the path, with `_` for every byte that is no letter or digit."""
    raw = path.encode("utf-8", "surrogateescape")
    return "_binary_" + "".join(
        chr(byte) if byte < 0x80 and chr(byte).isalnum() else "_" for byte in raw
    )


def with_machine(files: Sequence[ObjectFile], machine: int) -> list[ObjectFile]:
    """The files, raw ones as those of the class and machine of the first that says one.

    machine: of -m, when no file says one; 0 is x86-64."""
    known = next((f.header for f in files if f.header.machine != c.EM_NONE), None)
    if known is None:
        known = Header(32, c.EM_386) if machine == c.EM_386 else Header(64, c.EM_X86_64)
    return [
        f
        if f.header.machine != c.EM_NONE
        else attrs.evolve(f, header=Header(known.elf_class, known.machine))
        for f in files
    ]
