"""The type and flags of an output section: what is in it, and what `(NOLOAD)` and the like say.

A header says whether a section has bytes in the file and a place in memory.  Its inputs decide that
unless the script does: (NOLOAD) for memory that nobody writes to the image, (INFO) and its like for
bytes that are not in memory, (READONLY), (TYPE=...) (GNU ld manual 3.6.8.1)."""

from __future__ import annotations

from collections.abc import Iterator

from ... import elf_const as c
from ...diag import Diagnostics, fail
from ...dialect import Dialect
from ...script import nodes as n
from ...script.evaluate import evaluate
from ...script.values import Constants
from ..matching.match import Claim, SectionList
from .entry import Entry

OUTSIDE = frozenset(("DSECT", "COPY", "INFO", "OVERLAY"))
"""Types that take a section out of memory; four words for one thing."""

_TYPES = {
    "SHT_PROGBITS": c.SHT_PROGBITS,
    "SHT_NOTE": c.SHT_NOTE,
    "SHT_NOBITS": c.SHT_NOBITS,
    "SHT_INIT_ARRAY": c.SHT_INIT_ARRAY,
    "SHT_FINI_ARRAY": c.SHT_FINI_ARRAY,
    "SHT_PREINIT_ARRAY": c.SHT_PREINIT_ARRAY,
    "SHT_STRTAB": c.SHT_STRTAB,
}
"""Types a script may name; LLD does not know the last one."""


def section_type(entry: Entry, table: SectionList, dialect: Dialect) -> tuple[int, int]:
    """SHT_ and SHF_ of an output section; what its type does to `.` is for section_types to say.

    Raises bad-section-type, section-flags-mismatch.  Source: GNU ld manual
    3.6.8.1; the rest by experiment."""
    kind, flags = _from_contents(entry, table, dialect)
    node = entry.node
    if node is None:
        return kind, flags
    has_contents = entry.has_input or entry.has_data
    if node.readonly and (has_contents or not dialect.orphans_follow_flags):
        flags &= ~c.SHF_WRITE
    if node.type_value is not None:
        kind = _asked(entry, node, kind, dialect)
    if node.type == "NOLOAD" and (flags & c.SHF_ALLOC or dialect.noload_is_always_nobits):
        return c.SHT_NOBITS, flags
    by_name = dialect.orphans_follow_flags and not has_contents and entry.named[0]
    if node.type in OUTSIDE and by_name == c.SHT_NOBITS:
        return c.SHT_NOBITS, flags & ~c.SHF_ALLOC
    if node.type in OUTSIDE and dialect.orphans_follow_flags and _is_note(entry):
        return c.SHT_NOTE, flags & ~c.SHF_ALLOC
    if node.type in OUTSIDE:
        return kind if kind and dialect.type_fits_inputs else c.SHT_PROGBITS, flags & ~c.SHF_ALLOC
    return kind, flags


def _from_contents(entry: Entry, table: SectionList, dialect: Dialect) -> tuple[int, int]:
    """GNU ld: data statements make NOBITS inputs take file space, and a section of data alone is
    read-only data unless something else began it; LLD: NOBITS inputs keep the section NOBITS, and
    inputs of any two types make PROGBITS."""
    kind, flags = entry.type, entry.flags
    if dialect.tls_stays_apart and flags & c.SHF_TLS:
        _check_tls(entry, table)
    if entry.mixed:
        first_counts = not dialect.two_types_make_progbits and entry.begun_as != c.SHT_NOBITS
        kind = entry.begun_as if first_counts else c.SHT_PROGBITS
    elif entry.has_input and not entry.first_type and dialect.orphans_follow_flags:
        kind = kind if kind == c.SHT_NOBITS or not entry.is_readonly else c.SHT_PROGBITS
    if not entry.has_input:
        if dialect.orphans_follow_flags:
            if entry.has_data:
                writable = 0 if entry.data_is_readonly else c.SHF_WRITE
                kind = c.SHT_NOTE if _is_note(entry) else c.SHT_PROGBITS
                return kind, c.SHF_ALLOC | writable
            return c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE
        return c.SHT_PROGBITS, flags
    if entry.has_data and dialect.data_makes_nobits_load:
        flags |= c.SHF_ALLOC
        if kind == c.SHT_NOBITS:
            kind = c.SHT_PROGBITS
    return kind, flags


def _is_note(entry: Entry) -> bool:
    """Whether the script alone fills it, and its name says that these are notes."""
    return not entry.has_input and entry.named[0] == c.SHT_NOTE


def _check_tls(entry: Entry, table: SectionList) -> None:
    """section-flags-mismatch: thread-local inputs beside others."""
    for sid in _inputs(entry):
        if not table.flags[sid] & c.SHF_TLS:
            raise fail(
                "section-flags-mismatch",
                f"incompatible section flags for {entry.name}: {table.name[sid]} is not "
                "thread-local, other inputs are",
                span=None if entry.node is None else entry.node.name_span,
                help=["give thread-local sections an output section of their own"],
            )


def _asked(entry: Entry, node: n.OutputSection, kind: int, dialect: Dialect) -> int:
    """What (TYPE=...) makes of a section whose contents are of type `kind`."""
    asked = _type_number(node, dialect)
    if not dialect.type_fits_inputs:
        bare = not entry.has_input
        return asked if entry.has_data and (bare or node.readonly) else kind
    return asked


def check_type(entry: Entry, table: SectionList, dialect: Dialect, diags: Diagnostics) -> None:
    """LLD: section-type-mismatch for inputs that are not of the type that (TYPE=...) asks for."""
    node = entry.node
    if node is None or node.type_value is None or not dialect.type_fits_inputs:
        return
    asked = _type_number(node, dialect)
    for sid in _inputs(entry):
        if table.type[sid] != asked != c.SHT_NOBITS:
            diags.error(
                "section-type-mismatch",
                f"section type mismatch for {table.name[sid]}: it is "
                f"{_type_name(table.type[sid])}, output section {entry.name} is "
                f"{_type_name(asked)}",
                span=node.name_span,
                help=["leave (TYPE=...) out, or take only inputs of that type"],
            )


def _inputs(entry: Entry) -> Iterator[int]:
    return (sid for item in entry.items if isinstance(item, Claim) for sid in item.sections)


def _type_name(kind: int) -> str:
    name = c.SHT_NAMES.get(kind)
    return hex(kind) if name is None else f"SHT_{name}".replace("SHT_SHT_", "SHT_")


def _type_number(node: n.OutputSection, dialect: Dialect) -> int:
    """The number of SHT_NOTE, or of an expression; bad-section-type for what is none."""
    expr = node.type_value
    assert expr is not None
    number = None
    if isinstance(expr, n.Name):
        number = _TYPES.get(expr.name, -1)
        if dialect.type_fits_inputs and number == c.SHT_STRTAB:
            number = -1
    if number is None:
        number = evaluate(expr, Constants(dialect)).absolute() & 0xFFFFFFFF
    if number <= 0:
        raise fail(
            "bad-section-type",
            f"invalid type for output section `{node.name}'",
            span=expr.span or node.name_span,
            help=[
                "use SHT_PROGBITS, SHT_NOTE, SHT_NOBITS, SHT_INIT_ARRAY and the like, or a number"
            ],
        )
    return number
