"""Assignments and ASSERT: the statements that may stand anywhere in SECTIONS.

`name = expr;` gives a symbol a value, `. = expr;` moves the location counter: forward only inside
an output section, where the gap gets the fill, and anywhere between them."""

from __future__ import annotations

from ...script import nodes as n
from ...script.evaluate import assigned, dot_after, evaluate, holds
from ...script.values import Unknown
from ..checking.largest import largest_inputs, largest_symbols
from ..matching.match import SectionId
from ..placement import FILLER, Asserted, Piece
from .scope import NOWHERE, Scope

SIGNATURE_AT = 510
ORDERINGS = frozenset(("==", "!=", "<", "<=", ">", ">="))


class Assigner(Scope):
    """A Scope that can carry out assignments and ASSERTs."""

    def assign(self, node: n.Assignment) -> None:
        """`name = expr` and `. = expr` (GNU ld manual 3.5, 3.10.5)."""
        if node.name == ".":
            self._move_dot(node)
            return
        if node.provide and not self.plan.counts(node, self.symbols):
            if node.hidden and self._is_hidden_late(node.name):
                self.hidden.add(node.name)
            return
        self.assigning = node.name
        value = self.value(_assigned(node))
        self.assigning = ""
        if value is None:
            return
        if self.current in (None, NOWHERE) and self.shown != self.here:
            shown, self.shown = self.shown, self.here
            seen_from_before = self.value(_assigned(node))
            self.shown = shown
            if seen_from_before is not None:
                self.ahead[node.name] = assigned(seen_from_before, self)
        self.symbols[node.name] = assigned(value, self)
        if self.placed:
            self.seen_from[node.name] = len(self.placed) - 1
        if node.hidden:
            self.hidden.add(node.name)

    def _is_hidden_late(self, name: str) -> bool:
        """GNU ld: PROVIDE_HIDDEN hides a name also when somebody else gives it its value."""
        known = name in self.symbols or name in self.addresses.resolution.definer
        return known and self.dialect.tables_like_gnu

    def _move_dot(self, node: n.Assignment) -> None:
        target = self._target(node)
        if target is None:
            return
        if self.current is None:
            shown = target
            if self.shown != self.here:
                self.shown = self.here
                target = self._target(node)
            self.here, self.shown = shown if target is None else target, shown
        elif target < self.here:
            self._backwards(node, target)
        else:
            self._gap(target - self.here, node)
            self.here = target

    def _target(self, node: n.Assignment) -> int | None:
        value = self.value(_assigned(node))
        return None if value is None else dot_after(value, self)

    def _backwards(self, node: n.Assignment, target: int) -> None:
        assert self.current is not None
        section, by = self.current, self.here - target
        inputs = largest_inputs(section, self.addresses)
        symbols = largest_symbols(section, self.addresses, 0, self.here - section.vma)
        self.diags.error(
            "dot-moved-backwards",
            f"cannot move location counter backwards (from {self.here:x} to {target:x})",
            span=node.span,
            label=f"{by} bytes ({by:#x}) too much stands before this point"
            if target >= section.vma
            else f"`.' is {self.here:#x} here",
            notes=[
                *(() if self.dialect.arithmetic_on_offsets else (f"in section `{section.name}'",)),
                *([f"largest inputs before it: {inputs}"] if inputs else []),
                *([f"largest symbols before it: {symbols}"] if symbols else []),
            ],
            help=[_way_forward(section.vma, target, by)],
        )

    def _sides(self, condition: n.Expr) -> tuple[int, int] | None:
        """What the two sides of a comparison are worth, for the message of an ASSERT."""
        if not isinstance(condition, n.Binary) or condition.op not in ORDERINGS:
            return None
        left = evaluate(condition.left, self).absolute()
        return left, evaluate(condition.right, self).absolute()

    def check(self, node: n.Assert) -> None:
        """ASSERT: remembered with its value here, judged when the layout is settled."""
        try:
            self.asserted.append(
                Asserted(node, holds(node.condition, self), self._sides(node.condition))
            )
        except Unknown as missing:
            self.looked_ahead = True
            if self.before is not None:
                self._unknown(missing)

    def _gap(self, size: int, cause: SectionId | n.SectionStatement) -> None:
        """Note a gap of `size` bytes at `.` (which the caller then moves)."""
        section = self.current
        if section is None or not size:
            return
        sec_off = self.here - section.vma
        pattern = section.pattern
        phase = 0
        if self.dialect.fill_runs_on and isinstance(pattern, bytes):
            phase = (sec_off - self.gap_start) % len(pattern)
        section.pieces.append(Piece(sec_off, size, FILLER, cause, pattern, phase))


def _assigned(node: n.Assignment) -> n.Expr:
    """`a += b` as `a = a + b`."""
    if node.op == "=":
        return node.value
    return n.Binary(node.op[:-1], n.Name(node.name, node.span), node.value, node.span)


def _way_forward(vma: int, target: int, by: int) -> str:
    """What to do about a `.` that would go back, by what the place looks like."""
    if target < vma:
        return (
            f"`.' is an address here (LLD's dialect), and the section starts at {vma:#x}: write "
            f". = {vma:#x} + {target:#x}"
        )
    if target - vma == SIGNATURE_AT:
        return (
            f"make what stands before the signature {by} bytes smaller: move code or data out of "
            "the first sector, into the stage that it loads"
        )
    return f"make what stands before it {by} bytes smaller, or move this address up by {by}"
