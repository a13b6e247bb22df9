"""What options say of a program that moves, in `.dynamic`: flags for a loader, and which functions
begin and end it.

A loader that finds a flag does what it says for the program and what it loads with it.  Each linker
knows some of them for a program, and passes over the others in silence.

Source: GNU ld manual 2.1, -z; `readelf -d` of programs linked with each keyword."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from ..dialect import Dialect

ORIGIN, SYMBOLIC = 1, 2
"""DF_ORIGIN, DF_SYMBOLIC."""
UNIQUE = 1
"""DF_GNU_1_UNIQUE."""

FLAGS_1 = {
    "global": 0x2, "group": 0x4, "nodelete": 0x8, "loadfltr": 0x10, "initfirst": 0x20,
    "nodlopen": 0x40, "origin": 0x80, "interpose": 0x400, "nodefaultlib": 0x800, "nodump": 0x1000,
    "globalaudit": 0x01000000,
}  # fmt: skip
"""Keyword -> DF_1_*."""

GNU_KNOWS = frozenset(
    ("global", "group", "loadfltr", "origin", "interpose", "nodefaultlib", "nodump", "globalaudit")
)
LLD_KNOWS = frozenset(
    ("global", "nodelete", "initfirst", "nodlopen", "origin", "interpose", "nodefaultlib")
)


@attrs.frozen
class DynamicWords:
    """flags, flags_1, gnu_flags_1: bits of these entries; init, fini: names of functions."""

    flags: int = 0
    flags_1: int = 0
    gnu_flags_1: int = 0
    init: str = "_init"
    fini: str = "_fini"


def dynamic_words(
    keywords: Collection[str], init: str, fini: str, dialect: Dialect
) -> DynamicWords:
    """What a dialect's linker makes of keywords, and of -init and -fini."""
    gnu = dialect.tables_like_gnu
    known = GNU_KNOWS if gnu else LLD_KNOWS
    flags = ORIGIN if "origin" in keywords else 0
    if "symbolic" in keywords and not gnu:
        flags |= SYMBOLIC
    return DynamicWords(
        flags,
        sum(bit for word, bit in FLAGS_1.items() if word in keywords and word in known),
        UNIQUE if "unique" in keywords and gnu else 0,
        init,
        fini,
    )
