"""`pylink86 sections FILES`: what is in object files, and a linker script to begin with.

Whoever writes a first linker script asks where to get the list of sections from.  Here it is: name,
size, alignment, what it is for, how many addresses the linker has to fill in, what it defines and
what it needs, file by file; and with `--script`, a script that places all of it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .. import elf_const as c
from ..diag import Diagnostic, LinkError
from ..explain.kinds import KINDS, kind_of
from ..formats import read
from ..model import COMMON, UNDEF, ObjectFile, Section
from ..report import printable
from .options import ON, error, help_text, parse
from .program import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Table

OPTIONS: Table = {
    "Options": (
        ("--script", "", ON, "script", "print a linker script that places every section, instead"),
        ("--all", "", ON, "all", "list all symbols, not only the first"),
        ("-h --help", "", ON, "help", "print this and stop"),
    ),
}

USAGE = "Usage: pylink86 sections [OPTIONS] FILE...\n"

HEADINGS = ("section", "size", "align", "relocations", "symbols", "what it is")

BOOKKEEPING = (
    c.SHT_NULL,
    c.SHT_SYMTAB,
    c.SHT_STRTAB,
    c.SHT_REL,
    c.SHT_RELA,
    c.SHT_SYMTAB_SHNDX,
    c.SHT_GROUP,
)
"""Types that describe the file; no linker script places them."""

FLAGS = (
    (c.SHF_TLS, "one copy per thread"),
    (c.SHF_COMPRESSED, "compressed"),
    (c.SHF_GROUP, "in a group of which one copy is kept"),
    (c.SHF_EXCLUDE, "left out of the link"),
    (c.SHF_GNU_RETAIN, "kept by --gc-sections"),
)
"""Flags worth a remark, in words."""

TYPES = {
    c.SHT_NOTE: "a note",
    c.SHT_INIT_ARRAY: "functions to call first",
    c.SHT_FINI_ARRAY: "functions to call last",
    c.SHT_X86_64_UNWIND: "unwind table",
}

NAMES = 12
"""Symbols listed of a file unless all are asked for."""


def main(argv: Sequence[str]) -> int:
    """Print tables or a script; errors to stderr, the other files are still shown."""
    parsed = parse(argv, OPTIONS)
    if parsed.values.get("help"):
        print(USAGE + help_text(OPTIONS), end="")
        return 0
    paths = [text for _, text, _ in parsed.inputs]
    if not paths:
        parsed.problems.append(error("no-inputs", "no input files", help=(USAGE.strip(),)))
    if show(parsed.problems, {}):
        return 1
    files, found = _read(paths)
    if parsed.values.get("script"):
        _print_script(files, found)
    else:
        _print_tables(files, found, bool(parsed.values.get("all")))
    return 1 if show(found, {}) else 0


def _read(paths: Iterable[str]) -> tuple[list[ObjectFile], list[Diagnostic]]:
    files: list[ObjectFile] = []
    found: list[Diagnostic] = []
    for path in paths:
        try:
            files.append(read(path))
        except LinkError as problem:
            found += problem.diagnostics
    return files, found


def _print_tables(files: Iterable[ObjectFile], found: list[Diagnostic], full: bool) -> None:
    """A table for each file that can be decoded; the problems of the others go to `found`."""
    between = ""
    for file in files:
        try:
            _write(between + table(file, full=full))
            between = "\n"
        except LinkError as problem:
            found += problem.diagnostics


def _print_script(files: Sequence[ObjectFile], found: list[Diagnostic]) -> None:
    """The script, if every file could be read: one that knows half of them helps nobody."""
    from ..explain.starter import starter_script

    if found:
        return
    try:
        _write(starter_script(files))
    except LinkError as problem:
        found += problem.diagnostics


def _write(text: str) -> None:
    """To stdout, also where it cannot show every character of a name."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, errors="backslashreplace").decode(encoding))


def table(file: ObjectFile, *, full: bool = False) -> str:
    """One file: a headline, a row for each section, what it defines and what it needs.

    full: all symbols rather than the first.
    """
    symbols = Counter(file.symbols.shndx)
    rows = [_row(section, symbols) for section in file if section.type not in BOOKKEEPING]
    machine = c.EM_NAMES.get(file.header.machine, "?")
    lines = [f"{printable(file.name)}: ELF{file.header.elf_class}, {machine}"]
    lines += _aligned([HEADINGS, *rows])
    lines += _symbol_lines(file, full)
    return "\n".join(lines) + "\n"


def _row(section: Section, symbols: Counter[int]) -> tuple[str, ...]:
    count = sum(
        len(section.file.relocations(table))
        for table in section.file.relocation_sections.get(section.index, ())
    )
    # A section symbol stands for the section itself, not for something in it.
    named = symbols[section.index] - _section_symbols(section.file)[section.index]
    return (
        printable(section.name),
        f"{section.size:#x}",
        str(section.align),
        str(count or "-"),
        str(named or "-"),
        in_words(section),
    )


def _section_symbols(file: ObjectFile) -> Counter[int]:
    pairs = zip(file.symbols.info, file.symbols.shndx)
    return Counter(shndx for info, shndx in pairs if info & 0xF == c.STT_SECTION)


def in_words(section: Section) -> str:
    """What a section is for: its type and flags, and for a boot sector that it is one."""
    words = [KINDS[kind_of(section.type, section.flags)]]
    if section.name.startswith((".debug", ".zdebug", ".stab")):
        words = ["debug information"]
    if section.type in TYPES:
        words.append(TYPES[section.type])
    elif section.name == ".eh_frame":
        words.append("unwind table")
    if section.flags & c.SHF_MERGE:
        words.append("equal strings merged" if section.flags & c.SHF_STRINGS else "equals merged")
    words += [text for flag, text in FLAGS if section.flags & flag]
    if section.type == c.SHT_PROGBITS and bytes(section.content[510:512]) == b"\x55\xaa":
        words.append("a boot sector: 55 AA at 510")
    return ", ".join(words)


def _symbol_lines(file: ObjectFile, full: bool) -> Iterator[str]:
    symbols = file.symbols
    first = file.sections.info[file.symtab] if file.symtab else len(symbols)
    groups: dict[str, list[str]] = {}
    for index in range(max(first, 1), len(symbols)):
        place, weak = symbols.shndx[index], symbols.info[index] >> 4 == c.STB_WEAK
        name = printable(symbols.name(index))
        if place == COMMON:
            groups.setdefault("common", []).append(f"{name} ({symbols.size[index]} bytes)")
        elif place == UNDEF:
            groups.setdefault("needs", []).append(name + (" (weak: may be missing)" * weak))
        else:
            groups.setdefault("defines", []).append(name + (" (weak)" * weak))
    for title in ("defines", "common", "needs"):
        names = groups.get(title, [])
        shown = names if full or len(names) <= NAMES + 1 else names[:NAMES]
        more = f" and {len(names) - len(shown)} more (--all)" if len(shown) < len(names) else ""
        if names:
            yield f"  {title}: {', '.join(shown)}{more}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows as text, column under column; numbers to the right."""
    wide = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    for row in rows:
        name, size, align, relocations, symbols, what = row
        yield (
            f"  {name:<{wide[0]}}  {size:>{wide[1]}}  {align:>{wide[2]}}"
            f"  {relocations:>{wide[3]}}  {symbols:>{wide[4]}}  {what}"
        ).rstrip()
