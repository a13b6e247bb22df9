"""COMDAT groups: of those with one signature the first stays (gABI ch.4, Groups)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ... import elf_const as c
from ...dialect import Dialect
from ...model import ObjectFile


def comdat_losers(files: tuple[ObjectFile, ...], dialect: Dialect) -> frozenset[tuple[int, int]]:
    """Members of COMDAT groups whose signature an earlier file already brought (gABI ch.4,
    Groups)."""
    seen: set[str] = set()
    dropped: set[tuple[int, int]] = set()
    for number, obj in enumerate(files):
        types = obj.sections.type
        if c.SHT_GROUP in types:
            for index in (i for i, kind in enumerate(types) if kind == c.SHT_GROUP):
                words = [w for (w,) in struct.iter_unpack("<I", obj.contents[index])]
                if not words or not words[0] & c.GRP_COMDAT:
                    continue
                signature = _signature(obj, index)
                if signature in seen:
                    dropped.update((number, member) for member in words[1:])
                seen.add(signature)
        if dialect.keeps_first_linkonce and ".gnu.linkonce." in obj.sections.strings.decode(
            "latin1"
        ):
            for index, name in enumerate(obj.sections.names):
                if name.startswith(".gnu.linkonce."):
                    if name in seen:
                        dropped.add((number, index))
                    seen.add(name)
    return frozenset(dropped)


def _signature(obj: ObjectFile, group: int) -> str:
    """The name of the group's symbol; a section symbol has none and lends its section's name."""
    symbol = obj.sections.info[group]
    if obj.symbols.info[symbol] & 0xF == c.STT_SECTION:
        return obj.sections.names[obj.symbols.shndx[symbol]]
    return obj.symbols.name(symbol)


def group_of(obj: ObjectFile, section: int) -> str:
    """The signature of the group a section is in; "" when it is in none."""
    for index, kind in enumerate(obj.sections.type):
        if kind == c.SHT_GROUP:
            words = [w for (w,) in struct.iter_unpack("<I", obj.contents[index])]
            if section in words[1:]:
                return _signature(obj, index)
    return ""


def group_members(obj: ObjectFile, base: int = 0) -> Iterator[list[int]]:
    """The section numbers of each group of a file, counted from `base`."""
    for index, kind in enumerate(obj.sections.type):
        if kind == c.SHT_GROUP:
            words = [w for (w,) in struct.iter_unpack("<I", obj.contents[index])]
            yield [base + member for member in words[1:] if member < len(obj.sections)]
