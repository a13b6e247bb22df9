"""An ELF file as rows of text, a row per fact, so that two files can be compared fact by fact.

The reader here knows nothing of the package under test.  Rows are grouped by topic, causes first: a
section at another address moves its symbols and its segment, too, and the section is what to look
at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pylink86.elf_const import PT_NAMES, SHT_NAMES

TOPICS = ("header", "section", "segment", "symbol", "reloc", "content", "offset")

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE = 1, 2, 3, 4, 7
SHT_NOBITS, SHT_REL, SHT_GROUP = 8, 9, 17
SHF_ALLOC, SHF_INFO_LINK, SHF_TLS = 0x2, 0x40, 0x400
PLACES = {0: "UNDEF", 0xFFF1: "ABS", 0xFFF2: "COMMON"}

HEADERS = {
    1: ("<16sHHIIIIIHHHHHH", "<10I", "<8I", "<IIIBBH"),
    2: ("<16sHHIQQQIHHHHHH", "<IIQQQQIIQQ", "<IIQQQQQQ", "<IBBHQQ"),
}
"""By EI_CLASS: ELF header, section header, program header, symbol."""


@dataclass(frozen=True)
class _Section:
    name: str
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entsize: int
    data: bytes


class _File:
    """The tables of one ELF file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.wide = data[4] == 2
        head, section, segment, self.symbol_form = HEADERS[data[4]]
        (_, self.type, self.machine, _, self.entry, phoff, shoff, self.flags, _, _, phnum, _,
         shnum, shstrndx) = struct.unpack_from(head, data)  # fmt: skip
        size = struct.calcsize(section)
        rows = [struct.unpack_from(section, data, shoff + i * size) for i in range(shnum)]
        names = rows[shstrndx][4] if rows else 0
        self.sections = [self._section(row, names) for row in rows]
        size = struct.calcsize(segment)
        self.segments = [struct.unpack_from(segment, data, phoff + i * size) for i in range(phnum)]

    def _section(self, row: tuple[int, ...], names: int) -> _Section:
        name, kind, flags, addr, offset, size, link, info, align, entsize = row
        content = b"" if kind == SHT_NOBITS else self.data[offset : offset + size]
        return _Section(
            text_at(self.data, names + name), kind, flags, addr, offset, size, link, info, align,
            entsize, content,
        )  # fmt: skip

    def name(self, index: int) -> str:
        """A section by number; several of one name have the number behind it."""
        name = self.sections[index].name
        same = [i for i, s in enumerate(self.sections) if s.name == name]
        return name if len(same) == 1 else f"{name}#{same.index(index)}"

    def symbols(self, table: _Section) -> Iterator[tuple[str, str]]:
        """(name, row) of each symbol."""
        strings = self.sections[table.link].data
        for row in struct.iter_unpack(self.symbol_form, table.data):
            if self.wide:
                name, info, other, shndx, value, size = row
            else:
                name, value, size, info, other, shndx = row
            place = PLACES.get(shndx) or self.name(shndx)
            kind, bind, word = info & 15, info >> 4, text_at(strings, name)
            if kind == 3 and not word:
                word = f"[{place}]"
            yield word, f"{word} {value:#x} size={size} {place} bind={bind} type={kind} vis={other}"


def is_damaged(data: bytes) -> bool:
    """Whether the file begins with no ELF header, a section lies over a table or another one, so
    that names have no end, or a segment is larger than memory."""
    wide = data[4:5] == b"\2"
    start = int.from_bytes(data[40:48] if wide else data[32:36], "little")
    if data[:7] not in (b"\x7fELF\1\1\1", b"\x7fELF\2\1\1") or start >= len(data):
        return True
    try:
        file = _File(data)
    except (ValueError, struct.error):
        return True
    spans = [(start, len(data))]
    spans += [
        (s.offset, s.offset + s.size) for s in file.sections if s.size and s.type != SHT_NOBITS
    ]
    sizes = (row[5:7] if wide else row[4:6] for row in file.segments)
    if any(size >> (62 if wide else 30) for row in sizes for size in row):
        return True
    spans.sort()
    return any(end > begin for (_, end), (begin, _) in zip(spans, spans[1:], strict=False))


SOUND_TYPES = {(SHT_REL, SHT_PROGBITS), (SHT_RELA, SHT_PROGBITS), (SHT_NOTE, SHT_NOBITS)}
"""What GNU ld says a section is, and what it is."""


def with_sound_types(theirs: bytes, mine: bytes) -> bytes:
    """The peer's file with our type of each section that it calls what it is not, and what goes
    with the type: sh_link, sh_info, sh_entsize and SHF_INFO_LINK."""
    one, two = _File(theirs), _File(mine)
    form = HEADERS[theirs[4]][1]
    place = ("<Q", 40) if one.wide else ("<I", 32)
    (start,) = struct.unpack_from(place[0], theirs, place[1])
    patched = bytearray(theirs)
    for i, (a, b) in enumerate(zip(one.sections, two.sections, strict=False)):
        if (a.type, b.type) in SOUND_TYPES:
            at = start + i * struct.calcsize(form)
            row = list(struct.unpack_from(form, theirs, at))
            row[1], row[2] = b.type, a.flags & ~SHF_INFO_LINK | b.flags & SHF_INFO_LINK
            row[6], row[7], row[9] = b.link, b.info, b.entsize
            struct.pack_into(form, patched, at, *row)
    return bytes(patched)


