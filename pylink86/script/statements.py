"""The grammar inside `{ }` of an output section, and of assignments, which stand everywhere.

Most of it says which input sections go here: `KEEP(*(SORT(.init.*)))`.  A word that is no keyword
is a file name pattern, so a misspelt keyword would silently become one; words in capitals are
therefore looked at twice.  GNU ld manual 3.5, 3.6.4, 3.6.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..diag import fail
from .expression import assertion, expression
from .nodes import (
    Assert,
    Assignment,
    Data,
    FilePattern,
    Fill,
    Include,
    InputStatement,
    SectionPattern,
    SectionStatement,
    Text,
    Word,
)
from .tokens import EXPR, FLAG, TEXT, WORD, Tokens, nearest

ASSIGN_OPS = frozenset(("=", "+=", "-=", "*=", "/=", "<<=", ">>=", "&=", "|=", "^="))
SORTS = {
    "SORT": "SORT_BY_NAME",
    "SORT_BY_NAME": "SORT_BY_NAME",
    "SORT_BY_ALIGNMENT": "SORT_BY_ALIGNMENT",
    "SORT_BY_INIT_PRIORITY": "SORT_BY_INIT_PRIORITY",
    "SORT_NONE": "SORT_NONE",
    "REVERSE": "REVERSE",
}
PROVIDES = {
    "PROVIDE": (True, False),
    "PROVIDE_HIDDEN": (True, True),
    "HIDDEN": (False, True),
}
"""The keyword to (provide, hidden) of the assignment inside it."""

ELSEWHERE = frozenset(
    """
    ENTRY INPUT GROUP OUTPUT OUTPUT_FORMAT OUTPUT_ARCH SECTIONS MEMORY PHDRS SEARCH_DIR STARTUP
    TARGET EXTERN NOCROSSREFS NOCROSSREFS_TO REGION_ALIAS VERSION INSERT LD_FEATURE OVERLAY
    """.split()  # noqa: SIM905 (one word to a line is 20 lines)
)
"""Keywords of other places: here GNU ld would look for a file of that name."""


# Assignments and ASSERT, anywhere


def assignment(t: Tokens) -> Assignment | None:
    """assignment : name op expr (";" | ",");  None, and no step, where none is next."""
    found = t.assignment()
    if found is None:
        return None
    start = t.start
    name, op = found
    return finish_assignment(t, name, op, start)


def finish_assignment(t: Tokens, name: str, op: str, start: int) -> Assignment:
    """The rest of an assignment whose `name op` is taken."""
    value = expression(t)
    made = Assignment(name, op, value, span=t.since(start))
    end_of_statement(t, "the assignment")
    return made


def end_of_statement(t: Tokens, what: str) -> None:
    """end : ";" | ",";  GNU ld takes either."""
    if t.peek(EXPR) not in (";", ","):
        raise t.wrong(f"expected `;` after {what}")
    t.take()


def provided(t: Tokens, word: str, start: int) -> Assignment:
    """provided : ("PROVIDE"|"PROVIDE_HIDDEN"|"HIDDEN") "(" name "=" expr ")" (";" | ",")."""
    t.expect("(", word)
    found = t.assignment()
    if found is None or found[1] != "=":
        t.peek(EXPR)
        raise t.wrong(f"expected `symbol = expression` in {word}()")
    provide, hidden = PROVIDES[word]
    value = expression(t)
    t.expect(")", f"the expression in {word}()")
    made = Assignment(found[0], "=", value, provide, hidden, t.since(start))
    end_of_statement(t, f"{word}()")
    return made


def assert_statement(t: Tokens, word: str, start: int) -> Assert:
    """assert : "ASSERT" "(" expr "," message ")";  a `;` after it is optional, as in LLD."""
    made = assertion(t, start)
    if t.peek(EXPR) == ",":
        t.take()
    return Assert(made.condition, made.message, made.span)


def include(t: Tokens, word: str, start: int) -> Include:
    """include : "INCLUDE" file."""
    return Include(t.name("a file name after INCLUDE", WORD), t.since(start))


# The statements of an output section


def statements(t: Tokens, closing: str = "}") -> tuple[SectionStatement, ...]:
    """statements : (statement | ";")* closing;  `closing` "" is the end of an included file."""
    found: list[SectionStatement] = []
    while True:
        assigned = assignment(t)
        if assigned is not None:
            found.append(assigned)
            continue
        word = t.peek(WORD)
        if word == closing and t.kind in ("op", "end"):
            t.take()
            return tuple(found)
        if word == ";":
            t.take()
            continue
        found.append(_statement(t, word))


def _statement(t: Tokens, word: str) -> SectionStatement:
    """statement : keyword statement | name op expr ";" | input statement."""
    start = t.start
    if t.kind not in ("name", "quoted"):
        raise t.wrong("expected a statement or `}`")
    if t.kind == "quoted":
        return _input(t)
    if word in _STATEMENTS:
        t.take()
        return _STATEMENTS[word](t, word, start)
    if "*" in word:  # no name that is assigned to
        return _input(t)
    after = _word_after(t, word)
    if after in ASSIGN_OPS:
        return finish_assignment(t, word, after, start)
    _refuse_keyword(t, word, after, start)
    t.pos = start
    return _input(t)


def _word_after(t: Tokens, word: str) -> str:
    """Step over the word last looked at, and past the operator too if it is an assignment."""
    t.take()
    after = t.peek(EXPR)
    if after in ASSIGN_OPS:
        t.take()
    return after


def _refuse_keyword(t: Tokens, word: str, after: str, start: int) -> None:
    """script-syntax where a word in capitals was hardly meant as a file name."""
    if not word.replace("_", "").isupper():
        return
    near = (
        ""
        if word in ELSEWHERE or after != "("
        else nearest(word, _STATEMENTS.keys() | SORTS.keys())
    )
    if word in ELSEWHERE or near:
        raise fail(
            "script-syntax",
            f"syntax error: `{word}` cannot stand inside an output section"
            if word in ELSEWHERE
            else f"syntax error: unknown keyword `{word}`",
            span=t.span(start, start + len(word)),
            help=[
                *([f"did you mean `{near}`?"] if near else []),
                f'if it is a file name, write "{word}" in double quotes',
            ],
        )


def _data(t: Tokens, word: str, start: int) -> Data:
    """data : ("BYTE"|"SHORT"|"LONG"|"QUAD"|"SQUAD") "(" expr ")"."""
    t.expect("(", word)
    value = expression(t)
    t.expect(")", f"the value of {word}()")
    return Data(word, value, t.since(start))


def _fill(t: Tokens, word: str, start: int) -> Fill:
    """fill : "FILL" "(" expr ")"."""
    t.expect("(", word)
    value = expression(t)
    t.expect(")", "the value of FILL()")
    return Fill(value, t.since(start))


def _text(t: Tokens, word: str, start: int) -> Text:
    """text : "ASCIZ" string | "ASCII" ("(" expr ")")? string."""
    size = None
    if word == "ASCII" and t.accept("("):
        size = expression(t)
        t.expect(")", "the size of ASCII()")
    literal = t.peek(TEXT)
    if t.kind != "quoted":
        raise t.wrong(f"expected a text in double quotes after {word}")
    t.take()
    return Text(word, unescape(literal[1:-1]), size, t.since(start))


_ESCAPE = r"(?s)\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))"
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unescape(text: str) -> bytes:
    """The bytes of a quoted text: C's escapes, other characters as UTF-8."""

    def one(found: re.Match[str]) -> str:
        octal, hexadecimal, letter = found.groups()
        if letter is not None:
            return _ESCAPED.get(letter, letter)
        # Through a surrogate, so that \377 is the byte 0xff and not the letter's UTF-8.
        value = int(octal, 8) & 0xFF if octal else int(hexadecimal, 16)
        return chr(value) if value < 0x80 else chr(0xDC00 + value)

    return re.sub(_ESCAPE, one, text).encode("utf-8", "surrogateescape")


