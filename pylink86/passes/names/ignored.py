"""--ignore-unresolved-symbol: names that may stay undefined, as if references to them were weak."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from ... import elf_const as c
from ...model import UNDEF, ObjectFile


def without_need(files: Sequence[ObjectFile], names: Collection[str]) -> tuple[ObjectFile, ...]:
    """The files with their undefined symbols of these names weak: they are 0 then, and no error.

    Done when archives have been searched, so that a member that defines one still joins."""
    return tuple(_weak(file, frozenset(names)) for file in files)


def _weak(file: ObjectFile, names: frozenset[str]) -> ObjectFile:
    if names.isdisjoint(file.global_names):
        return file
    symbols, first = file.symbols, file.first_global
    info = list(symbols.info)
    for index, name in enumerate(file.global_names, first):
        if name in names and symbols.shndx[index] == UNDEF:
            info[index] = c.STB_WEAK << 4 | info[index] & 0xF
    return attrs.evolve(file, symbols=attrs.evolve(symbols, info=tuple(info)))
