"""The bytes: every output section put together and its relocations applied.

From here on no address moves.  Each input section's bytes are copied to their place, gaps are
filled, and for every relocation the value its formula asks for is computed from final addresses and
written in the width its type has.  What does not fit is refused where the dialect's linker refuses
it, and warned about where that linker writes a value that reads back as another (reloc-wraps)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from .. import elf_const as c
from ..arch import reloc_name, rows_for, word_of
from ..arch.reloc import (
    GOT_BASE,
    NONE,
    PACK,
    PC,
    PLT,
    REACHES,
    SIZE,
    TLS_OFFSET,
    Patch,
    Reach,
    Row,
    Table,
    accepted,
    either_range,
    implicit_addend,
    judge,
    mask,
    patch_of,
    signed,
)
from ..arch.reloc import needs as needs_of
from ..diag import Diagnostics
from ..dialect import Dialect
from ..model import ObjectFile, Relocations
from .fill import fill_bytes
from .indirect_values import IndirectValues
from .locate import Addresses
from .placement import DATA, FILLER, INPUT, PlacedSection, Placement
from .refs import References, symbol_name
from .symbol_values import HALF, OnDemand, SymbolValues
from .table_values import HANDLED, NoSlot, TableValues, Use
from .tombstones import GNU_TOMBSTONES, DeadReferences, is_debug, kept_copy

SourceLine = Callable[[ObjectFile, int, int], str | None]
"""(file, section index, offset in it) -> "main.rs:14", or None when the file does not say."""

DEBUG_NAMES = (".debug", ".zdebug", ".gnu.debuglto_", ".gnu.linkonce.wi.", ".line", ".stab")
_SLOT = "an entry in the global offset table, which only code and data in memory get"
WIDEST = 16
"""Bytes the widest relocation patches (a TLS descriptor)."""


@attrs.frozen(eq=False, repr=False)
class Patched:
    """contents: the bytes of each output section, in the order of Placement.sections (empty for
    SHT_NOBITS); applied: how many relocations were."""

    contents: tuple[bytearray, ...]
    applied: int


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
    patcher.tables.write_slots(contents)
    patcher.references.report(diags)
    return Patched(contents, patcher.applied)


def assembled(placed: Placement) -> Patched:
    """The bytes of every output section, nothing patched: for -r."""
    return Patched(tuple(assemble(s, placed.addresses) for s in placed.sections), 0)


def assemble(section: PlacedSection, addresses: Addresses) -> bytearray:
    """The unpatched bytes of one output section: inputs, padding, data statements."""
    if section.plan.type == c.SHT_NOBITS:
        return bytearray()
    parts: list[bytes | memoryview] = []
    files, table, edits = addresses.resolution.files, addresses.table, addresses.edits
    for piece in section.pieces:
        if piece.kind == INPUT:
            sid = piece.origin
            assert isinstance(sid, int)
            new = edits.content.get(sid) or addresses.tables.code.get(sid)
            if new is None:
                number = table.owner_file(sid)
                new = files[number].contents[sid - table.base[number]]  # type: ignore[assignment]
            parts.append(new if len(new) == piece.size else bytes(piece.size))  # type: ignore[arg-type]
        elif piece.kind == DATA:
            assert isinstance(piece.content, bytes)
            parts.append(piece.content)
        else:
            assert piece.kind == FILLER
            parts.append(fill_bytes(piece.content, piece.size, piece.phase))
    return bytearray().join(parts)


BLANK = 1 << 80
LOWEST_BLANK = BLANK - 1
"""No address is as large, so a value from here on says what is to be written as it is."""


@attrs.define(eq=False, repr=False)
class _Patcher:
    """What patching needs to know of the link, and the symbol values of the file at hand."""

    placed: Placement
    contents: tuple[bytearray, ...]
    dialect: Dialect
    generic: bool
    reach: Reach
    diags: Diagnostics
    source_line: SourceLine
    dead: DeadReferences
    references: References = attrs.field(init=False)
    applied: int = 0
    unwritten: bool = False
    """The bytes at hand are not in the output: what does not fit there harms nobody."""
    values: SymbolValues = attrs.field(init=False)
    of_readers: SymbolValues = attrs.field(init=False)
    """The same for what is not in memory: debuggers know functions by another address than code
    that jumps through a table."""
    tables: TableValues = attrs.field(init=False)
    _rows: dict[tuple[int, bool], OnDemand[Patch | None]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.references = References(self.placed, self.dialect, self.source_line)
        self.values = self.of_readers = SymbolValues(self.placed)
        if self.placed.addresses.tables.indirect.relocations:
            functions = IndirectValues(self.placed, self.dialect)
            self.values = SymbolValues(self.placed, functions.at_entries())
            self.of_readers = SymbolValues(self.placed, functions.for_readers())
        self.tables = TableValues(self.placed, self.values, self.dialect)

    @property
    def debug_is_relative(self) -> bool:
        return self.generic and self.dialect.generic_path

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
                self._apply(obj, file, index, rels, content, section, sec_off)

    def look_through(self, sid: object) -> None:
        """Report what the relocations of one input section refer to and nobody defines."""
        assert isinstance(sid, int)
        where = self.placed.addresses
        file = where.table.owner_file(sid)
        obj, index = where.resolution.files[file], sid - where.table.base[file]
        values = self.values.of_file(file)
        for rel in obj.relocation_sections.get(index, ()):
            rels = obj.relocations(rel)
            for offset, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
                if values[symbol] is None:
                    self._special(obj, file, index, offset, kind, symbol, 0, None)

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

    def _apply(
        self,
        obj: ObjectFile,
        file: int,
        index: int,
        rels: Relocations,
        content: bytearray,
        section: PlacedSection,
        sec_off: int,
    ) -> None:
        """The hot loop: 0.25 us for a relocation that fits (100,000 PC32 in 25 ms)."""
        machine = obj.header.machine
        in_place = rels.addend is None
        table = self._table(machine, in_place)
        rows = rows_for(machine)
        in_memory = obj.sections.flags[index] & c.SHF_ALLOC
        values = (self.values if in_memory else self.of_readers).of_file(file)
        vma = section.vma if section.vma < HALF else section.vma - (1 << 64)
        start = vma + sec_off
        addends: Sequence[int] = (
            self._addends(content, sec_off, rels, rows) if rels.addend is None else rels.addend
        )
        merged = self.placed.addresses.edits.moved
        if self.debug_is_relative and obj.sections.names[index].startswith(DEBUG_NAMES):
            values = self._debug_values(obj, values)
        if self.placed.addresses.folded and not obj.sections.flags[index] & c.SHF_ALLOC:
            values = self._without_copies(file, index, values)
        for offset, kind, symbol, addend in zip(rels.offset, rels.type, rels.symbol, addends):
            patch = table[kind]
            value = values[symbol]
            if patch is None or value is None or merged:
                row = rows.get(kind)
                if row is not None and row.kind == NONE:
                    continue
                if row is not None and row.kind in HANDLED:
                    self._through_tables(
                        obj, file, index, row, offset, symbol, addend, content, sec_off, start,
                        in_place,
                    )  # fmt: skip
                    continue
                special = self._special(obj, file, index, offset, kind, symbol, addend, value)
                if special is None or patch is None:
                    continue
                if special >= LOWEST_BLANK:
                    patch.pack_into(content, sec_off + offset, special - BLANK & patch.mask)
                    continue
                value = special
            how, lo, hi, bits, pack_into = patch
            if how in (PC, PLT):
                value += addend - start - offset
            elif how == SIZE:
                value = self._size(file, symbol, value) + addend
            else:
                value += addend
            if not lo <= value <= hi and not self._judged(
                obj, file, index, offset, rows[kind], symbol, value, addend, in_place
            ):
                continue
            pack_into(content, sec_off + offset, value & bits)
        self.applied += len(rels)

    def _through_tables(
        self,
        obj: ObjectFile,
        file: int,
        index: int,
        row: Row,
        offset: int,
        symbol: int,
        addend: int,
        content: bytearray,
        sec_off: int,
        start: int,
        in_place: bool,
    ) -> None:
        """A relocation that needs one of the linker's tables or the thread pointer."""
        value = self.values.of_file(file)[symbol]
        if value is None and row.kind != GOT_BASE:
            special = self._special(obj, file, index, offset, row.number, symbol, addend, value)
            if special is None:
                return
            if special >= LOWEST_BLANK and not self.dialect.tables_like_gnu:
                PACK[row.width](content, sec_off + offset, special - BLANK & mask(row.width))
                return
            value = 0 if special >= LOWEST_BLANK else special
        in_code = bool(obj.sections.flags[index] & c.SHF_EXECINSTR)
        at = sec_off + offset
        use = Use(
            row, obj.header.machine, file, symbol, value or 0, addend, start + offset, in_code,
            memoryview(content), at,
        )  # fmt: skip
        try:
            found = self.tables.value(use)
        except NoSlot:
            name = reloc_name(obj.header.machine, row.number)
            self.references.unsupported(name, _SLOT, file, index, offset, symbol)
            return
        if found is None:
            return
        patch = PACK[row.width]
        word = word_of(obj.header.machine)
        lo, hi = accepted(self.reach, row)
        if not lo <= signed(found, word) <= hi:
            before = found - addend if in_place else None
            verdict = judge(self.reach, row, found, word, before)
            if verdict != "fits":
                self.references.misfit(row, (lo, hi), file, index, offset, symbol, found, verdict)
            if verdict == "refused":
                return
        patch(content, at, found & mask(row.width))

    def _debug_values(self, obj: ObjectFile, values: OnDemand[int | None]) -> OnDemand[int | None]:
        """Values as GNU ld's generic path has them in debug sections: what lies in another debug
        section counts from the start of its output section, even when that is in memory."""
        names, where = obj.sections.names, self.placed.addresses
        base = where.table.base[where.resolution.files.index(obj)]
        shndx_of = obj.symbols.shndx

        def debug_value(symbol: int) -> int | None:
            value, shndx = values[symbol], shndx_of[symbol]
            if shndx > 0 and value is not None and names[shndx].startswith(DEBUG_NAMES):
                return value - self.placed.sections[where.owner[base + shndx]].vma
            return value

        return OnDemand(debug_value)

    def _without_copies(
        self, file: int, index: int, values: OnDemand[int | None]
    ) -> OnDemand[int | None]:
        """The values for a section outside of memory: none for what --icf left out, if it does not
        want to hear of copies."""
        where = self.placed.addresses
        obj = where.resolution.files[file]
        if not self.dead.hides_copies(obj.sections.names[index]):
            return values

        def seen_value(symbol: int) -> int | None:
            home, at = file, symbol
            first = where.resolution.first_global[file]
            if symbol >= first:
                name = where.resolution.global_names[file][symbol - first]
                home, at = where.resolution.definer.get(name, (file, symbol))
            shndx = where.resolution.files[home].symbols.shndx[at]
            is_copy = shndx > 0 and where.table.base[home] + shndx in where.folded
            return None if is_copy else values[symbol]

        return OnDemand(seen_value)

    def _addends(
        self, content: bytearray, sec_off: int, rels: Relocations, rows: Table
    ) -> list[int]:
        """SHT_REL: the addends as they lie in the section's bytes, read before anything is
        patched."""
        view = memoryview(content)
        out = []
        for offset, kind in zip(rels.offset, rels.type):
            row = rows.get(kind)
            out.append(implicit_addend(view, sec_off + offset, row) if row is not None else 0)
        view.release()
        return out

    def _special(
        self,
        obj: ObjectFile,
        file: int,
        index: int,
        offset: int,
        kind: int,
        symbol: int,
        addend: int,
        value: int | None,
    ) -> int | None:
        """What the hot loop leaves out: types that need tables, symbols without a value, symbols in
        sections that were taken apart.  Returns S, BLANK + n for a place to be written over with
        n, without its addend, or None when there is nothing to write."""
        row = rows_for(obj.header.machine).get(kind)
        by_table = row is not None and row.kind in HANDLED
        if not by_table and (row is None or self._table(obj.header.machine, False)[kind] is None):
            name = reloc_name(obj.header.machine, kind)
            needs = "" if row is None else needs_of(row)
            self.references.unsupported(name, needs, file, index, offset, symbol)
            return None
        moved = self._in_moved_section(obj, file, index, offset, symbol, addend)
        if moved is not None:
            return moved
        if value is None:
            shndx = obj.symbols.shndx[symbol]
            name = self._name(file, symbol)
            if self.unwritten and not obj.sections.flags[index] & c.SHF_ALLOC:
                return None
            if shndx == 0 and name not in self.placed.addresses.resolution.definer:
                self.references.undefined(name, file, index, offset)
                return 0 if self.diags.tolerates("undefined-symbol") else None
            return self._discarded(obj, file, index, offset, row, symbol, name, addend)
        return value

    def _discarded(
        self,
        obj: ObjectFile,
        file: int,
        index: int,
        offset: int,
        row: Row | None,
        symbol: int,
        name: str,
        addend: int,
    ) -> int | None:
        """A reference to what is not in the output: nothing for debuggers and unwinders to miss,
        in code an error; GNU ld's generic path blanks it, which is worth a warning."""
        blanks = self.dialect.references_to_discarded_are_zero
        where = obj.sections.names[index]
        if not obj.sections.flags[index] & c.SHF_ALLOC:
            if not blanks:
                dead = None if row is None else self.dead.value(where, row)
                if dead is None and row is not None and row.kind == TLS_OFFSET:
                    dead = addend
                if dead is not None:
                    return BLANK + dead
                return self.values.of_file(file)[symbol] or 0
            if self.generic or is_debug(where):
                kept = None if self.generic else self._in_kept_copy(file, obj, symbol)
                return BLANK + GNU_TOMBSTONES.get(where, 0) if kept is None else kept
        if blanks and where in (".eh_frame", ".gcc_except_table"):
            return BLANK
        is_blank = blanks and self.generic
        self.references.discarded(name, file, index, offset, symbol, is_blank)
        if self.diags.tolerates("discarded-symbol"):
            return 0
        return BLANK if is_blank else None

    def _in_kept_copy(self, file: int, obj: ObjectFile, symbol: int) -> int | None:
        """S of a symbol in a COMDAT section of which another file's copy stayed."""
        where = self.placed.addresses
        kept = kept_copy(where.resolution, file, obj.symbols.shndx[symbol])
        if kept is None:
            return None
        found = where.of_place(where.table.base[kept[0]] + kept[1], obj.symbols.value[symbol])
        return None if found is None else self.placed.sections[found[0]].vma + found[1]

    def _in_moved_section(
        self, obj: ObjectFile, file: int, index: int, offset: int, symbol: int, addend: int
    ) -> int | None:
        """A section symbol of a merged section: the addend says which piece is meant, so S + A is
        looked up as a whole and S returned such that S + A is right."""
        shndx = obj.symbols.shndx[symbol]
        if shndx <= 0 or obj.symbols.info[symbol] & 0xF != c.STT_SECTION:
            return None
        where = self.placed.addresses
        sid = where.table.base[file] + shndx
        if sid not in where.edits.moved:
            return None
        sec_off = obj.symbols.value[symbol] + addend
        found = where.of_place(sid, sec_off)
        at_end = sec_off == where.table.size[sid] and not self.dialect.merged_end_is_inside
        at_end = at_end and bool(where.table.flags[sid] & c.SHF_MERGE)
        if found is None or at_end:
            inside = 0 <= sec_off <= where.table.size[sid] and not at_end
            if not (inside or self.unwritten):
                self.references.outside(sid, sec_off, file, index, offset, self.diags)
            return None
        return self.placed.sections[found[0]].vma + found[1] - addend

    def _name(self, file: int, symbol: int) -> str:
        return symbol_name(self.placed.addresses.resolution.files[file], symbol)

    def _size(self, file: int, symbol: int, value: int) -> int:
        """Z of R_X86_64_SIZE*: the definer's size.  GNU ld's generic path uses S instead; we do not
        follow it into a wrong number (docs/DEVIATIONS.md)."""
        where = self.placed.addresses.resolution
        first = where.first_global[file]
        if symbol >= first:
            name = where.global_names[file][symbol - first]
            found = where.definer.get(name) or where.weakened.get(name)
            file, symbol = found or (file, symbol)
        return where.files[file].symbols.size[symbol]

    def _judged(
        self,
        obj: ObjectFile,
        file: int,
        index: int,
        offset: int,
        row: Row,
        symbol: int,
        value: int,
        addend: int,
        in_place: bool,
    ) -> bool:
        """Whether a value outside the quick range is written all the same; reports if it is odd."""
        word = word_of(obj.header.machine)
        verdict = judge(self.reach, row, value, word, value - addend if in_place else None)
        if verdict == "fits":
            return True
        if self.unwritten:
            return False
        range_ = accepted(self.reach, row)
        if verdict == "wraps" and row.width == word < word_of(self.placed.addresses.machine):
            # Mixed classes: GNU ld would write the low half of a 64-bit address.
            verdict, range_ = "refused", either_range(row.width)
        self.references.misfit(row, range_, file, index, offset, symbol, value, verdict)
        return verdict == "wraps"


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
