"""What the tables of indirect functions hold, once everything has its address.

An entry of the linkage table jumps through its word; the word holds, until start-up code has called
the resolver, what a lazy loader would want there or nothing that matters; each relocation of type
IRELATIVE says where to write and which resolver to call (psABI x86-64 4.4.1, 5.2; psABI i386 the
same).  Where relocations have no room for an address (i386), it lies in the place itself."""

from __future__ import annotations

import struct

from ... import elf_const as c
from ...dialect import Dialect
from ..file_order import files_as_placed
from ..placement import Placement
from ..relocating.symbol_values import SymbolValues
from ..tables import ADDRESS, Function, IndirectFunctions, Resolved, Tables, Who
from .own_place import own_address, own_place
from .table_form import TableForm

IRELATIVE = {c.EM_X86_64: 37, c.EM_386: 42}
"""R_X86_64_IRELATIVE, R_386_IRELATIVE."""

MARKS = {c.EM_X86_64: b"\xf3\x0f\x1e\xfa", c.EM_386: b"\xf3\x0f\x1e\xfb"}
"""endbr64, endbr32."""


class IndirectValues:
    """The tables of a placed link."""

    def __init__(self, placed: Placement, dialect: Dialect) -> None:
        self.placed, self.dialect = placed, dialect

    @property
    def made(self) -> IndirectFunctions:
        return self._tables.indirect

    @property
    def _tables(self) -> Tables:
        return self.placed.addresses.tables

    def entry(self, function: Function) -> int:
        """The address of a function's entry in the linkage table."""
        found = self.entry_place(function)
        return 0 if found is None else self.placed.sections[found[0]].vma + found[1]

    def entry_place(self, function: Function) -> tuple[int, int] | None:
        """The same as output section and offset."""
        if self._tables.linkage is not None:
            from ..pie.linkage_values import entry_of

            return entry_of(self.placed, function)
        found = own_place(self.placed, ".iplt")
        return None if found is None else (found[0], found[1] + self._entry_offset(function))

    def word(self, function: Function) -> int:
        """The address of the word that the entry jumps through."""
        name, offset = self._word_place(function)
        return (own_address(self.placed, name) or 0) + offset

    def _entry_offset(self, function: Function) -> int:
        return self.made.entries[function] * self.made.form.size

    def _word_place(self, function: Function) -> tuple[str, int]:
        """Section and offset of a word: GNU ld has a section for them, LLD puts them behind the
        header of .got.plt."""
        word, number = self._tables.form.slot, self.made.entries[function]
        if self._tables.linkage is not None:
            return ".got.plt", (3 + number) * word
        if self.dialect.tables_like_gnu:
            return ".igot.plt", number * word
        header = self._tables.sizes[".got.plt"] - len(self.made.entries) * word
        return ".got.plt", header + number * word

    def at_entries(self) -> dict[Function, int]:
        """What code and data take for the address of each function: that of its entry; 0 where
        start-up code fills in the address without looking at what is there."""
        found = {function: self.entry(function) for function in self.made.entries}
        if self.made.form.machine == c.EM_X86_64:
            for resolved in self.made.relocations:
                found.setdefault(resolved.function, 0)
        return found

    def for_readers(self) -> dict[Function, int]:
        """The same for what is not in memory: LLD knows functions that are referred to directly by
        their entry; GNU ld leaves the place as it is."""
        if not self.dialect.tables_like_gnu:
            return {function: self.entry(function) for function in self.made.direct}
        return dict.fromkeys((resolved.function for resolved in self.made.relocations), 0)

    def slot(self, function: Function) -> int | None:
        """The word that loads of the function's address read, when there is no slot for them."""
        return self.word(function) if function in self.made.shared else None

    def in_order(self) -> list[Resolved]:
        """The relocations in the order of their table."""
        return _in_order(self.placed)

    def write(self, contents: tuple[bytearray, ...]) -> None:
        """Fill the linkage table, its words and the table of relocations."""
        if self._tables.linkage is not None:
            return  # passes/pie/linkage_values.py
        made, form = self.made, self._tables.form
        resolvers = SymbolValues(self.placed)
        for function, number in made.entries.items():
            self._put(contents, ".iplt", self._entry_offset(function), self._code(function, number))
            held = resolvers.local(*function) or 0
            if self.dialect.tables_like_gnu or not form.leaves_values:
                held = self._first_word(function, held)
            name, offset = self._word_place(function)
            self._put(contents, name, offset, held.to_bytes(form.slot, "little"))
        rows = []
        for resolved in self.in_order():
            place = self.place(resolved)
            resolver = resolvers.local(*resolved.function) or 0
            rows.append(form.row(place, IRELATIVE[made.form.machine], resolver))
        # They are the last ones where a program that moves has others in the same table.
        name, text = relocation_table(form, self.dialect), b"".join(rows)
        self._put(contents, name, self._tables.sizes[name] - len(text), text)

    def place(self, resolved: Resolved) -> int:
        """What a relocation is to write to."""
        where = self.placed.addresses
        if resolved.pointer is not None:
            found = where.of_place(*resolved.pointer)
            return 0 if found is None else self.placed.sections[found[0]].vma + found[1]
        if resolved.in_slot:
            slot = ADDRESS, _known_as(self.placed, resolved.function)
            return (own_address(self.placed, ".got") or 0) + self._tables.slots[slot]
        return self.word(resolved.function)

    def _code(self, function: Function, number: int) -> bytes:
        """jmp *word, and a nop or, in LLD without marks, `push number; jmp 0` to fill the entry."""
        form, entry = self.made.form, self.entry(function)
        is_64 = form.machine == c.EM_X86_64
        target = self.word(function)
        if is_64:
            target -= entry + (4 if form.marked else 0) + 6
        jump = b"\xff\x25" + struct.pack("<I", target & 0xFFFFFFFF)
        if not is_64 and self._tables.moves is not None:  # jmp *word@GOT(%ebx)
            target -= own_address(self.placed, ".got.plt") or 0
            jump = b"\xff\xa3" + struct.pack("<I", target & 0xFFFFFFFF)
        if form.marked:
            return MARKS[form.machine] + jump + b"\x66\x0f\x1f\x44\0\0"
        if self.dialect.tables_like_gnu:
            return jump + b"\x66\x90"
        pushed = number if is_64 else number * self._tables.form.entsize
        back = -(entry + 16) & 0xFFFFFFFF
        return jump + b"\x68" + struct.pack("<I", pushed) + b"\xe9" + struct.pack("<I", back)

    def _first_word(self, function: Function, resolver: int) -> int:
        """What a word holds beside its relocation: on i386 the resolver.  On x86-64 in GNU ld what
        is behind the jump, as if a loader resolved names one by one, with marks the entry itself;
        in LLD nothing."""
        if self.made.form.machine != c.EM_X86_64:
            return resolver
        if not self.dialect.tables_like_gnu:
            return 0
        return self.entry(function) + (0 if self.made.form.marked else 6)

    def _put(self, contents: tuple[bytearray, ...], name: str, offset: int, data: bytes) -> None:
        """Write bytes of one of the linker's own sections."""
        found = own_place(self.placed, name)
        if found is not None and contents[found[0]]:
            start = found[1] + offset
            contents[found[0]][start : start + len(data)] = data


def relocation_table(form: TableForm, dialect: Dialect) -> str:
    """The name of the linker's own section that the relocations are in."""
    return form.prefix + (".iplt" if dialect.tables_like_gnu else ".dyn")


def _in_order(placed: Placement) -> list[Resolved]:
    """The relocations; those of pointers as GNU ld comes upon them, file by file as these lie in
    the output."""
    files = files_as_placed(placed)
    table = placed.addresses.table

    def place(resolved: Resolved) -> tuple[int, tuple[int, int]]:
        assert resolved.pointer is not None
        return files.get(table.file[resolved.pointer[0]], 0), resolved.pointer

    made = placed.addresses.tables.indirect.relocations
    pointers = [resolved for resolved in made if resolved.pointer is not None]
    return [*sorted(pointers, key=place), *(r for r in made if r.pointer is None)]


def _known_as(placed: Placement, function: Function) -> Who:
    """The function as slots know it."""
    resolution = placed.addresses.resolution
    file, index = function
    first = resolution.first_global[file]
    return function if index < first else resolution.global_names[file][index - first]
