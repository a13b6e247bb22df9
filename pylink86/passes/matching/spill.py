"""Input sections that do not fit go on to the next statement that matches them.

A chip may have several memories, and it is tedious to say which function goes into which.  With
--enable-non-contiguous-regions a section that the region of its output section has no room for goes
to the next statement of the script whose patterns match it.  LLD looks from the end: of the last
output section in a region that is too full, the last inputs go.  GNU ld looks from the beginning:
the first input that does not fit goes, and all behind it in that output section (ld manual 2.1).

Both leave the places of everything else as they were, so the layout is made again and again until
nothing more goes.  What matches nowhere else stays, and the region is too full (region-overflow);
GNU ld 2.40 would leave it out without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..ordering.order import OutputPlan, Plan
from ..placement import PlacedSection, Placement
from ..placing.locate import describe_section
from ..placing.regions import RegionState
from ..placing.settle import Settled
from ..reading.scripts import ScriptFile
from .match import Claim, SectionId


def check_spilling(script: ScriptFile, diags: Diagnostics) -> None:
    """Report script-not-supported: INSERT and OVERWRITE_SECTIONS, which say themselves what goes
    where."""
    for command in script.commands:
        if isinstance(command, (n.Insert, n.OverwriteSections)):
            word = "INSERT" if isinstance(command, n.Insert) else "OVERWRITE_SECTIONS"
            diags.error(
                "script-not-supported",
                f"{word} cannot be used with --enable-non-contiguous-regions",
                span=command.span,
                help=["write the output sections in their order, or leave the option away"],
            )


Settle = Callable[[Plan, Diagnostics], Settled]
"""Gives a plan its addresses."""


@attrs.frozen(eq=False, repr=False)
class Spills:
    """matches: all that a statement matches, in order, by identity of its node; warns: whether to
    tell what may go on."""

    matches: Mapping[int, tuple[SectionId, ...]]
    warns: bool = False


@attrs.define(eq=False, repr=False)
class _State:
    """Where sections are.  home: section -> its statement; next: section -> the statements it may
    go on to."""

    home: dict[SectionId, int]
    next: dict[SectionId, list[int]]

    @staticmethod
    def of(plan: Plan, matches: Mapping[int, tuple[SectionId, ...]]) -> _State:
        """What the plan says; statements in its order."""
        claims = [
            item
            for section in plan.sections
            for item in section.items
            if isinstance(item, Claim) and id(item.node) in matches
        ]
        home = {sid: id(claim.node) for claim in claims for sid in claim.sections}
        order = {id(claim.node): at for at, claim in enumerate(claims)}
        later: dict[SectionId, list[int]] = {}
        for claim in claims:
            node = id(claim.node)
            for sid in matches[node]:
                if sid in home and order[node] > order[home[sid]]:
                    later.setdefault(sid, []).append(node)
        return _State(home, later)

    def move(self, sid: SectionId) -> bool:
        """Let a section go on; False when there is nowhere to go."""
        if not self.next.get(sid):
            return False
        self.home[sid] = self.next[sid].pop(0)
        return True


def settle_spilling(
    settle: Settle, plan: Plan, spills: Spills, dialect: Dialect, diags: Diagnostics
) -> Settled:
    """Settle the layout, and let go on what does not fit, until everything fits or stays.

    Reports (a warning) section-may-spill, if asked to."""
    state = _State.of(plan, spills.matches)
    choose = _too_much_like_gnu if dialect.tables_like_gnu else _too_much_like_lld
    told: set[SectionId] = set()
    while True:
        met = Diagnostics()
        settled = settle(plan, met)
        places = {sid: (state.home[sid], *state.next.get(sid, ())) for sid in state.home}
        gone = list(choose(settled.placed, state))
        if not gone:
            diags.extend(met)
            return settled
        if spills.warns:
            for sid in gone:
                if sid not in told:
                    _tell(sid, places[sid], plan, settled.placed, diags)
            told.update(gone)
        plan = _with_homes(plan, state, spills.matches, dialect)


def _with_homes(
    plan: Plan, state: _State, matches: Mapping[int, tuple[SectionId, ...]], dialect: Dialect
) -> Plan:
    """The plan with every section at the statement it is at now."""
    new = {id(s): _rehoused(s, state, matches, dialect) for s in plan.sections}
    return attrs.evolve(
        plan,
        commands=tuple(new.get(id(command), command) for command in plan.commands),
        sections=tuple(new[id(s)] for s in plan.sections),
    )


def _rehoused(
    section: OutputPlan,
    state: _State,
    matches: Mapping[int, tuple[SectionId, ...]],
    dialect: Dialect,
) -> OutputPlan:
    items = tuple(
        Claim(item.node, _at_home(item, state, matches[id(item.node)]))
        if isinstance(item, Claim) and id(item.node) in matches
        else item
        for item in section.items
    )
    changed = attrs.evolve(section, items=items)
    if section.spare and dialect.tables_like_gnu:
        return attrs.evolve(changed, dropped=next(changed.sections(), None) is None)
    return changed


def _at_home(claim: Claim, state: _State, order: Sequence[SectionId]) -> tuple[SectionId, ...]:
    """The sections that are at a statement: those that were, in their order, and the new ones where
    the statement's own order has them."""
    here = [sid for sid in claim.sections if state.home[sid] == id(claim.node)]
    known = set(here)
    rank = {sid: at for at, sid in enumerate(order)}
    for sid in order:
        if state.home.get(sid) == id(claim.node) and sid not in known:
            at = next((i for i, x in enumerate(here) if rank.get(x, -1) > rank[sid]), len(here))
            here.insert(at, sid)
    return tuple(here)


