"""A script must leave an ELF file the names of its sections (see described_tables)."""

from __future__ import annotations

from ...diag import Diagnostics
from ...dialect import Dialect
from ..finishing.described_tables import discarded_tables
from ..reading.scripts import ScriptFile


def check_tables(script: ScriptFile, dialect: Dialect, diags: Diagnostics) -> None:
    """discarded-table: every ELF file needs the names of its sections."""
    if dialect.tables_like_gnu:
        return
    statement = discarded_tables(script).get(".shstrtab")
    if statement is not None:
        diags.error(
            "discarded-table",
            "discarding .shstrtab section is not allowed",
            span=statement.span,
            help=["place it before, `.shstrtab : { *(.shstrtab) }`, or discard less than `*`"],
        )
