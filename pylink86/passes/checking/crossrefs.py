"""NOCROSSREFS: output sections that must not refer to each other.

Overlays share their memory: while one is in place the others are not, and a call from one into
another would land in the middle of something else.  NOCROSSREFS makes such a reference an error;
NOCROSSREFS_TO forbids it in one direction (GNU ld manual 3.4.5)."""

from __future__ import annotations

from collections.abc import Iterator

from ...diag import Diagnostics, Span
from ...script import nodes as n
from ..matching.match import SectionId, SectionList
from ..names.resolve import Resolution
from ..ordering.order import Plan
from ..reading.scripts import ScriptFile


def check_cross_references(
    script: ScriptFile, plan: Plan, table: SectionList, resolution: Resolution, diags: Diagnostics
) -> None:
    """Report prohibited-cross-reference for every relocation between sections kept apart.

    The first section of NOCROSSREFS_TO is the one that the others must not refer to."""
    rules = list(_rules(script))
    if not rules:
        return
    home = {sid: s.name for s in plan.sections for sid in s.sections()}
    for sid, source in home.items():
        shut = [(targets, span) for name, targets, span in rules if name == source]
        for target, offset, symbol in _references(sid, table, resolution) if shut else ():
            for targets, span in shut:
                if home.get(target) in targets and home[target] != source:
                    file = resolution.files[table.owner_file(sid)].name
                    _tell(
                        f"{file}:({table.name[sid]}+{offset:#x})",
                        f"{source} to {_named(symbol)}{home[target]}",
                        span,
                        diags,
                    )


def _rules(script: ScriptFile) -> Iterator[tuple[str, frozenset[str], Span | None]]:
    """(section, those it must not refer to, the command that says so)."""
    for command in script.of(n.Command):
        if command.word == "NOCROSSREFS":
            for name in dict.fromkeys(command.args):
                yield name, frozenset(command.args) - {name}, command.span
        elif command.word == "NOCROSSREFS_TO" and command.args:
            for name in dict.fromkeys(command.args[1:]):
                yield name, frozenset(command.args[:1]), command.span


def _references(
    sid: SectionId, table: SectionList, resolution: Resolution
) -> Iterator[tuple[SectionId, int, str]]:
    """(input section, offset, symbol) of what a section's relocations point at."""
    file = table.owner_file(sid)
    obj = resolution.files[file]
    symbols = obj.symbols
    for rel in obj.relocation_sections.get(sid - table.base[file], ()):
        rows = obj.relocations(rel)
        for offset, symbol in zip(rows.offset, rows.symbol):
            where, name = (file, symbol), symbols.name(symbol) if symbol else ""
            if symbol >= obj.first_global:
                found = resolution.definer.get(name)
                if found is None:
                    continue
                where = found
            shndx = resolution.files[where[0]].symbols.shndx[where[1]] if symbol else 0
            if shndx > 0:
                yield table.base[where[0]] + shndx, offset, name


def _named(symbol: str) -> str:
    return f"`{symbol}' in " if symbol else ""


def _tell(place: str, what: str, span: Span | None, diags: Diagnostics) -> None:
    diags.error(
        "prohibited-cross-reference",
        f"prohibited cross reference from {what}",
        span=span,
        place=place,
        help=["move what both need into a section that is always there"],
    )
