"""`@FILE` on a command line: a file with more words, quoted in one of two styles.

Command lines of thousands of objects are longer than systems allow, so that build tools write them
to a file.  What a quote and a backslash mean there differs between GNU's tools and Windows.

Source: GNU ld manual 2.1, `@FILE`; Microsoft C, "Parsing C command-line arguments"."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..diag import Diagnostic

MAX_RESPONSE_FILES = 2000
"""Files read through `@file`, so that one that names itself ends; libiberty stops there too."""


def quoting_of(argv: Sequence[str]) -> str:
    """The value of the last --rsp-quoting: it has to be known before any file is read."""
    style = "posix"
    for word, after in zip(argv, (*argv[1:], "")):
        name, equals, value = word.partition("=")
        if name in ("--rsp-quoting", "-rsp-quoting"):
            style = value if equals else after
    return style


def expand_response_files(
    argv: Iterable[str], problems: list[Diagnostic], quoting: str = "posix"
) -> Iterator[str]:
    """Replace `@file` by the words in the file; a name that is no file stays as it is (GNU)."""
    from .options import error

    split = split_windows if quoting == "windows" else split_words
    waiting = list(argv)[::-1]
    budget = MAX_RESPONSE_FILES
    while waiting:
        word = waiting.pop()
        if word[:1] != "@" or len(word) == 1 or not os.path.isfile(word[1:]):
            yield word
            continue
        budget -= 1
        if budget < 0:
            problems.append(
                error("response-file", f"too many response files, the last one is {word}")
            )
            return
        try:
            with open(word[1:], encoding="utf-8", errors="surrogateescape") as file:
                waiting += split(file.read())[::-1]
        except OSError as problem:
            problems.append(
                error("response-file", f"cannot read {word[1:]}: {problem.strerror or problem}")
            )


def split_words(text: str) -> list[str]:
    """Words of a response file: blanks separate, quotes of both kinds hold them together, and a
    backslash takes the next character as it is, inside quotes too (the rule of GNU's `buildargv`).
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    letters = iter(text)
    for ch in letters:
        if ch == "\\":
            word = word if word is not None else []
            word.append(next(letters, ""))
        elif quote:
            if ch == quote:
                quote = ""
            elif word is not None:
                word.append(ch)
        elif ch in "'\"":
            quote = ch
            word = word if word is not None else []
        elif ch.isspace():
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = word if word is not None else []
            word.append(ch)
    if word is not None:
        words.append("".join(word))
    return words


def split_windows(text: str) -> list[str]:
    """Words the way Windows programs take their command line apart: double quotes hold together,
    and backslashes mean themselves but before one: two are a backslash each, the odd one a quote.

    Source: Microsoft C, "Parsing C command-line arguments"; ld.lld-19 --rsp-quoting=windows."""
    words: list[str] = []
    word: list[str] = []
    begun = quoted = False
    at = 0
    while at < len(text):
        end = at
        while text[end : end + 1] == "\\":
            end += 1
        slashes, ch = end - at, text[end : end + 1]
        if slashes and ch == '"':
            word.append("\\" * (slashes // 2))
            begun = True
            at = end
            if slashes % 2:
                word.append('"')
                at += 1
        elif slashes:
            word.append("\\" * slashes)
            begun, at = True, end
        elif ch == '"':
            begun, quoted, at = True, not quoted, at + 1
        elif ch.isspace() and not quoted:
            if begun:
                words.append("".join(word))
            word, begun, at = [], False, at + 1
        else:
            word.append(ch)
            begun, at = True, at + 1
    return [*words, "".join(word)] if begun else words
