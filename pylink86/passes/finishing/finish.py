"""The result as an ObjectFile with sections, symbols and segments, to be written as ELF.

An ELF executable carries the bytes of the link with a description: section headers, a symbol table,
and program headers that tell a loader what goes where.  Everything is placed here, file offsets
included, because where things lie in the file is one more thing GNU ld and LLD do differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...model import Header, ObjectFile, SectionRow
from ..elf_options import ElfOptions
from ..placement import Placement
from ..placing.nearby import neighbours
from ..reading.scripts import ScriptFile
from ..relocating.relocate import Patched
from ..segmenting.segments import FileMap, SegmentPlan
from .described_tables import described_tables
from .elf_file import ElfFile
from .header_rows import describe_sections, held
from .heads import keeps_relocations, list_heads, section_symbols
from .symbol_sources import AskedNames, SymbolSources
from .symbols_out import OutSymbols, output_symbols

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
    machine: int = 0,
    asked: AskedNames | None = None,
    osabi: int | None = None,
) -> ObjectFile:
    """The link as an ET_EXEC (or ET_REL) of a class: 32, 64, or 0 for that of the link's machine;
    machine: what the header says, 0 for that of the class.

    osabi: the system the output is for; None: in LLD's dialect the one that inputs say.

    Raises out-of-range-for-elf32 for what lies where a 32-bit file cannot say it does."""
    elf_class = elf_class or (64 if placed.addresses.machine == c.EM_X86_64 else 32)
    file_map = map_output(placed, elf_class, segments, script, options, dialect)
    described = described_tables(placed.commands, script, dialect, options.relocatable)
    heads = list_heads(placed, options, described, dialect)
    where = {h.section: i for i, h in enumerate(heads, 1) if h.kind == "section"}
    tls = next((s.vaddr for s in file_map.segments if s.type == c.PT_TLS), 0)
    tables = [h.table for h in heads if h.table is not None]
    in_use = frozenset[tuple[int, int]]()
    if tables:
        from ..relocating.combine import symbols_in_use

        in_use = symbols_in_use(placed, tables)
    sources = SymbolSources(
        placed,
        where,
        neighbours(placed, where, options.paging == "N"),
        tls,
        options,
        dialect,
        section_symbols(heads, placed, options, dialect) if keeps_relocations(options) else (),
        in_use,
        asked or AskedNames(),
        {
            (head.group.file, head.group.index): at
            for at, head in enumerate(heads, 1)
            if head.group is not None and not dialect.tables_like_gnu
        },
    )
    symbols = output_symbols(sources) if options.strip != "all" else None
    rows, contents = describe_sections(
        heads, where, placed, patched, symbols, options, elf_class, dialect
    )
    if placed.addresses.tables.names is not None:
        from ..pie.dynamic_rows import fill_dynamic_symbols

        listed = symbols or output_symbols(sources)
        fill_dynamic_symbols(listed, placed, where, contents, elf_class)
    for index, section_type in file_map.types.items():
        at = where[index] - 1
        rows[at] = attrs.evolve(rows[at], type=section_type)
        contents[at] = contents[at] or bytes(rows[at].size)
    if options.compress_debug or options.compress_sections:
        from .compress import compress_sections

        rows, contents = compress_sections(rows, contents, options, elf_class, dialect)
    builder = ElfFile(
        rows, contents, elf_class, dialect, heads, file_map, options.relocatable,
        described,
        bool(options.compress_debug) and dialect.compresses_like_gnu,
    )  # fmt: skip
    if osabi is None or (dialect.tables_like_gnu and not osabi):
        osabi = _osabi(placed, dialect, symbols, rows if options.relocatable else ())
    header = Header(
        elf_class,
        machine or MACHINES[elf_class],
        _type(options, dialect, file_map),
        osabi=osabi,
        entry=held(entry, elf_class, "the entry point"),
    )
    made = builder.finish(name, header, symbols)
    if not dialect.tables_like_gnu:
        from ..relocating.traps import with_traps

        made = with_traps(made, options)
    if not options.build_id:
        return made
    from .identify import with_elf_build_id

    return with_elf_build_id(made, where, placed, options.build_id, dialect)


def _type(options: ElfOptions, dialect: Dialect, file_map: FileMap) -> int:
    """e_type; what moves begins at 0 for GNU ld, and with another first address does not move."""
    if options.relocatable:
        return c.ET_REL
    first = next((s.vaddr for s in file_map.segments if s.type == c.PT_LOAD), 0)
    return c.ET_DYN if options.pie and not (first and dialect.tables_like_gnu) else c.ET_EXEC


def _osabi(
    placed: Placement,
    dialect: Dialect,
    symbols: OutSymbols | None,
    retained: Iterable[SectionRow],
) -> int:
    """LLD passes on the first OSABI an input has, unless -m says what is wanted; GNU ld says GNU
    when there are symbols or, with -r, sections of kinds that only GNU systems know."""
    if dialect.tables_like_gnu:
        kinds = symbols.kinds if symbols is not None else ()
        is_gnu = any(k & 0xF == c.STT_GNU_IFUNC or k >> 4 == c.STB_GNU_UNIQUE for k in kinds)
        is_gnu |= any(row.flags & c.SHF_GNU_RETAIN for row in retained)
        return c.ELFOSABI_GNU if is_gnu else 0
    files = placed.addresses.resolution.files
    return next((f.header.osabi for f in files if f.header.osabi), 0)


def map_output(
    placed: Placement,
    elf_class: int,
    segments: Sequence[SegmentPlan],
    script: ScriptFile,
    options: ElfOptions,
    dialect: Dialect,
) -> FileMap:
    """Where the sections in memory lie in the file, and the program headers."""
    if dialect.tables_like_gnu:
        from ..segmenting.file_map_gnu import map_file
    else:
        from ..segmenting.file_map_lld import map_file
    return map_file(segments, placed, options, elf_class, script.has_sections)
