"""Archives: object files packed into one, with a table that says which of them defines which name.

A library has hundreds of object files and a program needs a few.  So `ar` writes a symbol table in
front: every name, and where the member that defines it begins.  A linker looks a name up there and
opens that one member; the others are never read.  A thin archive holds only the table and the
paths of its members, which stay files of their own.

Source: the layout common to System V, GNU and BSD `ar` (`man 5 ar`); GNU ar 2.40 and llvm-ar 19
tried for what no page says (`/SYM64/`, thin archives in archives, names as `/5301          /`).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from ..diag import LinkError, fail
from ..model import ObjectFile
from . import file_bytes, read_linkable, sniff
from .elf_check import bad

if TYPE_CHECKING:
    from mmap import mmap

    Data = bytes | mmap
    """A whole archive; slices are copies, so that a large file is only read where it is used."""

MAGIC = b"!<arch>\n"
THIN_MAGIC = b"!<thin>\n"

_HEADER = struct.Struct("16s12s6s6s8s10s2s")
"""Name, time, owner, group, mode, size in decimal, and the mark of every header."""
_MARK = b"`\n"

TABLE, WIDE_TABLE, LONG_NAMES = "/", "/SYM64/", "//"
_SPECIAL = frozenset(
    {TABLE, WIDE_TABLE, LONG_NAMES, "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64",
     "__.SYMDEF_64 SORTED", "/<ECSYMBOLS>/", "/<XFGHASHMAP>/"}
)  # fmt: skip
"""Members that are about the archive."""


_DEEPEST = 8
"""Thin archives in thin archives; those of real builds are one or two deep."""


class Member:
    """Where one member lies; offsets and sizes in bytes.

    offset: of its header in the archive.  start, size: of its content there.  In a thin archive the
    content is the file `path`; nested: offset of a header in the archive `path`, or 0."""

    def __init__(
        self, name: str, offset: int, start: int, size: int, path: str = "", nested: int = 0
    ) -> None:
        self.name, self.offset, self.start, self.size, self.path = name, offset, start, size, path
        self.nested = nested


@attrs.frozen(eq=False, repr=False, slots=False)
class Archive:
    """An archive with closed members.

    long_names: the table that names over 15 bytes are in; first: offset of the first member.
    table: names and the offsets of their members, in the archive's order; None without one.
    """

    name: str
    data: Data
    thin: bool
    long_names: bytes
    first: int
    table: tuple[tuple[str, ...], tuple[int, ...]] | None
    _opened: dict[int, ObjectFile] = attrs.field(factory=dict, repr=False)

    def __iter__(self) -> Iterator[Member]:
        """Every member that is a file, in order; bad-object where the chain breaks."""
        at = self.first
        while at < len(self.data):
            name, start, size = _header(self.data, at, self.name, self.long_names)
            if name not in _SPECIAL:
                yield self._member(name, at, start, size)
            at = start + (0 if self.thin and name not in _SPECIAL else size)
            at += at & 1

    def member_at(self, offset: int) -> Member:
        """The member whose header is at an offset, as the symbol table gives it."""
        name, start, size = _header(self.data, offset, self.name, self.long_names)
        return self._member(name, offset, start, size)

    def _member(self, name: str, offset: int, start: int, size: int) -> Member:
        name, _, nested = name.partition("\0")
        if self.thin:
            path = os.path.join(os.path.dirname(self.name), name)
            return Member(name, offset, start, size, path, int(nested or 0))
        if start + size > len(self.data):
            what = f"its {size:#x} bytes reach beyond the file's {len(self.data):#x}"
            bad(self.name, f"member {name}", offset, what)
        return Member(name, offset, start, size)

    def content(self, member: Member, depth: int = 0) -> bytes:
        """The bytes of a member; cannot-read when a thin archive's file is missing.

        depth: how many thin archives were gone through to get here.
        """
        if not member.path:
            return bytes(self.data[member.start : member.start + member.size])
        if depth > _DEEPEST:
            bad(self.name, f"member {member.name}", member.offset, "it lies in itself")
        try:
            data = _plain_file(member.path)
        except LinkError as problem:
            (found,) = problem.diagnostics
            raise fail(
                found.slug,
                found.message,
                place=f"{self.name}({member.name})",
                notes=[
                    f"{self.name} is a thin archive: it names its members and does not hold them"
                ],
                help=["build it again, or write an archive that holds its members (ar without T)"],
            ) from None
        if member.nested:
            inner = read_archive(data, member.path)
            return inner.content(inner.member_at(member.nested), depth + 1)
        return data

    def open(self, offset: int) -> ObjectFile:
        """The member whose header is at an offset, read when first asked for.

        Its name is `libx.a(member.o)`.  Fails as `read` does, and unsupported-input for an archive
        in an archive, which no linker looks into.
        """
        if offset not in self._opened:
            member = self.member_at(offset)
            data = self.content(member)
            name = f"{self.name}({member.name})"
            if data[:8] in (MAGIC, THIN_MAGIC):
                raise fail(
                    "unsupported-input",
                    f"{name} is an archive in an archive; its members cannot be linked",
                    place=name,
                    help=["take it out (ar x) and name it on the command line",
                          "or make one archive of all members: ar T nests none"],
                )  # fmt: skip
            file = read_linkable(data, name)
            self._opened[offset] = attrs.evolve(file, archive=self.name, member=member.name)
        return self._opened[offset]

    @cached_property
    def symbols(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Names that members define and the offset of the member, in the archive's order.

        Without a symbol table of the kind ELF archives have, every object is opened to make one.
        """
        if self.table is not None:
            return self.table
        names: list[str] = []
        offsets: list[int] = []
        for member in self:
            if sniff(self.content(member)) in ("elf", "coff"):
                mine = defined_names(self.open(member.offset))
                names += mine
                offsets += [member.offset] * len(mine)
        return tuple(names), tuple(offsets)


