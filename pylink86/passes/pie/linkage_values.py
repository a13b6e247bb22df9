"""What GNU ld's linkage table of a program that moves holds, once everything has its address
(passes/pie/linkage.py decides what is in it).

An entry jumps through its word, which leads back behind the jump until somebody has put the address
of the function there; for an indirect function start-up code does, with a relocation of type
IRELATIVE.  Entries of undefined names have no relocation when no loader is named: GNU ld leaves in
them what its pattern of an entry has, and the word is 0."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ... import elf_const as c
from ..own.indirect_values import IRELATIVE, MARKS
from ..own.own_place import own_address, own_place
from ..own.table_form import TableForm
from ..placement import Placement
from ..relocating.symbol_values import SymbolValues
from ..tables import ADDRESS, Function, Linkage, Tables
from .linkage import ENTRY, HEADER_WORDS

_PAD_SHORT, _PAD, _LONG_PAD = b"\x66\x90", b"\x66\x0f\x1f\x44\0\0", b"\x0f\x1f\x40\0"
"""Two, six and four bytes that do nothing."""
JUMP_SLOT = 7
"""R_X86_64_JUMP_SLOT, R_386_JUMP_SLOT."""


class LinkageValues:
    """The table of a placed link, on the machine of its first file."""

    def __init__(self, placed: Placement, linkage: Linkage, machine: int) -> None:
        self.placed, self.linkage, self.machine = placed, linkage, machine

    @property
    def tables(self) -> Tables:
        return self.placed.addresses.tables

    @property
    def form(self) -> TableForm:
        return self.tables.form

    def called_at(self, name: str) -> int | None:
        """The address that callers of an undefined name go to; None without an entry."""
        if name in self.linkage.names:
            where, offset = self.entry_place(self.linkage.names[name])
            return self._address(where) + offset
        if name in self.linkage.through_slots:
            number = self.linkage.through_slots.index(name)
            return self._address(".plt.got") + number * self.linkage.short_size
        return None

    def entry_place(self, number: int) -> tuple[str, int]:
        """Where callers of an entry go: the part of the table and the offset."""
        if self.linkage.marked:
            return ".plt.sec", number * ENTRY
        return ".plt", (number + 1) * ENTRY

    def word_offset(self, number: int) -> int:
        """The offset of an entry's word in `.got.plt`."""
        return (HEADER_WORDS + number) * self.form.slot

    def write(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the table, its words, and the relocations of the words."""
        rows = [*self._bound(), *self._relocations()]
        pushed: dict[int, int | None] = dict.fromkeys(self.linkage.names.values())
        for index, (number, _) in enumerate(rows):
            pushed[number] = index
        if pushed or self.linkage.through_slots:
            self._put(contents, ".plt", self._first_entry() + self._entries(pushed))
        if pushed:
            self._put(contents, ".got.plt", self._words(pushed), self.word_offset(0))
        if self.linkage.marked:
            jumps = (
                self._marked_jump(".plt.sec", n * ENTRY, self._word(n)) for n in sorted(pushed)
            )
            self._put(contents, ".plt.sec", b"".join(jumps))
        self._put(contents, self.form.prefix + ".plt", b"".join(row for _, row in rows))
        self._put(contents, ".plt.got", b"".join(self._short_entries()))

    def _bound(self) -> Iterator[tuple[int, bytes]]:
        """The same of each name that a loader binds."""
        names = self.tables.names
        for name, number in self.linkage.names.items():
            if names is not None and name in names.bound:
                place = self._word(number)
                yield number, self.form.row(place, JUMP_SLOT, 0, names.number(name))

    def _relocations(self) -> list[tuple[int, bytes]]:
        """Number of the entry and relocation of each indirect function, in order."""
        functions, resolvers = self.tables.indirect, SymbolValues(self.placed)
        kind = IRELATIVE[self.machine]
        return [
            (
                functions.entries[resolved.function],
                self.form.row(
                    self._word(functions.entries[resolved.function]),
                    kind,
                    resolvers.local(*resolved.function) or 0,
                ),
            )
            for resolved in functions.relocations
            if resolved.pointer is None and not resolved.in_slot
        ]

    def _word(self, number: int) -> int:
        return self._address(".got.plt") + self.word_offset(number)

    def _address(self, name: str) -> int:
        return own_address(self.placed, name) or 0

    @property
    def _is_64(self) -> bool:
        return self.machine == c.EM_X86_64

    def _through(self, opcode: int, word: int, end: int) -> bytes:
        """An instruction `ff /opcode` with a word in memory; end: where it ends.  i386 finds the
        table in %ebx."""
        if self._is_64:
            return bytes((0xFF, opcode)) + _int32(word - end)
        return bytes((0xFF, opcode & 0x38 | 0x83)) + _int32(word - self._address(".got.plt"))

    def _first_entry(self) -> bytes:
        """Push the second word, jump through the third."""
        start, words = self._address(".plt"), self._address(".got.plt")
        slot = self.form.slot
        code = self._through(0x35, words + slot, start + 6)
        code += self._through(0x25, words + 2 * slot, start + 12)
        is_padded = self._is_64 or self.linkage.marked
        return code + (_LONG_PAD if is_padded else bytes(4))

    def _entries(self, pushed: dict[int, int | None]) -> bytes:
        """Those behind the first; pushed: by number of the entry, that of its relocation."""
        return b"".join(self._entry(number, pushed[number]) for number in sorted(pushed))

    def _entry(self, number: int, index: int | None) -> bytes:
        offset = (number + 1) * ENTRY
        start = self._address(".plt") + offset
        scale = 1 if self._is_64 else self.form.entsize
        marked = self.linkage.marked
        head = MARKS[self.machine] if marked else self._through(0x25, self._word(number), start + 6)
        push = b"\x68" + _int32((index or 0) * scale)
        back = 0 if index is None else -(offset + len(head) + 10)
        jump = b"\xe9" + _int32(back)
        return head + push + jump + (_PAD_SHORT if marked else b"")

    def _words(self, pushed: dict[int, int | None]) -> bytes:
        return b"".join(
            self._first_word(number, pushed[number]).to_bytes(self.form.slot, "little")
            for number in sorted(pushed)
        )

    def _first_word(self, number: int, index: int | None) -> int:
        """What a word holds beside its relocation: where a loader would be asked; on i386 the
        resolver."""
        if index is None:
            return 0
        numbers = self.tables.indirect.entries
        function = next((f for f, n in numbers.items() if n == number), None)
        if not self._is_64 and function is not None:
            return SymbolValues(self.placed).local(*function) or 0
        behind_jump = 0 if self.linkage.marked else 6
        return self._address(".plt") + (number + 1) * ENTRY + behind_jump

    def _marked_jump(self, table: str, offset: int, word: int) -> bytes:
        start = self._address(table) + offset
        return MARKS[self.machine] + self._through(0x25, word, start + 10) + _PAD

    def _short_entries(self) -> Iterator[bytes]:
        """`.plt.got`.  GNU ld has noted in the lowest bit of the slot's offset that the slot is
        filled, and jumps through the place that the number with the bit is about."""
        size = self.linkage.short_size
        for number, name in enumerate(self.linkage.through_slots):
            names = self.tables.names
            is_bound = names is not None and name in names.bound
            slot = self.tables.slots[ADDRESS, name]
            word = self._address(".got") + (slot if is_bound else slot | 1)
            offset = number * size
            if self.linkage.marked:
                yield self._marked_jump(".plt.got", offset, word)
            else:
                end = self._address(".plt.got") + offset + 6
                yield self._through(0x25, word, end) + _PAD_SHORT

    def _put(
        self, contents: tuple[bytearray, ...], name: str, data: bytes, offset: int = 0
    ) -> None:
        found = own_place(self.placed, name)
        if found is not None and data and contents[found[0]]:
            start = found[1] + offset
            contents[found[0]][start : start + len(data)] = data


def linkage_values(placed: Placement) -> LinkageValues | None:
    """Of a placed link; None where there is no such table."""
    linkage = placed.addresses.tables.linkage
    if linkage is None:
        return None
    return LinkageValues(placed, linkage, placed.addresses.resolution.files[0].header.machine)


def entry_of(placed: Placement, function: Function) -> tuple[int, int] | None:
    """Output section and offset of the entry that callers of an indirect function go to."""
    values = linkage_values(placed)
    if values is None:
        return None
    name, offset = values.entry_place(placed.addresses.tables.indirect.entries[function])
    found = own_place(placed, name)
    return None if found is None else (found[0], found[1] + offset)


def _int32(value: int) -> bytes:
    return struct.pack("<I", value & 0xFFFFFFFF)
