"""The grammar of expressions: text of GNU ld manual 3.10 to a tree of nodes.

It looks like C with all its operators but assignment, with functions that ask about sections,
regions and symbols.  One loop climbs the precedences; brackets and unary operators nest at most
MAX_DEPTH deep and a chain `a + b + ...` has at most MAX_CHAIN operators, so that neither parsing
nor walking a tree can exhaust Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..diag import LinkError, fail
from .nodes import AssertExpr, Binary, Call, Expr, Name, Number, Ternary, Unary
from .tokens import EXPR, NAME, Tokens, nearest

MAX_DEPTH = 200
MAX_CHAIN = 10_000

PRECEDENCE = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    "<=": 7,
    ">": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "%": 10,
}
"""Binary operators, C's order: a higher number binds closer; all group to the left."""

UNARY = frozenset("-~!+")

# What stands between the parentheses: t a section, r a region, s a symbol, c a constant or segment,
# e an expression, commas in between.  BLOCK is an old spelling of ALIGN.
FUNCTIONS = {
    "ABSOLUTE": "e",
    "ADDR": "t",
    "ALIGN": "e|e,e",
    "ALIGNOF": "t",
    "BLOCK": "e|e,e",
    "CONSTANT": "c",
    "DATA_SEGMENT_ALIGN": "e,e",
    "DATA_SEGMENT_END": "e",
    "DATA_SEGMENT_RELRO_END": "e,e",
    "DEFINED": "s",
    "LENGTH": "r",
    "LOADADDR": "t",
    "LOG2CEIL": "e",
    "MAX": "e,e",
    "MIN": "e,e",
    "NEXT": "e",
    "ORIGIN": "r",
    "SEGMENT_START": "c,e",
    "SIZEOF": "t",
}
"""Builtin functions and the shape of their arguments; ASSERT and SIZEOF_HEADERS stand apart."""

_TARGETS = {
    "t": "the name of an output section",
    "r": "the name of a memory region",
    "s": "the name of a symbol",
    "c": "a name",
}

_NUMBER = re.compile(
    r"0[xX](?P<x>[0-9a-fA-F]+)(?P<xk>[kKmM]?)"
    r"|(?P<d>[0-9]+)(?P<dk>[kKmM]?)"
    r"|(?P<sx>(?!0[xX])[0-9][0-9a-fA-F]*)[hHxX]"
    r"|(?P<b>[01]+)[bB]|(?P<o>[0-7]+)[oO]|(?P<sd>[0-9]+)[dD]"
)
_SCALE = {"": 1, "k": 1024, "m": 1024 * 1024}
SECTION_TYPE = re.compile(r"\(\s*(?:\)|(?:NOLOAD|DSECT|COPY|INFO|OVERLAY|READONLY|TYPE)\b)")
"""What tells the `(type)` of an output section from an address in parentheses."""


def number_value(literal: str) -> int | None:
    """What a written number is worth; None when it is malformed.

    `0x10`, `10h` and `10x` are hexadecimal, `017` and `17o` octal, `101b` binary, `9d` decimal; K
    and M multiply by 1024 and 1024 squared.  `08` is taken as decimal.
    Source: GNU ld manual 3.10.1; the suffix letters: `s = 17o;`, `10x` observed in ld 2.40.
    """
    found = _NUMBER.fullmatch(literal)
    if found is None or len(literal) > 4000:
        return None
    kind = found.lastgroup or ""
    if kind == "xk":
        return int(found["x"], 16) * _SCALE[found["xk"].lower()]
    if kind == "dk":
        digits = found["d"]
        octal = digits[0] == "0" and not ("8" in digits or "9" in digits)
        return int(digits, 8 if octal else 10) * _SCALE[found["dk"].lower()]
    return int(found[kind], {"sx": 16, "b": 2, "o": 8, "sd": 10}[kind])


def expression(t: Tokens, floor: int = 1) -> Expr:
    """expr : operand (operator expr)* ("?" expr ":" expr)?   with C's precedences.

    floor: operators that bind less than this are left to the caller; the ternary needs floor 1.
    """
    t.peek(EXPR)
    start = t.start
    t.depth += 1
    if t.depth > MAX_DEPTH:
        raise _too_much(t, f"nested deeper than {MAX_DEPTH} levels")
    left = _operand(t)
    op = t.peek(EXPR)
    chain = 0
    while (level := PRECEDENCE.get(op, 0)) >= floor:
        t.take()
        right = expression(t, level + 1)
        left = Binary(op, left, right, t.since(start))
        chain += 1
        if chain > MAX_CHAIN:
            raise _too_much(t, f"with more than {MAX_CHAIN} operators")
        op = t.peek(EXPR)
    if op == "?" and floor == 1:
        t.take()
        then = expression(t)
        t.expect(":", "the second operand of `?:`")
        left = Ternary(left, then, expression(t), t.since(start))
    t.depth -= 1
    return left


