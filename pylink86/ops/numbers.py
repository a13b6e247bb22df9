"""Numbers as LLVM's command lines write them."""

from __future__ import annotations

WORD = 1 << 64
SIGNED = 1 << 63

BASES = (("0x", 16), ("0b", 2), ("0o", 8))


def integer(text: str) -> int | None:
    """A number without a sign: 0x, 0b, 0o or 0 before it say its base; None for anything else."""
    body, base = text, 10
    for start, of in BASES:
        if text[:2].lower() == start:
            body, base = text[2:], of
    if base == 10 and len(text) > 1 and text[0] == "0":
        body, base = text[1:], 8
    if not body.isascii() or not body.isalnum():
        return None
    try:
        found = int(body, base)
    except ValueError:
        return None
    return found if found < WORD else None


def signed(text: str) -> int | None:
    """The same with `-` before it, as large as 64 bits with a sign hold."""
    found = integer(text[1:] if text[:1] == "-" else text)
    if found is None or found >= SIGNED:
        return None
    return -found if text[:1] == "-" else found
