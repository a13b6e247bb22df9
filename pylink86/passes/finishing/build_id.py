"""The build id: a few bytes in the output by which a debugger finds the file they came from.

`--build-id` puts a note, `.note.gnu.build-id`, among the input sections; where it goes is for the
script to say, or for the rules of orphans.  Its content is a hash of the output, so `identify`
fills it in last of all."""

from __future__ import annotations

import os

from ... import elf_const as c
from ...dialect import Dialect
from ...model import SectionRow
from ..names.resolve import OwnSection

NAME = ".note.gnu.build-id"
NT_GNU_BUILD_ID = 3
HEAD = 16
"""Bytes of the note before the id: two sizes, the type, and the name."""

HASH_SIZES = {"fast": 8, "md5": 16, "sha1": 20, "tree": 20}
UUID_SIZE = 16


def build_id_section(style: str, dialect: Dialect) -> tuple[OwnSection, ...]:
    """The note as a section of the linker's own file: of the first input's in GNU ld.

    style: as ElfOptions.build_id.  A random or given id is in it already, a hash is left 0.
    """
    if not style or (style in ("fast", "tree") and dialect.build_id_is_of_sections):
        return ()
    if style == "uuid":
        known = bytearray(os.urandom(UUID_SIZE))
        known[6], known[8] = known[6] & 0x0F | 0x40, known[8] & 0x3F | 0x80
    else:
        known = bytearray(bytes.fromhex(style[2:]) if style[:2] == "0x" else HASH_SIZES[style])
    sizes = (4, len(known), NT_GNU_BUILD_ID)
    content = b"".join(n.to_bytes(4, "little") for n in sizes) + b"GNU\0" + known
    row = SectionRow(NAME, c.SHT_NOTE, c.SHF_ALLOC, size=len(content), align=4)
    return (OwnSection(row, content, 0 if dialect.build_id_is_of_sections else -1),)
