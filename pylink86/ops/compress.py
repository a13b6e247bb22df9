"""Debug sections compressed and back (gABI ch.4, "Compressed Sections").

A compressed section begins with a header that says how (zlib or zstd), how long the contents are
and how they were aligned.  GNU once marked them by a name instead, `.zdebug_info`, with the letters
ZLIB and the length, big-endian, in front.  zlib comes with Python; zstd does since 3.14, and where
it is missing both directions say so.
"""

from __future__ import annotations

import struct

from .. import elf_const as c
from .draft import GROUP, PLAIN, RELOC, SYMTAB, Draft, Sec, complain
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .plan import Plan

CHDR = {32: struct.Struct("<III"), 64: struct.Struct("<IIQQ")}
"""32: type, size, alignment; 64: type, reserved, size, alignment."""

ZLIB, ZSTD = 1, 2
GNU_LEVEL, LLVM_LEVEL = 3, 5
"""Of zstd."""

FORMATS = {"zlib": ZLIB, "zlib-gabi": ZLIB, "zstd": ZSTD}


def compress_llvm(draft: Draft, plan: Plan) -> None:
    """--compress-debug-sections and --compress-sections, as llvm-objcopy: always, larger or not.
    What is said of debug sections overrules the patterns."""
    if plan.compress_debug == "zlib-gnu":
        complain(
            "bad-option-value", "invalid or unsupported --compress-debug-sections format: zlib-gnu"
        )
    rules = [
        (matcher((pattern,), wildcard=not plan.regex, regex=plan.regex), how)
        for pattern, how in plan.compress_sections
    ]
    wanted = {id(sec): _asked_of_llvm(sec, plan, rules) for sec in draft.secs}
    packed = [
        sec for sec in draft.secs
        if wanted[id(sec)] not in ("", "none") and not sec.flags & c.SHF_COMPRESSED
    ]  # fmt: skip
    _check_names(draft, packed)
    for sec in draft.secs:
        if wanted[id(sec)] == "none":
            decompress(draft, sec)
    for sec in packed:
        how = wanted[id(sec)]
        _make_plain(draft, sec)
        _compress(draft, sec, FORMATS.get(how) or _unknown(how), LLVM_LEVEL)
        sec.align = 8  # in files of 32 bits, too
        sec.compressed = True
    _check_references(draft, packed)


def _asked_of_llvm(
    sec: Sec, plan: Plan, rules: Sequence[tuple[Callable[[str], bool] | None, str]]
) -> str:
    """The format for a section, `none` to decompress it, "" for neither."""
    how = ""
    for test, asked in rules:
        if test is not None and test(sec.name):
            how = asked
            if sec.segment is not None:
                complain(
                    "bad-operation",
                    f"section '{sec.name}' within a segment cannot be (de)compressed",
                )
    if plan.compress_debug and sec.name.startswith(".debug") and not sec.alloc:
        return plan.compress_debug
    return how


def _make_plain(draft: Draft, sec: Sec) -> None:
    """A table that is compressed is a table no more: its numbers stay as they are."""
    for member in sec.members if sec.role == GROUP else ():
        member.flags &= ~c.SHF_GROUP
    if sec.role in (GROUP, RELOC, SYMTAB):
        sec.role, sec.relocs, sec.members = PLAIN, None, ()


def _check_references(draft: Draft, packed: list[Sec]) -> None:
    """bad-operation where a group or relocations need the symbol table that was compressed."""
    symtab = draft.symtab
    if symtab not in packed:
        return
    from .llvm_sections import forget

    for sec in draft.secs:
        if sec not in packed:
            forget(draft, sec, {id(symtab)}, symtab, allow_broken=False)
    draft.symtab = None


def _check_names(draft: Draft, packed: list[Sec]) -> None:
    """bad-operation for a string table that is read as such: compressed it is another section."""
    symtab = draft.symtab
    for sec in packed:
        if symtab is not None and sec is symtab.link and symtab not in packed:
            complain(
                "bad-operation",
                f"string table '{sec.name}' cannot be removed because it is referenced by the "
                f"symbol table '{symtab.name}'",
            )
        if sec is draft.shstrtab:
            complain("bad-operation", NO_NAMES)


NO_NAMES = "cannot write section header table because section header string table was removed"


