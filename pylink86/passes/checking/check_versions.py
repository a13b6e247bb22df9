"""Version scripts that contradict themselves, or name what is not there."""

from __future__ import annotations

from collections.abc import Sequence

from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..names.resolve import Resolution
from ..names.versions import version_nodes, version_rules
from ..reading.scripts import ScriptFile


def check_versions(
    script: ScriptFile,
    resolution: Resolution,
    assigned: frozenset[str],
    options: ElfOptions,
    dialect: Dialect,
    diags: Diagnostics,
) -> None:
    """version-mixed: a node without a name is the only one.  version-undefined: LLD wants what
    nodes name in full to be defined, unless --undefined-version is given.

    assigned: names that the script gives a value."""
    nodes = version_nodes(script)
    if len(nodes) > 1 and not all(node.name for node in nodes):
        diags.error(
            "version-mixed",
            "anonymous version tag cannot be combined with other version tags",
            span=next(node.span for node in nodes if not node.name),
            help=["give every node a name, or leave out all but one"],
        )
    if options.undefined_version or options.relocatable or not dialect.version_hides:
        return
    from ..names.cxx_names import demangled

    defined = {*resolution.definer, *assigned}
    in_source = {demangled(name) or name for name in defined} if _has_cxx(nodes) else set[str]()
    for rule in version_rules(nodes, dialect):
        if rule.is_exact and rule.text not in (in_source if rule.cxx else defined):
            kind = "local" if rule.local else rule.node or "global"
            diags.error(
                "version-undefined",
                f"version script assignment of '{kind}' to symbol '{rule.text}' failed: symbol not "
                "defined",
                help=["take the name out of the script, or link with --undefined-version"],
            )


def _has_cxx(nodes: Sequence[n.VersionNode]) -> bool:
    return any(node.cxx_globals or node.cxx_locals for node in nodes)
