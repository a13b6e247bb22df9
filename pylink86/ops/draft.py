"""A file being edited: sections and symbols that point to one another instead of counting.

In an ELF file everything is a number: a symbol says "section 5", a relocation "symbol 12".  Take
one section out and half of the numbers are wrong.  So an edit reads the file into a graph, a
`Draft`, where a symbol holds its section and a relocation its symbol; things are renamed, moved and
dropped there, and the numbers are made again when a layout writes the file.

A draft is scratch: it never leaves `ops`.  It is read with nothing but `elf_tables`, and
its classes are plain, because objcopy is called for each object of a build and reading it must not
cost more than the edit (attrs alone is 15 ms).  `draft_read` makes a draft of a file's bytes.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from ..elf_tables import REL, RELA, decode_relocations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import NoReturn

    from ..elf_tables import Buffer, Column
    from .bfd import Was

PLAIN, SYMTAB, STRTAB, SHSTRTAB, RELOC, GROUP, SHNDX = range(7)
"""What a section is to an edit: contents, or one of the tables that are written anew."""

NEW = 1 << 64
"""File offset of a section that was not in the input: behind everything that was."""


class Sec:
    """A section; `link` and `target` are sections, `data` is what the file holds of it.

    What few sections have is a default of the class: a file of C functions has 20,000 sections.
    """

    info = 0
    """As the file has it, for roles whose sh_info is not made anew."""
    addr = old_addr = lma = offset = entsize = index = old_index = 0
    align = old_align = 1
    old_offset = NEW
    link: Sec | None = None
    role = PLAIN
    target: Sec | None = None
    """Of a relocation section: what it relocates; else the section that sh_info names, if any."""
    relocs: Relocs | None = None
    members: Sequence[Sec] = ()
    """Of a group: its sections, the flag word being the first word of `data`."""
    signature: Sym | None = None
    segment: Seg | None = None
    """The segment it lies in, for layouts that move sections with their segment."""
    segments: tuple[Seg, ...] = ()
    """Every segment it lies in."""
    compressed = False
    """Made smaller by this edit."""
    before: Was | None = None
    """What it was, for layouts that ask what changed."""
    asked_align = 1
    """Its alignment as a power of two; `align` is what its address allows of that."""
    emptied = False
    """--only-keep-debug took its contents, if it had some."""
    zeroed = False
    """It had no contents, and --set-section-flags asks for some."""
    updated = False
    """Its contents are others."""
    words: frozenset[str] | None = None
    """BFD's flags, where an option set them."""

    def __init__(self, name: str, type: int, flags: int = 0, data: Buffer = b"") -> None:
        self.name = name
        self.was = name
        """Its name in the input."""
        self.type = self.old_type = type
        self.flags = self.old_flags = flags
        self.data = data
        self.size = self.old_size = len(data)

    @property
    def alloc(self) -> bool:
        return bool(self.flags & c.SHF_ALLOC)


