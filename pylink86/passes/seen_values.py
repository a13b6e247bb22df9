"""S as the section sees it whose relocations are applied.

Code and data in memory see addresses.  A debugger's sections see some symbols otherwise: functions
that are called through a table at their own address, copies that were left out as not there at all,
and in GNU ld's images one debug section's symbols counted from the start of the other's output
section."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property

from .. import elf_const as c
from ..columns import Symbols
from ..dialect import Dialect
from .placement import Placement
from .relocation_site import Site
from .section_list import SectionId
from .sums import Find
from .symbol_values import OnDemand, SymbolValues, as_signed

DEBUG_NAMES = (".debug", ".zdebug", ".gnu.debuglto_", ".gnu.linkonce.wi.", ".line", ".stab")

Values = OnDemand["int | None"]


class SeenValues:
    """values: for what is in memory; of_readers: for what is not; dead: of
    -z dead-reloc-in-nonalloc."""

    def __init__(
        self,
        placed: Placement,
        dialect: Dialect,
        generic: bool,
        dead: Sequence[tuple[str, int]],
        values: SymbolValues,
        of_readers: SymbolValues,
    ) -> None:
        self.placed, self.dialect, self.generic = placed, dialect, generic
        self.dead, self.values, self.of_readers = dead, values, of_readers
        linkage = placed.addresses.tables.linkage
        self._called = frozenset[str]() if linkage is None else linkage.calls
        """Undefined names whose callers go to an entry in the linkage table."""
        self._plain: dict[tuple[int, bool], Values] = {}
        self._finds: dict[int, dict[int, Find | None]] = {}
        self._moved: dict[int, set[int]] = {}
        """By file, the indices of the sections whose bytes were taken apart."""
        table = placed.addresses.table
        for sid in placed.addresses.edits.moved:
            file = table.owner_file(sid)
            self._moved.setdefault(file, set()).add(sid - table.base[file])

    def of_code(self, file: int) -> Sequence[int | None] | None:
        """For a section in memory: S of the file's symbols as far as a sum does for them, else
        None; or None for all of them, when `of_section` has to be asked."""
        return None if self.values.hides or self._called else self.values.column(file)

    def of_section(self, site: Site) -> tuple[Values, Values]:
        """S of the file's symbols; and the same with None for those that a sum does not do for:
        section symbols of what was taken apart."""
        file, in_memory = site.file, site.in_memory
        shared = (self.values if in_memory else self.of_readers).of_file(file)
        values = shared
        name = site.obj.sections.names[site.section]
        if self.generic and self.dialect.generic_path and name.startswith(DEBUG_NAMES):
            values = self._debug_values(site, values)
        if self.placed.addresses.folded and not in_memory and self._hides_copies(name):
            values = self._without_copies(site, values)
        if self._called and in_memory:
            return values, self._without_called(site, values)
        if file not in self._moved:
            return values, values
        if values is not shared:
            return values, self._without_moved(site, values)
        plain = self._plain.get((file, in_memory))
        if plain is None:
            plain = self._plain[file, in_memory] = self._without_moved(site, values)
        return values, plain

    def finds(self, file: int) -> Mapping[int, Find | None]:
        """For the section symbols of a file's sections that were taken apart: where a byte is now.
        A debugger's tables are full of them: each name is an offset in `.debug_str`."""
        found = self._finds.get(file)
        if found is None:
            found = self._finds[file] = {}
            moved, symbols = self._moved.get(file, ()), self._symbols(file)
            for symbol, (info, shndx) in enumerate(zip(symbols.info, symbols.shndx)):
                if info & 0xF == c.STT_SECTION and shndx in moved:
                    sid = self.placed.addresses.table.base[file] + shndx
                    found[symbol] = self._find(sid, symbols.value[symbol])
        return found

    def _symbols(self, file: int) -> Symbols:
        return self.placed.addresses.resolution.files[file].symbols

    def _find(self, sid: SectionId, value: int) -> Find | None:
        where = self.placed.addresses
        if sid in where.folded:
            return None
        moved, vmas = where.edits.moved[sid], self._vmas
        starts, outs, size = moved.offsets.starts, moved.offsets.outs, moved.offsets.size
        homes, owner, offset = moved.homes, where.owner, where.offset

        def find(addend: int) -> int | None:
            sec_off = value + addend
            if not 0 <= sec_off < size:
                return None
            piece = bisect_right(starts, sec_off) - 1
            home, out = homes[piece], outs[piece]
            if out is None or owner[home] < 0:
                return None
            return vmas[owner[home]] + offset[home] + out + sec_off - starts[piece]

        return find

    @cached_property
    def _vmas(self) -> list[int]:
        return [as_signed(section.vma) for section in self.placed.sections]

    def _hides_copies(self, name: str) -> bool:
        """Whether a debug section does not see what --icf left out."""
        from .tombstones import DeadReferences  # only links that fold anything come here

        return DeadReferences(tuple(self.dead)).hides_copies(name)

    def _without_moved(self, site: Site, values: Values) -> Values:
        symbols, moved = site.obj.symbols, self._moved[site.file]

        def plain_value(symbol: int) -> int | None:
            is_section = symbols.info[symbol] & 0xF == c.STT_SECTION
            return None if is_section and symbols.shndx[symbol] in moved else values[symbol]

        return OnDemand(plain_value)

    def _without_called(self, site: Site, values: Values) -> Values:
        plain = self._without_moved(site, values) if site.file in self._moved else values
        resolution = self.placed.addresses.resolution
        first, names = resolution.first_global[site.file], resolution.global_names[site.file]
        called = self._called

        def plain_value(symbol: int) -> int | None:
            is_called = symbol >= first and names[symbol - first] in called
            return None if is_called else plain[symbol]

        return OnDemand(plain_value)

    def _debug_values(self, site: Site, values: Values) -> Values:
        """Values as GNU ld's generic path has them in debug sections: what lies in another debug
        section counts from the start of its output section, even when that is in memory."""
        obj, where = site.obj, self.placed.addresses
        names, shndx_of, base = obj.sections.names, obj.symbols.shndx, where.table.base[site.file]

        def debug_value(symbol: int) -> int | None:
            value, shndx = values[symbol], shndx_of[symbol]
            if shndx > 0 and value is not None and names[shndx].startswith(DEBUG_NAMES):
                return value - self.placed.sections[where.owner[base + shndx]].vma
            return value

        return OnDemand(debug_value)

    def _without_copies(self, site: Site, values: Values) -> Values:
        """The values without those of what --icf left out."""
        where = self.placed.addresses
        resolution, first = where.resolution, where.resolution.first_global[site.file]

        def seen_value(symbol: int) -> int | None:
            home, at = site.file, symbol
            if symbol >= first:
                name = resolution.global_names[home][symbol - first]
                home, at = resolution.definer.get(name, (home, symbol))
            shndx = resolution.files[home].symbols.shndx[at]
            is_copy = shndx > 0 and where.table.base[home] + shndx in where.folded
            return None if is_copy else values[symbol]

        return OnDemand(seen_value)
