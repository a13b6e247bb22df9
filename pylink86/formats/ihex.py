r"""Intel HEX: an image as lines of hexadecimal text that name 16 bits of an address each.

Every line is `:`, the number of data bytes, 16 bits of address, a kind, data, and a byte that makes
the sum zero.  Kind 0 is data, 1 ends the file; 2 and 4 set the upper bits for the lines that
follow: 2 a segment (times 16, for addresses below 1 MiB), 4 the upper 16 bits; 3 and 5 say where to
start, as segment and offset or as 32 bits.  Lines end in \r\n.

Source: the lines that GNU ld and objcopy 2.40 write.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import hexdigits

from ..diag import LinkError, fail
from ..model import ObjectFile
from .hexfile import Record, object_of, strip_line
from .images import Image

DATA_BYTES = 16
"""Bytes of data on a line."""

DATA, END, SEGMENT, START_SEGMENT, LINEAR, START_LINEAR = range(6)

MIB = 0xFFFFF
"""The highest address a segment reaches."""


def write_ihex(image: Image) -> bytes:
    """The image as Intel HEX; out-of-range-for-ihex when an address needs more than 32 bits.

    Upper address bits are set by segment below 1 MiB and linearly above; a segment that is still
    set is first put back to 0, so that a reader that adds both is right.  An entry of 0 is not
    written.
    """
    lines: list[str] = []
    segment = linear = 0
    parts = [part for block in image.blocks for part in block.parts()]
    for start, data in sorted(parts, key=lambda part: part[0]):
        where = _checked(start)
        offset = 0
        while offset < len(data):
            if not 0 <= where - segment - linear <= 0xFFFF:
                if where <= MIB:
                    segment, linear = where & 0xF0000, 0
                    lines.append(_line(SEGMENT, 0, (segment >> 4).to_bytes(2, "big")))
                else:
                    if segment:
                        lines.append(_line(SEGMENT, 0, bytes(2)))
                    _checked(where)
                    segment, linear = 0, where & 0xFFFF0000
                    lines.append(_line(LINEAR, 0, (linear >> 16).to_bytes(2, "big")))
            low = where - segment - linear
            now = data[offset : offset + min(DATA_BYTES, 0x10000 - low)]
            lines.append(_line(DATA, low, now))
            offset += len(now)
            where += len(now)
    if image.entry:
        lines.append(_start(_checked(image.entry)))
    lines.append(_line(END, 0, b""))
    return "".join(lines).encode("ascii")


def _checked(address: int) -> int:
    """An address in 32 bits; one that is a negative 32-bit number in 64 bits counts as such."""
    address &= 0xFFFFFFFFFFFFFFFF
    if address >= 0xFFFFFFFF80000000:
        address &= 0xFFFFFFFF
    if address > 0xFFFFFFFF:
        raise fail(
            "out-of-range-for-ihex",
            f"address {address:#x} out of range for Intel Hex file",
            notes=["Intel HEX has 32 bits for an address"],
            help=[
                "give the section a lower load address with AT(...), or use --oformat verilog or "
                "binary"
            ],
        )
    return address


def _start(entry: int) -> str:
    if entry <= MIB:
        words = ((entry & 0xF0000) >> 4, entry & 0xFFFF)
        return _line(START_SEGMENT, 0, b"".join(word.to_bytes(2, "big") for word in words))
    return _line(START_LINEAR, 0, entry.to_bytes(4, "big"))


def _line(kind: int, low: int, data: bytes) -> str:
    body = bytes([len(data)]) + low.to_bytes(2, "big") + bytes([kind]) + data
    return f":{body.hex().upper()}{-sum(body) & 0xFF:02X}\r\n"


def read_ihex(data: bytes, name: str) -> ObjectFile:
    """Intel HEX as an object: a section `.sec1`, `.sec2` ... for each run of bytes.

    Fails with bad-object at the first line that is no Intel HEX.
    """
    return object_of(_records(data, name), name)


def _records(data: bytes, name: str) -> Iterator[Record]:
    segment = linear = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        text = strip_line(line)
        if not text:
            continue
        body = _body(text, name, number)
        kind, payload = body[3], body[4:-1]
        value = int.from_bytes(payload, "big")
        if kind == DATA:
            yield segment + linear + int.from_bytes(body[1:3], "big"), payload
        elif kind == END:
            return
        elif kind == SEGMENT:
            segment = value << 4
        elif kind == LINEAR:
            linear = value << 16
        elif kind == START_SEGMENT:
            yield ((value >> 16) << 4) + (value & 0xFFFF), None
        elif kind == START_LINEAR:
            yield value, None
        else:
            raise _bad(name, number, f"unknown record type: {kind}")


PAYLOAD = {
    SEGMENT: ("segment address", 2), START_SEGMENT: ("start address", 4),
    LINEAR: ("extended address", 2), START_LINEAR: ("start address", 4),
}  # fmt: skip
"""Kind of a line -> what it holds, and in how many bytes."""

SHORTEST = 11
"""Characters of a line without data."""


def _body(text: str, name: str, number: int) -> bytes:
    """The bytes of a line, with their sum and number checked."""
    if text[0] != ":":
        raise _bad(name, number, "missing ':' in the beginning of line.")
    odd = next((at for at, digit in enumerate(text[1:], 1) if digit not in hexdigits), None)
    if odd is not None and len(text) >= SHORTEST:
        raise _bad(name, number, f"invalid character at position {odd + 1}.")
    if len(text) < SHORTEST:
        raise _bad(name, number, f"line is too short: {len(text)} chars.")
    expected = SHORTEST + 2 * int(text[1:3], 16)
    if len(text) != expected:
        raise _bad(name, number, f"invalid line length {len(text)} (should be {expected})")
    body = bytes.fromhex(text[1:])
    if sum(body) & 0xFF:
        raise _bad(name, number, "incorrect checksum.")
    what, size = PAYLOAD.get(body[3], ("", body[0]))
    if size != body[0]:
        raise _bad(name, number, f"{what} data should be {size} bytes in size")
    return body


def _bad(name: str, line: int, why: str) -> LinkError:
    return fail(
        "bad-object",
        f"{name}: line {line}: {why}",
        place=f"{name}:{line}",
        notes=["the file is no Intel HEX, or damaged"],
    )
