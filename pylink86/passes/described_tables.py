"""Where a script puts the tables that every ELF file ends with.

Symbols and the names of symbols and sections are tables in sections of their own, and linkers write
them last.  For LLD they are inputs like any other: scripts such as Linux' list them (`.symtab 0 : {
*(.symtab) }`), and they then stand in the order of the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..dialect import Dialect
from ..script import nodes as n
from ..wildcard import compile_section_pattern
from .order import OutputPlan
from .orphans import Dropped

GNU_ORDER = (".symtab", ".strtab", ".shstrtab")
LLD_ORDER = (".symtab", ".shstrtab", ".strtab")


def order_of_tables(commands: Iterable[object], dialect: Dialect) -> tuple[str, ...]:
    """GNU ld's tables have one order; LLD's first that of the script, where it names them."""
    if dialect.tables_like_gnu:
        return GNU_ORDER
    named: dict[str, None] = {}
    for pattern in _patterns(commands):
        matches = compile_section_pattern(pattern)
        named.update(dict.fromkeys(table for table in LLD_ORDER if matches(table)))
    return tuple(dict.fromkeys((*named, *LLD_ORDER)))


def _patterns(commands: Iterable[object]) -> Iterator[str]:
    """Patterns for sections, as the script has them."""
    for command in commands:
        node = command.node if isinstance(command, (OutputPlan, Dropped)) else None
        for statement in node.statements if node is not None else ():
            if isinstance(statement, n.InputStatement):
                yield from (section.pattern for section in statement.sections)
