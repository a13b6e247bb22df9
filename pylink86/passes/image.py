"""What is loaded: the bytes of every section that has some, each at its load address."""

from __future__ import annotations

from ..dialect import Dialect
from ..formats.images import FLAT, Block, Image
from .placement import Placement
from .relocate import Patched


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
    move `.`.  Source: `--oformat binary`, srec and ihex of both, by experiment.
    """
    by_lma = dialect.lma_counts or format != FLAT
    blocks = [
        Block(
            section.lma if by_lma else section.vma,
            memoryview(content),
            f"section `{section.name}'",
            tuple(piece.sec_off for piece in section.pieces),
        )
        for section, content in zip(placed.sections, patched.contents)
        if section.plan.loads and section.size
    ]
    blocks.sort(key=lambda block: block.address)
    return Image(tuple(blocks), entry, name, max_size)
