"""Warnings that objects bring along for those who link them.

A library can attach a text to a name ("the use of `gets' is dangerous"): the section
`.gnu.warning.gets` holds it, and whoever refers to `gets` is shown it; `.gnu.warning` is for
everybody who links the file.  The sections are not in the output (GNU ld manual, --no-warnings;
observed with `.section .gnu.warning.foo` in an object)."""

from __future__ import annotations

from collections.abc import Iterator

from ...diag import Diagnostics
from ...model import ObjectFile
from ..section_list import WARNING, is_link_warning
from .resolve import Resolution


def give_link_warnings(resolution: Resolution, diags: Diagnostics) -> None:
    """Warn (link-warning) of every name with a text that some file refers to, where it first is."""
    for file, obj in enumerate(resolution.files):
        if WARNING not in obj.sections.strings.decode("latin1"):
            continue
        for index, name in enumerate(obj.sections.names):
            if not is_link_warning(name):
                continue
            text = bytes(obj.contents[index]).rstrip(b"\0").decode("utf-8", "replace")
            symbol = name[len(WARNING) + 1 :]
            place: str | None = obj.name
            if symbol:
                place = next(_uses(resolution, symbol, file), None)
            if place is not None:
                diags.warn("link-warning", text, place=place)


def _uses(resolution: Resolution, name: str, owner: int) -> Iterator[str]:
    """Where other files refer to a name: the first relocation of each, else the file."""
    for file, names in enumerate(resolution.global_names):
        if file != owner and name in names:
            obj = resolution.files[file]
            symbol = resolution.first_global[file] + names.index(name)
            if not obj.symbols.shndx[symbol]:
                yield _first_place(obj, symbol) or obj.name


def _first_place(obj: ObjectFile, symbol: int) -> str:
    """`file.o:(.text+0x4)`: the first relocation that refers to a symbol."""
    for index, tables in obj.relocation_sections.items():
        for table in tables:
            rels = obj.relocations(table)
            if symbol in rels.symbol:
                offset = rels.offset[rels.symbol.index(symbol)]
                return f"{obj.name}:({obj.sections.names[index]}+{offset:#x})"
    return ""
