"""The result as an ObjectFile with sections, symbols and segments, to be written as ELF.

An ELF executable carries the bytes of the link with a description: section headers, a symbol table,
and program headers that tell a loader what goes where.  Everything is placed here, file offsets
included, because where things lie in the file is one more thing GNU ld and LLD do differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from .. import elf_const as c
from ..diag import fail
from ..dialect import Dialect
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM, Buffer, build_strings
from ..formats.binary import MAX_SIZE, too_large
from ..formats.elf_write import encode_symbol_table
from ..model import (
    FileLayout,
    Header,
    ObjectFile,
    SectionRow,
    Sections,
    Segment,
    SymbolRow,
    Symbols,
)
from .elf_options import ElfOptions
from .locate import Addresses
from .order import OutputPlan
from .placement import PlacedSection, Placement
from .relocate import Patched
from .scripts import ScriptFile
from .segments import FileMap, SegmentPlan, align_to, stays
from .segments_gnu import map_file as map_like_gnu
from .segments_lld import map_file as map_like_lld
from .symbols_out import OutSymbols, SymbolSources, output_symbols

MASK = (1 << 64) - 1
MACHINES = {32: c.EM_386, 64: c.EM_X86_64}


def elf_executable(
    placed: Placement,
    patched: Patched,
    entry: int,
    name: str,
    elf_class: int,
    segments: Sequence[SegmentPlan],
    script: ScriptFile,
    options: ElfOptions,
    dialect: Dialect,
) -> ObjectFile:
    """The link as an ET_EXEC (or ET_REL) of a class: 32, 64, or 0 for that of the link's machine.

    Raises out-of-range-for-elf32 for what lies where a 32-bit file cannot say it does."""
    elf_class = elf_class or (64 if placed.addresses.machine == c.EM_X86_64 else 32)
    file_map = map_output(placed, elf_class, segments, script, options, dialect)
    kept = [s for s in placed.sections if stays(s, options)]
    where = {s.plan.index: i for i, s in enumerate(kept, 1)}
    tls = next((s.vaddr for s in file_map.segments if s.type == c.PT_TLS), 0)
    sources = SymbolSources(placed, where, _nearby(placed, where), tls, options, dialect)
    symbols = output_symbols(sources) if options.strip != "all" else None
    rows = [_row(s, placed.addresses, where, elf_class, dialect) for s in kept]
    contents = [bytes(patched.contents[s.plan.index]) for s in kept]
    builder = _Tables(rows, contents, elf_class, dialect, kept, file_map)
    header = Header(
        elf_class,
        _machine(placed, elf_class),
        c.ET_REL if options.relocatable else c.ET_EXEC,
        entry=_held(entry, elf_class, "the entry point"),
    )
    return builder.finish(name, header, symbols, options)


def map_output(
    placed: Placement,
    elf_class: int,
    segments: Sequence[SegmentPlan],
    script: ScriptFile,
    options: ElfOptions,
    dialect: Dialect,
) -> FileMap:
    """Where the sections in memory lie in the file, and the program headers."""
    map_file = map_like_gnu if dialect.tables_like_gnu else map_like_lld
    return map_file(segments, placed, options, elf_class, script.has_sections)


def _machine(placed: Placement, elf_class: int) -> int:
    return MACHINES[elf_class]


def _nearby(placed: Placement, where: dict[int, int]) -> dict[int, int]:
    """For sections without a header, the one before (or else the one after): symbols in an empty
    section are shown in it."""
    found: dict[int, int] = {}
    last = 0
    for section in placed.sections:
        index = section.plan.index
        if index in where:
            last = where[index]
        elif last:
            found[index] = last
    following = 0
    for section in reversed(placed.sections):
        index = section.plan.index
        if index in where:
            following = where[index]
        elif index not in found and following:
            found[index] = following
    return found


def _row(
    section: PlacedSection,
    addresses: Addresses,
    where: dict[int, int],
    elf_class: int,
    dialect: Dialect,
) -> SectionRow:
    """The header of an output section; the offset is decided elsewhere."""
    plan = section.plan
    flags, entsize, link = header_traits(plan, addresses, dialect)
    linked = 0
    if link >= 0:
        owner = addresses.owner[link]
        linked = where.get(owner, 0)
    kind = plan.type
    if kind in (c.SHT_REL, c.SHT_RELA):  # a table by its inputs' types, padding by its bytes
        kind = c.SHT_PROGBITS if section.size else kind
        entsize = 0 if section.size else (24 if elf_class == 64 else 8)
    return SectionRow(
        section.name,
        kind,
        _held(flags, elf_class, f"the flags of section `{section.name}'"),
        _held(
            section.vma if plan.alloc or dialect.tables_like_gnu else 0,
            elf_class,
            f"section `{section.name}'",
        ),
        _held(section.size, elf_class, f"the size of section `{section.name}'"),
        linked,
        0,
        _held(section.align, elf_class, f"the alignment of section `{section.name}'"),
        _held(entsize, elf_class, f"the entry size of section `{section.name}'"),
    )


DROPPED_FLAGS = c.SHF_GROUP | c.SHF_INFO_LINK | c.SHF_EXCLUDE | c.SHF_COMPRESSED
OF_MERGING = c.SHF_MERGE | c.SHF_STRINGS


def header_traits(plan: OutputPlan, addresses: Addresses, dialect: Dialect) -> tuple[int, int, int]:
    """sh_flags, sh_entsize, and the input section that sh_link of a SHF_LINK_ORDER section follows
    (-1: none).

    GNU ld keeps SHF_MERGE when all inputs have it with one entry size; LLD adds the flags of all
    inputs up, and the entry size is theirs when they agree."""
    table, files = addresses.table, addresses.resolution.files
    sids = list(plan.sections())
    flags, entsize, link = plan.flags, 0, -1
    sizes: set[int] = set()
    merging: set[int] = set()
    for sid in sids:
        number = table.owner_file(sid)
        obj, index = files[number], sid - table.base[number]
        own = table.flags[sid]
        flags |= own & ~DROPPED_FLAGS & ~OF_MERGING & ~c.SHF_ALLOC
        if dialect.tables_like_gnu and not addresses.size[sid]:
            continue
        sizes.add(obj.sections.entsize[index])
        merging.add(own & OF_MERGING)
        if own & c.SHF_LINK_ORDER and link < 0 and obj.sections.link[index]:
            link = table.base[number] + obj.sections.link[index]
    if len(sizes) == 1:
        entsize = sizes.pop()
    if dialect.tables_like_gnu:
        if len(merging) == 1 and entsize:
            flags |= merging.pop()
        elif merging - {0}:
            entsize = 0
    else:
        for mine in merging:
            flags |= mine
    return flags, entsize, link


def _held(value: int, elf_class: int, what: str) -> int:
    """A number as a file of the class holds it; negative ones wrap."""
    value &= MASK
    if elf_class == 64 or value <= 0xFFFFFFFF:
        return value
    if value >= MASK - 0x7FFFFFFF:
        return value & 0xFFFFFFFF
    raise fail(
        "out-of-range-for-elf32",
        f"{what} is {value:#x}: a 32-bit ELF file has no room for that",
        help=["write elf64-x86-64 or a raw image, or place it below 0x100000000"],
    )


@attrs.define(eq=False)
class _Tables:
    """Section headers and contents while the tables that describe them are added."""

    rows: list[SectionRow]
    contents: list[bytes]
    elf_class: int
    dialect: Dialect
    kept: list[PlacedSection]
    file_map: FileMap

    def finish(
        self, name: str, header: Header, symbols: OutSymbols | None, options: ElfOptions
    ) -> ObjectFile:
        """Add .symtab, .strtab and .shstrtab in the dialect's order, and place what is not in
        memory behind the rest."""
        count = len(self.rows)
        table = self._symbol_rows(symbols) if symbols is not None else None
        gnu = self.dialect.tables_like_gnu
        names = [".symtab", ".strtab", ".shstrtab"] if gnu else [".symtab", ".shstrtab", ".strtab"]
        if table is None:
            names = [".shstrtab"] if gnu else [".shstrtab", ".strtab"]
        wide = table is not None and count + 4 >= c.SHN_LORESERVE
        if wide:
            names.insert(1, ".symtab_shndx")
        at = {made: count + 1 + i for i, made in enumerate(names)}
        all_names = [row.name for row in self.rows]
        strings, where = build_strings([*names, *all_names] if gnu else [*all_names, *names])
        if gnu and table is None:
            strings, where = build_strings([".symtab", ".strtab", ".shstrtab", *all_names])
        for made in names:
            self._add(made, at, table, strings)
        return self._place(name, header, table, strings, where, at)

    def _symbol_rows(self, symbols: OutSymbols) -> Symbols:
        return Symbols.from_rows(
            attrs.evolve(
                row,
                value=_held(row.value, self.elf_class, f"symbol `{row.name}'"),
                size=_held(row.size, self.elf_class, f"the size of symbol `{row.name}'"),
            )
            for row in symbols.rows
        )

    def _add(self, made: str, at: dict[str, int], table: Symbols | None, strings: bytes) -> None:
        word = self.elf_class // 8
        if made == ".shstrtab":
            row, content = SectionRow(made, c.SHT_STRTAB, size=len(strings)), strings
        elif made == ".strtab":
            content = table.strings if table is not None else b"\0"
            row = SectionRow(made, c.SHT_STRTAB, size=len(content))
        else:
            assert table is not None
            main, wide = encode_symbol_table(table, self.elf_class)
            if made == ".symtab":
                info = sum(1 for i in table.info if i >> 4 == c.STB_LOCAL)
                content = main
                row = SectionRow(
                    made, c.SHT_SYMTAB, 0, 0, len(main), at[".strtab"], info, word,
                    SYM[self.elf_class].size,
                )  # fmt: skip
            else:
                content = wide or bytes(4 * len(table))
                row = SectionRow(
                    made, c.SHT_SYMTAB_SHNDX, 0, 0, len(content), at[".symtab"], 0, 4, 4
                )
        self.rows.append(row)
        self.contents.append(content)

    def _place(
        self,
        name: str,
        header: Header,
        table: Symbols | None,
        strings: bytes,
        where: dict[str, int],
        at: dict[str, int],
    ) -> ObjectFile:
        """File offsets of what is not in memory, and of the section headers."""
        offsets = [0] * (len(self.rows) + 1)
        pos = self.file_map.end
        for i, section in enumerate(self.kept, 1):
            offsets[i] = self.file_map.offsets[section.plan.index]
        for i, row in enumerate(self.rows[len(self.kept) :], len(self.kept) + 1):
            pos = align_to(pos, row.align)
            offsets[i] = pos
            if row.type != c.SHT_NOBITS:
                pos += row.size
        shoff = align_to(pos, self.elf_class // 8)
        if shoff > MAX_SIZE:
            spans = [
                (at, at + row.size, f"section `{row.name}'")
                for at, row in zip(offsets[1:], self.rows)
                if row.type != c.SHT_NOBITS
            ]
            raise too_large(spans, shoff, MAX_SIZE)
        every = [SectionRow("", 0, align=0), *self.rows]
        sections = Sections(
            tuple(where[row.name] for row in every),
            tuple(row.type for row in every),
            tuple(row.flags for row in every),
            tuple(row.addr for row in every),
            tuple(offsets),
            tuple(row.size for row in every),
            tuple(row.link for row in every),
            tuple(row.info for row in every),
            tuple(row.align for row in every),
            tuple(row.entsize for row in every),
            strings,
        )
        header = attrs.evolve(header, shstrndx=at[".shstrtab"])
        segments = tuple(_checked(s, self.elf_class) for s in self.file_map.segments)
        return completed(
            name,
            header,
            sections,
            [b"", *self.contents],
            table,
            at.get(".symtab", 0),
            segments,
            shoff,
        )


def completed(
    name: str,
    header: Header,
    sections: Sections,
    contents: Sequence[Buffer],
    table: Symbols | None,
    symtab: int,
    segments: Sequence[Segment],
    shoff: int,
) -> ObjectFile:
    """The file with its layout; numbers too large for the ELF header go to section 0 (gABI ch.4)."""
    elf_class = header.elf_class
    count, phnum = len(sections), len(segments)
    many, far, crowd = (
        count >= c.SHN_LORESERVE,
        header.shstrndx >= c.SHN_LORESERVE,
        phnum >= c.PN_XNUM,
    )
    sections = attrs.evolve(
        sections,
        size=(count if many else 0, *sections.size[1:]),
        link=(header.shstrndx if far else 0, *sections.link[1:]),
        info=(phnum if crowd else 0, *sections.info[1:]),
    )
    tail = (
        IDENT_SIZE + EHDR[elf_class].size,
        PHDR[elf_class].size if phnum else 0,
        c.PN_XNUM if crowd else phnum,
        SHDR[elf_class].size,
        0 if many else count,
        c.SHN_XINDEX if far else header.shstrndx,
    )
    size = shoff + count * SHDR[elf_class].size
    layout = FileLayout(IDENT_SIZE + EHDR[elf_class].size if phnum else 0, shoff, tail, (), size)
    return ObjectFile(
        name,
        header,
        sections,
        tuple(contents),
        table if table is not None else Symbols.from_rows(()),
        symtab,
        tuple(segments),
        layout,
    )


def _checked(segment: Segment, elf_class: int) -> Segment:
    return attrs.evolve(
        segment,
        vaddr=_held(segment.vaddr, elf_class, "a segment"),
        paddr=_held(segment.paddr, elf_class, "a segment's load address"),
        memsz=_held(segment.memsz, elf_class, "the size of a segment"),
    )


def symbol_rows(rows: Iterable[SymbolRow]) -> tuple[SymbolRow, ...]:
    return tuple(rows)
