"""Evaluate an expression: a tree and an environment in, a Value out, nothing else touched.

The environment answers for `.`, symbols, sections and regions, as far as the link knows them; the
rules of the dialect say what operators make of section addresses.  A name without an answer raises
Unknown, which a first walk over the script takes for a forward reference.
Source: GNU ld manual 3.10, and the experiments named in `pylink86.dialect`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from ..diag import fail
from ..dialect import Dialect
from .arithmetic import COMPARISONS, MASK, log2_ceil
from .nodes import AssertExpr, Binary, Call, Expr, Name, Number, Ternary, Unary
from .rules import rules_of
from .values import ABSOLUTE, Environment, Place, Unknown, Value


def evaluate(expr: Expr, env: Environment) -> Value:
    """The value of an expression.

    Raises Unknown for what the environment does not know, LinkError division-by-zero,
    bad-alignment, two-relative-operands, number-too-large.
    """
    return _EVALUATE[type(expr)](expr, env)


def holds(condition: Expr, env: Environment) -> bool:
    """Whether an ASSERT holds; in GNU ld the address of a section's first byte is false."""
    return _is_true(evaluate(condition, env), env.dialect)


def assigned(value: Value, env: Environment) -> Value:
    """What a symbol holds after `symbol = value`.

    In GNU ld a plain number inside an output section counts from its start (`s = 5;` moves with the
    section), outside it is absolute.  In LLD numbers are absolute everywhere.
    """
    if value.forced:
        return Value(value.absolute(), ABSOLUTE)
    if value.section is None:
        inside = env.dialect.arithmetic_on_offsets and env.current is not None
        return attrs.evolve(value, section=env.current if inside else ABSOLUTE)
    return value


def dot_after(value: Value, env: Environment) -> int:
    """The address of the location counter after `. = value`.

    In GNU ld a plain number inside an output section counts from its start, everything else is
    the address.  Observed: `.t 0x1000 : { . = 0x10; }` and `. = ABSOLUTE(0x1010);` agree.
    """
    plain = value.section is None and env.dialect.dot_in_section_is_relative
    if plain and env.current is not None:
        return (value.number + int(env.current.vma)) & MASK
    return value.absolute()


def parts_of(expr: Expr) -> Iterator[Expr]:
    """The expression and all expressions in it, in no particular order."""
    waiting = [expr]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Binary):
            waiting += (one.left, one.right)
        elif isinstance(one, Unary):
            waiting.append(one.operand)
        elif isinstance(one, Ternary):
            waiting += (one.condition, one.then, one.other)
        elif isinstance(one, Call):
            waiting += one.args
        elif isinstance(one, AssertExpr):
            waiting.append(one.condition)


# One function per kind of node


def _number(node: Number, env: Environment) -> Value:
    value, literal, dialect = node.value, node.literal, env.dialect
    if literal[:1] == "0" and not dialect.leading_zero_is_octal:
        value = _decimal(value, literal)
    if value > MASK:
        raise fail(
            "number-too-large", f"{literal or value} does not fit in 64 bits", span=node.span
        )
    return rules_of(dialect).number(value, env)


def _decimal(value: int, literal: str) -> int:
    """A literal with leading zeros read as decimal, where it is not hexadecimal or the like."""
    digits = literal.rstrip("kKmM")
    if not digits.isdecimal():
        return value
    scale = {"k": 1 << 10, "m": 1 << 20}.get(literal[-1].lower(), 1)
    return int(digits) * scale


def _name(node: Name, env: Environment) -> Value:
    name = node.name
    if name == ".":
        return _dot(env, node)
    value = env.symbol(name)
    if value is None:
        number = _number_in_letters(name, env.dialect)
        if number is None:
            raise Unknown("symbol", name, node.span)
        return rules_of(env.dialect).number(number, env)
    if value.section is None or value.section is ABSOLUTE:
        return rules_of(env.dialect).number(value.number, env)
    return value if value.from_dot is None else attrs.evolve(value, from_dot=None)


def _dot(env: Environment, node: Any) -> Value:
    """The location counter; GNU ld remembers that it was read (see Value.from_dot)."""
    value = env.dot()
    if value is None:
        raise Unknown("dot", ".", node.span)
    if env.dialect.arithmetic_on_offsets:
        return rules_of(env.dialect).place(value.absolute(), env)
    return value


