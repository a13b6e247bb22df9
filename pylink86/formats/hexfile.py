"""Objects from text that holds bytes at addresses: what S-records and Intel HEX have in common."""

from __future__ import annotations

from collections.abc import Iterable

from .. import elf_const as c
from ..model import Header, ObjectFile, SectionRow, Sections

Record = tuple[int, "bytes | None"]
"""An address and the bytes there; None instead of bytes: the program starts at that address."""


def object_of(records: Iterable[Record], name: str) -> ObjectFile:
    """The records as an object: a section for each run of bytes that follow one another.

    The sections are called `.sec1`, `.sec2` ... as `objdump -h` shows them.  Nothing in such a file
    says for which machine it is: i386 where 32 bits are enough for every address.
    """
    starts: list[int] = []
    contents: list[bytearray] = []
    entry = 0
    for address, data in records:
        if data is None:
            entry = address
        elif starts and address == starts[-1] + len(contents[-1]):
            contents[-1] += data
        elif data:
            starts.append(address)
            contents.append(bytearray(data))
    rows = [
        SectionRow(f".sec{i}", c.SHT_PROGBITS, c.SHF_ALLOC, addr=start, size=len(content))
        for i, (start, content) in enumerate(zip(starts, contents), 1)
    ]
    return ObjectFile(
        name,
        Header(32, c.EM_386, c.ET_EXEC if entry else c.ET_REL, entry=entry),
        Sections.from_rows(rows),
        (b"", *map(bytes, contents)),
    )


def strip_line(line: bytes) -> str:
    """A line without white space around it; bytes that are no ASCII become `?`."""
    return line.decode("ascii", "replace").strip()
