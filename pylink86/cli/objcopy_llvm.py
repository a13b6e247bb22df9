"""Arguments of options where llvm-objcopy reads them otherwise than GNU objcopy, or says otherwise
what is wrong with them.

LLVM has its own number syntax (no signs, 0b and 0o besides 0x and 0), lets names be empty, and
checks `--add-symbol` before it opens the file.  Sentences are LLVM's to the letter: builds and
tests look for them.

Source: llvm-objcopy 19.1.7 called with every kind of wrong argument.
"""

from __future__ import annotations

from ..ops.draft import complain
from ..ops.numbers import integer, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, NoReturn

    from .options import Row

SLUG = "bad-option-value"


def wrong(message: str) -> NoReturn:
    complain(SLUG, message)


# --- Numbers --------------------------------------------------------------------------------------


def number(text: str, option: str) -> int:
    """The argument of --set-start, --gap-fill or --pad-to."""
    found = integer(text)
    if found is None:
        if option == "set_start":
            wrong(f"bad entry point address: '{text}'")
        wrong(f"--{option.replace('_', '-')}: bad number: {text}")
    return found


def increment(text: str) -> int:
    """The argument of --change-start."""
    found = signed(text)
    if found is None:
        wrong(f"bad entry point increment: '{text}'")
    return found


def since_last_start(words: Sequence[tuple[Row | None, str | None]]) -> list[str] | None:
    """The arguments of --change-start that count: --set-start forgets those before it."""
    found: list[str] = []
    for row, value in words:
        if row is not None and row[3] == "set_start":
            found = []
        elif row is not None and row[3] == "change_start":
            found.append(value or "")
    return found


def load_address_shift(text: str) -> tuple[str, str, int]:
    """The argument of --change-section-lma: `*+NUMBER` or `*-NUMBER`."""
    start = "bad format for --change-section-lma: "
    advice = "is not supported. Use *+val or *-val instead"
    at = max(text.rfind(sign) for sign in "=+-")
    if at < 0 or at == len(text) - 1:
        wrong(f"{start}missing LMA offset")
    pattern, sign, digits = text[:at], text[at], text[at + 1 :]
    if pattern != "*":
        wrong(f"{start}changing a specific section LMA {advice}")
    if sign == "=":
        wrong(f"{start}changing LMA to a specific value {advice}")
    found = signed(digits)
    if found is None:
        wrong(f"{start}value after *{sign} is {digits} when it should be an integer")
    return pattern, sign, found


# --- NAME=VALUE -----------------------------------------------------------------------------------


def pair(text: str, message: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals:
        wrong(message)
    return left, right


def _section(text: str, option: str) -> tuple[str, str]:
    return pair(text, f"bad format for --{option}: missing '='")


def _flags(text: str) -> tuple[str, ...]:
    from ..ops.flags import LLVM_NAMES

    words = tuple(word.lower() for word in text.split(","))
    for word, spelled in zip(words, text.split(",")):
        if word not in LLVM_NAMES:
            wrong(
                f"unrecognized section flag '{spelled}'. Flags supported for GNU compatibility: "
                f"{', '.join(LLVM_NAMES)}"
            )
    return words


def _renames(texts: list[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for text in texts:
        old, rest = _section(text, "rename-section")
        new, comma, flags = rest.partition(",")
        if old in found:
            wrong(f"multiple renames of section '{old}'")
        found[old] = new, _flags(flags) if comma else ()
    return tuple((old, *new) for old, new in found.items())


def _section_flags(texts: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, flags = _section(text, "set-section-flags")
        if name in found:
            wrong(f"--set-section-flags set multiple times for section '{name}'")
        found[name] = _flags(flags)
    return tuple(found.items())


def _section_numbers(option: str) -> Callable[[list[str]], tuple[tuple[str, int], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, int], ...]:
        found = {}
        for text in texts:
            name, value = _section(text, option)
            if not name:
                wrong(f"bad format for --{option}: missing section name")
            size = integer(value)
            if size is None:
                wrong(f"invalid value for --{option}: '{value}'")
            found[name] = size
        return tuple(found.items())

    return read


def _types(texts: list[str]) -> tuple[tuple[str, int], ...]:
    rows = _section_numbers("set-section-type")(texts)
    return tuple((name, kind & 0xFFFFFFFF) for name, kind in rows)


def _contents(option: str) -> Callable[[list[str]], tuple[tuple[str, bytes], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, bytes], ...]:
        from ..formats import file_bytes

        found = []
        for text in texts:
            name, path = _section(text, option)
            if not path:
                wrong(f"bad format for --{option}: missing file name")
            found.append((name, file_bytes(path)))
        return tuple(found)

    return read


def _dumps(texts: list[str]) -> tuple[tuple[str, str], ...]:
    message = "bad format for --dump-section, expected section=file"
    found = [pair(text, message) for text in texts]
    if not all(path for _, path in found):
        wrong(message)
    return tuple(found)


def _compressions(texts: list[str]) -> tuple[tuple[str, str], ...]:
    message = "--compress-sections: parse error, not 'section-glob=[none|zlib|zstd]'"
    found = []
    for text in texts:
        name, how = pair(text, message)
        if not how:
            wrong(message)
        if how not in ("none", "zlib", "zstd"):
            wrong(f"invalid or unsupported --compress-sections format: {text}")
        found.append((name, how))
    return tuple(found)


def _redefinitions(texts: list[str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for text in texts:
        old, new = pair(text, "bad format for --redefine-sym")
        if old in found:
            wrong(f"multiple redefinition of symbol '{old}'")
        found[old] = new
    return tuple(found.items())


def _visibilities(texts: list[str]) -> tuple[tuple[tuple[str, ...], int], ...]:
    from .objcopy_arguments import visibility

    pairs = [pair(text, "bad format for --set-symbol-visibility") for text in texts]
    return tuple(((name,), visibility(word)) for name, word in pairs)


def _symbols(texts: list[str]) -> tuple[str, ...]:
    for text in texts:
        _check_symbol(text)
    return tuple(texts)


def _check_symbol(text: str) -> None:
    """`name=[section:]value[,flags]`, before any file is read."""
    from ..ops.llvm_symbols import known_flag

    name, equals, rest = text.partition("=")
    if not equals or not rest:
        wrong(f"bad format for --add-symbol, missing '=' after '{name}'")
    value, *flags = rest.split(",")
    section, colon, digits = value.rpartition(":")
    if colon and not (section and digits):
        wrong("bad format for --add-symbol, missing section name or symbol value")
    if integer(digits) is None:
        wrong(f"bad symbol value: '{digits}'")
    unknown = [f"'{flag}'" for flag in flags if not known_flag(flag)]
    if unknown:
        many = "s" if len(unknown) > 1 else ""
        wrong(f"unsupported flag{many} for --add-symbol: {', '.join(unknown)}")


READERS: Mapping[str, Callable[[list[str]], Any]] = {
    "rename_section": _renames,
    "set_section_flags": _section_flags,
    "set_section_alignment": _section_numbers("set-section-alignment"),
    "set_section_type": _types,
    "add_section": _contents("add-section"),
    "update_section": _contents("update-section"),
    "dump_section": _dumps,
    "compress_sections": _compressions,
    "redefine_sym": _redefinitions,
    "set_symbol_visibility": _visibilities,
    "add_symbol": _symbols,
}
"""Options that may be given several times -> what their arguments mean."""
