"""Linker script text to a tree: the top level, SECTIONS, MEMORY, PHDRS, VERSION.

A linker script is a program for the linker: which input sections go into which output section, at
which address, under which names.  The grammar is GNU ld's (manual, chapter 3) with what LLD adds to
it; where the two differ in what they take, both are taken.  One function reads one rule and its
docstring is the rule.  Everything wrong is one error, script-syntax, at the place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

from ..diag import fail
from .expression import SECTION_TYPE, expression
from .nodes import (
    Assignment,
    Command,
    Entry,
    Expr,
    Fill,
    Include,
    Input,
    InputFile,
    InputStatement,
    Insert,
    Memory,
    OutputFormat,
    OutputSection,
    Overlay,
    OverwriteSections,
    Phdr,
    Phdrs,
    Region,
    RegionAlias,
    Script,
    SectionsCommand,
    SectionsItem,
    SectionStatement,
    TopLevel,
    Version,
    VersionNode,
)
from .statements import (
    ASSIGN_OPS,
    PROVIDES,
    assert_statement,
    assignment,
    finish_assignment,
    include,
    input_statement,
    provided,
    statements,
)
from .tokens import EXPR, NAME, VERSION, WORD, Tokens, nearest, open_script

Start = Literal["script", "sections", "output section", "memory"]
SECTION_TYPES = ("NOLOAD", "DSECT", "COPY", "INFO", "OVERLAY")
MEMORY_ATTRIBUTES = frozenset("rwxailRWXAIL!")


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
        return _items(t, "")
    if start == "output section":
        return statements(t, "")
    if start == "memory":
        return _regions(t, "")
    return Script(_commands(t), t.span(0, len(text)))


def parse_expression(text: str, name: str = "<expression>") -> Expr:
    """One expression, as an option such as -Ttext or --defsym holds it; script-syntax otherwise."""
    t = open_script(text, name)
    found = expression(t)
    if t.peek(EXPR):
        raise t.wrong("expected the end of the expression")
    return found


def parse_input_statement(text: str, name: str = "<pattern>") -> InputStatement:
    """One input statement such as `KEEP(*(.text*))`; script-syntax otherwise."""
    return input_statement(open_script(text, name))


def parse_version_script(text: str, name: str = "<version script>") -> Version:
    """The content of a --version-script file: what stands inside VERSION { }."""
    t = open_script(text, name)
    return Version(_version_nodes(t, ""), t.span(0, len(text)))


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
        made = _assigned_word(t, start)
        if made is None:
            raise _unknown_command(t, word, start)
        return made
    if t.kind != "name":
        raise t.wrong("expected a command or an assignment")
    t.take()
    return _COMMANDS[word](t, word, start)


def _assigned_word(t: Tokens, start: int) -> Assignment | None:
    """An assignment to a name the fast look does not know, such as `a-b = 1;`."""
    word = t.name("a name", NAME)
    op = t.peek(EXPR)
    if op not in ASSIGN_OPS:
        return None
    t.take()
    return finish_assignment(t, word, op, start)


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


def _entry(t: Tokens, word: str, start: int) -> Entry:
    """entry : "ENTRY" "(" symbol ")"."""
    return Entry(_one_argument(t, word), t.since(start))


def _one_argument(t: Tokens, word: str) -> str:
    """one : "(" word ")"."""
    t.expect("(", word)
    found = t.name(f"a name in {word}()", WORD)
    t.expect(")", f"the name in {word}()")
    return found


def _one_word(t: Tokens, word: str, start: int) -> Command:
    """command : KEYWORD "(" word ")"   of OUTPUT, TARGET, OUTPUT_ARCH, SEARCH_DIR, STARTUP ..."""
    return Command(word, (_one_argument(t, word),), t.since(start))


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


# SECTIONS


def _sections(t: Tokens, word: str, start: int) -> SectionsCommand:
    """sections : "SECTIONS" "{" items "}"."""
    t.expect("{", word)
    return SectionsCommand(_items(t, "}"), t.since(start))


def _overwrite(t: Tokens, word: str, start: int) -> OverwriteSections:
    """overwrite : "OVERWRITE_SECTIONS" "{" output section* "}"."""
    t.expect("{", word)
    found: list[OutputSection] = []
    while not t.accept("}", NAME):
        found.append(_output_section(t))
    return OverwriteSections(tuple(found), t.since(start))


def _items(t: Tokens, closing: str) -> tuple[SectionsItem, ...]:
    """items : (assignment | keyword item | output section | ";")* closing."""
    found: list[SectionsItem] = []
    while True:
        assigned = assignment(t)
        if assigned is not None:
            found.append(assigned)
            continue
        word = t.peek(NAME)
        if word == closing and t.kind in ("op", "end"):
            t.take()
            return tuple(found)
        if word == ";":
            t.take()
        elif word in _ITEMS:
            start = t.start
            t.take()
            found.append(_ITEMS[word](t, word, start))
        else:
            found.append(_item(t, word, closing))


def _item(t: Tokens, word: str, closing: str) -> SectionsItem:
    """item : output section | name op expr ";"   the latter for names such as `a-b`."""
    start = t.start
    if t.kind not in ("name", "quoted"):
        end = f" or `{closing}`" if closing else ""
        raise t.wrong(f"expected an output section, an assignment{end}")
    made = _assigned_word(t, start)
    if made is None:
        t.pos = start
        return _output_section(t)
    return made


def _output_section(t: Tokens) -> OutputSection:
    """section : name address? type? ":" attributes "{" statements "}" placement ","?."""
    t.peek(NAME)
    start = t.start
    name = t.name("the name of an output section", NAME)
    name_span = t.since(start)
    fields: dict[str, Any] = {}
    if t.peek(EXPR) != ":" and not SECTION_TYPE.match(t.text, t.start):
        fields["address"] = _address(t, name)
    if t.peek(EXPR) == "(":
        _section_type(t, fields)
    t.expect(":", f"the name, address and type of section `{name[:40]}`")
    _attributes(t, fields, _ATTRIBUTES)
    t.expect("{", f"the attributes of section `{name[:40]}`")
    body = statements(t)
    _placement(t, fields)
    return OutputSection(name, body, span=t.since(start), name_span=name_span, **fields)


def _address(t: Tokens, name: str) -> Expr:
    """address : expr."""
    if t.peek(EXPR) in ("{", ";", "}", ",") or t.kind == "end":
        raise t.wrong(f"expected `:` after the name of section `{name[:40]}`")
    return expression(t)


def _section_type(t: Tokens, fields: dict[str, Any]) -> None:
    """type : "(" (NOLOAD | ... | "TYPE" "=" expr | "READONLY" ("(" "TYPE" "=" expr ")")?)? ")"."""
    t.take()
    word = t.peek(EXPR)
    if word in SECTION_TYPES:
        t.take()
        fields["type"] = word
    elif word == "READONLY":
        t.take()
        fields["readonly"] = True
        if t.accept("("):
            fields["type_value"] = _type_value(t)
            t.expect(")", "TYPE=")
    elif word == "TYPE":
        fields["type_value"] = _type_value(t)
    elif word != ")":
        raise t.wrong(
            "expected a section type: NOLOAD, READONLY, TYPE=, COPY, INFO, OVERLAY or DSECT"
        )
    t.expect(")", "the section type")


def _type_value(t: Tokens) -> Expr:
    """type value : "TYPE" "=" expr."""
    if not t.accept("TYPE"):
        raise t.wrong("expected TYPE=")
    t.expect("=", "TYPE")
    return expression(t)


# Before the brace: keyword -> field and its value; "(" is an expression in parentheses.
_ATTRIBUTES = {
    "AT": ("at", "("),
    "ALIGN": ("align", "("),
    "SUBALIGN": ("subalign", "("),
    "ALIGN_WITH_INPUT": ("align_with_input", True),
    "ONLY_IF_RO": ("constraint", "ONLY_IF_RO"),
    "ONLY_IF_RW": ("constraint", "ONLY_IF_RW"),
}
_OVERLAY_ATTRIBUTES = {
    "AT": ("at", "("),
    "SUBALIGN": ("subalign", "("),
    "NOCROSSREFS": ("no_cross_refs", True),
}


def _attributes(t: Tokens, fields: dict[str, Any], table: dict[str, tuple[str, Any]]) -> None:
    """attributes : (KEYWORD | KEYWORD "(" expr ")")*   each once, in any order."""
    while t.peek(EXPR) in table:
        word = t.word
        field, value = table[word]
        if field in fields:
            raise t.wrong(f"expected {word} once")
        t.take()
        if value == "(":
            t.expect("(", word)
            value = expression(t)
            t.expect(")", f"the value of {word}()")
        fields[field] = value


def _placement(t: Tokens, fields: dict[str, Any]) -> None:
    """placement : (">" region | "AT" ">" region | ":" phdr | "=" expr)* ","?."""
    phdrs: list[str] = []
    while True:
        word = t.peek(EXPR)
        start = t.start
        if word in (">", "AT", "="):
            field = {">": "region", "AT": "lma_region", "=": "fill"}[word]
            if field in fields:
                raise t.wrong(f"expected `{word}` once")
            t.take()
            if word == "=":
                fields["fill"] = Fill(expression(t), t.since(start))
                continue
            if word == "AT":
                t.expect(">", "AT")
            fields[field] = t.name("the name of a memory region", NAME)
        elif word == ":":
            t.take()
            phdrs.append(t.name("the name of a program header", NAME))
        else:
            break
    t.accept(",")
    if phdrs:
        fields["phdrs"] = tuple(phdrs)


def _overlay(t: Tokens, word: str, start: int) -> Overlay:
    """overlay : "OVERLAY" address? ":" attributes "{" overlaid* "}" placement."""
    fields: dict[str, Any] = {}
    if t.peek(EXPR) != ":":
        fields["address"] = _address(t, "OVERLAY")
    t.expect(":", "the address of OVERLAY")
    _attributes(t, fields, _OVERLAY_ATTRIBUTES)
    t.expect("{", "the attributes of OVERLAY")
    found: list[OutputSection] = []
    while not t.accept("}", NAME):
        found.append(_overlaid(t))
    _placement(t, fields)
    return Overlay(tuple(found), span=t.since(start), **fields)


def _overlaid(t: Tokens) -> OutputSection:
    """overlaid : name "{" statements "}" (":" phdr)* ("=" expr)? ","?."""
    start = t.start
    name = t.name("the name of an output section or `}`", NAME)
    name_span = t.since(start)
    t.expect("{", f"the name of section `{name[:40]}` in OVERLAY")
    body = statements(t)
    fields: dict[str, Any] = {}
    _placement(t, fields)
    return OutputSection(name, body, span=t.since(start), name_span=name_span, **fields)


# MEMORY, PHDRS, VERSION


def _memory(t: Tokens, word: str, start: int) -> Memory:
    """memory : "MEMORY" "{" regions "}"."""
    t.expect("{", word)
    return Memory(_regions(t, "}"), t.since(start))


def _regions(t: Tokens, closing: str) -> tuple[Region | Include, ...]:
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


def _phdrs(t: Tokens, word: str, start: int) -> Phdrs:
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


def _version(t: Tokens, word: str, start: int) -> Version:
    """version : "VERSION" "{" version node* "}"."""
    t.expect("{", word)
    return Version(_version_nodes(t, "}"), t.since(start))


def _version_nodes(t: Tokens, closing: str) -> tuple[VersionNode, ...]:
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
    "ENTRY": _entry,
    "INCLUDE": include,
    "INSERT": _insert,
    "MEMORY": _memory,
    "OUTPUT_FORMAT": _output_format,
    "OVERWRITE_SECTIONS": _overwrite,
    "PHDRS": _phdrs,
    "REGION_ALIAS": _region_alias,
    "SECTIONS": _sections,
    "VERSION": _version,
}

_ITEMS: dict[str, Callable[[Tokens, str, int], SectionsItem]] = {
    **dict.fromkeys(PROVIDES, provided),
    "ASSERT": assert_statement,
    "ENTRY": _entry,
    "INCLUDE": include,
    "OVERLAY": _overlay,
}
