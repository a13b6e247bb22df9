"""Small relocatable objects written straight from a description, and the description as text.

A differential run makes thousands of objects; an assembler process for each would cost more than
both linkers together.  The encoder here knows nothing of the package under test, so that a mistake
in the package's own writer cannot hide a mistake in its reader.  The text form is what case files
hold::

    object a.o x86_64
    section .text progbits ax align=16
      bytes 90 90 e8 00 00 00 00 c3
      reloc 3 R_X86_64_PC32 far -4
    section .bss nobits wa align=8 size=24
    symbol far global notype .text 0 0
    symbol far2 weak notype UNDEF 0 0
    symbol buffer global object COMMON 8 32

Symbols name their section by its number in the object (1 is the first) or as UNDEF, ABS, COMMON; a
relocation names its symbol, or `section N` for the section symbol of section N.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

TYPES = {
    "progbits": 1,
    "note": 7,
    "nobits": 8,
    "init_array": 14,
    "fini_array": 15,
    "unwind": 0x70000001,
}
FLAGS = {
    "w": 1, "a": 2, "x": 4, "M": 0x10, "S": 0x20, "o": 0x80, "G": 0x200, "T": 0x400,
    "l": 0x10000000, "e": 0x80000000,
}  # fmt: skip
BINDINGS = {"local": 0, "global": 1, "weak": 2}
SYMBOL_TYPES = {"notype": 0, "object": 1, "func": 2, "section": 3, "file": 4, "tls": 6}
PLACES = {"UNDEF": 0, "ABS": 0xFFF1, "COMMON": 0xFFF2}
MACHINES = {"x86_64": (64, 62), "i386": (32, 3)}

RELOCATIONS = {
    "R_X86_64_NONE": 0,
    "R_X86_64_64": 1,
    "R_X86_64_PC32": 2,
    "R_X86_64_PLT32": 4,
    "R_X86_64_COPY": 5,
    "R_X86_64_GOTPCREL": 9,
    "R_X86_64_32": 10,
    "R_X86_64_32S": 11,
    "R_X86_64_16": 12,
    "R_X86_64_PC16": 13,
    "R_X86_64_8": 14,
    "R_X86_64_PC8": 15,
    "R_X86_64_PC64": 24,
    "R_X86_64_SIZE32": 32,
    "R_X86_64_SIZE64": 33,
    "R_386_NONE": 0,
    "R_386_32": 1,
    "R_386_PC32": 2,
    "R_386_PLT32": 4,
    "R_386_16": 20,
    "R_386_PC16": 21,
    "R_386_8": 22,
    "R_386_PC8": 23,
    "R_386_SIZE32": 38,
}


def width_of(relocation: str) -> int:
    """Bytes a relocation patches."""
    if relocation.endswith("NONE"):
        return 0
    tail = relocation.rsplit("_", 1)[1].lstrip("PCLTSIZEGOR").rstrip("S")
    return {"64": 8, "32": 4, "16": 2, "8": 1}.get(tail, 4)


@dataclass(frozen=True)
class Reloc:
    """One relocation: symbol is a name, or the number of a section for its section symbol."""

    offset: int
    type: str
    symbol: str | int
    addend: int = 0


@dataclass(frozen=True)
class Sec:
    """One section; size only for nobits; link: the number of the section that sh_link names."""

    name: str
    flags: str = "a"
    type: str = "progbits"
    align: int = 1
    data: bytes = b""
    size: int = 0
    entsize: int = 0
    relocs: tuple[Reloc, ...] = ()
    link: int = 0

    @property
    def length(self) -> int:
        return self.size if self.type == "nobits" else len(self.data)


@dataclass(frozen=True)
class Sym:
    """One symbol; place is a section number or UNDEF, ABS, COMMON (value: alignment)."""

    name: str
    binding: str = "global"
    type: str = "notype"
    place: str | int = "UNDEF"
    value: int = 0
    size: int = 0


@dataclass(frozen=True)
class Obj:
    """One relocatable object."""

    name: str
    machine: str = "x86_64"
    sections: tuple[Sec, ...] = ()
    symbols: tuple[Sym, ...] = ()
    groups: tuple[tuple[str, tuple[int, ...]], ...] = field(default=())
    """COMDAT groups: signature symbol and section numbers."""

    def encode(self) -> bytes:
        return _Encoder(self).encode()

    def without_section(self, number: int) -> Obj:
        """The object less one section (1 is the first), its symbols, and what refers to them."""

        def moved(place: str | int) -> str | int:
            return place - 1 if isinstance(place, int) and place > number else place

        lost = {s.name for s in self.symbols if s.place == number}
        symbols = tuple(replace(s, place=moved(s.place)) for s in self.symbols if s.place != number)
        sections = tuple(
            replace(
                sec,
                relocs=tuple(
                    replace(r, symbol=moved(r.symbol))
                    for r in sec.relocs
                    if r.symbol != number and r.symbol not in lost
                ),
            )
            for i, sec in enumerate(self.sections, 1)
            if i != number
        )
        return replace(self, sections=sections, symbols=symbols, groups=())


class _Strings:
    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self.where = {"": 0}

    def add(self, text: str) -> int:
        if text not in self.where:
            self.where[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self.where[text]


class _Encoder:
    """Lays out: null, groups, sections, relocation sections, .symtab, .strtab, .shstrtab."""

    def __init__(self, obj: Obj) -> None:
        self.obj = obj
        self.bits, self.machine = MACHINES[obj.machine]
        self.names = _Strings()
        self.strings = _Strings()
        self.headers: list[tuple[int, ...]] = [(0,) * 10]
        self.body = bytearray(bytes(64 if self.bits == 64 else 52))

    def add(
        self,
        name: str,
        kind: int,
        flags: int,
        data: bytes,
        *,
        size: int | None = None,
        link: int = 0,
        info: int = 0,
        align: int = 1,
        entsize: int = 0,
    ) -> None:
        while len(self.body) % 8:
            self.body.append(0)
        self.headers.append(
            (
                self.names.add(name),
                kind,
                flags,
                0,
                len(self.body),
                len(data) if size is None else size,
                link,
                info,
                align,
                entsize,
            )
        )
        self.body += data

    def encode(self) -> bytes:
        obj = self.obj
        wide = self.bits == 64
        groups = len(obj.groups)
        number_of_rel = sum(1 for s in obj.sections if s.relocs)
        symtab = 1 + groups + len(obj.sections) + number_of_rel
        index, table, first_global = self.symbol_table(groups)
        for signature, members in obj.groups:
            words = struct.pack(f"<{1 + len(members)}I", 1, *(m + groups for m in members))
            self.add(".group", 17, 0, words, link=symtab, info=index[signature], align=4, entsize=4)
        for number, sec in enumerate(obj.sections, 1):
            flags = 0
            for letter in sec.flags:
                flags |= FLAGS[letter]
            if any(number in members for _, members in obj.groups):
                flags |= 0x200
            data = b"" if sec.type == "nobits" else self.patched(sec)
            self.add(
                sec.name,
                TYPES[sec.type],
                flags,
                data,
                size=sec.length,
                link=sec.link + groups if sec.link else 0,
                align=sec.align,
                entsize=sec.entsize,
            )
        for number, sec in enumerate(obj.sections, 1):
            if sec.relocs:
                self.relocation_section(number + groups, sec, symtab, index)
        self.add(
            ".symtab",
            2,
            0,
            table,
            link=symtab + 1,
            info=first_global,
            align=8 if wide else 4,
            entsize=24 if wide else 16,
        )
        self.add(".strtab", 3, 0, bytes(self.strings.data))
        self.names.add(".shstrtab")
        self.add(".shstrtab", 3, 0, bytes(self.names.data))
        while len(self.body) % 8:
            self.body.append(0)
        shoff = len(self.body)
        record = struct.Struct("<IIQQQQIIQQ" if wide else "<10I")
        for header in self.headers:
            self.body += record.pack(*header)
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
        rest = struct.pack(
            "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH",
            1,
            self.machine,
            1,
            0,
            0,
            shoff,
            0,
            64 if wide else 52,
            0,
            0,
            64 if wide else 40,
            len(self.headers),
            len(self.headers) - 1,
        )
        self.body[: len(ident + rest)] = ident + rest
        return bytes(self.body)

    def patched(self, sec: Sec) -> bytes:
        """The section's bytes; on i386 addends lie in the place (SHT_REL)."""
        if self.bits == 64 or not sec.relocs:
            return sec.data
        data = bytearray(sec.data)
        for r in sec.relocs:
            width = width_of(r.type)
            data[r.offset : r.offset + width] = (r.addend % (1 << 8 * width)).to_bytes(
                width, "little"
            )
        return bytes(data)

    def symbol_table(self, groups: int) -> tuple[dict[str | int, int], bytes, int]:
        """Where each symbol is, the table, and the number of the first global."""
        obj = self.obj
        rows: list[tuple[int, int, int, int, int]] = [(0, 0, 0, 0, 0)]
        index: dict[str | int, int] = {}
        for number in range(1, len(obj.sections) + 1):
            index[number] = len(rows)
            rows.append((0, 3, number + groups, 0, 0))
        locals_first = sorted(obj.symbols, key=lambda s: s.binding != "local")
        first_global = len(rows) + sum(1 for s in obj.symbols if s.binding == "local")
        for sym in locals_first:
            place = sym.place + groups if isinstance(sym.place, int) else PLACES[sym.place]
            info = BINDINGS[sym.binding] << 4 | SYMBOL_TYPES[sym.type]
            index[sym.name] = len(rows)
            rows.append((self.strings.add(sym.name), info, place, sym.value, sym.size))
        if self.bits == 64:
            table = b"".join(struct.pack("<IBBHQQ", n, i, 0, p, v, s) for n, i, p, v, s in rows)
        else:
            table = b"".join(struct.pack("<IIIBBH", n, v, s, i, 0, p) for n, i, p, v, s in rows)
        return index, table, first_global

    def relocation_section(
        self, number: int, sec: Sec, symtab: int, index: dict[str | int, int]
    ) -> None:
        data = b""
        for r in sec.relocs:
            kind, symbol = RELOCATIONS[r.type], index[r.symbol]
            if self.bits == 64:
                data += struct.pack("<QIIq", r.offset, kind, symbol, r.addend)
            else:
                data += struct.pack("<II", r.offset, symbol << 8 | kind)
        wide = self.bits == 64
        self.add(
            (".rela" if wide else ".rel") + sec.name,
            4 if wide else 9,
            0x40,
            data,
            link=symtab,
            info=number,
            align=8 if wide else 4,
            entsize=24 if wide else 8,
        )


