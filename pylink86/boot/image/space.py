"""The addresses a 64-bit kernel sees: its segments, its stack, the boot information.

A level-4 slot is 512 GiB of addresses, one entry of the topmost page table.  What the kernel did
not ask for at a certain address gets a slot of its own, the first that nothing else needs, in the
order of the `bootloader` crate: recursive entry (a slot is kept for it even when it is not
wanted), BootInfo with the stack behind it, physical memory.  So the addresses are the crate's, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...diag import fail
from .config import ImageConfig
from .kernel import Kernel
from .places import FOUR_GIB, PAGE, RESIDENT, VIDEO, VIDEO_END

SLOT = 1 << 39
SLOTS = 512


@attrs.frozen
class Range:
    """Addresses [start, end) and what they are for."""

    start: int
    end: int
    title: str

    def __str__(self) -> str:
        return f"{self.start:#x} to {self.end:#x}: {self.title}"


@attrs.frozen
class Space:
    """Virtual addresses besides the kernel's own.

    info: the BootInfo; stack: lowest byte; the guard page is below.  physical: where address 0 of
    physical memory is seen, or None.  recursive: slot of the recursive entry, or None.  resident:
    the page of the loader that stays mapped, address = address.
    """

    info: int
    stack: int
    stack_end: int
    physical: int | None
    recursive: int | None
    resident: int

    @property
    def recursive_address(self) -> int:
        """Where the level-4 table sees itself."""
        slot = self.recursive or 0
        return canonical(sum(slot << shift for shift in (39, 30, 21, 12)))


def canonical(address: int) -> int:
    """Bit 47 repeated up to bit 63."""
    return address | 0xFFFF << 48 if address >> 47 & 1 else address


def plan_space(kernel: Kernel, config: ImageConfig) -> Space:
    """Choose every address that is still open; image-overlap when two things meet."""
    slots = _free_slots(kernel, config)
    recursive = _take(slots, kernel)
    info = config.boot_info_address
    if info is None:
        info = canonical(_take(slots, kernel) * SLOT)
    physical = config.physical_memory_offset
    if physical is None and "map_physical_memory" in config.features:
        physical = canonical(_take(slots, kernel) * SLOT)
    guard = config.kernel_stack_address
    stack = (info + PAGE if guard is None else guard) + PAGE
    space = Space(
        info=info,
        stack=stack,
        stack_end=stack + config.kernel_stack_size * PAGE,
        physical=physical,
        recursive=recursive if "recursive_page_table" in config.features else None,
        resident=_resident(kernel),
    )
    _check_ranges(kernel, space)
    return space


def _free_slots(kernel: Kernel, config: ImageConfig) -> Iterator[int]:
    """Slots nothing lies in, the lowest first; slot 0 has the loader and video memory."""
    used = {0}
    for load in kernel.loads:
        used |= set(range(_slot(load.vaddr), _slot(load.end - 1) + 1))
    for address in (
        config.boot_info_address,
        config.kernel_stack_address,
        config.physical_memory_offset,
    ):
        if address is not None:
            used.add(_slot(address))
    return (slot for slot in range(SLOTS) if slot not in used)


def _take(slots: Iterator[int], kernel: Kernel) -> int:
    slot = next(slots, None)
    if slot is None:
        said = f"{kernel.name} lies in all of the {SLOTS} slots of 512 GiB that addresses have"
        raise fail("image-overlap", said)
    return slot


def _slot(address: int) -> int:
    return address >> 39 & SLOTS - 1


def _resident(kernel: Kernel) -> int:
    page: int
    for page in RESIDENT:
        if all(taken.end <= page or taken.start >= page + PAGE for taken in _whole_pages(kernel)):
            return page
    raise fail(
        "image-overlap",
        f"{kernel.name} covers every page below {RESIDENT[-1] + PAGE:#x} that the loader could "
        "stay in",
        help=["one page of 4 KiB has to be free there, for the descriptor table"],
    )


def _whole_pages(kernel: Kernel) -> list[Range]:
    return [
        Range(load.vaddr & -PAGE, -(-load.end // PAGE) * PAGE, str(load)) for load in kernel.loads
    ]


def _check_ranges(kernel: Kernel, space: Space) -> None:
    """Nothing may lie where something else is; names what, and the keys that move it."""
    ranges = [Range(load.vaddr, load.end, "a segment of the kernel") for load in kernel.loads] + [
        Range(space.info, space.info + PAGE, "the boot information (boot-info-address)"),
        Range(space.stack - PAGE, space.stack_end, "the stack (kernel-stack-address)"),
        Range(space.resident, space.resident + PAGE, "the loader's page"),
        Range(VIDEO, VIDEO_END, "video memory"),
    ]
    if space.physical is not None:
        end = space.physical + FOUR_GIB
        ranges.append(Range(space.physical, end, "physical memory (physical-memory-offset)"))
    if space.recursive is not None:
        start = canonical(space.recursive * SLOT)
        ranges.append(Range(start, start + SLOT, "the recursive page table"))
    _check_disjoint(kernel.name, ranges)
    for found in ranges:
        if found.end > 1 << 64 or canonical(found.end - 1 & (1 << 48) - 1) != found.end - 1:
            raise fail("image-overlap", f"there are no such addresses: {found}")


def _check_disjoint(name: str, ranges: list[Range]) -> None:
    ordered = sorted(ranges, key=lambda r: r.start)
    for before, after in zip(ordered, ordered[1:]):
        if after.start < before.end:
            shared = min(before.end, after.end) - after.start
            raise fail(
                "image-overlap",
                f"{name} cannot be mapped: two things want the same {shared:#x} bytes",
                notes=[str(before), str(after)],
            )
