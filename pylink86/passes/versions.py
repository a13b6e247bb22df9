"""VERSION in a program without a dynamic loader: names that are nobody else's business.

Version nodes name symbols for shared libraries.  In a static output LLD still makes those under
`local:` local symbols; GNU ld looks at them for shared libraries alone (GNU ld manual 3.9; tried
with both)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..dialect import Dialect
from ..script import nodes as n
from ..wildcard import compile_pattern, is_wildcard
from .scripts import ScriptFile


def version_locals(script: ScriptFile, dialect: Dialect) -> Callable[[str], bool] | None:
    """A test for names that VERSION makes local; None when it makes none so.

    An exact name counts before a pattern, a pattern before `*`; among patterns the last node's do,
    and its `global:` before its `local:`."""
    nodes = [node for command in script.of(n.Version) for node in command.nodes]
    if not dialect.version_hides or not any(node.locals for node in nodes):
        return None
    exact = {name: local for name, local in _rows(nodes) if not is_wildcard(name)}
    patterns = [(p, local) for p, local in _rows(nodes[::-1]) if is_wildcard(p)]
    patterns.sort(key=lambda row: row[0] == "*")
    tests = [(compile_pattern(pattern), local) for pattern, local in patterns]

    def is_local(name: str) -> bool:
        if name in exact:
            return exact[name]
        return next((local for test, local in tests if test(name)), False)

    return is_local


def _rows(nodes: Iterable[n.VersionNode]) -> Iterator[tuple[str, bool]]:
    """(name or pattern, whether it is under `local:`), in order."""
    for node in nodes:
        yield from ((name.strip('"'), False) for name in node.globals)
        yield from ((name.strip('"'), True) for name in node.locals)
