"""--split-by-file and --split-by-reloc: output sections cut into several, for readers with limits.

Some formats and their tools could not hold more than so many relocations in a section, or wanted a
section for each file.  GNU ld cuts when everything is placed: the first part keeps the name, every
other one is a section of its own behind all others, called `.text.0`, `.text.1` and so on, with a
symbol of that name.  No address changes.

Source: GNU ld manual 2.1; what counts, and the alignment of the parts, by experiment."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..script.values import Value
from .elf_options import ElfOptions
from .match import Claim, SectionId
from .orphans import EVERYTHING
from .placement import INPUT, Piece, PlacedSection, Placement


def split_sections(placed: Placement, options: ElfOptions) -> Placement:
    """The placement with output sections cut where the limits of the options say."""
    where = placed.addresses
    where.fill()
    offset, owner = list(where.offset), list(where.owner)
    sections = list(placed.sections)
    symbols = dict(placed.symbols)
    names = {section.name for section in sections}
    for section in sorted(placed.sections, key=lambda s: s.plan.header):
        parts = _parts(section, placed, options)
        if len(parts) < 2:
            continue
        starts = [part[0].sec_off for part in parts]
        held = _by_part(section, starts, offset, owner)
        sections[section.plan.index] = _part(
            section, section.plan.index, section.name, parts, 0, held
        )
        for number in range(1, len(parts)):
            name = _fresh_name(section.name, names)
            index = len(sections)
            sections.append(_part(section, index, name, parts, number, held))
            for sid in held[number]:
                offset[sid] -= starts[number]
                owner[sid] = index
            if name not in where.resolution.definer:
                symbols.setdefault(name, Value(0, sections[-1]))
    addresses = attrs.evolve(where, offset=offset, owner=owner)
    return attrs.evolve(placed, sections=tuple(sections), addresses=addresses, symbols=symbols)


def _parts(section: PlacedSection, placed: Placement, options: ElfOptions) -> list[list[Piece]]:
    """The pieces of each part: a new one begins where bytes or relocations reach a limit."""
    if section.plan.type == c.SHT_NOBITS:
        return []
    parts: list[list[Piece]] = []
    size = relocations = 0
    for piece in section.pieces:
        more, count = _counts(piece, placed, options)
        full = size + more >= options.split_size or relocations + count >= options.split_relocs
        if not parts or full:
            parts.append([])
            size = relocations = 0
        parts[-1].append(piece)
        size, relocations = size + more, relocations + count
    return parts


def _counts(piece: Piece, placed: Placement, options: ElfOptions) -> tuple[int, int]:
    """Bytes and relocations of a piece that count: those of input sections, and relocations only
    where they stay for the next link."""
    if piece.kind != INPUT or not isinstance(piece.origin, int):
        return 0, 0
    if not options.relocatable:
        return piece.size, 0
    where = placed.addresses
    file = where.table.owner_file(piece.origin)
    obj = where.resolution.files[file]
    tables = obj.relocation_sections.get(piece.origin - where.table.base[file], ())
    return piece.size, sum(len(obj.relocations(table)) for table in tables)


def _by_part(
    section: PlacedSection, starts: Sequence[int], offset: Sequence[int], owner: Sequence[int]
) -> list[list[SectionId]]:
    """The input sections of each part."""
    held: list[list[SectionId]] = [[] for _ in starts]
    for sid in section.plan.sections():
        if owner[sid] == section.plan.index:
            part = sum(start <= offset[sid] for start in starts) - 1
            held[max(part, 0)].append(sid)
    return held


def _part(
    section: PlacedSection,
    index: int,
    name: str,
    parts: Sequence[Sequence[Piece]],
    number: int,
    held: Sequence[Sequence[SectionId]],
) -> PlacedSection:
    """One part as an output section."""
    start = parts[number][0].sec_off if number else 0
    pieces = [piece._replace(sec_off=piece.sec_off - start) for piece in parts[number]]
    items = tuple(item for item in section.plan.items if not (number or isinstance(item, Claim)))
    align, header = section.align, section.plan.header
    if number:
        vma = section.vma + start
        align, header = min(align, vma & -vma or align), LAST + index
    plan = attrs.evolve(
        section.plan, index=index, name=name, align=align, header=header, whole=section.plan,
        is_part=number > 0,
        items=(*items, Claim(EVERYTHING, tuple(held[number]))),
    )  # fmt: skip
    return attrs.evolve(
        section, plan=plan, vma=section.vma + start, lma=section.lma + start, align=align,
        size=sum(piece.size for piece in pieces), pieces=pieces,
    )  # fmt: skip


LAST = 1 << 40
"""Headers of parts stand behind all others."""


def _fresh_name(name: str, names: set[str]) -> str:
    """The first of `.text.0`, `.text.1` ... that no section has, which is taken from then on.  A
    number that the name ends in gives way."""
    name = re.sub(r"\.[0-9]+$", "", name)
    number = 0
    while f"{name}.{number}" in names:
        number += 1
    names.add(f"{name}.{number}")
    return f"{name}.{number}"
