"""A first linker script for some object files: every section that occupies memory, named once.

A linker script is written against a list nobody sees: the names of the sections in the inputs.  A
section no pattern names is placed by rules of its own, often in front of the code, and the image
does not start.  So here the list is turned into a script that names all of it, in an order that
works, to be edited from there.  pylink86, GNU ld and LLD take it.

Compilers make a section per function when asked to (`.text.main`), and other ones after the next
change of the source, so the script speaks of families: `*(.text .text.*)`.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from .. import elf_const as c
from ..arch import rows_for
from ..arch.reloc import ABS, GOT, GOT_BASE, GOT_OFF, GOT_PC, PC, PLT_OFF
from ..model import UNDEF, ObjectFile, Section
from .kinds import KINDS, kind_of

BOOT_ADDRESS, STAGE_ADDRESS, KERNEL_ADDRESS = 0x7C00, 0x7E00, 0x100000
"""Where the BIOS loads the boot sector, what follows it, and where boot loaders put kernels."""

SECTOR = 512

STEMS = (
    "text|rodata|data|bss|tdata|tbss|init_array|fini_array|preinit_array|ctors|dtors|note"
    "|gcc_except_table|ltext|lrodata|ldata|lbss"
)
"""Names with families: `.text`, `.text.main`, and with a prefix `.rust.text.main`."""

FAMILY = re.compile(rf"(?P<head>.*?\.(?:{STEMS}))(?:\..*)?$", re.DOTALL)

ORDER = ("code", "constants", "data", "zeroed")
OUTPUT = {"code": ".text", "constants": ".rodata", "data": ".data", "zeroed": ".bss"}
ALWAYS = {
    "code": (".text",),
    "constants": (".rodata",),
    "data": (".data",),
    "zeroed": (".bss",),
}
"""Families that are named even when no file has them yet: the next version will."""

KEPT = re.compile(r"\.(?:init|fini|preinit)_array|\.[cd]tors$")
"""What is reached through tables alone, so that --gc-sections needs to be told."""

LOADED_LENGTH = re.compile(r"len|sector|count", re.IGNORECASE)
"""Names by which boot sectors ask how much to load."""

MIXABLE = frozenset(
    (
        c.SHT_PROGBITS,
        c.SHT_NOBITS,
        c.SHT_NOTE,
        c.SHT_INIT_ARRAY,
        c.SHT_FINI_ARRAY,
        c.SHT_PREINIT_ARRAY,
        c.SHT_X86_64_UNWIND,
    )
)
"""Types that may share an output section; LLD refuses to mix others (SHT_ANDROID_REL, by trial)."""

GOT_KINDS = frozenset((GOT, GOT_PC, GOT_BASE, GOT_OFF, PLT_OFF))


@attrs.frozen(eq=False)
class Family:
    """Sections the script names together.

    patterns: as they stand between the parentheses; kind: of KINDS; file: a pattern for the file,
    "*" for all.  apart: needs an output section of its own.
    """

    patterns: tuple[str, ...]
    kind: str
    file: str
    count: int
    size: int
    apart: bool = False

    @property
    def statement(self) -> str:
        text = f"{self.file}({' '.join(self.patterns)})"
        return f"KEEP({text})" if any(KEPT.search(p) for p in self.patterns) else text


def starter_script(files: Sequence[ObjectFile]) -> str:
    """The script's text.

    A boot sector among the files goes to 0x7c00 and all else behind it, where it loads it to; else
    everything goes to 1 MiB, or low in memory when it has addresses of 16 bits.
    """
    boot = boot_sections(files)
    families = _families(files, boot)
    lines = [_headline(files, bool(boot)), *_entry(files), "SECTIONS", "{"]
    lines += _with_boot(files, boot, families) if boot else _without_boot(files, families)
    lines += ["}", *_missing(files, boot)]
    return "\n".join(lines) + "\n"


def boot_sections(files: Sequence[ObjectFile]) -> tuple[Section, ...]:
    """The sections that make a boot sector, in order; () when there is none.

    One section with 55 AA at its offset 510, or all of a file's when they add up to a sector that
    ends so.  Of several, one of exactly 512 bytes, and then the first.
    """
    found: list[tuple[Section, ...]] = []
    for file in files:
        loaded = [s for s in file if _in_memory(s) and s.size]
        for section in loaded:
            if section.type != c.SHT_NOBITS and bytes(section.content[510:512]) == b"\x55\xaa":
                found.append((section,))
        last = loaded[-1] if loaded else None
        whole = sum(section.size for section in loaded) == SECTOR and len(loaded) > 1
        if last and whole and bytes(last.content[-2:]) == b"\x55\xaa":
            found.append(tuple(loaded))
    exact = [f for f in found if sum(section.size for section in f) == SECTOR]
    return (*exact, *found, ())[0]


def _in_memory(section: Section) -> bool:
    return bool(section.flags & c.SHF_ALLOC) and not section.flags & c.SHF_EXCLUDE


# Names to patterns


def _families(files: Sequence[ObjectFile], boot: tuple[Section, ...]) -> list[Family]:
    """What the script names, boot sector aside: standard families first, then by name."""
    members: dict[tuple[str, ...], list[Section]] = {}
    for kind in ORDER:
        for head in ALWAYS[kind]:
            members[head, f"{head}.*"] = []
    for file in files:
        for section in file:
            if _in_memory(section) and section not in boot:
                members.setdefault(patterns_for(section.name), []).append(section)
    found = []
    for patterns, sections in members.items():
        kind = _strongest(sections) or next(k for k in ORDER if patterns[0] in ALWAYS[k])
        size = sum(section.size for section in sections)
        apart = any(section.type not in MIXABLE for section in sections)
        found.append(Family(patterns, kind, "*", len(sections), size, apart))
    if any(_uses_got(file) for file in files):
        # The linker's own tables, for code that was compiled to be moved at run time.
        found.append(Family((".got", ".got.*"), "data", "*", 0, 0))
    return found


def patterns_for(name: str) -> tuple[str, ...]:
    """The patterns of the family a section belongs to; its name alone when it has none."""
    family = FAMILY.match(name)
    head = _quoted(family.group("head") if family else name)
    return (head, f"{head}.*") if family else (head,)


def _quoted(name: str) -> str:
    """A name as a pattern: what scripts cannot spell becomes `?`, which stands for any one
    character."""
    return re.sub(r"[^A-Za-z0-9_.$+-]", "?", name) or "?"


def _strongest(sections: Sequence[Section]) -> str:
    """What an output section has to be to hold all of these: a little code makes it code."""
    kinds = {kind_of(section.type, section.flags) for section in sections}
    return next((kind for kind in ("code", "data", "constants", "zeroed") if kind in kinds), "")


def _file_pattern(section: Section, files: Sequence[ObjectFile]) -> str:
    """`*` when the patterns of a section's name fit no other file's, else a pattern for its file.

    GNU ld takes a file name without wildcards for one more input, so there is always one.
    """
    same = [file for file in files if section.name in file.sections.names]
    if len(same) == 1:
        return "*"
    return "*" + _quoted(os.path.basename(section.file.name))


def _uses_got(file: ObjectFile) -> bool:
    rows = rows_for(file.header.machine)
    return any(
        rows[kind].kind in GOT_KINDS
        for tables in file.relocation_sections.values()
        for table in tables
        for kind in set(file.relocations(table).type)
        if kind in rows
    )


def _has_short_addresses(file: ObjectFile) -> bool:
    """Whether code in the file holds addresses of 8 or 16 bits, as real mode's does."""
    rows = rows_for(file.header.machine)
    return any(
        rows[kind].kind in (ABS, PC) and rows[kind].width in (1, 2)
        for target, tables in file.relocation_sections.items()
        if file.sections.flags[target] & c.SHF_ALLOC
        for table in tables
        for kind in set(file.relocations(table).type)
        if kind in rows
    )


