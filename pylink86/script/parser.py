"""Linker script text to a tree: the entry points and the commands of the top level.

A linker script is a program for the linker: which input sections go into which output section, at
which address, under which names.  The grammar is GNU ld's (manual, chapter 3) with what LLD adds to
it; where the two differ in what they take, both are taken.  One function reads one rule and its
docstring is the rule.  Everything wrong is one error, script-syntax, at the place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

from ..diag import fail
from .blocks import memory, phdrs, regions, version, version_nodes
from .expression import expression
from .nodes import (
    Assignment,
    Command,
    Expr,
    Include,
    Input,
    InputFile,
    Insert,
    OutputFormat,
    Region,
    RegionAlias,
    Script,
    SectionsItem,
    SectionStatement,
    TopLevel,
    Version,
)
from .sections import assigned_word, entry, items, one_argument, overwrite, sections
from .statements import (
    PROVIDES,
    assert_statement,
    assignment,
    include,
    provided,
    statements,
)
from .tokens import EXPR, NAME, WORD, Tokens, nearest, open_script

Start = Literal["script", "sections", "output section", "memory"]


@overload
def parse_script(text: str, name: str = ..., start: Literal["script"] = ...) -> Script: ...
@overload
def parse_script(text: str, name: str, start: Literal["sections"]) -> tuple[SectionsItem, ...]: ...
@overload
def parse_script(
    text: str, name: str, start: Literal["output section"]
) -> tuple[SectionStatement, ...]: ...
@overload
def parse_script(
    text: str, name: str, start: Literal["memory"]
) -> tuple[Region | Include, ...]: ...


def parse_script(text: str, name: str = "<script>", start: Start = "script") -> Any:
    """The tree of a script, or the nodes of a file that INCLUDE names inside SECTIONS, an output
    section or MEMORY (`start` says where; the result is then a tuple).

    name: what spans call the text; line markers (`# 1 "file"`) of a preprocessor overrule it.
    Raises LinkError script-syntax.  Source: GNU ld manual ch.3; LLD 19 for `#` comments.
    """
    t = open_script(text, name)
    if start == "sections":
        return items(t, "")
    if start == "output section":
        return statements(t, "")
    if start == "memory":
        return regions(t, "")
    return Script(_commands(t), t.span(0, len(text)))


def parse_expression(text: str, name: str = "<expression>") -> Expr:
    """One expression, as an option such as -Ttext or --defsym holds it; script-syntax otherwise."""
    t = open_script(text, name)
    found = expression(t)
    if t.peek(EXPR):
        raise t.wrong("expected the end of the expression")
    return found


def parse_version_script(text: str, name: str = "<version script>") -> Version:
    """The content of a --version-script file: what stands inside VERSION { }."""
    t = open_script(text, name)
    return Version(version_nodes(t, ""), t.span(0, len(text)))


# Top level


def _commands(t: Tokens) -> tuple[TopLevel, ...]:
    """script : (assignment | command | ";")*."""
    found: list[TopLevel] = []
    while True:
        assigned = assignment(t)
        if assigned is not None:
            found.append(assigned)
            continue
        word = t.peek(NAME)
        if t.kind == "end":
            return tuple(found)
        if word == ";":
            t.take()
        else:
            found.append(_command(t, word))


def _command(t: Tokens, word: str) -> TopLevel:
    """command : KEYWORD and what belongs to it | name op expr ";"."""
    start = t.start
    if t.kind == "quoted" or (t.kind == "name" and word not in _COMMANDS):
        made = assigned_word(t, start)
        if made is None:
            raise _unknown_command(t, word, start)
        return made
    if t.kind != "name":
        raise t.wrong("expected a command or an assignment")
    t.take()
    return _COMMANDS[word](t, word, start)


def _unknown_command(t: Tokens, word: str, start: int) -> Exception:
    near = nearest(word, _COMMANDS)
    if near:
        help = [f"did you mean `{near}`?"]
    elif t.peek(EXPR) == ":":
        help = ["output sections are described inside SECTIONS { ... }"]
    else:
        help = []
    return fail(
        "script-syntax",
        f"syntax error: unknown command `{word[:60]}`",
        span=t.span(start, start + min(len(word), 60)),
        help=help,
    )


def _one_word(t: Tokens, word: str, start: int) -> Command:
    """command : KEYWORD "(" word ")"   of OUTPUT, TARGET, OUTPUT_ARCH, SEARCH_DIR, STARTUP ..."""
    return Command(word, (one_argument(t, word),), t.since(start))


def _some_words(t: Tokens, word: str, start: int) -> Command:
    """command : ("EXTERN"|"NOCROSSREFS"|"NOCROSSREFS_TO") "(" (word ","?)* ")"."""
    t.expect("(", word)
    found: list[str] = []
    while not t.accept(")", WORD):
        found.append(t.name(f"a name or `)` in {word}()", WORD))
        t.accept(",", WORD)
    return Command(word, tuple(found), t.since(start))


def _no_words(t: Tokens, word: str, start: int) -> Command:
    """command : "(FORCE|INHIBIT)_COMMON_ALLOCATION" | "FORCE_GROUP_ALLOCATION"."""
    return Command(word, (), t.since(start))


def _input(t: Tokens, word: str, start: int) -> Input:
    """input : ("INPUT"|"GROUP") "(" files ")"."""
    t.expect("(", word)
    return Input(_input_files(t, word, False), word == "GROUP", t.since(start))


def _input_files(t: Tokens, word: str, as_needed: bool) -> tuple[InputFile, ...]:
    """files : (file ","? | "AS_NEEDED" "(" files ")" ","?)* ")"."""
    found: list[InputFile] = []
    while not t.accept(")", WORD):
        if t.peek(WORD) == "AS_NEEDED" and not as_needed:
            t.take()
            t.expect("(", "AS_NEEDED", WORD)
            found += _input_files(t, "AS_NEEDED", True)
        else:
            start = t.start
            name = t.name(f"a file name or `)` in {word}()", WORD)
            found.append(InputFile(name, as_needed, t.since(start)))
        t.accept(",", WORD)
    return tuple(found)


def _output_format(t: Tokens, word: str, start: int) -> OutputFormat:
    """format : "OUTPUT_FORMAT" "(" name ("," name "," name)? ")"."""
    t.expect("(", word)
    names = [t.name("the name of a format", WORD)]
    while len(names) < 3 and t.accept(",", WORD):
        names.append(t.name("the name of a format", WORD))
    if len(names) == 2:
        t.expect(",", "the second of three formats", WORD)
    t.expect(")", "the formats: one, or default, big and little endian", WORD)
    default, big, little = (*names, "", "")[:3]
    return OutputFormat(default, big, little, t.since(start))


def _region_alias(t: Tokens, word: str, start: int) -> RegionAlias:
    """alias : "REGION_ALIAS" "(" alias "," region ")"."""
    t.expect("(", word)
    alias = t.name("the new name of a memory region", NAME)
    t.expect(",", "the alias", NAME)
    region = t.name("the name of a memory region", NAME)
    t.expect(")", "the region")
    return RegionAlias(alias, region, t.since(start))


def _insert(t: Tokens, word: str, start: int) -> Insert:
    """insert : "INSERT" ("AFTER"|"BEFORE") section."""
    where = t.peek(NAME)
    if where not in ("AFTER", "BEFORE"):
        raise t.wrong("expected AFTER or BEFORE after INSERT")
    t.take()
    return Insert(where, t.name("the name of an output section", NAME), t.since(start))


_COMMANDS: dict[str, Callable[[Tokens, str, int], TopLevel]] = {
    **dict.fromkeys(
        ("OUTPUT", "TARGET", "OUTPUT_ARCH", "SEARCH_DIR", "STARTUP", "LD_FEATURE"), _one_word
    ),
    **dict.fromkeys(("EXTERN", "NOCROSSREFS", "NOCROSSREFS_TO"), _some_words),
    **dict.fromkeys(
        ("FORCE_COMMON_ALLOCATION", "INHIBIT_COMMON_ALLOCATION", "FORCE_GROUP_ALLOCATION"),
        _no_words,
    ),
    **dict.fromkeys(("INPUT", "GROUP"), _input),
    **dict.fromkeys(PROVIDES, provided),
    "ASSERT": assert_statement,
    "ENTRY": entry,
    "INCLUDE": include,
    "INSERT": _insert,
    "MEMORY": memory,
    "OUTPUT_FORMAT": _output_format,
    "OVERWRITE_SECTIONS": overwrite,
    "PHDRS": phdrs,
    "REGION_ALIAS": _region_alias,
    "SECTIONS": sections,
    "VERSION": version,
}


def parse_defsym(text: str) -> Script:
    """A script that does what `--defsym=text` says."""
    name, equals, expr = text.partition("=")
    if not (name and equals and expr):
        raise fail(
            "bad-option-value",
            f"--defsym={text} assigns nothing",
            help=["write --defsym=name=expression"],
        )
    value = parse_expression(expr, f"--defsym={text}")
    return Script((Assignment(name.strip(), "=", value, span=value.span),))
