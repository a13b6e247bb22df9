"""Keys that somebody would have pressed, as scan codes and characters.

A test gives the keys as text: `"ok\\n"`, and keys without a character by name in angle brackets:
`"<down><enter>"`.  The BIOS hands out (scan code, character) pairs; code that talks to the keyboard
controller itself gets the scan codes (set 1, US layout) of pressing and releasing.
"""

from __future__ import annotations

import re

from ..diag import fail

Key = tuple[int, int]
"""Scan code of set 1 and the character in code page 437, 0 for keys that have none."""

_ROWS = {
    0x02: ("1234567890-=", "!@#$%^&*()_+"),
    0x10: ("qwertyuiop[]", "QWERTYUIOP{}"),
    0x1E: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
    0x2B: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
    0x39: (" ", " "),
}
"""Scan code of the first key of a row -> characters without and with shift."""

CHARACTERS: dict[str, Key] = {
    char: (first + i, ord(char))
    for first, rows in _ROWS.items()
    for row in rows
    for i, char in enumerate(row)
}
CHARACTERS |= {
    "\n": (0x1C, 13),
    "\r": (0x1C, 13),
    "\t": (0x0F, 9),
    "\b": (0x0E, 8),
    "\x1b": (1, 27),
}

NAMED: dict[str, Key] = {
    "enter": (0x1C, 13),
    "esc": (0x01, 27),
    "tab": (0x0F, 9),
    "backspace": (0x0E, 8),
    "space": (0x39, 32),
    "home": (0x47, 0),
    "up": (0x48, 0),
    "pageup": (0x49, 0),
    "left": (0x4B, 0),
    "right": (0x4D, 0),
    "end": (0x4F, 0),
    "down": (0x50, 0),
    "pagedown": (0x51, 0),
    "insert": (0x52, 0),
    "delete": (0x53, 0),
    **{f"f{n}": (0x3A + n, 0) for n in range(1, 11)},
}

QEMU_NAMES = {
    "enter": "ret",
    "space": "spc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "-": "minus",
    "=": "equal",
    "[": "bracket_left",
    "]": "bracket_right",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave_accent",
    "\\": "backslash",
    ",": "comma",
    ".": "dot",
    "/": "slash",
}
"""How QEMU's `sendkey` spells keys, where it does not spell them as we do."""

_UNSHIFTED = {
    upper: lower
    for rows in _ROWS.values()
    for lower, upper in zip(*rows, strict=True)
    if lower != upper
}
_TOKEN = re.compile("<(" + "|".join(sorted(NAMED, reverse=True)) + ")>|(.)", re.DOTALL)


def parse_keys(text: str) -> tuple[Key, ...]:
    """The keys of a text; a character without a key is an error (unknown-key)."""
    keys = []
    for match in _TOKEN.finditer(text):
        name, char = match.groups()
        key = NAMED[name] if name else CHARACTERS.get(char)
        if key is None:
            raise fail(
                "unknown-key",
                f"no key makes the character {char!r}",
                help=["named keys are written like <enter>: " + " ".join(NAMED)],
            )
        keys.append(key)
    return tuple(keys)


def scan_codes(key: Key) -> list[int]:
    """What the keyboard sends when a key is pressed and released, with shift where needed."""
    code, char = key
    pressed = [code, code | 0x80]
    return [0x2A, *pressed, 0xAA] if chr(char) in _UNSHIFTED else pressed


def qemu_keys(text: str) -> tuple[str, ...]:
    """The same keys as arguments of QEMU's `sendkey`: `a`, `shift-a`, `ret`."""
    names = {"\n": "ret", "\r": "ret", "\t": "tab", "\b": "backspace", "\x1b": "esc", " ": "spc"}
    found = []
    parse_keys(text)
    for match in _TOKEN.finditer(text):
        name, char = match.groups()
        if name:
            found.append(QEMU_NAMES.get(name, name))
            continue
        plain = _UNSHIFTED.get(char, char)
        spelled = names.get(plain) or QEMU_NAMES.get(plain, plain)
        found.append(spelled if plain == char else f"shift-{spelled}")
    return tuple(found)
