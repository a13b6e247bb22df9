"""`--strip-debug` of an ordinary object, the commonest call of all, over rows of numbers.

A `Draft` makes an object of every section and every symbol, so that any operation can change what
it likes.  Taking debug information out of a compiler's object changes next to nothing: some
sections go, and what stays gets other numbers.  So here tables are read as rows and written as
rows, and a section is the number it has in the input: half the time for a file of 12 MB.

What ordinary objects do not have (program headers, COMMON symbols, types that follow from a name,
damage) is answered with None, and the caller goes the long way, whose layout (`layout_gnu`) this
one repeats.  Tests compare the two on every file they have.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, SHDR, SYM
from .bfd import DEBUG_STARTS, GLOBAL, ring_order, type_by_name
from .draft import Relocs
from .draft_read import names_in
from .strings import in_order_of_appearance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..elf_tables import Buffer

    Row = tuple[int, ...]

NAME, TYPE, FLAGS, ADDR, OFFSET, SIZE, LINK, INFO, ALIGN, ENTSIZE = range(10)
"""Columns of a section header (gABI ch.4)."""

CONTENTS = (
    c.SHT_PROGBITS, c.SHT_NOBITS, c.SHT_NOTE, c.SHT_X86_64_UNWIND, c.SHT_LLVM_ADDRSIG,
)  # fmt: skip
"""Types of sections whose bytes are carried over and nothing else."""

WITHOUT_WORD = c.SHF_INFO_LINK | c.SHF_OS_NONCONFORMING
"""Flags that BFD forgets."""

LARGE_GAP = 1 << 24
"""An alignment that makes one is somebody's mistake."""


class _Unusual(Exception):
    """The file raises a question that only the long way answers."""


def strip_debug(data: Buffer) -> bytes | None:
    """The file without debug information as GNU objcopy writes it; None: go the long way."""
    try:
        obj = _Object(data)
        obj.sort_sections()
        return _written(obj)
    except (_Unusual, struct.error, IndexError, KeyError, ValueError, OverflowError):
        return None


def _usual(answer: object) -> None:
    if not answer:
        raise _Unusual


class _Object:
    """The input's tables, and which sections stay."""

    def __init__(self, data: Buffer) -> None:
        _usual(data[:4] == c.ELF_MAGIC and data[4] in (1, 2) and data[5] == data[6] == 1)
        self.data = data
        self.view = memoryview(data)
        self.elf_class = 32 * data[4]
        self.header = EHDR[self.elf_class].unpack_from(data, IDENT_SIZE)
        kind, self.machine, _, _, _, shoff, _, _, _, phnum, size, count, shstrndx = self.header
        _usual(kind == c.ET_REL and not phnum and self.machine in (c.EM_386, c.EM_X86_64))
        record = SHDR[self.elf_class]
        end = shoff + count * record.size
        _usual(shoff and size == record.size and 0 < shstrndx < count and end <= len(data))
        self.rows: list[Row] = list(record.iter_unpack(self.view[shoff:end]))
        self.shstrndx = shstrndx
        text_at = self.names_of(shstrndx)
        self.names = [text_at(row[NAME]) for row in self.rows]
        self.body: list[int] = []
        """Contents and groups that stay."""
        self.tables: dict[int, int] = {}
        """Of those, which have relocations, and in which section these are."""
        self.groups: dict[int, list[int]] = {}
        """Group -> the sections in it, without relocations."""

    def contents(self, number: int) -> memoryview:
        row = self.rows[number]
        return self.view[row[OFFSET] : row[OFFSET] + row[SIZE]]

    def names_of(self, number: int) -> Callable[[int], str]:
        strings = bytes(self.contents(number))
        _usual(self.rows[number][TYPE] == c.SHT_STRTAB and strings[-1:] == b"\0")
        return names_in(strings)

    def sort_sections(self) -> None:
        """Who stays, who names whom."""
        rows, names = self.rows, self.names
        limit = len(self.data)
        (self.symtab,) = [n for n, row in enumerate(rows) if row[TYPE] == c.SHT_SYMTAB]
        own = (self.symtab, rows[self.symtab][LINK], self.shstrndx)
        body, groups, related = [], [], []
        for n, row in enumerate(rows[1:], 1):
            kind = row[TYPE]
            outside = kind != c.SHT_NOBITS and row[OFFSET] + row[SIZE] > limit
            if outside or row[LINK] >= len(rows):
                raise _Unusual
            if n in own:
                continue
            if kind in CONTENTS:
                self._check_contents(row)
                if not _is_debug(row, names[n]):
                    self._check_name(names[n])
                    body.append(n)
            elif kind == c.SHT_GROUP:
                groups.append(n)
                body.append(n)
            else:
                _usual(kind in (c.SHT_REL, c.SHT_RELA) and not row[FLAGS] & c.SHF_ALLOC)
                _usual(row[LINK] == self.symtab and rows[row[INFO]][TYPE] in CONTENTS)
                related.append(n)
        self._relations(body, groups, related)

    def _check_contents(self, row: Row) -> None:
        related = row[LINK] not in (0, self.symtab) or row[INFO] or row[FLAGS] & c.SHF_LINK_ORDER
        _usual(not related and not row[ADDR])

    def _check_name(self, name: str) -> None:
        """Some names decide type and sh_link."""
        _usual(not name.startswith(".stab") and not type_by_name(name, self.machine))

    def _relations(self, body: list[int], groups: list[int], related: list[int]) -> None:
        """Groups of which something stays, and relocations of what stays."""
        rows = self.rows
        stays = set(body)
        for n in groups:
            words = struct.unpack(f"<{rows[n][SIZE] // 4}I", self.contents(n))
            members = [m for m in words[1:] if rows[m][TYPE] not in (c.SHT_REL, c.SHT_RELA)]
            _usual(rows[n][LINK] == self.symtab)
            _usual(all(rows[m][TYPE] in CONTENTS for m in members))
            members = [m for m in members if m in stays]
            if members:
                self.groups[n] = ring_order(members)
            else:
                stays.discard(n)
        self.body = [n for n in body if n in stays]
        table_of: dict[int, int] = {}
        for n in related:
            target = rows[n][INFO]
            if rows[n][SIZE] and target in stays:
                _usual(target not in table_of)
                table_of[target] = n
        self.tables = {n: table_of[n] for n in self.body if n in table_of}

    def relocations(self) -> Relocs:
        """All that stay, as one table."""
        tables = list(self.tables.values())
        kinds = {self.rows[n][TYPE] for n in tables}
        _usual(len(kinds) < 2)
        joined = b"".join([self.contents(n) for n in tables])
        found = Relocs(joined, self.elf_class, c.SHT_RELA in kinds)
        size = found.record.size
        _usual(not any(self.rows[n][SIZE] % size for n in tables))
        return found


