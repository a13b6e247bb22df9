"""Programs that run at any address (-pie): which words somebody has to correct once it is known.

Most of position-independent code reaches its data by distances, which stay the same wherever the
program is.  A pointer in the data (`char *name = text;`) does not: the link writes the address it
would have at 0, and lists the place in a table, `.rela.dyn`, so that start-up code or a loader adds
the real start of the program (psABI x86-64 4.4.1, R_X86_64_RELATIVE: B + A).  `.dynamic` says where
the table is (gABI ch.5).

This pass reads relocations and decides which places are listed; moving_values writes the tables.
Found with `ld -pie --no-dynamic-linker` and `ld.lld-19` on objects with each kind of reference, and
`readelf -dlrSW`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...arch import rows_for
from ...arch.reloc import ABS, PC, Row
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ABS as ABSOLUTE
from ...model import UNDEF, ObjectFile, Relocations, SectionRow
from ..elf_options import ElfOptions
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..names.strongly_wanted import strongly_wanted
from ..own.own_file import OFFSET_TABLE, OwnSection
from ..own.table_form import TableForm
from ..tables import ADDRESS, BOUNDARIES, Moves, Slot, Who, who_is

if TYPE_CHECKING:
    from ..checking.refs import Place

SPARE_ENTRIES = 5
"""Empty entries at the end of GNU ld's .dynamic, for tools that add some; the last one ends it."""

CALLS = {c.EM_X86_64: 4, c.EM_386: 4}
"""R_X86_64_PLT32, R_386_PLT32: calls that may go through a linkage table."""


def moving_sections(
    files: Sequence[ObjectFile],
    form: TableForm,
    dialect: Dialect,
    hash_style: str,
    unwind_info: bool = True,
    read_only: bool = False,
) -> tuple[OwnSection, ...]:
    """The tables of a program that moves, of no size yet: of the first file in GNU ld, and the
    parts of its list there; LLD has a section for that anyway.  read_only: LLD's `.dynamic` is."""
    word = form.word
    gnu = dialect.tables_like_gnu
    read, write = c.SHF_ALLOC, c.SHF_ALLOC | c.SHF_WRITE
    names = SectionRow(".dynsym", c.SHT_DYNSYM, read, align=word, entsize=24 if word == 8 else 16)
    texts = SectionRow(".dynstr", c.SHT_STRTAB, read, align=1)
    flags = read if read_only else write
    dynamic = SectionRow(".dynamic", c.SHT_DYNAMIC, flags, align=word, entsize=2 * word)
    hashes = [SectionRow(".hash", c.SHT_HASH, read, align=word if gnu else 4, entsize=4)]
    entsize = 4 if gnu and word == 4 else 0
    hashes.insert(0, SectionRow(".gnu.hash", c.SHT_GNU_HASH, read, align=word, entsize=entsize))
    wanted = {"gnu": (".gnu.hash",), "sysv": (".hash",)}.get(hash_style, (".hash", ".gnu.hash"))
    hashes = [row for row in hashes if row.name in wanted]
    rows = [names, texts, dynamic, *reversed(hashes)] if gnu else [names, *hashes, dynamic, texts]
    file, kind_of_name = (0, c.STT_OBJECT) if gnu else (-1, c.STT_NOTYPE)
    found = [
        OwnSection(row, b"", file, "_DYNAMIC" if row is dynamic else "", kind_of_name, True)
        for row in rows
    ]
    if gnu and unwind_info:  # records about .plt, .plt.got and .plt.sec
        row = SectionRow(".eh_frame", c.SHT_PROGBITS, read, align=word)
        found += [OwnSection(row, b"", file)] * 3
    for name in dict.fromkeys(_sections_with_addresses(files)) if gnu else ():
        row = SectionRow(form.prefix + name, form.type, read, align=word)
        found.append(OwnSection(row, b"", file))
    return tuple(found)


def _sections_with_addresses(files: Sequence[ObjectFile]) -> Iterator[str]:
    """Names of the sections in memory that hold some address as a whole word."""
    for obj in files:
        word = obj.header.elf_class // 8
        rows = rows_for(obj.header.machine)
        kinds = {kind for kind, row in rows.items() if row.kind == ABS and row.width == word}
        for index, tables in obj.relocation_sections.items():
            if obj.sections.flags[index] & c.SHF_ALLOC and any(
                not kinds.isdisjoint(obj.relocations(rel).type) for rel in tables
            ):
                yield obj.sections.names[index]


