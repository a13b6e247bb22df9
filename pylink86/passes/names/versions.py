"""VERSION and --version-script in a program without a dynamic loader: names that are nobody else's
business.

Version nodes name symbols for shared libraries.  In a static output LLD still makes those under
`local:` local symbols; GNU ld does so only in one that runs at any address (-pie), and looks at
them for shared libraries otherwise (GNU ld manual 3.9; tried with both)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ...dialect import Dialect
from ...script import nodes as n
from ...wildcard import compile_pattern, is_wildcard
from ..reading.scripts import ScriptFile
from .resolve import Resolution

Test = Callable[[str], bool]


class Rule(NamedTuple):
    """A name or pattern of a version node: of demangled names (cxx), under `local:` (local)."""

    pattern: str
    cxx: bool
    local: bool
    node: str

    @property
    def is_exact(self) -> bool:
        return self.pattern.startswith('"') or not is_wildcard(self.pattern)

    @property
    def text(self) -> str:
        return self.pattern.strip('"')


def version_nodes(script: ScriptFile) -> list[n.VersionNode]:
    return [node for command in script.of(n.Version) for node in command.nodes]


def hides_names(dialect: Dialect, moves: bool) -> bool:
    """Whether `local:` makes names local; moves: the program runs at any address."""
    return dialect.version_hides or moves


def version_locals(script: ScriptFile, dialect: Dialect, moves: bool = False) -> Test | None:
    """A test for names that version nodes make local; None when they make none so."""
    nodes = version_nodes(script)
    if not hides_names(dialect, moves):
        return None
    if not any(node.locals or node.cxx_locals for node in nodes):
        return None
    rule_of = _rule_finder(nodes, dialect)

    def is_local(name: str) -> bool:
        rule = rule_of(name)
        return rule is not None and rule.local

    return is_local


def names_of_inputs(resolution: Resolution) -> Iterator[str]:
    """The names that input files define, COMMON blocks too."""
    own = resolution.files[resolution.own]
    for name, (file, index) in resolution.definer.items():
        if file != resolution.own or own.sections.names[own.symbols.shndx[index]] == "COMMON":
            yield name


def names_listed(nodes: Sequence[n.VersionNode], dialect: Dialect) -> Test:
    """A test for names under `global:`, as lists of exported symbols have them."""
    rule_of = _rule_finder(nodes, dialect)
    return lambda name: rule_of(name) is not None


def _rule_finder(nodes: Sequence[n.VersionNode], dialect: Dialect) -> Callable[[str], Rule | None]:
    """What finds the rule that counts for a name.

    An exact name counts before a pattern, a pattern before `*`.  Among patterns those of LLD's last
    node count, its `global:` before its `local:`; with GNU ld every `global:` before every
    `local:`."""
    from .cxx_names import demangled

    rules = list(version_rules(nodes, dialect))
    exact = {(rule.cxx, rule.text): rule for rule in rules if rule.is_exact}
    backwards = rules if dialect.tables_like_gnu else list(version_rules(nodes[::-1], dialect))
    patterns = [rule for rule in backwards if not rule.is_exact]
    patterns.sort(key=lambda r: (r.pattern == "*", dialect.tables_like_gnu and r.local))
    tests = [(compile_pattern(rule.pattern), rule) for rule in patterns]
    reads_cxx = any(rule.cxx for rule in rules)

    def rule_of(name: str) -> Rule | None:
        source = (demangled(name) or name) if reads_cxx else ""
        found = exact.get((False, name)) or exact.get((True, source))
        if found is not None:
            return found
        return next((rule for test, rule in tests if test(source if rule.cxx else name)), None)

    return rule_of


def version_rules(nodes: Sequence[n.VersionNode], dialect: Dialect) -> Iterator[Rule]:
    """The rules of the nodes, in order.  What is quoted is no pattern; LLD means so only in
    `extern "C++"`."""
    for node in nodes:
        for names, cxx, local in (
            (node.globals, False, False),
            (node.cxx_globals, True, False),
            (node.locals, False, True),
            (node.cxx_locals, True, True),
        ):
            unquotes = not (cxx or dialect.tables_like_gnu)
            for name in names:
                yield Rule(name.strip('"') if unquotes else name, cxx, local, node.name)
