"""The first thread-local section, as strictly aligned as all of them: offsets in the block of
thread-local variables are only aligned when the block begins so."""

from __future__ import annotations

from itertools import dropwhile, takewhile

import attrs

from ... import elf_const as c
from ..ordering.order import OutputPlan, Plan


def _is_thread_local(section: OutputPlan) -> bool:
    return bool(section.flags & c.SHF_TLS)


def with_aligned_block(plan: Plan) -> Plan:
    """The plan with the first thread-local section as strictly aligned as any of those behind it
    (GNU ld: the block is aligned when it begins so), also of one that is left out."""
    in_order = sorted(plan.sections, key=lambda section: section.header)
    held = list(takewhile(_is_thread_local, dropwhile(lambda s: not _is_thread_local(s), in_order)))
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
