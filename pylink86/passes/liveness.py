"""What --gc-sections decided: which sections live, and who led to each."""

from __future__ import annotations

import attrs

from .section_list import SectionId


@attrs.frozen(eq=False, repr=False)
class Live:
    """dead: input sections nothing reaches; through: for a live one, the section that led to it.
    used: for sections whose strings or constants are merged, the offsets that are referred to.
    names: the global names that live sections refer to.  held: in GNU ld's dialect, the sections
    of the symbols that are roots, whose output sections stay also when they are empty.

    A root leads to itself.  Without --gc-sections nothing is dead, `through` and `used` are empty,
    and there are no `names`."""

    dead: frozenset[SectionId]
    through: dict[SectionId, SectionId]
    used: dict[SectionId, set[int]] = attrs.field(factory=dict)
    names: frozenset[str] | None = None
    held: frozenset[SectionId] = frozenset()


ALL_LIVE = Live(frozenset(), {})
