"""Words of a linker script, read one at a time in the way the parser asks for.

There is no list of tokens: what a word is depends on the place.  `a-b` is a subtraction in an
expression and a name where a section is named; `*` is a product here and a pattern there.  So the
parser names the kind of word it wants (a mode, one compiled regex each) and this module finds the
next one, past blanks, `/* comments */` and `#` lines, and knows where it stands in which file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property

from ..diag import LinkError, Source, Span, fail

# The last alternatives of the word part match anything, so no regex here ever goes back; and since
# a repeated group costs memory for each turn, 10 MB of comments are skipped 100 at a time.
_BLANK = r"(?:[ \t\r\n\f\v]+|/\*.*?\*/|\#[^\n]*){0,100}"
_QUOTED = r'(?P<quoted>"[^"]*")'
_REST = r"|(?P<more>(?=[ \t\r\n\f\v#]|/\*.*?\*/))|(?P<comment>/\*)|(?P<bad>.)|(?P<end>\Z)"


class Mode:
    """A kind of word: a regex with named groups, compiled when first asked for.

    A script that has no VERSION need not pay for its words; all regexes together take 3 ms.
    """

    def __init__(self, words: str, quoted: str = _QUOTED) -> None:
        self.pattern = f"{_BLANK}(?:{quoted}|{words}{_REST})"

    @cached_property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        return re.compile(self.pattern, re.DOTALL | re.ASCII).match


EXPR = Mode(
    r"(?P<name>/DISCARD/|[A-Za-z_.$][\w.$]*)"
    r"|(?P<number>[0-9][\w.$]*)"
    r"|(?!/\*)(?P<op><<=?|>>=?|&&|\|\||[-+*/&|^=!<>]=|[-+*/%<>&|^~!?:;,(){}=])"
)
"""Expressions, and every place where only punctuation or a keyword can stand.  `/DISCARD/` is one
word here too: it may follow the fill of the section before it (`} =144 /DISCARD/ : ...`)."""

NAME = Mode(
    r"(?!/\*)(?P<name>[\w.$/\\~+\[\]!^-]+(?::+[\w.$/\\~+-]+)*)|(?P<op>[{}(),;:=<>*?&|])",
)
"""Names of sections, regions, program headers; `.text:` is a name and a colon."""

WORD = Mode(r"(?P<name>(?!/\*)[\w.$/\\~+\[\]!^:=*?-]+)|(?P<op>[{}(),;<>&|])")
"""File names and patterns."""

FLAG = Mode(r"(?P<name>[\w.]+)|(?P<op>[(),;&!|])")
"""Inside INPUT_SECTION_FLAGS()."""

VERSION = Mode(r"(?P<name>[\w.$*?\[\]!^@~+-]+(?:::[\w.$*?\[\]!^@~+-]*)*)|(?P<op>[{}:;(),])")
"""Inside VERSION { }."""

TEXT = Mode(r"(?P<name>(?!))", r'(?P<quoted>"(?:[^"\\]|\\.)*")')
"""The text of ASCIZ, where a backslash may hide a quote."""

_ASSIGN = Mode(
    r"(?P<name>[A-Za-z_.$][\w.$]{0,9999}(?![\w.$]))[ \t\r\n]*"
    r"(?P<op><<=|>>=|[-+*/&|^]?=)(?!=)|(?P<none>)",
    r'(?P<quoted>"[^"\n]*")[ \t\r\n]*(?P<assign><<=|>>=|[-+*/&|^]?=)(?!=)',
)
_BEGIN_BLANK = frozenset(" \t\r\n\f\v#/")
"""What blanks and comments begin with; where more than a hundred of them stand, some are left."""

_MARKER = r'(?m)^[ \t]*#[ \t]*(?:line[ \t]+)?(\d{1,9})[ \t]+"([^"\n]*)"[^\n]*(?:\n|\Z)'


class Tokens:
    """A place in a script; `peek` looks at the next word, `take` steps over it.

    kind: of the word last looked at: "name", "number", "quoted", "op", "bad", "end";
    start, end: where it stands; last: the end of the word last taken.
    """

    def __init__(self, source: Source, text: str) -> None:
        self.source, self.text = source, text
        self.pos = self.last = 0
        self.kind = self.word = ""
        self.start = self.end = 0
        self.depth = 0
        self._looked = -1
        self._mode: Mode | None = None
        self._starts: list[int] = []
        self._parts: list[Source] = []

    def peek(self, mode: Mode) -> str:
        """The next word read in `mode`, "" at the end; a quoted word comes with its quotes."""
        if self._looked == self.pos and self._mode is mode:
            return self.word
        found = mode.match(self.text, self.pos)
        while found is not None and found.lastgroup == "more":
            found = mode.match(self.text, found.end())
        if found is None or found.lastgroup is None:
            raise AssertionError("a mode's last alternatives match anything")
        kind = self.kind = found.lastgroup
        self.start, self.end = found.span(kind)
        self.word = word = found[kind]
        self._looked, self._mode = self.pos, mode
        if kind == "comment":
            raise fail(
                "script-syntax",
                "syntax error: unterminated comment: `/*` without `*/`",
                span=self.span(self.start, self.end),
            )
        return word

    def take(self) -> str:
        """Step over the word last looked at."""
        self.pos = self.last = self.end
        return self.word

    def accept(self, word: str, mode: Mode = EXPR) -> bool:
        """Step over `word` if it is next; a quoted word never is."""
        if self.peek(mode) != word:
            return False
        self.pos = self.last = self.end
        return True

    def expect(self, word: str, after: str, mode: Mode = EXPR) -> None:
        """Step over `word`, or end with script-syntax: what was expected after what."""
        if self.peek(mode) != word:
            raise self.wrong(f"expected `{word}` after {after}")
        self.pos = self.last = self.end

    def name(self, what: str, mode: Mode) -> str:
        """Step over a name, quoted or not, and give it without quotes."""
        word = self.peek(mode)
        if self.kind == "quoted":
            word = word[1:-1]
        elif self.kind != "name":
            raise self.wrong(f"expected {what}")
        self.pos = self.last = self.end
        return word

    def assignment(self) -> tuple[str, str] | None:
        """Step over `name op` where an assignment is next and give both; None where it is not.

        Written out as its own regex because `.=0x10` is one word to the other modes.
        """
        found = _ASSIGN.match(self.text, self.pos)
        while found is not None and found.lastgroup == "none":
            before, self.pos = self.pos, found.end()
            if before == self.pos or self.text[self.pos : self.pos + 1] not in _BEGIN_BLANK:
                return None
            found = _ASSIGN.match(self.text, self.pos)
        if found is None:
            return None
        quoted, assign, name, op = found.group("quoted", "assign", "name", "op")
        self.start = found.start("quoted" if quoted else "name")
        self.pos = self.last = found.end()
        return (quoted[1:-1], assign) if quoted else (name, op)

    def span(self, start: int, end: int) -> Span:
        """The span of text[start:end], in the file that line markers say it came from."""
        if not self._starts:
            return Span(self.source, start, end)
        index = bisect_right(self._starts, start) - 1
        first = self._starts[index]
        part = self._parts[index]
        return Span(part, start - first, min(end - first, len(part.text)))

    def since(self, start: int) -> Span:
        """The span from `start` to the end of the word last taken."""
        if self._starts:
            return self.span(start, self.last)
        return Span(self.source, start, self.last)

    def wrong(self, expected: str, help: Iterable[str] = ()) -> LinkError:
        """The script-syntax error at the word last looked at; `expected` says what was."""
        found = {
            "end": "the end of the script",
            "bad": f"the character `{_printable(self.word)}`",
        }.get(self.kind, f"`{_printable(self.word)}`")
        hints = list(help)
        if self.kind == "bad":
            hints.append(
                "close the quotation"
                if self.word == '"'
                else "names with such a character are written in double quotes"
            )
        message = f"syntax error: {expected}, found {found}"
        span = self.span(self.start, max(self.end, self.start + 1))
        return fail("script-syntax", message, span=span, help=hints)


def open_script(text: str, name: str) -> Tokens:
    """The beginning of a script; `# 12 "file"` lines of a preprocessor name what follows them."""
    text = text.removeprefix("\ufeff")
    tokens = Tokens(Source(name, text), text)
    if "#" in text:
        markers = list(re.finditer(_MARKER, text))
        if markers:
            ends = [m.start() for m in markers[1:]] + [len(text)]
            first = Source(name, text[: markers[0].end()])
            tokens._starts = [0] + [m.end() for m in markers]
            tokens._parts = [first] + [
                Source(m.group(2), text[m.end() : end], int(m.group(1)))
                for m, end in zip(markers, ends, strict=True)
            ]
    return tokens


def nearest(word: str, words: Iterable[str]) -> str:
    """The word of `words` that looks most like `word`, or "" when none does."""
    if len(word) > 40:
        return ""
    from difflib import get_close_matches  # only wanted in an error: importing it takes 3 ms

    by_folded = {each.upper(): each for each in words}
    close = get_close_matches(word.upper(), by_folded, n=1, cutoff=0.7)
    return by_folded[close[0]] if close else ""


def _printable(word: str) -> str:
    shown = word if len(word) <= 40 else word[:37] + "..."
    return shown.encode("unicode_escape").decode("ascii") if not shown.isprintable() else shown