def _plain_file(path: str) -> bytes:
    """The bytes of a regular file: what an archive names is not to be waited for without end."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise fail("cannot-read", f"cannot read {path}: it is no regular file")
    return file_bytes(path)


def defined_names(file: ObjectFile) -> list[str]:
    """The names an object's table in an archive would have: globals it defines, COMMON included."""
    shndx = file.symbols.shndx[file.first_global :] if file.symtab else ()
    return [name for name, place in zip(file.global_names, shndx) if place != 0]


def read_archive(data: Data, name: str) -> Archive:
    """An archive's table, its members left alone; bad-object names the structure and its offset.

    data: bytes, or the file mapped to memory.
    """
    long_names = b""
    table: tuple[tuple[str, ...], tuple[int, ...]] | None = None
    at = len(MAGIC)
    while at < len(data):
        title, start, size = _header(data, at, name, long_names)
        if title not in _SPECIAL:
            break
        if start + size > len(data):
            what = f"its {size:#x} bytes reach beyond the file's {len(data):#x}"
            bad(name, _title(title), at, what)
        if title == LONG_NAMES:
            long_names = bytes(data[start : start + size])
        elif title in (TABLE, WIDE_TABLE) and table is None:
            content = bytes(data[start : start + size])
            table = _symbol_table(content, 8 if title == WIDE_TABLE else 4, name, start, len(data))
        at = start + size + (start + size & 1)
    return Archive(name, data, data[:8] == THIN_MAGIC, long_names, at, table)


def _title(special: str) -> str:
    return "table of long names" if special == LONG_NAMES else "symbol table"


def _symbol_table(
    content: bytes, word: int, name: str, start: int, end: int
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A count, so many offsets of member headers (big endian), so many names that end in NUL."""
    count = int.from_bytes(content[:word], "big")
    if len(content) < word or word * (count + 1) > len(content):
        bad(name, "symbol table", start, f"{count} symbols do not fit in its {len(content)} bytes")
    offsets = struct.unpack_from(f">{count}{'Q' if word == 8 else 'I'}", content, word)
    text = content[word * (count + 1) :].decode("utf-8", "surrogateescape")
    names = tuple(text.split("\0", count)[:count])
    if len(names) < count or text.count("\0") < count:
        bad(
            name, "symbol table", start, f"it has names for {text.count(chr(0))} of {count} symbols"
        )
    if offsets and max(offsets) + _HEADER.size > end:
        what = f"it points at {max(offsets):#x}, the file has {end:#x} bytes"
        bad(name, "symbol table", start, what)
    return names, offsets


def _header(data: Data, at: int, name: str, long_names: bytes) -> tuple[str, int, int]:
    """A member's name, where its content begins, and its size.

    The name of a member of an archive in a thin archive is `path NUL offset`.
    """
    raw = data[at : at + _HEADER.size]
    if len(raw) < _HEADER.size:
        what = f"it needs {_HEADER.size} bytes, the file has {len(raw)} left"
        bad(name, "member header", at, what)
    field, _, _, _, _, digits, mark = _HEADER.unpack(raw)
    field = field.replace(b"\0", b" ")
    if mark != _MARK:
        bad(name, "member header", at, "it does not end in a grave accent and a line feed")
    if not digits.strip().isdigit():
        bad(name, "member header", at, f"its size is {digits.decode('latin1')!r}, no number")
    start, size = at + _HEADER.size, int(digits)
    title = field.rstrip(b" ")
    if title[:3] == b"#1/" and title[3:].isdigit():
        length = int(title[3:])
        if length > size:
            bad(name, "member header", at, f"its name of {length} bytes is longer than the member")
        title = bytes(data[start : start + length]).partition(b"\0")[0]
        start, size = start + length, size - length
    elif title[:1] == b"/" and title[1:2].isdigit():
        title = _long_name(title.strip(b"/ "), long_names, name, at)
    elif len(title) > 1 and title[-1:] == b"/" and title[:1] != b"/":
        title = title[:-1]
    return title.decode("utf-8", "surrogateescape"), start, size


def _long_name(digits: bytes, long_names: bytes, name: str, at: int) -> bytes:
    """`18` or `18:132`: offset in the table of long names, and of a header in a nested archive."""
    where, _, nested = digits.partition(b":")
    if not where.isdigit() or (nested and not nested.isdigit()):
        bad(name, "member header", at, f"its name is {digits.decode('latin1')!r}, no offset")
    begin = int(where)
    if begin >= len(long_names):
        what = f"its name lies at {begin:#x} of a table of {len(long_names):#x} bytes"
        bad(name, "member header", at, what)
    end = long_names.find(b"\n", begin)
    line = long_names[begin:] if end < 0 else long_names[begin:end]
    found_name = line.partition(b"\0")[0].removesuffix(b"/")
    return found_name + b"\0" + nested if nested else found_name
