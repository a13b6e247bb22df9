"""--symbol-ordering-file: sections in the order of the symbols that a file lists.

Whoever knows in which order a program runs through its functions can have them side by side.  The
sections of the listed symbols come first within what one pattern of the script takes (or, without a
script, within their output section), in the list's order; the others follow as they were.

Source: ld.lld(1), and made files linked with ld.lld-19."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...diag import Diagnostics
from ...model import ABS
from ..names.resolve import Resolution
from .match import SectionId, SectionList

COMMENT = "#"


def read_symbol_order(text: str) -> tuple[str, ...]:
    """The names in an ordering file: one in a line, `#` begins a comment line."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith(COMMENT))


def symbol_ranks(
    names: Sequence[str],
    path: str,
    table: SectionList,
    resolution: Resolution,
    diags: Diagnostics,
) -> dict[SectionId, int]:
    """The sections of listed symbols, each with its place in the list.  Warns symbol-order of names
    that order nothing; path: of the list, "" when it has none."""
    rank: dict[str, int] = {}
    for name in names:
        if name in rank:
            _warn(f"{path}: duplicate ordered symbol: {name}".removeprefix(": "), diags)
        rank.setdefault(name, len(rank))
    seen, first = _ranked_sections(rank, table, resolution, diags)
    for name in (name for name in rank if name not in seen):
        _warn(f"symbol ordering file: no such symbol: {name}", diags)
    return first


def _ranked_sections(
    rank: dict[str, int], table: SectionList, resolution: Resolution, diags: Diagnostics
) -> tuple[set[str], dict[SectionId, int]]:
    """The names that are there, and the best rank of each section's symbols; local symbols of all
    files count, and of a global one its definer's."""
    seen: set[str] = set()
    first: dict[SectionId, int] = {}
    for name, file, index in _symbols(resolution):
        if name not in rank:
            continue
        seen.add(name)
        shndx = resolution.files[file].symbols.shndx[index]
        if shndx > 0:
            sid = table.base[file] + shndx
            first[sid] = min(rank[name], first.get(sid, rank[name]))
        elif shndx == ABS:
            where = resolution.files[file].name
            _warn(f"{where}: unable to order absolute symbol: {name}", diags)
    for name, where in _undefined(rank, resolution):
        seen.add(name)
        if not diags.ignores("undefined-symbol"):
            _warn(f"{where}: unable to order undefined symbol: {name}", diags)
    return seen, first


def _undefined(names: Iterable[str], resolution: Resolution) -> Iterable[tuple[str, str]]:
    """Those of some names that nobody defines, and the first file that refers to each."""
    for name in names:
        if name in resolution.undefined:
            files = zip(resolution.files, resolution.global_names)
            yield name, next((obj.name for obj, known in files if name in known), "")


def _symbols(resolution: Resolution) -> Iterable[tuple[str, int, int]]:
    for name, (file, index) in resolution.definer.items():
        yield name, file, index
    for file, obj in enumerate(resolution.files[:-1]):
        for index in range(1, resolution.first_global[file]):
            yield obj.symbols.name(index), file, index


def _warn(message: str, diags: Diagnostics) -> None:
    diags.warn(
        "symbol-order",
        message,
        help=["correct the ordering file, or link with --no-warn-symbol-ordering"],
    )
