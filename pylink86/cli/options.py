"""Command lines the way GNU ld takes them, driven by tables that also print the help.

A linker is called by compilers and build systems far more often than by people, and they use every
spelling getopt_long_only allows: `-T script`, `-Tscript`, `-Ttext=0x7c00`, `--script=script`,
`-z keyword`, abbreviations, `@file`.  An option is one row of a table; a row of a later day is one
more line there and nothing here.  This module imports nothing heavy: `--version` and the probes of
configure scripts run it hundreds of times.

Source: GNU ld manual chapter 2, and `ld` 2.40 tried with odd spellings.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..diag import Diagnostic

    Row = tuple[str, str, str, str, str]
    """names ("-e --entry"), placeholder of its argument ("" none, "[X]" only as `=X`), how, dest,
    help"""
    Table = dict[str, tuple[Row, ...]]
    """Headline of the help -> its rows."""

# What an option does with `dest`.
SET = "set"  # the last one counts
ADD = "add"  # all of them count, in order
ON, OFF = "on", "off"
HERE, HERE_ON, HERE_OFF = "here", "here-on", "here-off"  # for the inputs that follow
INPUT = "input"  # is an input itself, of kind `dest`, and counts as with ADD
PUSH, POP = "push", "pop"  # save and restore what HERE options set
KEYWORD = "keyword"  # the argument names a row of the keyword table `dest`
IGNORED = "ignored"  # means nothing here, and nobody is the worse for it
REFUSED = "refused"  # known, not built: an error that names it


class Parsed:
    """A command line taken apart.

    values: dest -> value, only for options that were given.  inputs: (kind, text, state) in order,
    kind "file" or that of an INPUT row, state: what HERE options had set by then.  words: (row,
    value) of every option in order, (None, path) of a file.
    """

    __slots__ = ("inputs", "problems", "values", "words")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.words: list[tuple[Row | None, str | None]] = []
        self.inputs: list[tuple[str, str, Mapping[str, Any]]] = []
        self.problems: list[Diagnostic] = []


class Names:
    """The rows of a table by spelling: `long` without dashes, `short` by letter."""

    __slots__ = ("long", "short")

    def __init__(self, table: Table) -> None:
        self.long: dict[str, Row] = {}
        self.short: dict[str, Row] = {}
        for rows in table.values():
            for row in rows:
                for name in row[0].split():
                    if len(name) == 2:
                        self.short[name[1]] = row
                    else:
                        self.long[name.lstrip("-")] = row


def parse(
    argv: Sequence[str],
    table: Table,
    keywords: Mapping[str, Mapping[str, Row]] | None = None,
    exact: bool = False,
    *,
    letters: bool = False,
) -> Parsed:
    """Take a command line apart; never raises, `problems` holds what is wrong with it.

    exact: options are to be written in full, as for LLD.
    letters: as LLVM's tools for objects, where one dash stands before letters only.

    Problems: unknown-option, option-not-supported, option-needs-value, option-takes-no-value,
    option-ambiguous, response-file; a warning unknown-keyword, as GNU ld for `-z nonsense`.
    """
    names = Names(table)
    found = Parsed()
    state: dict[str, Any] = {}
    saved: list[dict[str, Any]] = []
    words = iter(argv)
    if any(word[:1] == "@" for word in argv):
        from .response_files import expand_response_files, quoting_of

        words = expand_response_files(argv, found.problems, quoting_of(argv))
    for word in words:
        if word == "--":
            for rest in words:
                found.inputs.append(("file", rest, state))
                found.words.append((None, rest))
        elif word[:1] != "-" or word == "-":
            found.inputs.append(("file", word, state))
            found.words.append((None, word))
        else:
            if letters:
                rows = _match_letters(word, names, found.problems)
            else:
                rows = _match(word, names, found.problems, exact)
            for row, spelled, value in rows:
                if value is None and row[1] and row[1][0] != "[":
                    value = next(words, None)
                    if value is None:
                        found.problems.append(_needs_value(spelled, row))
                        continue
                found.words.append((row, value))
                state = _apply(row, spelled, value, found, state, saved, keywords or {})
    return found


def _match(
    word: str, names: Names, problems: list[Diagnostic], exact: bool
) -> list[tuple[Row, str, str | None]]:
    """The rows a word stands for, with the value attached to it; [] after a problem.

    One dash: an exact long name, then a one-letter option with its argument attached, then grouped
    flags (`-sx`), then an abbreviation.  Two dashes: exact, then abbreviation.  `-omagic` is `-o
    magic`: GNU ld manual 2.1.
    """
    dashes = 2 if word[:2] == "--" else 1
    name, equals, text = word[dashes:].partition("=")
    value = text if equals else None
    row = names.long.get(name)
    if row is not None and not (dashes == 1 and name[0] == "o"):
        return _checked(row, word, value, problems)
    if dashes == 1:
        row = names.short.get(word[1])
        if row is not None and (row[1] or len(word) == 2):
            return [(row, word[:2], word[2:] or None)]
        group = [(f"-{letter}", names.short.get(letter)) for letter in word[1:]]
        if all(flag is not None and not flag[1] for _, flag in group):
            return [(flag, letter, None) for letter, flag in group if flag is not None]
    if name and not exact:
        fits = {id(row): row for full, row in names.long.items() if full.startswith(name)}
        if len(fits) == 1:
            return _checked(fits.popitem()[1], word, value, problems)
        if fits:
            problems.append(_ambiguous(word, name, names))
            return []
    problems.append(_misspelt(word, name, names) if exact else _unknown(word, name, names))
    return []


ATTACHED = "adjust-start"
"""The one option of LLVM's tools whose argument follows without `=`: `--adjust-start16`."""


