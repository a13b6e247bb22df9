"""The one type everything is made of: the ObjectFile, with its sections, symbols and relocations.

A reader makes one, `link()` turns many into one, each objcopy operation turns one into another, a
writer turns one into bytes.  Files, segments and headers are objects; sections, symbols and
relocations are columns (a tuple of ints per field, addressed by index), because a kernel has a
hundred thousand of them.  A `Section` or a `Symbol` is a view, made when someone asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from . import elf_const as c
from .columns import (
    ABS,
    COMMON,
    NO_SYMBOLS,
    UNDEF,
    Relocations,
    SectionRow,
    Sections,
    SymbolRow,
    Symbols,
)
from .elf_tables import Buffer, strings_at
from .relocation_groups import RelocationGroup, group_relocations

if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "ABS",
    "COMMON",
    "NO_SYMBOLS",
    "UNDEF",
    "FileLayout",
    "Header",
    "ObjectFile",
    "Relocations",
    "Section",
    "SectionRow",
    "Sections",
    "Segment",
    "Symbol",
    "SymbolRow",
    "Symbols",
]


@attrs.frozen(repr=False, unsafe_hash=False)
class Header:
    """The ELF header: what the file is, not where its tables lie (that is `FileLayout`)."""

    elf_class: int
    """32 or 64."""
    machine: int
    type: int = c.ET_REL
    osabi: int = 0
    abi_version: int = 0
    ident_pad: bytes = bytes(7)
    version: int = 1
    flags: int = 0
    entry: int = 0
    shstrndx: int = 0
    """Resolved through section 0 when the header says SHN_XINDEX; 0 is none."""


@attrs.frozen(eq=False, repr=False)
class FileLayout:
    """Where a file that was read keeps its tables, so that writing it gives the same bytes.

    gaps: (file offset, bytes) of everything no header, table or section covers. header_tail:
    e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx as the file has them."""

    phoff: int
    shoff: int
    header_tail: tuple[int, ...]
    gaps: Sequence[tuple[int, bytes]]
    size: int


@attrs.frozen(repr=False, unsafe_hash=False)
class Segment:
    """A program header (gABI ch.5); sizes in bytes, `offset` is a file offset."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class Section:
    """A view of one section of a file; made when asked for, equal when file and index are."""

    __slots__ = ("file", "index")

    def __init__(self, file: ObjectFile, index: int) -> None:
        self.file, self.index = file, index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Section):
            return NotImplemented
        return self.file is other.file and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self.file), self.index))

    @property
    def name(self) -> str:
        return self.file.sections.names[self.index]

    @property
    def type(self) -> int:
        return self.file.sections.type[self.index]

    @property
    def flags(self) -> int:
        return self.file.sections.flags[self.index]

    @property
    def addr(self) -> int:
        return self.file.sections.addr[self.index]

    @property
    def size(self) -> int:
        return self.file.sections.size[self.index]

    @property
    def align(self) -> int:
        return self.file.sections.align[self.index]

    @property
    def link(self) -> int:
        return self.file.sections.link[self.index]

    @property
    def info(self) -> int:
        return self.file.sections.info[self.index]

    @property
    def entsize(self) -> int:
        return self.file.sections.entsize[self.index]

    @property
    def content(self) -> Buffer:
        return self.file.contents[self.index]

    def __str__(self) -> str:
        return f"{self.file.name}({self.name})"


class Symbol:
    """A view of one symbol of a file."""

    __slots__ = ("file", "index")

    def __init__(self, file: ObjectFile, index: int) -> None:
        self.file, self.index = file, index

    @property
    def name(self) -> str:
        return self.file.symbols.name(self.index)

    @property
    def value(self) -> int:
        return self.file.symbols.value[self.index]

    @property
    def size(self) -> int:
        return self.file.symbols.size[self.index]

    @property
    def binding(self) -> int:
        return self.file.symbols.info[self.index] >> 4

    @property
    def type(self) -> int:
        return self.file.symbols.info[self.index] & 0xF

    @property
    def visibility(self) -> int:
        return self.file.symbols.other[self.index] & 3

    @property
    def shndx(self) -> int:
        return self.file.symbols.shndx[self.index]

    @property
    def section(self) -> Section | None:
        """The section the symbol is defined in; None when it is undefined, absolute or common."""
        return Section(self.file, self.shndx) if self.shndx > 0 else None


