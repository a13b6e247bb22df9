"""What an expression is worth, and what the evaluator asks of the link that is going on.

A linker's number is not just a number: `.` inside an output section means "so far from its start",
a symbol moves when its section moves, and 5 is neither.  A Value says which of the three it is.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import attrs

from ..diag import Diagnostic, LinkError, Span
from ..dialect import Dialect
from .arithmetic import MASK
from .nodes import AssertExpr


class Place(Protocol):
    """An output section as expressions see it; `size` in bytes, `align` a power of two."""

    @property
    def vma(self) -> int: ...
    @property
    def lma(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def align(self) -> int: ...


class _Absolute:
    """The section of absolute values: it begins at 0."""

    vma = lma = size = align = 0

    def __repr__(self) -> str:
        return "ABSOLUTE"


ABSOLUTE = _Absolute()


@attrs.frozen(repr=False, unsafe_hash=False)
class Value:
    """A number and what it counts from.

    section: None for a plain number, ABSOLUTE for an address, else the output section that
        `number` is an offset into.  Output sections compare by identity.
    from_dot: True when `.` (or ORIGIN(), SEGMENT_START(), ALIGN(n)) was read and nothing was made
        absolute after that: GNU ld shows a symbol whose value is absolute and comes from `.` in the
        output section around the assignment; None when `.` was not read.
    forced: ABSOLUTE() was asked for in LLD, which still remembers the section.
    """

    number: int
    section: Any = None
    from_dot: bool | None = None
    forced: bool = False

    def absolute(self) -> int:
        """The 64-bit number or address."""
        return self.number if self.section is None else (self.number + self.section.vma) & MASK

    @property
    def is_absolute(self) -> bool:
        """Whether the value stays when its section moves."""
        return self.section is None or self.section is ABSOLUTE or self.forced


UnknownKind = Literal["symbol", "section", "region", "constant", "dot", "headers"]
_UNKNOWN = {
    "symbol": "undefined symbol `{}' referenced in expression",
    "section": "undefined section `{}' referenced in expression",
    "region": "undefined MEMORY region `{}' referenced in expression",
    "constant": "unknown constant `{}' referenced in expression",
    "dot": "`.' has no value here",
    "headers": "SIZEOF_HEADERS has no value here",
}


class Unknown(LinkError):
    """An expression asks for something that has no value, or none yet.

    kind: what it is; name: its name; span: where it is asked for.  A link's first walk takes it
    for a forward reference; left alone it is an ordinary error.
    """

    def __init__(self, kind: UnknownKind, name: str, span: Span | None) -> None:
        self.kind = kind
        self.name = name
        self.span = span
        message = _UNKNOWN[kind].format(name)
        super().__init__([Diagnostic("error", f"unknown-{kind}", message, span)])


class Environment(Protocol):
    """What the evaluator asks; None always means: not known (yet)."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def current(self) -> Any:
        """The output section whose statements are being laid out; None outside of them."""

    @property
    def sane_expr(self) -> bool:
        """LD_FEATURE("SANE_EXPR"): numbers are plain outside of output sections too."""

    @property
    def missing_is_empty(self) -> bool:
        """Whether SIZEOF() of an output section that is not there is 0."""

    def dot(self) -> Value | None:
        """The location counter: in dialect gnu relative to `current`, or absolute outside; in
        dialect lld relative to `current` or else to the output section before (at the top, the
        first)."""

    def symbol(self, name: str) -> Value | None: ...
    def is_defined(self, name: str) -> bool: ...
    def section(self, name: str) -> Place | None: ...
    def region(self, name: str) -> tuple[int, int] | None:
        """ORIGIN and LENGTH."""

    def constant(self, name: str) -> int | None:
        """CONSTANT(MAXPAGESIZE) and COMMONPAGESIZE."""

    def segment_start(self, name: str) -> int | None:
        """The address an option gave a segment ("text-segment"), None when none did."""

    def sizeof_headers(self) -> int | None: ...
    def data_segment_align(self, maxpage: int, commonpage: int) -> int:
        """The address DATA_SEGMENT_ALIGN() gives here."""

    def data_segment_relro_end(self, offset: int, address: int) -> int: ...
    def data_segment_end(self, address: int) -> int: ...
    def assertion_failed(self, node: AssertExpr) -> None:
        """An ASSERT inside an expression does not hold (in this walk)."""


class Constants:
    """An Environment for expressions that may hold nothing but numbers: options, MEMORY.

    A subclass answers what it knows; everything else is Unknown.
    """

    def __init__(self, dialect: Dialect, current: Any = None) -> None:
        self.dialect, self.current = dialect, current
        self.sane_expr = False

    @property
    def missing_is_empty(self) -> bool:
        return self.dialect.unknown_section_has_size_0

    def dot(self) -> Value | None:
        return None

    def symbol(self, name: str) -> Value | None:
        return None

    def is_defined(self, name: str) -> bool:
        return False

    def section(self, name: str) -> Place | None:
        return None

    def region(self, name: str) -> tuple[int, int] | None:
        return None

    def constant(self, name: str) -> int | None:
        return 0x1000 if name in ("MAXPAGESIZE", "COMMONPAGESIZE") else None

    def segment_start(self, name: str) -> int | None:
        return None

    def sizeof_headers(self) -> int | None:
        return None

    def data_segment_align(self, maxpage: int, commonpage: int) -> int:
        raise Unknown("dot", ".", None)

    def data_segment_relro_end(self, offset: int, address: int) -> int:
        return address

    def data_segment_end(self, address: int) -> int:
        return address

    def assertion_failed(self, node: AssertExpr) -> None:
        raise LinkError([Diagnostic("error", "assert-failed", node.message, node.span)])
