"""--orphan-handling: what becomes of input sections that no statement of a script takes.

By default each gets a place beside its like.  Who wants to know of every section that reaches an
image asks for a warning or an error, or drops what the script does not name (GNU ld manual 2.1,
--orphan-handling).  LLD tells of its own tables too, the symbol table among them: a script for it
that wants no orphans names them all."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...diag import Diagnostics
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..finishing.described_tables import LLD_ORDER, named_tables
from ..names.resolve import Resolution
from ..ordering.orphans import output_name
from ..reading.scripts import ScriptFile
from .match import Claims, SectionList

MODES = ("place", "warn", "error", "discard")

INTERNAL = "<internal>"
"""The file that LLD's own sections are in."""


def handle_orphans(
    claims: Claims,
    table: SectionList,
    resolution: Resolution,
    mode: str,
    tables: tuple[str, ...],
    dialect: Dialect,
    diags: Diagnostics,
) -> Claims:
    """Claims with the orphans as the mode wants them.  Reports orphan-section as a warning or an
    error; `discard` moves them to the discarded.

    tables: of those that end the file the ones that are orphans, too (see stray_tables)."""
    if mode == "discard":
        gone = claims.discarded.union(claims.orphans)
        return attrs.evolve(claims, orphans=(), discarded=gone)
    for name, file, into in _orphans(claims, table, resolution, tables, dialect):
        if mode == "error":
            diags.error(
                "orphan-section",
                f"unplaced orphan section `{name}' from `{file}'",
                help=[f"name it in the script: *({name}), or under /DISCARD/"],
            )
        else:
            diags.warn(
                "orphan-section",
                f"orphan section `{name}' from `{file}' being placed in section `{into}'",
                help=[f"name it in the script: *({name}), or under /DISCARD/"],
            )
    return claims


def stray_tables(
    script: ScriptFile, options: ElfOptions, raw: bool, dialect: Dialect
) -> tuple[str, ...]:
    """The tables at the end of an ELF file that LLD places as orphans."""
    if dialect.tables_like_gnu or raw:
        return ()
    made = [".shstrtab"] if options.strip == "all" else LLD_ORDER
    named = named_tables(script)
    return tuple(table for table in made if table not in named)


def _orphans(
    claims: Claims,
    table: SectionList,
    resolution: Resolution,
    tables: tuple[str, ...],
    dialect: Dialect,
) -> Iterator[tuple[str, str, str]]:
    """Name, file and output section of each."""
    for sid in claims.orphans:
        name, file = table.name[sid], resolution.files[table.owner_file(sid)].name
        if not dialect.tables_like_gnu and sid >= table.base[-1] and name != "COMMON":
            file = INTERNAL
        yield name, file, output_name(table, name)
    for name in tables:
        yield name, INTERNAL, name
