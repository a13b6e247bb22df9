"""The tree of a linker script: frozen, every node with the span it was written at.

The parser makes these from text, `build` makes them from Python, options such as `--defsym` make
them too.  Numbers and nodes compare by value; spans are left out, so that
`parse(unparse(tree)) == tree`.
Nothing here has heard of an object file.  Source of the language: GNU ld manual, chapter 3.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ..diag import Span
from .expression_nodes import AssertExpr as AssertExpr
from .expression_nodes import Binary as Binary
from .expression_nodes import Call as Call
from .expression_nodes import Expr as Expr
from .expression_nodes import Name as Name
from .expression_nodes import Node as Node
from .expression_nodes import Number as Number
from .expression_nodes import Ternary as Ternary
from .expression_nodes import Unary as Unary
from .expression_nodes import span_field

# Statements that may stand in several places


@attrs.frozen(eq=False, repr=False)
class Assignment(Node):
    """`name op value;` with op `=`, `+=`, `-=`, `*=`, `/=`, `<<=`, `>>=`, `&=`, `|=`, `^=`.

    provide: defined only when referenced and not defined elsewhere; hidden: not exported.
    trails: belongs to the output section before it, with nothing between (end of an OVERLAY).
    implied: nobody wrote it (load symbols of an OVERLAY), so it keeps no empty section.
    """

    name: str
    op: str
    value: Expr
    provide: bool = False
    hidden: bool = False
    span: Span | None = span_field()
    trails: bool = False
    implied: bool = False


@attrs.frozen(eq=False, repr=False)
class Assert(Node):
    """`ASSERT(condition, message)` as a statement."""

    condition: Expr
    message: str
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Include(Node):
    """`INCLUDE file`; the pass that loads scripts replaces it by what the file holds."""

    path: str
    span: Span | None = span_field()


# Inside an output section (GNU ld manual 3.6.4, 3.6.5)


@attrs.frozen(eq=False, repr=False)
class SectionPattern(Node):
    """One section name pattern of an input statement.

    exclude: EXCLUDE_FILE patterns before the name; sort: sort words from the outside in, such as
    ("SORT_BY_NAME", "SORT_BY_ALIGNMENT"); SORT is spelled SORT_BY_NAME; reverse: REVERSE(...).
    joined: stands in the same SORT(...) as the pattern before it and is sorted together with it
        (`SORT(.a .b)`: LLD takes it, GNU ld 2.40 wants one pattern to a SORT).
    """

    pattern: str
    exclude: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    reverse: bool = False
    joined: bool = False
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class FilePattern(Node):
    """The file part of an input statement: `*`, `boot.o`, `libc.a:`, `lib*.a:mem*.o`, `:file.o`.

    exclude: `EXCLUDE_FILE(...)` before the file; sort: SORT_BY_NAME or SORT_NONE around it, or "".
    quoted: written in double quotes (in LLD `*` then means a star, in GNU ld still anything).
    """

    pattern: str
    exclude: tuple[str, ...] = ()
    sort: str = ""
    reverse: bool = False
    quoted: bool = False
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class InputStatement(Node):
    """`file(sections)`: where input sections go.

    sections: empty for a bare `file.o;`, which takes every section of the file.
    with_flags, without_flags: INPUT_SECTION_FLAGS names or numbers.
    """

    file: FilePattern
    sections: tuple[SectionPattern, ...] = ()
    keep: bool = False
    with_flags: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Data(Node):
    """`BYTE(e)`, SHORT, LONG, QUAD, SQUAD."""

    kind: str
    value: Expr
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Text(Node):
    """`ASCIZ "text"` and `ASCII (size) "text"`-like statements: literal bytes, escapes resolved."""

    kind: str
    value: bytes
    size: Expr | None = None
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Fill(Node):
    """`FILL(e)` inside a section, or `=e` after it."""

    value: Expr
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Word(Node):
    """A statement of one word: CONSTRUCTORS, LINKER_VERSION, CREATE_OBJECT_SYMBOLS."""

    word: str
    span: Span | None = span_field()


SectionStatement: TypeAlias = (
    Assignment | Assert | Include | InputStatement | Data | Text | Fill | Word
)


@attrs.frozen(eq=False, repr=False)
class OutputSection(Node):
    """`name address (type) : AT(lma) ALIGN(a) SUBALIGN(s) constraint { ... } >r AT>r :phdr =fill`.

    type: "NOLOAD", "COPY", "INFO", "OVERLAY", "DSECT" or ""; readonly: `(READONLY)`;
    type_value: `(TYPE=expr)`, an SHT_ name or a number, also inside `(READONLY (TYPE=expr))`;
    constraint: "ONLY_IF_RO", "ONLY_IF_RW" or "".
    No script says, but passes that write shorthands out: overlay: the first section of the OVERLAY
    this one was in; started: the address is that of --section-start; begun: 1, 2 ... for those that
    options begin before the script is read.
    """

    name: str
    statements: tuple[SectionStatement, ...] = ()
    address: Expr | None = None
    type: str = ""
    type_value: Expr | None = None
    readonly: bool = False
    at: Expr | None = None
    align: Expr | None = None
    align_with_input: bool = False
    subalign: Expr | None = None
    constraint: str = ""
    region: str = ""
    lma_region: str = ""
    phdrs: tuple[str, ...] = ()
    fill: Fill | None = None
    span: Span | None = span_field()
    name_span: Span | None = span_field()
    overlay: str = ""
    started: bool = False
    begun: int = 0


@attrs.frozen(eq=False, repr=False)
class Overlay(Node):
    """`OVERLAY start : NOCROSSREFS AT(lma) { sections } >r :phdr =fill` (GNU ld manual 3.6.9)."""

    sections: tuple[OutputSection, ...]
    address: Expr | None = None
    no_cross_refs: bool = False
    at: Expr | None = None
    subalign: Expr | None = None
    region: str = ""
    lma_region: str = ""
    phdrs: tuple[str, ...] = ()
    fill: Fill | None = None
    span: Span | None = span_field()


# Top level


@attrs.frozen(eq=False, repr=False)
class Entry(Node):
    """`ENTRY(symbol)`, at top level or in SECTIONS."""

    symbol: str
    span: Span | None = span_field()


SectionsItem: TypeAlias = Assignment | Assert | Include | Entry | OutputSection | Overlay


@attrs.frozen(eq=False, repr=False)
class SectionsCommand(Node):
    """`SECTIONS { ... }`."""

    items: tuple[SectionsItem, ...]
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class OverwriteSections(Node):
    """`OVERWRITE_SECTIONS { ... }`: how output sections look, not where they stand (LLD)."""

    items: tuple[OutputSection, ...]
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Region(Node):
    """`name (attributes) : ORIGIN = e, LENGTH = e` (GNU ld manual 3.7)."""

    name: str
    origin: Expr
    length: Expr
    attributes: str = ""
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Memory(Node):
    """`MEMORY { ... }`; an INCLUDE may stand among the regions."""

    regions: tuple[Region | Include, ...]
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class RegionAlias(Node):
    """`REGION_ALIAS(alias, region)`."""

    alias: str
    region: str
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Phdr(Node):
    """`name type FILEHDR PHDRS AT(lma) FLAGS(f);` type is a PT_ name or a number."""

    name: str
    type: Expr
    filehdr: bool = False
    phdrs: bool = False
    at: Expr | None = None
    flags: Expr | None = None
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Phdrs(Node):
    """`PHDRS { ... }` (GNU ld manual 3.8)."""

    phdrs: tuple[Phdr, ...]
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class InputFile(Node):
    """One name in INPUT or GROUP: a path, or `-lname`; as_needed when inside AS_NEEDED()."""

    name: str
    as_needed: bool = False
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Input(Node):
    """`INPUT(files)`, or `GROUP(files)` when group is set."""

    files: tuple[InputFile, ...]
    group: bool = False
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class OutputFormat(Node):
    """`OUTPUT_FORMAT(default)` or `OUTPUT_FORMAT(default, big, little)`."""

    default: str
    big: str = ""
    little: str = ""
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Command(Node):
    """A command whose arguments are plain words.

    word: OUTPUT, TARGET, OUTPUT_ARCH, SEARCH_DIR, STARTUP, LD_FEATURE, EXTERN, NOCROSSREFS,
    NOCROSSREFS_TO, FORCE_COMMON_ALLOCATION, INHIBIT_COMMON_ALLOCATION, FORCE_GROUP_ALLOCATION.
    """

    word: str
    args: tuple[str, ...] = ()
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Insert(Node):
    """`INSERT AFTER section` / `INSERT BEFORE section`: where the SECTIONS above it goes."""

    where: str
    section: str
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class VersionNode(Node):
    """One `name { global: ...; local: ...; } parent;` of VERSION { ... }.

    cxx_globals, cxx_locals: demangled names inside `extern "C++" { ... }`.  A name that was quoted
    keeps its quotes here when it holds a wildcard, because quoted it is no pattern.
    parent: names of earlier nodes, separated by blanks.
    """

    name: str
    globals: tuple[str, ...] = ()
    locals: tuple[str, ...] = ()
    parent: str = ""
    cxx_globals: tuple[str, ...] = ()
    cxx_locals: tuple[str, ...] = ()
    span: Span | None = span_field()


@attrs.frozen(eq=False, repr=False)
class Version(Node):
    """`VERSION { ... }` (GNU ld manual 3.9)."""

    nodes: tuple[VersionNode, ...]
    span: Span | None = span_field()


TopLevel: TypeAlias = (
    Assignment
    | Assert
    | Include
    | Entry
    | SectionsCommand
    | OverwriteSections
    | Memory
    | RegionAlias
    | Phdrs
    | Input
    | OutputFormat
    | Command
    | Insert
    | Version
)


@attrs.frozen(eq=False, repr=False)
class Script(Node):
    """A whole script: its commands in the order they were written."""

    commands: tuple[TopLevel, ...] = ()
    span: Span | None = span_field()
