"""Names the linker itself gives a value, as the pass list needs to know them.

LLD makes several, as assignments (see reserved).  GNU ld's own scripts have the same ones as
PROVIDE; it defines `__ehdr_start` alone, when everything has its address, only for objects, and
only if the headers are in memory: expressions of scripts cannot use it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...model import Segment
from ...script.values import Value
from ..placement import Placement
from .reserved import HEADERS, reserved_names
from .resolve import Resolution


def linker_names(
    resolution: Resolution, machine: int, has_sections: bool, moves: bool, dialect: Dialect
) -> frozenset[str]:
    """Names that have a place without anybody's defining them, when something refers to them."""
    if not dialect.reserves_names:
        return frozenset()
    return reserved_names(machine, has_sections, moves) - resolution.definer.keys()


def asks_for_header(resolution: Resolution) -> bool:
    """Whether an object refers to `__ehdr_start`, and no object defines it."""
    return HEADERS[0] in resolution.undefined


def with_header_symbol(placed: Placement, segments: Sequence[Segment]) -> Placement:
    """GNU ld: the layout with `__ehdr_start`, local and in the first section, if a segment has the
    ELF header in memory."""
    name = HEADERS[0]
    loads = (s for s in segments if s.type == c.PT_LOAD and not s.offset and s.filesz)
    load = next(loads, None)
    first = next((s for s in placed.sections if s.plan.alloc and not s.plan.dropped), None)
    if load is None or first is None or name in placed.symbols:
        return placed
    symbols = {**placed.symbols, name: Value(load.vaddr - first.vma, first)}
    return attrs.evolve(placed, symbols=symbols, hidden=placed.hidden | {name})