@attrs.frozen(eq=False, repr=False, slots=False)
class ObjectFile:
    """An ELF file taken apart: read from bytes, made by the linker, or about to be written.

    contents: one buffer per section (empty for the null section and SHT_NOBITS).  Symbol,
        relocation and string tables are contents like any other; `symbols` and `relocations` decode
        them. layout: where the tables lay in the file that was read; None when a writer shall
        decide."""

    name: str
    header: Header
    sections: Sections
    contents: Sequence[Buffer]
    symbols: Symbols = NO_SYMBOLS
    symtab: int = 0
    """Index of the section `symbols` was decoded from; 0 when there is none."""
    segments: tuple[Segment, ...] = ()
    layout: FileLayout | None = None
    archive: str = ""
    """Path of the archive this is a member of; `name` is then `archive(member)`."""
    member: str = ""

    @cached_property
    def first_global(self) -> int:
        """Index of the first symbol that is not local (gABI: the table's sh_info)."""
        return self.sections.info[self.symtab] if self.symtab else 0

    @cached_property
    def global_names(self) -> tuple[str, ...]:
        """Names of the symbols from `first_global` on; decoded once for all passes."""
        if not self.symtab:
            return ()
        return strings_at(self.symbols.strings, self.symbols.name_off[self.first_global :])

    @cached_property
    def relocation_sections(self) -> dict[int, tuple[int, ...]]:
        """For each section that has relocations, the SHT_REL/SHT_RELA sections that apply to it."""
        found: dict[int, tuple[int, ...]] = {}
        info, link = self.sections.info, self.sections.link
        for index in self.relocation_groups:
            if link[index] == self.symtab:
                target = info[index]
                found[target] = (*found[target], index) if target in found else (index,)
        return found

    @cached_property
    def relocation_groups(self) -> dict[int, RelocationGroup]:
        """For each SHT_REL or SHT_RELA the table of many of them that it is decoded with."""
        return group_relocations(
            self.sections, self.contents, self.header.elf_class, len(self.symbols)
        )

    def relocations(self, index: int) -> Relocations:
        """Section `index`, an SHT_REL or SHT_RELA, as columns; bad-object when one points nowhere.
        Decoded once, as several passes of a link read them."""
        rows = self.relocation_groups[index].rows()
        begin, end, highest = rows.spans[index]
        offset, kind, symbol, addend = rows.offset, rows.type, rows.symbol, rows.addend
        if end - begin != len(offset):
            offset, kind, symbol = offset[begin:end], kind[begin:end], symbol[begin:end]
            addend = None if addend is None else addend[begin:end]
        found = Relocations(offset, kind, symbol, addend)
        if not rows.symbols_exist or highest >= self.sections.size[self.sections.info[index]]:
            from .formats.elf_check import check_relocations

            check_relocations(self, index, found)
        return found

    def section(self, key: int | str) -> Section:
        """A section by index or by name (the first of that name); KeyError when there is none."""
        if isinstance(key, str):
            if key not in self.sections.names:
                raise KeyError(key)
            key = self.sections.names.index(key)
        return Section(self, key)

    def __iter__(self) -> Iterator[Section]:
        """Every section but the null one."""
        return (Section(self, i) for i in range(1, len(self.sections)))

    def symbol(self, name: str) -> Symbol:
        """A symbol by name, the first of that name; KeyError when there is none."""
        names = self.symbols.names
        if name not in names:
            raise KeyError(name)
        return Symbol(self, names.index(name))

    # The front door: what users do with a file in one call.  The work is done further up, in
    # modules that import this one, so they are fetched when asked for.

    def to_bytes(self) -> bytes:
        """The file as ELF; a file that was read and not changed gives the bytes it was read
        from."""
        from .formats.elf_write import write_elf

        return write_elf(self)

    def prefix_sections(self, prefix: str) -> ObjectFile:
        """Every section renamed as `objcopy --prefix-sections` does."""
        from .ops import prefix_sections

        return prefix_sections(self, prefix)

    def prefix_alloc_sections(self, prefix: str) -> ObjectFile:
        """Sections that occupy memory renamed as `objcopy --prefix-alloc-sections` does."""
        from .ops import prefix_alloc_sections

        return prefix_alloc_sections(self, prefix)

    def prefix_symbols(self, prefix: str) -> ObjectFile:
        """Every symbol renamed as `objcopy --prefix-symbols` does."""
        from .ops import prefix_symbols

        return prefix_symbols(self, prefix)

    # objcopy's operations: `pylink86.ops.api` says what each does.

    def objcopy(self, dialect: str = "gnu", **options: Any) -> ObjectFile:
        """The file after any options of `ops.plan.Plan`, done together in objcopy's order."""
        from .ops import objcopy

        return objcopy(self, dialect, **options)

    def strip_debug(self) -> ObjectFile:
        """Without debug sections, as `objcopy --strip-debug`."""
        return self.objcopy(strip_debug=True)

    def rename_section(self, old: str, new: str, *flags: str) -> ObjectFile:
        """A section under another name, as `objcopy --rename-section`."""
        return self.objcopy(rename_section=((old, new, flags),))

    def redefine_symbol(self, old: str, new: str) -> ObjectFile:
        """A symbol under another name, as `objcopy --redefine-sym`."""
        return self.objcopy(redefine_sym=((old, new),))

    def to_binary(self, *, gap_fill: int | None = None, pad_to: int | None = None) -> bytes:
        """What is loaded, as a raw image: `objcopy -O binary`."""
        from .ops import to_binary

        return to_binary(self, gap_fill=gap_fill, pad_to=pad_to)

    @staticmethod
    def from_binary(data: bytes, name: str, target: str = "elf64-x86-64") -> ObjectFile:
        """Raw bytes as an object with three symbols, as `objcopy -I binary`."""
        from .ops import from_binary

        return from_binary(data, name, target)
