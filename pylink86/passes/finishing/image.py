"""What is loaded: the bytes of every section that has some, each at its load address."""

from __future__ import annotations

from ...diag import fail
from ...dialect import Dialect
from ...formats.images import FLAT, Block, Image
from ..placement import Placement
from ..relocating.relocate import Patched


def load_image(
    placed: Placement,
    patched: Patched,
    dialect: Dialect,
    *,
    format: str,
    entry: int,
    name: str,
    max_size: int,
) -> Image:
    """The link as an image, lowest address first.

    A flat image goes by load address (LMA) in GNU ld and by VMA in LLD; the formats LLD does not
    have always go by LMA.  Sections without contents are left out, and in GNU ld those that only
    move `.`.  (INFO) and its like are in GNU ld's flat images, though not where they begin, which
    is 0 when there is nothing else; one that lies before is section-before-image.  They may lie
    over others: sections are written in the order they were made, the last one wins.  Source:
    `--oformat binary`, srec and ihex of both, by experiment.
    """
    has_asides = any(section.plan.aside for section in placed.sections)
    in_order = list(zip(placed.sections, patched.contents))
    if has_asides:
        in_order.sort(key=lambda pair: pair[0].plan.header)
    by_lma = dialect.lma_counts or format != FLAT
    blocks = [
        Block(
            section.lma if by_lma else section.vma,
            memoryview(content),
            f"section `{section.name}'",
            tuple(piece.sec_off for piece in section.pieces),
        )
        for section, content in in_order
        if section.size and (section.plan.loads or (section.plan.aside and format == FLAT))
    ]
    if not has_asides:
        blocks.sort(key=lambda block: block.address)
    return Image(tuple(blocks), entry, name, max_size, _start(placed) if has_asides else None)


def _start(placed: Placement) -> int:
    """The load address of the first byte, where sections aside of memory are written, too."""
    written = [s for s in placed.sections if s.size]
    start = min((s.lma for s in written if s.plan.loads), default=0)
    for section in written:
        if section.plan.aside and section.lma < start:
            raise fail(
                "section-before-image",
                f"section `{section.name}' lies at {section.lma:#x}, before the image, which "
                f"begins at {start:#x}",
                notes=[
                    "it is not in memory, so the image does not begin with it, but it is written"
                ],
                help=["give it a load address with AT(...), or leave its type out"],
            )
    return start
