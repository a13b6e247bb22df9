"""What options say of a program that moves, in `.dynamic`: flags for a loader, and which functions
begin and end it.

A loader that finds a flag does what it says for the program and what it loads with it.  Each linker
knows some of them for a program, and passes over the others in silence.

Source: GNU ld manual 2.1, -z; `readelf -d` of programs linked with each keyword."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ..elf_options import ElfOptions
from ..tables import DynamicNames

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
    """flags, flags_1, gnu_flags_1: bits of these entries; init, fini: names of functions; texts:
    tags of entries with a text, in order."""

    flags: int = 0
    flags_1: int = 0
    gnu_flags_1: int = 0
    init: str = "_init"
    fini: str = "_fini"
    texts: tuple[tuple[int, str], ...] = ()
    read_only: bool = False
    """Nobody can write into `.dynamic`: it has no place for the loader's own list."""


def dynamic_words(options: ElfOptions, dialect: Dialect) -> DynamicWords:
    """What a dialect's linker makes of options."""
    gnu, keywords = dialect.tables_like_gnu, options.loader_words
    known = GNU_KNOWS if gnu else LLD_KNOWS
    flags = ORIGIN if "origin" in keywords else 0
    if "symbolic" in keywords and not gnu:
        flags |= SYMBOLIC
    return DynamicWords(
        flags,
        sum(bit for word, bit in FLAGS_1.items() if word in keywords and word in known),
        UNIQUE if "unique" in keywords and gnu else 0,
        options.init,
        options.fini,
        tuple(_gnu_texts(options) if gnu else _lld_texts(options)),
        "rodynamic" in keywords and not gnu,
    )


def _gnu_texts(options: ElfOptions) -> Iterator[tuple[int, str]]:
    """The name, and lists in which nothing stands twice."""
    if options.soname:
        yield c.DT_SONAME, options.soname
    lists = (
        (_path_tag(options), options.run_paths),
        (c.DT_AUDIT, options.audits),
        (c.DT_DEPAUDIT, options.dependency_audits),
    )
    for tag, listed in lists:
        joined = ""
        for text in listed:
            if f":{text}:" not in f":{joined}:":
                joined += f":{text}" if joined else text
        if joined:
            yield tag, joined


def _lld_texts(options: ElfOptions) -> Iterator[tuple[int, str]]:
    if options.run_paths:
        yield _path_tag(options), ":".join(options.run_paths)
    if options.soname:
        yield c.DT_SONAME, options.soname


def _path_tag(options: ElfOptions) -> int:
    return c.DT_RUNPATH if options.new_tags else c.DT_RPATH


def names_of_texts(said: DynamicWords) -> DynamicNames:
    """LLD's `.dynstr`: each text once."""
    strings, where = bytearray(b"\0"), {}
    for _, text in said.texts:
        if text not in where:
            where[text] = len(strings)
            strings += text.encode("utf-8", "surrogateescape") + b"\0"
    return DynamicNames(contents={".dynstr": bytes(strings)}, texts=where)
