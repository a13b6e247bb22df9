"""Names with versions: `f@V1` is another name than `f`, `f@@V2` is the `f` that everybody means.

`.symver` writes them so into object files, for shared libraries that offer several versions of one
function.  In a static link the default version has to answer to the plain name.  LLD calls it so
from then on, and writes no versions at all, but with -r; GNU ld keeps the name as it is written,
and knows it by `f@V2`, too."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...model import ObjectFile
from .resolve import Resolution

DEFAULT = "@@"


def named_by_default(files: Sequence[ObjectFile]) -> tuple[ObjectFile, ...]:
    """LLD: the files with `f@@V` under the name `f`."""
    return tuple(_renamed(obj) if DEFAULT.encode() in obj.symbols.strings else obj for obj in files)


def default_versions(files: Sequence[ObjectFile]) -> dict[str, str]:
    """`f` -> `f@@V`, the name that LLD writes with -r."""
    return {
        name.partition(DEFAULT)[0]: name
        for obj in files
        if DEFAULT.encode() in obj.symbols.strings
        for name in obj.global_names
        if DEFAULT in name
    }


def _renamed(obj: ObjectFile) -> ObjectFile:
    strings, offsets = bytearray(obj.symbols.strings), list(obj.symbols.name_off)
    for index, name in enumerate(obj.global_names, obj.first_global):
        plain, mark, _ = name.partition(DEFAULT)
        if mark:
            offsets[index] = len(strings)
            strings += plain.encode("utf-8", "surrogateescape") + b"\0"
    symbols = attrs.evolve(obj.symbols, strings=bytes(strings), name_off=tuple(offsets))
    return attrs.evolve(obj, symbols=symbols)


def with_default_versions(resolution: Resolution) -> Resolution:
    """GNU ld: references to `f` and `f@V` go to `f@@V`, unless somebody defines these names."""
    known: dict[str, str] = {}
    for name in resolution.definer:
        plain, mark, version = name.partition(DEFAULT)
        if mark:
            known.setdefault(plain, name)
            known.setdefault(f"{plain}@{version}", name)
    if not known:
        return resolution
    redirected = dict(resolution.redirected)
    for file, names in enumerate(resolution.global_names):
        for index, name in enumerate(names, resolution.first_global[file]):
            if name in known and name not in resolution.definer:
                redirected.setdefault((file, index), known[name])
    undefined = resolution.undefined - known.keys()
    return attrs.evolve(resolution, redirected=redirected, undefined=undefined)
