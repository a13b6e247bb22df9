"""Symbol tables that contradict themselves, which LLD refuses.

The header of a symbol table says where its global symbols begin (gABI ch.4, `sh_info`).  A symbol
whose binding says something else would count twice, or for nobody; GNU ld goes by the binding.

Source: objects with one byte of a symbol changed, given to ld.lld-19."""

from __future__ import annotations

from collections.abc import Iterable

from ... import elf_const as c
from ...diag import Diagnostics
from ...model import ObjectFile

GLOBAL = frozenset((c.STB_GLOBAL, c.STB_WEAK, c.STB_GNU_UNIQUE))

HELP = "the file is damaged: build it again"


def check_bindings(files: Iterable[ObjectFile], diags: Diagnostics) -> None:
    """bad-object: the first symbol of each file that is not what its place in the table says; ends
    the link."""
    for obj in files:
        said = _contradiction(obj)
        if said:
            diags.error("bad-object", f"{obj.name}: {said}", help=[HELP])
    diags.stop_on_errors()


def _contradiction(obj: ObjectFile) -> str:
    """In LLD's words; "" for a good file."""
    first, info = obj.first_global, obj.symbols.info
    early, late = {byte >> 4 for byte in info[1:first]}, {byte >> 4 for byte in info[first:]}
    if late - GLOBAL and first:
        index = next(i for i, byte in enumerate(info[first:], first) if byte >> 4 not in GLOBAL)
        return f"symbol ({index}) has invalid binding: {info[index] >> 4}"
    if early - {c.STB_LOCAL}:
        index = next(i for i, byte in enumerate(info) if i and byte >> 4 != c.STB_LOCAL)
        return f"non-local symbol ({index}) found at index < .symtab's sh_info ({first})"
    return ""
