"""--orphan-handling: what becomes of input sections that no statement of a script takes.

By default each gets a place beside its like.  Who wants to know of every section that reaches an
image asks for a warning or an error, or drops what the script does not name (GNU ld manual 2.1,
--orphan-handling)."""

from __future__ import annotations

import attrs

from ..diag import Diagnostics
from .match import Claims, SectionList
from .resolve import Resolution

MODES = ("place", "warn", "error", "discard")


def handle_orphans(
    claims: Claims, table: SectionList, resolution: Resolution, mode: str, diags: Diagnostics
) -> Claims:
    """Claims with the orphans as the mode wants them.  Reports orphan-section as a warning or an
    error; `discard` moves them to the discarded."""
    if mode in ("", "place"):
        return claims
    if mode == "discard":
        gone = claims.discarded.union(claims.orphans)
        return attrs.evolve(claims, orphans=(), discarded=gone)
    for sid in claims.orphans:
        name, file = table.name[sid], resolution.files[table.owner_file(sid)].name
        if mode == "error":
            diags.error(
                "orphan-section",
                f"unplaced orphan section `{name}' from `{file}'",
                help=[f"name it in the script: *({name}), or under /DISCARD/"],
            )
        else:
            diags.warn(
                "orphan-section",
                f"orphan section `{name}' from `{file}' being placed in section `{name}'",
                help=[f"name it in the script: *({name}), or under /DISCARD/"],
            )
    return claims
