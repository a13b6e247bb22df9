"""Property notes: what every object promises, and so what the whole image may promise.

`.note.gnu.property` says of an object, for example, that all its indirect jump targets are marked
(IBT).  The image may only say so when every object does.  LLD takes the notes of all objects and
writes one; GNU ld's generic path keeps them as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...elf_tables import Buffer
from ...model import ObjectFile
from ..inputs.raw_input import is_raw_data

NAME = ".note.gnu.property"
NT_GNU_PROPERTY_TYPE_0 = 5
FEATURE_1_AND = 0xC0000002
"""GNU_PROPERTY_X86_FEATURE_1_AND: bit 0 IBT, bit 1 SHSTK (psABI x86-64, property notes)."""


def common_features(files: tuple[ObjectFile, ...]) -> int:
    """The features every file has; 0 as soon as one file has no note.  Files that are only data do
    not count, and where there are no others, every feature is there (seen in LLD)."""
    features = -1
    for obj in files:
        if is_raw_data(obj):
            continue
        features &= features_of(obj)
        if not features:
            return 0
    return features & 0xFFFFFFFF


def features_of(obj: ObjectFile) -> int:
    """The bits of FEATURE_1_AND in a file's notes; 0 without one."""
    found = 0
    for index, name in enumerate(obj.sections.names):
        if name == NAME:
            for kind, value in _properties(obj.contents[index], obj.header.elf_class // 8):
                if kind == FEATURE_1_AND:
                    found |= value
    return found


def _properties(content: Buffer, word: int) -> Iterator[tuple[int, int]]:
    """(type, value) of every four-byte property; what is cut short is passed over."""
    at = 0
    while at + 16 <= len(content):
        name_size, size, kind = struct.unpack_from("<III", content, at)
        start = at + 12 + (name_size + 3 & ~3)
        end = start + size
        if kind == NT_GNU_PROPERTY_TYPE_0 and bytes(content[at + 12 : start]) == b"GNU\0":
            inner = start
            while inner + 12 <= min(end, len(content)):
                what, length = struct.unpack_from("<II", content, inner)
                if length == 4:
                    yield what, struct.unpack_from("<I", content, inner + 8)[0]
                inner += 8 + (length + word - 1 & -word)
        at = end + word - 1 & -word


def property_note(features: int, word: int) -> bytes:
    """A note that promises `features`."""
    body = struct.pack("<III", FEATURE_1_AND, 4, features)
    body += bytes(-len(body) % word)
    return struct.pack("<III", 4, len(body), NT_GNU_PROPERTY_TYPE_0) + b"GNU\0" + body
