"""--compress-debug-sections: debug sections of the output, made smaller.

Only what is not in memory can be compressed, and only what gets smaller by it is. GNU ld aligns
such a section like an address; LLD not at all, compresses each MiB by itself, and in haste. Found
by trying zlib's levels on both linkers' output."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..dialect import Dialect
from ..formats import compressed
from ..model import SectionRow

PART = 1 << 20
GNU_LEVEL, LLD_LEVEL = 6, 1


def compress_debug(
    rows: Sequence[SectionRow],
    contents: Sequence[bytes],
    kind: str,
    elf_class: int,
    dialect: Dialect,
) -> tuple[list[SectionRow], list[bytes]]:
    """Headers and contents with debug sections compressed.

    kind: "zlib", "zstd", or "zlib-gnu", which renames sections to `.zdebug_*`.  Raises
    zstd-missing."""
    found = [
        _compressed(row, content, kind, elf_class, dialect)
        if _is_wanted(row, content)
        else (row, content)
        for row, content in zip(rows, contents)
    ]
    return [row for row, _ in found], [content for _, content in found]


def _is_wanted(row: SectionRow, content: bytes) -> bool:
    in_file = row.type == c.SHT_PROGBITS and not row.flags & c.SHF_ALLOC
    return in_file and bool(content) and row.name.startswith(".debug_")


def _compressed(
    row: SectionRow, content: bytes, kind: str, elf_class: int, dialect: Dialect
) -> tuple[SectionRow, bytes]:
    like_gnu = dialect.compresses_like_gnu
    if kind == "zlib-gnu":
        new = compressed.OLD_MARK + len(content).to_bytes(8, "big") + _whole(content)
        name, flags, align = ".z" + row.name[1:], row.flags, row.align
    else:
        number = c.ELFCOMPRESS_ZSTD if kind == "zstd" else c.ELFCOMPRESS_ZLIB
        was_aligned = row.align if like_gnu else 1
        new = compressed.header(number, len(content), was_aligned, elf_class)
        if kind == "zstd":
            new += compressed.zstd(content)
        else:
            new += _whole(content) if like_gnu else _by_parts(content)
        name, flags = row.name, row.flags | c.SHF_COMPRESSED
        align = elf_class // 8 if like_gnu else 1
    if len(new) >= len(content):
        return row, content
    return attrs.evolve(row, name=name, flags=flags, size=len(new), align=align), new


def _whole(content: bytes) -> bytes:
    import zlib

    return zlib.compress(content, GNU_LEVEL)


def _by_parts(content: bytes) -> bytes:
    """A zlib stream whose MiBs can be inflated one without the other."""
    import zlib

    out = bytearray(b"\x78\x01")
    for at in range(0, len(content), PART):
        part = zlib.compressobj(LLD_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        last = at + PART >= len(content)
        out += part.compress(content[at : at + PART])
        out += part.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
    return bytes(out) + zlib.adler32(content).to_bytes(4, "big")
