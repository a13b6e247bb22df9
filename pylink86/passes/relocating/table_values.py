"""Values that need more than a symbol and a place: slots of the linker's tables, thread pointers.

From here on every table has its address.  A relocation that asks for a slot gets its address or its
distance from the table; one that asks for a thread-local offset gets the distance of the variable
from the end of the thread's block, where %fs or %gs points.  What the slots hold is written here,
too."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import cached_property

from ... import elf_const as c
from ...arch.loads import has_no_base
from ...arch.reloc import (
    GOT,
    GOT_BASE,
    GOT_OFF,
    GOT_PC,
    PLT_OFF,
    TLS_IE,
    TLS_LE,
    TLS_OFFSET,
    Row,
)
from ...dialect import Dialect
from ...elf_tables import Buffer
from ..own.own_place import own_address, would_be_at
from ..placement import Placement
from ..tables import ADDRESS, OFFSET, POSITIVE, Slot, Who, who_is
from .symbol_values import OnDemand, SymbolValues

HANDLED = frozenset((GOT, GOT_PC, GOT_BASE, GOT_OFF, PLT_OFF, TLS_IE, TLS_LE, TLS_OFFSET))
"""Kinds of relocations that this module knows the value of."""

_IE_32, _LE_32, _DTPOFF64 = 33, 34, 17
"""R_386_TLS_IE_32, R_386_TLS_LE_32: positive offsets.  R_X86_64_DTPOFF64: never one of code."""


class Use:
    """Where a relocation stands: its row, machine, file and symbol; S and A; P; whether it is in
    code, and the section's bytes with the offset of the place in them."""

    def __init__(
        self,
        row: Row,
        machine: int,
        file: int,
        symbol: int,
        value: int,
        addend: int,
        place: int,
        in_code: bool,
        content: Buffer,
        offset: int,
    ) -> None:
        self.row, self.machine, self.file, self.symbol = row, machine, file, symbol
        self.value, self.addend, self.place, self.in_code = value, addend, place, in_code
        self.content, self.offset = content, offset


class NoSlot(Exception):
    """A slot is wanted that was not made: what is in no memory, such as debug data, gets none."""