# Lines of the script


def _headline(files: Sequence[ObjectFile], has_boot: bool) -> str:
    names = ", ".join(os.path.basename(file.name).replace("*/", "* /") for file in files[:4])
    more = f" and {len(files) - 4} more" if len(files) > 4 else ""
    command = "pyld -T start.ld" + (" --oformat binary" if has_boot else "")
    return (
        f"/* A start, made from the sections of {names}{more}.\n"
        f"   Link with: {command} -o image FILES */"
    )


def _entry(files: Sequence[ObjectFile]) -> Iterator[str]:
    defined = {name for file in files for name in _names(file, defined=True)}
    for name in ("_start", "start", "kernel_main", "main"):
        if name in defined:
            yield f"ENTRY({name})"
            return


def _with_boot(
    files: Sequence[ObjectFile], boot: tuple[Section, ...], families: Sequence[Family]
) -> Iterator[str]:
    name = os.path.basename(boot[0].file.name).replace("*/", "* /")
    size = sum(section.size for section in boot)
    yield f"  /* The BIOS loads the first {SECTOR} bytes of the disk to {BOOT_ADDRESS:#x} and jumps"
    yield f"     there.  {name} is made for that: its sector ends in 55 AA. */"
    yield f"  .boot {BOOT_ADDRESS:#x} :"
    yield "  {"
    for section in boot:
        yield f"    KEEP({_file_pattern(section, files)}({_quoted(section.name)}))"
    if size != SECTOR:
        yield f"    . = ALIGN({SECTOR});"
    yield "  }"
    if not any(family.count for family in families):
        return
    address = f" {STAGE_ADDRESS:#x}" if size == SECTOR else ""
    yield ""
    yield "  /* What the boot sector loads: right behind it, on the disk as in memory. */"
    yield f"  .stage{address} :"
    yield "  {"
    for kind in ("code", "constants", "data"):
        yield from _group(kind, families, "    ")
    yield f"    . = ALIGN({SECTOR});"
    yield "  }"
    yield from _guessed_lengths(files, boot)
    yield from _apart(families)
    yield ""
    yield "  /* Not on the disk: memory the program has to fill with zeros itself. */"
    yield from _bss(families)