_HEX_NAME = r"\$([0-9a-fA-F]+)([kKmM]?)|([0-9a-fA-F]+)([a-zA-Z])"
_BASES = {"h": 16, "x": 16, "b": 2, "o": 8, "d": 10}


def _number_in_letters(name: str, dialect: Dialect) -> int | None:
    """`ah` and `$10` as the numbers that the linkers see in them when no symbol is called so."""
    found = re.fullmatch(_HEX_NAME, name)
    if found is None or len(name) > 17:
        return None
    dollar, scale, digits, letter = found.groups()
    if dollar:
        shift = {"": 0, "k": 10, "m": 20}[scale.lower()]
        return int(dollar, 16) << shift if "$" in dialect.letters_are_numbers else None
    if letter not in dialect.letters_are_numbers:
        return None
    try:
        return int(digits, _BASES[letter.lower()])
    except ValueError:  # such as `bad`: GNU ld reads the digits up to the first letter, here none
        return None


def _unary(node: Unary, env: Environment) -> Value:
    return rules_of(env.dialect).unary(node.op, evaluate(node.operand, env))


def _binary(node: Binary, env: Environment) -> Value:
    """A chain `a + b + c` leans left and may be long: it is walked, not recursed into."""
    chain = [node]
    left = node.left
    while isinstance(left, Binary):
        chain.append(left)
        left = left.left
    value = evaluate(left, env)
    dialect = env.dialect
    binary = rules_of(dialect).binary
    for one in reversed(chain):
        op = one.op
        if op in ("&&", "||") and dialect.stops_at_first_truth:
            truth = _is_true(value, dialect)
            if truth != (op == "&&"):
                value = Value(int(truth))
                continue
        value = binary(op, value, evaluate(one.right, env), env, one.span)
        if op in COMPARISONS and _is_constant(one):
            value = rules_of(dialect).number(value.number, env)
    return value


def _is_constant(expr: Expr) -> bool:
    """Whether nothing but numbers is in it; GNU ld then sees one number, as if it was written."""
    return all(
        isinstance(e, (Number, Unary, Binary, Ternary))
        or (isinstance(e, Call) and len(e.args) == _FOLDED.get(e.name))
        for e in parts_of(expr)
    )


_FOLDED = {"MAX": 2, "MIN": 2, "LOG2CEIL": 1, "ALIGN": 2}
"""Functions of numbers alone, and how many they take."""


def _is_true(value: Value, dialect: Dialect) -> bool:
    return bool(value.number if dialect.arithmetic_on_offsets else value.absolute())


def _ternary(node: Ternary, env: Environment) -> Value:
    condition = evaluate(node.condition, env)
    chosen = node.then if _is_true(condition, env.dialect) else node.other
    value = evaluate(chosen, env)
    if value.from_dot is None and condition.from_dot is not None:
        return attrs.evolve(value, from_dot=condition.from_dot)
    return value


def _assertion(node: AssertExpr, env: Environment) -> Value:
    value = evaluate(node.condition, env)
    if not _is_true(value, env.dialect):
        env.assertion_failed(node)
    if env.dialect.assert_gives_dot:
        return Value(_dot(env, node).absolute())
    return value


def _call(node: Call, env: Environment) -> Value:
    return _CALLS[node.name](node, env)


# Builtin functions (GNU ld manual 3.10.9)


def _section(node: Call, env: Environment) -> Place:
    found = env.section(node.target)
    if found is None:
        raise Unknown("section", node.target, node.span)
    return found


def _addr(node: Call, env: Environment) -> Value:
    return Value(0, _section(node, env))


def _loadaddr(node: Call, env: Environment) -> Value:
    return rules_of(env.dialect).absolute(Value(_section(node, env).lma))


def _sizeof(node: Call, env: Environment) -> Value:
    if env.missing_is_empty and env.section(node.target) is None:
        return Value(0)
    return Value(_section(node, env).size)


def _alignof(node: Call, env: Environment) -> Value:
    return Value(_section(node, env).align)


def _region(node: Call, env: Environment) -> tuple[int, int]:
    found = env.region(node.target)
    if found is None:
        raise Unknown("region", node.target, node.span)
    return found


def _origin(node: Call, env: Environment) -> Value:
    return rules_of(env.dialect).place(_region(node, env)[0], env)


def _length(node: Call, env: Environment) -> Value:
    return Value(_region(node, env)[1])


