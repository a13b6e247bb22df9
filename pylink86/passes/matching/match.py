"""Where each input section goes: the first input statement that matches it claims it.

A script lists output sections, each with statements such as `*(.text .text.*)`.  In the order they
are written, each statement takes the sections that match its patterns and that no earlier statement
took (GNU ld manual 3.6.4.1).  What no statement takes is an orphan, and a later pass finds it a
place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...script import nodes as n
from ..names.resolve import Resolution
from ..reading.scripts import ScriptFile
from ..section_list import NOT_INPUT as NOT_INPUT
from ..section_list import SectionId as SectionId
from ..section_list import SectionList as SectionList
from ..section_list import list_sections as list_sections
from .matcher import Matcher

DISCARD = "/DISCARD/"
"""The output section that is none: what it takes leaves the link (GNU ld manual 3.6.7)."""


@attrs.frozen(eq=False, repr=False)
class Claim:
    """An input statement and the sections it took, in the order they will be placed."""

    node: n.InputStatement
    sections: tuple[SectionId, ...]


@attrs.frozen(eq=False, repr=False)
class Draft:
    """An output section of the script with its contents: claims and all other statements in order.

    `node` is None for an orphan's output section.  void, absent: ONLY_IF_RO or ONLY_IF_RW does not
    hold, and LLD keeps the name, GNU ld evaluates the statements.  could: what these match all the
    same.
    """

    name: str
    node: n.OutputSection | None
    items: tuple[Claim | n.SectionStatement, ...]
    void: bool = False
    absent: bool = False
    could: tuple[SectionId, ...] = ()

    def matched(self) -> Iterator[SectionId]:
        """The input sections that it holds, or would hold if it were there."""
        yield from self.could
        for item in self.items:
            if isinstance(item, Claim):
                yield from item.sections


@attrs.frozen(eq=False, repr=False)
class Claims:
    """items: SECTIONS (and the assignments around it) in order; orphans: what nothing took;
    floating: output sections that a script describes (OVERWRITE_SECTIONS) and gives no place;
    apart: orphans that get an output section each.  matches: if sections may go on to another
    statement, all that each one matches, by identity of its node."""

    items: tuple[Draft | n.Assignment | n.Assert, ...]
    discarded: frozenset[SectionId]
    orphans: tuple[SectionId, ...]
    kept: frozenset[SectionId]
    floating: tuple[Draft, ...] = ()
    apart: frozenset[SectionId] = frozenset()
    matches: Mapping[int, tuple[SectionId, ...]] = attrs.field(factory=dict)


def match_sections(
    script: ScriptFile,
    resolution: Resolution,
    table: SectionList,
    dialect: Dialect,
    unique: Sequence[str] = (),
    spills: bool = False,
    generic: bool = False,
) -> Claims:
    """Let every input statement take its sections, in script order.

    unique: patterns of sections that stay by themselves, "" for every orphan.  spills: a section
    may go on to a later statement (see spill).  generic: GNU ld links an image, where it makes no
    tables of its own.

    A section goes to the first statement that matches.  /DISCARD/ takes like any other output
    section. Source: GNU ld manual 3.6.4, 3.6.7."""
    matcher = Matcher(resolution, table, dialect)
    absent = table.phantoms if generic and dialect.tables_like_gnu else frozenset[SectionId]()

    def holds(node: n.OutputSection) -> bool:
        return not node.constraint or _constraint_holds(node, matcher, table, absent)

    alone = matcher.set_apart([pattern for pattern in unique if pattern])
    items: list[Draft | n.Assignment | n.Assert] = []
    discarded: list[SectionId] = []
    kept: list[SectionId] = []
    floating: dict[int, Draft] = {}
    for overwrite in script.of(n.OverwriteSections):
        for node in overwrite.items:
            if not holds(node):
                continue
            draft = _draft(node, matcher, kept)
            if node.name == DISCARD:
                discarded += [*_taken(draft), *matcher.dependents(_taken(draft))]
            else:
                floating[id(node)] = draft
    for item in _script_items(script):
        if not isinstance(item, n.OutputSection):
            items.append(item)
            continue
        overwritten = floating.pop(id(item), None)
        if overwritten is None and not holds(item):
            if dialect.tables_like_gnu:
                kept += _kept(item, matcher)
            if dialect.failed_constraint_leaves_name:
                items.append(Draft(item.name, item, (), void=True))
            else:
                inner, could = _not_inputs(item), matcher.could_take(item)
                items.append(Draft(item.name, item, inner, absent=True, could=could))
            continue
        draft = overwritten or _draft(item, matcher, kept)
        if item.name == DISCARD:
            discarded += [*_taken(draft), *matcher.dependents(_taken(draft))]
            draft = Draft(item.name, item, ())
            if dialect.discard_leaves_names:
                items += _names_at_zero(item, items)
        items.append(draft)
    left = matcher.left(alone)
    matches = {id(s): matcher.matches(s) for s in _statements(script)} if spills else {}
    return Claims(
        tuple(items),
        frozenset(discarded),
        left,
        frozenset(kept),
        tuple(floating.values()),
        frozenset(left if "" in unique else alone) | table.alone,
        matches,
    )


def _draft(node: n.OutputSection, matcher: Matcher, kept: list[SectionId]) -> Draft:
    """One output section with what its statements take; `kept` grows by what KEEP() matches."""
    inner: list[Claim | n.SectionStatement] = []
    for statement in node.statements:
        if isinstance(statement, n.InputStatement):
            taken = matcher.take(statement, node.name == DISCARD)
            inner.append(Claim(statement, taken))
            if statement.keep:
                kept += matcher.matches(statement)
        else:
            inner.append(statement)
    return Draft(node.name, node, tuple(inner))


def _kept(node: n.OutputSection, matcher: Matcher) -> list[SectionId]:
    """What KEEP() matches in an output section that is not there: GNU ld keeps it all the same."""
    inputs = (s for s in node.statements if isinstance(s, n.InputStatement) and s.keep)
    return [sid for statement in inputs for sid in matcher.matches(statement)]


def _taken(draft: Draft) -> list[SectionId]:
    return [sid for item in draft.items if isinstance(item, Claim) for sid in item.sections]


def _not_inputs(node: n.OutputSection) -> tuple[n.SectionStatement, ...]:
    return tuple(s for s in node.statements if not isinstance(s, n.InputStatement))


def _names_at_zero(
    node: n.OutputSection, before: list[Draft | n.Assignment | n.Assert]
) -> list[n.Assignment]:
    """What /DISCARD/ assigns: LLD makes the symbols, and as nothing there is placed they are 0, or
    what a statement before it made them."""
    inner = (s for item in before for s in (item.items if isinstance(item, Draft) else (item,)))
    known = {statement.name for statement in inner if isinstance(statement, n.Assignment)} | {"."}
    return [
        attrs.evolve(statement, op="=", value=n.Number(0), implied=True)
        for statement in node.statements
        if isinstance(statement, n.Assignment) and statement.name not in known
    ]


def _constraint_holds(
    node: n.OutputSection, matcher: Matcher, table: SectionList, absent: frozenset[SectionId]
) -> bool:
    """ONLY_IF_RO: every section the statements would take is read-only; ONLY_IF_RW: one is not
    (GNU ld manual 3.6.8.5).  An output section that fails takes nothing and is not there.

    absent: what is in the list and not in the link."""
    could = matcher.would_take(node)
    readonly = not any(table.flags[sid] & c.SHF_WRITE for sid in could if sid not in absent)
    return readonly == (node.constraint == "ONLY_IF_RO")


def _statements(script: ScriptFile) -> Iterator[n.InputStatement]:
    """Every input statement but those that discard."""
    for item in _script_items(script):
        if isinstance(item, n.OutputSection) and item.name != DISCARD:
            yield from (s for s in item.statements if isinstance(s, n.InputStatement))


def _script_items(script: ScriptFile) -> Iterator[n.OutputSection | n.Assignment | n.Assert]:
    """What shapes memory, in order: the contents of SECTIONS, and assignments and asserts
    anywhere."""
    for command in script.commands:
        if isinstance(command, n.SectionsCommand):
            for item in command.items:
                if isinstance(item, (n.OutputSection, n.Assignment, n.Assert)):
                    yield item
        elif isinstance(command, (n.Assignment, n.Assert)):
            yield command