def _word(t: Tokens, word: str, start: int) -> Word:
    """word : "CONSTRUCTORS" | "CREATE_OBJECT_SYMBOLS" | "LINKER_VERSION"."""
    return Word(word, t.since(start))


# Input statements


def _input_at(t: Tokens, word: str, start: int) -> SectionStatement:
    """An input statement whose first word was taken as a keyword: read it again from there."""
    t.pos = start
    return _input(t)


def _input(t: Tokens) -> SectionStatement:
    """input : ("KEEP" "(" spec ")" | spec) ";"?   with EXCLUDE_FILE and flags before either.

    spec : ("INPUT_SECTION_FLAGS" flags | "EXCLUDE_FILE" files)* file ("(" sections ")")?
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


def input_statement(t: Tokens) -> InputStatement:
    """An input statement and nothing else, as `build` takes them from Python."""
    made = _input(t)
    t.accept(";")
    if t.peek(WORD) != "" or not isinstance(made, InputStatement):
        raise t.wrong("expected one input statement such as *(.text*)")
    return made


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


_STATEMENTS: dict[str, Callable[[Tokens, str, int], SectionStatement]] = {
    **dict.fromkeys(("BYTE", "SHORT", "LONG", "QUAD", "SQUAD"), _data),
    **dict.fromkeys(("ASCIZ", "ASCII"), _text),
    **dict.fromkeys(("CONSTRUCTORS", "CREATE_OBJECT_SYMBOLS", "LINKER_VERSION"), _word),
    **dict.fromkeys(("KEEP", "EXCLUDE_FILE", "INPUT_SECTION_FLAGS"), _input_at),
    **dict.fromkeys(SORTS, _input_at),
    **dict.fromkeys(PROVIDES, provided),
    "FILL": _fill,
    "ASSERT": assert_statement,
    "INCLUDE": include,
}

STATEMENT_WORDS = ELSEWHERE | _STATEMENTS.keys()
"""Words that are no file names inside an output section unless they are quoted."""
