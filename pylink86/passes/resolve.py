"""Who defines each name: one definer per symbol, one copy of each COMDAT group, COMMON given a
home.

Every object file lists the names it defines and the names it needs.  This pass walks the files in
command-line order and decides, for every name, the one definition that all references mean: a
strong definition beats a common block, a common block beats a weak definition, the first of equals
wins, and two strong ones are an error (gABI ch.4, "Symbol Table")."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from .. import elf_const as c
from ..diag import Diagnostics
from ..dialect import Dialect
from ..model import COMMON, ObjectFile, SectionRow, Sections, Symbol, SymbolRow, Symbols
from ..script import nodes as n
from .members import Inputs
from .name_table import table_order
from .near import listed
from .needs import assigned, value_is_known
from .notes import NAME, common_features, property_note

OWN_NAME = "<linker>"

OFFSET_TABLE = "_GLOBAL_OFFSET_TABLE_"
"""What position-independent code calls the table; both linkers put it at the start of .got.plt."""

PC_THUNK = "__x86.get_pc_thunk.bx"
"""Old start files for i386 have it in `.gnu.linkonce`, newer code in a group: LLD, which knows only
groups, keeps both and takes the first."""

STRONG, COMMON_RANK, WEAK = 3, 2, 1

SHOWN = 3
"""Names that are told of a pair of files."""


@attrs.frozen(eq=False, repr=False)
class Resolution:
    """What every name means.

    files: the inputs and, last, the linker's own file (COMMON blocks, tables it makes).
    global_names: per file, the names of its symbols from `first_global[file]` on.
    definer: name -> (file number, symbol index).
    undefined: names some file refers to and none defines.
    dropped: (file number, section index) of COMDAT members that lost to an earlier file.
    weakened: names with a weak definition that LLD takes for a weak reference, because its section
        is not linked -> that definition.
    own_origin: per section of the own file, the number of the file it stands for (-1: none): a
        COMMON block is matched as `COMMON` of the file that asked for it.
    scripts: the scripts' commands that assign, each with how many files came before it.
    met: names in the order in which LLD met them, where libraries count from the start.
    offered: undefined names that a library could have defined.
    """

    files: tuple[ObjectFile, ...]
    global_names: tuple[tuple[str, ...], ...]
    first_global: tuple[int, ...]
    definer: dict[str, tuple[int, int]]
    undefined: frozenset[str]
    dropped: frozenset[tuple[int, int]]
    own_origin: tuple[int, ...]
    redirected: Mapping[tuple[int, int], str] = attrs.field(factory=dict, kw_only=True)
    scripts: tuple[tuple[int, n.TopLevel], ...] = ()
    weakened: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    met: Collection[str] = ()
    offered: frozenset[str] = frozenset()

    @property
    def own(self) -> int:
        return len(self.files) - 1

    def symbol(self, name: str) -> Symbol | None:
        """The defining symbol of a name, or None."""
        found = self.definer.get(name)
        return None if found is None else Symbol(self.files[found[0]], found[1])


@attrs.define(eq=False, repr=False)
class _Commons:
    """COMMON symbols of one name while files are read: the largest size and alignment asked for."""

    file: int
    size: int
    align: int


RELOCATION_TABLES = (".rela.dyn", ".rel.dyn", ".rela.got", ".rel.got")
"""The first of the tables that each linker holds ready."""


@attrs.frozen(eq=False, repr=False)
class OwnSection:
    """A section that the linker adds.  file: number of the input it passes for, -1 for none.
    symbol: a hidden name for its start, "" for none, and its type.
    first: it is made before the tables that the linker always holds ready."""

    row: SectionRow
    content: bytes
    file: int = -1
    symbol: str = ""
    symbol_type: int = c.STT_NOTYPE
    first: bool = False


def resolve_symbols(
    inputs: Inputs,
    dialect: Dialect,
    diags: Diagnostics,
    generic: bool = False,
    added: Sequence[OwnSection] = (),
    has_tables: bool = True,
    sort_common: str = "",
    features: int = 0,
) -> Resolution:
    """Give each name its definer and make the linker's own file.

    generic: the link goes through GNU ld's generic path (raw and foreign formats), where a COMMON
    block has the alignment of the last file that asked for it.  added: sections for the own file
    that options ask for.  has_tables: the output can have a global offset table and the like, which
    the script's patterns place; not with -r.  sort_common: "ascending" or "descending" by
    alignment.  features: what LLD's property note promises beside what all files do.

    Reports duplicate-symbol (GNU's words: multiple definition).  A symbol in a COMDAT member that
    lost defines nothing; its references go to the winner's.
    """
    dropped = _comdat_losers(inputs.files, dialect)
    rank: dict[str, int] = {}
    definer: dict[str, tuple[int, int]] = {}
    asked: set[str] = set()
    commons: dict[str, _Commons] = {}
    common_homes: dict[int, None] = {}
    names_of, first_of = [], []
    twice: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
    unique: dict[str, tuple[int, int]] = {}
    for number, obj in enumerate(inputs.files):
        first, names = obj.first_global, obj.global_names
        names_of.append(names)
        first_of.append(first)
        symbols = obj.symbols
        shndx_of, info_of = symbols.shndx, symbols.info
        for index, name in enumerate(names, first):
            shndx = shndx_of[index]
            if shndx == 0:
                asked.add(name)
                continue
            if dropped and (number, shndx) in dropped and not dialect.lost_copies_define:
                asked.add(name)
                continue
            if shndx == COMMON:
                if _note_common(commons, name, number, symbols, index):
                    common_homes.update({number: None} if rank.get(name, 0) < STRONG else {})
                if generic and dialect.generic_path:
                    commons[name].align = max(symbols.value[index], 1)
                if rank.get(name, 0) < COMMON_RANK:
                    rank[name], definer[name] = COMMON_RANK, (number, index)
                continue
            binding = info_of[index] >> 4
            new = WEAK if binding == c.STB_WEAK else STRONG
            old = rank.get(name, 0)
            if binding == c.STB_GNU_UNIQUE and dialect.unique_yields:
                new = WEAK
                if old == STRONG or name in unique:
                    twice.append((name, unique.get(name) or definer[name], (number, index)))
                unique.setdefault(name, (number, index))
            elif unique and new == STRONG and name in unique:
                twice.append((name, unique[name], (number, index)))
            if new > old:
                rank[name], definer[name] = new, (number, index)
            elif new == STRONG and old == STRONG:
                where = definer[name][0], number
                if name in inputs.assigned and _script_between(inputs, name, where):
                    definer[name] = number, index
                    continue
                twice.append((name, definer[name], (number, index)))
    weakened: dict[str, tuple[int, int]] = {}
    if dialect.excluded_define_nothing:
        excluded = _Excluded.of(inputs.files, dropped)
        twice = [two for two in twice if two[0] != PC_THUNK and not any(map(excluded.has, two[1:]))]
        weak = [
            x
            for x in definer
            if rank[x] == WEAK and excluded.has(definer[x]) and definer[x] != unique.get(x)
        ]
        asked.update(weak)
        weakened = {name: definer.pop(name) for name in weak}
    if twice:
        _report_duplicates(inputs, twice, diags)
    mentioned = _mention_order(inputs.files, names_of, dialect) if commons else {}
    taken = _assigned_names(inputs, definer, dialect) if commons else frozenset[str]()
    alive = {
        name: commons[name]
        for name in mentioned
        if rank.get(name) == COMMON_RANK and name not in taken
    }
    asks_base = OFFSET_TABLE not in definer and (OFFSET_TABLE in asked or dialect.tables_like_gnu)
    alive = _in_order(alive, mentioned, dialect, sort_common)
    own, origin, own_symbols = _own_file(
        alive, inputs, dialect, common_homes, asks_base, has_tables, features
    )
    definer.update((name, (len(inputs.files), index)) for name, index in own_symbols.items())
    for sections, before in (
        ([s for s in added if s.first], RELOCATION_TABLES),
        ([s for s in added if not s.first], (".eh_frame",)),
    ):
        if sections:
            own, origin = _with_sections(own, origin, sections, before)
    if added:
        for index, name in enumerate(own.symbols.names):
            if name:
                definer.setdefault(name, (len(inputs.files), index))
    return Resolution(
        (*inputs.files, own),
        (*names_of, ()),
        (*first_of, len(own.symbols)),
        definer,
        frozenset(asked - definer.keys()),
        dropped,
        origin,
        inputs.scripts,
        weakened=weakened,
        met=inputs.mentioned,
        offered=_offered(inputs, asked - definer.keys()),
    )


def _offered(inputs: Inputs, undefined: set[str]) -> frozenset[str]:
    """Undefined names that libraries define: a weak reference does not let a member join."""
    if not undefined:
        return frozenset()
    return frozenset(
        name for library in inputs.libraries for name in library.symbols[0] if name in undefined
    )


def _assigned_names(
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


@attrs.frozen
class _Excluded:
    """The sections that are never linked, by file: SHF_EXCLUDE, and copies of groups that lost."""

    files: Sequence[ObjectFile]
    sections: dict[int, set[int]]

    @classmethod
    def of(cls, files: Sequence[ObjectFile], lost: Iterable[tuple[int, int]]) -> _Excluded:
        found = {
            number: {i for i, f in enumerate(obj.sections.flags) if f & c.SHF_EXCLUDE}
            for number, obj in enumerate(files)
        }
        for number, index in lost:
            found[number].add(index)
        return cls(files, {number: shut for number, shut in found.items() if shut})

    def has(self, symbol: tuple[int, int]) -> bool:
        """Whether a symbol, by file and index, lies in one of them."""
        file, index = symbol
        return (
            file in self.sections and self.files[file].symbols.shndx[index] in self.sections[file]
        )


def _mention_order(
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


def _note_common(
    commons: dict[str, _Commons], name: str, number: int, symbols: Symbols, index: int
) -> bool:
    """st_value of a common symbol is its alignment; the largest request of all files is granted.

    Whether this one is the largest so far."""
    size, align = symbols.size[index], max(symbols.value[index], 1)
    block = commons.get(name)
    if block is None:
        commons[name] = _Commons(number, size, align)
        return True
    block.align = max(block.align, align)
    if size <= block.size:
        return False
    block.size, block.file = size, number
    return True


def _own_file(
    commons: dict[str, _Commons],
    inputs: Inputs,
    dialect: Dialect,
    homes: Iterable[int],
    asks_base: bool,
    has_tables: bool,
    promised: int,
) -> tuple[ObjectFile, tuple[int, ...], dict[str, int]]:
    """The linker's own file: a home for every COMMON block, an `.eh_frame` where one is merged, and
    the tables, if the output can have some; asks_base: with a symbol for the global offset table.

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
    notes = b""
    if dialect.joins_property_notes:
        features = common_features(inputs.files) | promised
        word = inputs.files[0].header.elf_class // 8
        if features:
            notes = property_note(features, word)
            rows.append(SectionRow(NAME, c.SHT_NOTE, c.SHF_ALLOC, size=len(notes), align=word))
            origin.append(-1)
    if dialect.rebuilds_eh_frame and any(".eh_frame" in f.sections.names for f in inputs.files):
        wide = inputs.files[0].header.elf_class // 8
        rows.append(SectionRow(".eh_frame", c.SHT_PROGBITS, c.SHF_ALLOC, align=wide))
        origin.append(-1)
    if has_tables:
        own_tables = gnu_tables if dialect.tables_like_gnu else _lld_tables
        for row in own_tables(inputs.files[0].header.elf_class):
            rows.append(row)
            origin.append(0 if dialect.tables_like_gnu else -1)
            if row.name == ".got.plt" and asks_base:
                symbols.append(_base_symbol(len(rows), dialect))
    sections = Sections.from_rows(rows)
    own = ObjectFile(
        OWN_NAME,
        inputs.files[0].header,
        sections,
        tuple(notes if name == NAME else b"" for name in sections.names),
        Symbols.from_rows(symbols),
    )
    return own, tuple(origin), {row.name: i for i, row in enumerate(symbols, 1)}


def _base_symbol(shndx: int, dialect: Dialect) -> SymbolRow:
    """_GLOBAL_OFFSET_TABLE_, which no other module sees; GNU ld calls it an object."""
    kind = c.STT_OBJECT if dialect.tables_like_gnu else c.STT_NOTYPE
    return SymbolRow(OFFSET_TABLE, 0, 0, c.STB_GLOBAL, kind, c.STV_HIDDEN, shndx)


def gnu_tables(elf_class: int) -> tuple[SectionRow, ...]:
    """The tables GNU ld makes, as sections of the first input file (seen in its maps)."""
    word = elf_class // 8
    rel, kind = (".rela", c.SHT_RELA) if elf_class == 64 else (".rel", c.SHT_REL)
    read, write = c.SHF_ALLOC, c.SHF_ALLOC | c.SHF_WRITE
    return (
        SectionRow(rel + ".got", kind, read, align=word),
        SectionRow(".got", c.SHT_PROGBITS, write, align=word),
        SectionRow(".got.plt", c.SHT_PROGBITS, write, align=word),
        SectionRow(".iplt", c.SHT_PROGBITS, read | c.SHF_EXECINSTR, align=16),
        SectionRow(rel + ".iplt", kind, read, align=word),
        SectionRow(".igot.plt", c.SHT_PROGBITS, write, align=word),
    )


def _lld_tables(elf_class: int) -> tuple[SectionRow, ...]:
    """The empty tables LLD holds ready: a pattern such as `*(.rela*)` takes them, and then the
    output section has their type and alignment.  Found with one `.p : { *(name) . = ALIGN(512); }`
    each."""
    word = elf_class // 8
    rel, kind = (".rela", c.SHT_RELA) if elf_class == 64 else (".rel", c.SHT_REL)
    read, write = c.SHF_ALLOC, c.SHF_ALLOC | c.SHF_WRITE
    return (
        SectionRow(rel + ".dyn", kind, read, align=word),
        SectionRow(rel + ".plt", kind, read, align=word),
        SectionRow(".got", c.SHT_PROGBITS, write, align=word),
        SectionRow(".got.plt", c.SHT_PROGBITS, write, align=word),
        SectionRow(".plt", c.SHT_PROGBITS, read, align=16),
        SectionRow(".iplt", c.SHT_PROGBITS, read, align=16),
        SectionRow(".bss", c.SHT_NOBITS, write),
        SectionRow(".bss.rel.ro", c.SHT_NOBITS, write),
    )


def _in_order(
    commons: dict[str, _Commons], mentioned: Iterable[str], dialect: Dialect, sort: str
) -> dict[str, _Commons]:
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


def _common_groups(
    commons: dict[str, _Commons], dialect: Dialect, homes: Iterable[int]
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


def _with_sections(
    own: ObjectFile, origin: Sequence[int], added: Sequence[OwnSection], before: Collection[str]
) -> tuple[ObjectFile, tuple[int, ...]]:
    """The linker's own file, and its sections' origins, with more sections: before the first that
    is named in `before`, such as the unwind table, whose index LLD makes first."""
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


def _comdat_losers(files: tuple[ObjectFile, ...], dialect: Dialect) -> frozenset[tuple[int, int]]:
    """Members of COMDAT groups whose signature an earlier file already brought (gABI ch.4,
    Groups)."""
    seen: set[str] = set()
    dropped: set[tuple[int, int]] = set()
    for number, obj in enumerate(files):
        types = obj.sections.type
        if c.SHT_GROUP in types:
            for index in (i for i, kind in enumerate(types) if kind == c.SHT_GROUP):
                words = [w for (w,) in struct.iter_unpack("<I", obj.contents[index])]
                if not words or not words[0] & c.GRP_COMDAT:
                    continue
                signature = _signature(obj, index)
                if signature in seen:
                    dropped.update((number, member) for member in words[1:])
                seen.add(signature)
        if dialect.keeps_first_linkonce and ".gnu.linkonce." in obj.sections.strings.decode(
            "latin1"
        ):
            for index, name in enumerate(obj.sections.names):
                if name.startswith(".gnu.linkonce."):
                    if name in seen:
                        dropped.add((number, index))
                    seen.add(name)
    return frozenset(dropped)


def _signature(obj: ObjectFile, group: int) -> str:
    """The name of the group's symbol; a section symbol has none and lends its section's name."""
    symbol = obj.sections.info[group]
    if obj.symbols.info[symbol] & 0xF == c.STT_SECTION:
        return obj.sections.names[obj.symbols.shndx[symbol]]
    return obj.symbols.name(symbol)


def describe(files: tuple[ObjectFile, ...], where: tuple[int, int]) -> str:
    """`file.o:(.text+0x12)`: the place a symbol is defined at."""
    obj = files[where[0]]
    shndx = obj.symbols.shndx[where[1]]
    value = obj.symbols.value[where[1]]
    if shndx > 0:
        return f"{obj.name}:({obj.sections.names[shndx]}+{value:#x})"
    return f"{obj.name}:(*COM*)" if shndx == COMMON else f"{obj.name}:(*ABS*+{value:#x})"


def _script_between(inputs: Inputs, name: str, where: tuple[int, int]) -> bool:
    """Whether a script assigns a symbol between two files that define it: to GNU ld the second is
    then the first to do so."""
    first, second = where
    return any(first < files <= second for files in inputs.assigned[name])


def _report_duplicates(
    inputs: Inputs,
    twice: list[tuple[str, tuple[int, int], tuple[int, int]]],
    diags: Diagnostics,
) -> None:
    """Every pair of files is told of with up to three names, and a count of the others."""
    pairs: dict[tuple[int, int], list[tuple[str, tuple[int, int], tuple[int, int]]]] = {}
    for name, first, second in twice:
        pairs.setdefault((first[0], second[0]), []).append((name, first, second))
    for (one, other), found in pairs.items():
        rest = [name for name, _, _ in found[SHOWN:]]
        notes, cure = _why_twice(inputs, one, other)
        for name, first, second in found[:SHOWN]:
            last = name == found[min(SHOWN, len(found)) - 1][0]
            more = [f"and {len(rest)} more: {listed(rest)}"] if rest and last else []
            diags.error(
                "duplicate-symbol",
                f"multiple definition of `{name}'",
                place=describe(inputs.files, second),
                notes=[f"{describe(inputs.files, first)}: first defined here", *notes, *more],
                help=[cure],
            )


def _why_twice(inputs: Inputs, one: int, other: int) -> tuple[list[str], str]:
    """How two files came to define the same, and what to do: they are one file, the script named
    one of them, an archive member joined for another name, or each needs its own."""
    if one in inputs.by_pattern and other not in inputs.by_pattern:
        one, other = other, one
    first, second = inputs.files[one].name, inputs.files[other].name
    if first == second:
        return [], f"`{second}' is linked twice: name it once"
    if other in inputs.by_pattern and one not in inputs.by_pattern:
        return (
            [
                f"`{second}' is not on the command line: the script names it, so it is opened and "
                "linked, too"
            ],
            f"if the script means `{first}', write that name in it, or a pattern such as "
            f"*{first.rpartition('/')[2]}",
        )
    return [why for number in (one, other) for why in inputs.why(number)], (
        "keep one of them, make the other one static or weak, or give one file's symbols a prefix: "
        f"--prefix-symbols=k_ {inputs.files[other].archive or second} --prefix-symbols="
    )
