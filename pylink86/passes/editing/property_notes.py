"""Property notes the way GNU ld joins them: the first file's note says what all files do.

Each property has a rule, by the range its number is in: some count only when every file has them
(all must promise), some are united (any may need), some both.  What says nothing in the end leaves,
and so does the note when nothing is left.  A note that cannot be read stays as it is.

Source: Linux extensions to gABI, "Program Property"; psABI x86-64, 4.1.1.6; by experiment."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

import attrs

from ...elf_tables import Buffer
from ..matching.match import SectionId
from ..ordering.order import Plan
from .editor import Editor
from .notes import NAME, NT_GNU_PROPERTY_TYPE_0

STACK_SIZE, NO_COPY = 1, 2

Properties = dict[int, int]
"""Number -> value."""


@attrs.frozen
class Rule:
    """How one kind of property is joined: whether every file must have it, and how two values
    become one."""

    of_all: bool
    join: Callable[[int, int], int]


def _both(a: int, b: int) -> int:
    return a & b


def _either(a: int, b: int) -> int:
    return a | b


ALL_OF = Rule(True, _both)
ANY_OF = Rule(False, _either)
ANY_IF_ALL = Rule(True, _either)
LARGEST = Rule(False, max)

RANGES = (
    (STACK_SIZE, NO_COPY, LARGEST),
    (0xB0000000, 0xB0007FFF, ALL_OF),
    (0xB0008000, 0xB000FFFF, ANY_OF),
    (0xC0000002, 0xC0007FFF, ALL_OF),
    (0xC0008000, 0xC000FFFF, ANY_OF),
    (0xC0010000, 0xC0017FFF, ANY_IF_ALL),
)


def rule_of(number: int) -> Rule | None:
    return next((rule for first, last, rule in RANGES if first <= number <= last), None)


def join_property_notes(
    plan: Plan, editor: Editor, promised: Mapping[int, int], withdrawn: Mapping[int, int]
) -> None:
    """Give the first note in the link what all files have in common, and what options promise,
    without what they withdraw; the others leave, and what has left aligns nothing."""
    table = editor.table
    notes = {
        sid: read_note(editor.content(sid), _word(sid, editor))
        for section in plan.sections
        for sid in section.sections()
        if table.name[sid] == NAME and table.size[sid]
    }
    readable = {sid: found for sid, found in notes.items() if found is not None}
    if not readable:
        return
    by_file: dict[int, Properties] = {}
    for sid, found in readable.items():
        by_file.setdefault(table.owner_file(sid), {}).update(found)
    files = range(len(editor.resolution.files) - 1)
    joined = join([by_file.get(number, {}) for number in files])
    for number, bits in promised.items():
        joined[number] = joined.get(number, 0) | bits
    for number in withdrawn.keys() & joined.keys():
        joined[number] &= ~withdrawn[number]
    first = min(readable)
    for sid in readable:
        if sid == first and joined:
            editor.replace(sid, write_note(joined, _word(sid, editor)))
        else:
            editor.replace(sid, b"", align=1)


def _word(sid: SectionId, editor: Editor) -> int:
    return editor.resolution.files[editor.table.owner_file(sid)].header.elf_class // 8


def join(files: Sequence[Properties]) -> Properties:
    """What the files' properties become together."""
    joined: Properties = {}
    for number in sorted({number for found in files for number in found}):
        rule = rule_of(number)
        values = [found[number] for found in files if number in found]
        if rule is None or (rule.of_all and len(values) < len(files)):
            continue
        value = values[0]
        for other in values[1:]:
            value = rule.join(value, other)
        if value or number == NO_COPY:
            joined[number] = value
    return joined


def read_note(content: Buffer, word: int) -> Properties | None:
    """The properties of a section's notes; None when something in it cannot be read.

    word: bytes of an address in the file, to which properties are aligned."""
    found: Properties = {}
    at, data = 0, bytes(content)
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        start = at + 12 + (name_size + 3 & ~3)
        end = start + size
        if end > len(data):
            return None
        if kind == NT_GNU_PROPERTY_TYPE_0 and data[at + 12 : start] == b"GNU\0":
            inside = _properties(data[start:end], word)
            if inside is None:
                return None
            found.update(inside)
        at = end + word - 1 & -word
    return found


def _properties(data: bytes, word: int) -> Properties | None:
    found: Properties = {}
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            return None
        number, size = struct.unpack_from("<II", data, at)
        at += 8
        wanted = {STACK_SIZE: word, NO_COPY: 0}.get(number, 4)
        if at + size > len(data) or size != wanted:
            return None
        found[number] = int.from_bytes(data[at : at + size], "little")
        at += size + word - 1 & -word
    return found


def write_note(properties: Properties, word: int) -> bytes:
    """One note with these properties."""
    body = b""
    for number, value in sorted(properties.items()):
        size = {STACK_SIZE: word, NO_COPY: 0}.get(number, 4)
        body += struct.pack("<II", number, size) + value.to_bytes(size, "little")
        body += bytes(-len(body) % word)
    return struct.pack("<III", 4, len(body), NT_GNU_PROPERTY_TYPE_0) + b"GNU\0" + body
