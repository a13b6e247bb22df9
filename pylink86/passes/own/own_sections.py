"""Sections that come from no file: what options ask the linker to add, and LLD's signature.

They join the inputs as sections of the linker's own file, so that patterns match them, strings in
them are merged, and orphan rules place them, as if some object had brought them."""

from __future__ import annotations

from collections.abc import Sequence

from ... import __version__
from ... import elf_const as c
from ...dialect import Dialect
from ...model import ObjectFile, SectionRow
from ..elf_options import ElfOptions
from ..names.resolve import OwnSection
from .table_form import TableForm

SIGNATURE = f"Linker: pylink86 {__version__}"
"""What LLD writes into `.comment` of every executable, with our name."""


def own_sections(
    files: Sequence[ObjectFile], options: ElfOptions, dialect: Dialect, raw: bool, generic: bool
) -> tuple[OwnSection, ...]:
    """What is added to the inputs of a link.

    raw: the output is an image, which is not signed.  generic: the link goes through GNU ld's
    generic path, which adds nothing."""
    added: list[OwnSection] = []
    forgets = generic and dialect.generic_path
    if options.build_id and not forgets:
        from ..finishing.build_id import build_id_section

        added += _before_tables(build_id_section(options.build_id, dialect), dialect)
    promises = options.features or options.isa_needed or options.indirect_access
    if promises and dialect.joins_notes_in_place and not generic:
        from ..editing.promises import promise_section

        added += promise_section(files, options)
    kept = dialect.tables_like_gnu or not options.relocatable
    if options.package_metadata and kept and not forgets:
        from ..editing.package_note import package_section

        note = package_section(options.package_metadata, dialect)
        added += _before_tables(note, dialect)
    if options.eh_frame_hdr and not forgets and not options.relocatable:
        from ..editing.unwind_plan import index_section

        added += index_section(files, dialect)
    if options.indexes_debug_data and not raw:
        from ..indexing.index_sections import index_sections

        added += index_sections(files, options)
    if options.pie:
        from ..pie.moving import moving_sections

        form = TableForm.of(files[0].header, options)
        added += moving_sections(
            files, form, dialect, options.hash_style, not options.no_unwind_info,
            "rodynamic" in options.loader_words and not dialect.tables_like_gnu,
        )  # fmt: skip
    if dialect.signs_output and not raw:
        flags = c.SHF_MERGE | c.SHF_STRINGS
        text = (options.signature or SIGNATURE).encode("utf-8", "surrogateescape") + b"\0"
        row = SectionRow(".comment", c.SHT_PROGBITS, flags, size=len(text), entsize=1)
        added.append(OwnSection(row, text, first=True))
    return tuple(added)


def _before_tables(notes: Sequence[OwnSection], dialect: Dialect) -> Sequence[OwnSection]:
    """Notes, which LLD makes before its tables."""
    if dialect.tables_like_gnu:
        return notes
    return [OwnSection(note.row, note.content, note.file, first=True) for note in notes]
