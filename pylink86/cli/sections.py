"""`pylink86 sections FILES`: what is in object files, as tables.

Whoever writes a first linker script asks where to get the list of sections from.  Here it is: name,
size, flags, alignment and the number of symbols of every section, file by file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .. import elf_const as c
from ..diag import Diagnostic, LinkError
from ..formats import read
from ..model import ObjectFile
from .program import show

FLAGS = (
    (c.SHF_ALLOC, "A"),
    (c.SHF_WRITE, "W"),
    (c.SHF_EXECINSTR, "X"),
    (c.SHF_MERGE, "M"),
    (c.SHF_STRINGS, "S"),
    (c.SHF_GROUP, "G"),
    (c.SHF_TLS, "T"),
    (c.SHF_COMPRESSED, "C"),
    (c.SHF_EXCLUDE, "E"),
)
"""The letters `readelf -S` uses."""

LEGEND = (
    "A in memory, W writable, X code, M merged, S strings, G in a group, T per thread, "
    "C compressed, E left out of the link"
)

HEADINGS = ("section", "size", "align", "flags", "symbols")


def main(argv: Sequence[str]) -> int:
    """Print the sections of each file; errors to stderr, the other files are still shown."""
    if not argv or argv[0] in ("-h", "--help"):
        print("Usage: pylink86 sections FILE...")
        return 0 if argv else 1
    found: list[Diagnostic] = []
    for path in argv:
        try:
            print(table(read(path)))
        except LinkError as problem:
            found += problem.diagnostics
    print(f"flags: {LEGEND}")
    return 1 if show(found, {}) else 0


def table(file: ObjectFile) -> str:
    """One file: a headline and a row for each section that is not bookkeeping of the format."""
    symbols = Counter(file.symbols.shndx)
    rows = [
        (
            section.name,
            f"{section.size:#x}",
            str(section.align),
            "".join(letter for bit, letter in FLAGS if section.flags & bit) or "-",
            str(symbols[section.index] or "-"),
        )
        for section in file
        if section.type not in BOOKKEEPING
    ]
    headline = (
        f"{file.name}: ELF{file.header.elf_class}, {c.EM_NAMES.get(file.header.machine, '?')}"
    )
    return "\n".join([headline, *_aligned([HEADINGS, *rows])]) + "\n"


BOOKKEEPING = (c.SHT_NULL, c.SHT_SYMTAB, c.SHT_STRTAB, c.SHT_REL, c.SHT_RELA, c.SHT_SYMTAB_SHNDX)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows of five cells as text, column under column."""
    name, size, align, flags, _ = (max(len(row[i]) for row in rows) for i in range(5))
    for row in rows:
        yield (
            f"  {row[0]:<{name}}  {row[1]:>{size}}  {row[2]:>{align}}  {row[3]:<{flags}}  {row[4]}"
        )