def to_text(obj: Obj) -> str:
    """The description as text; `from_text` reads it back."""
    lines = [f"object {obj.name} {obj.machine}"]
    for sec in obj.sections:
        line = f"section {sec.name} {sec.type} {sec.flags or '-'} align={sec.align}"
        if sec.type == "nobits":
            line += f" size={sec.size}"
        if sec.entsize:
            line += f" entsize={sec.entsize}"
        lines.append(line)
        for start in range(0, len(sec.data) if sec.type != "nobits" else 0, 24):
            lines.append("  bytes " + sec.data[start : start + 24].hex(" "))
        for r in sec.relocs:
            target = f"section {r.symbol}" if isinstance(r.symbol, int) else r.symbol
            lines.append(f"  reloc {r.offset} {r.type} {target} {r.addend}")
    for s in obj.symbols:
        lines.append(f"symbol {s.name} {s.binding} {s.type} {s.place} {s.value} {s.size}")
    for signature, members in obj.groups:
        lines.append(f"group {signature} " + " ".join(map(str, members)))
    return "\n".join(lines) + "\n"


def from_text(text: str) -> list[Obj]:
    """Every object of a text; blank lines and lines that begin with `//` are skipped."""
    objects: list[Obj] = []
    for line in text.splitlines():
        words = line.split()
        if words and not words[0].startswith("//"):
            objects = _take(objects, words)
    return objects


