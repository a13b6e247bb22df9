"""An output section while the order of all of them is being made.

Ordering looks at what each output section holds so far (code, data, nothing) and adds orphans to
it; the finished list is made of `OutputPlan`s, which nothing changes any more."""

from __future__ import annotations

from collections.abc import Iterable

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claim, SectionId, SectionList

HAS_CONTENTS, ALLOC, LOAD, READONLY, CODE, TLS = 1, 2, 4, 8, 16, 32
"""The traits GNU ld compares: in the file, in memory, both, not writable, executable, thread
local."""


class Entry:
    """An output section while the order is made: what the placing rules look at and add to.

    flags, type, align: of its inputs so far; has_input, has_data: whether any input section or data
    statement is in it; beside: for an orphan, the script's section it was placed behind.
    begun: whether anything gave it being for GNU ld: an input, a statement, an ADDR() of it;
    data_is_readonly: a data statement was the first to do so.
    mixed: inputs are of different types.
    void: its condition does not hold, nothing goes in.  spare: inputs that do not fit elsewhere may
    come into it.
    lacks: traits that its type, (INFO) or the like, takes from it.  first_type: the type GNU ld
    knows it by, its first input's; SHT_NULL while it has none; begun_as: that input's in any case.
    named: type and flags that its name gives it in an ELF file.  leads: it is the first of its
    name in the script.
    guarded: for LLD, a table is in it that a loader may make read-only, be it empty.
    """

    def __init__(
        self,
        name: str,
        node: n.OutputSection | None,
        items: list[Claim | n.SectionStatement],
        void: bool = False,
        lacks: int = 0,
        named: tuple[int, int] = (c.SHT_NULL, 0),
    ) -> None:
        self.name, self.node, self.items = name, node, items
        self.void, self.lacks, self.named = void, lacks, named
        self.type: int = c.SHT_NULL
        self.flags = 0
        self.align = 1
        self.has_input = self.has_data = False
        self.beside: n.OutputSection | None = None
        self.begun = self.data_is_readonly = False
        self.mixed = self.spare = False
        self.first_type: int = c.SHT_NULL
        self.begun_as: int = c.SHT_NULL
        self.leads = self.guarded = False

    @property
    def is_readonly(self) -> bool:
        """Whether the script says (READONLY)."""
        return self.node is not None and self.node.readonly

    def _changes(self, flags: int) -> bool:
        """Whether (NOLOAD) and the like change the flags of an input: then GNU ld does not take its
        type."""
        kind = "" if self.node is None else self.node.type
        if kind in SIDE_NOTES:
            return bool(flags & c.SHF_ALLOC)
        return kind == "NOLOAD" or (self.is_readonly and bool(flags & c.SHF_WRITE))

    def add(self, table: SectionList, sids: Iterable[SectionId]) -> None:
        """Count input sections in: flags are joined, the type is NOBITS only while all inputs
        are."""
        sids = tuple(sids)
        if not sids:
            return
        if not self.has_input:
            self.type = self.begun_as = table.type[sids[0]]
            changes = self._changes(table.flags[sids[0]])
            self.first_type = c.SHT_NULL if changes else known_type(table, sids[0])
        for flags in set(map(table.flags.__getitem__, sids)):
            self.flags |= flags & KEPT_FLAGS
        self.align = max(self.align, *set(map(table.align.__getitem__, sids)))
        for kind in dict.fromkeys(map(table.type.__getitem__, sids)):
            if self.type != kind:
                self.mixed = True
                self.type = _joined_type(self.type, kind)
        self.has_input = self.begun = True


UNTYPED = frozenset((".got.plt", ".iplt", ".igot.plt", "COMMON"))


def known_type(table: SectionList, sid: SectionId) -> int:
    """The type GNU ld compares: of its own tables some have none before they are written."""
    own = sid >= table.base[-1]
    return c.SHT_NULL if own and table.name[sid] in UNTYPED else table.type[sid]


def lacking_traits(node: n.OutputSection | None, generic: bool) -> int:
    """The traits that the type of an output section takes from it; generic: in an image."""
    if node is None:
        return 0
    if node.type == "NOLOAD":
        return ALLOC | LOAD if generic else LOAD | HAS_CONTENTS
    return ALLOC if node.type in SIDE_NOTES else 0


SIDE_NOTES = frozenset(("COPY", "DSECT", "INFO", "OVERLAY"))
"""Types of output sections that are not in memory."""

KEPT_FLAGS = c.SHF_WRITE | c.SHF_ALLOC | c.SHF_EXECINSTR | c.SHF_TLS | c.SHF_X86_64_LARGE


def _joined_type(a: int, b: int) -> int:
    """SHT_NOBITS joined with anything is what the other is; other different types make PROGBITS."""
    if c.SHT_NOBITS in (a, b):
        return b if a == c.SHT_NOBITS else a
    return c.SHT_PROGBITS
