"""Versions of dynamic symbols: `memcpy@GLIBC_2.2.5`, `f@@V2`.

A shared library may have several functions of one name, for programs that were linked against it
years apart.  A table beside .dynsym gives each symbol a number, and two lists say which version a
number means: those that the file defines, and those that it needs of other files.

Source: LSB Core, "Symbol Versioning"; the spelling is that of GNU nm.
"""

from __future__ import annotations

import struct

from .. import elf_const as c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .draft import Draft, Sec, Sym

HIDDEN = 0x8000
"""Not the version that a plain name means."""
ENTRY = 16
"""Bytes of an entry of what is needed."""
ORDINARY = 2
"""Numbers below say that a symbol is local, or global without a version."""


def add_versions(draft: Draft, symbols: list[Sym]) -> None:
    """Append the version to the names of dynamic symbols, `@@` before the one that a plain name
    means.  Damaged tables name nothing."""
    tables = {sec.type: sec for sec in draft.secs}
    numbers = tables.get(c.SHT_GNU_VERSYM)
    if numbers is None:
        return
    try:
        every = struct.unpack(f"<{len(numbers.data) // 2}H", numbers.data)
        defined = dict(_defined(tables.get(c.SHT_GNU_VERDEF)))
        needed = dict(_needed(tables.get(c.SHT_GNU_VERNEED)))
    except (struct.error, ValueError, IndexError):
        return
    for sym in symbols:
        number = every[sym.old_index] if sym.old_index < len(every) else 0
        version = number & ~HIDDEN
        if version < ORDINARY:
            continue
        if version in defined:
            # The symbol of a version itself is called like it.
            if defined[version] != sym.name:
                sym.name += ("@" if number & HIDDEN else "@@") + defined[version]
        elif version in needed:
            sym.name += "@" + needed[version]


def _defined(table: Sec | None) -> Iterator[tuple[int, str]]:
    """Number and name of each version that the file defines."""
    for start in _chain(table, "<16xI"):
        assert table is not None
        number, first = struct.unpack_from("<4xH6xI", table.data, start)
        (name,) = struct.unpack_from("<I", table.data, start + first)
        yield number & ~HIDDEN, _text(table, name)


def _needed(table: Sec | None) -> Iterator[tuple[int, str]]:
    """The same for those of other files: each file has a list of its own."""
    left = len(table.data) // ENTRY if table is not None else 0
    for start in _chain(table, "<12xI"):
        assert table is not None
        (count, first) = struct.unpack_from("<2xH4xI", table.data, start)
        at = start + first
        for _ in range(count):
            number, name, step = struct.unpack_from("<6xHII", table.data, at)
            left -= 1
            if left < 0:
                return  # damaged: entries that overlap
            yield number & ~HIDDEN, _text(table, name)
            at += step


def _chain(table: Sec | None, next_of: str) -> Iterator[int]:
    """Where the entries of a list begin; each says how far the next is, the last one 0."""
    at = 0
    while table is not None:
        yield at
        (step,) = struct.unpack_from(next_of, table.data, at)
        if not step:
            return
        at += step


def _text(table: Sec, at: int) -> str:
    strings = bytes(table.link.data) if table.link is not None else b"\0"
    return strings[at : strings.index(b"\0", at)].decode("utf-8", "surrogateescape")
