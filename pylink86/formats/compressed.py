"""Compressed sections: the header in front of them, and the two ways to compress.

Debug data is large and seldom read, so compilers may compress it: a section with SHF_COMPRESSED
begins with a header that says how, how long the contents are and how they were aligned.  GNU tools
once wrote `.zdebug_info` instead, with the letters ZLIB and the length in front.  zlib comes with
Python; for zstd a library is needed (Python 3.14 has one).

Source: gABI ch.4, "Compressed Sections"."""

from __future__ import annotations

import struct
import sys
from importlib import import_module
from io import BytesIO
from typing import Any

import attrs

from .. import elf_const as c
from ..diag import LinkError, fail

CHDR = {32: struct.Struct("<III"), 64: struct.Struct("<IIQQ")}
"""Type, size and alignment; with 64 bits a reserved word is behind the type."""

OLD_PREFIX, OLD_MARK = ".zdebug", b"ZLIB"
OLD_HEAD = 12
ZSTD_MODULES = ("compression.zstd", "backports.zstd", "zstandard", "pyzstd")
ZSTD_LEVEL = 3
"""That of the library, which both linkers and GNU objcopy use; llvm-objcopy has another."""

MAX_SIZE = 1 << 31
"""Bytes that contents may have: a header may claim anything."""


@attrs.frozen
class Plain:
    """A section as it was before: its bytes, alignment and name."""

    content: bytes
    align: int
    name: str


def is_compressed(name: str, flags: int) -> bool:
    return bool(flags & c.SHF_COMPRESSED) or name.startswith(OLD_PREFIX)


def expand(
    content: bytes, name: str, flags: int, align: int, elf_class: int, place: str
) -> Plain | None:
    """A compressed section as it was; None for one that only has the old name.

    place: `file.o(.debug_info)`, for errors.  Raises bad-object, zstd-missing."""
    if flags & c.SHF_COMPRESSED:
        head = CHDR[elf_class]
        if len(content) < head.size:
            raise _damaged(place, "it is shorter than its header")
        kind, *_, size, was_aligned = head.unpack_from(content)
        if kind not in _EXPAND:
            raise _damaged(place, f"unsupported compression type ({kind})")
        data = _EXPAND[kind](content[head.size :], size, place)
        return Plain(data, max(was_aligned, 1), name)
    if content[:4] != OLD_MARK or len(content) < OLD_HEAD:
        return None
    size = int.from_bytes(content[4:OLD_HEAD], "big")
    return Plain(_inflate(content[OLD_HEAD:], size, place), align, "." + name[2:])


def _inflate(data: bytes, size: int, place: str) -> bytes:
    import zlib

    if size > MAX_SIZE:
        raise _damaged(place, f"it claims to have {size:#x} bytes")
    try:
        stream = zlib.decompressobj()
        found = stream.decompress(data, size) if size else b""
        more = stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error as problem:
        raise _damaged(place, str(problem)) from None
    if len(found) != size or more:
        raise _damaged(place, f"{len(found):#x} bytes came out, or more, not {size:#x}")
    return found


def unzstd(data: bytes, size: int, place: str) -> bytes:
    """Expand one frame or several: LLD writes one for each MiB."""
    if size > MAX_SIZE:
        raise _damaged(place, f"it claims to have {size:#x} bytes")
    name, module = _zstd_library()
    try:
        if name == "zstandard":
            reader = module.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        else:
            reader = module.ZstdFile(BytesIO(data))
        # Read, not decompressed at once: a frame may claim to have more than there is memory.
        found: bytes = reader.read(size + 1)
    except Exception as problem:  # each library has an error of its own
        raise _damaged(place, str(problem)) from None
    if len(found) != size:
        raise _damaged(place, f"{len(found):#x} bytes came out, or more, not {size:#x}")
    return found


_EXPAND = {c.ELFCOMPRESS_ZLIB: _inflate, c.ELFCOMPRESS_ZSTD: unzstd}


def zstd(data: bytes, level: int = ZSTD_LEVEL) -> bytes:
    """Compress in one frame; raises zstd-missing."""
    return bytes(_zstd_library()[1].compress(data, level))


def _zstd_library() -> tuple[str, Any]:
    """The first zstd library that is installed, and its name."""
    for name in ZSTD_MODULES:
        try:
            return name, import_module(name)
        except ImportError:
            continue
    version = ".".join(map(str, sys.version_info[:2]))
    raise fail(
        "zstd-missing",
        f"Python {version} cannot read or write zstd here",
        help=["pip install zstandard, or use Python 3.14; or compress with zlib"],
    )


def header(kind: int, size: int, align: int, elf_class: int) -> bytes:
    """What stands in front of compressed contents."""
    fields = (kind, size, align) if elf_class == 32 else (kind, 0, size, align)
    return CHDR[elf_class].pack(*fields)


def _damaged(place: str, why: str) -> LinkError:
    return fail(
        "bad-object",
        f"a compressed section cannot be read: {why}",
        place=place,
        help=["the file is damaged: build it again"],
    )
