"""The first thread-local section, as strictly aligned as all of them: offsets in the block of
thread-local variables are only aligned when the block begins so."""

from __future__ import annotations

import attrs

from .order import OutputPlan, Plan
from .thread_block import is_held


def with_aligned_block(plan: Plan) -> Plan:
    """The plan with the first thread-local section as strictly aligned as any of them (GNU ld: the
    block is aligned when it begins so)."""
    held = [section for section in plan.sections if is_held(section)]
    align = max((section.align for section in held), default=1)
    if not held or held[0].align == align:
        return plan
    first = attrs.evolve(held[0], align=align)

    def same(section: OutputPlan) -> OutputPlan:
        return first if section.index == first.index else section

    return attrs.evolve(
        plan,
        commands=tuple(
            same(command) if isinstance(command, OutputPlan) else command
            for command in plan.commands
        ),
        sections=tuple(map(same, plan.sections)),
    )
