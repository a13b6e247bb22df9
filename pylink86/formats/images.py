"""Images: what a ROM programmer, a boot loader or a simulator loads, without the linker's tables.

All these formats hold the same: bytes at load addresses, and sometimes where to start.  They differ
in how they write it down: a flat file with the holes filled (binary), or text with an address on
every line (Motorola S-records, Intel HEX, Verilog memory files).  A row of IMAGE_WRITERS is one
format; its module is imported when the first image of its kind is written.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from ..elf_tables import Buffer

MAX_SIZE = 1 << 30
"""A larger flat image is refused unless the caller says otherwise: 1 GiB."""


class Block(NamedTuple):
    """Bytes at a load address: an output section of a link, a section of a file.

    title: what they are, for messages ("section `.text'").  cuts: offsets inside at which something
    new begins, in order; GNU ld writes what each input section, gap and data statement gave by
    itself, so that records end there, while objcopy writes whole sections.
    """

    address: int
    data: Buffer
    title: str = ""
    cuts: tuple[int, ...] = ()

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """(address, bytes) from cut to cut, none of them empty."""
        edges = (0, *self.cuts, len(self.data))
        for start, end in zip(edges, edges[1:]):
            if end > start:
                yield self.address + start, bytes(self.data[start:end])


class Image:
    """What is to be loaded.

    blocks: lowest address first; where some overlap, in the order to write them.  entry: where to
    start, 0 when nothing says so.  name: of the output file, as the command line spells it:
    S-records carry it.  max_size: bytes a flat image may have.  start: the address of a flat
    image's first byte; None is that of the lowest block."""

    def __init__(
        self,
        blocks: tuple[Block, ...],
        entry: int = 0,
        name: str = "",
        max_size: int = MAX_SIZE,
        start: int | None = None,
    ) -> None:
        self.blocks, self.entry, self.name, self.max_size = blocks, entry, name, max_size
        self.start = start


IMAGE_WRITERS = {
    "binary": "binary:write_flat",
    "srec": "srec:write_srec",
    "ihex": "ihex:write_ihex",
    "verilog": "verilog:write_verilog",
}
"""Format, as BFD names it -> module and function that turns an Image into bytes."""

FLAT = "binary"
"""The one format whose holes take room."""


def write_image(format: str, image: Image) -> bytes:
    """The image in one of the formats of IMAGE_WRITERS (KeyError for any other)."""
    module, function = IMAGE_WRITERS[format].split(":")
    writer = getattr(importlib.import_module(f".{module}", __package__), function)
    return cast("Callable[[Image], bytes]", writer)(image)