def moves_of_thread_bss(data: bytes) -> set[int]:
    """How many bytes lie between a .tbss and the section before it."""
    loaded = [s for s in _File(data).sections if s.flags & SHF_ALLOC]
    return {
        b.addr - a.addr - a.size
        for a, b in zip(loaded, loaded[1:], strict=False)
        if b.type == SHT_NOBITS and b.flags & SHF_TLS
    }


def text_at(data: bytes, start: int) -> str:
    """The string of a table that begins at an offset."""
    return data[start : data.index(0, start)].decode(errors="replace")


def rows_of(data: bytes) -> Iterator[tuple[str, str]]:
    """(topic, fact) for everything in the file, in order of TOPICS."""
    file = _File(data)
    yield "header", f"type={file.type} machine={file.machine} flags={file.flags:#x}"
    yield "header", f"entry={file.entry:#x}"
    for index, section in enumerate(file.sections):
        yield "section", _section_row(file, index, section)
    for row in file.segments:
        yield "segment", _segment_row(file.wide, row)
    for section in file.sections:
        if section.type == SHT_SYMTAB:
            yield "symbol", f"locals={section.info}"
            for _, line in file.symbols(section):
                yield "symbol", line
    for index, section in enumerate(file.sections):
        if _has_relocations(file, section):
            yield from _relocations(file, index, section)
    for index, section in enumerate(file.sections):
        tabled = section.type in (0, SHT_NOBITS, SHT_SYMTAB, SHT_STRTAB)
        if not (tabled or _has_relocations(file, section)):
            yield from _content(file.name(index), section.data)
    for index, section in enumerate(file.sections):
        yield "offset", f"{file.name(index)} {section.offset:#x}"
    for row in file.segments:
        yield "offset", f"segment {(row[2] if file.wide else row[1]):#x}"


def _has_relocations(file: _File, section: _Section) -> bool:
    """Whether a section is a table of relocations, and does not only bear the type."""
    size = {SHT_REL: 16, SHT_RELA: 24} if file.wide else {SHT_REL: 8, SHT_RELA: 12}
    linked = file.sections[section.link].type == SHT_SYMTAB
    return section.type in size and linked and len(section.data) % size[section.type] == 0


def _section_row(file: _File, index: int, section: _Section) -> str:
    kind = SHT_NAMES.get(section.type, hex(section.type))
    size = f"size={section.size:#x}"
    if section.type in (SHT_SYMTAB, SHT_STRTAB):
        size = ""
    link = file.name(section.link) if section.link < len(file.sections) else "?"
    points = section.type in (SHT_REL, SHT_RELA) or section.flags & SHF_INFO_LINK
    info = file.name(section.info) if points else str(section.info)
    if section.type == SHT_SYMTAB:
        info = ""
    if section.type == SHT_GROUP:
        table = file.sections[section.link]
        info = [name for name, _ in file.symbols(table)][section.info]
    return (
        f"{file.name(index)} {kind} flags={section.flags:#x} addr={section.addr:#x} {size} "
        f"align={section.align} entsize={section.entsize} link={link} info={info}"
    )


def _segment_row(wide: bool, row: tuple[int, ...]) -> str:
    if wide:
        kind, flags, _, vaddr, paddr, filesz, memsz, align = row
    else:
        kind, _, vaddr, paddr, filesz, memsz, flags, align = row
    return (
        f"{PT_NAMES.get(kind, hex(kind))} flags={flags} vaddr={vaddr:#x} paddr={paddr:#x} "
        f"filesz={filesz:#x} memsz={memsz:#x} align={align:#x}"
    )


def _relocations(file: _File, index: int, section: _Section) -> Iterator[tuple[str, str]]:
    names = [row for _, row in file.symbols(file.sections[section.link])]
    form = ("<QQq" if file.wide else "<IIi") if section.type == SHT_RELA else "<II"
    for offset, info, *addend in struct.iter_unpack(form, section.data):
        kind, symbol = (info & 0xFFFFFFFF, info >> 32) if file.wide else (info & 255, info >> 8)
        name = names[symbol] if symbol < len(names) else f"no symbol {symbol}"  # GNU ld: other data
        text = f"{file.name(index)} {offset:#x} type={kind} {name} {addend or ''}"
        yield "reloc", text.rstrip()


def _content(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    for at in range(0, len(data), 16):
        line = data[at : at + 16]
        if any(line):
            yield "content", f"{name} {at:#06x}: {line.hex(' ')}"


def first_difference(theirs: bytes, mine: bytes, dialect: str) -> tuple[str, str] | None:
    """(topic, what differs first in it), or None; the files' own bytes count where each linker's
    signature in `.comment` does not make them differ."""
    signed = dialect == "lld"
    one, two = by_topic(theirs, signed), by_topic(mine, signed)
    for topic in TOPICS[:-1] if signed else TOPICS:
        a, b = one.get(topic, []), two.get(topic, [])
        if a == b:
            continue
        missing = [line for line in a if line not in b]
        extra = [line for line in b if line not in a]
        if not missing and not extra:
            at = next(i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
            return f"{topic} order", f"peer `{a[at]}', ours `{b[at]}'"
        return topic, f"peer {missing[:4]}\n            ours {extra[:4]}"
    if not signed and theirs != mine:
        at = next((i for i, (a, b) in enumerate(zip(theirs, mine, strict=False)) if a != b), -1)
        return "file bytes", f"lengths {len(theirs):#x} and {len(mine):#x}; first at {at:#x}"
    return None


def by_topic(data: bytes, signed: bool) -> dict[str, list[str]]:
    """The facts of each topic; signed: without the words of `.comment`."""
    found: dict[str, list[str]] = {}
    for topic, line in rows_of(data):
        if signed and line.startswith(".comment "):
            continue
        found.setdefault(topic, []).append(line)
    return found
