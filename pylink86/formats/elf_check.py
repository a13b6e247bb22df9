"""Is every number of an ELF file that points somewhere pointing into the file?

A linker follows offsets and indices it did not write.  Here each is checked once, right after
reading, so that no later pass has to; what fails is one `error[bad-object]` that names the file,
the structure and the file offset.  A check looks at a column at once (`max(link) < count`); only
when it fails is the culprit looked for, row by row.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from operator import add
from typing import NoReturn

from .. import elf_const as c
from ..diag import fail
from ..elf_tables import REL, RELA, SHDR, SYM, Buffer, string_at
from ..model import ObjectFile, Relocations, Sections, Symbols

NO_CONTENT = frozenset({c.SHT_NULL, c.SHT_NOBITS})
"""Section types without bytes in the file."""

_MAX_ALIGN = 1 << 32


def bad(name: str, structure: str, offset: int, what: str) -> NoReturn:
    """Refuse a malformed file.  structure: as in `symbol 7`; offset: where it lies in the file."""
    raise fail(
        "bad-object",
        f"{name}: {structure} at file offset {offset:#x}: {what}",
        place=f"{name}+{offset:#x}",
        help=["the file is damaged or was cut short: build it again"],
    )


def _title(sections: Sections, index: int) -> str:
    """`section 5 (.text)`; without the name when that is what is broken."""
    name_off = sections.name_off[index]
    if not 0 < name_off < len(sections.strings):
        return f"section {index}"
    return f"section {index} ({string_at(sections.strings, name_off)})"


# --- Sections -------------------------------------------------------------------------------------


def check_sections(name: str, elf_class: int, shoff: int, size: int, sections: Sections) -> None:
    """Every section lies in the file, points at existing sections and has whole records.

    shoff: where the section header table lies; size: of the file.  Cost: 0.1 us a section.
    """

    def bad_section(index: int, what: str) -> NoReturn:
        offset = shoff + index * SHDR[elf_class].size
        bad(name, f"header of {_title(sections, index)}", offset, what)

    count = len(sections)
    if sections.type[0] != c.SHT_NULL:
        bad_section(0, "the first section must be of type NULL")
    if max(sections.name_off) >= len(sections.strings):
        at = max(sections.name_off)
        what = f"its name lies at {at:#x} of a table of {len(sections.strings):#x} bytes"
        bad_section(sections.name_off.index(at), what)
    if max(map(add, sections.offset, sections.size)) > size:
        for index, (kind, start, length) in enumerate(
            zip(sections.type, sections.offset, sections.size, strict=True)
        ):
            if start + length > size and kind not in NO_CONTENT:
                bad_section(
                    index, f"{length:#x} bytes at {start:#x} reach beyond the file's {size:#x}"
                )
    if max(sections.link) >= count:
        at = max(sections.link)
        bad_section(sections.link.index(at), f"sh_link is {at}, the file has {count} sections")
    for align in set(sections.align):
        if align & (align - 1) or align > _MAX_ALIGN:
            what = f"alignment {align:#x} is not a power of two up to 4 GiB"
            bad_section(sections.align.index(align), what)
    for index, what in _bad_tables(elf_class, sections):
        bad_section(index, what)


def _bad_tables(elf_class: int, sections: Sections) -> list[tuple[int, str]]:
    """(index, what) of sections that are tables without being whole tables.

    Entry sizes as GNU ld 2.40 demands them ("file in wrong format").
    """
    records = {
        c.SHT_SYMTAB: SYM[elf_class].size,
        c.SHT_RELA: RELA[elf_class].size,
        c.SHT_REL: REL[elf_class].size,
        c.SHT_GROUP: 4,
    }
    count = len(sections)
    found = []
    symtabs = []
    for index, kind in enumerate(sections.type):
        if kind not in records:
            continue
        record = records[kind]
        if sections.entsize[index] != record:
            found.append((index, f"entry size {sections.entsize[index]} is not {record}"))
        elif sections.size[index] % record:
            size = sections.size[index]
            found.append((index, f"size {size:#x} is not a multiple of its entry size {record}"))
        elif kind == c.SHT_SYMTAB:
            symtabs.append(index)
        elif kind != c.SHT_GROUP and sections.info[index] >= count:
            what = f"relocates section {sections.info[index]}, the file has {count} sections"
            found.append((index, what))
    return found + [(index, "a second symbol table") for index in symtabs[1:]]


def check_strings(name: str, sections: Sections, index: int, table: Buffer) -> None:
    """A string table ends with NUL, or is empty (gABI ch.4); then any offset in it is a string."""
    if len(table) and table[-1]:
        offset = sections.offset[index] + len(table) - 1
        structure = f"end of the string table in section {index}"
        bad(name, structure, offset, "the last byte is not NUL")


# --- Symbols --------------------------------------------------------------------------------------


def check_symbols(
    name: str, elf_class: int, sections: Sections, symtab: int, symbols: Symbols
) -> None:
    """Every symbol has a name in the table and a section in the file.

    Cost: 20 ns a symbol.
    """

    def bad_symbol(index: int, what: str) -> NoReturn:
        offset = sections.offset[symtab] + index * SYM[elf_class].size
        bad(name, f"symbol {index}", offset, what)

    if sections.info[symtab] > len(symbols):
        what = f"{sections.info[symtab]} symbols are said to be local, there are {len(symbols)}"
        bad(name, f"symbol table in section {symtab}", sections.offset[symtab], what)
    if not len(symbols):
        return
    at = max(symbols.name_off)
    if at >= len(symbols.strings):
        what = f"its name lies at {at:#x} of a table of {len(symbols.strings):#x} bytes"
        bad_symbol(symbols.name_off.index(at), what)
    at = max(symbols.shndx)
    if at >= len(sections):
        what = f"it is defined in section {at}, the file has {len(sections)} sections"
        bad_symbol(symbols.shndx.index(at), what)


def check_groups(
    name: str, sections: Sections, symtab: int, symbols: Symbols, contents: Sequence[Buffer]
) -> None:
    """The members of a section group are sections, its signature is a symbol (gABI ch.4)."""
    count = len(sections)
    for index, kind in enumerate(sections.type):
        if kind != c.SHT_GROUP:
            continue
        words = struct.unpack(f"<{sections.size[index] // 4}I", contents[index])
        wrong = [member for member in words[1:] if not 0 < member < count]
        if not words:
            what = "it is empty"
        elif wrong:
            what = f"member {wrong[0]} is no section, the file has {count}"
        elif sections.link[index] != symtab or sections.info[index] >= len(symbols):
            what = f"its signature, symbol {sections.info[index]}, does not exist"
        else:
            continue
        bad(name, f"group in {_title(sections, index)}", sections.offset[index], what)


# --- Relocations, when they are decoded -----------------------------------------------------------


def check_relocations(file: ObjectFile, index: int, relocations: Relocations) -> None:
    """Every relocation lies in its section and speaks of an existing symbol.

    Only for relocatable files: in linked ones offsets are addresses.  The last byte a relocation
    patches is looked at by the pass that knows its width.  Cost: 25 ns a relocation.
    """
    sections = file.sections
    target = sections.info[index]
    record = (RELA if relocations.addend is not None else REL)[file.header.elf_class].size

    def bad_relocation(row: int, what: str) -> NoReturn:
        structure = f"relocation {row} in {_title(sections, index)}"
        bad(file.name, structure, sections.offset[index] + row * record, what)

    if not len(relocations):
        return
    at, size = max(relocations.offset), _full_size(file, target)
    if at >= size and file.header.type == c.ET_REL:
        title = sections.names[target] or f"section {target}"
        what = f"its place {at:#x} lies beyond the {size:#x} bytes of {title}"
        bad_relocation(relocations.offset.index(at), what)
    at = max(relocations.symbol)
    table = sections.link[index]
    count = sections.size[table] // SYM[file.header.elf_class].size
    if at and at >= count:
        what = f"its symbol is {at}, the symbol table in section {table} has {count}"
        bad_relocation(relocations.symbol.index(at), what)


def _full_size(file: ObjectFile, index: int) -> int:
    """Bytes of a section as relocations count them: those of a compressed one are unpacked first.

    SHF_COMPRESSED sections begin with ch_type, [ch_reserved,] ch_size, ch_addralign (gABI ch.4).
    """
    sections = file.sections
    if not sections.flags[index] & c.SHF_COMPRESSED or sections.type[index] in NO_CONTENT:
        return sections.size[index]
    size = struct.Struct("<4xI4x" if file.header.elf_class == 32 else "<8xQ8x")
    if sections.size[index] < size.size:
        title, offset = _title(sections, index), sections.offset[index]
        bad(file.name, title, offset, "a compressed section without its header")
    return int(size.unpack_from(file.contents[index])[0])
