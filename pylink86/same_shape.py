"""A link again, of files that have other bytes but the same shape.

Most of what a linker decides follows from names, sizes and relocations.  Where a file was built
again and only the bytes of code and data in it are others - a constant, a string in an array, an
instruction of the same length - all of that stays, and what is left to do is to put these bytes in
their place and apply their relocations.  Whatever the linker itself reads in a section (strings it
merges, unwind tables, notes, instructions it rewrites) is no such byte; then there is no short way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from . import elf_const as c
from .diag import Diagnostic, Diagnostics
from .linker import finished
from .passes.advice.advise import advise
from .passes.own.got import KINDS
from .passes.relocating.relocate import patched_again
from .passes.target import RAW_FORMATS, is_native

if TYPE_CHECKING:
    from .model import ObjectFile
    from .result import LinkResult

PLAIN_FLAGS = c.SHF_WRITE | c.SHF_ALLOC | c.SHF_EXECINSTR | c.SHF_GROUP
READ_NAMES = (".eh_frame", ".gnu", ".note", ".stab", ".debug", ".zdebug", ".line")
"""How names of sections begin that a linker may look into."""


def linked_again(
    result: LinkResult, replaced: Mapping[ObjectFile, ObjectFile]
) -> LinkResult | None:
    """The result of the same link with other files in place of some; None where that takes a whole
    link.  replaced: the old file -> the new one."""
    if not _can_be_patched(result):
        return None
    files = result.resolution.files
    numbers = {id(file): number for number, file in enumerate(files)}
    sids = []
    for old, new in replaced.items():
        number = numbers.get(id(old))
        if number is None or not _same_shape(old, new):
            return None
        for index in _changed(old, new):
            if not _is_plain(result, number, index):
                return None
            sids.append(result.table.base[number] + index)
    before = _said_before_advice(result)
    made = _patched(_with_files(result, replaced), sids) if before is not None else None
    if made is None or before is None:
        return None
    advice = _advice(made)
    if any(found.severity == "error" for found in advice):
        return None
    return attrs.evolve(made, diagnostics=(*before, *advice))


def _can_be_patched(result: LinkResult) -> bool:
    """Whether the link did nothing that depends on all bytes at once."""
    elf = result.options.elf
    moves = result.placed.addresses.tables.moves is not None
    folds = bool(result.placed.addresses.folded)
    return not (elf.relocatable or moves or folds)


def _same_shape(old: ObjectFile, new: ObjectFile) -> bool:
    """Whether two files differ in the contents of sections at most."""
    tables = ((old.sections, new.sections), (old.symbols, new.symbols))
    same = all(
        getattr(a, f.name) == getattr(b, f.name) for a, b in tables for f in attrs.fields(type(a))
    )
    return same and old.header == new.header and old.symtab == new.symtab


def _changed(old: ObjectFile, new: ObjectFile) -> Iterator[int]:
    """The sections whose contents differ."""
    for index, (before, now) in enumerate(zip(old.contents, new.contents)):
        if before != now:
            yield index


def _is_plain(result: LinkResult, file: int, index: int) -> bool:
    """Whether no decision of the link depends on the bytes of a section."""
    where, obj = result.placed.addresses, result.resolution.files[file]
    sections, sid = obj.sections, where.table.base[file] + index
    if sections.type[index] != c.SHT_PROGBITS or sections.flags[index] & ~PLAIN_FLAGS:
        return False
    if sections.names[index].startswith(READ_NAMES) or sid in where.tables.code:
        return False
    edits = where.edits
    if any(sid in table for table in (edits.size, edits.content, edits.moved, edits.parts)):
        return False
    kinds = KINDS.get(obj.header.machine, frozenset())
    for rel in obj.relocation_sections.get(index, ()):
        in_place = sections.type[rel] == c.SHT_REL
        if in_place or not kinds.isdisjoint(obj.relocations(rel).type):
            return False
    return True


def _with_files(result: LinkResult, replaced: Mapping[ObjectFile, ObjectFile]) -> LinkResult:
    """All that was decided, said of the new files."""

    def new(files: tuple[ObjectFile, ...]) -> tuple[ObjectFile, ...]:
        return tuple(replaced.get(file, file) for file in files)

    inputs = attrs.evolve(result.inputs, files=new(result.inputs.files))
    resolution = attrs.evolve(result.resolution, files=new(result.resolution.files))
    addresses = attrs.evolve(result.placed.addresses, resolution=resolution)
    placed = attrs.evolve(result.placed, addresses=addresses)
    before = result.settled
    settled = attrs.evolve(before, placed=placed, plan_segments=lambda: before.segments)
    return attrs.evolve(
        result, inputs=inputs, resolution=resolution, placed=placed, settled=settled
    )


def _patched(result: LinkResult, sids: list[int]) -> LinkResult | None:
    """The result with the bytes of some sections put in anew; None when their relocations are more
    than sums."""
    machine, files = result.placed.addresses.machine, result.resolution.files
    generic = result.oformat in RAW_FORMATS or not is_native(result.oformat, machine, files[0])
    dead = result.options.elf.dead_references
    patched = patched_again(result.placed, result.patched, sids, result.dialect, generic, dead)
    return None if patched is None else attrs.evolve(result, patched=patched)


def _said_before_advice(result: LinkResult) -> tuple[Diagnostic, ...] | None:
    """What the passes before the last one had to say, none of which looks at plain bytes; None when
    the last one's words are not at the end of all."""
    if not result.diagnostics:
        return ()
    advice = _advice(result)
    rest = len(result.diagnostics) - len(advice)
    same = all(map(_same_words, result.diagnostics[rest:], advice))
    return result.diagnostics[:rest] if same and rest >= 0 else None


def _same_words(one: Diagnostic, other: Diagnostic) -> bool:
    return attrs.astuple(one, recurse=False) == attrs.astuple(other, recurse=False)


def _advice(result: LinkResult) -> tuple[Diagnostic, ...]:
    options = result.options
    diags = Diagnostics(
        options.silenced, options.fatal_warnings, options.error_limit, options.tolerated
    )
    advise(finished(result), diags)
    return tuple(diags)
