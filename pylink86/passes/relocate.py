"""The bytes: every output section put together and its relocations applied.

From here on no address moves.  Each input section's bytes are copied to their place, gaps are
filled, and for every relocation the value its formula asks for is computed from final addresses and
written in the width its type has.  What does not fit is refused where the dialect's linker refuses
it, and warned about where that linker writes a value that reads back as another (reloc-wraps)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ..arch import reloc_name, rows_for, word_of
from ..arch.reloc import (
    PC,
    PLT,
    REACHES,
    SIZE,
    Patch,
    Reach,
    Table,
    implicit_addend,
    patch_of,
)
from ..diag import Diagnostics
from ..dialect import Dialect
from ..model import ObjectFile, Relocations
from .assembly import Patched as Patched
from .assembly import assemble
from .indirect_values import IndirectValues
from .odd_relocations import BLANK, LOWEST_BLANK, OddRelocations, Reloc, Site
from .placement import INPUT, PlacedSection, Placement
from .refs import References
from .seen_values import SeenValues
from .symbol_values import HALF, OnDemand, SymbolValues
from .table_values import TableValues
from .tombstones import DeadReferences

SourceLine = Callable[[ObjectFile, int, int], str | None]
"""(file, section index, offset in it) -> "main.rs:14", or None when the file does not say."""

WIDEST = 16
"""Bytes the widest relocation patches (a TLS descriptor)."""


def apply_relocations(
    placed: Placement,
    dialect: Dialect,
    generic: bool,
    diags: Diagnostics,
    source_line: SourceLine,
    raw: bool = False,
    dead: Sequence[tuple[str, int]] = (),
) -> Patched:
    """Put each output section together and patch it.

    generic: the link goes through GNU ld's generic path (raw and foreign formats); raw: what is not
    loaded is not in the output; dead: of -z dead-reloc-in-nonalloc.
    Reports undefined-symbol, discarded-symbol, reloc-overflow, reloc-wraps, reloc-not-supported,
    bad-object.  Source: psABI i386 and x86-64, ranges by experiment (arch/reloc.py).
    """
    contents = tuple(assemble(section, placed.addresses) for section in placed.sections)
    reach = REACHES["gnu-generic" if generic and dialect.name == "gnu" else dialect.name]
    references = DeadReferences(tuple(dead))
    patcher = _Patcher(placed, contents, dialect, generic, reach, diags, source_line, references)
    where = placed.addresses
    relocated = {
        base + index
        for base, file in zip(where.table.base, where.resolution.files)
        for index in file.relocation_sections
    }
    relocated |= where.edits.parts.keys()
    for section, content in zip(placed.sections, contents):
        patcher.unwritten = raw and dialect.ignores_what_is_not_written and not section.plan.loads
        for piece in section.pieces:
            if piece.kind == INPUT and piece.origin in relocated:
                if content:
                    patcher.patch(piece.origin, content, section, piece.sec_off)
                elif dialect.scans_sections_without_contents:
                    patcher.look_through(piece.origin)
    patcher.odd.tables.write_tables(contents)
    patcher.references.report(diags)
    return Patched(contents, patcher.applied)


def assembled(placed: Placement) -> Patched:
    """The bytes of every output section, nothing patched: for -r."""
    return Patched(tuple(assemble(s, placed.addresses) for s in placed.sections), 0)


@attrs.define(eq=False, repr=False)
class _Patcher:
    """What patching needs to know of the link, and what it has learnt of its files."""

    placed: Placement
    contents: tuple[bytearray, ...]
    dialect: Dialect
    generic: bool
    reach: Reach
    diags: Diagnostics
    source_line: SourceLine
    dead: DeadReferences
    references: References = attrs.field(init=False)
    odd: OddRelocations = attrs.field(init=False)
    applied: int = 0
    unwritten: bool = False
    """The bytes at hand are not in the output: what does not fit there harms nobody."""
    values: SymbolValues = attrs.field(init=False)
    seen: SeenValues = attrs.field(init=False)
    _rows: dict[tuple[int, bool], OnDemand[Patch | None]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.references = References(self.placed, self.dialect, self.source_line)
        self.values = readers = SymbolValues(self.placed)
        if self.placed.addresses.tables.indirect.relocations:
            functions = IndirectValues(self.placed, self.dialect)
            self.values = SymbolValues(self.placed, functions.at_entries())
            readers = SymbolValues(self.placed, functions.for_readers())
        self.odd = OddRelocations(
            self.placed, self.dialect, self.generic, self.reach, self.diags, self.references,
            self.dead, self.values, TableValues(self.placed, self.values, self.dialect),
        )  # fmt: skip
        self.seen = SeenValues(
            self.placed, self.dialect, self.generic, self.dead, self.values, readers
        )

    def patch(self, sid: object, content: bytearray, section: PlacedSection, sec_off: int) -> None:
        """Apply every relocation of one input section."""
        assert isinstance(sid, int)
        where = self.placed.addresses
        for part in where.edits.parts.get(sid, (sid,)):
            file = where.table.owner_file(part)
            obj = where.resolution.files[file]
            index = part - where.table.base[file]
            for rel in obj.relocation_sections.get(index, ()):
                rels = where.tables.relocations.get((file, rel)) or obj.relocations(rel)
                if part in where.edits.moved:
                    rels = _moved(rels, where.edits.moved[part].within(sid))
                if max(rels.offset, default=0) + WIDEST > where.size[sid]:
                    rels = self._inside(rels, where.size[sid], file, index)
                vma = section.vma if section.vma < HALF else section.vma - (1 << 64)
                in_place = rels.addend is None
                self._apply(
                    Site(
                        obj, file, index, content, sec_off, vma + sec_off, in_place, self.unwritten
                    ),
                    rels,
                )

    def look_through(self, sid: object) -> None:
        """Report what the relocations of one input section refer to and nobody defines."""
        assert isinstance(sid, int)
        where = self.placed.addresses
        file = where.table.owner_file(sid)
        obj, index = where.resolution.files[file], sid - where.table.base[file]
        values = self.values.of_file(file)
        site = Site(obj, file, index, bytearray(), 0, 0, False, self.unwritten)
        for rel in obj.relocation_sections.get(index, ()):
            rels = obj.relocations(rel)
            for offset, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
                if values[symbol] is None:
                    self.odd.reference(site, Reloc(offset, kind, symbol, 0))

    def _inside(self, rels: Relocations, size: int, file: int, index: int) -> Relocations:
        """The relocations whose place lies in the section, of `size` bytes; reports bad-object for
        each of the others."""
        machine = self.placed.addresses.resolution.files[file].header.machine
        rows = rows_for(machine)
        kept = []
        for i, (offset, kind) in enumerate(zip(rels.offset, rels.type)):
            width = rows[kind].width if kind in rows else 0
            if offset + width <= size:
                kept.append(i)
                continue
            self.diags.error(
                "bad-object",
                f"{reloc_name(machine, kind)} patches {width} bytes at {offset:#x} of a section of "
                f"{size:#x} bytes",
                place=self.references.place(file, index, offset),
                help=["the file is damaged: build it again"],
            )
        return rels if len(kept) == len(rels) else _only(rels, kept)

    def _apply(self, site: Site, rels: Relocations) -> None:
        """The hot loop: 0.2 us for a relocation that fits (100,000 PC32 in 20 ms)."""
        content, sec_off, start = site.content, site.sec_off, site.start
        table = self._table(site.obj.header.machine, site.in_place)
        values, plain = self.seen.of_section(site)
        addends = rels.addend if rels.addend is not None else _addends(site, rels)
        for offset, kind, symbol, addend in zip(rels.offset, rels.type, rels.symbol, addends):
            patch = table[kind]
            value = plain[symbol]
            if patch is None or value is None:
                reloc = Reloc(offset, kind, symbol, addend)
                value = self.odd.value(site, reloc, values[symbol])
                if value is None or patch is None:
                    continue
                if value >= LOWEST_BLANK:
                    patch.pack_into(content, sec_off + offset, value - BLANK & patch.mask)
                    continue
            how, lo, hi, bits, pack_into = patch
            if how in _DISTANCES:
                value += addend - start - offset
            elif how == SIZE:
                value = self._size(site.file, symbol) + addend
            else:
                value += addend
            if not lo <= value <= hi:
                reloc = Reloc(offset, kind, symbol, addend)
                if not self.odd.is_written(site, reloc, value):
                    continue
            pack_into(content, sec_off + offset, value & bits)
        self.applied += len(rels)

    def _table(self, machine: int, in_place: bool) -> OnDemand[Patch | None]:
        """Types by number, None for those that need more than addresses; see `reloc.patches`."""
        found = self._rows.get((machine, in_place))
        if found is None:
            rows = rows_for(machine)

            def patch(kind: int) -> Patch | None:
                row = rows.get(kind)
                return row and patch_of(row, self.reach, word_of(machine), in_place)

            found = self._rows[machine, in_place] = OnDemand(patch)
        return found

    def _size(self, file: int, symbol: int) -> int:
        """Z of R_X86_64_SIZE*: the definer's size.  GNU ld's generic path uses S instead; we do not
        follow it into a wrong number (docs/DEVIATIONS.md)."""
        where = self.placed.addresses.resolution
        first = where.first_global[file]
        if symbol >= first:
            name = where.global_names[file][symbol - first]
            found = where.definer.get(name) or where.weakened.get(name)
            file, symbol = found or (file, symbol)
        return where.files[file].symbols.size[symbol]


_DISTANCES = (PC, PLT)


def _addends(site: Site, rels: Relocations) -> Sequence[int]:
    """SHT_REL: the addends as they lie in the section's bytes, read before anything is patched."""
    rows: Table = rows_for(site.obj.header.machine)
    out = []
    with memoryview(site.content) as view:
        for offset, kind in zip(rels.offset, rels.type):
            row = rows.get(kind)
            out.append(implicit_addend(view, site.sec_off + offset, row) if row is not None else 0)
    return out


def _moved(rels: Relocations, offsets: Callable[[int], int | None]) -> Relocations:
    """Relocations of a section whose bytes moved; those of dropped bytes are left out."""
    new = [offsets(offset) for offset in rels.offset]
    kept = _only(rels, [i for i, offset in enumerate(new) if offset is not None])
    return attrs.evolve(kept, offset=tuple(offset for offset in new if offset is not None))


def _only(rels: Relocations, kept: Sequence[int]) -> Relocations:
    """Some of the relocations, by their numbers."""
    addend = rels.addend
    return Relocations(
        tuple(rels.offset[i] for i in kept),
        tuple(rels.type[i] for i in kept),
        tuple(rels.symbol[i] for i in kept),
        None if addend is None else tuple(addend[i] for i in kept),
    )
