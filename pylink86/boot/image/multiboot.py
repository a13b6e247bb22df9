"""Multiboot 1 and 2: the header a kernel carries, and the structure it is given.

A header says what the kernel wants: to be loaded at other addresses than its ELF file says, to be
entered elsewhere, to be told of memory or a command line.  What cannot be given is refused when
the image is made, since the kernel could only find out by crashing.

Sources: Multiboot Specification 0.6.96; Multiboot2 Specification 2.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import attrs

from ...diag import Diagnostic, LinkError, fail
from .kernel import Kernel, Load, loads_with_sections

MAGIC1, SEARCH1 = 0x1BADB002, 8192
MAGIC2, SEARCH2 = 0xE85250D6, 32768
"""The first words of the headers, and within how many bytes of the file they begin."""
LOADER_NAME = b"pylink86\0"

ALIGN, MEMORY, VIDEO_MODE, ADDRESSES = 1 << 0, 1 << 1, 1 << 2, 1 << 16
"""Flags of the first header; the low 16 bits are demands."""

END, REQUEST, ADDRESS, ENTRY, CONSOLE, FRAMEBUFFER, MODULE_ALIGN = range(7)
EFI_SERVICES, EFI_ENTRY_32, EFI_ENTRY_64, RELOCATABLE = range(7, 11)
"""Types of the second header's tags."""
IGNORED = frozenset({CONSOLE, MODULE_ALIGN, EFI_ENTRY_32, EFI_ENTRY_64, RELOCATABLE})
"""Tags about what never happens here: modules, EFI, moving a kernel away from its addresses."""
GIVEN = {1, 2, 4, 5, 6, 8, 9}
"""Types of the information the kernel gets: command line, name of the loader, size of memory,
drive, memory map, framebuffer, ELF sections."""


@attrs.frozen(eq=False)
class Wish:
    """What a header asks for: its own loads and entry, or those of the ELF file."""

    loads: tuple[Load, ...]
    entry: int
    warnings: tuple[Diagnostic, ...] = ()


def find_header(kernel: Kernel) -> str:
    """`multiboot2`, `multiboot1` or "": the protocol the kernel carries a header of."""
    if _find2(kernel.data) is not None:
        return "multiboot2"
    return "multiboot1" if _find1(kernel.data) is not None else ""


def read_wish(kernel: Kernel, protocol: str) -> Wish:
    """What the kernel's header wants. Errors: no-multiboot-header, multiboot-demand."""
    first = protocol == "multiboot1"
    at = (_find1 if first else _find2)(kernel.data)
    if at is None:
        limit, align = (SEARCH1, 4) if first else (SEARCH2, 8)
        raise fail(
            "no-multiboot-header",
            f"{kernel.name} has no {protocol} header in its first {limit} bytes",
            notes=[f"it must be aligned to {align} bytes, and its fields must add up to 0"],
            help=["keep its section first in the linker script: KEEP(*(.multiboot*))"],
        )
    return _wish1(kernel, at) if first else _wish2(kernel, at)


def _find1(data: memoryview) -> int | None:
    found = _positions(data, MAGIC1, SEARCH1, 4, 12)
    return next((at for at in found if _sums_up(data, at, 3)), None)


def _find2(data: memoryview) -> int | None:
    found = _positions(data, MAGIC2, SEARCH2, 8, 16)
    return next((at for at in found if _sums_up(data, at, 4)), None)


def _positions(data: memoryview, magic: int, limit: int, align: int, size: int) -> Iterator[int]:
    head, word = bytes(data[:limit]), struct.pack("<I", magic)
    at = head.find(word)
    while at >= 0:
        if at % align == 0 and at + size <= len(head):
            yield at
        at = head.find(word, at + 1)


def _sums_up(data: memoryview, at: int, words: int) -> bool:
    total: int = sum(struct.unpack_from(f"<{words}I", data, at))
    return total & 0xFFFFFFFF == 0


# The first specification.


def _wish1(kernel: Kernel, at: int) -> Wish:
    flags = struct.unpack_from("<I", kernel.data, at + 4)[0]
    unknown = flags & 0xFFFF & ~(ALIGN | MEMORY | VIDEO_MODE)
    if unknown:
        raise _demand(kernel, f"flags {unknown:#x} of its multiboot1 header are not known")
    words = struct.unpack_from("<9I", bytes(kernel.data[at : at + 48]).ljust(48, b"\0"), 12)
    warnings: tuple[Diagnostic, ...] = ()
    if flags & VIDEO_MODE and words[5] == 0:
        warnings = (_text_only(kernel),)
    if flags & ADDRESSES:
        loads = _loads_at(kernel, at, *words[:4])
        return Wish(loads, words[4], warnings)
    return Wish(loads_with_sections(kernel), _physical_entry(kernel), warnings)


def _text_only(kernel: Kernel) -> Diagnostic:
    said = f"{kernel.name} would like a graphics mode, and gets text of 80x25"
    return Diagnostic("warning", "multiboot-text-only", said)


def _demand(kernel: Kernel, what: str) -> LinkError:
    return fail("multiboot-demand", f"{kernel.name} cannot be started as it demands: {what}")


def _physical_entry(kernel: Kernel) -> int:
    """The entry point as a load address: kernels of the higher half have a virtual one."""
    for load in kernel.loads:
        if load.vaddr <= kernel.entry < load.end:
            return kernel.entry - load.vaddr + load.paddr
    return kernel.entry


