"""What is decided once output sections are in order: the list that addresses are found for.

Only numbers are missing from it; what is in each output section, and which statements stand between
them, does not change any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Union

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .elf_options import Sizes
from .matching.match import Claim, SectionId
from .ordering.orphans import Dropped

Command = Union["OutputPlan", "Dropped", n.Assignment, n.Assert]


@attrs.frozen(eq=False, repr=False)
class OutputPlan:
    """One output section to be.

    items: claims and other statements in order.  type, flags: SHT_ and SHF_ of the result; align:
    the strictest input's.  beside: for an orphan, the section of the script it was placed behind.
    loads: whether it occupies bytes of a loaded image (gABI: SHF_ALLOC and not SHT_NOBITS).
    dropped: it holds nothing and is not in the output, but has an address, and symbols of its empty
    inputs are there (GNU ld's dialect).  took_tables: a pattern took an empty table of the linker,
    which is not in `items` any more; holds_tables: one of them came into it in any way.
    only_symbols: in GNU ld's dialect, nothing in it gives it bytes or moves `.`.  aside: it is not
    in memory, and yet inputs of it are: for GNU ld `.` goes on behind it, and its flat image has
    the bytes.  header: orders the headers of an ELF file, where it is not the same for all.
    named_flags: in GNU ld's ELF files, flags of its name that its header has beside `flags`, since
    no input gave it any; named_type: the type of its name, where nothing else gives it one.
    guarded: for LLD, a table is or was in it that a loader may make read-only.  begun: in GNU ld's
    dialect, anything gave it being, perhaps only an ADDR() of it."""

    index: int
    name: str
    node: n.OutputSection | None
    items: tuple[Claim | n.SectionStatement, ...]
    type: int
    flags: int
    align: int
    beside: n.OutputSection | None = None
    dropped: bool = False
    moves_dot: bool = True
    took_tables: bool = False
    holds_tables: bool = False
    only_symbols: bool = False
    aside: bool = False
    named_flags: int = 0
    header: int = 0
    named_type: int = c.SHT_NULL
    spare: bool = False
    has_unwind_index: bool = False
    whole: OutputPlan | None = None
    """What it was cut from (--split-by-file), which says what its header says of the contents."""
    is_part: bool = False
    """It was cut off, and has another name than the whole."""
    guarded: bool = False
    begun: bool = False

    @property
    def alloc(self) -> bool:
        return bool(self.flags & c.SHF_ALLOC)

    @property
    def loads(self) -> bool:
        return self.alloc and self.type != c.SHT_NOBITS

    @property
    def has_contents(self) -> bool:
        """Whether anything gives it contents: an input section, a data statement."""
        return any(
            bool(item.sections) if isinstance(item, Claim) else isinstance(item, (n.Data, n.Text))
            for item in self.items
        )

    def sections(self) -> Iterator[SectionId]:
        """Every input section, in order."""
        claims = (item.sections for item in self.items if isinstance(item, Claim))
        return chain.from_iterable(claims)


@attrs.frozen(eq=False, repr=False, slots=False)
class Plan:
    """commands: output sections, assignments and asserts in the order they are walked.

    assigned: every name the script assigns, written: the same in the order of the script, before
    anything was moved; wanted: names a PROVIDE would be asked for.  In LLD's dialect provided: the
    PROVIDE statements that count, by identity; described: the output section that expressions mean
    by a name.
    """

    commands: tuple[Command, ...]
    sections: tuple[OutputPlan, ...]
    assigned: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    sane_expr: bool = False
    provided: frozenset[int] | None = None
    described: Mapping[str, n.OutputSection] = attrs.field(factory=dict)
    sizes: Sizes = attrs.field(factory=Sizes)
    written: tuple[str, ...] = ()
    holds_relro: bool = False
    """In GNU ld's dialect, whether the script's RELRO part holds anything."""

    def find(self, name: str) -> OutputPlan | None:
        """The output section that expressions mean by a name."""
        return next((s for s in self.named.get(name, ()) if self.is_meant(s, name)), None)

    @cached_property
    def named(self) -> dict[str, list[OutputPlan]]:
        """The output sections by name, as there can be tens of thousands of them."""
        found: dict[str, list[OutputPlan]] = {}
        for section in self.sections:
            found.setdefault(section.name, []).append(section)
        return found

    def is_meant(self, section: OutputPlan, name: str) -> bool:
        """Whether an output section is the one that a name in an expression may stand for."""
        node = self.described.get(name)
        return section.name == name and (
            node is None or section.node is None or is_same(section.node, node)
        )

    def counts(self, node: n.Assignment, assigned: Mapping[str, object]) -> bool:
        """Whether a PROVIDE gives its symbol a value; assigned: what has one so far."""
        if self.provided is not None:
            return id(node) in self.provided
        return node.name in self.wanted and node.name not in assigned


def is_same(one: n.OutputSection | None, other: n.OutputSection | None) -> bool:
    """Whether two nodes came from the same place of a script; passes may have changed either."""
    return one is not None and other is not None and one.name_span is other.name_span
