"""What a relocation is worth that is no plain sum: S of symbols whose section was taken apart,
left out or never defined, and values that do not fit at first sight.

Of a hundred thousand relocations a few are of this kind, so here is an object for the section at
hand and a call for each; `sums` has the loop over the others."""

from __future__ import annotations

import attrs

from ... import elf_const as c
from ...arch import reloc_name, rows_for, word_of
from ...arch.reloc import (
    APPLIED,
    GOT_BASE,
    NONE,
    PACK,
    PC,
    PLT,
    TLS_IE,
    TLS_LE,
    TLS_OFFSET,
    Reach,
    Row,
    accepted,
    either_range,
    judge,
    mask,
    signed,
)
from ...arch.reloc import needs as needs_of
from ...diag import Diagnostics
from ...dialect import Dialect
from ..checking.refs import References, symbol_name
from ..placement import Placement
from .relocation_site import BLANK, LOWEST_BLANK, Reloc, Site
from .symbol_values import SymbolValues
from .table_values import HANDLED, NoSlot, TableValues, Use
from .tombstones import DeadReferences, gnu_blank, kept_copy

_KNOWN = (APPLIED | HANDLED) - {NONE}
OF_THREADS = frozenset((TLS_IE, TLS_LE, TLS_OFFSET))
"""Kinds that are about the thread's block."""
_SLOT = "an entry in the global offset table, which only code and data in memory get"