def _loads_at(
    kernel: Kernel, at: int, header: int, start: int, end: int, bss_end: int
) -> tuple[Load, ...]:
    """The one load a header with addresses describes: file bytes from `start`, then zeros."""
    first = at - (header - start) if start != 0xFFFFFFFF else 0
    start = header - at if start == 0xFFFFFFFF else start
    last = first + (end - start) if end else len(kernel.data)
    if not 0 <= first <= last <= len(kernel.data):
        raise _demand(
            kernel,
            f"its header has it loaded from bytes {first:#x} to {last:#x}, "
            f"and the file has {len(kernel.data):#x}",
        )
    size = max(last - first, bss_end - start if bss_end else 0)
    return (Load(start, start, kernel.data[first:last], size, 7),)


def info1(command_line: str, place: int) -> tuple[bytes, int]:
    """The structure for a kernel at `place` in memory, and the address of its memory map."""
    line = command_line.encode() + b"\0"
    size = 120
    name_at, line_at = place + size, place + size + len(LOADER_NAME)
    map_at = -(-(line_at + len(line)) // 16) * 16
    flags = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12
    head = struct.pack("<7I", flags, 0, 0, 0x00FFFFFF, line_at, 0, 0).ljust(44, b"\0")
    head += struct.pack("<II", 0, map_at).ljust(20, b"\0") + struct.pack("<I", name_at)
    head = head.ljust(88, b"\0") + _text_screen()
    text = LOADER_NAME + line
    return (head.ljust(size, b"\0") + text).ljust(map_at - place, b"\0"), map_at


def _text_screen() -> bytes:
    """A framebuffer of kind 2, text: address, bytes per line, columns, rows, bits per cell."""
    return struct.pack("<Q3IBB", 0xB8000, 160, 80, 25, 16, 2)


# The second specification.


def _wish2(kernel: Kernel, at: int) -> Wish:
    loads, entry = loads_with_sections(kernel), _physical_entry(kernel)
    warnings: list[Diagnostic] = []
    for kind, optional, body in _tags(kernel, at):
        if kind == REQUEST:
            _check_request(kernel, body, optional)
        elif kind == ADDRESS and len(body) >= 16:
            loads = _loads_at(kernel, at, *struct.unpack_from("<4I", body))
        elif kind == ENTRY and len(body) >= 4:
            entry = struct.unpack_from("<I", body)[0]
        elif kind == FRAMEBUFFER:
            warnings += _check_framebuffer(kernel, body, optional)
        elif kind not in IGNORED and not optional:
            what = "EFI boot services" if kind == EFI_SERVICES else "not known"
            raise _demand(kernel, f"tag {kind} of its multiboot2 header ({what})")
    return Wish(loads, entry, tuple(warnings))


def _tags(kernel: Kernel, at: int) -> Iterator[tuple[int, bool, bytes]]:
    """Type, whether it is optional, and the bytes behind the size, of each tag of the header."""
    end = at + struct.unpack_from("<I", kernel.data, at + 8)[0]
    at += 16
    while at + 8 <= min(end, len(kernel.data)):
        kind, flags, size = struct.unpack_from("<HHI", kernel.data, at)
        if kind == END or size < 8:
            return
        yield kind, bool(flags & 1), bytes(kernel.data[at + 8 : at + size])
        at += -(-size // 8) * 8


def _check_request(kernel: Kernel, body: bytes, optional: bool) -> None:
    wanted = struct.unpack(f"<{len(body) // 4}I", body[: len(body) // 4 * 4])
    missing = [kind for kind in wanted if kind not in GIVEN]
    if missing and not optional:
        listed = ", ".join(map(str, missing))
        raise _demand(kernel, f"it requests information of type {listed}, which is not there")


def _check_framebuffer(kernel: Kernel, body: bytes, optional: bool) -> list[Diagnostic]:
    width, height, depth = struct.unpack_from("<3I", body.ljust(12, b"\0"))
    if depth == 0:
        return []
    if optional:
        return [_text_only(kernel)]
    raise _demand(kernel, f"it needs a screen of {width}x{height} pixels, {depth} bits each")


def info2(kernel: Kernel, command_line: str, place: int) -> tuple[bytes, dict[str, int]]:
    """The tags for a kernel at `place` in memory, and where the loader writes into them.

    The memory map is the last tag; the loader appends its entries and the end.
    """
    tags = [
        (1, command_line.encode() + b"\0"),
        (2, LOADER_NAME),
        (9, _elf_sections(kernel)),
        (8, _text_screen() + bytes(2)),
        (4, bytes(8)),
        (5, struct.pack("<III", 0, 0xFFFFFFFF, 0xFFFFFFFF)),
        (6, struct.pack("<II", 24, 0)),
    ]
    data, places = bytearray(8), {}
    for kind, body in tags:
        places[kind] = place + len(data)
        data += struct.pack("<II", kind, 8 + len(body)) + body
        data += bytes(-len(data) % 8)
    found = {
        "__info_memory": places[4] + 8,
        "__info_drive": places[5] + 8,
        "__info_map": places[6],
    }
    return bytes(data), found


def _elf_sections(kernel: Kernel) -> bytes:
    """Number, size, string table, then the section headers as the file has them."""
    layout, header = kernel.file.layout, kernel.file.header
    count, size = len(kernel.file.sections), 64 if kernel.bits == 64 else 40
    if layout is None or count <= 1:
        return struct.pack("<III", 0, size, 0)
    rows = bytes(kernel.data[layout.shoff : layout.shoff + count * size])
    return struct.pack("<III", count, size, header.shstrndx) + rows
