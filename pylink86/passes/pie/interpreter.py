"""The name of the program that is to load this one: `.interp` and PT_INTERP (gABI ch.5).

A compiler driver passes -dynamic-linker with every link that is not -static, and LLD does as it is
told, also for a program that needs no loader.  GNU ld names one in what runs at any address, unless
it is told not to; and an image has nobody who would read it."""

from __future__ import annotations

import os

from ... import elf_const as c
from ...dialect import Dialect
from ...model import Header, SectionRow
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..own.own_file import OwnSection
from ..reading.scripts import ScriptFile
from ..segmenting.segments import PhdrScope, phdr_nodes, segment_type

NAME = ".interp"

USUAL = {
    (c.EM_X86_64, 64): "/lib/ld64.so.1",
    (c.EM_X86_64, 32): "/lib/ldx32.so.1",
    (c.EM_386, 32): "/usr/lib/libc.so.1",
}
"""What GNU ld names unasked."""


def interpreter_sections(
    options: ElfOptions, script: ScriptFile, dialect: Dialect, header: Header
) -> tuple[OwnSection, ...]:
    """The section with the name, if there is to be one: where a script lists the program headers,
    only when one of them is for it."""
    if options.relocatable:
        return ()
    name = options.interpreter
    if dialect.tables_like_gnu:
        if name == "" or not options.pie:
            return ()
        name = name or USUAL[header.machine, header.elf_class]
    elif not (name and _has_room(phdr_nodes(script), dialect)):
        return ()
    text = os.fsencode(name) + b"\0"
    row = SectionRow(NAME, c.SHT_PROGBITS, c.SHF_ALLOC, size=len(text), align=1)
    return (OwnSection(row, text, 0 if dialect.tables_like_gnu else -1, first=True),)


def _has_room(nodes: tuple[n.Phdr, ...], dialect: Dialect) -> bool:
    scope = PhdrScope(dialect)
    return not nodes or any(segment_type(node, scope) == c.PT_INTERP for node in nodes)