class Sym:
    """A symbol; `sec` is None where `place` says more (SHN_UNDEF, SHN_ABS, SHN_COMMON ...)."""

    __slots__ = (
        "binding", "index", "name", "old_index", "other", "place", "sec", "size", "type", "used",
        "value",
    )  # fmt: skip

    def __init__(
        self, name: str, value: int = 0, size: int = 0, info: int = 0, other: int = 0,
        place: int = c.SHN_UNDEF, sec: Sec | None = None, index: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.value = value
        self.size = size
        self.binding = info >> 4
        self.type = info & 15
        self.other = other
        self.sec = sec
        self.place = place
        self.index = self.old_index = index
        self.used = False
        """Named by a relocation or a group that stays."""

    @property
    def undefined(self) -> bool:
        return self.sec is None and self.place == c.SHN_UNDEF

    @property
    def common(self) -> bool:
        return self.sec is None and self.place == c.SHN_COMMON

    @property
    def visibility(self) -> int:
        return self.other & 3


class Relocs:
    """A relocation table: its bytes, whose columns are decoded when somebody reads them.

    Most tables of a file belong to debug sections that are about to go.  `symbol` holds numbers of
    the input's symbol table.
    """

    __slots__ = (
        "_columns", "count", "elf_class", "limit", "record", "table", "where", "with_addend",
    )  # fmt: skip

    def __init__(
        self,
        table: Buffer,
        elf_class: int,
        with_addend: bool,
        limit: int = 1 << 32,
        where: tuple[str, Sec] | None = None,
    ) -> None:
        """limit: how many symbols there are.  where: the file and section, for messages."""
        self.table = table
        self.limit = limit
        self.where = where
        self.elf_class = elf_class
        self.with_addend = with_addend
        self.record = (RELA if with_addend else REL)[elf_class]
        self.count = len(table) // self.record.size
        self._columns: tuple[Column, Column, Column, Column | None] | None = None

    def symbols(self, *, checked: bool = True) -> list[int]:
        """The symbol of each; reads nothing else.  bad-object for one that there is not."""
        infos = self._infos()
        found = infos if self.elf_class == 64 else [info >> 8 for info in infos]
        if checked and max(found, default=0) >= self.limit:
            where = f"{self.where[0]}({self.where[1].name})" if self.where is not None else ""
            complain(
                "bad-object",
                f"{where}: a relocation names symbol {max(found)}, and there are {self.limit}",
                place=where,
            )
        return found

    def renumbered(self, new: Sequence[int]) -> bytes:
        """The table with new numbers of symbols, in the class it has."""
        infos = [new[number] for number in self.symbols()]
        if self.elf_class == 32:
            infos = [n << 8 | info & 0xFF for n, info in zip(infos, self._infos())]
        table = bytearray(self.table)
        # Whole words are moved, so the host's byte order does not matter.
        words = memoryview(table).cast("I")
        first = 1 if self.elf_class == 32 else 3
        step = len(words) // self.count if self.count else 1
        words[first::step] = memoryview(struct.pack(f"<{self.count}I", *infos)).cast("I")
        return bytes(table)

    def moved(self, by: int) -> Relocs:
        """The same relocations at other places."""
        word = struct.Struct("<Q" if self.elf_class == 64 else "<I")
        table = bytearray(self.table)
        mask = (1 << self.elf_class) - 1
        for at in range(0, len(table), self.record.size):
            word.pack_into(table, at, word.unpack_from(table, at)[0] + by & mask)
        return Relocs(bytes(table), self.elf_class, self.with_addend, self.limit, self.where)

    def _infos(self) -> list[int]:
        """The words that hold the symbol: all of r_info, or its upper half."""
        record = SYMBOL_OF[self.elf_class, self.with_addend]
        return [info for (info,) in record.iter_unpack(self.table)]

    def only(self, wanted: Collection[int]) -> Relocs:
        """The relocations that name one of these symbols."""
        size = self.record.size
        rows = [n for n, symbol in enumerate(self.symbols()) if symbol in wanted]
        table = b"".join([bytes(self.table[n * size : (n + 1) * size]) for n in rows])
        return Relocs(table, self.elf_class, self.with_addend, self.limit, self.where)

    def columns(self) -> tuple[Column, Column, Column, Column | None]:
        """offset, type, symbol, addend; addend is None for SHT_REL."""
        if self._columns is None:
            self.symbols()
            self._columns = decode_relocations(self.table, self.elf_class, self.with_addend)
        return self._columns


def joined(tables: Sequence[Relocs]) -> Relocs:
    """Tables of one class and kind as a single one; bad-object for a symbol that there is not."""
    first = tables[0]
    found = Relocs(b"".join([one.table for one in tables]), first.elf_class, first.with_addend)
    found.limit = first.limit
    if max(found.symbols(checked=False), default=0) >= first.limit:
        for one in tables:
            one.symbols()
    return found


def named_symbols(tables: Iterable[Relocs]) -> set[int]:
    """The numbers of the symbols that relocations name; bad-object for one that there is not."""
    kinds: dict[bool, list[Relocs]] = {}
    for one in tables:
        kinds.setdefault(one.with_addend, []).append(one)
    return {number for some in kinds.values() for number in set(joined(some).symbols())}


SYMBOL_OF = {
    (32, False): struct.Struct("<4xI"), (32, True): struct.Struct("<4xI4x"),
    (64, False): struct.Struct("<12xI"), (64, True): struct.Struct("<12xI8x"),
}  # fmt: skip
"""Of a relocation, only the word with its symbol (gABI ch.4)."""


class Seg:
    """A program header; the `old_` fields are the input's."""

    __slots__ = (
        "align", "filesz", "flags", "index", "memsz", "offset", "old_filesz", "old_offset", "paddr",
        "parent", "type", "vaddr",
    )  # fmt: skip

    def __init__(self, row: Iterable[int], index: int) -> None:
        (
            self.type, self.flags, self.offset, self.vaddr, self.paddr, self.filesz, self.memsz,
            self.align,
        ) = row  # fmt: skip
        self.old_offset, self.old_filesz = self.offset, self.filesz
        self.index = index
        self.parent: Seg | None = None


class Draft:
    """A file taken apart for editing.

    secs: without the null section, in the input's order.  syms: without the null symbol.
    by_number:
    the symbols of the input, for the numbers in relocations.  data: the bytes of the input.
    """

    def __init__(self, name: str, elf_class: int = 64, machine: int = c.EM_X86_64) -> None:
        self.name = name
        self.data: bytes = b""
        self.elf_class = elf_class
        self.machine = machine
        self.type = c.ET_REL
        self.osabi = self.abi_version = self.flags = self.entry = 0
        self.version = 1
        self.ident_pad = bytes(7)
        self.secs: list[Sec] = []
        self.syms: list[Sym] = []
        self.by_number: list[Sym | None] = [None]
        self.segs: list[Seg] = []
        self.symtab: Sec | None = None
        self.shstrtab: Sec | None = None
        self.phoff = 0
        self.has_relocations = False
        """The input has some that a linker would read."""
        self.empty_table = False
        """There is a symbol table, even if no symbol is left for it."""
        self.lost_symbols = False
        """Symbols of the input were taken out."""
        self.removed: list[Sec] = []
        """Sections that were taken out, for layouts that keep the room they had."""

    @property
    def relocatable(self) -> bool:
        return self.type == c.ET_REL

    @property
    def word(self) -> int:
        return self.elf_class // 8

    def reloc_secs(self) -> list[Sec]:
        return [sec for sec in self.secs if sec.role == RELOC]

    def relocs_of(self, target: Sec) -> list[Sec]:
        return [sec for sec in self.secs if sec.role == RELOC and sec.target is target]


def complain(slug: str, message: str, **more: object) -> NoReturn:
    """Raise a LinkError; its module is imported only when there is one to raise."""
    from ..diag import fail

    raise fail(slug, message, **more)  # type: ignore[arg-type]


def number_symbols(syms: list[Sym]) -> list[Sym]:
    """Locals first, each part in its order, numbered from 1."""
    syms = [s for s in syms if s.binding == c.STB_LOCAL] + [
        s for s in syms if s.binding != c.STB_LOCAL
    ]
    for index, sym in enumerate(syms, 1):
        sym.index = index
    return syms


def drop(draft: Draft, gone: Callable[[Sec], bool]) -> list[Sec]:
    """Take sections out; returns them."""
    out = [sec for sec in draft.secs if gone(sec)]
    if out:
        lost = set(map(id, out))
        draft.secs = [sec for sec in draft.secs if id(sec) not in lost]
        draft.removed += out
    return out
