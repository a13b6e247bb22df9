"""Archives written: headers, the table of who defines what, and long names.

Source: what GNU ar 2.40 and llvm-ar 19 write, which is byte for byte the same unless an archive is
thin or has times and owners.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC, THIN_MAGIC = b"!<arch>\n", b"!<thin>\n"
LONGEST = 15
"""Bytes of a name that fits in the header, with the slash that ends it."""


class Entry:
    """A member to be written: its name, contents, and what the file system said of it."""

    __slots__ = ("data", "gid", "mode", "name", "symbols", "time", "uid")

    def __init__(self, name: str, data: bytes, symbols: Sequence[str] | None = ()) -> None:
        """symbols: names it defines; None when it is no object at all."""
        self.name = name
        self.data = data
        self.symbols = symbols
        self.time = self.uid = self.gid = 0
        self.mode = 0o644


def write_archive(
    entries: Sequence[Entry],
    *,
    index: bool = True,
    thin: bool = False,
    index_time: int = 0,
    like_llvm: bool = False,
) -> bytes:
    """The archive; a thin one holds the names of its members only.

    index: with a table of symbols, when a member is an object.  like_llvm: when nothing is defined
    the table has room for a name, as in llvm-ar, and not only for their number.
    """
    names, long_names = _names(entries, thin)
    symbols = [
        (name, number) for number, entry in enumerate(entries) for name in entry.symbols or ()
    ]
    with_index = index and any(entry.symbols is not None for entry in entries)
    text = b"".join(_raw(name) + b"\0" for name, _ in symbols)
    if like_llvm and not symbols:
        text = bytes(3)
    word = 4
    offsets: list[int] = []
    for word in (4, 8):
        size = word * (len(symbols) + 1) + len(text)
        offsets = _offsets(entries, thin, size if with_index else -1, len(long_names))
        if not offsets or offsets[-1] < 1 << 32:
            break
    parts = [THIN_MAGIC if thin else MAGIC]
    if with_index:
        table = len(symbols).to_bytes(word, "big")
        table += b"".join([offsets[number].to_bytes(word, "big") for _, number in symbols]) + text
        title = b"/" if word == 4 else b"/SYM64/"
        parts.append(_header(title, len(table) + len(table) % 2, index_time))
        parts += [table, bytes(len(table) % 2)]
    if long_names:
        parts += [b"//".ljust(48), str(len(long_names)).encode().ljust(10), b"`\n", long_names]
    for name, entry in zip(names, entries):
        parts.append(_header(name, len(entry.data), entry.time, entry.uid, entry.gid, entry.mode))
        if not thin:
            parts += [entry.data, b"\n" * (len(entry.data) % 2)]
    return b"".join(parts)


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _names(entries: Sequence[Entry], thin: bool) -> tuple[list[bytes], bytes]:
    """What goes into each header, and the table of long names."""
    names, table = [], b""
    where: dict[bytes, int] = {}
    for entry in entries:
        raw = _raw(entry.name)
        if len(raw) <= LONGEST and not thin:
            names.append(raw + b"/")
            continue
        if not (thin and raw in where):
            where[raw] = len(table)
            table += raw + b"/\n"
        names.append(b"/%d" % where[raw])
    return names, table + b"\n" * (len(table) % 2)


def _offsets(entries: Sequence[Entry], thin: bool, index: int, long_names: int) -> list[int]:
    """Where each member's header is; index: bytes of the table of symbols, -1 without one."""
    at = len(MAGIC)
    for size in (index, long_names or -1):
        if size >= 0:
            at += 60 + size + size % 2
    found = []
    for entry in entries:
        found.append(at)
        at += 60 + (0 if thin else len(entry.data) + len(entry.data) % 2)
    return found


def _header(name: bytes, size: int, time: int, uid: int = 0, gid: int = 0, mode: int = 0) -> bytes:
    fields = (
        name.ljust(16), str(time).encode().ljust(12), str(uid).encode()[:6].ljust(6),
        str(gid).encode()[:6].ljust(6), f"{mode:o}".encode().ljust(8), str(size).encode().ljust(10),
    )  # fmt: skip
    return b"".join(fields) + b"`\n"
