"""Which names of a program that moves LLD lists for others.

`--export-dynamic` and its kin list defined names that no file hides and no version script makes
local, in the order in which the link meets them.

Found with `ld.lld-19 -pie` on objects of 1 to 100 names, and `readelf --dyn-syms`."""

from __future__ import annotations

from collections.abc import Sequence

from ...dialect import Dialect
from ...script.nodes import VersionNode
from ..finishing.name_order import names_in_reading_order
from ..inputs.needs import assigned
from ..names.resolve import Resolution
from ..names.versions import names_listed, version_locals
from ..names.visibility import FORCED_LOCAL, visibilities
from ..own.own_file import OFFSET_TABLE
from ..reading.scripts import ScriptFile
from .dynamic_names import Listed


def asked_of_lld(
    script: ScriptFile,
    resolution: Resolution,
    exports: Sequence[VersionNode],
    dialect: Dialect,
) -> Listed:
    """What options and script ask for, in order."""
    is_listed, is_local = names_listed(exports, dialect), version_locals(script, dialect, True)
    seen = visibilities(resolution)
    made = {node.name: node for node in assigned(script.commands)}
    met = tuple(dict.fromkeys((*names_in_reading_order(resolution), *made)))

    def is_exported(name: str) -> bool:
        node = made.get(name)
        if name == OFFSET_TABLE or seen.get(name) in FORCED_LOCAL:
            return False
        if node is None and name not in resolution.definer:
            return False
        if node is not None and (node.hidden or node.provide):
            return False
        return is_listed(name) and not (is_local is not None and is_local(name))

    return Listed(met, frozenset(filter(is_exported, met)))
