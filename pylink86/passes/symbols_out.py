"""The symbol table of the output: which symbols stay, in which order, bound how.

Local symbols come first (gABI ch.4), file by file; what is left out of them is a matter of
`-x`, `-X` and of the dialect, and so is the order of the others: GNU ld writes them as they lie in
its table of names, LLD as they were first mentioned.

All of it was found by linking two small files with each linker and reading `readelf -sW`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property

import attrs

from .. import elf_const as c
from ..dialect import Dialect
from ..model import ABS, COMMON, UNDEF, SymbolRow
from ..script import nodes as n
from ..script.evaluate import evaluate
from ..script.values import Constants
from .boundaries import Boundary
from .elf_options import ElfOptions
from .match import Claim
from .name_order import names_in_reading_order, names_of_files
from .name_table import strung, table_order, tail_merged
from .needs import names_in_order
from .order import OutputPlan
from .placement import FIRST_OF_ALL, INPUT, PlacedSection, Placement

FORCED_LOCAL = (c.STV_HIDDEN, c.STV_INTERNAL)


@attrs.frozen
class Origin:
    """Where a row comes from: (file, symbol index), or a name of the script (file is -1)."""

    file: int
    index: int
    name: str = ""


@attrs.frozen(eq=False, repr=False)
class OutSymbols:
    """rows: without the null symbol, locals first; strings, name_off: their names. number: of the
    output symbol for (file, symbol index) of every input symbol that has one.  names: of the output
    symbol for a global name. sections: of the section symbol for a header index."""

    rows: tuple[SymbolRow, ...]
    strings: bytes
    name_off: tuple[int, ...]
    number: dict[tuple[int, int], int]
    names: dict[str, int]
    sections: dict[int, int]


@attrs.frozen(eq=False, repr=False)
class SymbolSources:
    """What the table is made of.

    where: header index of each output section, by OutputPlan.index; nearby: for those that are not
    in the output, the one that stands for them.  tls_start: address of the PT_TLS.  section_syms:
    header indices that get a section symbol, in order, each with the file it goes with (-1: the
    linker's) and its value.  used: local symbols that relocations need.  entry: its name."""

    placed: Placement
    where: dict[int, int]
    nearby: dict[int, int]
    tls_start: int
    options: ElfOptions
    dialect: Dialect
    section_syms: tuple[tuple[int, int, int], ...] = ()
    used: frozenset[tuple[int, int]] = frozenset()
    entry: str = ""

    @property
    def relocatable(self) -> bool:
        return self.options.relocatable

    @cached_property
    def word(self) -> int:
        """The bits of an address: where all code is 32-bit, scripts reckon modulo 4 GiB."""
        files = self.placed.addresses.resolution.files[:-1]
        narrow = all(file.header.elf_class == 32 for file in files)
        return 0xFFFFFFFF if narrow else 0xFFFFFFFFFFFFFFFF

    def place(self, index: int, offset: int, kind: int) -> tuple[int, int] | None:
        """(header index, st_value) of an offset in an output section, for a symbol of some type."""
        section = self.placed.sections[index]
        shndx = self.where.get(index)
        if shndx is None:
            shndx = self.nearby.get(index, ABS)
        value = offset if self.relocatable else section.vma + offset
        counts = kind == c.STT_TLS or self.dialect.tls_sections_count_from_segment
        if section.plan.flags & c.SHF_TLS and counts and not self.relocatable:
            value -= self.tls_start
        return shndx, value

    def row(self, file: int, index: int, name: str, binding: int) -> SymbolRow | None:
        """An input's symbol as it is in the output; None when its section is not."""
        symbols = self.placed.addresses.resolution.files[file].symbols
        info, other, size = symbols.info[index], symbols.other[index], symbols.size[index]
        shndx = symbols.shndx[index]
        if shndx in (UNDEF, COMMON):
            if shndx == COMMON or binding != c.STB_LOCAL:
                return SymbolRow(
                    name, symbols.value[index], size, binding, info & 0xF, other, shndx
                )
            return None
        found = self.placed.addresses.of_symbol(file, index)
        if found is None:
            return None
        if isinstance(found, int):
            return SymbolRow(name, found, size, binding, info & 0xF, other, ABS)
        spot = self.place(*found, info & 0xF)
        if spot is None:
            return None
        return SymbolRow(name, spot[1], size, binding, info & 0xF, other, spot[0])

    def is_gone(self, file: int, index: int) -> bool:
        """GNU ld: whether a symbol is in an output section that has no header."""
        if not self.dialect.tables_like_gnu:
            return False
        found = self.placed.addresses.of_symbol(file, index)
        return isinstance(found, tuple) and found[0] not in self.where

    def type_of(self, name: str, depth: int = 0) -> int:
        """The type of a name: of what a script only gives another name, as `a = b;`, that of the
        other, for GNU ld also of `a = b + 4;`.  Any other value has no type in LLD, and keeps in
        GNU ld the one that objects say."""
        node = self.assigned.get(name)
        if node is not None:
            other = (_only_name if self.dialect.tables_like_gnu else _other_name)(node)
            if other and depth < MAX_ALIASES:
                return self.type_of(other, depth + 1)
            if not self.dialect.tables_like_gnu:
                return c.STT_NOTYPE
        return self.in_objects(name)[0]

    def in_objects(self, name: str) -> tuple[int, int]:
        """Type and size of a name in the object that defines it, or type in the first that asks."""
        resolution = self.placed.addresses.resolution
        definer = resolution.definer.get(name)
        file, index = definer or self.mentioned.get(name, (-1, 0))
        if file < 0:
            return c.STT_NOTYPE, 0
        symbols = resolution.files[file].symbols
        return symbols.info[index] & 0xF, symbols.size[index] if definer else 0

    @cached_property
    def mentioned(self) -> dict[str, tuple[int, int]]:
        """Global names in the order files mention them -> who first did."""
        return names_of_files(self.placed.addresses.resolution)

    @cached_property
    def around(self) -> dict[str, int]:
        """For each name the output section GNU ld shows it in when it has the value of `.`: the one
        it is assigned in, else the one before; after `. = ...` the one behind."""
        found: dict[str, int] = {}
        commands = self.placed.commands
        before, moved = -1, False
        behind = [-1] * len(commands)
        after = -1
        for at in range(len(commands) - 1, -1, -1):
            behind[at] = after
            command = commands[at]
            if isinstance(command, OutputPlan) and command.index in self.where and command.alloc:
                after = after if command.flags & c.SHF_TLS else command.index
        for at, command in enumerate(commands):
            if isinstance(command, OutputPlan):
                shows = command.alloc and not command.flags & c.SHF_TLS
                if shows or before < 0:
                    before, moved = command.index, False
                for item in command.items:
                    if isinstance(item, n.Assignment):
                        found[item.name] = command.index
            elif isinstance(command, n.Assignment):
                if command.name == ".":
                    moved = True
                else:
                    ahead = (moved or before < 0) and behind[at] >= 0
                    found[command.name] = behind[at] if ahead else before
        return {name: index for name, index in found.items() if index >= 0}

    def own_tables(self) -> dict[str, tuple[int, int]]:
        """Names of the linker's own tables, with the symbols that stand for them; what the script
        assigns is its own."""
        resolution = self.placed.addresses.resolution
        own = resolution.files[resolution.own].symbols
        return {
            name: (resolution.own, at)
            for at, name in enumerate(own.names)
            if own.other[at] & 3 == c.STV_HIDDEN and name not in self.placed.symbols
        }

    def own_visibility(self, name: str) -> int:
        """Of a name no file says more about: `__start_` and `__stop_` of sections are protected."""
        is_boundary = isinstance(self.assigned.get(name), Boundary)
        return c.STV_PROTECTED if is_boundary and not self.relocatable else c.STV_DEFAULT

    @cached_property
    def assigned(self) -> dict[str, n.Assignment]:
        """The last assignment to each name."""
        return {
            node.name: node
            for node in script_nodes(self.placed.commands)
            if isinstance(node, n.Assignment)
        }


MAX_ALIASES = 100


def _only_name(node: n.Assignment) -> str:
    """The one name that the value of an assignment reads, for GNU ld; "" for none or several."""
    names = list(_names_read(node.value)) if node.op == "=" else []
    return names[0] if len(names) == 1 else ""


def _names_read(expr: n.Expr) -> Iterator[str]:
    """Names an expression reads, as often as it does; of a condition that is no number, two that
    nobody has, because either branch may be read."""
    if isinstance(expr, n.Name):
        yield from [expr.name] if expr.name != "." else []
    elif isinstance(expr, n.Unary):
        yield from _names_read(expr.operand)
    elif isinstance(expr, n.Binary):
        yield from _names_read(expr.left)
        yield from _names_read(expr.right)
    elif isinstance(expr, n.Call):
        for arg in expr.args:
            yield from _names_read(arg)
    elif isinstance(expr, n.Ternary):
        if isinstance(expr.condition, n.Number):
            yield from _names_read(expr.then if expr.condition.value else expr.other)
        else:
            yield from ("", "")


def _other_name(node: n.Assignment) -> str:
    """`b` in `a = b;`, also where a condition chooses it."""
    value: n.Expr = node.value
    while isinstance(value, n.Ternary) and isinstance(value.condition, n.Number):
        value = value.then if value.condition.value else value.other
    return value.name if node.op == "=" and isinstance(value, n.Name) and value.name != "." else ""


def script_nodes(commands: Iterable[object]) -> Iterator[object]:
    """Everything the script says, in order: output sections and what is in them."""
    for command in commands:
        if isinstance(command, OutputPlan):
            if command.node is not None:
                yield command.node
            yield from (item for item in command.items if not isinstance(item, Claim))
        else:
            yield command


def _scripts_names(sources: SymbolSources) -> Iterator[str]:
    """The script's symbols as LLD meets them: those that expressions read, then the others."""
    symbols = sources.placed.symbols
    nodes = (
        node
        for node in script_nodes(sources.placed.commands)
        if isinstance(node, (n.Assignment, n.Assert, n.Data))
    )
    given = dict.fromkeys(symbols, 1)
    yield from (name for name in names_in_order(nodes, given, 2) if name in symbols)
    yield from (name for name in sources.placed.written if name in symbols)
    yield from symbols


def output_symbols(sources: SymbolSources) -> OutSymbols:
    """The table of the dialect."""
    if sources.dialect.tables_like_gnu:
        pairs = _like_gnu(sources)
        strings, where = tail_merged(row.name for row, _ in pairs)
        name_off = tuple(where[row.name] for row, _ in pairs)
    else:
        pairs, added = _like_lld(sources)
        strings, offsets = strung([row.name for row, _ in added])
        at_row = {id(row): at for (row, _), at in zip(added, offsets)}
        name_off = tuple(at_row[id(row)] for row, _ in pairs)
    number: dict[tuple[int, int], int] = {}
    names: dict[str, int] = {}
    sections: dict[int, int] = {}
    for at, (row, origin) in enumerate(pairs, 1):
        if row.type == c.STT_SECTION and origin.index < 0:
            sections[row.shndx] = at
        elif origin.file >= 0:
            number[origin.file, origin.index] = at
        if origin.name:
            names[origin.name] = at
    rows = tuple(row for row, _ in pairs)
    return OutSymbols(rows, strings, name_off, number, names, sections)


Pair = tuple[SymbolRow, Origin]


def _locals(sources: SymbolSources, file: int) -> Iterator[tuple[SymbolRow, Origin]]:
    """The local symbols of a file that stay."""
    addresses = sources.placed.addresses
    obj = addresses.resolution.files[file]
    symbols, options = obj.symbols, sources.options
    if options.discard == "all" and not sources.used:
        return
    for index in range(1, addresses.resolution.first_global[file]):
        kind = symbols.info[index] & 0xF
        name = symbols.name(index)
        if kind == c.STT_SECTION:
            continue
        if kind == c.STT_FILE:
            if options.discard != "all" and not _is_gone(sources, file):
                yield (
                    SymbolRow(name, 0, 0, c.STB_LOCAL, kind, symbols.other[index], ABS),
                    Origin(file, index),
                )
            continue
        if not name or sources.is_gone(file, index):
            continue
        if (file, index) not in sources.used and _left_out(sources, file, index, name):
            continue
        row = sources.row(file, index, name, c.STB_LOCAL)
        if row is not None:
            yield row, Origin(file, index)


def _files_as_placed(sources: SymbolSources) -> list[int]:
    """GNU ld: files in the order in which their first sections stand in the output."""
    where = sources.placed.addresses
    own = len(where.resolution.files) - 1
    found: dict[int, None] = {}
    for section in sources.placed.sections:
        for piece in section.pieces:
            if piece.kind == INPUT and isinstance(piece.origin, int):
                for part in where.edits.parts.get(piece.origin) or (piece.origin,):
                    found[where.table.owner_file(part)] = None
    found.pop(own, None)
    return list(dict.fromkeys((*found, *range(own))))


def _is_gone(sources: SymbolSources, file: int) -> bool:
    """GNU ld: whether garbage collection left nothing of a file, not even its name."""
    if not sources.dialect.tables_like_gnu or sources.relocatable:
        return False
    where = sources.placed.addresses
    base, size = where.table.base[file], len(where.resolution.files[file].sections)
    sids = [sid for sid in range(base, base + size) if where.table.eligible[sid]]
    held = any(where.owner[sid] >= 0 for sid in sids)
    return not held and any(where.table.size[sid] for sid in sids)


def _left_out(sources: SymbolSources, file: int, index: int, name: str) -> bool:
    """Whether -x, -X or the default drop a local symbol: temporary ones (`.L`) in sections whose
    strings or constants are merged, unless the output can be linked again."""
    discard = sources.options.discard
    if discard == "all":
        return True
    if discard == "none" or not name.startswith(".L"):
        return False
    if discard == "locals":
        return True
    obj = sources.placed.addresses.resolution.files[file]
    shndx = obj.symbols.shndx[index]
    merged = shndx > 0 and bool(obj.sections.flags[shndx] & c.SHF_MERGE)
    return merged and not (sources.relocatable and sources.dialect.tables_like_gnu)


def _section_symbol(shndx: int, value: int) -> tuple[SymbolRow, Origin]:
    return SymbolRow("", value, 0, c.STB_LOCAL, c.STT_SECTION, 0, shndx), Origin(-1, -1)


def _script_row(sources: SymbolSources, name: str, binding: int, other: int) -> SymbolRow:
    """A symbol the script assigns."""
    value = sources.placed.symbols[name]
    section = value.section
    number = value.absolute() & sources.word
    if isinstance(section, PlacedSection) and not value.forced:
        index = section.plan.index
        shndx = sources.where.get(index, sources.nearby.get(index, ABS)) if index >= 0 else ABS
        shndx = 1 if index == FIRST_OF_ALL else shndx
    else:
        shndx = ABS
        around = sources.around.get(name) if value.from_dot else None
        if around is not None and sources.dialect.tables_like_gnu:
            shndx = sources.where.get(around, sources.nearby.get(around, ABS))
    if sources.relocatable and shndx > 0:
        number = value.number if section is not None else number
    size = sources.in_objects(name)[1] if sources.dialect.tables_like_gnu else 0
    return SymbolRow(name, number, size, binding, sources.type_of(name), other, shndx)


def _global(
    sources: SymbolSources, name: str, mention: tuple[int, int], visibility: int
) -> tuple[SymbolRow, Origin] | None:
    """A global symbol's row and where it comes from; None when it is not in the output."""
    resolution = sources.placed.addresses.resolution
    definer = resolution.definer.get(name)
    file, index = definer or mention
    symbols = resolution.files[file].symbols
    binding = symbols.info[index] >> 4
    common = definer is not None and file == resolution.own and not sources.options.define_common
    if sources.relocatable and common:
        return _still_common(sources, name, mention, visibility)
    if name in resolution.weakened:
        return SymbolRow(name, 0, 0, binding, symbols.info[index] & 0xF, visibility), Origin(-1, -1)
    if definer is None and not sources.relocatable and sources.dialect.tables_like_gnu:
        return None
    row = sources.row(file, index, name, binding)
    if row is None:
        return None
    row = attrs.evolve(row, other=(row.other & ~3) | visibility)
    return row, Origin(file, index, name)


def _subalign(sources: SymbolSources, name: str) -> int:
    """What SUBALIGN makes of the alignment of a COMMON block; 0 where there is none."""
    placed = sources.placed
    found = placed.addresses.of_symbol(*placed.addresses.resolution.definer[name])
    node = placed.sections[found[0]].plan.node if isinstance(found, tuple) else None
    if node is None or node.subalign is None:
        return 0
    return evaluate(node.subalign, Constants(sources.dialect)).absolute()


def _still_common(
    sources: SymbolSources, name: str, mention: tuple[int, int], visibility: int
) -> tuple[SymbolRow, Origin]:
    """A COMMON symbol in an output that is linked again: the largest size and the strictest
    alignment that were asked for."""
    resolution = sources.placed.addresses.resolution
    size = align = 0
    for file, names in enumerate(resolution.global_names):
        if name not in names:
            continue
        symbols = resolution.files[file].symbols
        index = resolution.first_global[file] + names.index(name)
        if symbols.shndx[index] == COMMON:
            size, align = max(size, symbols.size[index]), max(align, symbols.value[index])
    if not sources.dialect.tables_like_gnu:
        align = _subalign(sources, name) or align
    row = SymbolRow(name, align, size, c.STB_GLOBAL, c.STT_OBJECT, visibility, COMMON)
    return row, Origin(*mention, name)


def _visibilities(sources: SymbolSources) -> dict[str, int]:
    """The strictest visibility any file gives a name (gABI ch.4): internal, hidden, protected."""
    found: dict[str, int] = {}
    resolution = sources.placed.addresses.resolution
    for file, names in enumerate(resolution.global_names):
        other = resolution.files[file].symbols.other
        first = resolution.first_global[file]
        for at, name in enumerate(names, first):
            visibility = other[at] & 3
            if visibility:
                old = found.get(name)
                found[name] = visibility if old is None else min(old, visibility)
    own = resolution.files[resolution.own]
    for at, name in enumerate(own.symbols.names):
        if own.symbols.other[at] & 3 and resolution.definer.get(name) == (resolution.own, at):
            found[name] = c.STV_HIDDEN
    return found


# LLD


def _like_lld(sources: SymbolSources) -> tuple[list[Pair], list[Pair]]:
    """File by file: the file's locals, the section symbols of sections it began, its hidden
    symbols; then those of no file; then the others as first mentioned, the script's last.  Also the
    same in the order in which names were stored: hidden ones are with the others there."""
    resolution = sources.placed.addresses.resolution
    groups: dict[int, list[tuple[SymbolRow, Origin]]] = {}
    for file in range(len(resolution.files) - 1):
        for pair in _locals(sources, file):
            groups.setdefault(file, []).append(pair)
    added = [pair for group in groups.values() for pair in group]
    for shndx, file, value in sources.section_syms:
        pair = _section_symbol(shndx, value)
        groups.setdefault(file, []).append(pair)
        added.append(pair)
    rest: list[tuple[SymbolRow, Origin]] = []
    placed = sources.placed
    visibilities = _visibilities(sources)
    mentioned = sources.mentioned
    for name in dict.fromkeys((*mentioned, *_scripts_names(sources))):
        visibility = visibilities.get(name) or sources.own_visibility(name)
        if name in placed.symbols:
            if name in placed.hidden:
                visibility = c.STV_HIDDEN
            pair = _script_row(sources, name, c.STB_GLOBAL, visibility), Origin(-1, 0, name)
        else:
            made = _global(sources, name, mentioned[name], visibility)
            if made is None:
                continue
            pair = made
        row, origin = pair
        hidden = visibility in FORCED_LOCAL or (placed.is_local and placed.is_local(name))
        hidden = hidden and row.shndx != UNDEF and not sources.relocatable
        if hidden:
            row = attrs.evolve(row, binding=c.STB_LOCAL)
            groups.setdefault(origin.file, []).append((row, origin))
        else:
            rest.append((row, origin))
        added.append((row, origin))
    return [pair for group in groups.values() for pair in group] + rest, added


# GNU ld


def _file_symbol(name: str) -> Pair:
    return SymbolRow(name, 0, 0, c.STB_LOCAL, c.STT_FILE, 0, ABS), Origin(-1, -1)


def _like_gnu(sources: SymbolSources) -> list[Pair]:
    """Section symbols when relocations stay; locals file by file; after a nameless STT_FILE what
    the script hides; then the others in the order of the table of names."""
    resolution = sources.placed.addresses.resolution
    found = [_section_symbol(shndx, value) for shndx, _, value in sources.section_syms]
    for file in _files_as_placed(sources):
        obj = resolution.files[file]
        local = list(_locals(sources, file))
        if local and not any(row.type == c.STT_FILE for row, _ in local):
            found.append(_file_symbol(os.path.basename(obj.member or obj.name)))
        found += local
    placed = sources.placed
    mentioned = dict(sources.mentioned)
    visibilities = _visibilities(sources)
    mentioned.update(sources.own_tables())
    early = names_in_reading_order(placed.addresses.resolution)
    asked = (sources.entry,) if sources.entry else ()
    order = table_order(list(dict.fromkeys((*asked, *early, *mentioned, *placed.symbols))))
    made_here = {name: _global(sources, name, at, 0) for name, at in sources.own_tables().items()}
    hidden = [
        name
        for name in order
        if (name in placed.hidden and not sources.relocatable) or made_here.get(name)
    ]
    named = sources.options.discard != "all" and any(r.type == c.STT_FILE for r, _ in found)
    if hidden and named:
        found.append(_file_symbol(""))
    for name in hidden:
        own = made_here.get(name)
        if own is not None:
            found.append((attrs.evolve(own[0], binding=c.STB_LOCAL), own[1]))
            continue
        row = _script_row(sources, name, c.STB_LOCAL, c.STV_DEFAULT)
        found.append((row, Origin(-1, 0, name)))
    for name in order:
        visibility = visibilities.get(name) or sources.own_visibility(name)
        if name in placed.symbols:
            if name not in placed.hidden or sources.relocatable:
                if name in placed.hidden:
                    visibility = c.STV_HIDDEN
                row = _script_row(sources, name, c.STB_GLOBAL, visibility)
                found.append((row, Origin(-1, 0, name)))
            continue
        mention = None if name in made_here else mentioned.get(name)
        made = None if mention is None else _global(sources, name, mention, visibility)
        if made is not None:
            found.append(made)
        elif name == sources.entry and mention is None and name not in made_here:
            row = SymbolRow(name, 0, 0, c.STB_GLOBAL, c.STT_NOTYPE, c.STV_DEFAULT, UNDEF)
            found.append((row, Origin(-1, 0, name)))
    return found
