"""--split-by-file and --split-by-reloc: output sections cut into several, for readers with limits.

Some formats and their tools could not hold more than so many relocations in a section, or wanted a
section for each file.  GNU ld cuts when everything is placed: the first part keeps the name, every
other one is a section of its own behind all others, called `.text.0`, `.text.1` and so on, with a
symbol of that name.  No address changes.

Source: GNU ld manual 2.1; what counts, and the alignment of the parts, by experiment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy

import attrs

from ... import elf_const as c
from ...script.values import Value
from ..elf_options import ElfOptions
from ..matching.match import Claim, SectionId
from ..placement import INPUT, Piece, PlacedSection, Placement
from .orphans import EVERYTHING


@attrs.define(eq=False, repr=False)
class Part:
    """Pieces and input sections that stay together; start: where, in the whole section."""

    start: int
    pieces: list[Piece] = attrs.field(factory=list)
    held: list[SectionId] = attrs.field(factory=list)


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
        own = section.plan.index
        sections[own] = _part(section, own, section.name, parts[0], False)
        for part in parts[1:]:
            name = _fresh_name(section.name, names)
            index = len(sections)
            sections.append(_part(section, index, name, part, True))
            for sid in part.held:
                offset[sid] -= part.start
                owner[sid] = index
            if name not in where.resolution.definer:
                symbols.setdefault(name, Value(0, sections[-1]))
    addresses = attrs.evolve(where, offset=offset, owner=owner)
    return attrs.evolve(placed, sections=tuple(sections), addresses=addresses, symbols=symbols)


def _parts(section: PlacedSection, placed: Placement, options: ElfOptions) -> list[Part]:
    """The parts of a section: a new one begins where bytes or relocations reach a limit, also with
    an input that is empty."""
    if section.plan.type == c.SHT_NOBITS:
        return []
    parts: list[Part] = []
    size = relocations = 0
    for start, piece, sid in _steps(section, placed):
        more, count = _counts(piece, sid, placed, options)
        full = size + more >= options.split_size or relocations + count >= options.split_relocs
        if not parts or full:
            parts.append(Part(start if parts else 0))
            size = relocations = 0
        if piece is not None:
            parts[-1].pieces.append(piece)
        if sid >= 0:
            parts[-1].held.append(sid)
        size, relocations = size + more, relocations + count
    return parts


def _steps(
    section: PlacedSection, placed: Placement
) -> Iterator[tuple[int, Piece | None, SectionId]]:
    """What a section consists of, in order: (where, piece, input section or -1); an input of no
    bytes has no piece."""
    where, index = placed.addresses, section.plan.index
    inside = {p.origin for p in section.pieces if p.kind == INPUT}
    empty = [
        (where.offset[sid], sid)
        for sid in section.plan.sections()
        if where.owner[sid] == index and sid not in inside
    ]
    waiting = iter(sorted(empty, key=lambda row: row[0]))
    at, sid = next(waiting, (-1, -1))
    for piece in section.pieces:
        while 0 <= at <= piece.sec_off:
            yield at, None, sid
            at, sid = next(waiting, (-1, -1))
        is_input = piece.kind == INPUT and isinstance(piece.origin, int)
        yield piece.sec_off, piece, piece.origin if is_input else -1  # type: ignore[misc]
    while at >= 0:
        yield at, None, sid
        at, sid = next(waiting, (-1, -1))


def _counts(
    piece: Piece | None, sid: SectionId, placed: Placement, options: ElfOptions
) -> tuple[int, int]:
    """Bytes and relocations that count: those of input sections, and relocations only where they
    stay for the next link."""
    if piece is None or sid < 0:
        return 0, 0
    if not options.relocatable:
        return piece.size, 0
    where = placed.addresses
    file = where.table.owner_file(sid)
    obj = where.resolution.files[file]
    tables = obj.relocation_sections.get(sid - where.table.base[file], ())
    return piece.size, sum(len(obj.relocations(table)) for table in tables)


def _part(
    section: PlacedSection, index: int, name: str, part: Part, is_later: bool
) -> PlacedSection:
    """One part as an output section."""
    pieces = [piece._replace(sec_off=piece.sec_off - part.start) for piece in part.pieces]
    items = tuple(i for i in section.plan.items if not (is_later or isinstance(i, Claim)))
    align, header = section.align, section.plan.header
    if is_later:
        vma = section.vma + part.start
        align, header = min(align, vma & -vma or align), LAST + index
    plan = attrs.evolve(
        section.plan, index=index, name=name, align=align, header=header, whole=section.plan,
        is_part=is_later, only_symbols=False, items=(*items, Claim(EVERYTHING, tuple(part.held))),
    )  # fmt: skip
    made = copy(section)
    made.plan, made.align, made.pieces = plan, align, pieces
    made.vma, made.lma = section.vma + part.start, section.lma + part.start
    made.size = sum(piece.size for piece in pieces)
    return made


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
