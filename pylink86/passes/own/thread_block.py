"""The block of thread-local variables: `.tdata` and `.tbss`, copied for every thread.

The image holds one copy, from which a run-time makes a block for each thread.  The thread pointer
stands at the end of the block, so a variable's offset from it depends on how long the block is, and
everything in it is only aligned when the block is.  Source: ELF Handling For Thread-Local Storage
3, variant II; psABI x86-64 5."""

from __future__ import annotations

from ... import elf_const as c
from ...dialect import Dialect
from ..ordering.order import OutputPlan
from ..placement import PlacedSection


def thread_block(sections: tuple[PlacedSection, ...], dialect: Dialect) -> tuple[int, int]:
    """(start, thread pointer) of the thread-local sections of a link; (0, 0) when there are none.

    GNU ld makes the block a multiple of its alignment long, LLD makes it end at one; that is the
    same when the block begins at one."""
    held = [s for s in sections if is_held(s.plan)]
    if not held:
        return 0, 0
    align = max(s.align for s in held) or 1
    start = held[0].vma
    end = max(s.vma + s.size for s in held)
    if dialect.tables_like_gnu:
        return start, start + _rounded(end - start, align)
    return start, _rounded(end, align)


def is_held(section: OutputPlan) -> bool:
    """Whether a section is part of the block."""
    return bool(section.flags & c.SHF_TLS) and section.alloc and not section.dropped


def _rounded(number: int, align: int) -> int:
    return -(-number // align) * align