def _without_boot(files: Sequence[ObjectFile], families: Sequence[Family]) -> Iterator[str]:
    if any(_has_short_addresses(file) for file in files):
        yield f"  /* Low, because the code has addresses of 16 bits. */\n  . = {STAGE_ADDRESS:#x};"
    else:
        yield f"  /* 1 MiB, where boot loaders put kernels. */\n  . = {KERNEL_ADDRESS:#x};"
    for kind in ("code", "constants", "data"):
        yield f"  {OUTPUT[kind]} :"
        yield "  {"
        yield from _group(kind, families, "    ")
        yield "  }"
    yield from _apart(families)
    yield from _bss(families)


def _apart(families: Sequence[Family]) -> Iterator[str]:
    """Output sections for what cannot be mixed with anything, each called as its inputs are."""
    for family in families:
        if family.apart:
            yield f"  {family.patterns[0].replace('?', '_')} : {{ {family.statement} }}"


def _bss(families: Sequence[Family]) -> Iterator[str]:
    yield "  .bss :"
    yield "  {"
    yield from _group("zeroed", families, "    ")
    yield "    *(COMMON)"
    yield "  }"


def _group(kind: str, families: Sequence[Family], indent: str) -> Iterator[str]:
    """The families of a kind, with a comment that says how much it is today."""
    mine = [family for family in families if family.kind == kind and not family.apart]
    count, size = sum(f.count for f in mine), sum(f.size for f in mine)
    if count:
        yield f"{indent}/* {KINDS[kind]}: {count} section{'s' * (count != 1)}, {size:#x} bytes */"
    for family in mine:
        yield indent + family.statement


def _guessed_lengths(files: Sequence[ObjectFile], boot: tuple[Section, ...]) -> Iterator[str]:
    names = [name for name in _missing_names(files) if _asks_for_length(name, boot)]
    if names:
        yield ""
        yield "  /* How many sectors to load: a guess, made from what the boot sector asks for. */"
        yield from (f"  {name} = SIZEOF(.stage) / {SECTOR};" for name in names)


def _asks_for_length(name: str, boot: tuple[Section, ...]) -> bool:
    wanted = bool(boot) and name in _names(boot[0].file, defined=False)
    return wanted and bool(LOADED_LENGTH.search(name)) and _quoted(name) == name


def _missing(files: Sequence[ObjectFile], boot: tuple[Section, ...]) -> Iterator[str]:
    """A comment with the names nobody defines."""
    names = [name for name in _missing_names(files) if not _asks_for_length(name, boot)]
    if not names:
        return
    yield ""
    yield "/* No file defines these.  Add the one that does, or lines such as  name = 0x1000;"
    yield from (f"     {name.replace('*/', '* /')}" for name in names[:20])
    if len(names) > 20:
        yield f"     and {len(names) - 20} more"
    yield "*/"


def _missing_names(files: Sequence[ObjectFile]) -> list[str]:
    """Names that are needed and not defined, sorted; the linker makes some itself."""
    needed = {name for file in files for name in _names(file, defined=False)}
    defined = {name for file in files for name in _names(file, defined=True)}
    return sorted(needed - defined - {"_GLOBAL_OFFSET_TABLE_"})


def _names(file: ObjectFile, *, defined: bool) -> Counter[str]:
    """Global names a file defines, or those it cannot do without (weak ones it can)."""
    symbols = file.symbols
    first = file.sections.info[file.symtab] if file.symtab else len(symbols)
    found: Counter[str] = Counter()
    for index in range(max(first, 1), len(symbols)):
        is_defined = symbols.shndx[index] != UNDEF
        if is_defined == defined and (defined or symbols.info[index] >> 4 != c.STB_WEAK):
            found[symbols.name(index)] += 1
    return found
