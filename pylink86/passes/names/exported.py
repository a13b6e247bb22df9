"""Names that other programs would see, which --gc-sections may be told to keep: global ones that no
file hides.

A static program has nobody who could see them.  GNU ld asks for --gc-keep-exported; LLD keeps what
--export-dynamic and its kin name, because it may as well be a program that loads others, and so
does GNU ld in one that moves.

Source: GNU ld manual 2.1; ld.lld(1); tried with hidden symbols in one of two files, and with
version scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import elf_const as c
from ...dialect import Dialect
from ..reading.scripts import ScriptFile
from .resolve import Resolution
from .versions import names_listed, names_of_inputs, version_locals

if TYPE_CHECKING:
    from ...link_options import LinkOptions

SEEN = (c.STV_DEFAULT, c.STV_PROTECTED)


def exported_names(
    resolution: Resolution, script: ScriptFile, options: LinkOptions, dialect: Dialect
) -> tuple[str, ...]:
    """The exported names that options keep, but not what version nodes make local."""
    exports = () if options.elf.relocatable else options.exports
    if dialect.tables_like_gnu and not options.elf.pie:
        exports = ()
    if not (options.gc_keep_exported or exports):
        return ()
    is_local = version_locals(script, dialect, True)
    is_listed = None if options.gc_keep_exported else names_listed(exports, dialect)
    return tuple(
        name
        for name in seen_names(resolution)
        if not (is_local and is_local(name)) and (is_listed is None or is_listed(name))
    )


def seen_names(resolution: Resolution) -> tuple[str, ...]:
    """The defined names whose visibility is default or protected in every file."""
    hidden: set[str] = set()
    for file, names in enumerate(resolution.global_names):
        other = resolution.files[file].symbols.other
        first = resolution.first_global[file]
        hidden.update(name for at, name in enumerate(names, first) if other[at] & 3 not in SEEN)
    return tuple(name for name in names_of_inputs(resolution) if name not in hidden)
