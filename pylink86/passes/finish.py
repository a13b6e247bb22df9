"""The result as an ObjectFile with sections, symbols and segments, to be written as ELF.

An ELF executable carries the bytes of the link with a description: section headers, a symbol table,
and program headers that tell a loader what goes where.  Everything is placed here, file offsets
included, because where things lie in the file is one more thing GNU ld and LLD do differently."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import __version__
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
    Symbols,
)
from .combine import (
    Combiner,
    KeptGroup,
    KeptTable,
    groups_that_stay,
    symbols_in_use,
    tables_that_stay,
)
from .elf_options import ElfOptions
from .locate import Addresses
from .name_table import tail_merged
from .order import OutputPlan
from .placement import PlacedSection, Placement
from .relocate import Patched
from .scripts import ScriptFile
from .segments import FileMap, SegmentPlan, align_to, stays
from .segments_gnu import map_file as map_like_gnu
from .segments_lld import map_file as map_like_lld
from .symbols_out import OutSymbols, SymbolSources, output_symbols

COMMENT = ".comment"
SIGNATURE = f"Linker: pylink86 {__version__}\0".encode()
"""What LLD writes into `.comment` of every executable, with our name."""

GNU_NAMES = (".symtab", ".strtab", ".symtab_shndx", ".shstrtab")
"""The tables in the order in which GNU ld stores their names."""

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
    heads = _heads(placed, options, elf_class, dialect)
    where = {h.section: i for i, h in enumerate(heads, 1) if h.kind == "section"}
    tls = next((s.vaddr for s in file_map.segments if s.type == c.PT_TLS), 0)
    tables = [h.table for h in heads if h.table is not None]
    sources = SymbolSources(
        placed,
        where,
        _nearby(placed, where),
        tls,
        options,
        dialect,
        _section_symbols(heads, placed, options, dialect) if keeps_relocations(options) else (),
        symbols_in_use(placed, tables),
    )
    symbols = output_symbols(sources) if options.strip != "all" else None
    if dialect.signs_output and not any(placed.sections[h.section].name == COMMENT for h in heads):
        heads.append(Head("comment"))
    rows, contents = _describe(heads, where, placed, patched, symbols, options, elf_class, dialect)
    builder = _Tables(rows, contents, elf_class, dialect, heads, file_map, options.relocatable)
    header = Header(
        elf_class,
        MACHINES[elf_class],
        c.ET_REL if options.relocatable else c.ET_EXEC,
        osabi=_osabi(placed, dialect),
        entry=0 if options.relocatable else _held(entry, elf_class, "the entry point"),
    )
    return builder.finish(name, header, symbols)


def _osabi(placed: Placement, dialect: Dialect) -> int:
    """LLD passes on the first OSABI an input has."""
    files = placed.addresses.resolution.files
    found = (f.header.osabi for f in files if f.header.osabi)
    return 0 if dialect.tables_like_gnu else next(found, 0)


def keeps_relocations(options: ElfOptions) -> bool:
    return options.relocatable or options.emit_relocs


@attrs.frozen(eq=False)
class Head:
    """A section header to be.

    kind: "section" (an output section, by OutputPlan.index), "relocations" (of that section),
    "group"; "stack note", the empty .note.GNU-stack that LLD writes with -r; "comment", the name of
    the linker.
    order: a number over all inputs that says where among others it stands."""

    kind: str
    section: int = -1
    table: KeptTable | None = None
    group: KeptGroup | None = None
    order: int = -1


def _heads(placed: Placement, options: ElfOptions, elf_class: int, dialect: Dialect) -> list[Head]:
    """Every header but those of the tables, in order.

    GNU ld puts a relocation section behind its section, and groups first; LLD treats both as
    orphans, which stand in the order of the inputs."""
    kept = [s for s in placed.sections if stays(s, options)]
    sections = [
        Head("section", s.plan.index, order=_first_input(s, placed.addresses)) for s in kept
    ]
    if not keeps_relocations(options):
        return sections
    tables = {t.target: Head("relocations", t.target, t, order=t.first)
              for t in tables_that_stay(placed, kept)}  # fmt: skip
    groups: list[Head] = []
    if options.relocatable:
        base = placed.addresses.table.base
        groups = [
            Head("group", group=g, order=base[g.file] + g.index) for g in groups_that_stay(placed)
        ]
    if dialect.tables_like_gnu:
        return [
            *groups,
            *(h for s in sections for h in (s, tables.get(s.section)) if h is not None),
        ]
    heads = _as_orphans(sections, [*tables.values(), *groups], placed, options)
    return [*heads, Head("stack note")] if options.relocatable else heads


def _first_input(section: PlacedSection, addresses: Addresses) -> int:
    """The number of its first input section; 0 when that is the linker's own."""
    first = next(section.plan.sections(), -1)
    return 0 if first >= addresses.table.base[-1] else first


