"""Undefined names that some file cannot do without: for GNU ld another thing than those that are
only asked for weakly, also when both turn out to be 0."""

from __future__ import annotations

from ... import elf_const as c
from ...model import UNDEF
from .resolve import Resolution


def strongly_wanted(resolution: Resolution) -> frozenset[str]:
    """The undefined names that have a reference which is not weak."""
    found: set[str] = set()
    if not resolution.undefined:
        return frozenset()
    for file, names in enumerate(resolution.global_names):
        wanted = resolution.undefined.intersection(names)
        if not wanted:
            continue
        first, symbols = resolution.first_global[file], resolution.files[file].symbols
        found.update(
            name
            for at, name in enumerate(names, first)
            if name in wanted and symbols.shndx[at] == UNDEF and symbols.info[at] >> 4 != c.STB_WEAK
        )
    return frozenset(found)
