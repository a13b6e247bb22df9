"""What LLD says where a script names the tables of an ELF file (see described_tables).

To LLD they are input sections of types of their own: one output section cannot hold a table of
symbols and text, and no file is without the names of its sections."""

from __future__ import annotations

from collections.abc import Iterator

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..finishing.described_tables import discarded_tables, takes_table
from ..matching.match import Claim, Claims, Draft, SectionList
from ..reading.scripts import ScriptFile

JOINED = frozenset(
    (
        c.SHT_PROGBITS,
        c.SHT_NOBITS,
        c.SHT_NOTE,
        c.SHT_INIT_ARRAY,
        c.SHT_FINI_ARRAY,
        c.SHT_PREINIT_ARRAY,
        c.SHT_X86_64_UNWIND,
    )
)
"""Types of which one output section may hold any two."""

RELOCATIONS = {
    c.EM_X86_64: ((".rela.dyn", c.SHT_RELA), (".rela.plt", c.SHT_RELA)),
    c.EM_386: ((".rel.dyn", c.SHT_REL), (".rel.plt", c.SHT_REL)),
}
SYMBOLS = ((".symtab", c.SHT_SYMTAB), (".symtab_shndx", c.SHT_SYMTAB_SHNDX))
SECTION_NAMES = ((".shstrtab", c.SHT_STRTAB),)
SYMBOL_NAMES = ((".strtab", c.SHT_STRTAB),)


def check_tables(
    claims: Claims,
    table: SectionList,
    machine: int,
    script: ScriptFile,
    elf: ElfOptions,
    dialect: Dialect,
    diags: Diagnostics,
) -> None:
    """discarded-table: every ELF file needs the names of its sections; section-type-mismatch.

    Source: ld.lld-19 with `.all : { *(*) }` and with pairs of tables in one output section."""
    if dialect.tables_like_gnu:
        return
    tables = _tables(machine, elf)
    left = {name for name, _ in tables}
    for draft in claims.items:
        if isinstance(draft, Draft):
            _check_types(draft, table, tables, left, diags)
    statement = discarded_tables(script).get(".shstrtab")
    if statement is not None:
        diags.error(
            "discarded-table",
            "discarding .shstrtab section is not allowed",
            span=statement.span,
            help=["place it before, `.shstrtab : { *(.shstrtab) }`, or discard less than `*`"],
        )


def _tables(machine: int, elf: ElfOptions) -> tuple[tuple[str, int], ...]:
    """Names and types of what is there in any link, in the order of LLD's inputs."""
    relocations = RELOCATIONS[machine][1:] if elf.relocatable else RELOCATIONS[machine]
    if elf.strip == "all":
        return (*relocations, *SECTION_NAMES)
    return (*relocations, *SYMBOLS, *SECTION_NAMES, *SYMBOL_NAMES)


def _check_types(
    draft: Draft,
    table: SectionList,
    tables: tuple[tuple[str, int], ...],
    left: set[str],
    diags: Diagnostics,
) -> None:
    """section-type-mismatch; left: the tables that no statement has taken yet."""
    kind: int = c.SHT_NULL
    for item in draft.items:
        if not isinstance(item, Claim):
            continue
        for name, another in _taken(item, table, tables, left):
            if kind in (c.SHT_NULL, another):
                kind = another
                continue
            if not JOINED.issuperset((kind, another)):
                diags.error(
                    "section-type-mismatch",
                    f"section type mismatch for {name}: it is {c.SHT_NAMES.get(another, another)}, "
                    f"output section {draft.name} is {c.SHT_NAMES.get(kind, kind)}",
                    span=item.node.span,
                    help=[f"give {name} an output section of its own, or take less than `*'"],
                )
            kind = c.SHT_PROGBITS


def _taken(
    claim: Claim, table: SectionList, tables: tuple[tuple[str, int], ...], left: set[str]
) -> Iterator[tuple[str, int]]:
    """Name and type of all that a statement takes."""
    for sid in claim.sections:
        left.discard(table.name[sid])
        yield table.name[sid], table.type[sid]
    for name, kind in tables:
        if name in left and takes_table(claim.node, name):
            left.discard(name)
            yield name, kind