def _as_orphans(
    sections: list[Head], others: list[Head], placed: Placement, options: ElfOptions
) -> list[Head]:
    """LLD's order: before the first orphan of a later input; with -r among all, else among what is
    not in memory."""
    out = list(sections)
    for head in sorted(others, key=lambda h: h.order):
        at = len(out)
        for i, other in enumerate(out):
            plan = placed.sections[other.section].plan if other.kind == "section" else None
            scripted = plan is not None and plan.node is not None
            late = plan is None or options.relocatable or not plan.alloc
            if late and not scripted and other.order > head.order:
                at = i
                break
        out.insert(at, head)
    return out


def _section_symbols(
    heads: list[Head], placed: Placement, options: ElfOptions, dialect: Dialect
) -> tuple[tuple[int, int, int], ...]:
    """(header index, file, value) of each section symbol: GNU ld has one for every section; LLD
    for those with inputs, by the file of the first, in the order the sections were made."""
    found: list[tuple[int, int, int, int]] = []
    table = placed.addresses.table
    for shndx, head in enumerate(heads, 1):
        if head.kind in ("relocations", "stack note", "comment"):
            continue
        file, order, value = -1, head.order, 0
        if head.group is not None:
            file = head.group.file
        else:
            section = placed.sections[head.section]
            value = 0 if options.relocatable else section.vma
            if not dialect.tables_like_gnu:
                inputs = (s for s in section.plan.sections() if s < table.base[-1])
                first = next(inputs, -1)
                if first < 0:
                    continue
                file = -1 if first in placed.addresses.edits.content else table.file[first]
                if section.plan.node is not None:
                    order = -1
        found.append((order, shndx, file, value))
    if not dialect.tables_like_gnu:
        found.sort(key=lambda row: row[0])
    return tuple((shndx, file, value) for _, shndx, file, value in found)


def _describe(
    heads: list[Head],
    where: dict[int, int],
    placed: Placement,
    patched: Patched,
    symbols: OutSymbols | None,
    options: ElfOptions,
    elf_class: int,
    dialect: Dialect,
) -> tuple[list[SectionRow], list[bytes]]:
    """Headers and contents; links to the symbol table are left at 0."""
    contents = {h.section: bytearray(patched.contents[h.section]) for h in heads if h.section >= 0}
    encoded: dict[int, bytes] = {}
    wide = elf_class == 64
    if symbols is not None:
        combiner = Combiner(placed, symbols, where, options.relocatable, wide)
        for head in heads:
            if head.table is not None:
                encoded[head.section] = combiner.encode(
                    head.table, contents[head.section], elf_class
                )
    rows, out = [], []
    for head in heads:
        if head.kind == "section":
            section = placed.sections[head.section]
            row = _row(section, placed.addresses, where, elf_class, dialect, options)
            content = bytes(contents[head.section])
            if dialect.signs_output and section.name == COMMENT and not section.plan.alloc:
                content += SIGNATURE
                row = attrs.evolve(row, size=len(content))
            rows.append(row)
            out.append(content)
        elif head.table is not None:
            rows.append(_relocation_row(head.table, placed, where, elf_class, encoded, options))
            out.append(encoded.get(head.section, b""))
        elif head.kind == "comment":
            flags = c.SHF_MERGE | c.SHF_STRINGS
            rows.append(SectionRow(COMMENT, c.SHT_PROGBITS, flags, size=len(SIGNATURE), entsize=1))
            out.append(SIGNATURE)
        elif head.kind == "stack note":
            rows.append(SectionRow(".note.GNU-stack", c.SHT_PROGBITS))
            out.append(b"")
        elif head.group is not None:
            content = _group_content(head.group, heads, where, placed)
            info = _signature(head.group, placed, symbols)
            rows.append(SectionRow(".group", c.SHT_GROUP, 0, 0, len(content), 0, info, 4, 4))
            out.append(content)
    return rows, out


