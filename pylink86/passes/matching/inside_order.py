"""The order of input sections inside of output sections, where more than the script has a say.

A statement of a script takes sections in the order of the inputs, and mostly that is the end of it.
But options list sections by their symbols or shuffle them, and where there is no script, start-up
code counts on an order by the numbers in names: `.init_array.5` before `.init_array.100`, and
`.ctors` between those of crtbegin.o and crtend.o, which hold the ends of the list.

Source: ld.lld(1), and made files linked with ld.lld-19."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ..elf_options import ElfOptions
from ..names.resolve import Resolution
from ..ordering.order import OutputPlan, Plan
from .match import Claim, SectionId, SectionList
from .priority import lld_priority

if TYPE_CHECKING:
    from .call_graph import Profile

FIXED = (".init", ".fini")
"""One function each, in pieces: nothing may change their order."""

ARRAYS = (".init_array", ".fini_array")
LISTS = (".ctors", ".dtors")

STRIPPED = (".shstrtab",)
TABLES = (".symtab", ".shstrtab", ".strtab")

CRT = r"(?:crt(begin|end).?|clang_rt\.crt(begin|end).*)\.o"
"""Files of the compiler that begin and end lists of constructors."""

Key = Callable[[SectionId], Any]


def order_inside(
    plan: Plan,
    names: Sequence[str],
    path: str,
    profile: Profile | None,
    shuffles: Sequence[tuple[str, int]],
    has_script: bool,
    table: SectionList,
    resolution: Resolution,
    dialect: Dialect,
    elf: ElfOptions,
    diags: Diagnostics,
) -> Plan:
    """The plan with the inputs of each statement in their final order.

    names: of the file of --symbol-ordering-file, path, whose sections come first; profile: of
    calls, which counts without them, None for those of the inputs; shuffles: pattern and seed of
    each --shuffle-sections, for the others.  Warns symbol-order."""
    if names:
        from .symbol_order import symbol_ranks

        first = symbol_ranks(names, path, table, resolution, diags)
    else:
        ordered = sections_by_calls(plan, profile, table, resolution, dialect, diags)
        first = {sid: rank for rank, sid in enumerate(ordered)}
    if shuffles:
        from .shuffle import shuffled_ranks

        others = shuffled_ranks(shuffles, _listed(plan, table, resolution, has_script, elf))
        begin = len(names) + len(first)
        first = {**{sid: begin + rank for sid, rank in others.items()}, **first}
    sorts = dialect.sorts_own_layout and not has_script
    if not first and not sorts:
        return plan
    sections = tuple(_sorted(s, first, sorts, table, resolution.files) for s in plan.sections)
    by_index = {section.index: section for section in sections}
    commands = tuple(
        by_index[cmd.index] if isinstance(cmd, OutputPlan) else cmd for cmd in plan.commands
    )
    return attrs.evolve(plan, commands=commands, sections=sections)


def sections_by_calls(
    plan: Plan,
    profile: Profile | None,
    table: SectionList,
    resolution: Resolution,
    dialect: Dialect,
    diags: Diagnostics,
) -> list[SectionId]:
    """The sections that a profile of calls orders; what inputs say of calls counts in LLD's
    dialect, unless symbols are listed in their order."""
    if profile is None or profile.calls is None:
        files = () if dialect.tables_like_gnu else resolution.files
        if not any(c.SHT_LLVM_CALL_GRAPH_PROFILE in file.sections.type for file in files):
            return []
    from .call_graph import Profile, call_order

    homes = {sid: section.index for section in plan.sections for sid in section.sections()}
    return call_order(profile or Profile(), homes, table, resolution, dialect, diags)


def _sorted(
    section: OutputPlan,
    first: Mapping[SectionId, int],
    sorts: bool,
    table: SectionList,
    files: Sequence[ObjectFile],
) -> OutputPlan:
    """One output section in order; sorts: those that start-up code reads, by number, too."""
    name = section.name
    keys: list[Key] = []
    if first and name not in FIXED:
        last = max(first.values()) + 1
        keys.append(lambda sid: first.get(sid, last))
    if sorts and name in ARRAYS:
        keys.append(lambda sid: lld_priority(table.name[sid]))
    if sorts and name in LISTS:
        keys.append(lambda sid: _place_in_list(sid, table, files))
    if not keys:
        return section
    items = tuple(_in_order(item, keys) if isinstance(item, Claim) else item
                  for item in section.items)  # fmt: skip
    return attrs.evolve(section, items=items)


def _in_order(claim: Claim, keys: Sequence[Key]) -> Claim:
    """The statement's sections sorted, the last criterion being the strongest."""
    sids = list(claim.sections)
    for key in keys:
        sids.sort(key=key)
    return Claim(claim.node, tuple(sids))


def _place_in_list(
    sid: SectionId, table: SectionList, files: Sequence[ObjectFile]
) -> tuple[int, int]:
    """.ctors and .dtors: the begin of the list, the rest from the highest number down, its end."""
    file = files[table.owner_file(sid)]
    base = re.split(r"[/\\]", file.member or file.name)[-1]
    found = re.fullmatch(CRT, base)
    part = 1 if found is None else 0 if "begin" in found.groups() else 2
    return part, -lld_priority(table.name[sid])


def _listed(
    plan: Plan,
    table: SectionList,
    resolution: Resolution,
    has_script: bool,
    elf: ElfOptions,
) -> list[tuple[SectionId, str]]:
    """The sections that LLD shuffles: COMMON blocks, inputs that are not taken apart, and what it
    has made itself by then, tables of symbols and names among it."""
    own, name = table.base[-1], table.name
    placed = [sid for section in plan.sections for sid in section.sections() if sid >= own]
    commons = [sid for sid in range(own, len(table)) if name[sid] == "COMMON"]
    inputs = [
        sid
        for sid in range(own)
        if table.eligible[sid] and not _is_merged(sid, table, resolution, elf)
    ]
    made = [name[sid] for sid in placed if name[sid] not in ("COMMON", ".comment")]
    if elf.keeps_relro and not has_script:
        made.append(".relro_padding")
    made += STRIPPED if elf.strip == "all" else TABLES
    return [*((sid, name[sid]) for sid in (*commons, *inputs)), *((-1, told) for told in made)]


def _is_merged(sid: SectionId, table: SectionList, resolution: Resolution, elf: ElfOptions) -> bool:
    """Whether a section of strings or constants will be taken apart."""
    if not elf.optimize or not table.flags[sid] & c.SHF_MERGE:
        return False
    from ..editing.merge import mergeable

    file = table.owner_file(sid)
    obj, index = resolution.files[file], sid - table.base[file]
    return mergeable(
        table.flags[sid],
        table.size[sid],
        obj.sections.entsize[index],
        index in obj.relocation_sections,
    )