def _take(objects: list[Obj], words: list[str]) -> list[Obj]:
    kind, *rest = words
    if kind == "object":
        return [*objects, Obj(rest[0], rest[1])]
    *before, obj = objects
    if kind == "section":
        given = dict(word.split("=") for word in rest[3:])
        sec = Sec(
            rest[0],
            rest[2].replace("-", ""),
            rest[1],
            **{key: int(value, 0) for key, value in given.items()},
        )
        obj = replace(obj, sections=(*obj.sections, sec))
    elif kind in ("bytes", "reloc"):
        *others, sec = obj.sections
        if kind == "bytes":
            sec = replace(sec, data=sec.data + bytes.fromhex("".join(rest)))
        else:
            target: str | int = int(rest.pop(3)) if rest[2] == "section" else rest[2]
            sec = replace(
                sec, relocs=(*sec.relocs, Reloc(int(rest[0], 0), rest[1], target, int(rest[3], 0)))
            )
        obj = replace(obj, sections=(*others, sec))
    elif kind == "symbol":
        place: str | int = int(rest[3]) if rest[3].isdigit() else rest[3]
        sym = Sym(rest[0], rest[1], rest[2], place, int(rest[4], 0), int(rest[5], 0))
        obj = replace(obj, symbols=(*obj.symbols, sym))
    elif kind == "group":
        obj = replace(obj, groups=(*obj.groups, (rest[0], tuple(map(int, rest[1:])))))
    else:
        raise ValueError(f"what is {kind!r}?")
    return [*before, obj]
