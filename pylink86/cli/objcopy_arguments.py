"""Arguments of objcopy's options taken apart as GNU objcopy does: numbers, `NAME=VALUE`, lists.

Where LLVM reads an argument otherwise, `objcopy_llvm` has its own reader.  Both are imported when
an option needs them: most calls have one or two.
"""

from __future__ import annotations

from ..ops.draft import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SLUG = "bad-option-value"

VISIBILITIES = {"default": 0, "internal": 1, "hidden": 2, "protected": 3}


def number(text: str, option: str) -> int:
    """A number as C writes it: 0x hexadecimal, 0 octal, decimal."""
    body = text[1:] if text[:1] in "+-" else text
    if not body.isalnum():
        complain(SLUG, f"bad number `{text}' for --{option.replace('_', '-')}")
    base = 16 if body[:2].lower() == "0x" else 8 if body[:1] == "0" and len(body) > 1 else 10
    try:
        found = int(text, base)
    except ValueError:
        complain(SLUG, f"bad number `{text}' for --{option.replace('_', '-')}")
    return found


def signed(text: str) -> int:
    return number(text, "change-addresses")


def shift(text: str, option: str, llvm: bool) -> tuple[str, str, int]:
    """`PATTERN{=+-}NUMBER`; the last sign counts, names may hold others."""
    if llvm and option == "change_section_lma":
        from .objcopy_llvm import load_address_shift

        return load_address_shift(text)
    at = max(text.rfind(sign) for sign in "=+-")
    if at <= 0:
        complain(SLUG, f"bad format for --{option.replace('_', '-')}: {text}")
    return text[:at], text[at], number(text[at + 1 :], option)


def pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or (not left and option != "redefine_sym"):
        complain(SLUG, f"bad format for --{option.replace('_', '-')}: missing '=' in `{text}'")
    return left, right


def content(path: str) -> bytes:
    from ..formats import file_bytes

    return file_bytes(path)


def listed(path: str) -> Iterator[str]:
    """Names in a file, one a line, `#` begins a comment."""
    for line in content(path).decode("utf-8", "surrogateescape").splitlines():
        name = line.partition("#")[0].strip()
        if name:
            yield name


def renames(path: str, dialect: str) -> Iterator[tuple[str, str]]:
    """Pairs of names, a pair a line; what follows them is an error to GNU, and part of the new name
    to LLVM."""
    for line, text in enumerate(content(path).decode("utf-8", "surrogateescape").splitlines(), 1):
        words = text.partition("#")[0].split(None, 1 if dialect == "llvm" else -1)
        words = [word.rstrip() for word in words]
        if len(words) == 1:
            complain(SLUG, f"{path}:{line}: missing new symbol name")
        if len(words) > 2:
            complain(SLUG, f"{path}:{line}: garbage found at end of line")
        if words:
            yield words[0], words[1]


def visibility(word: str) -> int:
    if word not in VISIBILITIES:
        complain(
            SLUG,
            f"'{word}' is not a valid symbol visibility",
            help=[f"use one of {', '.join(VISIBILITIES)}"],
        )
    return VISIBILITIES[word]


def _rename_section(texts: list[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    from ..ops.flags import flag_words

    found = []
    seen: dict[str, str] = {}
    for text in texts:
        old, rest = pair(text, "rename_section")
        new, _, flags = rest.partition(",")
        if not new:
            complain(SLUG, f"bad format for --rename-section: `{text}'")
        if old in seen:
            complain(SLUG, f"multiple renames of section '{old}'")
        seen[old] = new
        found.append((old, new, flag_words(flags)))
    return tuple(found)


def _set_flags(texts: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from ..ops.flags import flag_words

    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, flags = pair(text, "set_section_flags")
        found[name] = flag_words(flags)
    return tuple(found.items())


def _alignments(texts: list[str]) -> tuple[tuple[str, int], ...]:
    found = []
    for text in texts:
        name, value = pair(text, "set_section_alignment")
        align = number(value, "set_section_alignment")
        if align <= 0 or align & (align - 1):
            complain(SLUG, f"bad alignment `{value}' for --set-section-alignment")
        found.append((name, align))
    return tuple(found)


def _types(texts: list[str]) -> tuple[tuple[str, int], ...]:
    pairs = [pair(text, "set_section_type") for text in texts]
    return tuple((name, number(value, "set_section_type")) for name, value in pairs)


def _files(option: str) -> Callable[[list[str]], tuple[tuple[str, bytes], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, bytes], ...]:
        pairs = [pair(text, option) for text in texts]
        return tuple((name, content(path)) for name, path in pairs)

    return read


def _plain(option: str) -> Callable[[list[str]], tuple[tuple[str, str], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, str], ...]:
        return tuple(pair(text, option) for text in texts)

    return read


def _redefine(texts: list[str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for text in texts:
        old, new = pair(text, "redefine_sym")
        if old in found:
            complain(SLUG, f"multiple redefinition of symbol '{old}'")
        if new in found.values():
            complain(SLUG, f"symbol `{new}' is target of more than one redefinition")
        found[old] = new
    return tuple(found.items())


def _visibilities(texts: list[str]) -> tuple[tuple[tuple[str, ...], int], ...]:
    pairs = [pair(text, "set_symbol_visibility") for text in texts]
    return tuple(((name,), visibility(word)) for name, word in pairs)


READERS: dict[str, Callable[[list[str]], Any]] = {
    "rename_section": _rename_section,
    "set_section_flags": _set_flags,
    "set_section_alignment": _alignments,
    "set_section_type": _types,
    "add_section": _files("add_section"),
    "update_section": _files("update_section"),
    "dump_section": _plain("dump_section"),
    "compress_sections": _plain("compress_sections"),
    "redefine_sym": _redefine,
    "set_symbol_visibility": _visibilities,
}
"""Options that may be given several times -> what their arguments mean to GNU objcopy."""
