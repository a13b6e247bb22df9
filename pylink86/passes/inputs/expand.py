"""Compressed debug sections of the inputs, as they were before: the link sees nothing else.

Relocations count in the uncompressed bytes, and strings are merged only when they can be read."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...diag import Diagnostics, LinkError
from ...model import ObjectFile


def expand_sections(files: Sequence[ObjectFile], diags: Diagnostics) -> tuple[ObjectFile, ...]:
    """The files with every compressed section as it was; files without any are left alone.

    Reports bad-object, zstd-missing."""
    expanded = []
    for obj in files:
        if _has_any(obj):
            try:
                obj = _expanded(obj)
            except LinkError as problem:
                diags.extend(problem.diagnostics)
        expanded.append(obj)
    return tuple(expanded)


def _has_any(obj: ObjectFile) -> bool:
    return b".zdebug" in obj.sections.strings or any(
        flags & c.SHF_COMPRESSED for flags in set(obj.sections.flags)
    )


def _expanded(obj: ObjectFile) -> ObjectFile:
    from ...formats.compressed import expand, is_compressed

    sections = obj.sections
    contents = list(obj.contents)
    name_off, size = list(sections.name_off), list(sections.size)
    flags, align = list(sections.flags), list(sections.align)
    strings = bytearray(sections.strings)
    for index, name in enumerate(sections.names):
        if not is_compressed(name, flags[index]) or sections.type[index] == c.SHT_NOBITS:
            continue
        plain = expand(
            bytes(contents[index]), name, flags[index], align[index], obj.header.elf_class,
            f"{obj.name}({name})",
        )  # fmt: skip
        if plain is None:
            continue
        contents[index] = plain.content
        size[index], align[index] = len(plain.content), plain.align
        flags[index] &= ~c.SHF_COMPRESSED
        if plain.name != name:
            name_off[index] = len(strings)
            strings += plain.name.encode("utf-8", "surrogateescape") + b"\0"
    new = attrs.evolve(
        sections, name_off=tuple(name_off), size=tuple(size), flags=tuple(flags),
        align=tuple(align), strings=bytes(strings),
    )  # fmt: skip
    return attrs.evolve(obj, sections=new, contents=tuple(contents))
