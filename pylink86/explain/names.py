"""Names as their author wrote them: `hello::halt` for `_ZN5hello4halt17h38422bbf82b08b72E`.

Compilers pack a path into one word, because an object file knows no modules ("mangling").  A view
for people shows the path and keeps the packed word for whoever searches for it.  Only names of Rust
and the plain nested names of C++ are unpacked, which takes a dozen lines; everything else, generic
code and functions told apart by their parameters included, stays as it is.

Source: rustc's legacy and v0 symbol names (RFC 2603, the productions C and N), Itanium C++ ABI 5.1
(<nested-name>).
"""

from __future__ import annotations

import re

LEGACY = re.compile(r"_ZN(\d\S*?)E(?:\.llvm\.\d+)?$")
V0 = re.compile(r"_R(?:N[a-z])+C(?:s[0-9A-Za-z]*_)?(\d.*)$")
HASH = re.compile(r"h[0-9a-f]{16}$")
LENGTH = re.compile(r"(\d{1,9})")
V0_LENGTH = re.compile(r"(?:s[0-9A-Za-z]*_)?(\d{1,9})(_(?=[_0-9]))?")

ESCAPES = {
    "$SP$": "@", "$BP$": "*", "$RF$": "&", "$LT$": "<", "$GT$": ">", "$LP$": "(", "$RP$": ")",
    "$C$": ",", "..": "::",
}  # fmt: skip
"""What rustc's legacy names write for characters assemblers do not take; also `$u7e$` for `~`."""


def readable(name: str) -> str:
    """The path a mangled name stands for, or the name itself when it is none that is known."""
    for pattern in (LEGACY, V0):
        found = pattern.match(name)
        parts = _parts(found.group(1), pattern is V0) if found else None
        if parts:
            if len(parts) > 1 and HASH.match(parts[-1]):
                parts.pop()
            return "::".join(map(_plain, parts))
    return name


def readable_section(name: str) -> str:
    """A section's name with the function in it unpacked: `.text.hello::halt`."""
    at = max(name.find("._ZN"), name.find("._R"))
    return name[: at + 1] + readable(name[at + 1 :]) if at >= 0 else name


def _parts(text: str, is_v0: bool) -> list[str] | None:
    """`5hello4halt` as its words; None when the lengths do not fit, or something else follows.

    In v0 names a number may stand before the length (`s_`), and `_` between the length and a word
    that begins with a digit or `_`.
    """
    parts = []
    at = 0
    pattern = V0_LENGTH if is_v0 else LENGTH
    while at < len(text):
        length = pattern.match(text, at)
        if length is None:
            return None
        start, at = length.end(), length.end() + int(length.group(1))
        if at > len(text) or at == start:
            return None
        parts.append(text[start:at])
    return parts or None


def _plain(word: str) -> str:
    for escape, plain in ESCAPES.items():
        word = word.replace(escape, plain)
    word = re.sub(r"\$u([0-9a-f]{1,6})\$", lambda m: _character(m.group(1)), word)
    return word[1:] if word[:2] in ("_<", "_&", "_*") else word


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code < 0x110000 and chr(code).isprintable() else f"$u{digits}$"
