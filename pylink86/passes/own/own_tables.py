"""The linker's own tables as input sections: those that hold something take their place.

Patterns such as `*(.got)` are matched before anybody knows whether there will be a table.  Once the
relocations have been read, a table with slots is an input section like any other, an orphan when no
pattern took it, and an empty one is taken out again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...script import nodes as n
from ..matching.match import Claim, Claims, Draft, SectionId, SectionList
from ..tables import Tables


def assigned_names(claims: Claims) -> frozenset[str]:
    """Names the script assigns anywhere."""
    nodes = (
        node
        for item in claims.items
        for node in (item.items if isinstance(item, Draft) else (item,))
    )
    return frozenset(node.name for node in nodes if isinstance(node, n.Assignment))


def fill_tables(
    table: SectionList, claims: Claims, tables: Tables, dialect: Dialect, generic: bool
) -> tuple[SectionList, Claims]:
    """The sections of the link with the linker's own tables at their size: those that hold
    something are input sections like others, and orphans when no pattern took them.

    Empty ones stay what they were in LLD's dialect (a pattern may take them).  In GNU ld's they are
    empty inputs, which orphans are placed beside, and nowhere in an image (generic)."""
    real = {sid for sid in table.phantoms if table.name[sid] in tables.sizes}
    if not real and not (dialect.tables_like_gnu and table.phantoms):
        return table, claims
    size, align, flags = list(table.size), list(table.align), list(table.flags)
    for sid in real:
        size[sid] = tables.sizes[table.name[sid]]
        if table.name[sid] == ".iplt":
            align[sid] = tables.indirect.form.size
            flags[sid] |= c.SHF_EXECINSTR
        elif table.name[sid] == ".plt.got" and tables.linkage is not None:
            align[sid] = tables.linkage.short_size
    for sid, (_, content) in tables.linkage.unwind.items() if tables.linkage is not None else ():
        size[sid] = len(content)
    left = table.phantoms - real
    renames = table.renames
    if dialect.tables_like_gnu:
        if tables.moves is not None:
            unused = frozenset(sid for sid in left if _is_part_of_list(sid, table))
            claims, left = _without(claims, unused), left - unused
            lists = {
                table.name[sid]: _list_of(table.name[sid])
                for sid in real
                if _is_list(sid, table) and not table.name[sid].endswith(".plt")
            }
            renames = {**renames, **lists}
        if generic:
            claims = _without(claims, left)
        else:
            real |= left
            for sid in left:
                if table.name[sid] in (".iplt", ".plt", ".plt.got", ".plt.sec"):
                    align[sid] = 1
        left = frozenset()
    taken = claims.discarded.union(*(_sections(d) for d in (*claims.items, *claims.floating)))
    strays = sorted(real - taken)
    orphans: Sequence[SectionId] = claims.orphans
    if strays:
        orphans = sorted((*orphans, *strays), key=lambda sid: table.input_rank(sid, dialect))
    table = attrs.evolve(table, size=size, align=align, flags=flags, phantoms=left, renames=renames)
    return table, attrs.evolve(claims, orphans=tuple(orphans))


def _is_list(sid: SectionId, table: SectionList) -> bool:
    return table.type[sid] in (c.SHT_REL, c.SHT_RELA)


def _is_part_of_list(sid: SectionId, table: SectionList) -> bool:
    """Whether one of the linker's own sections lists places of one name (`moving`); GNU ld makes
    the others in any case."""
    return _is_list(sid, table) and not table.name[sid].endswith((".got", ".iplt", ".plt"))


def _list_of(part: str) -> str:
    """The output section of parts that no pattern took (GNU ld, -z combreloc)."""
    return ".rela.dyn" if part.startswith(".rela") else ".rel.dyn"


def _sections(item: object) -> Iterator[SectionId]:
    """The input sections an output section of the script took."""
    if isinstance(item, Draft):
        for claim in item.items:
            if isinstance(claim, Claim):
                yield from claim.sections


def _without(claims: Claims, gone: frozenset[SectionId]) -> Claims:
    """The claims without some sections."""

    def thinned(item: Claim | n.SectionStatement) -> Claim | n.SectionStatement:
        if not isinstance(item, Claim) or gone.isdisjoint(item.sections):
            return item
        return Claim(item.node, tuple(sid for sid in item.sections if sid not in gone))

    return attrs.evolve(
        claims,
        items=tuple(
            attrs.evolve(item, items=tuple(map(thinned, item.items)))
            if isinstance(item, Draft) and not gone.isdisjoint(_sections(item))
            else item
            for item in claims.items
        ),
        discarded=claims.discarded - gone,
        kept=claims.kept - gone,
    )
