"""Section flags by the names objcopy gives them: `alloc,load,readonly,data`.

The names are older than ELF: BFD speaks of sections that are allocated, loaded, have contents.
What
they mean in an ELF section header is a table, and what each tool keeps of the old flags is one
more.
"""

from __future__ import annotations

from .. import elf_const as c
from .draft import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LLVM_NAMES = (
    "alloc", "load", "noload", "readonly", "exclude", "debug", "code", "data", "rom", "share",
    "contents", "merge", "strings", "large",
)  # fmt: skip
GNU_NAMES = LLVM_NAMES

KEPT_BY_LLVM = (
    c.SHF_COMPRESSED | c.SHF_GROUP | c.SHF_LINK_ORDER | 0x0FF00000 | 0xF0000000 | c.SHF_TLS
    | c.SHF_INFO_LINK
) & ~0x80000000  # fmt: skip
"""Of the old flags, what no name stands for: gABI's structural flags, OS and processor bits but
SHF_EXCLUDE."""

LARGE = 0x10000000
EXCLUDE = 0x80000000


def flag_words(text: str) -> tuple[str, ...]:
    """`alloc,LOAD` -> ("alloc", "load"); bad-option-value for a word nobody knows."""
    words = tuple(word.lower() for word in text.split(",")) if text else ()
    for word in words:
        if word not in LLVM_NAMES:
            complain(
                "bad-option-value",
                f"unrecognized section flag `{word}'",
                help=[f"supported flags: {', '.join(LLVM_NAMES)}"],
            )
    return words


def elf_flags(words: Sequence[str]) -> int:
    """The ELF flags that the names stand for."""
    found = 0
    for word, bit in (
        ("alloc", c.SHF_ALLOC), ("code", c.SHF_EXECINSTR), ("merge", c.SHF_MERGE),
        ("strings", c.SHF_STRINGS), ("exclude", EXCLUDE), ("large", LARGE),
    ):  # fmt: skip
        if word in words:
            found |= bit
    return found if "readonly" in words else found | c.SHF_WRITE