def _match_letters(
    word: str, names: Names, problems: list[Diagnostic]
) -> list[tuple[Row, str, str | None]]:
    """The same for LLVM's tools: `--name`, `--name=value`, and letters, of which the last may have
    its argument attached."""
    if word.startswith(f"--{ATTACHED}") and ATTACHED in names.long:
        at = len(ATTACHED) + 2
        return [(names.long[ATTACHED], word[:at], word[at:] or None)]
    if word[:2] == "--":
        name, equals, text = word[2:].partition("=")
        row = names.long.get(name)
        if row is None or (equals and not row[1]):
            problems.append(_unknown(word, name, names))
            return []
        return [(row, f"--{name}", text if equals else None)]
    found: list[tuple[Row, str, str | None]] = []
    for at, letter in enumerate(word[1:], 1):
        row = names.short.get(letter)
        if row is None:
            problems.append(_unknown("-" + letter, letter, names))
            return []
        if row[1]:
            return [*found, (row, f"-{letter}", word[at + 1 :] or None)]
        found.append((row, f"-{letter}", None))
    return found


def _checked(
    row: Row, word: str, value: str | None, problems: list[Diagnostic]
) -> list[tuple[Row, str, str | None]]:
    spelled = word.partition("=")[0]
    if value is not None and not row[1]:
        problems.append(error("option-takes-no-value", f"option '{spelled}' takes no value"))
        return []
    return [(row, spelled, value)]


def _apply(
    row: Row,
    spelled: str,
    value: str | None,
    found: Parsed,
    state: dict[str, Any],
    saved: list[dict[str, Any]],
    keywords: Mapping[str, Mapping[str, Row]],
) -> dict[str, Any]:
    """Do what the row says; the state of the inputs that follow."""
    _, _, how, dest, _ = row
    if how == SET:
        found.values[dest] = "" if value is None else value
    elif how == ADD:
        given = found.values.pop(dest, [])
        given.append("" if value is None else value)
        found.values[dest] = given
    elif how in (ON, OFF):
        found.values.pop(dest, None)  # so that the order of the values is that of the last words
        found.values[dest] = how == ON
    elif how == HERE:
        return {**state, dest: value}
    elif how in (HERE_ON, HERE_OFF):
        return {**state, dest: how == HERE_ON}
    elif how == INPUT:
        if value is not None:
            found.values.setdefault(dest, []).append(value)
        found.inputs.append((dest, value or "", state))
    elif how == PUSH:
        saved.append(state)
    elif how == POP:
        if not saved:
            found.problems.append(error("unknown-option", f"{spelled} without --push-state"))
        return saved.pop() if saved else state
    elif how == KEYWORD:
        _apply_keyword(spelled, value or "", found, keywords[dest])
    elif how == REFUSED:
        found.problems.append(_refused(spelled, row))
    return state