def _relocation_row(
    table: KeptTable,
    placed: Placement,
    where: dict[int, int],
    elf_class: int,
    encoded: dict[int, bytes],
    options: ElfOptions,
) -> SectionRow:
    wide = elf_class == 64
    flags = c.SHF_INFO_LINK | (c.SHF_GROUP if table.in_group and options.relocatable else 0)
    return SectionRow(
        (".rela" if wide else ".rel") + placed.sections[table.target].name,
        c.SHT_RELA if wide else c.SHT_REL,
        flags,
        size=len(encoded.get(table.target, b"")),
        info=where[table.target],
        align=elf_class // 8,
        entsize=24 if wide else 8,
    )


def _group_content(
    group: KeptGroup, heads: list[Head], where: dict[int, int], placed: Placement
) -> bytes:
    """The words of a group: its flags, and the new numbers of its members."""
    owner, obj = placed.addresses.owner, placed.addresses.resolution.files[group.file]
    members = {where[owner[sid]] for sid in group.members if owner[sid] in where}
    for shndx, head in enumerate(heads, 1):
        if head.table is not None and where[head.section] in members and head.table.in_group:
            members.add(shndx)
    flags = bytes(obj.contents[group.index][:4])
    return flags + b"".join(m.to_bytes(4, "little") for m in sorted(members))


def _signature(group: KeptGroup, placed: Placement, symbols: OutSymbols | None) -> int:
    """The output's number of the symbol a group is known by."""
    if symbols is None:
        return 0
    resolution = placed.addresses.resolution
    obj = resolution.files[group.file]
    symbol = obj.sections.info[group.index]
    if symbol >= resolution.first_global[group.file]:
        return symbols.names.get(obj.symbols.name(symbol), 0)
    return symbols.number.get((group.file, symbol), 0)


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


def _address(section: PlacedSection, dialect: Dialect, options: ElfOptions) -> int:
    """sh_addr: LLD gives none to what is not in memory, nor with -r."""
    if dialect.tables_like_gnu or (section.plan.alloc and not options.relocatable):
        return section.vma
    return 0


def _nearby(placed: Placement, where: dict[int, int]) -> dict[int, int]:
    """For sections without a header, the one that their symbols are shown in: the one before or
    behind, whichever is more like it (found by giving GNU ld pairs of both)."""
    shown = [s for s in placed.sections if s.plan.index in where]
    found: dict[int, int] = {}
    for section in placed.sections:
        index = section.plan.index
        if index in where or not shown:
            continue
        before = next((s for s in reversed(shown) if s.plan.index < index), None)
        behind = next((s for s in shown if s.plan.index > index), None)
        best = behind if before is None else before
        if before is not None and behind is not None and _nearer(before, behind, section):
            best = behind
        assert best is not None
        found[index] = where[best.plan.index]
    return found


def _nearer(before: PlacedSection, behind: PlacedSection, section: PlacedSection) -> bool:
    """Whether the section behind stands for one that is not there."""
    for bits in (c.SHF_ALLOC | c.SHF_TLS, c.SHF_WRITE, c.SHF_EXECINSTR):
        mine, left, right = (s.plan.flags & bits for s in (section, before, behind))
        if left != right:
            return right == mine
    if before.plan.loads != behind.plan.loads:
        return behind.plan.loads
    return section.vma >= behind.vma


