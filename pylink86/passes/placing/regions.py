"""MEMORY: named stretches of address space, and how far each is used.

A region is filled from its origin on; a section sent there (`>ram`) starts where the last one
ended. A section without `>` goes to the first region whose attributes accept it (GNU ld manual
3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import elf_const as c
from ...dialect import LLD, Dialect
from ...script import nodes as n
from ..ordering.order import OutputPlan, Plan
from ..ordering.orphans import Dropped
from ..reading.scripts import ScriptFile

if TYPE_CHECKING:
    from ..placement import PlacedSection
    from .scope import Scope


class RegionState:
    """A region during a walk: `current` is the next free address; users: (section, bytes) put
    in."""

    def __init__(self, name: str, origin: int, length: int, node: n.Region, current: int) -> None:
        self.name, self.origin, self.length = name, origin, length
        self.node, self.current = node, current
        self.users: list[tuple[str, int]] = []

    @property
    def end(self) -> int:
        return self.origin + self.length


class Regions:
    """All regions by name, aliases included, in the order of the script."""

    def __init__(self, loaded_in: dict[int, str] | None = None) -> None:
        self.by_name: dict[str, RegionState] = {}
        self.loaded_in = loaded_in or {}
        """OutputPlan.index -> the region its load address is in, in GNU ld's dialect."""

    @staticmethod
    def of(script: ScriptFile, walk: Scope) -> Regions:
        """Evaluate every ORIGIN and LENGTH; a region may use those before it."""
        regions = Regions(loaded_in=load_regions(walk.plan))
        walk.regions = regions
        for command in script.commands:
            if isinstance(command, n.Memory):
                for node in command.regions:
                    if isinstance(node, n.Region):
                        origin = walk.number(node.origin)
                        state = RegionState(
                            node.name, origin, walk.number(node.length), node, origin
                        )
                        regions.by_name[node.name] = state
            elif isinstance(command, n.RegionAlias):
                target = regions.by_name.get(command.region)
                if target is None:
                    unknown_region(walk, command.region, command)
                else:
                    regions.by_name[command.alias] = target
        return regions

    def get(self, name: str) -> RegionState | None:
        return self.by_name.get(name)

    def lma_region(self, section: PlacedSection) -> RegionState | None:
        """The region of the load address, when it is not that of the section itself."""
        region = self.by_name.get(self.loaded_in.get(section.plan.index, ""))
        return None if region is not None and region.name == section.region else region

    def used(self, section: PlacedSection, dialect: Dialect, step: int, has_being: bool) -> None:
        """A section was put into its regions: they are used up to its end.

        In GNU ld a section of symbols alone leaves them as they are; LLD adds the size to what is
        in use, also when the script's address is lower, and counts the alignment of the VMA (`step`
        bytes) and its own in the load region, too."""
        region, lma_region = self.by_name.get(section.region), self.by_name.get(section.lma_region)
        end = section.vma + section.size
        if dialect.lma_counts and section.plan.flags & c.SHF_TLS and not section.plan.loads:
            end = section.vma  # .tbss takes no room
        if region is not None and (has_being or not dialect.lma_counts):
            if not dialect.lma_counts:
                end = max(region.current, section.vma) + section.size
            region.current = end
            region.users.append((section.name, section.size))
        loads = section.plan.loads or section.plan.aside or not dialect.lma_counts
        if lma_region is not None and lma_region is not region and loads:
            start = section.lma
            if not dialect.lma_counts:
                start = (lma_region.current + step + section.align - 1) & -section.align
            lma_region.current = start + section.size
            lma_region.users.append((section.name, section.size))


def load_regions(plan: Plan) -> dict[int, str]:
    """GNU ld: AT>region, or else that of the statement before (also of one whose constraint fails)
    when both were sent to the same region and this one has no address of its own."""
    found: dict[int, str] = {}
    before, load_region = "", ""
    for command in plan.commands:
        if isinstance(command, OutputPlan):
            node, of = command.node, command.node or command.beside
        elif isinstance(command, Dropped):
            node = of = command.node
        else:
            continue
        addressed = node is not None and (node.address is not None or node.at is not None)
        follows = _sent_to(of) == before and not addressed
        before = _sent_to(of)
        if of is not None and of.lma_region:
            load_region = of.lma_region
        elif not follows:
            load_region = ""
        if isinstance(command, OutputPlan) and load_region:
            found[command.index] = load_region
    return found


def declared(plan: OutputPlan) -> str:
    """The region a section was sent to: `>ram`, `AT>rom` alone, for an orphan that of its
    anchor."""
    return _sent_to(plan.node or plan.beside)


def _sent_to(node: n.OutputSection | None) -> str:
    if node is None:
        return ""
    return node.region or (node.lma_region if node.address is None else "")


def unknown_region(walk: Scope, name: str, node: n.RegionAlias | n.OutputSection) -> None:
    known = ", ".join(walk.regions.by_name) or "none"
    walk.diags.error(
        "unknown-region",
        f"memory region `{name}' not declared",
        span=node.span,
        notes=[f"declared regions: {known}"],
        help=[f"add it to MEMORY: {name} (rwx) : ORIGIN = ..., LENGTH = ..."],
    )