def _is_debug(row: Row, name: str) -> bool:
    debug = name.startswith(DEBUG_STARTS) or name == ".gdb_index"
    return debug and not row[FLAGS] & c.SHF_ALLOC


# --- Symbols --------------------------------------------------------------------------------------


class _Symbols:
    """The symbols that stay, locals first, and the two tables made of them.

    new_section: numbers of the sections that stay by those they had.
    """

    def __init__(self, obj: _Object, relocs: Relocs, new_section: dict[int, int]) -> None:
        named = relocs.symbols(checked=False)
        rows = _symbol_rows(obj)
        _usual(max(named, default=0) < len(rows))
        needed = {*named, *[obj.rows[n][INFO] for n in obj.groups]} - {0}
        kept = _staying(obj, rows, needed, new_section)
        self.number = [0] * len(rows)
        """New number by that in the input."""
        for new, old in enumerate(kept, 1):
            self.number[old] = new
        _usual(kept and all(self.number[old] for old in needed))
        rows = [rows[old] for old in kept]
        self.first_global = 1 + sum([row[1] < 16 for row in rows])
        text_at = obj.names_of(obj.rows[obj.symtab][LINK])
        # What stands for a section has no name.
        names = ["" if row[1] & 15 == c.STT_SECTION else text_at(row[0]) for row in rows]
        self.strings, at = in_order_of_appearance(names)
        rows = [
            (at[name], info, other, new_section[place], value, size)
            for name, (_, info, other, place, value, size) in zip(names, rows)
        ]
        if obj.elf_class == 32:
            rows = [
                (at, value, size, info, other, place)
                for at, info, other, place, value, size in rows
            ]
        record = SYM[obj.elf_class]
        pack = record.pack
        self.table = b"".join([bytes(record.size), *[pack(*row) for row in rows]])


def _symbol_rows(obj: _Object) -> list[Row]:
    """name, info, other, section, value, size: the order of 64-bit files, for both classes."""
    rows: list[Row] = list(SYM[obj.elf_class].iter_unpack(obj.contents(obj.symtab)))
    if obj.elf_class == 64:
        return rows
    return [(at, info, other, place, value, size) for at, value, size, info, other, place in rows]


def _staying(
    obj: _Object, rows: list[Row], needed: set[int], new_section: dict[int, int]
) -> list[int]:
    """Locals, then others, without those of sections that go and without the names of files and
    sections that nobody needs."""
    local, others = [], []
    nameless = (c.STT_SECTION, c.STT_FILE)
    for n, (_, info, _, place, _, _) in enumerate(rows):
        if place not in new_section:
            # What is no section at all (COMMON) is for the long way.
            _usual(obj.rows[place][TYPE] in CONTENTS)
        elif info >= 16:
            _usual(info >> 4 in GLOBAL)
            others.append(n)
        elif not place:
            _usual(n == 0)  # BFD makes undefined locals global
        elif info & 15 not in nameless or n in needed:
            local.append(n)
    return local + others


# --- The output -----------------------------------------------------------------------------------


