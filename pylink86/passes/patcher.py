"""Who applies relocations: first a file at a time what is a plain sum, then the others in the order
of the output, so that what is told of them is told in that order.

Each formula asks for S, the symbol's value; A, the addend; P, the place.  What does not fit is
refused where the dialect's linker refuses it, and warned about where that linker writes a value
that reads back as another (reloc-wraps)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from .. import elf_const as c
from ..arch import reloc_name, rows_for, word_of
from ..arch.reloc import SIZE, Patch, Reach, Table, implicit_addend, patch_of
from ..diag import Diagnostics
from ..dialect import Dialect
from ..model import ObjectFile, Relocations
from .placement import Placement
from .relocation_site import BLANK, LOWEST_BLANK, Reloc, Site
from .section_list import SectionId
from .seen_values import SeenValues
from .sums import DISTANCES, Row, Sum, apply_sums, sum_of
from .symbol_values import OnDemand, SymbolValues, as_signed

if TYPE_CHECKING:
    from .odd_relocations import OddRelocations

SourceLine = Callable[[ObjectFile, int, int], str | None]
"""(file, section index, offset in it) -> "main.rs:14", or None when the file does not say."""

WIDEST = 16
"""Bytes the widest relocation patches (a TLS descriptor)."""


class _Kinds:
    """The relocation types of a machine: what the hot loop needs of each, what `Patch` says, and
    how many bytes are patched."""

    def __init__(
        self, sums: OnDemand[Sum | None], patches: OnDemand[Patch | None], widths: OnDemand[int]
    ) -> None:
        self.sums, self.patches, self.widths = sums, patches, widths


class Patcher:
    """What patching needs to know of the link, and what it has learnt of its files."""

    def __init__(
        self,
        placed: Placement,
        contents: tuple[bytearray, ...],
        dialect: Dialect,
        generic: bool,
        reach: Reach,
        diags: Diagnostics,
        source_line: SourceLine,
        dead: Sequence[tuple[str, int]],
    ) -> None:
        self.placed, self.contents, self.dialect = placed, contents, dialect
        self.generic, self.reach, self.diags = generic, reach, diags
        self.source_line, self.dead = source_line, dead
        self.applied = 0
        self.unwritten = False
        """The bytes at hand are not in the output: what does not fit there harms nobody."""
        self.values, readers = self._values()
        self.seen = SeenValues(placed, dialect, generic, dead, self.values, readers)
        self.edited = self._edited()
        self.starts = [as_signed(section.vma) for section in placed.sections]
        self.begun: dict[SectionId, Iterator[Row] | None] = {}
        """What `patch_file` has applied, and the rows of each section that it left."""
        self._kinds: dict[tuple[int, bool], _Kinds] = {}
        self._odd: OddRelocations | None = None

    def _values(self) -> tuple[SymbolValues, SymbolValues]:
        """S in memory, and as debug data has it."""
        if not self.placed.addresses.tables.indirect.relocations:
            values = SymbolValues(self.placed)
            return values, values
        from .indirect_values import IndirectValues

        functions = IndirectValues(self.placed, self.dialect)
        return (
            SymbolValues(self.placed, functions.at_entries()),
            SymbolValues(self.placed, functions.for_readers()),
        )

    def _edited(self) -> frozenset[SectionId]:
        """Sections whose relocations are not those that the file has."""
        where = self.placed.addresses
        rewritten = {
            where.table.base[file] + where.resolution.files[file].sections.info[rel]
            for file, rel in where.tables.relocations
        }
        return frozenset(rewritten | where.edits.parts.keys() | where.edits.moved.keys())

    @property
    def odd(self) -> OddRelocations:
        """For what is no plain sum or does not fit: made when the first is met, because what it is
        made of takes longer to import than a small link takes."""
        if self._odd is None:
            from .odd_relocations import OddRelocations
            from .refs import References
            from .table_values import TableValues
            from .tombstones import DeadReferences

            self._odd = OddRelocations(
                self.placed, self.dialect, self.generic, self.reach, self.diags,
                References(self.placed, self.dialect, self.source_line),
                DeadReferences(tuple(self.dead)), self.values,
                TableValues(self.placed, self.values, self.dialect),
            )  # fmt: skip
        return self._odd

    @property
    def met_odd(self) -> bool:
        """Whether anything was no plain sum or did not fit."""
        return self._odd is not None

    def finish(self) -> None:
        """Fill the linker's own tables, and tell of what could not be resolved."""
        tables = self.placed.addresses.tables
        if tables.slots or tables.indirect.relocations or tables.moves is not None:
            self.odd.tables.write_tables(self.contents)
        if self._odd is not None:
            self._odd.references.report(self.diags)

    def patch_file(self, file: int) -> None:
        """Apply the relocations of a file's sections in memory, as far as they are plain sums.

        There may be a hundred thousand such sections with three rows each, so what they share is
        looked up once and nothing is made that only a few need: 2 us a section, and the rows.
        `begun` tells what is done."""
        values = self.seen.of_code(file)
        if values is None:
            return
        where = self.placed.addresses
        obj, base = where.resolution.files[file], where.table.base[file]
        flags, groups = obj.sections.flags, obj.relocation_groups
        kinds = self._of_machine(obj.header.machine, in_place=False)
        for index, tables in obj.relocation_sections.items():
            sid = base + index
            home, size = where.owner[sid], where.size[sid]
            if home < 0 or not size or len(tables) > 1 or sid in self.edited:
                continue
            content, group = self.contents[home], groups[tables[0]].rows()
            if not content or not flags[index] & c.SHF_ALLOC or not group.is_sound:
                continue
            begin, end, highest = group.spans[tables[0]]
            if group.addend is None:
                continue
            offsets, types = group.offset[begin:end], group.type[begin:end]
            if highest + WIDEST > size and _end(offsets, types, kinds) > size:
                continue
            rows = zip(offsets, types, group.symbol[begin:end], group.addend[begin:end])
            at = where.offset[sid]
            odd = apply_sums(rows, kinds.sums, values, content, at, self.starts[home] + at)
            self.begun[sid] = None if odd is None else chain((odd,), rows)
            self.applied += end - begin

    def done(self) -> set[SectionId]:
        """Sections that have no relocation left to apply."""
        return {sid for sid, rows in self.begun.items() if rows is None}

    def patch(self, sid: SectionId, content: bytearray, home: int, at: int) -> None:
        """Apply the relocations of one input section that are not applied yet.

        home: the number of its output section; at: where its bytes begin in that, whose are
        `content`."""
        where = self.placed.addresses
        start = self.starts[home] + at
        if sid in self.begun:
            rows = self.begun[sid]
            if rows is not None:
                file = where.table.owner_file(sid)
                obj, index = where.resolution.files[file], sid - where.table.base[file]
                site = Site(obj, file, index, content, at, start, False, self.unwritten)
                self._apply(site, rows)
            return
        for part in where.edits.parts.get(sid, (sid,)):
            file = where.table.owner_file(part)
            obj, index = where.resolution.files[file], part - where.table.base[file]
            for rel in obj.relocation_sections.get(index, ()):
                self._patch_table(rel, part, sid, content, start, at)

    def _patch_table(
        self, rel: int, part: SectionId, sid: SectionId, content: bytearray, start: int, at: int
    ) -> None:
        """One table of relocations, as the passes before have left it."""
        where = self.placed.addresses
        file = where.table.owner_file(part)
        obj, index = where.resolution.files[file], part - where.table.base[file]
        rels = where.tables.relocations.get((file, rel)) or obj.relocations(rel)
        if part in where.edits.moved:
            rels = _moved(rels, where.edits.moved[part].within(sid))
        rels = self._inside(rels, where.size[sid], file, index)
        site = Site(obj, file, index, content, at, start, rels.addend is None, self.unwritten)
        addends = rels.addend if rels.addend is not None else _addends(site, rels)
        self._apply(site, zip(rels.offset, rels.type, rels.symbol, addends))
        self.applied += len(rels)

    def look_through(self, sid: SectionId) -> None:
        """Report what the relocations of one input section refer to and nobody defines."""
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
        if max(rels.offset, default=0) + WIDEST <= size:
            return rels
        machine = self.placed.addresses.resolution.files[file].header.machine
        kinds = self._of_machine(machine, rels.addend is None)
        if _end(rels.offset, rels.type, kinds) <= size:
            return rels
        widths = kinds.widths
        kept = []
        for i, (offset, kind) in enumerate(zip(rels.offset, rels.type)):
            if offset + widths[kind] <= size:
                kept.append(i)
                continue
            self.diags.error(
                "bad-object",
                f"{reloc_name(machine, kind)} patches {widths[kind]} bytes at {offset:#x} of a "
                f"section of {size:#x} bytes",
                place=self.odd.references.place(file, index, offset),
                help=["the file is damaged: build it again"],
            )
        return rels if len(kept) == len(rels) else _only(rels, kept)

    def _apply(self, site: Site, rows: Iterator[Row]) -> None:
        """Apply relocations of one section: what is a plain sum in the hot loop, others one by
        one."""
        values, plain = self.seen.of_section(site)
        sums = self._of_machine(site.obj.header.machine, site.in_place).sums
        content, sec_off, start = site.content, site.sec_off, site.start
        finds = self.seen.finds(site.file)
        blanks: dict[tuple[int, int], int] = {}
        while odd := apply_sums(rows, sums, plain, content, sec_off, start, finds, blanks):
            reloc = Reloc(*odd)
            self._apply_odd(site, reloc, plain[reloc.symbol], values[reloc.symbol], blanks)

    def _apply_odd(
        self,
        site: Site,
        reloc: Reloc,
        plain: int | None,
        value: int | None,
        blanks: dict[tuple[int, int], int],
    ) -> None:
        """One relocation that the hot loop leaves over.  plain, value: as in `of_section`; blanks:
        gets what debug data has for a symbol that is not there: it refers to most of them many
        times."""
        content, place = site.content, site.sec_off + reloc.offset
        patch = self._of_machine(site.obj.header.machine, site.in_place).patches[reloc.type]
        found = plain
        if patch is None or plain is None:
            found = self.odd.value(site, reloc, value)
            if found is None or patch is None:
                return
            if found >= LOWEST_BLANK:
                blank = found - BLANK & patch.mask
                if not site.in_memory:
                    blanks[reloc.symbol, reloc.type] = blank
                patch.pack_into(content, place, blank)
                return
        assert found is not None
        if patch.kind in DISTANCES:
            found += reloc.addend - site.start - reloc.offset
        elif patch.kind == SIZE:
            found = self._size(site.file, reloc.symbol) + reloc.addend
        else:
            found += reloc.addend
        if patch.lo <= found <= patch.hi or self.odd.is_written(site, reloc, found):
            patch.pack_into(content, place, found & patch.mask)

    def _of_machine(self, machine: int, in_place: bool) -> _Kinds:
        """Relocation types by number; None for those that need more than addresses."""
        found = self._kinds.get((machine, in_place))
        if found is None:
            rows, word = rows_for(machine), word_of(machine)

            def patch(kind: int) -> Patch | None:
                row = rows.get(kind)
                return row and patch_of(row, self.reach, word, in_place)

            found = self._kinds[machine, in_place] = _Kinds(
                OnDemand(lambda kind: sum_of(patch(kind))),
                OnDemand(patch),
                OnDemand(lambda kind: rows[kind].width if kind in rows else 0),
            )
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


def _end(offsets: Sequence[int], types: Sequence[int], kinds: _Kinds) -> int:
    """Where the last of the patched bytes end."""
    widths = map(kinds.widths.__getitem__, types)
    return max([offset + width for offset, width in zip(offsets, widths)], default=0)


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
