"""Which names of a program that moves GNU ld lists for others.

`--export-dynamic` and its kin list defined names that no file hides and no version script makes
local.

Found with `ld -pie` on objects with each kind of reference, and `readelf --dyn-syms`."""

from __future__ import annotations

from collections.abc import Sequence

from ...dialect import Dialect
from ...script.nodes import VersionNode
from ..finishing.name_order import names_in_reading_order
from ..inputs.needs import assigned
from ..names.resolve import Resolution
from ..names.strongly_wanted import strongly_wanted
from ..names.versions import names_listed, version_locals
from ..names.visibility import FORCED_LOCAL, visibilities
from ..own.own_file import OFFSET_TABLE
from ..reading.scripts import ScriptFile
from ..tables import BOUNDARIES
from .dynamic_names import Listed


def asked_exports(
    script: ScriptFile,
    resolution: Resolution,
    exports: Sequence[VersionNode],
    asked: Sequence[str],
    dialect: Dialect,
) -> Listed:
    """What options and script ask for; asked: the entry and the names of -u, as the link meets
    them."""
    nodes = list(assigned(script.commands))
    own = ("_DYNAMIC", OFFSET_TABLE, *(node.name for node in nodes if not node.provide))
    met = tuple(dict.fromkeys((*asked, *names_in_reading_order(resolution), *own)))
    if not exports:
        return Listed(met)
    is_listed = names_listed(exports, dialect)
    is_local = version_locals(script, dialect, True)
    seen = visibilities(resolution)
    made = {node.name: node for node in nodes}
    exported: set[str] = set()
    hidden: set[str] = set()
    bounds = _bounds(resolution)
    weak = resolution.undefined - strongly_wanted(resolution) - made.keys() - bounds
    for name in met:
        node = made.get(name)
        if not is_listed(name) or name in weak or (node is not None and node.hidden):
            continue
        if is_local is not None and is_local(name):
            continue
        is_hidden = seen.get(name) in FORCED_LOCAL
        (hidden if is_hidden else exported).add(name)
    undefined = exported & (resolution.undefined - made.keys() - bounds)
    return Listed(
        met,
        frozenset(exported),
        frozenset(hidden),
        undefined=undefined,
        weak=frozenset(filter(is_listed, weak)),
    )


def _bounds(resolution: Resolution) -> frozenset[str]:
    """The undefined names that say where a section begins or ends."""
    sections = {name for obj in resolution.files for name in obj.sections.names}
    return frozenset(
        name
        for name in resolution.undefined
        for prefix in BOUNDARIES
        if name.startswith(prefix) and name.removeprefix(prefix) in sections
    )