def moving_scan(
    resolution: Resolution,
    table: SectionList,
    assigned: frozenset[str],
    dialect: Dialect,
    options: ElfOptions,
    diags: Diagnostics,
) -> MovingScan:
    """What gathers places in a program that moves."""
    text = options.text
    if text is None and not dialect.tables_like_gnu:
        text = True
    weak = resolution.undefined - strongly_wanted(resolution)
    return MovingScan(resolution, table, assigned, dialect, text, diags, weak, options.features)


@attrs.define(eq=False, repr=False)
class MovingScan:
    """Places that hold addresses, met section by section.

    assigned: names that scripts or the linker give a value.  text: -z text, an address in code is
    an error; None for what the linker does without a word."""

    resolution: Resolution
    table: SectionList
    assigned: frozenset[str]
    dialect: Dialect
    text: bool | None
    diags: Diagnostics
    weak: frozenset[str] = frozenset()
    """Undefined names that are only asked for weakly."""
    features: int = 0
    """Of the property note, those that options ask for."""
    places: list[tuple[SectionId, int]] = attrs.field(factory=list)
    called: set[str] = attrs.field(factory=set)
    bound: frozenset[str] = frozenset()
    """Undefined names that a loader binds (GNU ld)."""
    bound_places: list[tuple[SectionId, int, str]] = attrs.field(factory=list)
    in_text: bool = False

    def section(self, file: int, obj: ObjectFile, index: int, rels: Relocations) -> None:
        """One relocation table of a section in memory."""
        rows, word = rows_for(obj.header.machine), obj.header.elf_class // 8
        sid = self.table.base[file] + index
        call = CALLS.get(obj.header.machine)
        for place, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
            row = rows.get(kind)
            if kind == call:
                who = who_is(self.resolution, file, symbol)
                if isinstance(who, str):
                    self.called.add(who)
            if (
                row is not None
                and row.kind == PC
                and row.width < word
                and self._is_far(file, symbol)
            ):
                self._refuse_distance(obj, index, place, row, symbol)
            if row is None or row.kind != ABS or not self.moves_along(file, symbol):
                if row is not None and row.kind == ABS and row.width == word and self.bound:
                    self._bind(sid, place, who_is(self.resolution, file, symbol))
                continue
            if row.width != word:
                if word == 4 and self.dialect.tables_like_gnu:
                    continue  # 16-bit code of boot loaders, which runs where it was linked to
                self._refuse((file, index, place), row, symbol)
                continue
            self._in_code((file, index, place), row, symbol)
            self.places.append((sid, place))

    def _is_far(self, file: int, symbol: int) -> bool:
        """Whether nobody defines a symbol, and nobody insists on it: GNU ld refuses code for x86-64
        that wants the distance of 0."""
        who = who_is(self.resolution, file, symbol)
        if not self.dialect.tables_like_gnu or not isinstance(who, str):
            return False
        is_made = who in self.assigned or who.startswith(BOUNDARIES) or who == OFFSET_TABLE
        return not is_made and who in self.weak

    def _refuse_distance(
        self, obj: ObjectFile, index: int, place: int, row: Row, symbol: int
    ) -> None:
        if obj.sections.flags[index] & c.SHF_WRITE:
            return
        hidden = "hidden " if obj.symbols.other[symbol] & 3 else ""
        self.diags.error(
            "reloc-not-pic",
            f"relocation {row.name} against undefined {hidden}symbol {_name(obj, symbol)} can not "
            "be used when making a PIE object; recompile with -fPIE",
            notes=[f"{obj.name}({obj.sections.names[index]}+{place:#x}): where the program will be "
                   "is not known, so the distance to 0 is not, either"],
            help=["read its address from the global offset table, as -fPIE does; or define it"],
        )  # fmt: skip

    def _bind(self, sid: SectionId, place: int, who: Who) -> None:
        if isinstance(who, str) and who in self.bound:
            self.bound_places.append((sid, place, who))

    def moves_along(self, file: int, symbol: int) -> bool:
        """Whether the value of a symbol is a place in the program."""
        who = who_is(self.resolution, file, symbol)
        if isinstance(who, str):
            definer = self.resolution.definer.get(who)
            if who in self.assigned or (definer is None and who.startswith(BOUNDARIES)):
                return True
            if definer is None:
                return False
            file, symbol = definer
        if symbol == 0:  # what assemblers make of names of numbers; GNU ld takes it for a number
            return not self.dialect.tables_like_gnu
        symbols = self.resolution.files[file].symbols
        if symbols.info[symbol] & 0xF == c.STT_GNU_IFUNC and self.dialect.tables_like_gnu:
            return False  # passes/own/indirect.py
        shndx, kind = symbols.shndx[symbol], symbols.info[symbol] & 0xF
        return shndx not in (ABSOLUTE, UNDEF) and kind != c.STT_TLS

    def _refuse(self, where: Place, row: Row, symbol: int) -> None:
        file, index, place = where
        obj = self.resolution.files[file]
        name = _name(obj, symbol)
        if self.dialect.tells_in_order_of_files:
            self._tell_unmovable("reloc-not-pic", where, row, symbol)
            return
        self.diags.error(
            "reloc-not-pic",
            f"relocation {row.name} against {name} can not be used when making a PIE object; "
            "recompile with -fPIE",
            notes=[f"{obj.name}({obj.sections.names[index]}+{place:#x}): {row.width} bytes hold an "
                  "address that is known only when the program is loaded"],
            help=["compile with -fPIE, for Rust with -C relocation-model=pic; or leave -pie out"],
        )  # fmt: skip

    def _tell_unmovable(self, slug: str, where: Place, row: Row, symbol: int) -> None:
        """LLD: every place is an error of its own."""
        from ..checking.refs_lld import tell_not_movable

        tell_not_movable(self.resolution, slug, where, row.name, symbol, self.diags)

    def _in_code(self, at: Place, row: Row, symbol: int) -> None:
        """An address in a section that cannot be written."""
        file, index, place = at
        obj = self.resolution.files[file]
        if obj.sections.flags[index] & c.SHF_WRITE:
            return
        self.in_text = True
        where, name = obj.sections.names[index], _name(obj, symbol)
        if self.text and self.dialect.tells_in_order_of_files:
            self._tell_unmovable("reloc-in-read-only", at, row, symbol)
        elif self.text:
            self.diags.error(
                "reloc-in-read-only",
                f"relocation {row.name} against {name} in read-only section `{where}'",
                notes=[f"{obj.name}({where}+{place:#x}) would have to be written at start-up"],
                help=["recompile with -fPIC; or -z notext, when the program may write its code"],
            )
        elif self.text is None:
            self.diags.warn(
                "reloc-in-read-only",
                f"relocation against {name} in read-only section `{where}'",
                help=["recompile with -fPIC, or say -z notext"],
            )

    def finished(self, slots: Sequence[Slot]) -> Moves:
        """What is listed; slots: those of the global offset table, in order."""
        held = tuple(slot for slot in slots if slot[0] == ADDRESS and self._is_place(slot[1]))
        in_text = self.in_text if self.dialect.tables_like_gnu else self.text is False
        bound = tuple((slot, slot[1]) for slot in slots if slot[0] == ADDRESS)
        return Moves(
            tuple(self.places),
            held,
            tuple(self.bound_places),
            tuple((slot, who) for slot, who in bound if isinstance(who, str) and who in self.bound),
            frozenset(self.called),
            in_text,
        )

    def _is_place(self, who: Who) -> bool:
        if isinstance(who, tuple):
            return self.moves_along(*who)
        definer = self.resolution.definer.get(who)
        if who in self.assigned or (definer is None and who.startswith(BOUNDARIES)):
            return True
        return definer is not None and self.moves_along(*definer)


def _name(obj: ObjectFile, symbol: int) -> str:
    """A symbol as messages name it; of a section symbol its section."""
    name = obj.symbols.name(symbol)
    shndx = obj.symbols.shndx[symbol]
    if not name and 0 < shndx < len(obj.sections.names):
        name = obj.sections.names[shndx]
    return f"`{name}'"
