"""Indirect functions: routines that choose, when a program starts, which function a name means.

A symbol of type STT_GNU_IFUNC stands for a resolver: start-up code calls it and writes the address
it returns into a table, and everybody jumps through that table.  libc's `memcpy` is one, because
the best copy loop depends on the processor.  In a static program the linker makes three things: an
entry in the linkage table (PLT) that jumps through a word, the word, and for each word a relocation
of type IRELATIVE that names the resolver; start-up code finds these between `__rela_iplt_start` and
`__rela_iplt_end`.

This pass gathers how code uses each of these functions, and decides who gets an entry, a word or
both, and in which order.  Source: every kind of use, linked by each linker (x86-64 and i386)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from ... import elf_const as c
from ...arch import rows_for, word_of
from ...arch.reloc import ABS, GOT, GOT_OFF, GOT_PC, NONE, PC, PLT, PLT_OFF, Row
from ...diag import fail
from ...dialect import Dialect
from ...model import ObjectFile
from ..editing.notes import common_features
from ..finishing.name_order import names_in_reading_order, names_of_files
from ..finishing.name_table import table_order
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..tables import Entries, Function, IndirectFunctions, Resolved

IBT = 1
"""Bit of the property note: every target of an indirect jump begins with `endbr`."""

FIRST_SECTION = 16
"""GNU ld numbers the sections of all files as it opens them, from here on."""


@attrs.define(eq=False, repr=False)
class _Uses:
    """How one function is used.

    loads: its address is read from the global offset table.  directly: in another way than by a
    call through the linkage table or a load.  needs_entry: in a way that needs a fixed address.
    compared: as a pointer, which is to be the same everywhere.  pointers: words in writable data
    that hold nothing but its address, as (section, offset).  unfit: a place that only an entry
    could serve."""

    loads: bool = False
    directly: bool = False
    needs_entry: bool = False
    compared: bool = False
    pointers: list[tuple[SectionId, int]] = attrs.field(factory=list)
    unfit: str = ""


@attrs.define(eq=False, repr=False)
class IndirectScan:
    """What the walk through the relocations gathers of indirect functions."""

    resolution: Resolution
    table: SectionList
    dialect: Dialect
    functions: frozenset[Function]
    moves: bool = False
    """In GNU ld's program that moves, every pointer is filled in at start-up."""
    features: int = 0
    """Of the property note, those that options ask for."""
    uses: dict[Function, _Uses] = attrs.field(factory=dict)

    def function(self, file: int, symbol: int) -> Function | None:
        """The indirect function that a file's symbol means, if it does."""
        where = (file, symbol)
        first = self.resolution.first_global[file]
        if symbol >= first:
            name = self.resolution.global_names[file][symbol - first]
            where = self.resolution.definer.get(name, where)
        return where if where in self.functions else None

    def section(self, file: int, obj: ObjectFile, index: int, rel: int) -> None:
        """Note what one table of relocations says about these functions."""
        rels = obj.relocations(rel)
        rows = rows_for(obj.header.machine)
        for number, (offset, kind, symbol) in enumerate(zip(rels.offset, rels.type, rels.symbol)):
            function = self.function(file, symbol)
            row = rows.get(kind)
            if function is None or row is None or row.kind == NONE:
                continue
            uses = self.uses.setdefault(function, _Uses())
            if self.dialect.tables_like_gnu:
                addend = 0 if rels.addend is None else rels.addend[number]
                self._like_gnu(uses, function, file, obj, index, offset, row, addend)
            elif row.kind in (GOT, GOT_PC):
                uses.loads = True
            elif row.kind not in (PLT, PLT_OFF):
                uses.directly = True

    def _like_gnu(
        self,
        uses: _Uses,
        function: Function,
        file: int,
        obj: ObjectFile,
        index: int,
        offset: int,
        row: Row,
        addend: int,
    ) -> None:
        """GNU ld: an address in writable data is found out at start-up; code and constants get that
        of an entry."""
        flags = self.table.flags[self.table.base[file] + index]
        word = word_of(obj.header.machine)
        place = f"{obj.name}:({obj.sections.names[index]}+{offset:#x})"
        if row.kind in (GOT, GOT_PC) and not (word == 8 and row.kind == GOT):
            uses.loads = True
        elif row.kind == PLT or (row.kind == GOT_OFF and word == 4):
            uses.needs_entry = True
        elif row.kind not in (ABS, PC):
            raise self._refused(function, row, place)
        elif row.kind == ABS and row.width == word and (flags & c.SHF_WRITE or self.moves):
            if addend:
                raise self._refused(function, row, place, f" with a non-zero addend: {addend}")
            uses.compared = True
            uses.pointers.append((self.table.base[file] + index, offset))
        else:
            uses.compared |= row.kind == ABS or (row.width < 8 and not flags & c.SHF_EXECINSTR)
            if flags & c.SHF_EXECINSTR or not flags & c.SHF_WRITE:
                uses.needs_entry = True
            else:
                uses.unfit = f"{row.name} in {place}"

    def _refused(self, function: Function, row: Row, place: str, more: str = "") -> Exception:
        name = self.resolution.files[function[0]].symbols.name(function[1])
        return fail(
            "reloc-not-supported",
            f"`{name}' is chosen at run time (STT_GNU_IFUNC): {row.name} cannot refer to it{more}",
            place=place,
            help=["refer to it by a call or by a pointer in writable data"],
        )

    def finished(self, generic: bool) -> IndirectFunctions:
        """Give every function its entry and its word.  generic: GNU ld makes an image, which has no
        relocations (reloc-not-supported)."""
        if not self.uses:
            return IndirectFunctions()
        if generic:
            (file, index), *_ = self.uses
            name = self.resolution.files[file].symbols.name(index)
            raise fail(
                "reloc-not-supported",
                f"`{name}' is chosen at run time (STT_GNU_IFUNC): an image has no table for that",
                help=["link another definition of it, made without __attribute__((ifunc))"],
            )
        made = self._made_like_gnu if self.dialect.tables_like_gnu else self._made_like_lld
        return made()

    def _form(self) -> Entries:
        """What entries of the linkage table look like."""
        marked = bool((common_features(self.resolution.files[:-1]) | self.features) & IBT)
        size = 8 if self.dialect.tables_like_gnu and not marked else 16
        machine = self.resolution.files[0].header.machine
        return Entries(size, marked, machine)

    def _made_like_lld(self) -> IndirectFunctions:
        """LLD: everyone has an entry and a word; who is referred to directly is from then on an
        ordinary function at its entry, also in the symbol table and in slots."""
        named = self._by_mention(names_of_files(self.resolution))
        order = [*named, *sorted(f for f in self.uses if self._is_local(f))]
        direct = frozenset(f for f in order if self.uses[f].directly)
        return IndirectFunctions(
            self._form(),
            {function: number for number, function in enumerate(order)},
            shared=frozenset(order) - direct,
            direct=direct,
            relocations=tuple(Resolved(function) for function in order),
            at_entry=direct,
        )

    def _made_like_gnu(self) -> IndirectFunctions:
        """GNU ld: an entry for who needs one; loads share its word unless pointers are compared;
        without an entry the slot and the pointers themselves are filled in at start-up."""
        names = table_order(names_in_reading_order(self.resolution))
        named = self._by_mention(names)
        local = _locals_like_gnu([f for f in self.uses if self._is_local(f)], self.resolution)
        for function, uses in self.uses.items():
            if uses.unfit and not uses.needs_entry:
                name = self.resolution.files[function[0]].symbols.name(function[1])
                raise fail(
                    "reloc-not-supported",
                    f"`{name}' is chosen at run time (STT_GNU_IFUNC): {uses.unfit} needs a fixed "
                    "address",
                    help=["call it somewhere: then it has an entry in the linkage table"],
                )
        with_entry = [f for f in (*named, *local) if self.uses[f].needs_entry]
        shared = frozenset(f for f in with_entry if self.moves or not self.uses[f].compared)
        pointers = sorted(
            (sid, offset, f)
            for f, uses in self.uses.items()
            if self.moves or not uses.needs_entry
            for sid, offset in uses.pointers
        )
        slots = [f for f in (*local, *named) if self.uses[f].loads and not self.uses[f].needs_entry]
        backwards = [f for f in (*local, *named) if self.uses[f].needs_entry][::-1]
        return IndirectFunctions(
            self._form(),
            {function: number for number, function in enumerate(with_entry)},
            shared=shared,
            relocations=(
                *(Resolved(f, (sid, offset)) for sid, offset, f in pointers),
                *(Resolved(f, in_slot=True) for f in slots),
                *map(Resolved, backwards),
            ),
            at_entry=frozenset(with_entry),
            local_order=tuple(local),
        )

    def _is_local(self, function: Function) -> bool:
        return function[1] < self.resolution.first_global[function[0]]

    def _by_mention(self, names: Iterable[str]) -> list[Function]:
        """The functions in use that are global, in an order of names."""
        definer = self.resolution.definer
        return [definer[name] for name in names if definer.get(name) in self.uses]


