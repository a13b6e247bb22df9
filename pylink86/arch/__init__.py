"""What the processor decides: which relocation types there are, and how wide an address is.

Always asked of the input file: a link may mix i386 and x86-64 objects.
"""

from __future__ import annotations

from ..elf_const import EM_386, EM_X86_64
from . import i386, x86_64
from .reloc import Patch, Reach, Row, Table, patches

ROWS: dict[int, Table] = {EM_386: i386.ROWS, EM_X86_64: x86_64.ROWS}
WORDS: dict[int, int] = {EM_386: i386.WORD, EM_X86_64: x86_64.WORD}


def rows_for(machine: int) -> Table:
    """The relocation rows of a machine by number; empty for a machine we do not know."""
    return ROWS.get(machine, {})


def word_of(machine: int) -> int:
    """Bytes in an address of a machine we know: 4 or 8."""
    return WORDS[machine]


def patches_for(machine: int, reach: Reach, in_place: bool) -> dict[int, Patch]:
    """What a loop over the relocations of one file needs: see `reloc.patches`."""
    return patches(rows_for(machine), reach, word_of(machine), in_place)


def reloc_name(machine: int, number: int) -> str:
    """R_X86_64_PC32, or "relocation type 200" for a number no psABI has."""
    row: Row | None = rows_for(machine).get(number)
    return row.name if row else f"relocation type {number}"
