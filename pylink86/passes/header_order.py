"""The order in which GNU ld makes output sections, which is that of their headers in an ELF file.

Addresses follow the script; headers follow the order in which output sections came into being: by
their first input, statement, or an ADDR() of them that stands further up.  An orphan's header goes
behind that of its anchor, and notes are kept together, so that one segment can hold them.

Found by linking scripts with ADDR(), empty sections and notes of several alignments with GNU ld
2.40 and reading `readelf -SW`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from .. import elf_const as c
from ..script import nodes as n
from .anchors_gnu import entry_traits
from .entry import ALLOC, LOAD, Entry
from .match import Claim
from .orphans import Item
from .words import ADDRESS_CALLS, expressions


def made_in_order(items: Sequence[Item]) -> list[Entry]:
    """The output sections of the script that anything gives being, in the order in which it
    does."""
    by_name: dict[str, Entry] = {}
    for item in items:
        if isinstance(item, Entry):
            by_name.setdefault(item.name, item)
    made: dict[int, Entry] = {}

    def make(entry: Entry) -> None:
        if id(entry) not in made:
            made[id(entry)] = entry
            if entry.node is not None:
                mention(entry.node.address)
                mention(entry.node.at)

    def mention(node: object) -> None:
        for name in _addressed(node):
            if name in by_name:
                make(by_name[name])

    for item in items:
        if isinstance(item, (n.Assignment, n.Assert)):
            mention(item)
        elif isinstance(item, Entry):
            for statement in item.items:
                if isinstance(statement, Claim):
                    if statement.sections:
                        make(item)
                elif isinstance(statement, (n.Data, n.Text)):
                    mention(statement)
                    make(item)
                else:
                    make(item)
                    mention(statement)
    return list(made.values())


def _addressed(node: object) -> Iterator[str]:
    for expression in expressions(node):
        if isinstance(expression, n.Call) and expression.name in ADDRESS_CALLS:
            yield expression.target


@attrs.define(eq=False)
class HeaderOrder:
    """The output sections in the order of their headers, while orphans are put among them.

    noted: an orphan note was placed where notes were before, from when on nothing may part them."""

    made: list[Entry]
    noted: bool = False

    def add_behind(self, entry: Entry, anchor: Entry | None, align: int, typed: bool) -> Move:
        """Put an orphan's section behind its anchor (None: first of all), or among the notes.

        align: that of the orphan; typed: notes are told apart, which needs an ELF file.  Returns
        where its statement has to go, when that is not behind the anchor, too."""
        at = 0 if anchor is None else self.made.index(anchor) + 1
        here = self.made[at] if at < len(self.made) else None
        is_note = _is_note(entry)
        if not typed or not (is_note or (here is not None and _is_note(here))):
            self.made.insert(at, entry)
            return Move()
        move = self._among_notes(align) if is_note else self._behind_notes(at)
        if move.after is not None:
            at = self.made.index(move.after) + 1
        elif move.before is not None:
            at = self.made.index(move.before)
        self.made.insert(at, entry)
        return move

    def _among_notes(self, align: int) -> Move:
        """Notes stand by alignment, the strictest first."""
        first = next((i for i, other in enumerate(self.made) if _is_note(other)), None)
        self.noted = first is not None
        if first is None:
            return Move()
        run: list[Entry] = []
        for other in self.made[first:]:
            if not _is_note(other):
                break
            run.append(other)
        stricter = [other for other in run if other.align >= align]
        return Move(after=stricter[-1]) if stricter else Move(before=run[0])

    def _behind_notes(self, at: int) -> Move:
        """What would part the notes goes behind the last of them."""
        if not self.noted:
            return Move()
        return Move(after=[other for other in self.made[at:] if _is_note(other)][-1])


@attrs.frozen
class Move:
    """Where an orphan goes instead of behind its anchor; neither: it stays there."""

    after: Entry | None = None
    before: Entry | None = None


def _is_note(entry: Entry) -> bool:
    return entry.first_type == c.SHT_NOTE and entry_traits(entry) & (ALLOC | LOAD) == ALLOC | LOAD
