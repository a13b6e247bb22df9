"""How the linker's own tables are written: sizes of addresses and slots, and form of relocations.

Relocations that a program carries out itself at start-up have one of two forms (gABI ch.4): RELA
brings the value to write, REL means the one that lies in the place already.  x86-64 takes RELA and
i386 REL, unless somebody asks for the other; x32, 64-bit code with 32-bit addresses, has RELA in
the small size, and slots of eight bytes, which its instructions read."""

from __future__ import annotations

import struct

import attrs

from ... import elf_const as c
from ...arch import word_of
from ...model import Header
from ..elf_options import ElfOptions


@attrs.frozen(eq=False, repr=False)
class TableForm:
    """word: bytes of an address.  slot: of a slot of the global offset table.  addends: whether
    relocations bring what is to be written (RELA).  applied: whether it is in the place, too."""

    word: int = 8
    slot: int = 8
    addends: bool = True
    applied: bool = False
    moves: bool = False
    """The program runs at any address."""

    @classmethod
    def of(cls, header: Header, options: ElfOptions | None = None) -> TableForm:
        """The form of the tables in a link whose first file has a header."""
        slot = word_of(header.machine)
        options = options or ElfOptions()
        addends = slot == 8 if options.rela is None else options.rela
        return cls(header.elf_class // 8, slot, addends, options.applies_relocs, options.pie)

    @property
    def prefix(self) -> str:
        """What names of relocation tables begin with.  GNU ld lists the places of each input
        section in a part with its name behind it, so that scripts can take parts of the list
        elsewhere, as U-Boot does."""
        return ".rela" if self.addends else ".rel"

    @property
    def list_name(self) -> str:
        """The output section for the list of places that hold addresses."""
        return self.prefix + ".dyn"

    @property
    def type(self) -> int:
        return c.SHT_RELA if self.addends else c.SHT_REL

    @property
    def entsize(self) -> int:
        return (3 if self.addends else 2) * self.word

    @property
    def leaves_values(self) -> bool:
        """Whether the places hold what relocations are about."""
        return self.applied or not self.addends

    def row(self, place: int, kind: int, value: int, symbol: int = 0) -> bytes:
        """A relocation; symbol: number of the one it is against, 0 for none."""
        mask = (1 << 8 * self.word) - 1
        info = symbol << (32 if self.word == 8 else 8) | kind
        numbers = [place & mask, info, *([value & mask] if self.addends else ())]
        return struct.pack(f"<{len(numbers)}{'Q' if self.word == 8 else 'I'}", *numbers)


USUAL_FORM = TableForm()


def entry_size(kind: int, elf_class: int) -> int:
    """sh_entsize of a table of relocations, by its type."""
    return (3 if kind == c.SHT_RELA else 2) * elf_class // 8