# GNU ld keeps local functions in a hash table of its own, and walks through it.

_PRIMES = (7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521)
_START = 2039


def _locals_like_gnu(functions: Sequence[Function], resolution: Resolution) -> list[Function]:
    """Local functions in GNU ld's order: by a hash of the number of the file's first section and of
    the symbol, in a table that is made small when it is nearly empty."""
    if not functions:
        return []
    starts = _first_sections(resolution)
    numbers = {f: _number(starts[f[0]], f[1]) for f in sorted(functions)}
    walked = _walked(numbers, numbers, _START)
    if len(functions) * 8 < _START:
        size = next(p for p in _PRIMES if p >= 2 * len(functions))
        walked = _walked(numbers, walked, size)
    return walked


def _first_sections(resolution: Resolution) -> list[int]:
    """GNU ld's number of the first section of each file."""
    no_section = (c.SHT_NULL, c.SHT_SYMTAB, c.SHT_STRTAB, c.SHT_SYMTAB_SHNDX, c.SHT_REL, c.SHT_RELA)
    starts, number = [], FIRST_SECTION
    for obj in resolution.files:
        starts.append(number)
        number += sum(kind not in no_section for kind in obj.sections.type)
    return starts


def _number(section: int, symbol: int) -> int:
    """The hash of a local symbol."""
    mixed = (section & 0xFF) << 24 | (section & 0xFF00) << 8
    return (mixed ^ symbol ^ section >> 16) & 0xFFFFFFFF


def _walked(
    numbers: Mapping[Function, int], order: Iterable[Function], size: int
) -> list[Function]:
    """Put into a table with open addressing and read from its first place on."""
    places: dict[int, Function] = {}
    for function in order:
        at, step = numbers[function] % size, 1 + numbers[function] % (size - 2)
        while at in places:
            at = (at + step) % size
        places[at] = function
    return [places[at] for at in sorted(places)]
