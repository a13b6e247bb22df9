"""Libraries: what can join a link and need not, and where `-lNAME` finds it.

An archive, or an object between --start-lib and --end-lib, joins only when needed.  Which file is
meant by `-lc` is decided by the directories of -L, in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...model import ObjectFile

if TYPE_CHECKING:
    from ...formats.ar import Archive


@attrs.frozen(eq=False, repr=False, slots=False)
class Library:
    """Objects that join the link only when they define what it needs, or all of them.

    source: an archive, or one object between --start-lib and --end-lib.  member_paths: members of a
    thin archive are known to scripts by their path, not by the name the archive gives them."""

    name: str
    source: Archive | ObjectFile
    whole: bool = False
    member_paths: bool = False
    prefixes: tuple[tuple[str, str], ...] = ()
    wrap: tuple[str, ...] = ()

    @cached_property
    def symbols(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The names members define, and for each the key of its member; keys rise with members."""
        if isinstance(self.source, ObjectFile):
            from ...formats.ar import defined_names

            names = tuple(defined_names(self.source))
            return names, (0,) * len(names)
        names, keys = self.source.symbols
        for kind, prefix in self.prefixes:
            if kind == "prefix_symbols":
                names = tuple([prefix + name for name in names])
        return names, keys

    def open(self, key: int) -> ObjectFile:
        """The member of that key; fails as formats.read does."""
        if isinstance(self.source, ObjectFile):
            if self.wrap:
                from ..names.wrapped import wrapped

                return wrapped(self.source, self.wrap)
            return self.source
        file = self.source.open(key)
        if self.member_paths and self.source.thin:
            folder = os.path.dirname(self.source.name)
            file = attrs.evolve(file, member=os.path.join(folder, file.member))
        file = prefixed(file, self.prefixes)
        if self.wrap:
            from ..names.wrapped import wrapped

            return wrapped(file, self.wrap)
        return file

    def every(self) -> Iterator[int]:
        """The keys of all members in order."""
        if isinstance(self.source, ObjectFile):
            yield 0
        else:
            yield from (member.offset for member in self.source)


def prefixed(file: ObjectFile, prefixes: Iterable[tuple[str, str]]) -> ObjectFile:
    """The file with the names --prefix-symbols and its like give it."""
    for kind, prefix in prefixes:
        file = getattr(file, kind)(prefix)
    return file


@attrs.frozen(eq=False, repr=False)
class Search:
    """Where libraries and files named in scripts are looked for, in order.

    sysroot: what `=` or `$SYSROOT` at the front of a path stands for (GNU ld manual 2.1, -L).
    machine: what -m asks for, as in the ELF header; 0 when it was not given.
    """

    folders: tuple[str, ...] = ()
    sysroot: str = ""
    machine: int = 0

    @staticmethod
    def of(folders: Iterable[str], sysroot: str = "", machine: int = 0) -> Search:
        return Search((), sysroot, machine).with_folders(folders)

    def with_folders(self, more: Iterable[str]) -> Search:
        return attrs.evolve(self, folders=(*self.folders, *map(self.rooted, more)))

    def rooted(self, path: str, script: str = "") -> str:
        """The path that is meant: below the sysroot when it says so by its front, or when it is
        absolute and the script that names it lies there (GNU ld manual 3.4.2)."""
        for mark in ("=", "$SYSROOT"):
            if path.startswith(mark):
                return os.path.join(self.sysroot or "/", path[len(mark) :].lstrip("/"))
        if self.sysroot and script and os.path.isabs(path):
            root = os.path.realpath(self.sysroot)
            if os.path.realpath(script).startswith(os.path.join(root, "")):
                return os.path.join(self.sysroot, path.lstrip("/"))
        return path


def find_library(name: str, static: bool, search: Search) -> tuple[str | None, str]:
    """The file `-lNAME` means: libNAME.a in the first folder that has it; `-l:FILE` means FILE.

    Where GNU ld would take libNAME.so, only one that is text (a script) is taken.  A library for
    another machine than -m asks for comes last.  Returns the path, or None and the first shared
    library that was passed over.
    """
    shared, foreign = "", None
    for path in _library_paths(name, static, search.folders):
        if not os.path.isfile(path):
            continue
        machine = machine_of(path)
        if path.endswith(".so") and machine:
            shared = shared or path
        elif machine and search.machine not in (0, machine):
            foreign = foreign or path
        else:
            return path, shared
    return foreign, shared


def _library_paths(name: str, static: bool, folders: Iterable[str]) -> Iterator[str]:
    if name[:1] == ":":
        names = [name[1:]]
    else:
        names = [f"lib{name}.a"] if static else [f"lib{name}.so", f"lib{name}.a"]
    for folder in folders:
        for file in names:
            yield os.path.join(folder, file)


_HEADERS = 16
"""Members that are looked at for an ELF header; what comes before the first object is text."""


def machine_of(path: str) -> int:
    """e_machine of an ELF file, or of the first object in an archive; 0 when there is none."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
            for _ in range(_HEADERS):
                if head[:4] == c.ELF_MAGIC:
                    return int.from_bytes(head[18:20], "little")
                if head[:8] == b"!<arch>\n":
                    file.seek(8)
                elif len(head) < 20:
                    break
                header = file.read(60)
                size = header[48:58].strip()
                if not size.isdigit():
                    break
                start = file.tell()
                head = file.read(20)
                file.seek(start + int(size) + int(size) % 2)
    except OSError:
        pass
    return 0
