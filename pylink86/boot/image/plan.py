"""The plan of an image: what the loader reads to where, and the numbers it is linked with.

A 64-bit kernel gets page tables, so its frames can be anywhere: they follow each other from 1 MiB
on, the kernel first, then BootInfo, stack and tables.  A 32-bit kernel runs without paging: its
segments go to their load addresses, and the loader has to keep out of their way.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import attrs

from ...diag import Diagnostic, fail
from ...elf_const import ELF_MAGIC
from .config import ImageConfig
from .frames import Block, Run, blocks_of, page_runs, zeros
from .kernel import Kernel, Load
from .paging import NO_EXECUTE, WRITABLE, PageTables
from .places import (
    BOUNCE,
    BOUNCE_END,
    HIGH,
    HIGH_END,
    MIB,
    PAGE,
    VIDEO,
    VIDEO_END,
)
from .space import Space, plan_space

REGIONS = (
    "Usable",
    "InUse",
    "Reserved",
    "AcpiReclaimable",
    "AcpiNvs",
    "BadMemory",
    "Kernel",
    "KernelStack",
    "PageTable",
    "Bootloader",
    "FrameZero",
    "Empty",
    "BootInfo",
    "Package",
)
"""Names of the memory region types; the number is the place in this list."""

MOST_REGIONS = 64
REGION_SIZE = 24
CR0 = 0x8001_0011
"""PG, WP, ET, PE."""
CR0_SSE, CR4_PAE, CR4_SSE = 0x2, 0x20, 0x600
LONG_MODE, PIXELS = 1, 2
"""Bits of the loader's flags."""


@attrs.frozen
class Own:
    """Frames the loader has used: a row of the memory map the kernel gets."""

    start: int
    end: int
    kind: str

    def row(self) -> tuple[int, int, int]:
        return self.start // PAGE, self.end // PAGE, REGIONS.index(self.kind)


@attrs.frozen(eq=False)
class Plan:
    """All that the loader needs to be told.

    parts: the object files it is linked from; symbols: name -> value; blocks: in the order of
    loading; own: frames in use; memory_top: where memory in use ends; space, runs: what a 64-bit
    kernel sees, None and empty for others.
    """

    protocol: str
    bits: int
    parts: tuple[str, ...]
    symbols: Mapping[str, int]
    blocks: Sequence[Block]
    memory_top: int
    own: Sequence[Own] = ()
    space: Space | None = None
    runs: Sequence[Run] = ()
    resident: int = 0
    loads: Sequence[Load] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def plan_long(kernel: Kernel, config: ImageConfig, protocol: str) -> Plan:
    """For a 64-bit kernel; image-overlap, kernel-too-large."""
    space = plan_space(kernel, config)
    runs = page_runs(kernel.loads, HIGH)
    info = runs[-1].physical + runs[-1].pages * PAGE
    stack = info + PAGE
    tables = PageTables(stack + config.kernel_stack_size * PAGE)
    _check_size(kernel, tables.start, config)
    _map_all(tables, runs, space, info, stack)
    _check_size(kernel, tables.end, config)
    own = _own_frames(space, info, stack, tables)
    return Plan(
        protocol=protocol,
        bits=64,
        parts=("mbr", "stage", "long", "bootinfo" if protocol == "bootloader" else "raw64"),
        symbols=_long_symbols(kernel, config, space, info, tables),
        blocks=[
            *blocks_of(kernel.loads, runs),
            _block(info, info_page(kernel, config, space)),
            _block(tables.start, tables.to_bytes()),
        ],
        memory_top=tables.end,
        own=own,
        space=space,
        runs=runs,
        resident=space.resident,
    )


def _block(address: int, data: bytes) -> Block:
    return Block(address, memoryview(data), len(data))