def _absolute(node: Call, env: Environment) -> Value:
    return rules_of(env.dialect).absolute(evaluate(node.args[0], env))


def _align(node: Call, env: Environment) -> Value:
    """ALIGN(n) is the location counter's address aligned, ALIGN(e, n) is an operator."""
    rules = rules_of(env.dialect)
    first = evaluate(node.args[0], env)
    if len(node.args) == 1:
        dot = Value(_dot(env, node).absolute())
        aligned = rules.binary("ALIGN", dot, Value(first.absolute()), env, node.span)
        return rules.place(aligned.number, env)
    return rules.binary("ALIGN", first, evaluate(node.args[1], env), env, node.span)


def _next(node: Call, env: Environment) -> Value:
    """Like ALIGN(n), but absolute: the next multiple of n that is not in use."""
    dot = Value(_dot(env, node).absolute())
    step = Value(evaluate(node.args[0], env).absolute())
    aligned = rules_of(env.dialect).binary("ALIGN", dot, step, env, node.span)
    return Value(aligned.number, ABSOLUTE, False)


def _larger(node: Call, env: Environment) -> Value:
    """MAX and MIN."""
    first, second = (evaluate(arg, env) for arg in node.args)
    return rules_of(env.dialect).binary(node.name, first, second, env, node.span)


def _log2ceil(node: Call, env: Environment) -> Value:
    value = evaluate(node.args[0], env)
    offset = env.dialect.arithmetic_on_offsets
    number = log2_ceil(value.number if offset else value.absolute())
    if _is_constant(node):
        return rules_of(env.dialect).number(number, env)
    return Value(number, None, value.from_dot)


def _defined(node: Call, env: Environment) -> Value:
    return Value(int(env.is_defined(node.target)))


def _constant(node: Call, env: Environment) -> Value:
    value = env.constant(node.target)
    if value is None:
        raise Unknown("constant", node.target, node.span)
    return Value(value)


def _sizeof_headers(node: Call, env: Environment) -> Value:
    value = env.sizeof_headers()
    if value is None:
        raise Unknown("headers", "", node.span)
    return Value(value)


def _segment_start(node: Call, env: Environment) -> Value:
    """The address an option gave, or else the default; GNU ld takes the default's bare number."""
    given = env.segment_start(node.target)
    if given is not None:
        return rules_of(env.dialect).place(given, env)
    value = evaluate(node.args[0], env)
    if env.dialect.arithmetic_on_offsets:
        return rules_of(env.dialect).place(value.number, env)
    return value


def _data_segment_align(node: Call, env: Environment) -> Value:
    maxpage, commonpage = (evaluate(arg, env).absolute() for arg in node.args)
    address = env.data_segment_align(maxpage, commonpage)
    return Value(address, ABSOLUTE if env.dialect.arithmetic_on_offsets else None)


def _data_segment_relro_end(node: Call, env: Environment) -> Value:
    offset, address = (evaluate(arg, env).absolute() for arg in node.args)
    return rules_of(env.dialect).place(env.data_segment_relro_end(offset, address), env)


def _data_segment_end(node: Call, env: Environment) -> Value:
    address = evaluate(node.args[0], env).absolute()
    return rules_of(env.dialect).place(env.data_segment_end(address), env)


_CALLS: dict[str, Callable[[Call, Environment], Value]] = {
    "ABSOLUTE": _absolute,
    "ADDR": _addr,
    "ALIGN": _align,
    "ALIGNOF": _alignof,
    "BLOCK": _align,
    "CONSTANT": _constant,
    "DATA_SEGMENT_ALIGN": _data_segment_align,
    "DATA_SEGMENT_END": _data_segment_end,
    "DATA_SEGMENT_RELRO_END": _data_segment_relro_end,
    "DEFINED": _defined,
    "LENGTH": _length,
    "LOADADDR": _loadaddr,
    "LOG2CEIL": _log2ceil,
    "MAX": _larger,
    "MIN": _larger,
    "NEXT": _next,
    "ORIGIN": _origin,
    "SEGMENT_START": _segment_start,
    "SIZEOF": _sizeof,
    "SIZEOF_HEADERS": _sizeof_headers,
}

_EVALUATE: dict[type, Callable[[Any, Environment], Value]] = {
    Number: _number,
    Name: _name,
    Unary: _unary,
    Binary: _binary,
    Ternary: _ternary,
    Call: _call,
    AssertExpr: _assertion,
}
