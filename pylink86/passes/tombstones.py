"""What debug data says of code that is not in the output: the value written there instead.

Debug sections describe every function of a file, also those that were dropped.  An address of such
a function must not look like one: it becomes 0, or where a pair of zeros would end a list, 1.  When
another file's copy of the same COMDAT section stayed, GNU ld refers to that one.

Source: `readelf -x` of made sections linked with both linkers."""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..model import ObjectFile
from .resolve import Resolution

DEBUG_NAMES = (
    *(".debug", ".zdebug", ".gnu.debuglto_", ".gnu.linkonce.wi.", ".line", ".stab"),
    ".gdb_index",
)
GNU_TOMBSTONES = {".debug_ranges": 1}
LLD_TOMBSTONES = {".debug_ranges": 1, ".debug_loc": 1, ".debug_names": -1}


def is_debug(name: str) -> bool:
    """Whether a section outside of memory describes code, going by its name."""
    return name.startswith(DEBUG_NAMES)


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
