"""The order in which GNU ld makes output sections, which is that of their headers in an ELF file.

Addresses follow the script; headers follow the order in which output sections came into being: by
their first input, statement, or an ADDR() of them that stands further up; what --section-start,
-Tdata and -Tbss name before -T is there before all of the script.  An orphan's header goes behind
that of its anchor, and notes are kept together, so that one segment can hold them.

Found by linking scripts with ADDR(), empty sections and notes of several alignments with GNU ld
2.40 and reading `readelf -SW`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claim, SectionId, SectionList
from ..words import ADDRESS_CALLS, expressions
from .anchors_gnu import entry_traits
from .chain import Chain
from .entry import ALLOC, LOAD, Entry
from .orphans import Item, append


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

    for entry in sorted(filter(_begun, by_name.values()), key=_begun):
        make(entry)
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


def _begun(entry: Entry) -> int:
    return 0 if entry.node is None else entry.node.begun


def _addressed(node: object) -> Iterator[str]:
    for expression in expressions(node):
        if isinstance(expression, n.Call) and expression.name in ADDRESS_CALLS:
            yield expression.target


class HeaderOrder:
    """The output sections in the order of their headers, while orphans are put among them.

    noted: an orphan note was placed where notes were before, from when on nothing may part them.
    runs: of the notes that stand together first, the last of each run of one alignment; None when
    it has to be looked for."""

    def __init__(self, made: Iterable[Entry]) -> None:
        self.made = Chain(made)
        self.noted = False
        self.first_note: Entry | None = None
        self.runs: list[tuple[int, Entry]] | None = None

    def append(self, home: Entry, sid: SectionId, table: SectionList) -> None:
        """An orphan goes into an output section that is there already."""
        before = _is_note(home), home.align
        append(home, sid, table)
        if home not in self.made:
            self.made.add(home)
        if (_is_note(home), home.align) != before:
            self.runs = None

    def add_behind(self, entry: Entry, anchor: Entry | None, align: int, typed: bool) -> Move:
        """Put an orphan's section behind its anchor (None: first of all), or among the notes.

        align: that of the orphan; typed: notes are told apart, which needs an ELF file.  Returns
        where its statement has to go, when that is not behind the anchor, too."""
        here = self.made.next_of(anchor)
        is_note = _is_note(entry)
        if not typed or not (is_note or (here is not None and _is_note(here))):
            self.made.insert_behind(anchor, entry)
            return Move()
        move = self._among_notes(entry, align) if is_note else self._behind_notes(anchor)
        if move.after is not None:
            self.made.insert_behind(move.after, entry)
        elif move.before is not None:
            self.made.insert_before(move.before, entry)
        else:
            self.made.insert_behind(anchor, entry)
            self.runs = None
        return move

    def _among_notes(self, entry: Entry, align: int) -> Move:
        """Notes stand by alignment, the strictest first."""
        runs = self._runs()
        self.noted = bool(runs)
        if not runs:
            return Move()
        stricter = [at for at, (other, _) in enumerate(runs) if other >= align]
        if not stricter:
            first, self.first_note = self.first_note, entry
            runs.insert(0, (align, entry))
            return Move(before=first)
        at = stricter[-1]
        after = runs[at][1]
        if runs[at][0] == align:
            runs[at] = align, entry
        else:
            runs.insert(at + 1, (align, entry))
        return Move(after=after)

    def _runs(self) -> list[tuple[int, Entry]]:
        if self.runs is not None:
            return self.runs
        self.runs = []
        self.first_note = next((other for other in self.made if _is_note(other)), None)
        if self.first_note is None:
            return self.runs
        for other in (self.first_note, *self.made.from_behind(self.first_note)):
            if not _is_note(other):
                break
            if self.runs and self.runs[-1][0] == other.align:
                self.runs.pop()
            self.runs.append((other.align, other))
        return self.runs

    def _behind_notes(self, anchor: Entry | None) -> Move:
        """What would part the notes goes behind the last of them."""
        if not self.noted:
            return Move()
        return Move(after=[other for other in self.made.from_behind(anchor) if _is_note(other)][-1])


class Move:
    """Where an orphan goes instead of behind its anchor; neither: it stays there."""

    def __init__(self, after: Entry | None = None, before: Entry | None = None) -> None:
        self.after, self.before = after, before


def _is_note(entry: Entry) -> bool:
    return entry.first_type == c.SHT_NOTE and entry_traits(entry) & (ALLOC | LOAD) == ALLOC | LOAD
