"""The unpatched bytes of output sections: inputs, padding and data statements one after the other.

What relocations then change, and what `-r` writes as it is."""

from __future__ import annotations

from ... import elf_const as c
from ...elf_tables import Buffer
from ..placement import DATA, FILLER, INPUT, PlacedSection
from ..placing.fill import fill_bytes
from ..placing.locate import Addresses


class Patched:
    """contents: the bytes of each output section, in the order of Placement.sections (empty for
    SHT_NOBITS); applied: how many relocations were."""

    def __init__(self, contents: tuple[bytearray, ...], applied: int) -> None:
        self.contents, self.applied = contents, applied


def assemble(section: PlacedSection, addresses: Addresses) -> bytearray:
    """The unpatched bytes of one output section: inputs, padding, data statements."""
    if section.plan.type == c.SHT_NOBITS:
        return bytearray()
    parts: list[bytes | memoryview] = []
    files, table = addresses.resolution.files, addresses.table
    content, code = addresses.edits.content, addresses.tables.code
    is_edited = bool(content or code)
    contents, base = [file.contents for file in files], table.base
    file_of, own = table.file, base[-1]
    for _, size, kind, origin, filling, phase in section.pieces:
        if kind == INPUT:
            assert isinstance(origin, int)
            new: Buffer | None = None
            if is_edited:
                new = content.get(origin) or code.get(origin)
            if new is None:
                number = file_of[origin] if origin < own else -1  # the linker's own is the last
                new = contents[number][origin - base[number]]
            parts.append(new if len(new) == size else bytes(size))
        elif kind == DATA:
            assert isinstance(filling, bytes)
            parts.append(filling)
        else:
            assert kind == FILLER
            parts.append(fill_bytes(filling, size, phase))
    return bytearray().join(parts)