def _row(
    section: PlacedSection,
    addresses: Addresses,
    where: dict[int, int],
    elf_class: int,
    dialect: Dialect,
    options: ElfOptions,
) -> SectionRow:
    """The header of an output section; the offset is decided elsewhere."""
    plan = section.plan
    flags, entsize, link = header_traits(plan, addresses, dialect, options.relocatable)
    if options.paging == "N" and dialect.tables_like_gnu and section.name == ".text":
        flags |= c.SHF_WRITE
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
            _address(section, dialect, options),
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


def header_traits(
    plan: OutputPlan, addresses: Addresses, dialect: Dialect, relocatable: bool = False
) -> tuple[int, int, int]:
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
        dropped = c.SHF_INFO_LINK | c.SHF_COMPRESSED if relocatable else DROPPED_FLAGS
        flags |= own & ~dropped & ~OF_MERGING & ~c.SHF_ALLOC
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


@attrs.define(eq=False, repr=False)
class _Tables:
    """Section headers and contents while the tables that describe them are added."""

    rows: list[SectionRow]
    contents: list[bytes]
    elf_class: int
    dialect: Dialect
    heads: list[Head]
    file_map: FileMap
    relocatable: bool

    def finish(self, name: str, header: Header, symbols: OutSymbols | None) -> ObjectFile:
        """Add .symtab, .strtab and .shstrtab in the dialect's order, and place what is not in
        memory behind the rest."""
        count = len(self.rows)
        table = self._symbol_rows(symbols) if symbols is not None else None
        gnu = self.dialect.tables_like_gnu
        names = [".symtab", ".strtab", ".shstrtab"] if gnu else [".symtab", ".shstrtab", ".strtab"]
        if table is None:
            names = [".shstrtab"]
        wide = table is not None and count + 4 >= c.SHN_LORESERVE
        if wide:
            names.insert(1, ".symtab_shndx")
        at = {made: count + 1 + i for i, made in enumerate(names)}
        all_names = [row.name for row in self.rows]
        if gnu:
            strings, where = tail_merged([*sorted(names, key=GNU_NAMES.index), *all_names])
        else:
            strings, where = build_strings([*all_names, *names])
        linked = (c.SHT_REL, c.SHT_RELA, c.SHT_GROUP)
        self.rows = [
            attrs.evolve(row, link=at.get(".symtab", 0)) if row.type in linked else row
            for row in self.rows
        ]
        for made in names:
            self._add(made, at, table, strings)
        return self._place(name, header, table, strings, where, at)

    def _symbol_rows(self, symbols: OutSymbols) -> Symbols:
        rows, elf_class = symbols.rows, self.elf_class
        return Symbols(
            (0, *symbols.name_off),
            (0, *(_held(row.value, elf_class, f"symbol `{row.name}'") for row in rows)),
            (0, *(_held(row.size, elf_class, f"the size of symbol `{row.name}'") for row in rows)),
            (0, *(row.binding << 4 | row.type for row in rows)),
            (0, *(row.other for row in rows)),
            (0, *(row.shndx for row in rows)),
            symbols.strings,
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
            elif head is not None and head.kind == "relocations" and self.dialect.tables_like_gnu:
                last.append(i)
            elif row.name == ".shstrtab" and head is None and last:
                waiting += [*last, i]
            else:
                waiting.append(i)
        for i in waiting:
            row = self.rows[i - 1]
            pos = align_to(pos, row.align)
            offsets[i] = pos
            pos += row.size if row.type != c.SHT_NOBITS else 0
        return offsets, pos

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
        vaddr=_held(segment.vaddr, elf_class, "a segment"),
        paddr=_held(segment.paddr, elf_class, "a segment's load address"),
        memsz=_held(segment.memsz, elf_class, "the size of a segment"),
    )
