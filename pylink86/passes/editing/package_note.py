"""--package-metadata: a note that says which package the output belongs to.

When a program dies, its core file is read on another machine, by somebody who knows neither program
nor package.  The note, JSON text in memory beside the code, tells them.

Source: the specification "Package Metadata for Core Files" of systemd; `ld` 2.40 and ld.lld-19."""

from __future__ import annotations

from ... import elf_const as c
from ...dialect import Dialect
from ...model import SectionRow
from ..names.resolve import OwnSection

NAME = ".note.package"
OWNER = b"FDO\0"
FDO_PACKAGING_METADATA = 0xCAFE1A7E
WORD = 4


def package_section(text: str, dialect: Dialect) -> tuple[OwnSection, ...]:
    """The note as a section of the linker's own file, filled up to whole words: of the first
    input's in GNU ld, which also counts the filling as text."""
    body = text.encode("utf-8", "surrogateescape") + b"\0"
    size = len(body)
    body += bytes(-size % WORD)
    if dialect.pads_package_note:
        size = len(body)
    sizes = (len(OWNER), size, FDO_PACKAGING_METADATA)
    content = b"".join(n.to_bytes(WORD, "little") for n in sizes) + OWNER + body
    row = SectionRow(NAME, c.SHT_NOTE, c.SHF_ALLOC, size=len(content), align=WORD)
    return (OwnSection(row, content, 0 if dialect.build_id_is_of_sections else -1),)
