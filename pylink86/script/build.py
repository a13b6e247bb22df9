"""Layouts in Python: the same tree a script gives, from constructors and operators.

    from pylink86.script.build import ADDR, DOT, Layout, Section, Symbol

    layout = Layout(
        Section(".boot", "*(.boot.*)", address=0x7C00),
        Section(".stage", "*(.rust.*)", DOT.align(512), address=0x7E00, fill=0xDEADC0DE),
        Symbol("SECOND_STAGE_LENGTH", (DOT - ADDR(".stage")) >> 9),
    )
    print(layout.to_script())

Wherever an expression is wanted, a number, an expression made with operators, or script text such
as ". + 4K" will do; wherever a statement is wanted, script text such as "KEEP(*(.x))" or bytes will
do.  Text is read by the parser's own rules, and what is built can be printed and read back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import attrs

from ..diag import fail
from . import nodes as n
from .parser import parse_expression, parse_script

if TYPE_CHECKING:
    from collections.abc import Iterable


def _text(node: n.Script | n.Expr) -> str:
    from .unparse import unparse  # 5 ms that a link does not need

    return unparse(node)


@attrs.define(eq=False)
class Expression:
    """An expression; operators make larger ones, comparisons included, so it has no truth value.

    `/` and `//` are both the script's division.  `&&`, `||`, `!` and `?:` are the methods `and_`,
    `or_`, and the functions NOT and IF.
    """

    node: n.Expr

    def _with(self, op: str, other: ExprLike) -> Expression:
        return Expression(n.Binary(op, self.node, node_of(other)))

    def _after(self, op: str, other: ExprLike) -> Expression:
        return Expression(n.Binary(op, node_of(other), self.node))

    def __add__(self, other: ExprLike) -> Expression:
        return self._with("+", other)

    def __radd__(self, other: ExprLike) -> Expression:
        return self._after("+", other)

    def __sub__(self, other: ExprLike) -> Expression:
        return self._with("-", other)

    def __rsub__(self, other: ExprLike) -> Expression:
        return self._after("-", other)

    def __mul__(self, other: ExprLike) -> Expression:
        return self._with("*", other)

    def __rmul__(self, other: ExprLike) -> Expression:
        return self._after("*", other)

    def __floordiv__(self, other: ExprLike) -> Expression:
        return self._with("/", other)

    def __rfloordiv__(self, other: ExprLike) -> Expression:
        return self._after("/", other)

    __truediv__ = __floordiv__
    __rtruediv__ = __rfloordiv__

    def __mod__(self, other: ExprLike) -> Expression:
        return self._with("%", other)

    def __rmod__(self, other: ExprLike) -> Expression:
        return self._after("%", other)

    def __lshift__(self, other: ExprLike) -> Expression:
        return self._with("<<", other)

    def __rlshift__(self, other: ExprLike) -> Expression:
        return self._after("<<", other)

    def __rshift__(self, other: ExprLike) -> Expression:
        return self._with(">>", other)

    def __rrshift__(self, other: ExprLike) -> Expression:
        return self._after(">>", other)

    def __and__(self, other: ExprLike) -> Expression:
        return self._with("&", other)

    def __rand__(self, other: ExprLike) -> Expression:
        return self._after("&", other)

    def __or__(self, other: ExprLike) -> Expression:
        return self._with("|", other)

    def __ror__(self, other: ExprLike) -> Expression:
        return self._after("|", other)

    def __xor__(self, other: ExprLike) -> Expression:
        return self._with("^", other)

    def __rxor__(self, other: ExprLike) -> Expression:
        return self._after("^", other)

    def __lt__(self, other: ExprLike) -> Expression:
        return self._with("<", other)

    def __le__(self, other: ExprLike) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: ExprLike) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: ExprLike) -> Expression:
        return self._with(">=", other)

    def __eq__(self, other: ExprLike) -> Expression:  # type: ignore[override]
        return self._with("==", other)

    def __ne__(self, other: ExprLike) -> Expression:  # type: ignore[override]
        return self._with("!=", other)

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Expression:
        return Expression(n.Unary("-", self.node))

    def __invert__(self) -> Expression:
        return Expression(n.Unary("~", self.node))

    def and_(self, other: ExprLike) -> Expression:
        """`self && other`."""
        return self._with("&&", other)

    def or_(self, other: ExprLike) -> Expression:
        """`self || other`."""
        return self._with("||", other)

    def __bool__(self) -> NoReturn:
        raise TypeError("an expression has no value before the link; see and_, or_, NOT and IF")

    def __str__(self) -> str:
        return _text(self.node)


class _Dot(Expression):
    """The location counter: an expression, and the statements that move it."""

    def align(self, to: ExprLike) -> n.Assignment:
        """`. = ALIGN(to);`: pad up to the next multiple of `to`."""
        return n.Assignment(".", "=", n.Call("ALIGN", "", (node_of(to),)))

    def set(self, to: ExprLike) -> n.Assignment:
        """`. = to;`"""
        return n.Assignment(".", "=", node_of(to))

    def advance(self, by: ExprLike) -> n.Assignment:
        """`. += by;`: leave room."""
        return n.Assignment(".", "+=", node_of(by))


ExprLike: TypeAlias = int | str | Expression | n.Expr


def node_of(value: ExprLike) -> n.Expr:
    """The expression a number, text or Expression stands for.  Reports script-syntax."""
    if isinstance(value, Expression):
        return value.node
    if isinstance(value, str):
        return parse_expression(value)
    if isinstance(value, int):
        return n.Unary("-", number(-value)) if value < 0 else number(value)
    return value


def number(value: int) -> n.Number:
    """A number as people write it: small ones in decimal."""
    return n.Number(value, str(value) if value < 10 else hex(value))


def _maybe(value: ExprLike | None) -> n.Expr | None:
    return None if value is None else node_of(value)


# Expressions

DOT = _Dot(n.Name("."))
"""The location counter, `.`"""


def SYMBOL(name: str) -> Expression:
    """A reference to a symbol; any name, no quotes needed."""
    return Expression(n.Name(name))


def _call(name: str, target: str = "", *args: ExprLike) -> Expression:
    return Expression(n.Call(name, target, tuple(node_of(arg) for arg in args)))


def ADDR(section: str) -> Expression:
    return _call("ADDR", section)


def LOADADDR(section: str) -> Expression:
    return _call("LOADADDR", section)


def SIZEOF(section: str) -> Expression:
    return _call("SIZEOF", section)


def ALIGNOF(section: str) -> Expression:
    return _call("ALIGNOF", section)


def ORIGIN(region: str) -> Expression:
    return _call("ORIGIN", region)


def LENGTH(region: str) -> Expression:
    return _call("LENGTH", region)


def DEFINED(symbol: str) -> Expression:
    return _call("DEFINED", symbol)


def CONSTANT(name: str) -> Expression:
    return _call("CONSTANT", name)


def SEGMENT_START(segment: str, default: ExprLike) -> Expression:
    return _call("SEGMENT_START", segment, default)


def ALIGN(value: ExprLike, to: ExprLike | None = None) -> Expression:
    """ALIGN(n), the location counter rounded up, or ALIGN(value, n)."""
    return _call("ALIGN", "", value) if to is None else _call("ALIGN", "", value, to)


def ABSOLUTE(value: ExprLike) -> Expression:
    return _call("ABSOLUTE", "", value)


def LOG2CEIL(value: ExprLike) -> Expression:
    return _call("LOG2CEIL", "", value)


def MAX(one: ExprLike, other: ExprLike) -> Expression:
    return _call("MAX", "", one, other)


def MIN(one: ExprLike, other: ExprLike) -> Expression:
    return _call("MIN", "", one, other)


def SIZEOF_HEADERS() -> Expression:
    return _call("SIZEOF_HEADERS")


def NOT(value: ExprLike) -> Expression:
    return Expression(n.Unary("!", node_of(value)))


def IF(condition: ExprLike, then: ExprLike, other: ExprLike) -> Expression:
    """`condition ? then : other`."""
    return Expression(n.Ternary(node_of(condition), node_of(then), node_of(other)))


# Statements


def Symbol(
    name: str, value: ExprLike = DOT, *, provide: bool = False, hidden: bool = False
) -> n.Assignment:
    """`name = value;`, by default the place where it stands; also PROVIDE() and HIDDEN()."""
    return n.Assignment(name, "=", node_of(value), provide, hidden)


def Assert(condition: ExprLike, message: str) -> n.Assert:
    return n.Assert(node_of(condition), message)


def BYTE(value: ExprLike) -> n.Data:
    return n.Data("BYTE", node_of(value))


def SHORT(value: ExprLike) -> n.Data:
    return n.Data("SHORT", node_of(value))


def LONG(value: ExprLike) -> n.Data:
    return n.Data("LONG", node_of(value))


def QUAD(value: ExprLike) -> n.Data:
    return n.Data("QUAD", node_of(value))


def Fill(pattern: int | bytes) -> n.Fill:
    """The bytes that gaps are filled with; both dialects read the same from it.

    bytes: 1, 2 or 4 of them, repeated (b"\\x90" is 90 90 90 90 ...).  int: a 32-bit number, most
    significant byte first, as `0xdeadc0de` reads (0x90 is 00 00 00 90).  It is written with eight
    digits, because GNU ld takes `=0x90` for the one byte 90 and LLD for the number.
    """
    if isinstance(pattern, bytes):
        if len(pattern) not in (1, 2, 4):
            raise fail(
                "layout-fill",
                f"a fill pattern has 1, 2 or 4 bytes, not {len(pattern)}: longer ones mean "
                "something else in each linker",
            )
        pattern = int.from_bytes(pattern * (4 // len(pattern)), "big")
    if not 0 <= pattern <= 0xFFFFFFFF:
        raise fail("layout-fill", f"a fill pattern has 32 bits, {pattern:#x} does not fit")
    return n.Fill(n.Number(pattern, f"{pattern:#010x}"))


Content: TypeAlias = str | bytes | n.SectionStatement


def _contents(contents: Iterable[Content | Expression]) -> tuple[n.SectionStatement, ...]:
    """Statements from what Section() takes; script-syntax for text that is no statement."""
    found: list[n.SectionStatement] = []
    for content in contents:
        if isinstance(content, str):
            found += parse_script(content, f"<{content.strip()[:30]}>", "output section")
        elif isinstance(content, bytes):
            found += (BYTE(byte) for byte in content)
        elif isinstance(content, Expression):
            raise TypeError(f"{content} is an expression, not a statement; see DOT.set()")
        else:
            found.append(content)
    return tuple(found)


def Section(
    name: str,
    *contents: Content,
    address: ExprLike | None = None,
    at: ExprLike | None = None,
    align: ExprLike | None = None,
    subalign: ExprLike | None = None,
    fill: int | bytes | None = None,
    region: str = "",
    lma_region: str = "",
    phdrs: Iterable[str] = (),
    type: str = "",
    readonly: bool = False,
    constraint: str = "",
) -> n.OutputSection:
    """An output section.

    contents: script text ("KEEP(*(.x))", "boot.o"), bytes, Symbol(), BYTE() ..., DOT.align();
    address: where it runs (VMA); at: where it is loaded (LMA); fill: see `Fill`;
    region, lma_region: `> region`, `AT> region`; type: "NOLOAD", "INFO" ...
    """
    return n.OutputSection(
        name,
        _contents(contents),
        address=_maybe(address),
        type=type,
        readonly=readonly,
        at=_maybe(at),
        align=_maybe(align),
        subalign=_maybe(subalign),
        constraint=constraint,
        region=region,
        lma_region=lma_region,
        phdrs=tuple(phdrs),
        fill=None if fill is None else Fill(fill),
    )


def Discard(*contents: Content) -> n.OutputSection:
    """`/DISCARD/`: what is not wanted in the image."""
    return Section("/DISCARD/", *contents)


def Region(name: str, origin: ExprLike, length: ExprLike, attributes: str = "") -> n.Region:
    """A memory region, for Layout(memory=[...])."""
    return n.Region(name, node_of(origin), node_of(length), attributes)


def Phdr(
    name: str,
    type: str | int = "PT_LOAD",
    *,
    filehdr: bool = False,
    phdrs: bool = False,
    at: ExprLike | None = None,
    flags: ExprLike | None = None,
) -> n.Phdr:
    """A program header, for Layout(phdrs=[...])."""
    kind = n.Name(type) if isinstance(type, str) else number(type)
    return n.Phdr(name, kind, filehdr, phdrs, _maybe(at), _maybe(flags))


Item: TypeAlias = str | n.SectionsItem | n.TopLevel


@attrs.frozen(init=False)
class Layout:
    """Where everything goes: a script as a value.  `script` is its tree.

    items: Section(), Symbol(), Assert(), DOT.set() ... in the order of SECTIONS, or script text for
    some of them; commands such as `nodes.Input` go before SECTIONS.
    entry: the symbol the image starts at; memory: Region()s; phdrs: Phdr()s.
    """

    script: n.Script

    def __init__(
        self,
        *items: Item,
        entry: str = "",
        memory: Iterable[n.Region] = (),
        phdrs: Iterable[n.Phdr] = (),
    ) -> None:
        commands: list[n.TopLevel] = [n.Entry(entry)] if entry else []
        regions, headers = tuple(memory), tuple(phdrs)
        commands += [n.Memory(regions)] if regions else []
        commands += [n.Phdrs(headers)] if headers else []
        inside: list[Any] = []
        for item in items:
            if isinstance(item, str):
                inside += parse_script(item, f"<{item.strip()[:30]}>", "sections")
            elif isinstance(item, _COMMANDS):
                commands.append(item)
            else:
                inside.append(item)
        commands += [n.SectionsCommand(tuple(inside))] if inside else []
        self.__attrs_init__(n.Script(tuple(commands)))

    @staticmethod
    def from_script(text_or_path: str | os.PathLike[str]) -> Layout:
        """A layout from a script: a path, or text (a str with a line break, a brace or `;`).

        Raises LinkError script-syntax, cannot-read.  INCLUDE is followed when the layout is linked.
        """
        if isinstance(text_or_path, str) and any(mark in text_or_path for mark in "\n{;"):
            return Layout.of(parse_script(text_or_path))
        path = os.fspath(text_or_path)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read()
        except OSError as problem:
            reason = problem.strerror or problem
            message = f"cannot open linker script file {path}: {reason}"
            raise fail("cannot-read", message) from None
        return Layout.of(parse_script(text, path))

    @staticmethod
    def of(script: n.Script) -> Layout:
        """A layout from a tree."""
        made = Layout.__new__(Layout)
        made.__attrs_init__(script)
        return made

    def to_script(self) -> str:
        """The layout as script text that GNU ld and LLD take too, as far as it is theirs."""
        return _text(self.script)


_COMMANDS: tuple[Any, ...] = (
    n.SectionsCommand,
    n.OverwriteSections,
    n.Memory,
    n.RegionAlias,
    n.Phdrs,
    n.Input,
    n.OutputFormat,
    n.Command,
    n.Insert,
    n.Version,
)
