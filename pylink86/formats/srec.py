r"""Motorola S-records: an image as lines of hexadecimal text.

Every line is `S`, a digit for its kind, the number of bytes that follow, an address, data, and the
complement of the sum of all these bytes.  S0 names the file; S1, S2 and S3 carry data at addresses
of 2, 3 and 4 bytes; S9, S8 and S7 end the file with the address to start at.  Lines end in \r\n.

Source: the lines that GNU ld and objcopy 2.40 write.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..diag import LinkError, fail
from ..model import ObjectFile
from .hexfile import Record, object_of, strip_line
from .images import Image

DATA_BYTES = 16
"""Bytes of data on a line."""

NAME_BYTES = 40
"""Bytes of the file's name that the first line carries."""

ADDRESS_BYTES = {1: 2, 2: 3, 3: 4, 9: 2, 8: 3, 7: 4, 0: 2, 5: 2, 6: 3}
"""Kind of a line -> bytes of its address."""


def write_srec(
    image: Image,
    *,
    data_bytes: int = DATA_BYTES,
    only_s3: bool = False,
    entry_counts: bool = False,
) -> bytes:
    """The image as S-records; all data lines have the kind that the highest address needs.

    data_bytes: on a line at most.  only_s3: addresses of four bytes whether needed or not.
    entry_counts: they are as long as the entry needs, too, as llvm-objcopy has it.  Addresses are
    cut to 32 bits, the entry to the width of the addresses, as GNU does.
    """
    parts = [part for block in image.blocks for part in block.parts()]
    parts.sort(key=lambda part: part[0])
    top = max((address + len(data) - 1 for address, data in parts), default=0)
    if entry_counts:
        top = max(top, image.entry)
    kind = 3 if only_s3 else 1 if top <= 0xFFFF else 2 if top <= 0xFFFFFF else 3
    step = max(min(data_bytes, 0xFF - ADDRESS_BYTES[kind] - 1), 1)
    name = image.name.encode("utf-8", "surrogateescape")[:NAME_BYTES]
    lines = [_line(0, 0, name)]
    for start, data in parts:
        for offset in range(0, len(data), step):
            lines.append(_line(kind, start + offset, data[offset : offset + step]))
    lines.append(_line(10 - kind, image.entry, b""))
    return "".join(lines).encode("ascii")


def _line(kind: int, address: int, data: bytes) -> str:
    width = ADDRESS_BYTES[kind]
    where = (address & (1 << 8 * width) - 1).to_bytes(width, "big")
    body = bytes([width + len(data) + 1]) + where + data
    return f"S{kind}{body.hex().upper()}{~sum(body) & 0xFF:02X}\r\n"


def read_srec(data: bytes, name: str) -> ObjectFile:
    """S-records as an object: a section `.sec1`, `.sec2` ... for each run of bytes.

    Fails with bad-object at the first line that is no S-record.
    """
    return object_of(_records(data, name), name)


def _records(data: bytes, name: str) -> Iterator[Record]:
    for number, line in enumerate(data.split(b"\n"), 1):
        text = strip_line(line)
        if not text:
            continue
        try:
            kind = int(text[1:2])
            body = bytes.fromhex(text[2:])
        except ValueError:
            raise _bad(name, number, "it is not a line of hexadecimal digits") from None
        width = ADDRESS_BYTES.get(kind)
        if text[0] != "S" or width is None:
            raise _bad(name, number, f"`{text[:2]}' is no kind of S-record")
        if len(body) < width + 2 or body[0] != len(body) - 1:
            raise _bad(name, number, "its length byte and its length disagree")
        if sum(body) & 0xFF != 0xFF:
            raise _bad(name, number, "its checksum is wrong")
        address = int.from_bytes(body[1 : 1 + width], "big")
        if kind in (1, 2, 3):
            yield address, body[1 + width : -1]
        elif kind in (7, 8, 9):
            yield address, None


def _bad(name: str, line: int, why: str) -> LinkError:
    return fail("bad-object", f"{name}: line {line} is no S-record: {why}", place=f"{name}:{line}")
