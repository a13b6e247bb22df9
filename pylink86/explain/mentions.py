"""Who mentions a name: `--cref` (every name) and `--trace-symbol` (the names that are asked for).

"Who pulls this in?" and "why is this one taken and not mine?" are answered by the symbol tables of
the inputs, in the order they were read.

Source: `ld` 2.40 and `ld.lld-19` on the same objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..model import COMMON, UNDEF
from ..passes.words import names_used
from ..result import LinkResult
from ..script import nodes as n
from .mapwalk import top_level
from .names import readable

FILE_COLUMN = 50


class Mention(NamedTuple):
    """A global name in the symbol table of an input; kind: DEFINED, COMMON_BLOCK or REFERRED."""

    name: str
    file: str
    kind: int


DEFINED, COMMON_BLOCK, REFERRED = range(3)


def mentions(result: LinkResult) -> Iterator[Mention]:
    """Every global name of every input, in the order of the files and their tables."""
    resolution = result.resolution
    for number, obj in enumerate(resolution.files[:-1]):
        first = resolution.first_global[number]
        for index, name in enumerate(resolution.global_names[number], first):
            shndx = obj.symbols.shndx[index]
            kind = DEFINED
            if shndx == UNDEF or (number, shndx) in resolution.dropped:
                kind = REFERRED
            elif shndx == COMMON:
                kind = COMMON_BLOCK
            yield Mention(name, obj.name, kind)


# --cref


def cross_references(result: LinkResult, demangle: bool = True) -> str:
    """The table `Symbol  File`: for each name the file that defines it and those that use it.

    In GNU ld's order by name.  demangle: show those of Rust and C++ as their languages write them.
    """
    rows = _gnu_rows(result) if result.dialect.name == "gnu" else _lld_rows(result)
    if demangle:
        rows = [(readable(name), files) for name, files in rows]
    if result.dialect.name == "gnu":
        rows.sort(key=lambda row: row[0].encode("utf-8", "surrogateescape"))
    lines = ["", "Cross Reference Table", "", f"{'Symbol':<{FILE_COLUMN}}File"]
    for shown, files in rows:
        for file in files:
            lines.append(f"{shown:<{FILE_COLUMN - 1}} {file}")
            shown = ""
    return "".join(f"{line}\n" for line in lines)


def _gnu_rows(result: LinkResult) -> list[tuple[str, list[str]]]:
    """Of a name definitions come first, then common blocks, then references, each kind
    with the last file first."""
    found: dict[str, list[list[str]]] = {}
    for mention in mentions(result):
        found.setdefault(mention.name, [[], [], []])[mention.kind].insert(0, mention.file)
    return [(name, [file for kind in kinds for file in kind]) for name, kinds in found.items()]


def _lld_rows(result: LinkResult) -> list[tuple[str, list[str]]]:
    """In the order they are first met; names that stay undefined are left out."""
    found: dict[str, list[str]] = {}
    for mention in mentions(result):
        definer = _definer(result, mention.name)
        if definer:
            files = found.setdefault(mention.name, [definer])
            if mention.file not in files:
                files.append(mention.file)
    return list(found.items())


def _definer(result: LinkResult, name: str) -> str:
    """The file that defines a name, or the script's line; "" when none does, or its section is not
    in the output."""
    if name in result.placed.symbols:
        return _script_place(result, name)
    where = result.resolution.definer.get(name)
    if where is None or result.placed.addresses.of_symbol(*where) is None:
        return ""
    return _file_of(result, where)


def _file_of(result: LinkResult, where: tuple[int, int]) -> str:
    """The file of a definition; a common block belongs to the file with the largest."""
    number, index = where
    resolution = result.resolution
    if number == resolution.own:
        number = resolution.own_origin[resolution.files[number].symbols.shndx[index]]
    return resolution.files[number].name if number >= 0 else "<internal>"


def _script_place(result: LinkResult, name: str) -> str:
    """`kernel.ld:14`: where the script assigns a name."""
    for node in _assignments(result.script.commands):
        if node.name == name and node.span is not None:
            source = node.span.source.name
            return "--defsym" if source.startswith("--defsym") else f"{source}:{node.span.line}"
    return "<internal>"


def _assignments(items: Iterable[object]) -> Iterator[n.Assignment]:
    for item in items:
        if isinstance(item, n.Assignment):
            yield item
        elif isinstance(item, n.SectionsCommand):
            yield from _assignments(item.items)
        elif isinstance(item, n.OutputSection):
            yield from _assignments(item.statements)


# --trace-symbol


def traced(result: LinkResult, names: Iterable[str]) -> str:
    """A line for each mention of the names, in the order of the files.

    LLD tells common blocks from definitions, and of a name that the script or an option brings.
    """
    wanted = dict.fromkeys(names)
    words = ("definition of", "definition of", "reference to")
    lines: list[str] = []
    if result.dialect.name != "gnu":
        words = ("definition of", "common definition of", "reference to")
        asked = (name for name in result.options.undefined if name in wanted)
        lines += [f"<internal>: reference to {name}" for name in asked]
    found = [mention for mention in mentions(result) if mention.name in wanted]
    if result.dialect.name != "gnu":
        found = list(_without_later_commons(found))
    lines += [f"{mention.file}: {words[mention.kind]} {mention.name}" for mention in found]
    if result.dialect.name != "gnu":
        lines += _late(result, list(wanted), found)
    return "".join(f"{line}\n" for line in lines)


def traced_files(result: LinkResult, names: Iterable[str]) -> str:
    """LLD's --trace and --trace-symbol together: below each file what it says of the names."""
    below: dict[str, list[str]] = {file: [] for file in result.inputs.trace}
    lines = traced(result, names).splitlines()
    wanted = frozenset(names)
    asked = sum(name in wanted for name in result.options.undefined)
    before, after = lines[:asked], list[str]()
    for line in lines[asked:]:
        below.get(line.partition(": ")[0], after).append(line)
    inside = (line for file, lines in below.items() for line in (file, *lines))
    return "".join(f"{line}\n" for line in (*before, *inside, *after))


def _without_later_commons(found: list[Mention]) -> Iterator[Mention]:
    """LLD tells only of the first common block of a name."""
    seen: set[str] = set()
    for mention in found:
        if mention.kind != COMMON_BLOCK or mention.name not in seen:
            yield mention
        if mention.kind == COMMON_BLOCK:
            seen.add(mention.name)


def _names_in_script(result: LinkResult) -> set[str]:
    """Names that expressions of the script use."""
    found: set[str] = set()
    for item in top_level(result):
        for node in item.statements if isinstance(item, n.OutputSection) else (item,):
            found |= names_used(node)
    return found


def _late(result: LinkResult, names: list[str], found: list[Mention]) -> Iterator[str]:
    """What LLD says when all files are read: names in the script, common blocks that are given
    their place."""
    used = _names_in_script(result)
    yield from (f"<internal>: reference to {name}" for name in names if name in used)
    assigned = [name for name in names if name in result.placed.symbols]
    yield from (f"<internal>: definition of {name}" for name in assigned)
    commons = {mention.name for mention in found if mention.kind == COMMON_BLOCK}
    for name in names:
        where = result.resolution.definer.get(name)
        if name in commons and where is not None and where[0] == result.resolution.own:
            yield f"{_file_of(result, where)}: definition of {name}"
    yield from (f"{_script_place(result, name)}: definition of {name}" for name in assigned)