@attrs.define(eq=False, repr=False)
class OddRelocations:
    """What has to be known to tell their values; `references` gathers what leads nowhere."""

    placed: Placement
    dialect: Dialect
    generic: bool
    reach: Reach
    diags: Diagnostics
    references: References
    dead: DeadReferences
    values: SymbolValues
    tables: TableValues

    def value(self, site: Site, reloc: Reloc, value: int | None) -> int | None:
        """What the loop leaves out: types that need tables, symbols without a value, symbols in
        sections that were taken apart; value: S where there is one.

        Returns S, BLANK + n for a place to be written over with n, without its addend, or None when
        there is nothing (more) to write."""
        row = rows_for(site.obj.header.machine).get(reloc.type)
        if row is not None and row.kind == NONE:
            return None
        if row is not None and row.kind in HANDLED:
            self._through_tables(site, reloc, row)
            return None
        if row is not None and row.kind == PLT:
            entry = self.tables.called_at(site.file, reloc.symbol)
            if entry is not None:
                return entry
        return self._symbol_value(site, reloc, row, value)

    def reference(self, site: Site, reloc: Reloc) -> None:
        """Note a reference to a symbol without a value, of which nothing is written."""
        row = rows_for(site.obj.header.machine).get(reloc.type)
        self._symbol_value(site, reloc, row, None)

    def is_written(self, site: Site, reloc: Reloc, value: int) -> bool:
        """Whether a value outside the quick range is written all the same; reports if it is odd."""
        machine = site.obj.header.machine
        row, word = rows_for(machine)[reloc.type], word_of(machine)
        before = value - reloc.addend if site.in_place else None
        verdict = judge(self.reach, row, value, word, before)
        if verdict == "fits":
            return True
        if site.unwritten:
            return False
        range_ = accepted(self.reach, row)
        if verdict == "wraps" and row.width == word < word_of(self.placed.addresses.machine):
            # Mixed classes: GNU ld would write the low half of a 64-bit address.
            verdict, range_ = "refused", either_range(row.width)
        self._misfit(site, reloc, row, range_, value, verdict)
        return verdict == "wraps" or self.diags.tolerates("reloc-overflow")

    def _misfit(
        self, site: Site, reloc: Reloc, row: Row, range_: tuple[int, int], value: int, verdict: str
    ) -> None:
        self.references.misfit(
            row, range_, site.file, site.section, reloc.offset, reloc.symbol, value, verdict
        )

    def _through_tables(self, site: Site, reloc: Reloc, row: Row) -> None:
        """A relocation that needs one of the linker's tables or the thread pointer: applied."""
        machine = site.obj.header.machine
        values = self.tables.addresses if row.kind in OF_THREADS else self.values
        value = values.of_file(site.file)[reloc.symbol]
        if value is None and row.kind != GOT_BASE:
            special = self._symbol_value(site, reloc, row, value)
            if special is None:
                return
            if special >= LOWEST_BLANK and not self.dialect.tables_like_gnu:
                blank = special - BLANK & mask(row.width)
                PACK[row.width](site.content, site.sec_off + reloc.offset, blank)
                return
            value = 0 if special >= LOWEST_BLANK else special
        runs = c.SHF_EXECINSTR if self.dialect.tables_like_gnu else c.SHF_ALLOC
        in_code = bool(site.obj.sections.flags[site.section] & runs)
        at = site.sec_off + reloc.offset
        use = Use(
            row, machine, site.file, reloc.symbol, value or 0, reloc.addend,
            site.start + reloc.offset, in_code, memoryview(site.content), at,
        )  # fmt: skip
        try:
            found = self.tables.value(use)
        except NoSlot:
            name = reloc_name(machine, row.number)
            self.references.unsupported(
                name, _SLOT, site.file, site.section, reloc.offset, reloc.symbol
            )
            return
        if found is not None and self._table_value_fits(site, reloc, row, found):
            PACK[row.width](site.content, at, found & mask(row.width))

    def _table_value_fits(self, site: Site, reloc: Reloc, row: Row, found: int) -> bool:
        word = word_of(site.obj.header.machine)
        lo, hi = accepted(self.reach, row)
        if lo <= signed(found, word) <= hi:
            return True
        before = found - reloc.addend if site.in_place else None
        verdict = judge(self.reach, row, found, word, before)
        if verdict != "fits":
            self._misfit(site, reloc, row, (lo, hi), found, verdict)
        return verdict != "refused"

    def _symbol_value(
        self, site: Site, reloc: Reloc, row: Row | None, value: int | None
    ) -> int | None:
        """S of a relocation, or BLANK + n, or None; see `value`."""
        obj, place = site.obj, (site.file, site.section, reloc.offset)
        if row is None or row.kind not in _KNOWN:
            name = reloc_name(obj.header.machine, reloc.type)
            needs = "" if row is None else needs_of(row)
            self.references.unsupported(name, needs, *place, reloc.symbol)
            return None
        moved = self._in_moved_section(site, reloc)
        if moved is not None:
            return moved
        if value is not None:
            return value
        if site.unwritten and not site.in_memory:
            return None
        name = symbol_name(obj, reloc.symbol)
        resolution = self.placed.addresses.resolution
        is_shared = reloc.symbol >= resolution.first_global[site.file]
        if is_shared and name not in resolution.definer:
            if self.dialect.tells_in_order_of_files and not site.in_memory:
                return 0
            self.references.undefined(name, *place)
            return 0 if self.diags.tolerates("undefined-symbol") else None
        return self._discarded(site, reloc, row, name)

    def _discarded(self, site: Site, reloc: Reloc, row: Row, name: str) -> int | None:
        """A reference to what is not in the output: nothing for debuggers and unwinders to miss,
        in code an error; GNU ld's generic path blanks it, which is worth a warning."""
        blanks = self.dialect.references_to_discarded_are_zero
        where = site.obj.sections.names[site.section]
        if not site.in_memory:
            if not blanks:
                return self._dead(site, reloc, row, where)
            blank = gnu_blank(where, self.generic)
            if blank is not None:
                kept = None if self.generic else self._in_kept_copy(site, reloc.symbol)
                return BLANK + blank if kept is None else kept
        if blanks and where in (".eh_frame", ".gcc_except_table"):
            return BLANK
        is_blank = blanks and self.generic
        self.references.discarded(
            name, site.file, site.section, reloc.offset, reloc.symbol, is_blank
        )
        if self.diags.tolerates("discarded-symbol"):
            return 0
        return BLANK if is_blank else None

    def _dead(self, site: Site, reloc: Reloc, row: Row, where: str) -> int:
        """LLD: what stands for an address that is not there, outside of memory."""
        dead = self.dead.value(where, row)
        if dead is None and row.kind == TLS_OFFSET:
            dead = reloc.addend
        if dead is not None:
            return BLANK + dead
        return self.values.of_file(site.file)[reloc.symbol] or 0

    def _in_kept_copy(self, site: Site, symbol: int) -> int | None:
        """S of a symbol in a COMDAT section of which another file's copy stayed."""
        where, symbols = self.placed.addresses, site.obj.symbols
        kept = kept_copy(where.resolution, site.file, symbols.shndx[symbol])
        if kept is None:
            return None
        found = where.of_place(where.table.base[kept[0]] + kept[1], symbols.value[symbol])
        return None if found is None else self.placed.sections[found[0]].vma + found[1]

    def _in_moved_section(self, site: Site, reloc: Reloc) -> int | None:
        """A section symbol of a merged section: the addend says which piece is meant, so S + A is
        looked up as a whole and S returned such that S + A is right."""
        symbols = site.obj.symbols
        shndx = symbols.shndx[reloc.symbol]
        if shndx <= 0 or symbols.info[reloc.symbol] & 0xF != c.STT_SECTION:
            return None
        where = self.placed.addresses
        sid = where.table.base[site.file] + shndx
        if sid not in where.edits.moved:
            return None
        addend = reloc.addend + self._to_next_field(site, reloc)
        sec_off = symbols.value[reloc.symbol] + addend
        if not where.table.size[sid]:
            sec_off = 0
        found = where.of_place(sid, sec_off)
        at_end = sec_off == where.table.size[sid] and not self.dialect.merged_end_is_inside
        at_end = at_end and bool(where.table.flags[sid] & c.SHF_MERGE)
        if found is None or at_end:
            inside = 0 <= sec_off <= where.table.size[sid] and not at_end
            if not (inside or site.unwritten):
                self.references.outside(
                    sid, sec_off, site.file, site.section, reloc.offset, self.diags
                )
                return BLANK
            return None
        start = self.placed.sections[found[0]].vma + found[1]
        return start - addend if where.table.size[sid] else start

    def _to_next_field(self, site: Site, reloc: Reloc) -> int:
        """GNU ld, i386: a distance counts from behind its field, of so many bytes, and so does the
        addend in it."""
        if not (site.in_place and self.dialect.merges_in_place):
            return 0
        row = rows_for(site.obj.header.machine)[reloc.type]
        return row.width if row.kind in (PC, PLT) else 0
