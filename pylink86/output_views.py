"""Output sections and their pieces, as users of a LinkResult see them.

The passes have them with all that placing needs to know; these are the few facts one asks for
afterwards, made when somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .diag import Span
from .model import Section

if TYPE_CHECKING:
    from .passes.placement import Piece, PlacedSection, Placement
    from .passes.relocating.relocate import Patched


@attrs.frozen(eq=False, repr=False)
class OutputSection:
    """One section of the result; sizes and addresses in bytes.

    loads: whether a raw image holds its bytes.
    """

    name: str
    vma: int
    lma: int
    size: int
    align: int
    type: int
    flags: int
    loads: bool
    content: bytes


@attrs.frozen(eq=False, repr=False)
class OutputPiece:
    """A stretch of an output section and why it is there.

    kind: "input" (an input section: `section`), "fill" (padding or fill), "data" (BYTE and the
    like). cause: in words: `hello.o(.text)`, `alignment of hello.o(.rodata)`, `. = ALIGN(512)`."""

    output: str
    sec_off: int
    size: int
    kind: str
    cause: str
    section: Section | None
    span: Span | None


def output_sections(placed: Placement, patched: Patched) -> dict[str, OutputSection]:
    """Output sections by name (the first of each name), in order."""
    found: dict[str, OutputSection] = {}
    for section, content in zip(placed.sections, patched.contents):
        plan = section.plan
        if plan.dropped:
            continue
        found.setdefault(
            plan.name,
            OutputSection(
                plan.name, section.vma, section.lma, section.size, section.align,
                plan.type, plan.flags, plan.loads, bytes(content),
            ),
        )  # fmt: skip
    return found


def output_pieces(placed: Placement) -> tuple[OutputPiece, ...]:
    """Every piece of every output section, in order."""
    return tuple(
        _piece(placed, section, piece) for section in placed.sections for piece in section.pieces
    )


def _piece(placed: Placement, section: PlacedSection, piece: Piece) -> OutputPiece:
    origin = piece.origin
    view, span = None, None
    if isinstance(origin, int):
        table, files = placed.addresses.table, placed.addresses.resolution.files
        file = table.owner_file(origin)
        view = Section(files[file], origin - table.base[file])
        cause = placed.addresses.describe(origin)
        if piece.kind == "fill":
            cause = f"alignment of {cause}"
    else:
        span = origin.span
        cause = span.text if span is not None else type(origin).__name__
    return OutputPiece(
        section.name, piece.sec_off, piece.size, piece.kind, cause,
        view if piece.kind == "input" else None, span,
    )  # fmt: skip