class TableValues:
    """The tables of a placed link."""

    def __init__(self, placed: Placement, values: SymbolValues, dialect: Dialect) -> None:
        self.placed, self.values, self.dialect = placed, values, dialect

    @property
    def slots(self) -> Mapping[Slot, int]:
        return self.placed.addresses.tables.slots

    def own(self, name: str) -> int | None:
        """The address of one of the linker's own sections; None when it is not in the output."""
        return own_address(self.placed, name)

    @cached_property
    def addresses(self) -> SymbolValues:
        """Values in which thread-local names are addresses, too."""
        if not self.values.block:
            return self.values
        return SymbolValues(self.placed, self.values.hides)

    @cached_property
    def got(self) -> int:
        return self.own(".got") or 0

    @cached_property
    def base(self) -> int:
        """GOT: what _GLOBAL_OFFSET_TABLE_ is."""
        found = self.own(".got.plt")
        return would_be_at(self.placed, ".got.plt") if found is None else found

    @cached_property
    def thread(self) -> tuple[int, int]:
        """Where the block of thread-local variables begins, and where the thread pointer is."""
        from ..own.thread_block import thread_block

        return thread_block(self.placed.sections, self.dialect)

    def slot(self, use: str, who: Who) -> int:
        """The address of a slot; raises NoSlot."""
        if (use, who) not in self.slots:
            raise NoSlot
        return self.got + self.slots[use, who]

    def called_at(self, file: int, symbol: int) -> int | None:
        """Where calls of an undefined name go, if it has an entry in the linkage table."""
        if self.placed.addresses.tables.linkage is None:
            return None
        from ..pie.linkage_values import linkage_values

        linkage = linkage_values(self.placed)
        who = who_is(self.placed.addresses.resolution, file, symbol)
        return linkage.called_at(who) if linkage is not None and isinstance(who, str) else None

    def slots_of(self, file: int) -> OnDemand[int | None]:
        """The addresses of the slots of a file's symbols; None where a closer look is needed."""
        values, where = self.values.of_file(file), self.placed.addresses

        def slot_of(symbol: int) -> int | None:
            slot = ADDRESS, who_is(where.resolution, file, symbol)
            if values[symbol] is None or slot not in self.slots:
                return None
            return self.got + self.slots[slot]

        return OnDemand(slot_of)

    def value(self, use: Use) -> int | None:
        """What a relocation writes; None for kinds of which a static link makes nothing.

        Raises NoSlot."""
        made = _FORMULAS.get(use.row.kind)
        return None if made is None else made(self, use)

    def _address_slot(self, use: Use) -> int:
        where = self.placed.addresses
        who = who_is(where.resolution, use.file, use.symbol)
        if where.tables.indirect.shared and (ADDRESS, who) not in self.slots:
            from ..own.indirect_values import IndirectValues

            function = where.resolution.definer[who] if isinstance(who, str) else who
            return IndirectValues(self.placed, self.dialect).word(function)
        return self.slot(ADDRESS, who)

    def in_got(self, use: Use) -> int:
        """G + A: a slot as offset from the table; as an address where an i386 instruction has no
        base register (psABI i386 4.4.1)."""
        slot = self._address_slot(use) + use.addend
        if use.machine == c.EM_386 and has_no_base(use.content, use.offset):
            return slot
        return slot - self.base

    def to_got(self, use: Use) -> int:
        """G + GOT + A - P: the distance to a slot."""
        return self._address_slot(use) + use.addend - use.place

    def to_base(self, use: Use) -> int:
        """GOT + A - P: the distance to the table."""
        return self.base + use.addend - use.place

    def from_base(self, use: Use) -> int:
        """S + A - GOT: a symbol as offset from the table."""
        return use.value + use.addend - self.base

    def initial_exec(self, use: Use) -> int:
        """A thread-local variable whose offset is read from a slot."""
        is_32 = use.machine == c.EM_386
        kind = POSITIVE if is_32 and use.row.number == _IE_32 else OFFSET
        who = who_is(self.placed.addresses.resolution, use.file, use.symbol)
        slot = self.slot(kind, who) + use.addend
        if not is_32:
            return slot - use.place
        return slot if use.row.name == "R_386_TLS_IE" else slot - self.base

    def local_exec(self, use: Use) -> int:
        """The variable's offset from the thread pointer; in LLD's dialect 0 for what is weak and
        undefined, which no block has."""
        if not self.dialect.tables_like_gnu and self._is_undefined(use):
            return use.addend
        offset = use.value - self.thread[1]
        if use.machine == c.EM_386 and use.row.number == _LE_32:
            offset = -offset
        return offset + use.addend

    def _is_undefined(self, use: Use) -> bool:
        """Whether nobody defines the symbol of a relocation."""
        who = who_is(self.placed.addresses.resolution, use.file, use.symbol)
        return isinstance(who, str) and self.values.named(who) is None

    def in_block(self, use: Use) -> int:
        """Code that asked for the module's block was rewritten and has the thread pointer; debug
        information wants the offset in the block, and so do in GNU ld's dialect data."""
        start, end = self.thread
        wants_block = not use.in_code
        if self.dialect.tables_like_gnu and use.machine == c.EM_X86_64:
            wants_block |= use.row.number == _DTPOFF64
        return use.value + use.addend - (start if wants_block else end)

    def write_tables(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the linker's own tables."""
        self._write_slots(contents)
        if self.placed.addresses.tables.linkage is not None:
            from ..pie.linkage_values import linkage_values

            linkage = linkage_values(self.placed)
            assert linkage is not None
            linkage.write(contents)
        if self.placed.addresses.tables.moves is not None:
            from ..pie.moving_values import MovingValues

            MovingValues(self.placed, self.values, self.dialect).write(contents)

    def _write_slots(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the global offset table, and what indirect functions have."""
        if self.placed.addresses.tables.indirect.relocations:
            from ..own.indirect_values import IndirectValues

            IndirectValues(self.placed, self.dialect).write(contents)
        if not self.slots:
            return
        where = self.placed.addresses
        own = range(where.table.base[-1] + 1, len(where.table))
        sid = next(sid for sid in own if where.table.name[sid] == ".got")
        found = where.of_place(sid, 0)
        if found is None:
            return
        content = contents[found[0]]
        word = where.tables.form.slot
        for (use, who), offset in self.slots.items():
            value = self._held(use, who) & ((1 << 8 * word) - 1)
            struct.pack_into("<Q" if word == 8 else "<I", content, found[1] + offset, value)

    def _held(self, use: str, who: Who) -> int:
        """What a slot holds; 0 for what is not defined."""
        values = self.values if use == ADDRESS else self.addresses
        value = values.named(who) if isinstance(who, str) else values.local(*who)
        if value is None:
            return 0
        if use == ADDRESS:
            return value
        offset = value - self.thread[1]
        return offset if use == OFFSET else -offset


_FORMULAS: Mapping[int, Callable[[TableValues, Use], int]] = {
    GOT: TableValues.in_got,
    GOT_PC: TableValues.to_got,
    GOT_BASE: TableValues.to_base,
    GOT_OFF: TableValues.from_base,
    PLT_OFF: TableValues.from_base,
    TLS_IE: TableValues.initial_exec,
    TLS_LE: TableValues.local_exec,
    TLS_OFFSET: TableValues.in_block,
}
