"""objcopy's operations: each takes an ObjectFile and returns another, and nothing else happens.

Prefixing is how two programs live in one image without meeting: `.rust.text` and `.boot.text` are
placed by different lines of a script, `k_main` and `main` are different functions.  Names are all
that changes: sections keep their order, numbers and contents, so relocations and symbols stay
right.

What has a name but no say in it follows its owner, as in GNU objcopy 2.40: a relocation section is
called after the section it relocates (`.rela` + `.rust.text`), and the tables of symbols and names
keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from .. import elf_const as c
from ..elf_tables import Buffer, build_strings
from ..model import ObjectFile


def prefix_sections(obj: ObjectFile, prefix: str) -> ObjectFile:
    """Every section renamed as `objcopy --prefix-sections` does: debug, notes and groups too."""
    return rename_sections(obj, lambda name, flags: prefix + name)


def prefix_alloc_sections(obj: ObjectFile, prefix: str) -> ObjectFile:
    """Sections that occupy memory renamed as `objcopy --prefix-alloc-sections` does."""
    return rename_sections(obj, lambda name, flags: prefix + name if flags & c.SHF_ALLOC else name)


def prefix_symbols(obj: ObjectFile, prefix: str) -> ObjectFile:
    """Every symbol renamed as `objcopy --prefix-symbols` does.

    Undefined symbols and names of source files too; symbols that stand for a section have no name
    of their own.
    """
    return rename_symbols(obj, lambda name, kind: name if kind == c.STT_SECTION else prefix + name)


def rename_sections(obj: ObjectFile, new_name: Callable[[str, int], str]) -> ObjectFile:
    """The file with other section names.

    new_name: called with name and flags of every section but the symbol table, the string tables
    that it and the section headers use, and relocation sections, which are called after their
    target.
    """
    sections, index = obj.sections, obj.header.shstrndx
    if not index:
        return obj
    fixed = _tables(obj)
    names = [
        name if i in fixed else new_name(name, flags)
        for i, (name, flags) in enumerate(zip(sections.names, sections.flags, strict=True))
    ]
    for target, tables in obj.relocation_sections.items():
        for i in tables:
            # With SHF_ALLOC it is a part of the program (.rela.dyn), not a note to the linker.
            if not sections.flags[i] & c.SHF_ALLOC and target:
                start = ".rela" if sections.type[i] == c.SHT_RELA else ".rel"
                names[i] = start + names[target]
    strings, where = _strings(obj, index, names)
    name_off = tuple([where[name] for name in names])
    sections = attrs.evolve(sections, name_off=name_off, strings=strings)
    symbols = obj.symbols
    if obj.symtab and sections.link[obj.symtab] == index:
        symbols = attrs.evolve(symbols, strings=strings)
    return _replace(attrs.evolve(obj, sections=sections, symbols=symbols), {index: strings})


def rename_symbols(obj: ObjectFile, new_name: Callable[[str, int], str]) -> ObjectFile:
    """The file with other symbol names; new_name: called with name and type of all but the null."""
    if not obj.symtab or not len(obj.symbols):
        return obj
    # The writer is fetched when needed: most uses of this module rename sections only.
    from ..formats.elf_write import encode_symbol_table

    symbols, index = obj.symbols, obj.sections.link[obj.symtab]
    kinds = [info & 0xF for info in symbols.info]
    names = [new_name(name, kind) for name, kind in zip(symbols.names, kinds, strict=True)]
    names[0] = symbols.names[0]
    strings, where = _strings(obj, index, names)
    name_off = tuple([where[name] for name in names])
    symbols = attrs.evolve(symbols, name_off=name_off, strings=strings)
    table, _ = encode_symbol_table(symbols, obj.header.elf_class)
    sections = obj.sections
    if index == obj.header.shstrndx:
        sections = attrs.evolve(sections, strings=strings)
    changed = attrs.evolve(obj, symbols=symbols, sections=sections)
    return _replace(changed, {obj.symtab: table, index: strings})


def _tables(obj: ObjectFile) -> set[int]:
    """Sections that exist for the file format's sake; no operation on names concerns them."""
    kinds, link = obj.sections.type, obj.sections.link
    found = {0, obj.header.shstrndx}
    if obj.symtab:
        found |= {obj.symtab, link[obj.symtab]}
    return found | {
        i for i, kind in enumerate(kinds) if kind == c.SHT_SYMTAB_SHNDX and link[i] == obj.symtab
    }


def _strings(obj: ObjectFile, index: int, names: Sequence[str]) -> tuple[bytes, dict[str, int]]:
    """A string table for section `index` that holds the names, and where each begins.

    A table that others use too (LLVM keeps names of sections and symbols in one) keeps what it has,
    and the names follow; one of its own is made anew.
    """
    strings, where = build_strings(names)
    users = {i for i, link in enumerate(obj.sections.link) if link == index and i}
    if index == obj.header.shstrndx:
        users.add(0)
    if len(users) < 2:
        return strings, where
    old = bytes(obj.contents[index])
    return old + strings, {name: len(old) + off for name, off in where.items()}


def _replace(obj: ObjectFile, changed: dict[int, Buffer]) -> ObjectFile:
    """The file with other contents in some sections; where they lie is for the writer to decide."""
    contents, size = list(obj.contents), list(obj.sections.size)
    for index, content in changed.items():
        contents[index] = content
        size[index] = len(content)
    sections = attrs.evolve(obj.sections, size=tuple(size))
    return attrs.evolve(obj, sections=sections, contents=contents, layout=None)
