"""The grammar of input statements: which input sections go here.

`KEEP(*(EXCLUDE_FILE(boot.o) .text SORT(.init.*)))` names files by a pattern, and sections of these
by others.  Around each may stand what it is sorted by and what it leaves out; the same word means
another thing in each of these places.  GNU ld manual 3.6.4.
"""

from __future__ import annotations

from .nodes import FilePattern, InputStatement, SectionPattern, SectionStatement, Word
from .tokens import FLAG, WORD, Tokens

SORTS = {
    "SORT": "SORT_BY_NAME",
    "SORT_BY_NAME": "SORT_BY_NAME",
    "SORT_BY_ALIGNMENT": "SORT_BY_ALIGNMENT",
    "SORT_BY_INIT_PRIORITY": "SORT_BY_INIT_PRIORITY",
    "SORT_NONE": "SORT_NONE",
    "REVERSE": "REVERSE",
}
"""The keyword to the way of sorting it asks for."""


def input_or_constructors(t: Tokens) -> SectionStatement:
    """input : ("KEEP" "(" spec ")" | spec) ";"?   with EXCLUDE_FILE and flags before either.

    spec : ("INPUT_SECTION_FLAGS" flags | "EXCLUDE_FILE" files)* file ("(" sections ")")?

    SORT(CONSTRUCTORS) looks like one and is a word of its own.
    """
    word = t.peek(WORD)
    start = t.start
    keep = False
    exclude: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    while word in ("KEEP", "EXCLUDE_FILE", "INPUT_SECTION_FLAGS"):
        t.take()
        if word == "EXCLUDE_FILE":
            exclude += _files(t)
        elif word == "INPUT_SECTION_FLAGS":
            wanted, unwanted = _flags(t)
        elif keep:
            raise t.wrong("KEEP() inside KEEP()")
        else:
            keep = True
            t.expect("(", "KEEP")
        word = t.peek(WORD)
    file = _file(t, exclude)
    if file is None:
        return Word("SORT(CONSTRUCTORS)", t.since(start))
    sections: tuple[SectionPattern, ...] = ()
    if t.accept("(", WORD):
        sections = _sections(t)
    if keep:
        t.expect(")", "KEEP(...", WORD)
    return InputStatement(file, sections, keep, wanted, unwanted, t.since(start))


def _file(t: Tokens, exclude: tuple[str, ...]) -> FilePattern | None:
    """file : pattern | ("SORT"|"SORT_BY_NAME"|"SORT_NONE"|"REVERSE") "(" excluded file ")".

    None is SORT(CONSTRUCTORS), which means nothing in ELF.
    """
    sort, reverse, opened = "", False, 0
    first = t.peek(WORD)
    start = t.start
    while first in SORTS:
        word = SORTS[t.take()]
        t.expect("(", word, WORD)
        opened += 1
        if word == "REVERSE" and not reverse:
            reverse = True
        elif word in ("SORT_BY_NAME", "SORT_NONE") and not sort:
            sort = word
        else:
            raise t.wrong(f"files cannot be sorted with {word}() here")
        first = t.peek(WORD)
    if opened and t.accept("EXCLUDE_FILE", WORD):
        exclude += _files(t)
        first = t.peek(WORD)
    quoted = first[:1] == '"'
    pattern = t.name("a file name or pattern", WORD)
    for _ in range(opened):
        t.expect(")", "the file name in SORT()", WORD)
    if opened and pattern == "CONSTRUCTORS":
        return None
    return FilePattern(pattern, exclude, sort, reverse, quoted, t.since(start))


def _files(t: Tokens) -> tuple[str, ...]:
    """files : "(" (pattern ","?)* ")"   of EXCLUDE_FILE."""
    t.expect("(", "EXCLUDE_FILE", WORD)
    found: list[str] = []
    while not t.accept(")", WORD):
        found.append(t.name("a file name or `)` in EXCLUDE_FILE()", WORD))
        t.accept(",", WORD)
    return tuple(found)


def _flags(t: Tokens) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """flags : "(" "!"? flag ("&" "!"? flag)* ")";  those wanted, those not wanted."""
    t.expect("(", "INPUT_SECTION_FLAGS", FLAG)
    found: tuple[list[str], list[str]] = ([], [])
    while True:
        unwanted = t.accept("!", FLAG)
        found[unwanted].append(t.name("a section flag such as SHF_EXECINSTR", FLAG))
        if not t.accept("&", FLAG):
            break
    t.expect(")", "the flags", FLAG)
    return tuple(found[0]), tuple(found[1])


def _sections(t: Tokens) -> tuple[SectionPattern, ...]:
    """sections : (pattern | "EXCLUDE_FILE" files pattern | sort)* ")"   at least one."""
    found: list[SectionPattern] = []
    while not found or not t.accept(")", WORD):
        word = t.peek(WORD)
        if word in SORTS:
            found += _sorted(t)
        elif word == "," and found:
            t.take()
        else:
            found.append(_section(t, (), False, False))
    return tuple(found)


def _sorted(t: Tokens) -> list[SectionPattern]:
    """sort : SORT "(" (sort | (excluded pattern)+) ")"   at most two sorts and a REVERSE deep."""
    sorts: list[str] = []
    reverse, opened = False, 0
    while t.peek(WORD) in SORTS:
        word = SORTS[t.take()]
        t.expect("(", word, WORD)
        opened += 1
        if word == "REVERSE" and not reverse:
            reverse = True
        elif word != "REVERSE" and len(sorts) < 2:
            sorts.append(word)
        else:
            raise t.wrong("sorts nest at most two deep")
    found: list[SectionPattern] = []
    while not found or not t.accept(")", WORD):
        if found and t.accept(",", WORD):
            continue
        found.append(_section(t, tuple(sorts), reverse, bool(found)))
    for _ in range(opened - 1):
        t.expect(")", "the section names in SORT()", WORD)
    return found


def _section(t: Tokens, sort: tuple[str, ...], reverse: bool, joined: bool) -> SectionPattern:
    """section : ("EXCLUDE_FILE" files)? pattern."""
    word = t.peek(WORD)
    start = t.start
    exclude: tuple[str, ...] = ()
    if word == "EXCLUDE_FILE":
        t.take()
        exclude = _files(t)
        word = t.peek(WORD)
    if word in SORTS or word in ("KEEP", "EXCLUDE_FILE"):
        raise t.wrong("expected a section name or pattern")
    pattern = t.name("a section name or pattern", WORD)
    return SectionPattern(pattern, exclude, sort, reverse, joined, t.since(start))