def _apply_keyword(spelled: str, text: str, found: Parsed, rows: Mapping[str, Row]) -> None:
    """`-z keyword` and `-z keyword=value`."""
    name, equals, value = text.partition("=")
    row = rows.get(name)
    whole, spelled = f"{spelled} {text}", f"{spelled} {name}"
    if row is None:
        found.problems.append(
            error(
                "unknown-keyword",
                f"{whole} ignored",
                severity="warning",
                notes=("GNU ld ignores keywords it does not know, too",),
            )
        )
    elif row[1] and not equals:
        found.problems.append(_needs_value(spelled, row))
    else:
        _apply(row, spelled, value, found, {}, [], {})


# Problems


def error(
    slug: str,
    message: str,
    *,
    severity: str = "error",
    notes: tuple[str, ...] = (),
    help: tuple[str, ...] = (),
) -> Diagnostic:
    """A Diagnostic; its module is imported only when there is one."""
    from ..diag import Diagnostic

    kind = "error" if severity == "error" else "warning"
    return Diagnostic(kind, slug, message, notes=notes, help=help)  # type: ignore[arg-type]


def _needs_value(spelled: str, row: Row) -> Diagnostic:
    return error("option-needs-value", f"option '{spelled}' needs a value: {row[1]}")


def _refused(spelled: str, row: Row) -> Diagnostic:
    return error(
        "option-not-supported",
        f"option '{spelled}' is not supported",
        notes=(f"in other linkers: {row[4]}",) if row[4] else (),
        help=("leave it out, if the image does not depend on it",),
    )


def _ambiguous(word: str, name: str, names: Names) -> Diagnostic:
    fits = sorted(full for full in names.long if full.startswith(name))
    shown = ", ".join(f"--{full}" for full in fits[:6]) + (" ..." if len(fits) > 6 else "")
    return error("option-ambiguous", f"option '{word}' is ambiguous", notes=(f"it fits {shown}",))


def _unknown(word: str, name: str, names: Names) -> Diagnostic:
    from difflib import get_close_matches

    near = get_close_matches(name, names.long, n=2, cutoff=0.7)
    return error(
        "unknown-option",
        f"unrecognized option '{word}'",
        help=(f"did you mean {' or '.join('--' + n for n in near)}?",) if near else (),
    )


def _misspelt(word: str, name: str, names: Names) -> Diagnostic:
    """The same in LLD's way: it guesses names that are one letter away, and says the value, too."""
    from ..passes.near import is_one_edit

    near = next((full for full in names.long if is_one_edit(name, full)), None)
    value = word[word.index("=") :] if "=" in word else ""
    return error(
        "unknown-option",
        f"unrecognized option '{word}'",
        help=(f"did you mean --{near}{value}?",) if near else (),
    )


# Help

MARGIN = 30
WIDTH = 80


def help_text(table: Table, front: str = "") -> str:
    """The rows under their headlines; ignored and refused ones in short, by name.

    front: `-z ` before keywords, which have no dashes of their own."""
    lines = []
    for headline, rows in table.items():
        full = [row for row in rows if row[2] not in (IGNORED, REFUSED)]
        if full:
            lines.append(f"{headline}:")
        for row in full:
            lines += _help_row(row, front)
    for headline, how in (
        ("Accepted for compatibility, without effect", IGNORED),
        ("Known, but not supported", REFUSED),
    ):
        found = [row for rows in table.values() for row in rows if row[2] == how]
        names = [_left(row, front) for row in found]
        lines += [f"{headline}:", *_wrap(", ".join(names), "  ")] if names else []
    return "\n".join(lines) + "\n"


def spelling(row: Row) -> str:
    """Its names with what they take: `-e SYMBOL, --entry=SYMBOL`."""
    names, value = row[0].split(), row[1]
    if not value:
        return ", ".join(names)
    if value[0] == "[":
        return ", ".join(f"{n}{value if len(n) == 2 else f'[={value[1:]}'}" for n in names)
    return ", ".join(f"{n}={value}" if n[:2] == "--" else f"{n} {value}" for n in names)


def _left(row: Row, front: str) -> str:
    return front + "=".join(filter(None, row[:2])) if front else spelling(row)


def _help_row(row: Row, front: str) -> list[str]:
    left = f"  {_left(row, front)}"
    right = _wrap(row[4], " " * MARGIN)
    if len(left) < MARGIN - 1 and right:
        return [left.ljust(MARGIN) + right[0].lstrip(), *right[1:]]
    return [left, *right]


def _wrap(text: str, indent: str) -> list[str]:
    """Lines of at most WIDTH columns; `textwrap` would cost more to import than all the rest."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and len(indent) + len(line) + 1 + len(word) > WIDTH:
            lines.append(indent + line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, indent + line] if line else lines
