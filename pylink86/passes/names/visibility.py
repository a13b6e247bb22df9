"""Who sees a global name: the strictest visibility that any file gives it counts (gABI ch.4)."""

from __future__ import annotations

from ... import elf_const as c
from .resolve import Resolution

FORCED_LOCAL = (c.STV_HIDDEN, c.STV_INTERNAL)
"""What no other module sees."""


def visibilities(resolution: Resolution) -> dict[str, int]:
    """The strictest visibility of each name that has another than the usual: internal, hidden,
    protected."""
    found: dict[str, int] = {}
    for file, names in enumerate(resolution.global_names):
        other = resolution.files[file].symbols.other
        if not any(other):
            continue
        first = resolution.first_global[file]
        for at, name in enumerate(names, first):
            visibility = other[at] & 3
            if visibility:
                old = found.get(name)
                found[name] = visibility if old is None else min(old, visibility)
    own = resolution.files[resolution.own]
    for at, name in enumerate(own.symbols.names):
        if own.symbols.other[at] & 3 and resolution.definer.get(name) == (resolution.own, at):
            found[name] = c.STV_HIDDEN
    return found
