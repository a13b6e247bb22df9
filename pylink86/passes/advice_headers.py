"""Headers that boot loaders look for: found in an input, but not where the loader will find them.

Multiboot, Multiboot2, PVH and Limine loaders search the kernel file for a magic number.  When
garbage collection drops it or the layout moves it too deep, they only say "no multiboot header
found"."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import attrs

from .. import elf_const as c
from ..diag import Diagnostics
from ..elf_tables import Buffer
from .finished import Finished
from .match import SectionId

LIMINE_MAGIC = struct.pack("<QQ", 0xC7B1DD30DF4C8B88, 0x0A82E883A194F07B)
XEN_PVH = 18


@attrs.frozen
class HeaderKind:
    """A kind of header: its name, alignment and how deep in the file loaders look (0: anywhere)."""

    name: str
    align: int
    depth: int
    source: str


MULTIBOOT = HeaderKind("multiboot", 4, 8192, "Multiboot 0.6.96, 3.1")
MULTIBOOT2 = HeaderKind("multiboot2", 8, 32768, "Multiboot2 2.0, 3.1.1")
PVH = HeaderKind("PVH note", 4, 0, "Xen PVH boot ABI")
LIMINE = HeaderKind("Limine request", 8, 0, "Limine protocol, feature requests")


def boot_headers(link: Finished, diags: Diagnostics) -> None:
    """boot-header-dropped, boot-header-misaligned, boot-header-too-deep."""
    for sid, sec_off, kind in _headers(link):
        place = link.placed.addresses.of_place(sid, sec_off)
        if place is None:
            _tell_dropped(link, sid, kind, diags)
            continue
        section = link.placed.sections[place[0]]
        address = section.vma + place[1]
        if address % kind.align:
            diags.warn(
                "boot-header-misaligned",
                f"the {kind.name} header is at {address:#x}, which is no multiple of {kind.align}",
                place=link.placed.addresses.describe(sid),
                notes=[f"loaders step through the file by {kind.align} bytes ({kind.source})"],
                help=[f"align the section that holds it: .balign {kind.align} before the header"],
            )
        depth = _file_offset(link, place)
        if kind.depth and depth is not None and depth + 12 > kind.depth:
            diags.warn(
                "boot-header-too-deep",
                f"the {kind.name} header is at file offset {depth:#x}; loaders look in the first "
                f"{kind.depth} bytes",
                place=link.placed.addresses.describe(sid),
                notes=[f"source of the limit: {kind.source}"],
                help=[
                    f"place its section first: *({link.table.name[sid]}) as the first statement of "
                    "the first output section; in ELF output, -n or -z max-page-size=0x1000 keeps "
                    "the gap before it small"
                ],
            )


def _headers(link: Finished) -> Iterator[tuple[SectionId, int, HeaderKind]]:
    """Every header in the inputs: (section, offset in it, kind)."""
    for number, obj in enumerate(link.resolution.files[:-1]):
        flags, kinds = obj.sections.flags, obj.sections.type
        for index in range(1, len(kinds)):
            if flags[index] & c.SHF_ALLOC and kinds[index] != c.SHT_NOBITS:
                content = obj.contents[index]
                if len(content) >= 12:
                    for sec_off, kind in _in_section(content, kinds[index]):
                        yield link.table.base[number] + index, sec_off, kind


def _in_section(content: Buffer, section_type: int) -> Iterator[tuple[int, HeaderKind]]:
    data = bytes(content)
    yield from _multiboot(data)
    at = data.find(LIMINE_MAGIC)
    if at >= 0 and at % 8 == 0:
        yield at, LIMINE
    is_xen = section_type == c.SHT_NOTE and data[12:16] == b"Xen\0"
    if is_xen and struct.unpack_from("<I", data, 8)[0] == XEN_PVH:
        yield 0, PVH


def _multiboot(data: bytes) -> Iterator[tuple[int, HeaderKind]]:
    """Magic, then flags or architecture and length, then what makes the sum 0 modulo 2^32."""
    for magic, kind, words in ((0x1BADB002, MULTIBOOT, 3), (0xE85250D6, MULTIBOOT2, 4)):
        at = data.find(struct.pack("<I", magic))
        if 0 <= at <= len(data) - 4 * words:
            fields = struct.unpack_from(f"<{words}I", data, at)
            if sum(fields) & 0xFFFFFFFF == 0:
                yield at, kind


def _tell_dropped(link: Finished, sid: SectionId, kind: HeaderKind, diags: Diagnostics) -> None:
    name = link.table.name[sid]
    if sid in link.live.dead:
        why = "--gc-sections removed it: no code refers to a header"
        cure = f"keep it: KEEP(*({name})) in the script"
    elif sid in link.claims.discarded:
        why = "a /DISCARD/ pattern of the script takes it"
        cure = f"place `{name}' in a section before /DISCARD/, or narrow that pattern"
    else:
        return
    diags.warn(
        "boot-header-dropped",
        f"the {kind.name} header in `{name}' is not in the output",
        place=link.placed.addresses.describe(sid),
        notes=[why, "a loader will say that the file has no header"],
        help=[cure],
    )


def _file_offset(link: Finished, place: tuple[int, int]) -> int | None:
    """Where in the output file a place is: exact for raw images, for ELF as the writer lays it
    out."""
    section = link.placed.sections[place[0]]
    if link.raw:
        return link.load_address(section) - link.start + place[1]
    from ..formats.elf_place import place_in_file
    from ..formats.elf_write import with_tables
    from .finish import elf_executable

    image = place_in_file(with_tables(elf_executable(link.placed, link.patched, 0, "a.out")))
    names = image.sections.names
    if section.name not in names:
        return None
    return image.sections.offset[names.index(section.name)] + place[1]
