"""Line programs: how a compiler writes down which code came from which line, in few bytes.

A table of addresses and lines would be larger than the code, so DWARF has a little machine with an
address and a line, and a program of one-byte instructions that move both and say "this is a row".
Each unit of `.debug_line` is a header, which lists the files and what the bytes mean, and such a
program.  Nothing else has to be read, least of all `.debug_info`, which is many times larger.

Source: DWARF 5 §6.2, DWARF 4 §6.2.4 for the older headers."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

PATH = 1
"""DW_LNCT_path: the column of a table of files that holds the name."""

STRING, LINE_STRP, STRP = 0x08, 0x1F, 0x0E
"""Forms of names: in place, in .debug_line_str, in .debug_str."""

FIXED = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16, 0x0C: 1, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4}
"""Sizes of forms that have one: data1 to data16, flag, strx1 to strx4."""

NUMBERS = (0x0F, 0x0D, 0x1A)
"""Forms of numbers in base 128: udata, sdata, strx."""

BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
"""Forms of bytes behind a length, and the size of it: block1, block2, block4."""

LONGEST = 70
"""Bits of a number in base 128 that anybody writes."""

COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE, CONST_ADD_PC, FIXED_ADVANCE_PC = 1, 2, 3, 4, 8, 9
END_SEQUENCE, SET_ADDRESS = 1, 2


class Range(NamedTuple):
    """Code from one address up to another that came from a line, such as "hello.rs:14"."""

    begin: int
    end: int
    text: str


class Unit(NamedTuple):
    """A header taken apart: the program is data[start:end]; names by file number.

    step: what an instruction counts for; line_base, line_range, opcode_base, lengths: what its
    bytes mean."""

    start: int
    end: int
    names: Mapping[int, str]
    step: int
    line_base: int
    line_range: int
    opcode_base: int
    lengths: bytes


def line_ranges(sections: Mapping[str, bytes], word: int) -> Iterator[Range]:
    """What every program of `.debug_line` says; raises IndexError, struct.error or ValueError for
    what is cut off or of an unknown kind.

    sections: of debug data, by name; word: bytes in an address."""
    for unit in units(sections):
        yield from run(sections[".debug_line"], unit, word)


def units(sections: Mapping[str, bytes]) -> Iterator[Unit]:
    """The headers of `.debug_line`."""
    data = sections[".debug_line"]
    at = 0
    while at < len(data):
        reader = Reader(data, at)
        size = reader.number(4)
        if size == 0xFFFFFFFF:
            reader.wide, size = True, reader.number(8)
        at = reader.at + size
        if at > len(data):
            raise ValueError("a line program that is cut off")
        yield header(reader, at, sections)


def header(reader: Reader, end: int, sections: Mapping[str, bytes]) -> Unit:
    """The header of a program that ends at `end`."""
    version = reader.number(2)
    if not 2 <= version <= 5:
        raise ValueError(f"line programs of version {version}")
    if version >= 5:
        reader.number(2)  # sizes of addresses and of segment selectors
    length = reader.offset()
    start = reader.at + length
    step = reader.number(1)
    if version >= 4:
        reader.number(1)  # instructions in a bundle
    reader.number(1)  # whether lines are statements at first
    line_base = struct.unpack("b", reader.take(1))[0]
    line_range, opcode_base = reader.number(1), reader.number(1)
    lengths = reader.take(max(opcode_base - 1, 0))
    names = _names_5(reader, sections) if version >= 5 else _names_4(reader)
    return Unit(start, end, names, step, line_base, line_range, opcode_base, lengths)


def _names_4(reader: Reader) -> dict[int, str]:
    """Folders, then files from number 1 on; an empty name ends each list."""
    while reader.text():
        pass
    names: dict[int, str] = {}
    while name := reader.text():
        names[len(names) + 1] = short_name(name)
        for _ in range(3):  # its folder, time and size
            reader.leb()
    return names


def _names_5(reader: Reader, sections: Mapping[str, bytes]) -> dict[int, str]:
    """Folders, then files from number 0 on; before each list stands what is said of one."""
    list(_table(reader, sections))
    return {number: short_name(name) for number, name in enumerate(_table(reader, sections))}


def _table(reader: Reader, sections: Mapping[str, bytes]) -> Iterator[bytes]:
    columns = [(reader.leb(), reader.leb()) for _ in range(reader.number(1))]
    count = reader.leb()
    if count and not columns:
        raise ValueError("a table of files that says nothing of them")
    for _ in range(count):
        name = b""
        for content, form in columns:
            value = reader.value(form, sections)
            name = value if content == PATH else name
        yield name


def short_name(name: bytes) -> str:
    """A file without its folders."""
    return name.decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]


def run(data: bytes, unit: Unit, word: int) -> Iterator[Range]:
    """The ranges of one program: from each row to the next, if there is a line.

    The hot loop: 0.4 us for an instruction."""
    reader = Reader(data, unit.start)
    base, span, step, names = unit.opcode_base, unit.line_range or 1, unit.step, unit.names
    address, file, line = 0, 1, 1
    before: tuple[int, int, int] | None = None
    while reader.at < unit.end:
        code = data[reader.at]
        reader.at += 1
        ends = False
        if code >= base:
            code -= base
            address += code // span * step
            line += unit.line_base + code % span
        elif code == ADVANCE_PC:
            address += reader.leb() * step
            continue
        elif code == ADVANCE_LINE:
            line += reader.signed()
            continue
        elif code == SET_FILE:
            file = reader.leb()
            continue
        elif code == CONST_ADD_PC:
            address += (255 - base) // span * step
            continue
        elif code == FIXED_ADVANCE_PC:
            address += reader.number(2)
            continue
        elif code == 0:
            size = reader.leb()
            at = reader.at
            extended = data[at] if size else 0
            reader.at += size
            if extended == SET_ADDRESS:
                address = int.from_bytes(data[at + 1 : at + 1 + word], "little")
            if extended != END_SEQUENCE:
                continue
            ends = True
        elif code != COPY:
            for _ in range(unit.lengths[code - 1]):
                reader.leb()
            continue
        if before is not None and address > before[0] and before[2]:
            name = names.get(before[1])
            if name:
                yield Range(before[0], address, f"{name}:{before[2]}")
        before = None if ends else (address, file, line)
        if ends:
            address, file, line = 0, 1, 1


class Reader:
    """Bytes read one after the other."""

    __slots__ = ("at", "data", "wide")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.wide = False
        """Whether offsets have 8 bytes."""

    def take(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        if len(found) < size:
            raise IndexError("debug data is cut off")
        self.at += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def offset(self) -> int:
        return self.number(8 if self.wide else 4)

    def text(self) -> bytes:
        end = self.data.index(b"\0", self.at)
        found = self.data[self.at : end]
        self.at = end + 1
        return found

    def leb(self) -> int:
        """An unsigned number in base 128."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > LONGEST:
                raise ValueError("a number of more bits than any has")

    def signed(self) -> int:
        start = self.at
        value = self.leb()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def value(self, form: int, sections: Mapping[str, bytes]) -> bytes:
        """An entry of a table of files: the text it stands for, empty when it is none."""
        if form == STRING:
            return self.text()
        if form in (LINE_STRP, STRP):
            strings = sections[".debug_line_str" if form == LINE_STRP else ".debug_str"]
            return Reader(strings, self.offset()).text()
        if form in FIXED:
            self.take(FIXED[form])
        elif form in NUMBERS:
            self.leb()
        elif form in BLOCKS:
            self.take(self.number(BLOCKS[form]))
        elif form == 0x09:  # a block behind a length in base 128
            self.take(self.leb())
        else:
            raise ValueError(f"form {form:#x} in a table of files")
        return b""