def _map_all(tables: PageTables, runs: list[Run], space: Space, info: int, stack: int) -> None:
    for run in runs:
        tables.map(run.vaddr, run.physical, run.pages, run.flags)
    tables.map(space.resident, space.resident, 1, WRITABLE)
    tables.map(VIDEO, VIDEO, (VIDEO_END - VIDEO) // PAGE, WRITABLE | NO_EXECUTE)
    tables.map(space.info, info, 1, WRITABLE | NO_EXECUTE)
    pages = (space.stack_end - space.stack) // PAGE
    tables.map(space.stack, stack, pages, WRITABLE | NO_EXECUTE)
    if space.recursive is not None:
        tables.point_to_itself(space.recursive)


def _own_frames(space: Space, info: int, stack: int, tables: PageTables) -> list[Own]:
    return [
        Own(0, PAGE, "FrameZero"),
        Own(space.resident, space.resident + PAGE, "Bootloader"),
        Own(HIGH, info, "Kernel"),
        Own(info, stack, "BootInfo"),
        Own(stack, tables.start, "KernelStack"),
        Own(tables.start, tables.end, "PageTable"),
    ]


def _long_symbols(
    kernel: Kernel, config: ImageConfig, space: Space, info: int, tables: PageTables
) -> dict[str, int]:
    sse = "sse" in config.features
    pixels = "vga_320x200" in config.features
    return {
        "__flags": LONG_MODE | (PIXELS if pixels else 0),
        "__memory_top": tables.end,
        "__entry": kernel.entry,
        "__stack_end": space.stack_end,
        "__page_tables": tables.start,
        "__cr0": CR0 | (CR0_SSE if sse else 0),
        "__cr4": CR4_PAE | (CR4_SSE if sse else 0),
        "__info_physical": info,
        "__info_virtual": space.info,
        "__map_physical": int(space.physical is not None),
        "__physical_offset": space.physical or 0,
        "__resident": space.resident,
    }


def info_page(kernel: Kernel, config: ImageConfig, space: Space) -> bytes:
    """The BootInfo without its memory map; the loader fills in regions and their number."""
    numbers = [0]
    if "recursive_page_table" in config.features:
        numbers.append(space.recursive_address)
    if "map_physical_memory" in config.features:
        numbers.append(space.physical or 0)
    numbers += kernel.tls
    page = bytes(MOST_REGIONS * REGION_SIZE) + struct.pack(f"<{len(numbers)}Q", *numbers)
    return page.ljust(PAGE, b"\0")


def _check_size(kernel: Kernel, end: int, config: ImageConfig) -> None:
    if end <= HIGH_END:
        return
    size = sum(load.size for load in kernel.loads)
    raise fail(
        "kernel-too-large",
        f"{kernel.name} needs memory up to {end:#x}, and the loader reaches {HIGH_END:#x}",
        notes=[
            f"its segments have {size / MIB:,.1f} MiB",
            f"its stack has {config.kernel_stack_size * PAGE / MIB:,.1f} MiB (kernel-stack-size)",
        ],
    )


def plan_flat(
    loads: Sequence[Load],
    protocol: str,
    parts: tuple[str, ...],
    symbols: Mapping[str, int],
    extra: Sequence[Block] = (),
) -> Plan:
    """For a kernel without paging: its loads go to their physical addresses.

    symbols: `__entry` and what the protocol's part of the loader asks for; extra: further blocks.
    """
    blocks = list(extra)
    for load in loads:
        end = load.paddr + len(load.data)
        blocks += [Block(load.paddr, load.data, len(load.data)), zeros(end, load.paddr + load.size)]
    top = max((load.paddr + load.size for load in loads), default=0)
    return Plan(
        protocol=protocol,
        bits=32,
        parts=("mbr", "stage", "flat", *parts),
        symbols={"__flags": 0, "__memory_top": max(top, HIGH), **symbols},
        blocks=[block for block in blocks if block.size],
        memory_top=top,
        loads=loads,
    )


def check_flat(name: str, loads: Sequence[Load], stage_end: int) -> None:
    """Refuse loads where the loader works, or where no memory is; image-overlap."""
    taken = (
        (0, -(-stage_end // PAGE) * PAGE, "the BIOS's data and the loader"),
        (BOUNCE, BOUNCE_END, "the loader's buffer"),
        (BOUNCE_END, HIGH, "the BIOS's data, video memory and ROM"),
        (1 << 32, 1 << 64, "memory above 4 GiB, where 32-bit code cannot reach"),
    )
    for load in loads:
        start, end = load.paddr, load.paddr + load.size
        for low, high, title in taken:
            if start < high and end > low:
                raise fail(
                    "image-overlap",
                    f"{name} wants to be loaded to {start:#x} to {end:#x}, and {low:#x} to "
                    f"{high:#x} is {title}",
                    help=[
                        "the segment begins with the ELF headers: link with -N, or with a script "
                        "whose first section begins at 1 MiB (0x100000)"
                        if bytes(load.data[:4]) == ELF_MAGIC
                        else "link it to 1 MiB (0x100000) or above"
                    ],
                )
    for before, after in zip(loads, loads[1:]):
        if after.paddr < before.paddr + before.size:
            raise fail(
                "segments-overlap",
                f"two segments of {name} would be loaded to the same memory, from "
                f"{after.paddr:#x} on",
                notes=[f"{before}, loaded to {before.paddr:#x}", f"{after}, to {after.paddr:#x}"],
            )
