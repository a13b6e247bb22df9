"""A raw image: bytes at positions, and nothing that says what they are.

A boot sector is read by firmware that knows no file format, so the file must be the memory image
itself: every section at its position, the holes filled.  A hole can be made by mistake (a section
left at address 0 makes a file of 1 MiB, one at 0xffff8000_00000000 one of 16 EiB), so the size is
checked before a byte is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..diag import LinkError, fail
from ..elf_tables import Buffer
from .images import MAX_SIZE as MAX_SIZE
from .images import Image


class FilePiece:
    """Bytes at a position of the file; title: what they are, for messages ("section `.text`")."""

    def __init__(self, start: int, data: Buffer, title: str) -> None:
        self.start, self.data, self.title = start, data, title

    @property
    def end(self) -> int:
        return self.start + len(self.data)


def write_binary(
    pieces: Sequence[FilePiece], size: int, gap: int = 0, *, max_size: int = MAX_SIZE
) -> bytes:
    """The pieces at their positions in an image of `size` bytes; what nothing covers is `gap`.

    pieces: in any order; where two overlap, the later one in the list wins.
    Fails with image-too-large before making anything.
    """
    size = max(size, max((piece.end for piece in pieces), default=0))
    if size > max_size:
        raise too_large(((p.start, p.end, p.title) for p in pieces), size, max_size)
    image = bytearray([gap]) * size
    for piece in pieces:
        image[piece.start : piece.end] = piece.data
    return bytes(image)


def write_flat(image: Image) -> bytes:
    """The blocks of an image from the lowest address on, zeros between them."""
    start = image.start
    if start is None:
        start = min((block.address for block in image.blocks), default=0)
    pieces = [FilePiece(b.address - start, memoryview(b.data), b.title) for b in image.blocks]
    return write_binary(pieces, 0, max_size=image.max_size)


def too_large(spans: Iterable[tuple[int, int, str]], size: int, max_size: int) -> LinkError:
    """The error image-too-large: which two things lie on either side of the widest hole.

    spans: (start, end, title) of what the file holds.
    """
    left = (0, 0, "the start of the file")
    widest, sides = 0, (left, left)
    for span in [*sorted(spans), (size, size, "the end of the file")]:
        if span[0] - left[1] > widest:
            widest, sides = span[0] - left[1], (left, span)
        if span[1] > left[1]:
            left = span
    (_, end, before), (start, _, after) = sides
    return fail(
        "image-too-large",
        f"the image would have {size:#x} bytes, more than {max_size:#x}",
        notes=[
            f"{widest:#x} of them are a hole between {before}, which ends at {end:#x}, "
            f"and {after}, which starts at {start:#x}"
        ],
        help=["place the two closer together, or give one a load address with AT(...)"],
    )
