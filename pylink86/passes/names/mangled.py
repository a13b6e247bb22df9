"""The name a function had in its source, out of what a compiler made of it.

Rust and C++ put path and types into symbol names, so that an assembler's `extern kernel_main` finds
nothing although the function is there.  Only what `extern "C"` or `no_mangle` would have named is
read here: free functions and statics, not methods, closures or generic code.
"""

from __future__ import annotations


def source_name(mangled: str) -> tuple[str, str] | None:
    """("rust" or "c++", last name of the path), or None when the name is not mangled.

    `_RNvCs4Q2Qx8jI5j6_1a11kernel_main` and `_ZN1a11kernel_main17h0123456789abcdefE` are Rust's (v0,
    legacy), `_Z11kernel_maini` is C++.  Source: Rust RFC 2603, Itanium C++ ABI 5.1.
    """
    name = mangled.partition(".llvm.")[0]
    if name.startswith("_R"):
        found = _rust(name, 2)
        return None if found is None else ("rust", found)
    if name.startswith("_ZN"):
        parts = _parts(name, 3)
        if len(parts) > 1 and _is_hash(parts[-1]):
            return "rust", parts[-2]
        return ("c++", parts[-1]) if parts else None
    if name.startswith("_Z"):
        parts = _parts(name, 2)
        return ("c++", parts[0]) if len(parts) == 1 else None
    return None


def crate_of(mangled: str) -> str:
    """The crate (or outermost namespace) a mangled name begins with; "" when it has none."""
    if mangled.startswith("_ZN"):
        parts = _parts(mangled, 3)
        return parts[0] if parts else ""
    if mangled.startswith("_R"):
        at = mangled.find("C", 2)
        found = _identifier(mangled, _skip_disambiguator(mangled, at + 1)) if at > 0 else None
        return found[0] if found else ""
    return ""


def _is_hash(part: str) -> bool:
    return len(part) == 17 and part[0] == "h" and all(d in "0123456789abcdef" for d in part[1:])


def _parts(name: str, at: int) -> list[str]:
    """`5hello4main` as ["hello", "main"]: length and text, as often as they come."""
    parts: list[str] = []
    while True:
        found = _counted(name, at)
        if found is None:
            return parts
        part, at = found
        parts.append(part)


def _counted(name: str, at: int, separator: str = "") -> tuple[str, int] | None:
    """A decimal length and so many characters; the text and where it ends."""
    start = at
    while at < len(name) and at - start < 6 and name[at] in "0123456789":
        at += 1
    length = int(name[start:at] or "0")
    if separator and name[at : at + 1] == separator:
        at += 1
    if not 0 < length <= len(name) - at:
        return None
    return name[at : at + length], at + length


def _rust(name: str, at: int) -> str | None:
    """The last identifier of a v0 path of modules: `N` and a namespace letter for each step, `C`
    and the crate, then the steps' names."""
    steps = 0
    while name[at : at + 1] == "N" and name[at + 1 : at + 2].isalpha():
        steps, at = steps + 1, at + 2
    if steps == 0 or name[3:4] != "v" or name[at : at + 1] != "C":
        return None
    text, at = "", at + 1
    for _ in range(steps + 1):
        found = _identifier(name, _skip_disambiguator(name, at))
        if found is None:
            return None
        text, at = found
    return text


def _skip_disambiguator(name: str, at: int) -> int:
    """`s4Q2Qx8jI5j6_`: a number in base 62 that tells crates of one name apart."""
    if name[at : at + 1] != "s":
        return at
    end = name.find("_", at)
    return end + 1 if end > 0 else at


def _identifier(name: str, at: int) -> tuple[str, int] | None:
    """`11kernel_main`; `u` stands before punycode, `_` before text that begins with a digit."""
    return None if name[at : at + 1] == "u" else _counted(name, at, "_")
