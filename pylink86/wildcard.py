"""GNU name patterns: which section, file or symbol names does `.text.*` mean?

Scripts and objcopy options name things by patterns as a shell does: `*` is any text (also `/` and a
leading `.`), `?` one character, `[a-z]` one of a set, `[!a-z]` or `[^a-z]` one outside of it, and a
backslash takes the next character as it is.  A pattern is compiled once to a predicate on names,
then asked a hundred thousand times, so the common shapes (`.text`, `*`, `.text.*`, `*.o`) are one
string comparison.  No pattern backtracks: the pieces between stars have a fixed length each, and
taking the first place where a piece fits is always right.

GNU ld 2.40 calls fnmatch(3), with two habits of its own (observed):
  - a pattern without `* ? [` is compared as it is, its backslashes too;
  - in a section pattern what comes before the first `* ? [`, and after the only star, is compared
  as
    it is.  `.t\\*x` therefore means names that begin with `.t\\` and end with `x`, while
    `[.]t\\*x` means the name `.t*x`.  For file names `a\\*.o` means the file `a*.o`.
LLD 19 differs (observed, not followed): backslashes escape everywhere but in `[...]`, there are no
classes such as `[[:digit:]]`, `?` is one byte where GNU takes one UTF-8 character, a `]` first in
`[!]a]` ends the set, and `[a` or `[9-0]` is an error where GNU finds no match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Matcher = Callable[[str], bool]

CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
"""Character classes of POSIX in the C locale, as the inside of a regular expression's set."""

_NEVER = "(?!)"
_ANY = "(?s:.)"


def is_wildcard(text: str) -> bool:
    """Does GNU ld take this for a pattern?  A backslash alone does not make one."""
    return any(char in text for char in "*?[")


def literal_head(pattern: str) -> str:
    """What every name that a section pattern means begins with: all before its first wildcard."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def compile_pattern(pattern: str) -> Matcher:
    """The predicate for a file or symbol pattern: fnmatch(3), flags 0, when there is a wildcard."""
    if not is_wildcard(pattern):
        return pattern.__eq__
    return _compile(_pieces(pattern))


def compile_section_pattern(pattern: str) -> Matcher:
    """The predicate for a section pattern; see the module's text for what differs."""
    if "\\" not in pattern or not is_wildcard(pattern):
        return compile_pattern(pattern)
    if pattern.count("*") == 1 and not any(char in pattern for char in "?["):
        return _compile([list(text) for text in pattern.split("*")])
    head = literal_head(pattern)
    first, *rest = _pieces(pattern[len(head) :])
    return _compile([[*head, *first], *rest])


def compile_patterns(patterns: Iterable[str]) -> Matcher:
    """The predicate "one of these section patterns"; literals and prefixes cost one look-up."""
    literals, prefixes, others = set(), [], []
    for pattern in patterns:
        if not is_wildcard(pattern):
            literals.add(pattern)
        elif pattern[-1] == "*" and not any(char in pattern[:-1] for char in "*?[\\"):
            prefixes.append(pattern[:-1])
        else:
            others.append(compile_section_pattern(pattern))
    begins = tuple(prefixes)

    def matches(name: str) -> bool:
        return name in literals or name.startswith(begins) or any(m(name) for m in others)

    return matches


# --- From a pattern to pieces ---------------------------------------------------------------------


def _pieces(pattern: str) -> list[list[str]]:
    """The parts between stars, as items: one per character of the name.

    An item of length 1 is that character; a longer one is a regular expression.
    """
    pieces: list[list[str]] = [[]]
    pos = 0
    while pos < len(pattern):
        char = pattern[pos]
        pos += 1
        if char == "*":
            pieces.append([])
        elif char == "?":
            pieces[-1].append(_ANY)
        elif char == "[":
            item, pos = _bracket(pattern, pos)
            pieces[-1].append(item)
        elif char == "\\":
            pieces[-1].append(pattern[pos] if pos < len(pattern) else _NEVER)
            pos += 1
        else:
            pieces[-1].append(char)
    return pieces


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """The set after `[` at `start`, and where it ends; a `[` that is never closed is itself."""
    pos = start
    negated = pattern[pos : pos + 1] in ("!", "^") and pos < len(pattern)
    pos += negated
    first = pos
    members = ""
    while True:
        char = pattern[pos : pos + 1]
        if not char:
            return "[", start
        if char == "]" and pos > first:
            break
        found = re.compile(r"\[:(\w*):\]").match(pattern, pos)
        if found:
            if found[1] not in CLASSES:
                return _NEVER, len(pattern)
            members += CLASSES[found[1]]
            pos = found.end()
            continue
        low, pos = _set_char(pattern, pos)
        high = low
        if pattern[pos : pos + 1] == "-" and pattern[pos + 1 : pos + 2] not in ("]", ""):
            high, pos = _set_char(pattern, pos + 1)
        if low <= high:
            members += f"{re.escape(low)}-{re.escape(high)}"
    if not members:
        return (_ANY if negated else _NEVER), pos + 1
    return f"[{'^' * negated}{members}]", pos + 1


def _set_char(pattern: str, pos: int) -> tuple[str, int]:
    """One character of a set: `a`, `\\]`, `[.a.]` or `[=a=]`; and where the next one is."""
    found = re.compile(r"\[([.=])(.)\1\]", re.DOTALL).match(pattern, pos)
    if found:
        return found[2], found.end()
    if pattern[pos] == "\\" and pos + 1 < len(pattern):
        pos += 1
    return pattern[pos], pos + 1


# --- From pieces to a predicate -------------------------------------------------------------------


def _compile(pieces: list[list[str]]) -> Matcher:
    """A predicate for pieces with stars between them; the cheapest that does."""
    if any(len(item) > 1 for piece in pieces for item in piece):
        return _general(pieces)
    texts = ["".join(piece) for piece in pieces]
    if len(texts) == 1:
        return texts[0].__eq__
    first, *middle, last = texts
    if any(middle):
        return _plain(first, [text for text in middle if text], last)
    if not first and not last:
        return _everything
    if not last:
        return lambda name: name.startswith(first)
    if not first:
        return lambda name: name.endswith(last)
    shortest = len(first) + len(last)
    return lambda name: len(name) >= shortest and name.startswith(first) and name.endswith(last)


def _everything(name: str) -> bool:
    return True


def _plain(first: str, middle: list[str], last: str) -> Matcher:
    """first*middle*...*last, all literal."""

    def matches(name: str) -> bool:
        end = len(name) - len(last)
        pos = len(first)
        if pos > end or not name.startswith(first) or not name.endswith(last):
            return False
        for text in middle:
            pos = name.find(text, pos, end)
            if pos < 0:
                return False
            pos += len(text)
        return True

    return matches


def _general(pieces: list[list[str]]) -> Matcher:
    """Pieces with sets or `?`.  Each matches one length only, so the first fit leaves most room."""
    first, *others = [_regex(piece) for piece in pieces]
    if not others:
        return lambda name: first.fullmatch(name) is not None
    *middle, last = others
    width = len(pieces[-1])

    def matches(name: str) -> bool:
        end = len(name) - width
        found = first.match(name)
        if not found or found.end() > end or not last.fullmatch(name, end):
            return False
        for piece in middle:
            found = piece.search(name, found.end(), end)
            if not found:
                return False
        return True

    return matches


def _regex(piece: list[str]) -> re.Pattern[str]:
    return re.compile("".join(re.escape(item) if len(item) == 1 else item for item in piece))
