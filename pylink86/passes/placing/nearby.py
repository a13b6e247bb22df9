"""GNU ld: the section that stands for one that is not in the output.

A symbol may lie in an output section that is left out because nothing else is in it.  The symbol
stays, and its row in the table needs a section all the same: the one before or the one behind,
whichever a loader is more likely to keep in the place where the missing one would be.

Source: pairs of sections of every kind around one that is missing, linked by GNU ld 2.40."""

from __future__ import annotations

from collections.abc import Mapping

from ... import elf_const as c
from ..matching.match import Claim
from ..ordering.order import OutputPlan
from ..placement import PlacedSection, Placement

IN_MEMORY = c.SHF_ALLOC | c.SHF_TLS

ACCESS = (c.SHF_WRITE, c.SHF_EXECINSTR)
"""What decides between sections that are equally in memory, first one first."""


class Neighbours:
    """missing: its SHF_ flags; before, behind: the sections next to it in the order of headers that
    are in the file; header: header indices by OutputPlan.index."""

    def __init__(
        self,
        missing: int,
        before: PlacedSection | None,
        behind: PlacedSection | None,
        header: Mapping[int, int],
    ) -> None:
        self.missing, self.before, self.behind, self.header = missing, before, behind, header

    def header_for(self, address: int) -> int:
        """Header index of the section a symbol at an address is shown in."""
        before, behind = self.before, self.behind
        if before is None or behind is None:
            best = before or behind
        else:
            best = behind if self._behind_is_better(before, behind, address) else before
        assert best is not None
        return self.header[best.plan.index]

    def _behind_is_better(self, before: PlacedSection, behind: PlacedSection, address: int) -> bool:
        """The traits in which both differ decide: being in memory and loaded counts most."""
        one, two = before.plan, behind.plan
        if (one.flags ^ two.flags) & IN_MEMORY or _is_loaded(one) != _is_loaded(two):
            is_like = not (two.flags ^ self.missing) & IN_MEMORY
            return is_like and not (_is_loaded(one) and not _is_loaded(two))
        for flag in ACCESS:
            if (one.flags ^ two.flags) & flag:
                return not (two.flags ^ self.missing) & flag
        return address >= behind.vma


def _is_loaded(plan: OutputPlan) -> bool:
    """Whether it is loaded, or would be if the script did not say that it is not in memory."""
    return plan.loads or plan.aside


def neighbours(
    placed: Placement, where: Mapping[int, int], writable_code: bool
) -> dict[int, Neighbours]:
    """The neighbours of each output section without a header, by OutputPlan.index.

    where: header indices in the file, by OutputPlan.index; where there are none, nobody has
    neighbours.  writable_code: -N."""
    if not where:
        return {}
    in_order = sorted(placed.sections, key=lambda section: section.plan.header)
    behind: dict[int, PlacedSection | None] = {}
    following: PlacedSection | None = None
    for section in reversed(in_order):
        behind[section.plan.index] = following
        if section.plan.index in where:
            following = section
    found: dict[int, Neighbours] = {}
    before: PlacedSection | None = None
    for section in in_order:
        index = section.plan.index
        if index in where:
            before = section
        else:
            found[index] = Neighbours(
                _traits(section.plan, writable_code), before, behind[index], where
            )
    return found


def _traits(plan: OutputPlan, writable_code: bool) -> int:
    """The flags of a missing section: those of its inputs, and without any it counts as not in
    memory, and as writable unless it is the first `.text`."""
    has_input = any(isinstance(item, Claim) and item.sections for item in plan.items)
    if has_input:
        return plan.flags
    return c.SHF_WRITE if writable_code else plan.flags & c.SHF_WRITE
