"""S: what each symbol of each file is worth once everything has its address.

A global name means what the script assigns it, else its one definer; a weak name without either is
0.  Nearly every symbol is an offset in a section that was set down as it is, so its value is a sum:
those of a file are made all at once, when the first of them is wanted.  Any other symbol is looked
at by itself, and only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TypeVar

from ... import elf_const as c
from ...dialect import Dialect
from ..placement import Placement
from ..placing.locate import MAX_OFFSET

MASK = (1 << 64) - 1
HALF = 1 << 63

T = TypeVar("T")


class OnDemand(dict[int, T]):
    """A column of which a few entries are wanted: each is made when it is first asked for."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make

    def __missing__(self, key: int) -> T:
        made = self[key] = self._make(key)
        return made


def as_signed(value: int) -> int:
    """An address as a signed 64-bit number, which distances are reckoned with."""
    value &= MASK
    return value - (1 << 64) if value >= HALF else value


def section_starts(placed: Placement) -> list[int | None]:
    """The address of each input section that was set down as it is, as a signed number; None for
    one that is not in the output, was taken apart, or is a copy of another."""
    where = placed.addresses
    vmas = [as_signed(section.vma) for section in placed.sections]
    starts = [
        None if owner < 0 else vmas[owner] + offset
        for owner, offset in zip(where.owner, where.offset)
    ]
    for sid in (*where.edits.moved, *where.folded):
        starts[sid] = None
    return starts


def block_of_names(placed: Placement, dialect: Dialect) -> int:
    """Where the block begins in which thread-local names are offsets, as they are in LLD; 0 where
    they are addresses."""
    if dialect.tables_like_gnu:
        return 0
    if not any(section.plan.flags & c.SHF_TLS for section in placed.sections):
        return 0
    from ..own.thread_block import thread_block

    return thread_block(placed.sections, dialect)[0]


NOBODY = (-1, 0)


class SymbolValues:
    """Values of a placed link.  hides: addresses that stand for those of some symbols, by (file,
    index): the entry of an indirect function in the linkage table is its address.  undefined: what
    a name is worth that nobody defines; None where that is to be told of.  block: where the block
    of thread-local variables begins whose names are offsets in it; 0 where they are addresses."""

    def __init__(
        self,
        placed: Placement,
        hides: Mapping[tuple[int, int], int] | None = None,
        undefined: int | None = None,
        block: int = 0,
    ) -> None:
        self.placed, self.hides, self.block = placed, hides or {}, block
        self._named: dict[str, int | None] = {
            name: as_signed(value.absolute()) for name, value in placed.symbols.items()
        }
        self._starts = section_starts(placed)
        """Address of each input section whose bytes are all where it was set down, else None."""
        self._defined = OnDemand[list["int | None"]](self._sums)
        """By file, see `_sums`; also for -1, no file."""
        self._defined[NOBODY[0]] = [undefined]
        self._columns: dict[int, list[int | None]] = {}
        self._files: dict[int, OnDemand[int | None]] = {}

    def column(self, file: int) -> list[int | None]:
        """S of a file's symbols as far as it is a plain sum, as signed 64-bit numbers; None for
        those that `of_file` has to think about."""
        found = self._columns.get(file)
        if found is None:
            found = self._columns[file] = self._column(file)
        return found

    def _column(self, file: int) -> list[int | None]:
        resolution = self.placed.addresses.resolution
        first, names = resolution.first_global[file], resolution.global_names[file]
        if self.hides or resolution.redirected:
            return [None] * max(first + len(names), 1)
        defined, definer_of = self._defined, resolution.definer.get
        definers = [definer_of(name, NOBODY) for name in names]
        column = defined[file][:first] + [defined[home][index] for home, index in definers]
        if first or not column:
            column[:1] = [0]
        if not self.placed.symbols.keys().isdisjoint(names):
            for index, name in enumerate(names, first):
                if name in self.placed.symbols:
                    column[index] = self._named[name]
        return column

    def _sums(self, file: int) -> list[int | None]:
        """For each symbol of a file, whoever defines the name, its section's address plus its
        offset there; None where that is not all there is to it.  0.1 us a symbol."""
        addresses = self.placed.addresses
        symbols, starts = addresses.resolution.files[file].symbols, self._starts
        base = addresses.table.base[file]
        found = [
            start + sec_off
            if shndx > 0 and sec_off <= MAX_OFFSET and (start := starts[base + shndx]) is not None
            else None
            for shndx, sec_off in zip(symbols.shndx, symbols.value)
        ]
        if found and max(filter(None, found), default=0) >= HALF:
            return [None] * len(found)
        for index in self._thread_locals(symbols.info) if self.block else ():
            found[index] = None
        return found

    @staticmethod
    def _thread_locals(info: Sequence[int]) -> list[int]:
        return [index for index, byte in enumerate(info) if byte & 0xF == c.STT_TLS]

    def of_file(self, file: int) -> OnDemand[int | None]:
        """S of a file's symbols, as signed 64-bit numbers; None where there is no value."""
        found = self._files.get(file)
        if found is None:
            found = self._files[file] = OnDemand(partial(self._value, file))
        return found

    def _value(self, file: int, index: int) -> int | None:
        quick = self.column(file)[index]
        if quick is not None:
            return quick
        resolution = self.placed.addresses.resolution
        first = resolution.first_global[file]
        if index < first:
            return self.local(file, index)
        name = (
            resolution.redirected.get((file, index)) or resolution.global_names[file][index - first]
        )
        found = self.named(name)
        if found is None and name not in resolution.definer:
            if name in resolution.weakened:
                return 0
            is_weak = resolution.files[file].symbols.info[index] >> 4 == c.STB_WEAK
            return 0 if is_weak and name not in self._strongly_wanted else None
        return found

    @cached_property
    def _strongly_wanted(self) -> frozenset[str]:
        """Undefined names that some file insists on: then a weak reference is not 0, either."""
        from ..names.strongly_wanted import strongly_wanted  # few links have weak names of nobody

        return strongly_wanted(self.placed.addresses.resolution)

    def named(self, name: str) -> int | None:
        """What a global name is worth; None when it has no value, also a weak one."""
        if name in self._named:
            return self._named[name]
        definer = self.placed.addresses.resolution.definer.get(name)
        value = self._named[name] = None if definer is None else self.local(*definer)
        return value

    def local(self, file: int, index: int) -> int | None:
        """The symbol of that number in that file."""
        if index == 0:
            return 0
        if self.hides and (file, index) in self.hides:
            return self.hides[file, index]
        quick = self._defined[file][index]
        if quick is not None:
            return quick
        found = self.placed.addresses.of_symbol(file, index)
        if found is None:
            return None
        if not isinstance(found, int):
            found = self.placed.sections[found[0]].vma + found[1]
        if self.block:
            symbols = self.placed.addresses.resolution.files[file].symbols
            if symbols.info[index] & 0xF == c.STT_TLS:
                found -= self.block
        return as_signed(found)
