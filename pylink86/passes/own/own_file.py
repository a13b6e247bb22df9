"""The linker's own file: an object like any other, with what the linker makes.

COMMON blocks need a home, and a link may need tables that no input has.  All of it is one more
ObjectFile, so that patterns, garbage collection, maps and provenance meet no special case.  In the
order of addresses the linkers differ: GNU ld gives each file one COMMON section, filled as names
lie in its hash table, LLD one section a symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...model import COMMON, ObjectFile, SectionRow, Sections, SymbolRow, Symbols
from ..finishing.name_table import table_order
from ..inputs.members import Inputs
from ..inputs.needs import assigned, value_is_known
from .table_form import TableForm

OWN_NAME = "<linker>"

OFFSET_TABLE = "_GLOBAL_OFFSET_TABLE_"
"""What position-independent code calls the table; both linkers put it at the start of .got.plt."""


class Commons:
    """COMMON symbols of one name while files are read: the largest size and alignment asked for."""

    def __init__(self, file: int, size: int, align: int) -> None:
        self.file, self.size, self.align = file, size, align


RELOCATION_TABLES = (".rela.dyn", ".rel.dyn", ".rela.got", ".rel.got")
"""The first of the tables that each linker holds ready."""


class OwnSection:
    """A section that the linker adds.  file: number of the input it passes for, -1 for none.
    symbol: a hidden name for its start, "" for none, and its type.  first: it is made before the
    tables that the linker always holds ready."""

    def __init__(
        self,
        row: SectionRow,
        content: bytes,
        file: int = -1,
        symbol: str = "",
        symbol_type: int = c.STT_NOTYPE,
        first: bool = False,
    ) -> None:
        self.row, self.content, self.file, self.symbol = row, content, file, symbol
        self.symbol_type, self.first = symbol_type, first


def note_common(
    commons: dict[str, Commons], name: str, number: int, symbols: Symbols, index: int
) -> bool:
    """st_value of a common symbol is its alignment; the largest request of all files is granted.

    Whether this one is the largest so far."""
    size, align = symbols.size[index], max(symbols.value[index], 1)
    block = commons.get(name)
    if block is None:
        commons[name] = Commons(number, size, align)
        return True
    block.align = max(block.align, align)
    if size <= block.size:
        return False
    block.size, block.file = size, number
    return True


def assigned_in_any_case(
    inputs: Inputs, definer: Mapping[str, object], dialect: Dialect
) -> frozenset[str]:
    """What scripts assign in any case, so that no COMMON block of that name is needed; for GNU ld
    only where the value is known before sections have addresses."""
    known = dict.fromkeys(definer, 1)
    return frozenset(
        node.name
        for node in assigned(command for _, command in inputs.scripts)
        if not node.provide
        and not (dialect.tables_like_gnu and not value_is_known(node.value, known, 1, []))
    )


def mention_order(
    files: Sequence[ObjectFile], names_of: Sequence[tuple[str, ...]], dialect: Dialect
) -> dict[str, None]:
    """Global names as they are first met; LLD looks for COMMON blocks only in files that ask for
    any."""
    return dict.fromkeys(
        name
        for obj, names in zip(files, names_of)
        if dialect.groups_commons_by_file or COMMON in obj.symbols.shndx
        for name in names
    )


def in_order(
    commons: dict[str, Commons], mentioned: Iterable[str], dialect: Dialect, sort: str
) -> dict[str, Commons]:
    """COMMON blocks in order of address: GNU ld's as in its table of names, with --sort-common by
    alignment, where those of 16 (descending) or 32 (ascending) and more count as one."""
    if not dialect.groups_commons_by_file:
        return commons
    order = table_order([*mentioned], commons.keys())
    if sort:
        back = sort == "descending"
        most = 5 if sort == "ascending" else 4
        powers = {name: min(commons[name].align.bit_length() - 1, most) for name in order}
        order.sort(key=lambda name: -powers[name] if back else powers[name])
    return {name: commons[name] for name in order}


def own_file(
    commons: dict[str, Commons],
    inputs: Inputs,
    dialect: Dialect,
    homes: Iterable[int],
    asks_base: bool,
    has_tables: bool,
    promised: int,
    form: TableForm | None = None,
) -> tuple[ObjectFile, tuple[int, ...], dict[str, int]]:
    """The linker's own file: a home for every COMMON block, an `.eh_frame` where one is merged, and
    the tables, if the output can have some; asks_base: with a symbol for the global offset table;
    form: of the tables, None for what is usual.

    GNU ld gives each file one COMMON section, filled in hash-table order; LLD one section a symbol.
    Returns the file, its sections' origins, and name -> symbol index.
    """
    rows: list[SectionRow] = []
    origin = [-1]
    symbols: list[SymbolRow] = []
    for file, members in _common_groups(commons, dialect, homes):
        size, align = 0, 1
        for name in members:
            block = commons[name]
            size = -(-size // block.align) * block.align
            symbols.append(
                SymbolRow(name, size, block.size, c.STB_GLOBAL, c.STT_OBJECT, 0, len(rows) + 1)
            )
            size, align = size + block.size, max(align, block.align)
        rows.append(
            SectionRow("COMMON", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, size=size, align=align)
        )
        origin.append(file)
    contents: dict[str, bytes] = {}
    if dialect.joins_property_notes:
        from ..editing.notes import NAME, common_features, property_note

        features = common_features(inputs.files) | promised
        word = inputs.files[0].header.elf_class // 8
        if features:
            notes = contents[NAME] = property_note(features, word)
            rows.append(SectionRow(NAME, c.SHT_NOTE, c.SHF_ALLOC, size=len(notes), align=word))
            origin.append(-1)
    if dialect.rebuilds_eh_frame and any(".eh_frame" in f.sections.names for f in inputs.files):
        wide = inputs.files[0].header.elf_class // 8
        rows.append(SectionRow(".eh_frame", c.SHT_PROGBITS, c.SHF_ALLOC, align=wide))
        origin.append(-1)
    if has_tables:
        own_tables = gnu_tables if dialect.tables_like_gnu else _lld_tables
        for row in own_tables(form or TableForm.of(inputs.files[0].header)):
            rows.append(row)
            origin.append(0 if dialect.tables_like_gnu else -1)
            if row.name == ".got.plt" and asks_base:
                symbols.append(_base_symbol(len(rows), dialect))
    sections = Sections.from_rows(rows)
    own = ObjectFile(
        OWN_NAME,
        inputs.files[0].header,
        sections,
        tuple(contents.get(name, b"") for name in sections.names),
        Symbols.from_rows(symbols),
    )
    return own, tuple(origin), {row.name: i for i, row in enumerate(symbols, 1)}


def _common_groups(
    commons: dict[str, Commons], dialect: Dialect, homes: Iterable[int]
) -> Iterator[tuple[int, list[str]]]:
    """Which COMMON symbols share a section: (file number, names in order of address).

    homes: files that had the largest request of some block for a while; in GNU ld they keep an
    empty section."""
    if not dialect.groups_commons_by_file:
        yield from ((block.file, [name]) for name, block in commons.items())
        return
    by_file: dict[int, list[str]] = {file: [] for file in homes}
    for name in commons:
        by_file.setdefault(commons[name].file, []).append(name)
    yield from sorted(by_file.items())


def _base_symbol(shndx: int, dialect: Dialect) -> SymbolRow:
    """_GLOBAL_OFFSET_TABLE_, which no other module sees; GNU ld calls it an object."""
    kind = c.STT_OBJECT if dialect.tables_like_gnu else c.STT_NOTYPE
    return SymbolRow(OFFSET_TABLE, 0, 0, c.STB_GLOBAL, kind, c.STV_HIDDEN, shndx)


def gnu_tables(form: TableForm) -> tuple[SectionRow, ...]:
    """The tables GNU ld makes, as sections of the first input file (seen in its maps)."""
    word, rel, kind = form.word, form.prefix, form.type
    read, write = c.SHF_ALLOC, c.SHF_ALLOC | c.SHF_WRITE
    code = read | c.SHF_EXECINSTR
    if form.moves:
        return (
            SectionRow(".plt", c.SHT_PROGBITS, code, align=16),
            SectionRow(rel + ".plt", kind, read, align=word),
            SectionRow(".got", c.SHT_PROGBITS, write, align=form.slot),
            SectionRow(rel + ".got", kind, read, align=word),
            SectionRow(".got.plt", c.SHT_PROGBITS, write, align=form.slot),
            SectionRow(rel + ".ifunc", kind, read, align=word),
            SectionRow(".plt.got", c.SHT_PROGBITS, code, align=8),
            SectionRow(".plt.sec", c.SHT_PROGBITS, code, align=16),
        )
    return (
        SectionRow(rel + ".got", kind, read, align=word),
        SectionRow(".got", c.SHT_PROGBITS, write, align=form.slot),
        SectionRow(".got.plt", c.SHT_PROGBITS, write, align=form.slot),
        SectionRow(".iplt", c.SHT_PROGBITS, code, align=16),
        SectionRow(rel + ".iplt", kind, read, align=word),
        SectionRow(".igot.plt", c.SHT_PROGBITS, write, align=form.slot),
    )


def _lld_tables(form: TableForm) -> tuple[SectionRow, ...]:
    """The empty tables LLD holds ready: a pattern such as `*(.rela*)` takes them, and then the
    output section has their type and alignment.  Found with one `.p : { *(name) . = ALIGN(512); }`
    each."""
    word, rel, kind = form.word, form.prefix, form.type
    read, write = c.SHF_ALLOC, c.SHF_ALLOC | c.SHF_WRITE
    return (
        SectionRow(rel + ".dyn", kind, read, align=word),
        SectionRow(rel + ".plt", kind, read, align=word),
        SectionRow(".got", c.SHT_PROGBITS, write, align=form.slot),
        SectionRow(".got.plt", c.SHT_PROGBITS, write, align=form.slot),
        SectionRow(".plt", c.SHT_PROGBITS, read, align=16),
        SectionRow(".iplt", c.SHT_PROGBITS, read, align=16),
        SectionRow(".bss", c.SHT_NOBITS, write),
        SectionRow(".bss.rel.ro", c.SHT_NOBITS, write),
    )


def with_sections(
    own: ObjectFile, origin: Sequence[int], added: Sequence[OwnSection]
) -> tuple[ObjectFile, tuple[int, ...]]:
    """The linker's own file, and its sections' origins, with more sections: the first ones before
    the tables, others before the unwind table, whose index LLD makes first."""
    early = [section for section in added if section.first]
    late = [section for section in added if not section.first]
    for some, before in ((early, RELOCATION_TABLES), (late, (".eh_frame",))):
        if some:
            own, origin = _inserted(own, origin, some, before)
    return own, tuple(origin)


def _inserted(
    own: ObjectFile, origin: Sequence[int], added: Sequence[OwnSection], before: Sequence[str]
) -> tuple[ObjectFile, tuple[int, ...]]:
    """The same with sections before the first that is named in `before`."""
    names = own.sections.names
    at = next((i for i, name in enumerate(names) if name in before), len(names))
    many = len(added)
    rows = [
        SectionRow(names[i], kind, flags, addr, size, link, info, align, entsize)
        for i, (_, kind, flags, addr, _, size, link, info, align, entsize) in enumerate(
            own.sections.rows()
        )
    ]
    rows[at:at] = [section.row for section in added]
    contents = [*own.contents]
    contents[at:at] = [section.content for section in added]
    old = own.symbols
    symbols = [
        SymbolRow(name, value, size, info >> 4, info & 0xF, other, n + many if n >= at else n)
        for name, value, size, info, other, n in zip(
            old.names, old.value, old.size, old.info, old.other, old.shndx
        )
    ]
    symbols += [
        SymbolRow(
            section.symbol, 0, 0, c.STB_GLOBAL, section.symbol_type, c.STV_HIDDEN, at + number
        )
        for number, section in enumerate(added)
        if section.symbol
    ]
    made = attrs.evolve(
        own,
        sections=Sections.from_rows(rows[1:]),
        contents=tuple(contents),
        symbols=Symbols.from_rows(symbols[1:]),
    )
    return made, (*origin[:at], *(section.file for section in added), *origin[at:])