class _Output:
    """Bytes one after the other, and the headers of the sections among them."""

    def __init__(self, obj: _Object) -> None:
        self.word = obj.elf_class // 8
        self.end = IDENT_SIZE + EHDR[obj.elf_class].size
        self.parts: list[Buffer] = []
        self.rows: dict[int, Row] = {}

    def put(self, data: Buffer, align: int) -> int:
        """The offset that the data got."""
        end = self.end
        offset = -(-end // align) * align
        if offset > end:
            _usual(offset - end < LARGE_GAP)
            self.parts.append(bytes(offset - end))
        self.parts.append(data)
        self.end = offset + len(data)
        return offset


def _written(obj: _Object) -> bytes:
    """The bytes of the file."""
    labels = _labels(obj)
    own = (".symtab", ".strtab", ".shstrtab")
    strings, at = in_order_of_appearance([*own, *labels.values()])
    # Groups come first.
    order = [n for n in obj.body if n in obj.groups] + [n for n in labels if n not in obj.groups]
    new = {old: number for number, old in enumerate(order, 1)}
    relocs = obj.relocations()
    symbols = _Symbols(obj, relocs, {0: 0, c.SHN_ABS: c.SHN_ABS, **{n: new[n] for n in obj.body}})
    out = _Output(obj)
    name_at = {n: at[name] for n, name in labels.items()}
    link = len(order) + 1
    for n in order:
        if n in obj.groups:
            out.rows[n] = _group(obj, out, n, name_at[n], link, new, symbols)
        elif obj.rows[n][TYPE] in CONTENTS:
            out.rows[n] = _contents(obj, out, n, name_at[n])
    table = out.put(symbols.table, out.word)
    strtab = out.put(symbols.strings, 1)
    _relocations(obj, out, name_at, link, new, relocs, symbols)
    shstrtab = out.put(strings, 1)
    size = SYM[obj.elf_class].size
    tables = [
        (at[own[0]], c.SHT_SYMTAB, 0, 0, table, len(symbols.table), link + 1,
         symbols.first_global, out.word, size),
        (at[own[1]], c.SHT_STRTAB, 0, 0, strtab, len(symbols.strings), 0, 0, 1, 0),
        (at[own[2]], c.SHT_STRTAB, 0, 0, shstrtab, len(strings), 0, 0, 1, 0),
    ]  # fmt: skip
    pack = SHDR[obj.elf_class].pack
    rows = [(0,) * 10, *[out.rows[n] for n in order], *tables]
    _usual(len(rows) < c.SHN_LORESERVE)
    shoff = out.put(b"".join([pack(*row) for row in rows]), out.word)
    return b"".join([_file_header(obj, shoff, len(rows)), *out.parts])


def _labels(obj: _Object) -> dict[int, str]:
    """The names of all that stays, relocations after what they are for."""
    names, rows = obj.names, obj.rows
    found = {}
    for n in obj.body:
        found[n] = name = names[n]
        table = obj.tables.get(n)
        if table is not None:
            found[table] = (".rela" if rows[table][TYPE] == c.SHT_RELA else ".rel") + name
    return found


def _contents(obj: _Object, out: _Output, n: int, name: int) -> Row:
    _, kind, flags, _, _, size, _, _, align, entsize = obj.rows[n]
    align = 1 << (align - 1).bit_length() if align > 1 else 1
    offset = out.put(b"" if kind == c.SHT_NOBITS else obj.contents(n), align)
    return (name, kind, flags & ~WITHOUT_WORD, 0, offset, size, 0, 0, align, entsize)


def _group(
    obj: _Object,
    out: _Output,
    n: int,
    name: int,
    link: int,
    new: dict[int, int],
    symbols: _Symbols,
) -> Row:
    """A group lists each of its sections with the relocations of that."""
    members = [new[one] for m in obj.groups[n] for one in (m, obj.tables.get(m)) if one is not None]
    data = bytes(obj.contents(n)[:4]) + struct.pack(f"<{len(members)}I", *members)
    align = 1 << max(obj.rows[n][ALIGN] - 1, 0).bit_length()
    signature = symbols.number[obj.rows[n][INFO]]
    return (name, c.SHT_GROUP, 0, 0, out.put(data, align), len(data), link, signature, align, 4)


def _relocations(
    obj: _Object,
    out: _Output,
    name_at: dict[int, int],
    link: int,
    new: dict[int, int],
    relocs: Relocs,
    symbols: _Symbols,
) -> None:
    """Every table, cut from the one of all."""
    view = memoryview(relocs.renumbered(symbols.number))
    size = relocs.record.size
    start = 0
    for target, n in obj.tables.items():
        kind, end = obj.rows[n][TYPE], start + obj.rows[n][SIZE]
        offset = out.put(view[start:end], out.word)
        flags = c.SHF_INFO_LINK | obj.rows[target][FLAGS] & c.SHF_GROUP
        out.rows[n] = (
            name_at[n], kind, flags, 0, offset, end - start, link, new[target], out.word, size,
        )  # fmt: skip
        start = end


def _file_header(obj: _Object, shoff: int, count: int) -> bytes:
    kind, machine, _, entry, _, _, flags, _, _, _, shentsize, _, _ = obj.header
    ehsize = IDENT_SIZE + EHDR[obj.elf_class].size
    ident = bytes([*obj.data[:9], *bytes(7)])
    return ident + EHDR[obj.elf_class].pack(
        kind, machine, 1, entry, 0, shoff, flags, ehsize, 0, 0, shentsize, count, count - 1
    )
