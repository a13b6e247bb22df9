"""Names that two files define: who they are, why there are two, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...diag import Diagnostics
from ...model import COMMON, ObjectFile
from ..inputs.members import Inputs
from ..near import listed

if TYPE_CHECKING:
    from ..checking.refs_lld import Places

SHOWN = 3
"""Names that are told of a pair of files."""


def report_duplicates(
    inputs: Inputs,
    twice: list[tuple[str, tuple[int, int], tuple[int, int]]],
    diags: Diagnostics,
    places: Places | None = None,
) -> None:
    """Every pair of files is told of with up to three names, and a count of the others; with
    places, for LLD's dialect, every name is told of, up to one more than --error-limit."""
    if places is not None:
        from ..checking.refs_lld import duplicate_notes

        limit = diags.error_limit + 1 if diags.error_limit else None
        for name, first, second in twice[:limit]:
            notes, cure = _why_twice(inputs, first[0], second[0])
            diags.error(
                "duplicate-symbol",
                f"multiple definition of `{name}'",
                place=describe(inputs.files, second),
                notes=[*duplicate_notes(places, first, second), *notes],
                help=[cure],
            )
        return
    pairs: dict[tuple[int, int], list[tuple[str, tuple[int, int], tuple[int, int]]]] = {}
    for name, first, second in twice:
        pairs.setdefault((first[0], second[0]), []).append((name, first, second))
    for (one, other), found in pairs.items():
        rest = [name for name, _, _ in found[SHOWN:]]
        notes, cure = _why_twice(inputs, one, other)
        for name, first, second in found[:SHOWN]:
            last = name == found[min(SHOWN, len(found)) - 1][0]
            more = [f"and {len(rest)} more: {listed(rest)}"] if rest and last else []
            diags.error(
                "duplicate-symbol",
                f"multiple definition of `{name}'",
                place=describe(inputs.files, second),
                notes=[f"{describe(inputs.files, first)}: first defined here", *notes, *more],
                help=[cure],
            )


def _why_twice(inputs: Inputs, one: int, other: int) -> tuple[list[str], str]:
    """How two files came to define the same, and what to do: they are one file, the script named
    one of them, an archive member joined for another name, or each needs its own."""
    if one in inputs.by_pattern and other not in inputs.by_pattern:
        one, other = other, one
    first, second = inputs.files[one].name, inputs.files[other].name
    if first == second:
        return [], f"`{second}' is linked twice: name it once"
    if other in inputs.by_pattern and one not in inputs.by_pattern:
        return (
            [
                f"`{second}' is not on the command line: the script names it, so it is opened and "
                "linked, too"
            ],
            f"if the script means `{first}', write that name in it, or a pattern such as "
            f"*{first.rpartition('/')[2]}",
        )
    return [why for number in (one, other) for why in inputs.why(number)], (
        "keep one of them, make the other one static or weak, or give one file's symbols a prefix: "
        f"--prefix-symbols=k_ {inputs.files[other].archive or second} --prefix-symbols="
    )


def describe(files: tuple[ObjectFile, ...], where: tuple[int, int]) -> str:
    """`file.o:(.text+0x12)`: the place a symbol is defined at."""
    obj = files[where[0]]
    shndx = obj.symbols.shndx[where[1]]
    value = obj.symbols.value[where[1]]
    if shndx > 0:
        return f"{obj.name}:({obj.sections.names[shndx]}+{value:#x})"
    return f"{obj.name}:(*COM*)" if shndx == COMMON else f"{obj.name}:(*ABS*+{value:#x})"