def compress_gnu(draft: Draft, plan: Plan) -> None:
    """--compress-debug-sections as GNU objcopy: only what gets smaller."""
    aligned = matcher([name for name, _ in plan.set_section_alignment], wildcard=True)
    for sec in draft.secs:
        in_memory = sec.old_flags & c.SHF_ALLOC
        if in_memory or not sec.was.startswith((".debug_", ".zdebug_")):
            continue
        asked, sec.align = sec.align, sec.old_align
        decompress(draft, sec)
        if plan.compress_debug != "none" and sec.size:
            _compress_if_smaller(draft, sec, plan.compress_debug)
        if aligned is not None and aligned(sec.was):
            sec.align = asked


def _compress_if_smaller(draft: Draft, sec: Sec, how: str) -> None:
    old = sec.name, bytes(sec.data), sec.size, sec.align, sec.flags
    if how == "zlib-gnu":
        _compress_gnu(sec)
    else:
        _compress(draft, sec, FORMATS.get(how) or _unknown(how))
    if sec.size >= old[2]:
        sec.name, sec.data, sec.size, sec.align, sec.flags = old


def _unknown(how: str) -> int:
    complain("bad-option-value", f"invalid or unsupported compression format: {how}")


def _compress(draft: Draft, sec: Sec, how: int, level: int = GNU_LEVEL) -> None:
    data = bytes(sec.data)
    body = _deflate(data) if how == ZLIB else _zstd(data, level)
    header = (
        (how, len(data), sec.align) if draft.elf_class == 32 else (how, 0, len(data), sec.align)
    )
    sec.data = CHDR[draft.elf_class].pack(*header) + body
    sec.size = len(sec.data)
    sec.flags |= c.SHF_COMPRESSED
    sec.align = draft.word


def _compress_gnu(sec: Sec) -> None:
    data = bytes(sec.data)
    sec.data = b"ZLIB" + len(data).to_bytes(8, "big") + _deflate(data)
    sec.size = len(sec.data)
    sec.align = 1
    sec.name = sec.name.replace(".debug_", ".zdebug_", 1)


def decompress(draft: Draft, sec: Sec) -> None:
    """A compressed section as it was; one that is not compressed stays; bad-object."""
    data = bytes(sec.data)
    if sec.flags & c.SHF_COMPRESSED:
        record = CHDR[draft.elf_class]
        if len(data) < record.size:
            _damaged(draft, sec)
        fields = record.unpack_from(data)
        how, size, align = fields[0], fields[-2], fields[-1]
        body = data[record.size :]
        if how not in (ZLIB, ZSTD):
            complain(
                "bad-operation",
                f"--decompress-debug-sections: ch_type ({how}) of section '{sec.name}' is "
                "unsupported",
            )
        sec.data = (
            _inflate(draft, sec, body, size) if how == ZLIB else _unzstd(draft, sec, body, size)
        )
        sec.flags &= ~c.SHF_COMPRESSED
        sec.align = align
    elif sec.was.startswith(".zdebug") and data[:4] == b"ZLIB":
        size = int.from_bytes(data[4:12], "big")
        sec.data = _inflate(draft, sec, data[12:], size)
        sec.name = sec.name.replace(".zdebug", ".debug", 1)
    else:
        return
    sec.size = len(sec.data)


def _deflate(data: bytes) -> bytes:
    import zlib

    return zlib.compress(data)


def _zstd(data: bytes, level: int) -> bytes:
    """By the library there is, or the error zstd-missing, which names them."""
    from ..formats.compressed import zstd

    return zstd(data, level)


def _unzstd(draft: Draft, sec: Sec, data: bytes, size: int) -> bytes:
    from ..formats.compressed import unzstd

    return unzstd(data, size, f"{draft.name}({sec.name})")


def _inflate(draft: Draft, sec: Sec, data: bytes, size: int) -> bytes:
    """At most the bytes the header promises, so that a few bytes cannot become gigabytes."""
    import zlib

    try:
        found = zlib.decompressobj().decompress(data, size) if size else b""
    except zlib.error:
        _damaged(draft, sec)
    if len(found) != size:
        _damaged(draft, sec)
    return found


def _damaged(draft: Draft, sec: Sec) -> None:
    complain(
        "bad-object",
        f"failed to decompress section '{sec.name}': zlib error: Z_DATA_ERROR",
        place=draft.name,
    )
