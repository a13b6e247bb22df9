"""What the records of an unwind table say: encodings of addresses, and where padding begins.

A CIE says how the FDEs that refer to it write addresses, and both end in a little program of
DW_CFA_ instructions (how to find the caller's frame), padded with no-operations.

Sources: LSB 5.0 core, 10.6.1 (.eh_frame) and 10.5 (DW_EH_PE_); DWARF 4, 6.4.2 and 7.23."""

from __future__ import annotations

PC_RELATIVE = 0x10
ABSOLUTE = 0x00
WIDTHS = {0x2: 2, 0x3: 4, 0x4: 8}
"""Bytes of a value by the low three bits of its encoding."""
SIGNED = 0x08


def width(encoding: int, word: int) -> int:
    """Bytes an encoded address takes, 0 when that is not fixed.  word: of the input file, in
    bytes."""
    kind = encoding & 0x07
    if kind == ABSOLUTE:
        return word
    return WIDTHS.get(kind, 0)


class Unreadable(ValueError):
    """A record that does not follow the rules."""


class CieTraits:
    """What an FDE needs of its CIE.

    encoding: of the function's address; sized: whether a length and data follow the range;
    program: where the first instructions begin in the record."""

    def __init__(self, encoding: int, sized: bool, program: int) -> None:
        self.encoding, self.sized, self.program = encoding, sized, program


def uleb(data: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number without its sign, and where it ends.  Nearly all are of one byte."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
    raise Unreadable("a number that does not end")


def read_cie(record: bytes, word: int) -> CieTraits:
    """The traits of a CIE, a whole record; Unreadable when it is of another making."""
    version, end = record[8] if len(record) > 8 else 0, record.find(b"\0", 9)
    if version not in (1, 3, 4) or end < 0:
        raise Unreadable(f"version {version}")
    letters, at = record[9:end].decode("latin1"), end + 1
    if version == 4:
        at += 2
    if letters.startswith("eh"):
        letters, at = letters[2:], at + word
    _, at = uleb(record, at)
    _, at = uleb(record, at)
    at = at + 1 if version == 1 else uleb(record, at)[1]
    encoding, sized = ABSOLUTE, letters[:1] == "z"
    if not sized:
        if letters:
            raise Unreadable(f"augmentation `{letters}'")
        return CieTraits(encoding, False, at)
    size, at = uleb(record, at)
    program = at + size
    for letter in letters[1:]:
        if at >= len(record) and letter in "LRP":
            raise Unreadable("augmentation data that leave the record")
        if letter == "R":
            encoding, at = record[at], at + 1
        elif letter == "L":
            at += 1
        elif letter == "P":
            at += 1 + width(record[at], word)
        elif letter not in "SB":
            raise Unreadable(f"augmentation `{letters}'")
    return CieTraits(encoding, True, program)


def function_encoding(record: bytes, word: int) -> int:
    """How FDEs of a CIE say their function's address, as LLD reads it: letters of the augmentation
    count also where no `z` says that data follow.  Unreadable as read_cie."""
    version, end = record[8] if len(record) > 8 else 0, record.find(b"\0", 9)
    if version not in (1, 3) or end < 0:
        raise Unreadable(f"version {version}")
    _, at = uleb(record, end + 1)
    _, at = uleb(record, at)
    at = at + 1 if version == 1 else uleb(record, at)[1]
    for letter in record[9:end].decode("latin1"):
        if at >= len(record) and letter in "zLRP":
            raise Unreadable("augmentation data that leave the record")
        if letter == "R":
            return record[at]
        if letter == "z":
            _, at = uleb(record, at)
        elif letter == "L":
            at += 1
        elif letter == "P":
            at += 1 + width(record[at], word)
        elif letter not in "SBG":
            raise Unreadable(f"augmentation `{letter}'")
    return ABSOLUTE


def fde_program(record: bytes, cie: CieTraits, word: int) -> int:
    """Where the instructions of an FDE begin in it."""
    at = 8 + 2 * width(cie.encoding, word)
    if cie.sized:
        size, at = uleb(record, at)
        at += size
    if at > len(record):
        raise Unreadable("augmentation data that leave the record")
    return at


BYTES, LEBS, BLOCK = "bytes", "lebs", "block"
OPERANDS: dict[int, tuple[str, int]] = {
    0x00: (BYTES, 0), 0x02: (BYTES, 1), 0x03: (BYTES, 2), 0x04: (BYTES, 4), 0x05: (LEBS, 2),
    0x06: (LEBS, 1), 0x07: (LEBS, 1), 0x08: (LEBS, 1), 0x09: (LEBS, 2), 0x0A: (BYTES, 0),
    0x0B: (BYTES, 0), 0x0C: (LEBS, 2), 0x0D: (LEBS, 1), 0x0E: (LEBS, 1), 0x0F: (BLOCK, 0),
    0x10: (BLOCK, 1), 0x11: (LEBS, 2), 0x12: (LEBS, 2), 0x13: (LEBS, 1), 0x14: (LEBS, 2),
    0x15: (LEBS, 2), 0x16: (BLOCK, 1), 0x1D: (BYTES, 8), 0x2D: (BYTES, 0), 0x2E: (LEBS, 1),
    0x2F: (LEBS, 2),
}  # fmt: skip
"""Operands by DW_CFA_ number: so many bytes, or LEB128 numbers, or those and a sized block."""
SET_LOC = 0x01


def padding_start(record: bytes, program: int, encoding: int, word: int) -> int:
    """Where the no-operations at the end of a record begin; Unreadable for unknown
    instructions."""
    at = last = program
    while at < len(record):
        code = record[at]
        at += 1
        if code == 0:
            continue
        if code & 0xC0:
            if code & 0xC0 == 0x80:
                _, at = uleb(record, at)
        elif code == SET_LOC:
            at += width(encoding, word)
        else:
            at = _after_operands(record, at, code)
        if at > len(record):
            raise Unreadable("an instruction that leaves the record")
        last = at
    return last


def _after_operands(record: bytes, at: int, code: int) -> int:
    if code not in OPERANDS:
        raise Unreadable(f"instruction {code:#x}")
    kind, count = OPERANDS[code]
    if kind == BYTES:
        return at + count
    for _ in range(count):
        _, at = uleb(record, at)
    if kind == BLOCK:
        size, at = uleb(record, at)
        at += size
    return at
