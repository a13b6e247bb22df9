"""S as the section sees it whose relocations are applied.

Code and data in memory see addresses.  A debugger's sections see some symbols otherwise: functions
that are called through a table at their own address, copies that were left out as not there at all,
and in GNU ld's images one debug section's symbols counted from the start of the other's output
section."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ... import elf_const as c
from ...dialect import Dialect
from ..placement import Placement
from .relocation_site import Site
from .sums import Elsewhere
from .symbol_values import OnDemand, SymbolValues, as_signed

if TYPE_CHECKING:
    from .tombstones import DeadReferences

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
        self._elsewhere: dict[tuple[int, int | None], Elsewhere] = {}
        self._moved: dict[int, set[int]] = {}
        """By file, the indices of the sections whose bytes were taken apart."""
        table = placed.addresses.table
        for sid in placed.addresses.edits.moved:
            file = table.owner_file(sid)
            self._moved.setdefault(file, set()).add(sid - table.base[file])

    def column(self, file: int) -> list[int | None] | None:
        """S of a file's symbols as far as it is a plain sum; None when not all sections see these
        values, and `of_section` has to be asked."""
        return None if self.values.hides or self._called else self.values.column(file)

    def learn(self, file: int, symbol: int) -> bool:
        """Whether a symbol without a value in `column` has one after all, and only that one: it is
        there from now on."""
        column = self.values.column(file)
        if column[symbol] is None and not self._is_moved(file, symbol):
            column[symbol] = self.values.of_file(file)[symbol]
            return column[symbol] is not None
        return False

    def of_section(self, site: Site) -> tuple[Values, Values, Elsewhere]:
        """S of the file's symbols; the same with None for those that a sum does not do for, section
        symbols of what was taken apart; and what there is instead of those."""
        file, in_memory = site.file, site.in_memory
        shared = (self.values if in_memory else self.of_readers).of_file(file)
        values = shared
        name = site.obj.sections.names[site.section]
        if self.generic and self.dialect.generic_path and name.startswith(DEBUG_NAMES):
            values = self._debug_values(site, values)
        if self.placed.addresses.folded and not in_memory and self._hides_copies(name):
            values = self._without_copies(site, values)
        if self._called and in_memory:
            return values, self._without_called(site, values), self.elsewhere(file)
        if values is not shared:
            blank = None if in_memory else self._blank(name)
            away = OnDemand(partial(self._away, file, values, blank))
            return values, self._without_moved(file, values), away
        plain = self._plain.get((file, in_memory))
        if plain is None:
            plain = self._plain[file, in_memory] = self._without_moved(file, values)
        return values, plain, self.elsewhere(file, "" if in_memory else name)

    def elsewhere(self, file: int, name: str = "") -> Elsewhere:
        """Where the bytes are of sections that were taken apart, and what is written in place of
        an address that is not in the output.

        name: of the section that asks, if it is outside of memory.  A debugger's tables are full of
        both: each name is an offset in `.debug_str`, each dropped function has its records."""
        blank = self._blank(name) if name else None
        found = self._elsewhere.get((file, blank))
        if found is None:
            values = (self.of_readers if name else self.values).of_file(file)
            found = OnDemand(partial(self._away, file, values, blank))
            self._elsewhere[file, blank] = found
        return found

    def elsewhere_outside(self, file: int, name: str) -> Elsewhere | None:
        """The same for a section outside of memory; None when it sees some values otherwise than
        code does, and `of_section` has to be asked."""
        counts_from_starts = self.generic and self.dialect.generic_path
        if counts_from_starts and name.startswith(DEBUG_NAMES):
            return None
        if self.placed.addresses.folded and self._hides_copies(name):
            return None
        return self.elsewhere(file, name)

    def _blank(self, name: str) -> int | None:
        """What a section outside of memory has for an address that is not there; None when that
        takes a closer look."""
        if self.dialect.references_to_discarded_are_zero:
            from .tombstones import gnu_blank

            return gnu_blank(name, self.generic)
        return self._tombstones.blank(name)

    def _away(
        self, file: int, values: Values, blank: int | None, symbol: int
    ) -> OnDemand[int | None] | None:
        """S + A by addend for a symbol without a plain value."""
        if self._is_moved(file, symbol):
            return self._find(file, symbol)
        if blank is None or values[symbol] is not None:
            return None
        resolution = self.placed.addresses.resolution
        obj, first = resolution.files[file], resolution.first_global[file]
        is_unknown = (
            symbol >= first
            and resolution.global_names[file][symbol - first] not in resolution.definer
        )
        if is_unknown or (file, obj.symbols.shndx[symbol]) in resolution.dropped:
            return None
        return OnDemand(lambda addend: blank)

    def _is_moved(self, file: int, symbol: int) -> bool:
        """Whether it is the section symbol of what was taken apart."""
        if file not in self._moved:
            return False
        symbols = self.placed.addresses.resolution.files[file].symbols
        is_section = symbols.info[symbol] & 0xF == c.STT_SECTION
        return is_section and symbols.shndx[symbol] in self._moved[file]

    def _find(self, file: int, symbol: int) -> OnDemand[int | None] | None:
        """Where the bytes of a section that was taken apart are now, by their offset from its
        symbol; the begins of its pieces, which is what nearly all are, all at once."""
        where, symbols = self.placed.addresses, self.placed.addresses.resolution.files[file].symbols
        sid, value = where.table.base[file] + symbols.shndx[symbol], symbols.value[symbol]
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

        found = OnDemand(find)
        found.update(
            (start - value, vmas[owner[home]] + offset[home] + out)
            for start, home, out in zip(starts, homes, outs)
            if out is not None and owner[home] >= 0
        )
        return found

    @cached_property
    def _vmas(self) -> list[int]:
        return [as_signed(section.vma) for section in self.placed.sections]

    @cached_property
    def _tombstones(self) -> DeadReferences:
        from .tombstones import DeadReferences  # most links have nothing that it tells of

        return DeadReferences(tuple(self.dead))

    def _hides_copies(self, name: str) -> bool:
        """Whether a debug section does not see what --icf left out."""
        return self._tombstones.hides_copies(name)

    def _without_moved(self, file: int, values: Values) -> Values:
        if file not in self._moved:
            return values

        def plain_value(symbol: int) -> int | None:
            return None if self._is_moved(file, symbol) else values[symbol]

        return OnDemand(plain_value)

    def _without_called(self, site: Site, values: Values) -> Values:
        plain = self._without_moved(site.file, values)
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
