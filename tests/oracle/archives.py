"""Archives written straight from a description, as objects are in `objects`.

The symbol table is made from what the objects say they define, in the order of members, as GNU ar
makes it; nothing here asks the package under test.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .objects import Obj

SHORT = 15
"""Bytes of a name that fit in a header, with the slash that ends it."""


@dataclass(frozen=True)
class Ar:
    """An archive: its members, and how it is written.

    table: "narrow" (32-bit offsets), "wide" (/SYM64/) or "" for none.  thin: members are files
    beside it.  bsd: long names stand in front of the members.
    """

    name: str
    members: tuple[Obj, ...]
    table: str = "narrow"
    thin: bool = False
    bsd: bool = False

    def encode(self) -> bytes:
        files = [(obj.name, obj.encode()) for obj in self.members]
        names, parts, offsets = b"", [], []
        at = 0
        for name, data in files:
            written, before, names = self._name(name, names)
            size = len(before) + len(data)
            body = before + (b"" if self.thin else data)
            offsets.append(at)
            parts.append(header(written, size) + padded(body))
            at += len(parts[-1])
        long_names = header(b"//", len(names)) + padded(names) if names else b""
        word = {"narrow": 4, "wide": 8}.get(self.table, 0)
        symbols = [(s, n) for n, obj in enumerate(self.members) for s in defined(obj)]
        text = b"".join(s.encode() + b"\0" for s, _ in symbols)
        size = word * (len(symbols) + 1) + len(text)
        first = 8 + len(long_names) + (60 + size + size % 2 if word else 0)
        letter = "Q" if word == 8 else "I"
        numbers = [len(symbols), *(first + offsets[n] for _, n in symbols)]
        table = struct.pack(f">{len(numbers)}{letter}", *numbers) + text if word else b""
        title = b"/SYM64/" if word == 8 else b"/"
        head = header(title, size) + padded(table) if word else b""
        magic = b"!<thin>\n" if self.thin else b"!<arch>\n"
        return magic + head + long_names + b"".join(parts)

    def _name(self, name: str, names: bytes) -> tuple[bytes, bytes, bytes]:
        """The name as the header has it, what stands before the content, and the long names."""
        text = name.encode()
        if self.bsd:
            return b"#1/%d" % len(text), text, names
        if len(text) <= SHORT and not self.thin:
            return text + b"/", b"", names
        return b"/%d" % len(names), b"", names + text + b"/\n"


def defined(obj: Obj) -> list[str]:
    return [s.name for s in obj.symbols if s.binding != "local" and s.place != "UNDEF"]


def header(name: bytes, size: int) -> bytes:
    return b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o644, size)


def padded(data: bytes) -> bytes:
    return data + b"\n" * (len(data) % 2)
