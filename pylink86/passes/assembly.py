"""The unpatched bytes of output sections: inputs, padding and data statements one after the other.

What relocations then change, and what `-r` writes as it is."""

from __future__ import annotations

import attrs

from .. import elf_const as c
from .fill import fill_bytes
from .locate import Addresses
from .placement import DATA, FILLER, INPUT, PlacedSection


@attrs.frozen(eq=False, repr=False)
class Patched:
    """contents: the bytes of each output section, in the order of Placement.sections (empty for
    SHT_NOBITS); applied: how many relocations were."""

    contents: tuple[bytearray, ...]
    applied: int


def assemble(section: PlacedSection, addresses: Addresses) -> bytearray:
    """The unpatched bytes of one output section: inputs, padding, data statements."""
    if section.plan.type == c.SHT_NOBITS:
        return bytearray()
    parts: list[bytes | memoryview] = []
    files, table = addresses.resolution.files, addresses.table
    content, code = addresses.edits.content, addresses.tables.code
    for piece in section.pieces:
        if piece.kind == INPUT:
            sid = piece.origin
            assert isinstance(sid, int)
            new = content.get(sid) or code.get(sid)
            if new is None:
                number = table.owner_file(sid)
                new = files[number].contents[sid - table.base[number]]  # type: ignore[assignment]
            parts.append(new if len(new) == piece.size else bytes(piece.size))  # type: ignore[arg-type]
        elif piece.kind == DATA:
            assert isinstance(piece.content, bytes)
            parts.append(piece.content)
        else:
            assert piece.kind == FILLER
            parts.append(fill_bytes(piece.content, piece.size, piece.phase))
    return bytearray().join(parts)
