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
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from ..diag import fail
from . import nodes as n
from .expressions import ABSOLUTE as ABSOLUTE
from .expressions import ADDR as ADDR
from .expressions import ALIGN as ALIGN
from .expressions import ALIGNOF as ALIGNOF
from .expressions import CONSTANT as CONSTANT
from .expressions import DEFINED as DEFINED
from .expressions import DOT as DOT
from .expressions import IF as IF
from .expressions import LENGTH as LENGTH
from .expressions import LOADADDR as LOADADDR
from .expressions import LOG2CEIL as LOG2CEIL
from .expressions import MAX as MAX
from .expressions import MIN as MIN
from .expressions import NOT as NOT
from .expressions import ORIGIN as ORIGIN
from .expressions import SEGMENT_START as SEGMENT_START
from .expressions import SIZEOF as SIZEOF
from .expressions import SIZEOF_HEADERS as SIZEOF_HEADERS
from .expressions import SYMBOL as SYMBOL
from .expressions import Expression as Expression
from .expressions import ExprLike as ExprLike
from .expressions import maybe_node, node_of, number, text_of
from .parser import parse_script

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        address=maybe_node(address),
        type=type,
        readonly=readonly,
        at=maybe_node(at),
        align=maybe_node(align),
        subalign=maybe_node(subalign),
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
    return n.Phdr(name, kind, filehdr, phdrs, maybe_node(at), maybe_node(flags))


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
        return text_of(self.script)


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
