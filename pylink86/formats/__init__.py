"""Bytes <-> ObjectFile: which container is this, and which module reads it.

Files say what they are in their first bytes.  A row of FORMATS is one kind of file: how to tell
it, and the reader, or what to do when it cannot be read.  The module of a reader is imported when
the first file of its kind turns up.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..diag import LinkError, fail
from .kept import kept_inputs, key_of
from .opened import note

if TYPE_CHECKING:
    from mmap import mmap

    from ..model import ObjectFile
    from .ar import Archive

_COFF_MACHINES = (b"\x4c\x01", b"\x64\x86")
_TEXT = frozenset(b"\t\n\v\f\r") | frozenset(range(32, 127)) | frozenset(range(128, 256))


class Format:
    """A kind of file.

    title: as in "hello.o is {title}"; reader: `module:function` in this package, called with bytes
    and name, or "" for kinds that are only recognised; help: the way out for those.
    many: the reader of a kind that holds many objects.  translator: the reader of objects that
    linkers take and others do not, because writing them back would make something else of them.
    """

    def __init__(
        self,
        title: str,
        matches: Callable[[bytes], bool],
        reader: str = "",
        help: str = "",
        many: str = "",
        translator: str = "",
    ) -> None:
        self.title, self.matches, self.reader = title, matches, reader
        self.help, self.many, self.translator = help, many, translator


def _begins(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(magics)


def _is_coff(data: bytes) -> bool:
    """A COFF object has no magic, only a machine; its optional header is empty (PE spec, §3.3)."""
    if data[:4] == b"\0\0\xff\xff":
        return data[6:8] in _COFF_MACHINES
    return len(data) >= 20 and data[:2] in _COFF_MACHINES and data[16:18] == b"\0\0"


def _is_pe(data: bytes) -> bool:
    at = int.from_bytes(data[60:64], "little")
    return data[:2] == b"MZ" and data[at : at + 4] == b"PE\0\0"


def _is_boot_sector(data: bytes) -> bool:
    return data[510:512] == b"\x55\xaa"


def _is_text(data: bytes) -> bool:
    """Text in any 8-bit encoding: no control bytes but white space."""
    return bool(data) and _TEXT.issuperset(data[:4096])


def _is_hex_record(data: bytes) -> bool:
    return data[:1] == b":" and data[1:9].isalnum()


def _is_srec(data: bytes) -> bool:
    return data[:1] == b"S" and data[1:8].isalnum() and data[1:2].isdigit()


FORMATS = {
    "elf": Format("an ELF file", _begins(b"\x7fELF"), "elf_read:read_elf"),
    "ar": Format(
        "an archive",
        _begins(b"!<arch>\n"),
        help="give its members one by one (ar x extracts them)",
        many="ar:read_archive",
    ),
    "thin-ar": Format(
        "a thin archive",
        _begins(b"!<thin>\n"),
        help="give the files it lists one by one (ar t shows them)",
        many="ar:read_archive",
    ),
    "pe": Format("a PE image", _is_pe, help="give the objects it was linked from, as ELF"),
    "coff": Format(
        "a COFF object (Windows)",
        _is_coff,
        help="compile for an ELF target: nasm -f elf64, --target=x86_64-unknown-none",
        translator="coff:read_coff",
    ),
    "macho": Format(
        "a Mach-O file (macOS)",
        _begins(b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"\xca\xfe\xba\xbe"),
        help="compile for an ELF target: nasm -f elf64, clang --target=x86_64-elf",
    ),
    "bitcode": Format(
        "LLVM bitcode",
        _begins(b"BC\xc0\xde", b"\xde\xc0\x17\x0b"),
        help="compile without link-time optimisation: -fno-lto, -C embed-bitcode=no, -C lto=off",
    ),
    "wasm": Format("a WebAssembly file", _begins(b"\0asm"), help="compile for an x86 ELF target"),
    "rmeta": Format(
        "Rust crate metadata", _begins(b"rust\0\0"), help="use rustc --emit=obj, or the .rlib"
    ),
    "gzip": Format("gzip-compressed", _begins(b"\x1f\x8b"), help="unpack it first"),
    "mz": Format("a DOS program", _begins(b"MZ"), help="assemble to ELF: nasm -f elf32"),
    "ihex": Format("Intel HEX text", _is_hex_record, help="give the ELF file it was made from"),
    "srec": Format("Motorola S-record text", _is_srec, help="give the ELF file it was made from"),
    "script": Format(
        "text, perhaps a linker script", _is_text, help="give a linker script with -T"
    ),
    "boot-sector": Format(
        "a finished boot sector (0x55 0xAA at 510), not an object",
        _is_boot_sector,
        help="assemble to ELF so that it can be linked: nasm -f elf32 (or elf64) instead of -f bin",
    ),
}
"""Tried in this order: sure signs first, guesses last."""


def sniff(data: bytes) -> str:
    """The key of the first row of FORMATS that matches, or "" when none does."""
    if data.startswith(b"\x7fELF"):
        return "elf"
    return next((key for key, row in FORMATS.items() if row.matches(data)), "")


def read(path: str | os.PathLike[str]) -> ObjectFile:
    """The object in a file; its name is the path as given.

    Fails with cannot-read, bad-object, unsupported-input.
    """
    return read_bytes(file_bytes(path), os.fspath(path))


def read_bytes(data: bytes, name: str = "<bytes>") -> ObjectFile:
    """The object in `data`; name: what messages call it.

    Fails with bad-object when it is damaged, unsupported-input when it is something else.
    """
    return _read_as(FORMATS.get(sniff(data)), bytes(data), name)


def _read_as(row: Format | None, data: bytes, name: str) -> ObjectFile:
    if row is None or not row.reader:
        raise _unsupported(name, data, row)
    return cast("ObjectFile", _reader(row.reader)(data, name))


def _reader(where: str) -> Callable[[Any, str], object]:
    module, function = where.split(":")
    found: Callable[[Any, str], object]
    found = getattr(importlib.import_module(f".{module}", __name__), function)
    return found


def read_input(path: str | os.PathLike[str]) -> ObjectFile | Archive | str:
    """What a linker can take: an object, an archive with closed members, or the text of a script.

    Fails as `read` does.
    """
    name = os.fspath(path)
    data = _mapped(name)
    kept = kept_inputs()
    if kept is None:
        return _parsed_input(data, name)
    key = key_of(name, data)
    known = kept.find(key)
    if known is not None:
        return known
    found = _parsed_input(data, name)
    if not isinstance(found, str) and data[:8] != b"!<thin>\n":  # whose members are other files
        kept.used[key] = found
    return found


def _parsed_input(data: bytes | mmap, name: str) -> ObjectFile | Archive | str:
    row = FORMATS.get(sniff(data[:4096]))
    if row is not None and row.many:
        return cast("Archive", _reader(row.many)(data, name))
    whole = bytes(data)
    if row is FORMATS["script"] and _is_text(whole):
        return whole.decode("utf-8", "surrogateescape")
    return read_linkable(whole, name)


def read_raw(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file, whatever it is; fails with cannot-read."""
    return bytes(_mapped(os.fspath(path)))


