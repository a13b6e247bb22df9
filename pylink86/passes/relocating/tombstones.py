"""What debug data says of code that is not in the output: the value written there instead.

Debug sections describe every function of a file, also those that were dropped.  An address of such
a function must not look like one: it becomes 0, or where a pair of zeros would end a list, 1.  When
another file's copy of the same COMDAT section stayed, GNU ld refers to that one.

Source: `readelf -x` of made sections linked with both linkers."""

from __future__ import annotations

import struct

from ... import elf_const as c
from ...arch.reloc import ABS, TLS_OFFSET, Row
from ...model import ObjectFile
from ...wildcard import compile_section_pattern
from ..names.resolve import Resolution

DEBUG_NAMES = (
    *(".debug", ".zdebug", ".gnu.debuglto_", ".gnu.linkonce.wi.", ".line", ".stab"),
    ".gdb_index",
)
GNU_TOMBSTONES = {".debug_ranges": 1}
LLD_TOMBSTONES = {".debug_ranges": 1, ".debug_loc": 1, ".debug_names": -1}

LLD_DEBUG = ".debug"
LINES = ".debug_line"
"""LLD lets it say where all copies of a function came from, also those --icf left out."""


def gnu_blank(name: str, generic: bool) -> int | None:
    """GNU ld: what is written in a section outside of memory, whatever the addend, for an address
    that is not in the output; None where that is refused.  generic: of its generic path."""
    return GNU_TOMBSTONES.get(name, 0) if generic or is_debug(name) else None


def is_debug(name: str) -> bool:
    """Whether a section outside of memory describes code, going by its name."""
    return name.startswith(DEBUG_NAMES)


class DeadReferences:
    """What LLD writes where a section outside of memory refers to what is not in the output.

    overrides: (pattern of section names, value) of each -z dead-reloc-in-nonalloc; the last one
    that fits counts."""

    def __init__(self, overrides: tuple[tuple[str, int], ...] = ()) -> None:
        self.overrides = overrides
        self._known: dict[str, int | None] = {}

    def override(self, name: str) -> int | None:
        """The value that the options say for a section."""
        if name not in self._known:
            values = (v for p, v in reversed(self.overrides) if compile_section_pattern(p)(name))
            self._known[name] = next(values, None)
        return self._known[name]

    def value(self, name: str, row: Row) -> int | None:
        """The value to write for an address or a thread-local offset; None when the reference is
        patched as ever, with 0 for the symbol."""
        return self.blank(name) if row.kind in (ABS, TLS_OFFSET) else None

    def blank(self, name: str) -> int | None:
        """The same for an address."""
        told = self.override(name) if self.overrides else None
        if told is None and name.startswith(LLD_DEBUG):
            return LLD_TOMBSTONES.get(name, 0)
        return told

    def hides_copies(self, name: str) -> bool:
        """Whether a section does not know functions that --icf left out."""
        return name != LINES and (name.startswith(LLD_DEBUG) or self.override(name) is not None)


def kept_copy(resolution: Resolution, file: int, shndx: int) -> tuple[int, int] | None:
    """For a member of a COMDAT group that lost, the section of the same name and size in the group
    that stayed: (file, section); None when there is none."""
    if (file, shndx) not in resolution.dropped:
        return None
    obj = resolution.files[file]
    signature = next((s for s, members in _groups(obj) if shndx in members), None)
    for number, other in enumerate(resolution.files[:file]):
        for found, members in _groups(other):
            if found != signature or (number, members[0]) in resolution.dropped:
                continue
            return next(
                ((number, m) for m in members if _alike(obj, shndx, other, m)),
                None,
            )
    return None


def _groups(obj: ObjectFile) -> list[tuple[str, tuple[int, ...]]]:
    """Signature and members of each group of a file that has any."""
    found = []
    for index, kind in enumerate(obj.sections.type):
        if kind == c.SHT_GROUP:
            words = tuple(word for (word,) in struct.iter_unpack("<I", obj.contents[index]))
            if len(words) > 1:
                found.append((obj.symbols.name(obj.sections.info[index]), words[1:]))
    return found


def _alike(obj: ObjectFile, shndx: int, other: ObjectFile, member: int) -> bool:
    a, b = obj.sections, other.sections
    return a.names[shndx] == b.names[member] and a.size[shndx] == b.size[member]
