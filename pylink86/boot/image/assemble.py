"""The loader for one plan: our assembled parts, linked with our own linker.

The numbers of the plan become symbols, its tables become data of a small layout.  The result is
the first sectors of the disk.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable

import attrs

from ...diag import fail
from ...formats import read_bytes
from ...linker import link
from ...model import ObjectFile
from .places import SECTOR, STAGE, STAGE_END
from .plan import Plan

LAYOUT = """\
SECTIONS
{
  .bootsector 0x7c00 : { *(.bootsector) }
  .stage 0x7e00 :
  {
    *(.stage)
    . = ALIGN(4);
    __blocks = .;
@BLOCKS@
    LONG(0xffffffff)
    __own = .;
@OWN@
    QUAD(0xffffffffffffffff)
    . = ALIGN(16);
    __stage_end = .;
  }
  .resident @RESIDENT@ : AT(__stage_end) { *(.resident) }
}
__resident_from = LOADADDR(.resident);
__resident_size = SIZEOF(.resident);
__stage_entry = stage;
__stage_sectors = (__stage_end + __resident_size - 0x7e00 + 511) / 512;
"""


@attrs.frozen(eq=False)
class Loader:
    """The loader's bytes, whole sectors; the first is the boot sector. `end`: its end in memory."""

    image: bytes
    end: int

    @property
    def sectors(self) -> int:
        return len(self.image) // SECTOR


def part(name: str) -> ObjectFile:
    """One of the assembled parts beside the sources in `pylink86.boot.loader`."""
    data = pkgutil.get_data("pylink86.boot.loader", f"{name}.o")
    if data is None:
        raise fail(
            "cannot-read",
            f"cannot find {name}.o of the package",
            help=["install pylink86 again: files of it are missing"],
        )
    return read_bytes(data, f"loader part `{name}`")


def link_loader(plan: Plan) -> Loader:
    """Link the loader; kernel-too-many-parts when its list of blocks does not fit."""
    defsym = tuple(f"{name}={value:#x}" for name, value in plan.symbols.items())
    result = link(
        [part(name) for name in plan.parts], _layout(plan), oformat="binary", defsym=defsym
    )
    image = result.image
    end = STAGE + len(image) - SECTOR
    if end > STAGE_END:
        raise fail(
            "kernel-too-many-parts",
            f"the loader with a list of {len(plan.blocks)} blocks would end at {end:#x}, and has "
            f"to end at {STAGE_END:#x}",
            help=["the kernel has too many segments: join some in its linker script"],
        )
    return Loader(image + bytes(-len(image) % SECTOR), end)


def _layout(plan: Plan) -> str:
    values = {
        "BLOCKS": "\n".join(_block_rows(plan)),
        "OWN": "\n".join(f"    QUAD({a}) QUAD({b}) QUAD({c})" for a, b, c in _own_rows(plan)),
        "RESIDENT": hex(plan.resident or STAGE_END),
    }
    text = LAYOUT
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _own_rows(plan: Plan) -> Iterable[tuple[int, int, int]]:
    return (own.row() for own in plan.own)


def _block_rows(plan: Plan) -> Iterable[str]:
    """Address, bytes, first sector; sectors are counted from the end of the loader."""
    sector = 1
    for block in plan.blocks:
        first = "0" if block.data is None else f"__stage_sectors + {sector}"
        yield f"    LONG({block.address:#x}) LONG({block.size:#x}) LONG({first})"
        if block.data is not None:
            sector += -(-block.size // SECTOR)