def input_from_bytes(data: bytes, name: str) -> ObjectFile | Archive:
    """The same for bytes, which are no script."""
    row = FORMATS.get(sniff(data))
    if row is not None and row.many:
        return cast("Archive", _reader(row.many)(data, name))
    return read_linkable(data, name)


def read_linkable(data: bytes, name: str) -> ObjectFile:
    """An object that can be linked: ELF, or one that is translated to it.  Fails as `read_bytes`
    does, with unsupported-input also for what has no machine code yet."""
    row = FORMATS.get(sniff(data))
    if row is not None and row.translator:
        return cast("ObjectFile", _reader(row.translator)(data, name))
    made = _read_as(row, bytes(data), name)
    if SLIM_MARK in made.symbols.strings and SLIM_MARK.decode() in made.global_names:
        raise _unsupported(name, data, SLIM)
    return made


SLIM_MARK = b"__gnu_lto_slim"
"""gcc defines a symbol of this name in objects that hold only what it needs to go on compiling."""

SLIM = Format(
    "an object of gcc -flto that holds no machine code yet",
    lambda data: SLIM_MARK in data,
    help="compile with -fno-lto, or with -ffat-lto-objects",
)


_MAPPED_FROM = 1 << 20
"""Archives of this size and more are mapped to memory, so that only what is used is read."""


def _mapped(path: str) -> bytes | mmap:
    """A file's bytes, or a map of a large archive; cannot-read as `file_bytes`."""
    note(path)
    try:
        with open(path, "rb", buffering=0) as file:  # read at once, so a buffer would only cost
            size = os.fstat(file.fileno()).st_size
            if size < _MAPPED_FROM:
                return file.read()
            if file.read(8) in (b"!<arch>\n", b"!<thin>\n"):
                import mmap

                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            file.seek(0)
            return file.read()
    except OSError as error:
        raise _cannot_read(path, error) from None


def file_bytes(path: str | os.PathLike[str]) -> bytes:
    """All bytes of a file; cannot-read begins as GNU ld's message does ("cannot find x.o: ...")."""
    note(os.fspath(path))
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise _cannot_read(os.fspath(path), error) from None


def _cannot_read(path: str, error: OSError) -> LinkError:
    verb = "find" if isinstance(error, FileNotFoundError) else "read"
    return fail("cannot-read", f"cannot {verb} {path}: {error.strerror or error}")


def _unsupported(name: str, data: bytes, row: Format | None) -> LinkError:
    """What the file is instead of an object, and the way out."""
    title = row.title if row else "empty" if not data else "of no known format"
    return fail(
        "unsupported-input",
        f"{name} is {title}; only ELF objects can be read",
        place=name,
        help=[row.help] if row and row.help else (),
    )
