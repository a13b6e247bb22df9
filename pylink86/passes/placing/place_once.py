"""GNU ld with -r: addresses from one walk over the script, and symbols from another.

Other links are laid out again and again until nothing moves (see place).  An output that is to be
linked again needs no final addresses, and GNU ld reckons them once: an output section that stands
further down has no size yet and no address at all, a symbol assigned further down has the value of
a first look at the script in which input sections have no size.  When all is placed, symbols and
data statements are reckoned once more, and these see every section where it is.

Source: scripts with forward references of every kind, `ld -r` 2.40."""

from __future__ import annotations

from copy import copy

from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..ordering.order import OutputPlan, Plan
from ..placement import PlacedSection, Placement
from ..reading.scripts import ScriptFile
from ..words import sections_addressed
from .first_walk import look_first
from .locate import Addresses
from .place import Walk


def place_once(
    plan: Plan, script: ScriptFile, addresses: Addresses, dialect: Dialect, diags: Diagnostics
) -> Placement:
    """The placement of an output that is to be linked again.  Reports forward-address, and what
    the walks meet."""
    _check_order(plan, diags)
    looked = look_first(plan, script, addresses, dialect)
    placed = _OnlyWalk(plan, script, addresses.fresh(), dialect, looked, diags).run()
    diags.stop_on_errors()
    last = _LastLook(plan, script, addresses.fresh(), dialect, placed, diags).run()
    last.addresses.fill()
    return last


def _check_order(plan: Plan, diags: Diagnostics) -> None:
    """forward-address: an address follows from that of an output section further down."""
    later = {section.name for section in plan.sections}
    for command in plan.commands:
        if isinstance(command, OutputPlan):
            address = command.node.address if command.node is not None else None
            _check_expression(address, later, diags)
            later.discard(command.name)
            for item in command.items:
                if isinstance(item, n.Assignment) and item.name == ".":
                    _check_expression(item.value, later, diags)
        elif isinstance(command, n.Assignment) and command.name == ".":
            _check_expression(command.value, later, diags)


def _check_expression(expr: n.Expr | None, later: set[str], diags: Diagnostics) -> None:
    for name in sorted(sections_addressed(expr) & later) if expr is not None else ():
        diags.error(
            "forward-address",
            f"the address of `{name}' is not known yet",
            span=expr.span if expr is not None else None,
            notes=["with -r GNU ld goes over the script once"],
            help=[f"describe `{name}' further up, or give its address as a number"],
        )


class _OnlyWalk(Walk):
    """Gives the addresses.  AT() moves its own section alone, as each will be loaded by itself."""

    hands_on_distance = False


class _LastLook(Walk):
    """Goes over the script again with every output section where `before` has it."""

    def _place(self, plan: OutputPlan) -> None:
        assert self.before is not None
        fixed = self.before.sections[len(self.placed)]
        if plan.dropped:
            self.placed.append(fixed)
            return
        section = copy(fixed)
        section.pieces, section.pattern = [], self._pattern(plan)
        self.placed.append(section)
        self.here, self.current = fixed.vma, section
        self._contents(section, plan.node)
        self.current = None
        if [piece[:3] for piece in section.pieces] != [piece[:3] for piece in fixed.pieces]:
            section.pieces = fixed.pieces
        self.here = self.shown = fixed.vma + fixed.size

    def _look_ahead_in(self, section: PlacedSection) -> None:
        """The section being gone over has its numbers already."""
