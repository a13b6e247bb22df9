"""An ELF output's own tables (symbols and names), and where in the file everything lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM, Buffer, build_strings
from ...formats.binary import MAX_SIZE, too_large
from ...formats.elf_write import encode_symbol_table
from ...model import FileLayout, Header, ObjectFile, SectionRow, Sections, Segment, Symbols
from ..segmenting.segments import FileMap, align_to
from .described_tables import DescribedTables
from .header_rows import held
from .heads import Head
from .name_table import tail_merged
from .symbols_out import OutSymbols

GNU_NAMES = (".symtab", ".strtab", ".symtab_shndx", ".shstrtab")
"""The tables in the order in which GNU ld stores their names."""


@attrs.define(eq=False, repr=False)
class ElfFile:
    """Section headers and contents while the tables that describe them are added."""

    rows: list[SectionRow]
    contents: list[bytes]
    elf_class: int
    dialect: Dialect
    heads: list[Head]
    file_map: FileMap
    relocatable: bool
    tables: DescribedTables
    compressing: bool = False

    def finish(self, name: str, header: Header, symbols: OutSymbols | None) -> ObjectFile:
        """Add .symtab, .strtab and .shstrtab in the dialect's order, and place what is not in
        memory behind the rest."""
        table = self._symbol_rows(symbols) if symbols is not None else None
        gnu = self.dialect.tables_like_gnu
        at = self._numbers(table is not None)
        names = [made for made in at if at[made] > len(self.rows)]
        all_names = [row.name for row in self.rows]
        if self.compressing:  # GNU ld names a section when it knows whether to compress it
            all_names.sort(key=lambda name: name.startswith((".debug_", ".zdebug_")))
        if gnu:
            strings, where = tail_merged([*sorted(names, key=GNU_NAMES.index), *all_names])
        else:
            strings, where = build_strings([*all_names, *names])
        self.rows = [
            attrs.evolve(row, link=at.get(".symtab", 0)) if _names_symbols(row, gnu) else row
            for row in self.rows
        ]
        self.rows += [SectionRow(made, c.SHT_STRTAB) for made in names]
        self.contents += [b""] * len(names)
        for made in at:
            self._fill(made, at, table, strings)
        if ".symtab" not in at:
            table = None
        return self._place(name, header, table, strings, where, at)

    def _numbers(self, has_symbols: bool) -> dict[str, int]:
        """The header index of each table: where the script puts it, or behind the rest."""
        at = {head.name: i for i, head in enumerate(self.heads, 1) if head.kind == "table"}
        ends = [made for made in self.tables.rest if has_symbols or made == ".shstrtab"]
        has_symbols = ".symtab" in at or ".symtab" in ends
        if has_symbols and len(self.rows) + 4 >= c.SHN_LORESERVE:
            first = ends.index(".symtab") + 1 if ".symtab" in ends else 0
            ends.insert(first, ".symtab_shndx")
        return at | {made: i for i, made in enumerate(ends, len(self.rows) + 1)}

    def _symbol_rows(self, symbols: OutSymbols) -> Symbols:
        columns = symbols.columns
        return Symbols(
            (0, *symbols.name_off),
            (0, *self._held(columns.value, columns.name, "symbol")),
            (0, *self._held(columns.size, columns.name, "the size of symbol")),
            (0, *columns.info),
            (0, *columns.other),
            (0, *columns.shndx),
            symbols.strings,
        )

    def _held(self, numbers: Sequence[int], names: Sequence[str], what: str) -> Sequence[int]:
        """Numbers of symbols as a file of the class holds them; most are already."""
        if min(numbers, default=0) >= 0 and max(numbers, default=0) < 1 << self.elf_class:
            return numbers
        rows = zip(numbers, names)
        return [held(number, self.elf_class, f"{what} `{name}'") for number, name in rows]

    def _fill(self, made: str, at: dict[str, int], table: Symbols | None, strings: bytes) -> None:
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
                infos = Counter(table.info).items()
                info = sum(many for i, many in infos if i >> 4 == c.STB_LOCAL)
                content = main
                row = SectionRow(
                    made, c.SHT_SYMTAB, 0, 0, len(main), at.get(".strtab", 0), info, word,
                    SYM[self.elf_class].size,
                )  # fmt: skip
            else:
                content = wide or bytes(4 * len(table))
                row = SectionRow(
                    made, c.SHT_SYMTAB_SHNDX, 0, 0, len(content), at[".symtab"], 0, 4, 4
                )
        self.rows[at[made] - 1] = row
        self.contents[at[made] - 1] = content

    def _offsets(self) -> tuple[list[int], int]:
        """File offsets by header index, and where the last content ends: sections first, then
        tables; GNU ld writes relocations between .strtab and .shstrtab."""
        offsets = [0] * (len(self.rows) + 1)
        pos = self.file_map.end
        waiting: list[int] = []
        last: list[int] = []
        for i, row in enumerate(self.rows, 1):
            head = self.heads[i - 1] if i <= len(self.heads) else None
            at = self.file_map.offsets.get(head.section, -1) if head is not None else -1
            if head is not None and head.kind == "section" and at >= 0:
                offsets[i] = at
            elif head is not None and self._comes_late(head, row):
                last.append(i)
            elif row.name == ".shstrtab" and head is None and last:
                waiting += [*last, i]
            else:
                waiting.append(i)
        for i in waiting:
            row = self.rows[i - 1]
            pos = align_to(pos, row.align)
            offsets[i] = pos
            if row.type != c.SHT_NOBITS or self._has_room_for(row):
                pos += row.size
        return offsets, pos

    def _has_room_for(self, row: SectionRow) -> bool:
        """LLD leaves room for a `.bss` that is not in memory: (OVERLAY) and its like."""
        return not (self.dialect.tables_like_gnu or row.flags & c.SHF_ALLOC)

    def _comes_late(self, head: Head, row: SectionRow) -> bool:
        """GNU ld: what is placed when all else is: relocations, and what it compresses."""
        if not self.dialect.tables_like_gnu:
            return False
        squeezed = self.compressing and row.name.startswith((".debug_", ".zdebug_"))
        return head.kind == "relocations" or squeezed

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
        offsets, pos = self._offsets()
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
    """The file with its layout; numbers too large for the header go to section 0 (gABI ch.4)."""
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
        vaddr=held(segment.vaddr, elf_class, "a segment"),
        paddr=held(segment.paddr, elf_class, "a segment's load address"),
        memsz=held(segment.memsz, elf_class, "the size of a segment"),
    )


def _names_symbols(row: SectionRow, gnu: bool) -> bool:
    """Whether a section refers to symbols by number, so that its header names the table; LLD's
    relocations in memory are for a loader, which knows none, and those of a program that moves go
    with its own."""
    if row.type in (c.SHT_REL, c.SHT_RELA):
        return not row.link and (gnu or not row.flags & c.SHF_ALLOC)
    return row.type == c.SHT_GROUP
