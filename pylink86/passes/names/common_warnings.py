"""--warn-common: COMMON blocks that meet another definition of their name.

`int x;` in two files of old C is one variable, as large as the larger of the two.  Whoever did not
mean to share it learns of it here.

Source: GNU ld manual 2.1 (--warn-common); files with blocks of several sizes and definitions given
to GNU ld 2.40 and ld.lld-19."""

from __future__ import annotations

from collections.abc import Iterator

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import COMMON
from .resolve import Resolution

Known = tuple[int, int, bool]
"""Of a name: the file that has it by now, the size of its block or -1, whether it is weak."""

HELP = "declare it `extern` in all files but one, or compile with -fno-common"


def warn_common(resolution: Resolution, dialect: Dialect, diags: Diagnostics) -> None:
    """Warn of common-met, for each symbol that meets a block or is one that meets a definition."""
    files = resolution.files
    known: dict[str, Known] = {}
    for name, new in _definitions(resolution):
        old = known.get(name)
        if old is None or (old[2] and not new[2]):
            known[name] = new
            continue
        said = _met(name, old, new, files[old[0]].name, dialect)
        if said:
            both = f"{files[new[0]].name} and " if said.startswith("multiple") else ""
            where = files[old[0]].name if both else files[new[0]].name
            diags.warn("common-met", said, place=both + where, help=[HELP])
        if old[1] >= 0 and not new[2] and (new[1] < 0 or new[1] > old[1]):
            known[name] = new


def _definitions(resolution: Resolution) -> Iterator[tuple[str, Known]]:
    """Every block and definition of the inputs, from left to right."""
    for number, obj in enumerate(resolution.files[:-1]):
        symbols = obj.symbols
        for index, name in enumerate(obj.global_names, obj.first_global):
            shndx = symbols.shndx[index]
            if shndx:
                size = symbols.size[index] if shndx == COMMON else -1
                yield name, (number, size, symbols.info[index] >> 4 == c.STB_WEAK)


def _met(name: str, old: Known, new: Known, first: str, dialect: Dialect) -> str:
    """What is to be said, in GNU ld's words; "" where neither is a block.  Of a weak definition
    behind a block only LLD tells."""
    if old[1] < 0:
        return "" if new[1] < 0 else f"common of `{name}' overridden by definition from {first}"
    if new[1] < 0:
        quiet = new[2] and dialect.tables_like_gnu
        return "" if quiet else f"definition of `{name}' overriding common from {first}"
    if new[1] == old[1]:
        return f"multiple common of `{name}'"
    if new[1] > old[1]:
        return f"common of `{name}' overriding smaller common from {first}"
    return f"common of `{name}' overridden by larger common from {first}"
