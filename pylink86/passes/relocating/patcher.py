"""Who applies relocations: first a file at a time what is a plain sum, then the others in the order
of the output, so that what is told of them is told in that order.

Each formula asks for S, the symbol's value; A, the addend; P, the place.  What does not fit is
refused where the dialect's linker refuses it, and warned about where that linker writes a value
that reads back as another (reloc-wraps)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import length_hint
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...arch import reloc_name, rows_for, word_of
from ...arch.reloc import GOT_PC, SIZE, Patch, Reach, Table, implicit_addend, patch_of
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile, Relocations
from ...relocation_groups import GroupRows
from ..placement import Placement
from ..section_list import SectionId
from .relocation_runs import WIDEST, relocation_runs
from .relocation_site import BLANK, LOWEST_BLANK, Reloc, Site
from .seen_values import SeenValues
from .sums import DISTANCES, Column, Elsewhere, Form, Row, Sum, apply_sums, form_of
from .symbol_values import OnDemand, SymbolValues, as_signed, block_of_names

if TYPE_CHECKING:
    from .odd_relocations import OddRelocations
    from .table_values import TableValues

SourceLine = Callable[[ObjectFile, int, int], str | None]
"""(file, section index, offset in it) -> "main.rs:14", or None when the file does not say."""


_Where = tuple[bytearray, int, int, Elsewhere]
"""The arguments of `apply_sums` that say which section is at hand."""


class _Kinds:
    """The relocation types of a machine: what the hot loop needs of each, what `Patch` says, and
    how many bytes are patched.  of_slots: those whose value is a slot's address."""

    def __init__(self, machine: int, reach: Reach, in_place: bool) -> None:
        rows, word = rows_for(machine), word_of(machine)

        def patch(kind: int) -> Patch | None:
            row = rows.get(kind)
            return row and patch_of(row, reach, word, in_place)

        self.forms = OnDemand[Form | None](
            lambda kind: form_of(rows.get(kind), reach, word, in_place)
        )
        self.patches = OnDemand[Patch | None](patch)
        self.widths = OnDemand[int](lambda kind: rows[kind].width if kind in rows else 0)
        self.of_slots = OnDemand[bool](lambda kind: kind in rows and rows[kind].kind == GOT_PC)


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
        edits = placed.addresses.edits
        self.edited = edits.parts.keys() | edits.moved.keys()
        """Sections whose relocations are not where the file has them."""
        self.starts = [as_signed(section.vma) for section in placed.sections]
        self.begun: dict[SectionId, Iterator[Row] | None] = {}
        """What `patch_file` has applied, and the rows of each section that it left."""
        self._kinds: dict[tuple[int, bool], _Kinds] = {}
        self._tables: TableValues | None = None
        self._odd: OddRelocations | None = None

    def _values(self) -> tuple[SymbolValues, SymbolValues]:
        """S in memory, and as debug data has it."""
        block = block_of_names(self.placed, self.dialect)
        if not self.placed.addresses.tables.indirect.relocations:
            passed_over = self.diags.ignores("undefined-symbol") and self.dialect.tables_like_gnu
            undefined = 0 if passed_over else None
            values = SymbolValues(self.placed, undefined=undefined, block=block)
            return values, values
        from ..own.indirect_values import IndirectValues

        functions = IndirectValues(self.placed, self.dialect)
        return (
            SymbolValues(self.placed, functions.at_entries(), block=block),
            SymbolValues(self.placed, functions.for_readers(), block=block),
        )

    @property
    def tables(self) -> TableValues:
        """What the linker's own tables hold, for links that have any."""
        if self._tables is None:
            from .table_values import TableValues

            self._tables = TableValues(self.placed, self.values, self.dialect)
        return self._tables

    @property
    def odd(self) -> OddRelocations:
        """For what is no plain sum or does not fit: made when the first is met, because what it is
        made of takes longer to import than a small link takes."""
        if self._odd is None:
            from ..checking.refs import References
            from .odd_relocations import OddRelocations
            from .tombstones import DeadReferences

            self._odd = OddRelocations(
                self.placed, self.dialect, self.generic, self.reach, self.diags,
                References(self.placed, self.dialect, self.source_line),
                DeadReferences(tuple(self.dead)), self.values, self.tables,
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
            self.tables.write_tables(self.contents)
        if self._odd is not None:
            self._odd.references.report(self.diags)

    def patch_file(self, file: int) -> None:
        """Apply the relocations of a file's sections, as far as they are plain sums.

        There may be a hundred thousand such sections with three rows each, so what they share is
        looked up once and nothing is made that only a few need: 2 us a section, and the rows.
        `begun` tells what is done."""
        where, seen, values = self.placed.addresses, self.seen, self.seen.column(file)
        if values is None:
            return
        obj, base = where.resolution.files[file], where.table.base[file]
        flags, names, groups = obj.sections.flags, obj.sections.names, obj.relocation_groups
        kinds = self._of_machine(obj.header.machine, in_place=False)
        sums, in_memory = self._sums(kinds, file, values), seen.elsewhere(file)
        self._patch_runs(file, sums, in_memory)
        for index, tables in obj.relocation_sections.items():
            sid = base + index
            if sid in self.begun:
                continue
            home, size = where.owner[sid], where.size[sid]
            if home < 0 or not size or len(tables) > 1 or sid in self.edited:
                continue
            content, group = self.contents[home], groups[tables[0]].rows()
            if not content or not group.is_sound or group.addend is None:
                continue
            is_code = flags[index] & c.SHF_ALLOC
            elsewhere = in_memory if is_code else seen.elsewhere_outside(file, names[index])
            rows = self._rows(file, tables[0], group, size, kinds.widths)
            if elsewhere is None or rows is None:
                continue
            at = where.offset[sid]
            place = content, at, self.starts[home] + at, elsewhere
            odd = self._apply_plain(file, rows, sums, place)
            self.begun[sid] = None if odd is None else chain((odd,), rows)
            begin, end, _ = group.spans[tables[0]]
            self.applied += end - begin

    def _patch_runs(self, file: int, sums: OnDemand[Sum | None], elsewhere: Elsewhere) -> None:
        """Apply the relocations of sections that follow each other all at once, up to the first
        section with one that is no plain sum.  What is written is the same when it is written
        again, so that section is not remembered as begun."""
        for run in relocation_runs(file, self.placed.addresses, self.edited, self.contents):
            place = self.contents[run.home], 0, self.starts[run.home], elsewhere
            rows, types = run.rows()
            odd = self._apply_plain(file, rows, sums, place)
            left = 0 if odd is None else length_hint(types) + 1
            done = run.sections_within(run.end - run.begin - left)
            self.begun.update(dict.fromkeys(run.sids[:done]))
            self.applied += sum(run.counts[:done])

    def _apply_plain(
        self, file: int, rows: Iterator[Row], sums: OnDemand[Sum | None], place: _Where
    ) -> Row | None:
        """Apply relocations as `apply_sums` does, and look for symbols that have a plain value
        after all: labels in a section that was taken apart."""
        odd = apply_sums(rows, sums, *place)
        while odd is not None and self.seen.learn(file, odd[2]):
            odd = apply_sums(iter((odd,)), sums, *place) or apply_sums(rows, sums, *place)
        return odd

    def _rows(
        self, file: int, rel: int, group: GroupRows, size: int, widths: OnDemand[int]
    ) -> Iterator[Row] | None:
        """A relocation table, with the loads that were rewritten; None when not every row lies in
        the section, of `size` bytes."""
        begin, end, highest = group.spans[rel]
        offsets, types = group.offset[begin:end], group.type[begin:end]
        assert group.addend is not None
        addends = group.addend[begin:end]
        rewritten = self.placed.addresses.tables.relocations
        if rewritten and (file, rel) in rewritten:
            new = rewritten[file, rel]
            offsets, types, addends = new.offset, new.type, new.addend or addends
            highest = max(offsets)
        if highest + WIDEST > size and _end(offsets, types, widths, highest) > size:
            return None
        return zip(offsets, types, group.symbol[begin:end], addends)

    def _sums(self, kinds: _Kinds, file: int, values: Column) -> OnDemand[Sum | None]:
        """What the hot loop needs of each type, in sections of a file that see these values."""

        def sum_of(kind: int) -> Sum | None:
            form = kinds.forms[kind]
            if form is None:
                return None
            return self.tables.slots_of(file) if kinds.of_slots[kind] else values, *form

        return OnDemand(sum_of)

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
        highest = max(rels.offset, default=0)
        if highest + WIDEST <= size:
            return rels
        machine = self.placed.addresses.resolution.files[file].header.machine
        kinds = self._of_machine(machine, rels.addend is None)
        if _end(rels.offset, rels.type, kinds.widths, highest) <= size:
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
        values, plain, elsewhere = self.seen.of_section(site)
        kinds = self._of_machine(site.obj.header.machine, site.in_place)
        sums = self._sums(kinds, site.file, plain)
        place = site.content, site.sec_off, site.start, elsewhere
        while odd := apply_sums(rows, sums, *place):
            reloc = Reloc(*odd)
            self._apply_odd(site, reloc, plain[reloc.symbol], values[reloc.symbol])

    def _apply_odd(self, site: Site, reloc: Reloc, plain: int | None, value: int | None) -> None:
        """One relocation that the hot loop leaves over.  plain, value: as in `of_section`."""
        content, place = site.content, site.sec_off + reloc.offset
        patch = self._of_machine(site.obj.header.machine, site.in_place).patches[reloc.type]
        found = plain
        if patch is None or plain is None:
            found = self.odd.value(site, reloc, value)
            if found is None or patch is None:
                return
            if found >= LOWEST_BLANK:
                patch.pack_into(content, place, found - BLANK & patch.mask)
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
        found = self._kinds.get((machine, in_place))
        if found is None:
            found = self._kinds[machine, in_place] = _Kinds(machine, self.reach, in_place)
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


def _end(offsets: Sequence[int], types: Sequence[int], widths: OnDemand[int], highest: int) -> int:
    """Where the last of the patched bytes end; highest: of the offsets.  Functions end in calls, so
    the types are told by the few that there are, where they are of one width."""
    found = {widths[kind] for kind in {*types}}
    if len(found) == 1:
        return highest + found.pop()
    return max([offset + widths[kind] for offset, kind in zip(offsets, types)], default=0)


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
