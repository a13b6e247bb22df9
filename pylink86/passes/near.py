"""The nearest spelling: what somebody who wrote a name may have meant.

Only asked when something is wrong already, and even then bounded: a kernel has a hundred thousand
symbols, and a hundred of them may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable

FURTHEST = 3
"""Names whose lengths differ by more letters are not compared."""

MOST_COMPARED = 2_000
"""Names compared for one that is wanted; of more only those with the same first letter."""


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """The name most like `wanted`, or None when none is much like it.

    Case and underscores at the front count little: `Main`, `_main` and `main` are near each other.
    """
    plain = _plain(wanted)
    if not plain:
        return None
    reach = max(FURTHEST, len(plain) // 3)
    found = {
        name: short
        for name in names
        if name != wanted and abs(len(short := _plain(name)) - len(plain)) <= reach and short
    }
    if len(found) > MOST_COMPARED:
        found = {name: short for name, short in found.items() if short[0] == plain[0]}
    from difflib import get_close_matches

    near = get_close_matches(plain, list(found.values())[:MOST_COMPARED], n=1, cutoff=0.75)
    return next((name for name, short in found.items() if short == near[0]), None) if near else None


def _plain(name: str) -> str:
    return name.lstrip("_.").lower()


def is_one_edit(one: str, other: str) -> bool:
    """Whether a letter more, less or another makes one name of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[at:], other[at:]
    return other_rest[1:] in (rest, rest[1:]) or rest[1:] == other_rest


def nearest_files(wanted: str, files: Iterable[str], most: int = 2) -> list[str]:
    """Inputs whose file name, folders left out, is like `wanted`: equal, extended, or similar."""
    from difflib import SequenceMatcher

    base, stem = _base(wanted), _stem(wanted)
    scored = []
    for file in dict.fromkeys(files):
        other = _stem(file)
        alike = SequenceMatcher(None, stem.lower(), other.lower()).ratio()
        if _base(file) == base:
            alike = 2.0
        elif min(len(stem), len(other)) > 2 and (stem in other or other in stem):
            alike = max(alike, 0.7)
        if alike >= 0.6:
            scored.append((-alike, file))
    return [file for _, file in sorted(scored, key=lambda pair: pair[0])[:most]]


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _stem(path: str) -> str:
    base = _base(path)
    return base.rpartition(".")[0] or base


def listed(names: Iterable[str], most: int = 6) -> str:
    """`a', `b' and 3 more."""
    every = list(names)
    shown = ", ".join(f"`{name}'" for name in every[:most])
    return shown + (f" and {len(every) - most} more" if len(every) > most else "")


FAMILIES = (".text", ".rodata", ".data", ".bss", ".note", ".eh_frame", ".gcc_except_table",
            ".init_array", ".fini_array", ".debug", ".comment")  # fmt: skip
"""What compilers put in front of the names of single functions and variables."""


def family(name: str) -> str:
    """`.rodata` for `.rodata.str1.1`; a name of no family is its own."""
    return next((f for f in FAMILIES if name == f or name.startswith(f + ".")), name)


def families(names: Iterable[str]) -> dict[str, list[str]]:
    """Section names by family, in order of appearance."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(family(name), []).append(name)
    return found


def listed_families(names: Iterable[str], most: int = 6) -> str:
    """`.rodata.*' (17 sections), `.eh_frame': many names in few words."""
    shown = [
        f"`{members[0]}'"
        if len(members) == 1
        else f"`{name}{'.*' if name not in members else '*'}' ({len(members)} sections)"
        for name, members in families(names).items()
    ]
    more = f" and {len(shown) - most} more kinds" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def count(number: int, noun: str) -> str:
    """`1 sector`, `2 sectors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
