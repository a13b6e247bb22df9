"""--compress-debug-sections and --compress-sections: sections of the output, made smaller.

Only what is not in memory can be compressed, and only what gets smaller by it is. GNU ld aligns
such a section like an address; LLD not at all, compresses each MiB by itself, and in haste. Found
by trying zlib's levels on both linkers' output."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ...formats import compressed
from ...model import SectionRow
from ...wildcard import compile_section_pattern
from ..elf_options import ElfOptions

PART = 1 << 20
GNU_LEVEL, LLD_LEVEL = 6, 1


def compress_sections(
    rows: Sequence[SectionRow],
    contents: Sequence[bytes],
    options: ElfOptions,
    elf_class: int,
    dialect: Dialect,
) -> tuple[list[SectionRow], list[bytes]]:
    """Headers and contents with sections compressed as the options say: all debug sections, and
    what patterns fit, of which the last that fits counts.

    A kind is "zlib", "zstd", or "zlib-gnu", which renames sections to `.zdebug_*`.  Raises
    zstd-missing, and bad-option-value where a pattern means what is in memory."""
    chosen = [
        (compile_section_pattern(pattern), kind, level)
        for pattern, kind, level in reversed(options.compress_sections)
    ]
    found = []
    for row, content in zip(rows, contents):
        kind, level = _debug_kind(row, options), 0
        for fits, own_kind, own_level in chosen:
            if fits(row.name):
                kind, level = own_kind, own_level
                _check_outside_of_memory(row)
                break
        has_bytes = bool(content) and row.type != c.SHT_NOBITS
        found.append(
            _compressed(row, content, kind, level, elf_class, dialect)
            if kind and has_bytes
            else (row, content)
        )
    return [row for row, _ in found], [content for _, content in found]


def _debug_kind(row: SectionRow, options: ElfOptions) -> str:
    """The kind of --compress-debug-sections, if it is about the section."""
    in_file = row.type == c.SHT_PROGBITS and not row.flags & c.SHF_ALLOC
    return options.compress_debug if in_file and row.name.startswith(".debug_") else ""


def _check_outside_of_memory(row: SectionRow) -> None:
    if row.flags & c.SHF_ALLOC:
        raise fail(
            "bad-option-value",
            f"--compress-sections: section '{row.name}' with the SHF_ALLOC flag cannot be "
            "compressed",
            help=["nothing unpacks it when the program is loaded: use a narrower pattern"],
        )


def _compressed(
    row: SectionRow, content: bytes, kind: str, level: int, elf_class: int, dialect: Dialect
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
            # LLD compresses each MiB by itself.
            step = max(len(content), 1) if like_gnu else PART
            for at in range(0, len(content), step):
                new += compressed.zstd(content[at : at + step], level or compressed.ZSTD_LEVEL)
        else:
            new += _whole(content) if like_gnu else _by_parts(content, level or LLD_LEVEL)
        name, flags = row.name, row.flags | c.SHF_COMPRESSED
        align = elf_class // 8 if like_gnu else 1
    if len(new) >= len(content):
        return row, content
    return attrs.evolve(row, name=name, flags=flags, size=len(new), align=align), new


def _whole(content: bytes) -> bytes:
    import zlib

    return zlib.compress(content, GNU_LEVEL)


def _by_parts(content: bytes, level: int) -> bytes:
    """A zlib stream whose MiBs can be inflated one without the other."""
    import zlib

    out = bytearray(b"\x78\x01")
    for at in range(0, len(content), PART):
        part = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        last = at + PART >= len(content)
        out += part.compress(content[at : at + PART])
        out += part.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
    return bytes(out) + zlib.adler32(content).to_bytes(4, "big")
