"""Names that say what a section is: `.init_array` is a table, `.text` is code (gABI, "Special
Sections").

GNU ld gives an output section of such a name its type and flags before anything is in it."""

from __future__ import annotations

from ... import elf_const as c

A, W, X, T = c.SHF_ALLOC, c.SHF_WRITE, c.SHF_EXECINSTR, c.SHF_TLS

SPECIAL = {
    ".text": (c.SHT_PROGBITS, A | X),
    ".init": (c.SHT_PROGBITS, A | X),
    ".fini": (c.SHT_PROGBITS, A | X),
    ".rodata": (c.SHT_PROGBITS, A),
    ".data": (c.SHT_PROGBITS, A | W),
    ".data1": (c.SHT_PROGBITS, A | W),
    ".bss": (c.SHT_NOBITS, A | W),
    ".tdata": (c.SHT_PROGBITS, A | W | T),
    ".tbss": (c.SHT_NOBITS, A | W | T),
    ".init_array": (c.SHT_INIT_ARRAY, A | W),
    ".fini_array": (c.SHT_FINI_ARRAY, A | W),
    ".preinit_array": (c.SHT_PREINIT_ARRAY, A | W),
}
"""Name, also with a suffix behind a dot -> type and flags."""


def special_traits(name: str) -> tuple[int, int]:
    """The SHT_ and SHF_ of a special name; SHT_NULL and 0 of another."""
    if name.startswith(".note") and name != ".note.GNU-stack":
        return c.SHT_NOTE, 0
    stem = "." + name[1:].split(".")[0]
    return SPECIAL.get(stem, (c.SHT_NULL, 0)) if name.startswith(".") else (c.SHT_NULL, 0)


def special_type(name: str) -> int:
    """The SHT_ of a special name, or SHT_NULL."""
    return special_traits(name)[0]


DEBUG_NAMES = (
    ".debug", ".zdebug", ".gnu.debuglto_.debug_", ".gnu.linkonce.wi.", ".line", ".stab",
    ".gdb_index",
)  # fmt: skip
"""What the names of debug sections begin with, for GNU ld."""


def is_debug(name: str, flags: int) -> bool:
    """Whether GNU ld takes a section for debug information: by its name, if it is not in memory."""
    return not flags & A and name.startswith(DEBUG_NAMES)