def find_region(
    regions: Regions, plan: OutputPlan, walk: Scope, section: PlacedSection
) -> RegionState | None:
    """The region a section is put in; sets `section.region`.  Reports unknown-region, no-region."""
    node = plan.node
    if node is not None and node.lma_region and regions.get(node.lma_region) is None:
        unknown_region(walk, node.lma_region, node)
    if not (plan.alloc or plan.aside) and (node is None or not walk.dialect.lma_counts):
        return None
    if not walk.dialect.sections_have_addresses:
        return None
    name = declared(plan) if walk.dialect.lma_counts else _inherited(plan, walk)
    if name:
        region = regions.get(name)
        if region is not None:
            section.region = section.hint = region.name
        elif node is not None and node.region:
            unknown_region(walk, node.region, node)
        return region
    addressed = node is not None and node.address is not None and walk.dialect.lma_counts
    if not regions.by_name or not (plan.alloc or plan.aside) or addressed:
        return None
    traits = _traits(plan, walk.dialect)
    if walk.dialect.lma_counts and not plan.has_contents:
        if not _advanced_before(walk, section):
            return None
        traits = {"a", "w"}
    for region in regions.by_name.values():
        if _accepts(region.node.attributes, traits, walk.dialect):
            section.region = region.name
            return region
    if plan.dropped or not plan.alloc or not walk.dialect.needs_region:
        return None
    walk.diags.error(
        "no-region",
        f"no memory region specified for loadable section `{plan.name}'",
        span=node.name_span if node is not None else None,
        notes=["no region's attributes accept it: " + ", ".join(regions.by_name)],
        help=[f"send it to one: {plan.name} : {{ ... }} > {next(iter(regions.by_name))}"],
    )
    return None


def _inherited(plan: OutputPlan, walk: Scope) -> str:
    """LLD: what the script says; for an orphan the region of the section right before it, unless
    that one's attributes chose it."""
    if plan.node is not None:
        return plan.node.region
    return walk.placed[-1].hint if walk.placed else ""


def region_names(sections: Sequence[OutputPlan], script: ScriptFile) -> dict[int, str]:
    """LLD: the region each output section will be in, by OutputPlan.index, which does not depend on
    any address; "" where there is none."""
    nodes: dict[str, n.Region] = {}
    for command in script.commands:
        if isinstance(command, n.Memory):
            nodes.update((r.name, r) for r in command.regions if isinstance(r, n.Region))
        elif isinstance(command, n.RegionAlias) and command.region in nodes:
            nodes[command.alias] = nodes[command.region]
    found: dict[int, str] = {}
    hint: n.Region | None = None
    for section in sections:
        node = nodes.get(section.node.region) if section.node is not None else hint
        hint = node if section.alloc else None
        if node is None:
            accepting = (
                r for r in nodes.values() if _accepts(r.attributes, _traits(section, LLD), LLD)
            )
            node = next(accepting, None)
        found[section.index] = node.name if node is not None and section.alloc else ""
    return found


ATTRIBUTES = {"l": "i"}
"""Letters that mean the same as another."""


def _traits(plan: OutputPlan, dialect: Dialect) -> set[str]:
    """A section in the letters of MEMORY attributes (GNU ld manual 3.7, by experiment).

    In GNU ld `w` is data: what is loaded and no code, or writable and no code.  Inputs that are
    loaded count where their section is not in memory, too.
    """
    found = {"a"} if plan.alloc else set()
    loads = plan.loads or plan.aside
    writable, code = plan.flags & c.SHF_WRITE, plan.flags & c.SHF_EXECINSTR
    found.add("x" if code else "")
    if not writable:
        found.add("r")
    if dialect.lma_counts:
        found.add("i" if loads else "")
        found.add("w" if not code and (loads or writable) else "")
    elif writable:
        found.add("w")
    return found - {""}


def _advanced_before(walk: Scope, section: PlacedSection) -> bool:
    """Whether a section of nothing but assignments took space in an earlier walk: only then does
    GNU ld take it for one in memory, which needs a region."""
    walk.looked_ahead = True
    if walk.before is not None and not section.advanced:
        before = walk.before.sections[len(walk.placed)]
        section.advanced = before.advanced or before.size > 0
    return section.advanced


def _accepts(attributes: str, traits: set[str], dialect: Dialect) -> bool:
    """Whether any wanted attribute is the section's and no refused one is.

    `!` refuses all letters after it in GNU ld; in LLD the next `!` turns back.
    """
    wanted: set[str] = set()
    refused: set[str] = set()
    negative = False
    for letter in attributes.lower():
        if letter == "!":
            negative = dialect.lma_counts or not negative
        else:
            (refused if negative else wanted).add(ATTRIBUTES.get(letter, letter))
    return bool(wanted & traits) and not refused & traits