def _operand(t: Tokens) -> Expr:
    """operand : number | symbol | "(" expr ")" | ("-"|"~"|"!"|"+") operand | function."""
    word = t.peek(EXPR)
    start = t.start
    kind = t.kind
    if kind == "number":
        return _number(t)
    if kind == "name" and word != "/DISCARD/":
        t.take()
        after = t.peek(EXPR)
        if word in FUNCTIONS and after == "(":
            return _call(t, word, start)
        if word in _SPECIAL:
            return _SPECIAL[word](t, start)
        if after == "(" and not SECTION_TYPE.match(t.text, t.start):
            raise _unknown_function(t, word, start)
        return Name(word, t.since(start))
    if kind == "quoted":
        t.take()
        return Name(word[1:-1], t.since(start))
    if word == "(":
        t.take()
        inner = expression(t)
        t.expect(")", "an expression in parentheses")
        return inner
    if word in UNARY:
        t.take()
        t.depth += 1
        if t.depth > MAX_DEPTH:
            raise _too_much(t, f"nested deeper than {MAX_DEPTH} levels")
        operand = _operand(t)
        t.depth -= 1
        return Unary(word, operand, t.since(start))
    raise t.wrong("expected an expression")


def _number(t: Tokens) -> Number:
    """number : digits with the prefixes and suffixes of `number_value`."""
    literal = t.take()
    value = number_value(literal)
    if value is None:
        raise fail(
            "script-syntax",
            f"syntax error: malformed number `{literal[:40]}`",
            span=t.since(t.start),
            help=["numbers look like 4096, 0x1000, 4K or 1M"],
        )
    return Number(value, literal, t.since(t.start))


def _call(t: Tokens, word: str, start: int) -> Call:
    """call : FUNCTION "(" what `FUNCTIONS` says ")"; the word is taken already."""
    t.take()
    shape = FUNCTIONS[word]
    target = ""
    if shape[0] in _TARGETS:
        target = t.name(f"{_TARGETS[shape[0]]} in {word}()", EXPR if shape[0] == "s" else NAME)
        shape = shape[2:]
        if shape:
            t.expect(",", f"the name in {word}()")
    args = []
    if shape:
        args.append(expression(t))
        if shape == "e,e" or (shape == "e|e,e" and t.peek(EXPR) == ","):
            t.expect(",", f"the first argument of {word}()")
            args.append(expression(t))
    t.expect(")", f"the arguments of {word}()")
    return Call(word, target, tuple(args), t.since(start))


def _headers(t: Tokens, start: int) -> Call:
    """headers : "SIZEOF_HEADERS" | "sizeof_headers"."""
    return Call("SIZEOF_HEADERS", span=t.since(start))


def assertion(t: Tokens, start: int) -> AssertExpr:
    """assertion : "ASSERT" "(" expr "," message ")"; the word is taken already."""
    t.expect("(", "ASSERT")
    condition = expression(t)
    t.expect(",", "the condition of ASSERT()")
    message = t.name("the message of ASSERT(), in double quotes", EXPR)
    t.expect(")", "the message of ASSERT()")
    return AssertExpr(condition, message, t.since(start))


_SPECIAL: dict[str, Callable[[Tokens, int], Expr]] = {
    "ASSERT": assertion,
    "SIZEOF_HEADERS": _headers,
    "sizeof_headers": _headers,
}


def _too_much(t: Tokens, what: str) -> LinkError:
    return fail("script-syntax", f"syntax error: expression {what}", span=t.span(t.start, t.end))


def _unknown_function(t: Tokens, word: str, start: int) -> LinkError:
    near = nearest(word, FUNCTIONS)
    return fail(
        "script-syntax",
        f"syntax error: unknown function `{word}`",
        span=t.span(start, start + len(word)),
        help=[f"did you mean `{near}`?"] if near else [],
    )
