"""The grammar inside `{ }` of an output section, and of assignments, which stand everywhere.

A word that is no keyword begins an input statement: it is a file name pattern, so a misspelt
keyword would silently become one; words in capitals are therefore looked at twice.  GNU ld manual
3.5, 3.6.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..diag import fail
from .expression import assertion, expression
from .input_patterns import SORTS, input_or_constructors
from .nodes import (
    Assert,
    Assignment,
    Data,
    Fill,
    Include,
    SectionStatement,
    Text,
    Word,
)
from .tokens import EXPR, TEXT, WORD, Tokens, nearest

ASSIGN_OPS = frozenset(("=", "+=", "-=", "*=", "/=", "<<=", ">>=", "&=", "|=", "^="))
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
        return input_or_constructors(t)
    if word in _STATEMENTS:
        t.take()
        return _STATEMENTS[word](t, word, start)
    if "*" in word:  # no name that is assigned to
        return input_or_constructors(t)
    after = _word_after(t, word)
    if after in ASSIGN_OPS:
        return finish_assignment(t, word, after, start)
    _refuse_keyword(t, word, after, start)
    t.pos = start
    return input_or_constructors(t)


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
    return input_or_constructors(t)


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
