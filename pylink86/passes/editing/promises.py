"""What options promise for the whole output: `-z ibt`, `-z shstk`, `-z x86-64-v3`.

Property notes say what code does (`notes`): an option may say it although some input does not.
`check_promises` tells which inputs those are.

Source: psABI x86-64, property notes; `ld` 2.40 and `ld.lld-19` with objects that have a note and
objects that have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import elf_const as c
from ...model import ObjectFile, SectionRow
from ..elf_options import ElfOptions
from ..names.resolve import OwnSection
from .notes import FEATURE_1_AND, NAME
from .property_notes import write_note

ISA_NEEDED = 0xC0008002
"""GNU_PROPERTY_X86_ISA_1_NEEDED: the level of the instruction set the code is written for."""

NEEDED, INDIRECT_ACCESS = 0xB0008000, 1
"""GNU_PROPERTY_1_NEEDED, and its bit for programs that reach other modules' data only through the
global offset table."""

BITS: Mapping[str, int] = {"IBT": 1, "SHSTK": 2, "LAM_U48": 4, "LAM_U57": 8}
"""Bits of GNU_PROPERTY_X86_FEATURE_1_AND."""


def promised(options: ElfOptions) -> dict[int, int]:
    """Property -> the bits that options add to it."""
    needed = INDIRECT_ACCESS if options.indirect_access else 0
    found = {NEEDED: needed, FEATURE_1_AND: options.features, ISA_NEEDED: options.isa_needed}
    return {number: bits for number, bits in found.items() if bits}


def withdrawn(options: ElfOptions) -> dict[int, int]:
    """Property -> the bits that options take away; the property stays."""
    return {NEEDED: INDIRECT_ACCESS} if options.indirect_access is False else {}


def promise_section(files: Sequence[ObjectFile], options: ElfOptions) -> tuple[OwnSection, ...]:
    """GNU ld: a note of the first file's, when no file has one that could say it."""
    wanted = promised(options)
    if not wanted or any(NAME in file.sections.names for file in files):
        return ()
    word = files[0].header.elf_class // 8
    content = write_note(wanted, word)
    row = SectionRow(NAME, c.SHT_NOTE, c.SHF_ALLOC, size=len(content), align=word)
    return (OwnSection(row, content, 0),)
