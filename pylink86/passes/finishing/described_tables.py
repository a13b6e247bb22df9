"""Where a script puts the tables that every ELF file ends with.

Symbols and the names of symbols and sections are tables in sections of their own, and linkers write
them last.  For LLD they are inputs like any other: scripts such as Linux' list them (`.symtab 0 : {
*(.symtab) }`), and they then stand in the order of the script; /DISCARD/ takes them like any other.
Found with `ld.lld-19` on scripts that name the three in each order, and in /DISCARD/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...dialect import Dialect
from ...script import nodes as n
from ...wildcard import compile_section_pattern
from ..matching.match import DISCARD
from ..ordering.order import OutputPlan
from ..ordering.orphans import Dropped
from ..reading.scripts import ScriptFile

GNU_ORDER = (".symtab", ".strtab", ".shstrtab")
LLD_ORDER = (".symtab", ".shstrtab", ".strtab")
STACK_NOTE = ".note.GNU-stack"
"""What LLD adds to the output of -r; /DISCARD/ takes it, too."""


class DescribedTables:
    """behind: for each table that a script names, the output section (OutputPlan.index) it stands
    behind, -1 for none.  gone: what /DISCARD/ takes.  rest: the others, in the order in which they
    end the file."""

    def __init__(
        self, behind: Mapping[str, int], gone: Mapping[str, n.InputStatement], rest: tuple[str, ...]
    ) -> None:
        self.behind, self.gone, self.rest = behind, gone, rest


def described_tables(
    commands: Iterable[object], script: ScriptFile, dialect: Dialect, again: bool
) -> DescribedTables:
    """What a script says of the tables; in GNU ld nothing it says counts.

    commands: those of the layout, in order.  again: -r, when orphans stay behind all else; else one
    in memory stands before tables, next to its like."""
    if dialect.tables_like_gnu:
        return DescribedTables({}, {}, GNU_ORDER)
    gone = discarded_tables(script)
    left = [table for table in LLD_ORDER if table not in gone]
    behind: dict[str, int] = {}
    last = -1
    for command in commands:
        if isinstance(command, OutputPlan):
            if command.node is None and command.alloc and not again:
                moved = {table for table, at in behind.items() if at == last}
                behind.update(dict.fromkeys(moved, command.index))
            last = command.index
        if isinstance(command, (OutputPlan, Dropped)) and command.node is not None:
            for statement in _inputs(command.node):
                taken = [table for table in left if takes_table(statement, table)]
                left = [table for table in left if table not in taken]
                behind.update(dict.fromkeys(taken, last))
    return DescribedTables(behind, gone, tuple(left))


def discarded_tables(script: ScriptFile) -> dict[str, n.InputStatement]:
    """The tables that no output section takes before /DISCARD/ does, and by which statement."""
    taken = _takers(script)
    return {name: statement for name, (where, statement) in taken.items() if where == DISCARD}


def named_tables(script: ScriptFile) -> frozenset[str]:
    """The tables that a statement of the script takes."""
    return frozenset(_takers(script))


def _takers(script: ScriptFile) -> dict[str, tuple[str, n.InputStatement]]:
    """For each table that a statement takes the output section, and the first such statement."""
    left: set[str] = {*LLD_ORDER, STACK_NOTE}
    found: dict[str, tuple[str, n.InputStatement]] = {}
    sections = (item for command in script.of(n.SectionsCommand) for item in command.items)
    for section in sections:
        if not isinstance(section, n.OutputSection):
            continue
        for statement in _inputs(section):
            taken = {table for table in left if takes_table(statement, table)}
            left -= taken
            found.update(dict.fromkeys(taken, (section.name, statement)))
    return found


def _inputs(node: n.OutputSection) -> Iterator[n.InputStatement]:
    for statement in node.statements:
        if isinstance(statement, n.InputStatement):
            yield statement


def takes_table(statement: n.InputStatement, table: str) -> bool:
    """Whether a statement matches a table, which no file has and which has no flags."""
    everywhere = statement.file.pattern == "*" and not statement.file.quoted
    return (
        everywhere
        and not statement.with_flags
        and any(compile_section_pattern(section.pattern)(table) for section in statement.sections)
    )
