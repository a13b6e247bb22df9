"""The grammar of SECTIONS: output sections with all that stands before and behind their braces.

`name address (type) : AT(lma) ALIGN(n) { statements } >region :phdr =fill`: nearly every part is
optional and their order is fixed in the peers' grammars, free here.  GNU ld manual 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .expression import SECTION_TYPE, expression
from .nodes import (
    Assignment,
    Entry,
    Expr,
    Fill,
    OutputSection,
    Overlay,
    OverwriteSections,
    SectionsCommand,
    SectionsItem,
)
from .statements import (
    ASSIGN_OPS,
    PROVIDES,
    assert_statement,
    assignment,
    finish_assignment,
    include,
    provided,
    statements,
)
from .tokens import EXPR, NAME, WORD, Tokens

SECTION_TYPES = ("NOLOAD", "DSECT", "COPY", "INFO", "OVERLAY")


def sections(t: Tokens, word: str, start: int) -> SectionsCommand:
    """sections : "SECTIONS" "{" items "}"."""
    t.expect("{", word)
    return SectionsCommand(items(t, "}"), t.since(start))


def overwrite(t: Tokens, word: str, start: int) -> OverwriteSections:
    """overwrite : "OVERWRITE_SECTIONS" "{" output section* "}"."""
    t.expect("{", word)
    found: list[OutputSection] = []
    while not t.accept("}", NAME):
        found.append(_output_section(t))
    return OverwriteSections(tuple(found), t.since(start))


def items(t: Tokens, closing: str) -> tuple[SectionsItem, ...]:
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
    name = t.name("a name", NAME)
    return _assigned(t, name, start) or _section_called(t, name, start)


def _output_section(t: Tokens) -> OutputSection:
    """section : name and the rest."""
    t.peek(NAME)
    start = t.start
    return _section_called(t, t.name("the name of an output section", NAME), start)


def _section_called(t: Tokens, name: str, start: int) -> OutputSection:
    """rest : address? type? ":" attributes "{" statements "}" placement ","?; the name is taken."""
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
    if word == ",":
        t.take()
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


def assigned_word(t: Tokens, start: int) -> Assignment | None:
    """An assignment to a name the fast look does not know, such as `a-b = 1;`."""
    return _assigned(t, t.name("a name", NAME), start)


def _assigned(t: Tokens, word: str, start: int) -> Assignment | None:
    """The rest of an assignment whose name is taken, where one is."""
    op = t.peek(EXPR)
    if op not in ASSIGN_OPS:
        return None
    t.take()
    return finish_assignment(t, word, op, start)


def entry(t: Tokens, word: str, start: int) -> Entry:
    """entry : "ENTRY" "(" symbol ")"."""
    return Entry(one_argument(t, word), t.since(start))


def one_argument(t: Tokens, word: str) -> str:
    """one : "(" word ")"."""
    t.expect("(", word)
    found = t.name(f"a name in {word}()", WORD)
    t.expect(")", f"the name in {word}()")
    return found


_ITEMS: dict[str, Callable[[Tokens, str, int], SectionsItem]] = {
    **dict.fromkeys(PROVIDES, provided),
    "ASSERT": assert_statement,
    "ENTRY": entry,
    "INCLUDE": include,
    "OVERLAY": _overlay,
}
