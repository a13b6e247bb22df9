"""One file as --wrap sees it: references to NAME mean `__wrap_NAME`, those to `__real_NAME` mean
NAME (GNU ld manual 2.1)."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from ...model import UNDEF, ObjectFile

WRAP, REAL = "__wrap_", "__real_"


def new_names(names: Collection[str]) -> dict[str, str]:
    """What references to the names of a wrapped function, and to the real one, mean."""
    return {name: WRAP + name for name in names} | {REAL + name: name for name in names}


def wrapped(file: ObjectFile, names: Collection[str]) -> ObjectFile:
    """The file with its references redirected."""
    new = new_names(names)
    shndx, first = file.symbols.shndx, file.first_global
    changes = {
        index: new[name]
        for index, name in enumerate(file.global_names, first)
        if name in new and shndx[index] == UNDEF
    }
    if not changes:
        return file
    strings, name_off = bytearray(file.symbols.strings), list(file.symbols.name_off)
    for index, name in changes.items():
        name_off[index] = len(strings)
        strings += name.encode("utf-8", "surrogateescape") + b"\0"
    symbols = attrs.evolve(file.symbols, strings=bytes(strings), name_off=tuple(name_off))
    return attrs.evolve(file, symbols=symbols)
