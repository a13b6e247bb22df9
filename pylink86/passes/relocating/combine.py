"""Relocations that stay in the output: all of them with -r, a copy with --emit-relocs.

An output that can be linked again, or moved afterwards, has to say where addresses stand in it.
Each relocation keeps its type; its place is where the bytes went, its symbol is the output's, and
what referred to an input section now refers to the output section it lies in, at a larger addend.
With SHT_REL (i386) that addend lies in the bytes themselves.

Source: gABI ch.4 "Relocation"; the order of things by linking with both linkers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter

import attrs

from ... import elf_const as c
from ...arch import rows_for
from ...arch.reloc import PACK, REACHES, Reach, Row, accepted, implicit_addend, mask
from ...arch.rewrite import Rewrite
from ...diag import fail
from ...dialect import Dialect
from ...elf_tables import encode_relocations
from ...model import ObjectFile, Relocations
from ..finishing.symbols_out import OutSymbols
from ..matching.match import SectionId
from ..placement import INPUT, PlacedSection, Placement
from ..placing.locate import Addresses
from .tombstones import DeadReferences


@attrs.frozen(eq=False, repr=False)
class KeptTable:
    """A relocation section to be: for which output section (OutputPlan.index), the input tables it
    is made of as (input section, the section its bytes are in now, file, index of the table there,
    where that section lies), and the number of the first table over all files, which orders it."""

    target: int
    tables: tuple[tuple[SectionId, SectionId, int, int, int], ...]
    first: int
    in_group: bool


@attrs.frozen(eq=False, repr=False)
class KeptGroup:
    """A section group to be: the file and index it has there."""

    file: int
    index: int
    members: tuple[int, ...]
    """Input sections, numbered over all files."""


def tables_that_stay(
    placed: Placement,
    kept: Sequence[PlacedSection],
    dialect: Dialect,
    unwinding: bool = True,
    apart: bool = False,
) -> list[KeptTable]:
    """One for each output section that has relocations, for GNU ld also bytes to relocate.
    unwinding: whether those of unwind tables that are made anew stay.  apart: in LLD those that are
    members of groups stay by themselves, wherever the bytes go."""
    where = placed.addresses
    found = []
    for section in kept:
        if section.plan.type == c.SHT_NOBITS and dialect.tables_like_gnu:
            continue
        tables: dict[int, list[tuple[SectionId, SectionId, int, int, int]]] = {}
        grouped: set[int] = set()
        emptied = _emptied(section, where, dialect)
        for piece in section.pieces:
            if piece.kind != INPUT or not isinstance(piece.origin, int):
                continue
            parts = where.edits.parts.get(piece.origin, (piece.origin,))
            before = [sid for sid in emptied if sid < piece.origin]
            emptied = emptied[len(before) :]
            for part in (*before, *parts) if unwinding or parts == (piece.origin,) else ():
                file = where.table.owner_file(part)
                obj = where.resolution.files[file]
                index = part - where.table.base[file]
                for rel in obj.relocation_sections.get(index, ()):
                    member = index if dialect.tables_like_gnu else rel
                    in_group = bool(obj.sections.flags[member] & c.SHF_GROUP)
                    key = where.table.base[file] + rel if in_group and apart else -1
                    if in_group:
                        grouped.add(key)
                    if len(obj.contents[rel]):
                        row = part, piece.origin, file, rel, piece.sec_off
                        tables.setdefault(key, []).append(row)
        for key, rows in tables.items():
            first = min(where.table.base[file] + rel for _, _, file, rel, _ in rows)
            found.append(KeptTable(section.plan.index, tuple(rows), first, key in grouped))
    return found


def _emptied(section: PlacedSection, where: Addresses, dialect: Dialect) -> list[SectionId]:
    """GNU ld: unwind tables without records, in order: their relocations stand before those of the
    next table that has some, and are none."""
    if section.name != ".eh_frame" or not dialect.edits_unwind_in_place:
        return []
    sizes, names = where.edits.size, where.table.name
    return sorted(sid for sid, size in sizes.items() if not size and names[sid] == section.name)


def groups_that_stay(placed: Placement, dialect: Dialect) -> list[KeptGroup]:
    """Section groups of which anything is left, for -r; LLD keeps the words of those, too, of which
    nothing is, but for lost copies."""
    where = placed.addresses
    dropped = where.resolution.dropped
    found = []
    for file, obj in enumerate(where.resolution.files[:-1]):
        for index, kind in enumerate(obj.sections.type):
            if kind != c.SHT_GROUP:
                continue
            words = [w for (w,) in struct.iter_unpack("<I", obj.contents[index])]
            base = where.table.base[file]
            members = tuple(
                base + member
                for member in words[1:]
                if (file, member) not in dropped and where.owner[base + member] >= 0
            )
            lost = any((file, member) in dropped for member in words[1:])
            if members or not (lost or dialect.tables_like_gnu):
                found.append(KeptGroup(file, index, members))
    return found


def symbols_in_use(placed: Placement, tables: Sequence[KeptTable]) -> frozenset[tuple[int, int]]:
    """(file, symbol) of every symbol a kept relocation refers to."""
    resolution = placed.addresses.resolution
    found: set[tuple[int, int]] = set()
    for table in tables:
        for _, _, file, rel, _ in table.tables:
            symbols = resolution.files[file].relocations(rel).symbol
            found.update((file, symbol) for symbol in set(symbols))
    return frozenset(found)


@attrs.define(eq=False, repr=False, slots=False)
class Combiner:
    """Turns input relocations into the output's.

    relocatable: -r: places count from the section, and addends in the bytes are changed.  sorts:
    relocations are ordered by place.
    """

    placed: Placement
    symbols: OutSymbols
    where: dict[int, int]
    relocatable: bool
    with_addend: bool
    sorts: bool = False

    def encode(self, table: KeptTable, content: bytearray, elf_class: int) -> bytes:
        """The bytes of one relocation section; content: the target's bytes, changed for SHT_REL.

        GNU ld sorts them by offset (seen with `.reloc` directives out of order)."""
        if not self.sorts:  # LLD: in the order of the inputs
            base = self.placed.addresses.table.base
            inputs = sorted(table.tables, key=lambda one: base[one[2]] + one[3])
            table = attrs.evolve(table, tables=tuple(inputs))
        rows = list(self._rows(table, content))
        if self.sorts:
            rows.sort(key=itemgetter(0))
        if not self.with_addend:
            return encode_relocations([row[:3] for row in rows], elf_class, False)
        return encode_relocations(rows, elf_class, True)

    def _rows(self, table: KeptTable, content: bytearray) -> Iterator[tuple[int, int, int, int]]:
        start = 0 if self.relocatable else self.placed.sections[table.target].vma
        for part, home, file, rel, sec_off in table.tables:
            obj = self.placed.addresses.resolution.files[file]
            rels = self._relocations(file, rel)
            move = self._mover(part, home)
            addends = self._addends(obj, rel, rels, content, sec_off, move)
            last = start + sec_off
            for offset, kind, symbol, addend in zip(rels.offset, rels.type, rels.symbol, addends):
                new = move(offset)
                if new is None:
                    if self.sorts:  # GNU ld has R_X86_64_NONE in its stead, where the last one was
                        yield last, 0, 0, 0
                    continue
                number, new_addend = self._symbol(file, symbol, addend)
                if number == 0 and symbol:
                    if self.sorts or self._is_section_symbol(obj, symbol):
                        self._tell_dead(table.target, obj, kind, content, sec_off + new)
                        kind = 0
                    new_addend = 0 if self.sorts else addend
                place = sec_off + new
                in_place = self.relocatable and content and not self.with_addend
                if in_place and new_addend != addend:
                    row = rows_for(obj.header.machine)[kind]
                    name = self.placed.sections[table.target].name
                    reach = None if self.sorts else REACHES["lld"]
                    _put_in_place(content, place, row, new_addend, name, reach)
                last = start + place
                yield last, kind, number, new_addend

    def _relocations(self, file: int, rel: int) -> Relocations:
        """A table as it is shown: GNU ld's says what loads became that need no slot any more."""
        rels = self.placed.addresses.resolution.files[file].relocations(rel)
        found = self.rewritten.get((file, rel))
        if not found or not self.sorts:
            return rels
        offset, kind = list(rels.offset), list(rels.type)
        addend = None if rels.addend is None else list(rels.addend)
        for number, rewrite in found:
            offset[number], kind[number] = rewrite.place, rewrite.type
            if addend is not None:
                addend[number] = rewrite.addend
        return Relocations(
            tuple(offset), tuple(kind), rels.symbol, None if addend is None else tuple(addend)
        )

    @cached_property
    def rewritten(self) -> dict[tuple[int, int], list[tuple[int, Rewrite]]]:
        """For each table that changed, the numbers of relocations and what became of them."""
        found: dict[tuple[int, int], list[tuple[int, Rewrite]]] = {}
        for one in self.placed.addresses.tables.changed:
            file, rel, number = one.load
            found.setdefault((file, rel), []).append((number, one.rewrite))
        return found

    def _tell_dead(
        self, target: int, obj: ObjectFile, kind: int, content: bytearray, place: int
    ) -> None:
        """LLD: a debug section says itself that what it refers to is not in the output; the
        relocation stays, of the type that does nothing."""
        row = rows_for(obj.header.machine).get(kind)
        if self.sorts or row is None or not content:
            return
        value = DeadReferences().value(self.placed.sections[target].name, row)
        if value:
            PACK[row.width](content, place, value & mask(row.width))

    def _mover(self, part: SectionId, home: SectionId) -> Callable[[int], int | None]:
        """Where an offset of an input section is now, counted from its home's start."""
        moved = self.placed.addresses.edits.moved.get(part)
        return (lambda offset: offset) if moved is None else moved.within(home)

    def _addends(
        self,
        obj: ObjectFile,
        rel: int,
        rels: Relocations,
        content: bytearray,
        sec_off: int,
        move: Callable[[int], int | None],
    ) -> Sequence[int]:
        """What is added to each symbol: the table says, or the bytes do, which are still the
        input's where the output section has none (NOLOAD)."""
        if rels.addend is not None:
            return rels.addend
        if not self.relocatable:
            return (0,) * len(rels)
        rows = rows_for(obj.header.machine)
        view, start = memoryview(content), sec_off
        if not content:
            view, start = memoryview(obj.contents[obj.sections.info[rel]]), 0
        found = []
        for offset, kind in zip(rels.offset, rels.type):
            row, new = rows.get(kind), move(offset)
            known = row is not None and new is not None and start + new + row.width <= len(view)
            found.append(implicit_addend(view, start + new, row) if known else 0)  # type: ignore[operator,arg-type]
        return found

    def _is_section_symbol(self, obj: ObjectFile, symbol: int) -> bool:
        return obj.symbols.info[symbol] & 0xF == c.STT_SECTION

    def _symbol(self, file: int, symbol: int, addend: int) -> tuple[int, int]:
        """The output's number of an input symbol, and the addend that goes with it; 0 when what it
        refers to is not in the output."""
        resolution = self.placed.addresses.resolution
        first = resolution.first_global[file]
        if symbol >= first:
            name = resolution.redirected.get((file, symbol))
            name = name or resolution.global_names[file][symbol - first]
            return self.symbols.names.get(name, 0), addend
        obj = resolution.files[file]
        if not self._is_section_symbol(obj, symbol):
            number = self.symbols.number.get((file, symbol), 0)
            return number, addend
        shndx = obj.symbols.shndx[symbol]
        sid = self.placed.addresses.table.base[file] + shndx
        value = obj.symbols.value[symbol]
        moved = sid in self.placed.addresses.edits.moved and obj.sections.size[shndx] > 0
        found = self.placed.addresses.of_place(sid, value + addend if moved else value)
        if found is None and moved and not (self.with_addend or self.relocatable or self.sorts):
            # The addend is in bytes that are final: which piece was meant is not asked.
            where = self.placed.addresses
            found = (where.owner[where.edits.moved[sid].homes[0]], 0)
        if found is None:
            self._check_inside(obj, shndx, value + addend, moved)
            return 0, addend
        shown = self.where.get(found[0])
        number = self.symbols.sections.get(shown, 0) if shown is not None else 0
        return number, found[1] if moved else found[1] + addend

    def _check_inside(self, obj: ObjectFile, shndx: int, offset: int, merged: bool) -> None:
        """bad-object: LLD wants to know which piece of merged strings or constants is meant."""
        if merged and not self.sorts and not 0 <= offset <= obj.sections.size[shndx]:
            raise fail(
                "bad-object",
                f"a relocation refers to offset {offset} of {obj.sections.names[shndx]}, which is "
                "outside of it",
                place=f"{obj.name}:({obj.sections.names[shndx]})",
                help=["refer to a symbol, or build the object without mergeable strings"],
            )


def _put_in_place(
    content: bytearray, place: int, row: Row, addend: int, section: str, reach: Reach | None
) -> None:
    """Write an addend that lies in the bytes; reach: what LLD refuses to write there
    (reloc-overflow), GNU ld cuts it."""
    low, high = (addend, addend) if reach is None else accepted(reach, row)
    if not low <= addend <= high:
        raise fail(
            "reloc-overflow",
            f"relocation {row.name} out of range: {addend} is not in [{low}, {high}]",
            place=f"{section}+{place:#x}",
            help=["the addend no longer fits its place: leave out -r, or use wider relocations"],
        )
    mask = (1 << 8 * row.width) - 1
    content[place : place + row.width] = (addend & mask).to_bytes(row.width, "little")
