"""Operations on an ObjectFile: each reads the file, does one thing by objcopy's rules, and gives
back another file; the one it was given stays as it is.

They are the command's own operations with one option each, so that what Python makes and what a
Makefile makes are the same bytes.  `dialect` is whose rules and whose layout: "gnu" or "llvm".
"""

from __future__ import annotations

from typing import Any

from ..elf_tables import Buffer
from ..model import ObjectFile
from .plan import Notes, Plan
from .run import transform


def objcopy(obj: ObjectFile, dialect: str = "gnu", **options: Any) -> ObjectFile:
    """The file after these options of `Plan`, done together in the tool's order.

    A TypeError for an option there is not; LinkError for what the tool refuses.
    """
    from ..formats.elf_read import read_elf

    return read_elf(objcopy_bytes(obj, dialect, **options), obj.name)


def objcopy_bytes(obj: ObjectFile, dialect: str = "gnu", **options: Any) -> bytes:
    """The same as bytes, which an image format needs."""
    return transform(obj.to_bytes(), obj.name, Plan(**options), dialect, Notes())


def strip_debug(obj: ObjectFile, dialect: str = "gnu") -> ObjectFile:
    """Without debug sections and names of source files: `--strip-debug`."""
    return objcopy(obj, dialect, strip_debug=True)


def strip_all(obj: ObjectFile, dialect: str = "gnu") -> ObjectFile:
    """Without symbols, relocations and debug sections: `--strip-all`."""
    return objcopy(obj, dialect, strip_all=True)


def strip_unneeded(obj: ObjectFile, dialect: str = "gnu") -> ObjectFile:
    """Without symbols that no relocation needs: `--strip-unneeded`."""
    return objcopy(obj, dialect, strip_unneeded=True)


def only_sections(obj: ObjectFile, *patterns: str, dialect: str = "gnu") -> ObjectFile:
    """Only sections that match: `--only-section`."""
    return objcopy(obj, dialect, only_section=patterns)


def remove_sections(obj: ObjectFile, *patterns: str, dialect: str = "gnu") -> ObjectFile:
    """Without sections that match: `--remove-section`."""
    return objcopy(obj, dialect, remove_section=patterns)


def rename_section(
    obj: ObjectFile, old: str, new: str, *flags: str, dialect: str = "gnu"
) -> ObjectFile:
    """A section under another name, with other flags when some are given: `--rename-section`."""
    return objcopy(obj, dialect, rename_section=((old, new, flags),))


def add_section(
    obj: ObjectFile, name: str, data: Buffer, *flags: str, dialect: str = "gnu"
) -> ObjectFile:
    """One section more: `--add-section`, and `--set-section-flags` when flags are given."""
    more: dict[str, Any] = {"set_section_flags": ((name, flags),)} if flags else {}
    return objcopy(obj, dialect, add_section=((name, bytes(data)),), **more)


def redefine_symbol(obj: ObjectFile, old: str, new: str, dialect: str = "gnu") -> ObjectFile:
    """A symbol under another name: `--redefine-sym`."""
    return objcopy(obj, dialect, redefine_sym=((old, new),))


def localize_symbols(
    obj: ObjectFile, *names: str, wildcard: bool = False, dialect: str = "gnu"
) -> ObjectFile:
    """Symbols that no other file sees any more: `--localize-symbol`."""
    return objcopy(obj, dialect, localize_symbol=names, wildcard=wildcard)


def convert(obj: ObjectFile, target: str, dialect: str = "gnu") -> ObjectFile:
    """The file in another class, with the same meaning: `-O elf32-i386` and so on."""
    return objcopy(obj, dialect, output_format=target)


def to_binary(
    obj: ObjectFile, *, gap_fill: int | None = None, pad_to: int | None = None, dialect: str = "gnu"
) -> bytes:
    """What is loaded, as a raw image: `-O binary`."""
    return objcopy_bytes(obj, dialect, output_format="binary", gap_fill=gap_fill, pad_to=pad_to)


def to_format(obj: ObjectFile, format: str, *, name: str = "", dialect: str = "gnu") -> bytes:
    """srec, ihex or verilog; name: what S-records call the file."""
    return objcopy_bytes(obj, dialect, output_format=format, output_name=name)


def from_binary(
    data: bytes, name: str, target: str = "elf64-x86-64", dialect: str = "gnu"
) -> ObjectFile:
    """Raw bytes as an object with `_binary_NAME_start`, `_end` and `_size`: `-I binary`."""
    from ..formats.elf_read import read_elf

    plan = Plan(input_format="binary", output_format=target)
    return read_elf(transform(bytes(data), name, plan, dialect, Notes()), name)
