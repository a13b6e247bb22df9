"""The grammar of MEMORY, PHDRS and VERSION: blocks that are lists of one kind of thing each.

GNU ld manual 3.7, 3.8 and 3.9.
"""

from __future__ import annotations

from typing import Any

from ..diag import fail
from .expression import expression
from .nodes import Expr, Include, Memory, Phdr, Phdrs, Region, Version, VersionNode
from .statements import include
from .tokens import EXPR, NAME, VERSION, Tokens

MEMORY_ATTRIBUTES = frozenset("rwxailRWXAIL!")


def memory(t: Tokens, word: str, start: int) -> Memory:
    """memory : "MEMORY" "{" regions "}"."""
    t.expect("{", word)
    return Memory(regions(t, "}"), t.since(start))


def regions(t: Tokens, closing: str) -> tuple[Region | Include, ...]:
    """regions : ("INCLUDE" file | region)* closing."""
    found: list[Region | Include] = []
    while True:
        word = t.peek(NAME)
        start = t.start
        if word == closing and t.kind in ("op", "end"):
            t.take()
            return tuple(found)
        if word == "INCLUDE":
            t.take()
            found.append(include(t, word, start))
        else:
            found.append(_region(t, start))


def _region(t: Tokens, start: int) -> Region:
    """region : name ("(" attributes ")")? ":" ORIGIN "=" expr ","? LENGTH "=" expr ("," | ";")?."""
    name = t.name("the name of a memory region", NAME)
    attributes = _region_attributes(t) if t.accept("(", NAME) else ""
    t.expect(":", f"the name of memory region `{name[:40]}`")
    origin = _region_field(t, ("ORIGIN", "org", "o"), name)
    t.accept(",")
    length = _region_field(t, ("LENGTH", "len", "l"), name)
    made = Region(name, origin, length, attributes, t.since(start))
    if t.peek(EXPR) in (",", ";"):
        t.take()
    return made


def _region_attributes(t: Tokens) -> str:
    """attributes : letters of "rwxail" and "!"   blanks between them do not count."""
    found = ""
    while not t.accept(")", NAME):
        word = t.name("the attributes of a memory region", NAME)
        if not MEMORY_ATTRIBUTES.issuperset(word):
            raise fail(
                "script-syntax",
                f"syntax error: invalid attribute in `{word[:40]}`",
                span=t.since(t.start),
                help=["attributes are r w x a i l, and ! to invert those after it"],
            )
        found += word
    return found


def _region_field(t: Tokens, words: tuple[str, ...], name: str) -> Expr:
    """field : WORD "=" expr."""
    if t.peek(EXPR) not in words:
        raise t.wrong(f"expected {words[0]} of memory region `{name[:40]}`")
    word = t.take()
    t.expect("=", word)
    return expression(t)


def phdrs(t: Tokens, word: str, start: int) -> Phdrs:
    """phdrs : "PHDRS" "{" phdr* "}"."""
    t.expect("{", word)
    found: list[Phdr] = []
    while not t.accept("}", NAME):
        found.append(_phdr(t))
    return Phdrs(tuple(found), t.since(start))


def _phdr(t: Tokens) -> Phdr:
    """phdr : name type ("FILEHDR" | "PHDRS" | "AT" "(" expr ")" | "FLAGS" "(" expr ")")* ";"."""
    t.peek(NAME)
    start = t.start
    name = t.name("the name of a program header or `}`", NAME)
    if t.peek(EXPR) in ("}", ";"):
        raise t.wrong("expected the type of a program header")
    fields: dict[str, Any] = {"type": expression(t)}
    while t.peek(EXPR) in ("FILEHDR", "PHDRS", "AT", "FLAGS"):
        word = t.take()
        field = word.lower()
        if word in ("FILEHDR", "PHDRS"):
            fields[field] = True
            continue
        t.expect("(", word)
        fields[field] = expression(t)
        t.expect(")", f"the value of {word}()")
    made = Phdr(name, span=t.since(start), **fields)
    t.expect(
        ";", f"program header `{name[:40]}` (FILEHDR, PHDRS, AT() or FLAGS() may come before it)"
    )
    return made


def version(t: Tokens, word: str, start: int) -> Version:
    """version : "VERSION" "{" version node* "}"."""
    t.expect("{", word)
    return Version(version_nodes(t, "}"), t.since(start))


def version_nodes(t: Tokens, closing: str) -> tuple[VersionNode, ...]:
    """nodes : (name? "{" ... "}" parent* ";")* closing."""
    found: list[VersionNode] = []
    while True:
        word = t.peek(VERSION)
        if word == closing and t.kind in ("op", "end"):
            t.take()
            return tuple(found)
        start = t.start
        name = "" if word == "{" else t.name("the name of a version or `{`", VERSION)
        t.expect("{", "the name of a version", VERSION)
        lists = _version_lists(t)
        parents = []
        while t.peek(VERSION) != ";":
            parents.append(t.name("`;` after a version", VERSION))
        t.take()
        parent = " ".join(parents)
        found.append(
            VersionNode(
                name,
                tuple(lists["global", "C"]),
                tuple(lists["local", "C"]),
                parent,
                tuple(lists["global", "C++"]),
                tuple(lists["local", "C++"]),
                t.since(start),
            )
        )


def _version_lists(t: Tokens) -> dict[tuple[str, str], list[str]]:
    """lists : (("global"|"local") ":" | symbol ";" | "extern" language "{" symbols "}")* "}"."""
    lists: dict[tuple[str, str], list[str]] = {
        (scope, language): [] for scope in ("global", "local") for language in ("C", "C++")
    }
    scope = "global"
    while not t.accept("}", VERSION):
        word = t.peek(VERSION)
        if word in ("global", "local") and _colon_follows(t):
            scope = word
        elif word == "extern":
            t.take()
            language = t.name('a language: "C" or "C++"', VERSION)
            if language not in ("C", "C++"):
                raise t.wrong('expected "C" or "C++" after extern')
            t.expect("{", "the language", VERSION)
            while not t.accept("}", VERSION):
                lists[scope, language].append(_version_symbol(t))
                if not t.accept(";", VERSION) and t.peek(VERSION) != "}":
                    raise t.wrong("expected `;` after a symbol")
            t.accept(";", VERSION)
        else:
            lists[scope, "C"].append(_version_symbol(t))
            t.expect(";", "a symbol in a version", VERSION)
    return lists


def _colon_follows(t: Tokens) -> bool:
    """Step over a word and the colon after it, or over nothing."""
    start = t.start
    t.take()
    if t.accept(":", VERSION):
        return True
    t.pos = start
    return False


def _version_symbol(t: Tokens) -> str:
    """symbol : name | pattern | quoted   which keeps its quotes if it looks like a pattern."""
    quoted = t.peek(VERSION)[:1] == '"'
    name = t.name("a symbol or a pattern", VERSION)
    return f'"{name}"' if quoted and any(c in "*?[" for c in name) else name