def _inputs(section: PlacedSection) -> list[SectionId]:
    return list(section.plan.sections())


def _too_much_like_lld(placed: Placement, state: _State) -> Iterator[SectionId]:
    """From the end, as many inputs as a region or load region has no room for; they are moved."""
    regions = placed.regions
    used = {name: region.current for name, region in regions.by_name.items()}

    def is_full(names: Sequence[str]) -> bool:
        return any(used[name] > regions.by_name[name].end for name in names)

    for section in reversed(placed.sections):
        names = [x for x in dict.fromkeys((section.region, section.lma_region)) if x in used]
        if not section.region:
            continue
        for sid in reversed(_inputs(section)):
            if not is_full(names):
                break
            if state.move(sid):
                for name in names:
                    used[name] -= placed.addresses.size[sid]
                yield sid


def _too_much_like_gnu(placed: Placement, state: _State) -> Iterator[SectionId]:
    """The first input that ends behind its region, and all that follow in its output section; they
    are moved."""
    for section in placed.sections:
        region = placed.regions.get(section.region)
        if region is None:
            continue
        gone = [sid for sid in _behind(section, region, placed) if state.move(sid)]
        if gone:
            yield from gone
            return


def _behind(section: PlacedSection, region: RegionState, placed: Placement) -> Iterator[SectionId]:
    """The inputs of an output section from the first on that its region has no room for."""
    addresses = placed.addresses
    full = False
    for sid in _inputs(section):
        end = section.vma + addresses.offset[sid] + addresses.size[sid]
        full = full or end > region.end
        if full and addresses.size[sid]:
            yield sid


def _tell(
    sid: SectionId, nodes: Sequence[int], plan: Plan, placed: Placement, diags: Diagnostics
) -> None:
    """section-may-spill: where a section that does not fit may go."""
    names = {
        id(item.node): section.name
        for section in plan.sections
        for item in section.items
        if isinstance(item, Claim)
    }
    addresses = placed.addresses
    first, *more = [names[node] for node in nodes]
    diags.warn(
        "section-may-spill",
        f"`{describe_section(addresses.resolution, addresses.table, sid)}' does not fit in "
        f"`{first}', and goes on to " + ", then ".join(f"`{name}'" for name in more),
        help=["send it to one output section only, or give the region more room"],
    )
