"""Output sections in order: the script's, a place for each orphan, and the empty ones taken out.

The script says the order of the sections it names.  An input section it does not name (an orphan)
gets an output section of its own name beside one of its kind, and what "beside" means is where GNU
ld and LLD differ most; each has a module of rules here in this pass's two `place` functions.  After
this pass the list of what is in the output, and in which order, is settled; only numbers are
missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..matching.match import DISCARD, Claim, Claims, Draft, SectionId, SectionList
from ..names.boundaries import FOR_ASSEMBLERS, boundary_symbols, bounds_of, is_c_name
from ..names.resolve import Resolution
from ..names.special_names import special_traits
from ..placing.relro_part import holds_relro
from ..plan import Command as Command
from ..plan import OutputPlan as OutputPlan
from ..plan import Plan as Plan
from ..plan import is_same
from ..reading.provides import first_provides, wanted_names, written_names
from ..reading.scripts import ScriptFile
from ..words import sections_addressed
from .emptiness import holds_something, only_symbols
from .entry import Entry, lacking_traits
from .orphans import EVERYTHING, Dropped, Item
from .orphans_gnu import place_like_gnu
from .section_type import section_type


def order_sections(
    script: ScriptFile,
    claims: Claims,
    table: SectionList,
    resolution: Resolution,
    dead: frozenset[SectionId],
    dialect: Dialect,
    undefined: Sequence[str] = (),
    relro: frozenset[str] = frozenset(),
    generic: bool = False,
    again: bool = False,
    diags: Diagnostics | None = None,
) -> Plan:
    """Make the list of output sections: script order, orphans placed, empty ones dropped.

    dead: input sections that garbage collection removed; undefined: names wanted by -u; relro:
    names of own tables that -z relro makes read-only; generic: GNU ld links an image; again: the
    output is to be linked again, which alone will know where sections begin and end.  Source: GNU
    ld manual 3.6.8.1, 3.10.5 for orphans and empty sections; the placing rules themselves by
    experiment (see passes/ordering/orphans.py)."""
    entries: list[Item] = [
        _entry(item, table, dead, claims, generic) if isinstance(item, Draft) else item
        for item in claims.items
    ]
    if not dialect.orphans_follow_flags:
        entries = [e for e in entries if not isinstance(e, Dropped)]
    bounded = any(map(is_c_name, _possible_names(claims, table)))
    bounded = bounded or any(name.startswith(FOR_ASSEMBLERS) for name in resolution.undefined)
    bounded = bounded or dialect.reserves_names
    wanted = wanted_names(claims, resolution, undefined, bounded)
    provided = first_provides(claims, wanted, dialect)
    described = _described(claims) if dialect.first_name_counts else {}
    orphans = [sid for sid in claims.orphans if sid not in dead]
    addressed = frozenset() if dialect.drops_addressed_empty else _addressed(claims)

    def holds(entry: Entry) -> bool:
        is_asked = entry.name in addressed and is_same(entry.node, described.get(entry.name))
        if not dialect.tables_like_gnu:
            is_asked |= entry.spare or not wanted.isdisjoint(bounds_of(entry.name))
        return holds_something(entry, table, provided, is_asked, claims.kept, dialect)

    headers: Sequence[Entry] = ()
    if dialect.orphans_follow_flags:
        _begin_in_order(entries)
        headers = place_like_gnu(
            entries, orphans, table, claims.apart, not generic, dialect.orphans_join_flags
        )
    else:
        described_apart = (_entry(draft, table, dead, claims) for draft in claims.floating)
        floating = [entry for entry in described_apart if isinstance(entry, Entry)]
        from .order_lld import order_like_lld

        entries = order_like_lld(
            entries,
            floating,
            orphans,
            claims,
            table,
            script,
            holds,
            dialect,
            relro,
            Diagnostics() if diags is None else diags,
        )
    # What nothing but the script asks for, and what is assigned in any case, is not provided:
    # --defsym=x=1 counts for all of the script, wherever it stands.
    asked = wanted - (_assigned(entries, provided=False) - resolution.undefined)
    rank = {id(entry): number for number, entry in enumerate(headers)}
    plan = _finished(entries, table, asked, holds, claims.kept, dialect, sane_expr(script), rank)
    plan = attrs.evolve(plan, written=written_names(claims, dialect))
    if not again:
        plan = _with_boundaries(plan)
    if not dialect.first_name_counts:
        return attrs.evolve(plan, holds_relro=holds_relro(claims, table, dead | claims.discarded))
    return attrs.evolve(plan, provided=provided, described=described)


def _possible_names(claims: Claims, table: SectionList) -> Iterator[str]:
    """Names that output sections will have, and perhaps some more."""
    for item in claims.items:
        if isinstance(item, Draft):
            yield item.name
    for sid in claims.orphans:
        yield table.name[sid]


def sane_expr(script: ScriptFile) -> bool:
    """LD_FEATURE("SANE_EXPR"): numbers and addresses mean the same inside and outside sections."""
    return any(k.word == "LD_FEATURE" and "SANE_EXPR" in k.args for k in script.of(n.Command))


def _entry(
    draft: Draft,
    table: SectionList,
    dead: frozenset[SectionId],
    claims: Claims,
    generic: bool = False,
) -> Entry | Dropped:
    if draft.node is not None and (draft.absent or draft.name == DISCARD):
        return Dropped(draft.node, draft.absent)
    items: list[Claim | n.SectionStatement] = []
    entry = Entry(
        draft.name,
        draft.node,
        items,
        void=draft.void,
        lacks=lacking_traits(draft.node, generic),
        named=(c.SHT_NULL, 0) if generic else special_traits(draft.name),
    )
    for item in draft.items:
        if isinstance(item, Claim):
            alive = tuple(s for s in item.sections if s not in dead) if dead else item.sections
            items.append(Claim(item.node, alive))
            data_first = entry.has_data and not entry.has_input
            entry.add(table, alive)
            if claims.matches:
                spare = _spare(item, claims, dead)
                entry.add(table, spare)
                entry.spare |= bool(spare)
            if data_first and alive and not _is_loaded(table, alive[0]):
                entry.first_type = c.SHT_NULL
        else:
            items.append(item)
            if isinstance(item, (n.Data, n.Text)):
                entry.has_data = True
    return entry


def _is_loaded(table: SectionList, sid: SectionId) -> bool:
    """Whether an input section is in memory and in the file, as data statements are."""
    return bool(table.flags[sid] & c.SHF_ALLOC) and table.type[sid] != c.SHT_NOBITS


def _spare(claim: Claim, claims: Claims, dead: frozenset[SectionId]) -> list[SectionId]:
    """What a statement matches and another one has, so that it may come."""
    gone = dead | claims.discarded | set(claim.sections)
    return [sid for sid in claims.matches[id(claim.node)] if sid not in gone]


def _begin_in_order(entries: list[Item]) -> None:
    """Find out what gives each output section being, first come first served, as GNU ld does.

    A data statement makes it read-only data; an assignment or FILL in it, or an ADDR() or
    LOADADDR() of it that stands earlier, makes it a section of no traits, and data in it
    writable."""
    named: set[str] = set()
    first = {e.name: e for e in reversed(entries) if isinstance(e, Entry)}
    for leader in first.values():
        leader.leads = True
    for entry in entries:
        if not isinstance(entry, Entry):
            named |= sections_addressed(entry)
            continue
        for item in entry.items:
            if isinstance(item, Claim):
                continue
            if isinstance(item, (n.Data, n.Text)):
                named |= sections_addressed(item)
                is_named = entry.name in named and first[entry.name] is entry
                entry.data_is_readonly |= not (entry.begun or is_named)
            entry.begun = True
            named |= sections_addressed(item)
        if entry.begun:
            named |= _asked_for_place(entry)
    todo = [first[name] for name in named & first.keys()]
    for entry in todo:
        if not entry.begun:
            entry.begun = True
            todo += (first[name] for name in _asked_for_place(entry) & first.keys())


def _asked_for_place(entry: Entry) -> set[str]:
    """The sections whose ADDR() or LOADADDR() says where an output section is."""
    if entry.node is None:
        return set()
    asked = (entry.node.address, entry.node.at)
    return {name for expr in asked if expr is not None for name in sections_addressed(expr)}


def _described(claims: Claims) -> dict[str, n.OutputSection]:
    """The first output section that scripts describe under each name."""
    found: dict[str, n.OutputSection] = {}
    for item in (*claims.items, *claims.floating):
        if isinstance(item, Draft) and item.node is not None:
            found.setdefault(item.name, item.node)
    return found


def _finished(
    entries: list[Item],
    table: SectionList,
    wanted: frozenset[str],
    holds: Callable[[Entry], bool],
    kept_inputs: frozenset[SectionId],
    dialect: Dialect,
    sane: bool,
    rank: Mapping[int, int],
) -> Plan:
    """Turn entries into plans, leaving out those that hold nothing; rank: among the headers, by
    identity of the entry."""
    commands: list[Command] = []
    sections: list[OutputPlan] = []
    for entry in entries:
        if not isinstance(entry, Entry):
            if not (isinstance(entry, Dropped) and entry.node.name == DISCARD):
                commands.append(entry)
            continue
        kept = holds(entry)
        if kept or dialect.empty_section_moves_dot:
            kind, flags = section_type(entry, table, dialect)
            plan = OutputPlan(
                len(sections),
                entry.name,
                entry.node,
                _without_phantoms(entry, table),
                kind,
                flags,
                entry.align,
                entry.beside,
                dropped=not kept,
                took_tables=_took_tables(entry, table),
                holds_tables=not table.phantoms.isdisjoint(_taken(entry)),
                only_symbols=dialect.drops_zero_size and only_symbols(entry, kept_inputs),
                named_flags=_named_flags(entry, dialect),
                header=rank.get(id(entry), len(entries)),
                spare=entry.spare and not kept,
                named_type=_named_type(entry, dialect),
                guarded=entry.guarded,
                begun=id(entry) in rank,
            )
            sections.append(plan)
            commands.append(plan)
        elif entry.node is not None:
            commands.append(Dropped(entry.node))
    return Plan(tuple(commands), tuple(sections), _assigned(entries), wanted, sane)


def _with_boundaries(plan: Plan) -> Plan:
    """The plan with `__start_` and `__stop_` symbols of its sections, where they are wanted."""
    names = (s.name for s in plan.sections if not s.dropped)
    bounds = tuple(boundary_symbols(names, plan.wanted, plan.assigned))
    assigned = plan.assigned | {node.name for node in bounds}
    return attrs.evolve(plan, commands=(*plan.commands, *bounds), assigned=assigned)


def _named_type(entry: Entry, dialect: Dialect) -> int:
    has_another = entry.has_input or entry.has_data or not dialect.tables_like_gnu
    return c.SHT_NULL if has_another else entry.named[0]


def _named_flags(entry: Entry, dialect: Dialect) -> int:
    return entry.named[1] if dialect.tables_like_gnu and not entry.has_input else 0


def _taken(entry: Entry) -> Iterator[SectionId]:
    return (sid for item in entry.items if isinstance(item, Claim) for sid in item.sections)


def _took_tables(entry: Entry, table: SectionList) -> bool:
    """Whether the script's own patterns took any of the linker's empty tables."""
    return any(
        isinstance(item, Claim)
        and item.node is not EVERYTHING
        and not table.phantoms.isdisjoint(item.sections)
        for item in entry.items
    )


def _without_phantoms(entry: Entry, table: SectionList) -> tuple[Claim | n.SectionStatement, ...]:
    """The statements without the linker's own empty tables, which gave the section its type and
    alignment and are not placed."""
    return tuple(
        Claim(item.node, tuple(s for s in item.sections if s not in table.phantoms))
        if isinstance(item, Claim) and not table.phantoms.isdisjoint(item.sections)
        else item
        for item in entry.items
    )


def _assigned(entries: list[Item], provided: bool = True) -> frozenset[str]:
    """The names that are assigned; provided: also by PROVIDE."""
    nodes = (i for e in entries for i in _statements(e))
    return frozenset(
        i.name
        for i in nodes
        if isinstance(i, n.Assignment) and i.name != "." and (provided or not i.provide)
    )


def _statements(item: Item) -> Iterable[object]:
    if isinstance(item, Entry):
        return item.items
    return item.node.statements if isinstance(item, Dropped) and item.absent else (item,)


def _addressed(claims: Claims) -> frozenset[str]:
    return frozenset(
        name
        for item in claims.items
        for node in ((item.node, *item.items) if isinstance(item, Draft) and item.node else (item,))
        if not isinstance(node, (Claim, Draft))
        and not (isinstance(node, n.Assignment) and node.implied)
        for name in sections_addressed(_without_load_address(node))
    )


def _without_load_address(node: object) -> object:
    """A node without what its author did not write: where a member of an OVERLAY is loaded."""
    if isinstance(node, n.OutputSection) and node.overlay:
        return attrs.evolve(node, at=None)
    return node
