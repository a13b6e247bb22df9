"""Names that other programs would see: global ones that no file hides.

Source: GNU ld manual 2.1, --gc-keep-exported; tried with hidden symbols in one of two files."""

from __future__ import annotations

from .. import elf_const as c
from .resolve import Resolution

SEEN = (c.STV_DEFAULT, c.STV_PROTECTED)


def exported_names(resolution: Resolution) -> tuple[str, ...]:
    """The defined names whose visibility is default or protected in every file."""
    hidden: set[str] = set()
    for file, names in enumerate(resolution.global_names):
        other = resolution.files[file].symbols.other
        first = resolution.first_global[file]
        hidden.update(name for at, name in enumerate(names, first) if other[at] & 3 not in SEEN)
    own = resolution.own
    return tuple(
        name for name, (file, _) in resolution.definer.items() if file != own and name not in hidden
    )
