"""The result as an ObjectFile with sections, symbols and segments, to be written as ELF.

An ELF executable carries the bytes of the link with a description: section headers, a symbol table,
and program headers that tell a loader what goes where."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..diag import fail
from ..model import ABS, Header, ObjectFile, SectionRow, Sections, Segment, SymbolRow, Symbols
from .placement import PlacedSection, Placement
from .relocate import Patched

PAGE = 0x1000
MASK = (1 << 64) - 1
MACHINES = {32: c.EM_386, 64: c.EM_X86_64}


def elf_executable(
    placed: Placement, patched: Patched, entry: int, name: str, elf_class: int = 0
) -> ObjectFile:
    """The link as an ET_EXEC of a class: 32, 64, or 0 for that of the link's machine.

    Raises out-of-range-for-elf32 for what lies where a 32-bit file cannot say it does."""
    elf_class = elf_class or (64 if placed.addresses.machine == c.EM_X86_64 else 32)
    sections = [
        s for s in placed.sections if not s.plan.dropped and (s.size or s.plan.node is not None)
    ]
    where = {id(s): i for i, s in enumerate(sections, 1)}
    rows = [
        SectionRow(
            s.name,
            # LLD's `.rela : { *(.rela*) . = ALIGN(512); }` holds padding and no relocations.
            c.SHT_PROGBITS if s.plan.type in (c.SHT_REL, c.SHT_RELA) else s.plan.type,
            s.plan.flags,
            _held(s.vma, elf_class, f"section `{s.name}'"),
            _held(s.size, elf_class, f"the size of section `{s.name}'"),
            align=_held(s.align, elf_class, f"the alignment of section `{s.name}'"),
        )
        for s in sections
    ]
    contents = [b"", *(bytes(patched.contents[_index(placed, s)]) for s in sections)]
    return ObjectFile(
        name,
        Header(
            elf_class,
            MACHINES[elf_class],
            c.ET_EXEC,
            entry=_held(entry, elf_class, "the entry point"),
        ),
        Sections.from_rows(rows),
        contents,
        Symbols.from_rows(
            attrs.evolve(
                row,
                value=_held(row.value, elf_class, f"symbol `{row.name}'"),
                size=_held(row.size, elf_class, f"the size of symbol `{row.name}'"),
            )
            for row in _symbol_rows(placed, where)
        ),
        segments=tuple(
            attrs.evolve(
                s,
                vaddr=_held(s.vaddr, elf_class, "a segment"),
                paddr=_held(s.paddr, elf_class, "a segment's load address"),
                memsz=_held(s.memsz, elf_class, "the size of a segment"),
            )
            for s in load_segments(sections)
        ),
    )


def _held(value: int, elf_class: int, what: str) -> int:
    """A number as a file of the class holds it; negative ones wrap."""
    value &= MASK
    if elf_class == 64 or value <= 0xFFFFFFFF:
        return value
    if value >= MASK - 0x7FFFFFFF:
        return value & 0xFFFFFFFF
    raise fail(
        "out-of-range-for-elf32",
        f"{what} is {value:#x}: a 32-bit ELF file has no room for that",
        help=["write elf64-x86-64 or a raw image, or place it below 0x100000000"],
    )


def _index(placed: Placement, section: PlacedSection) -> int:
    return next(i for i, s in enumerate(placed.sections) if s is section)


def load_segments(sections: Sequence[PlacedSection]) -> tuple[Segment, ...]:
    """PT_LOAD for each run of sections in memory with equal permissions and a steady LMA distance.

    A section without contents may only end a segment.  Source: GNU ld manual 3.8 (the default
    rule); offsets are left to the writer."""
    out: list[Segment] = []
    run: list[PlacedSection] = []
    for section in sorted((s for s in sections if s.plan.alloc and s.size), key=lambda s: s.vma):
        if run and not _continues(run[-1], section):
            out.append(_segment(run))
            run = []
        run.append(section)
    if run:
        out.append(_segment(run))
    return tuple(out)


def _continues(last: PlacedSection, section: PlacedSection) -> bool:
    return (
        _permissions(last) == _permissions(section)
        and section.lma - section.vma == last.lma - last.vma
        and (last.plan.type != c.SHT_NOBITS or section.plan.type == c.SHT_NOBITS)
        and section.vma - (last.vma + last.size) < PAGE
    )


def _permissions(section: PlacedSection) -> int:
    flags = section.plan.flags
    found: int = c.PF_R
    if flags & c.SHF_WRITE:
        found |= c.PF_W
    return found | c.PF_X if flags & c.SHF_EXECINSTR else found


def _segment(run: list[PlacedSection]) -> Segment:
    first, last = run[0], run[-1]
    loaded = [s for s in run if s.plan.type != c.SHT_NOBITS]
    filesz = loaded[-1].vma + loaded[-1].size - first.vma if loaded else 0
    memsz = last.vma + last.size - first.vma
    return Segment(c.PT_LOAD, _permissions(first), 0, first.vma, first.lma, filesz, memsz, PAGE)


def _symbol_rows(placed: Placement, where: dict[int, int]) -> list[SymbolRow]:
    """The files' locals, then globals and the script's names; local symbols come first."""
    rows: list[SymbolRow] = []
    addresses = placed.addresses
    resolution = addresses.resolution
    for number, obj in enumerate(resolution.files[:-1]):
        for index in range(1, resolution.first_global[number]):
            kind = obj.symbols.info[index] & 0xF
            if kind == c.STT_FILE:
                rows.append(SymbolRow(obj.symbols.name(index), 0, 0, c.STB_LOCAL, kind, 0, ABS))
            elif kind != c.STT_SECTION and obj.symbols.name(index):
                rows += _row(placed, where, number, index, obj.symbols.name(index), True)
    for name, (number, index) in resolution.definer.items():
        if name not in placed.symbols:
            rows += _row(placed, where, number, index, name, False)
    for name, value in placed.symbols.items():
        binding = c.STB_LOCAL if name in placed.hidden else c.STB_GLOBAL
        section = value.section
        shndx = where.get(id(section), ABS) if isinstance(section, PlacedSection) else ABS
        rows.append(SymbolRow(name, value.absolute(), 0, binding, c.STT_NOTYPE, 0, shndx))
    rows.sort(key=lambda row: row.binding != c.STB_LOCAL)
    return rows


def _row(
    placed: Placement, where: dict[int, int], file: int, index: int, name: str, local: bool
) -> list[SymbolRow]:
    """One symbol of an input file as it is in the output; none when its section is not."""
    symbols = placed.addresses.resolution.files[file].symbols
    found = placed.addresses.of_symbol(file, index)
    if found is None:
        return []
    info, other = symbols.info[index], symbols.other[index]
    binding = c.STB_LOCAL if local else info >> 4
    if isinstance(found, int):
        return [SymbolRow(name, found, symbols.size[index], binding, info & 0xF, other, ABS)]
    section = placed.sections[found[0]]
    shndx = where.get(id(section), ABS)
    value = section.vma + found[1]
    return [SymbolRow(name, value, symbols.size[index], binding, info & 0xF, other, shndx)]
