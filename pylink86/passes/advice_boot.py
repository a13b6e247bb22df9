"""What a BIOS and a boot sector need of a raw image, and do not say when they lack it.

The first sector is loaded to 0x7c00 and started only when it ends in 55 AA; the rest is loaded by
the sector's own code, as many sectors as it was told; nobody sets the memory behind the file to
zero."""

from __future__ import annotations

from .. import elf_const as c
from ..arch import rows_for
from ..diag import Diagnostics
from ..script import nodes as n
from .finished import Finished
from .placement import INPUT, PlacedSection
from .words import expressions

SECTOR = 512
SIGNATURE = b"\x55\xaa"
STAGE_LIMIT = 0x80000
EBDA = 0x9FC00
VIDEO = 0xA0000
HIGH = 0x100000
HUGE_HOLE = 16 << 20
BIOS_READ_LIMIT = 127


def signature(link: Finished, diags: Diagnostics) -> None:
    """no-boot-signature, boot-sector-too-long: 55 AA must stand at offset 510 of the image."""
    if not link.boots_from_disk:
        return
    head = link.image_bytes(0, 8 * SECTOR)
    if head[510:512] == SIGNATURE:
        return
    first = link.loaded[0]
    span = first.plan.node.name_span if first.plan.node is not None else None
    late = head.find(SIGNATURE, 511)
    if late > 0 and first.size > SECTOR and late + 2 <= first.size:
        over = late - 510
        diags.warn(
            "boot-sector-too-long",
            f"the boot sector is {over} bytes too long: 55 AA stands at offset {late}, not at 510",
            span=span,
            notes=[f"largest symbols in it: {largest_symbols(link, first, 0, late)}"],
            help=[
                "move code or data into the stage that the sector loads, until 510 bytes are left"
            ],
        )
        return
    what = "ends before that" if link.size < SECTOR else f"there is {head[510]:02x} {head[511]:02x}"
    diags.warn(
        "no-boot-signature",
        "the image starts at 0x7c00 but has no 55 AA at offset 510, so a BIOS does not start it",
        span=span,
        notes=[f"the image has {link.size} bytes; {'it ' if link.size < SECTOR else ''}{what}"],
        help=[
            "end the first sector with the signature: . = 510; SHORT(0xaa55) in the script "
            "(dialect gnu), or times 510-($-$$) db 0 and dw 0xaa55 in nasm"
        ],
    )


def largest_symbols(link: Finished, section: PlacedSection, start: int, end: int) -> str:
    """`print 0x40, gdt 0x18`: the symbols that take most of [start, end) of an output section.

    Assemblers give no sizes, so a symbol reaches to the next one.
    """
    index = link.placed.sections.index(section)
    found: dict[int, str] = {}
    for number, obj in enumerate(link.resolution.files[:-1]):
        for symbol in range(1, len(obj.symbols)):
            name = obj.symbols.name(symbol) if obj.symbols.shndx[symbol] > 0 else ""
            if name and obj.symbols.info[symbol] & 0xF not in (c.STT_SECTION, c.STT_FILE):
                place = link.placed.addresses.of_symbol(number, symbol)
                if isinstance(place, tuple) and place[0] == index and start <= place[1] < end:
                    found.setdefault(place[1], name)
    starts = [*sorted(found), end]
    sized = sorted(
        ((starts[i + 1] - at, found[at]) for i, at in enumerate(starts[:-1])), reverse=True
    )
    return ", ".join(f"{name} {size:#x}" for size, name in sized[:3]) or "none"


def sector_counts(link: Finished) -> dict[str, n.Assignment]:
    """Script symbols that count sectors: assigned from `... >> 9` or `... / 512`."""
    found: dict[str, n.Assignment] = {}
    for command in link.plan.commands:
        for node in getattr(command, "items", (command,)):
            if (
                isinstance(node, n.Assignment)
                and node.name in link.placed.symbols
                and any(_divides_by_sector(e) for e in expressions(node.value))
            ):
                found[node.name] = node
    return found


def _divides_by_sector(expr: n.Expr) -> bool:
    if not isinstance(expr, n.Binary) or not isinstance(expr.right, n.Number):
        return False
    return (expr.op, expr.right.value) in ((">>", 9), ("/", SECTOR))


def partial_last_sector(link: Finished, diags: Diagnostics) -> None:
    """partial-sector: the image ends inside a sector although the script counts whole ones."""
    if not link.boots_from_disk or link.size % SECTOR == 0:
        return
    for name, node in sector_counts(link).items():
        count = link.placed.symbols[name].absolute()
        has = -(-(link.size - SECTOR) // SECTOR)
        if count == 0 or count > (1 << 20):
            continue
        missing = -link.size % SECTOR
        diags.warn(
            "partial-sector",
            f"the image ends {missing} bytes before the end of a sector, but `{name}' counts whole "
            "sectors",
            span=node.span,
            notes=[
                f"the image has {link.size} bytes, {link.size // SECTOR} sectors and "
                f"{link.size % SECTOR} bytes; `{name}' is {count}, for {has} sectors behind the "
                "first",
                "a disk reader may refuse the last sector; padding in a section that holds nothing "
                "else is not written to a raw image by GNU ld",
            ],
            help=["put `. = ALIGN(512);' at the end of the last section that has contents"],
        )
        return


def count_over_bios_limit(link: Finished, diags: Diagnostics) -> None:
    """sector-count-over-127: a count in an 8-bit operand that many BIOSes cannot read at once."""
    if not link.boots_from_disk:
        return
    counts = {
        name: node
        for name, node in sector_counts(link).items()
        if BIOS_READ_LIMIT < link.placed.symbols[name].absolute() < 256
    }
    for name, node in counts.items():
        place = _byte_reference(link, name)
        if place:
            value = link.placed.symbols[name].absolute()
            diags.warn(
                "sector-count-over-127",
                f"`{name}' is {value}, and a BIOS reads at most 127 sectors in one call",
                span=node.span,
                place=place,
                notes=[
                    "the stage would arrive cut off or not at all, without an error on many PCs"
                ],
                help=["load in several calls, or link with --boot-sector, whose loader does"],
            )


def _byte_reference(link: Finished, name: str) -> str:
    """`boot.o:(.boot.text+0x12)`: the first 8-bit relocation against a symbol, or ""."""
    for number, obj in enumerate(link.resolution.files[:-1]):
        names = link.resolution.global_names[number]
        if name not in names:
            continue
        wanted = names.index(name) + link.resolution.first_global[number]
        rows = rows_for(obj.header.machine)
        for target, sections in obj.relocation_sections.items():
            for section in sections:
                rels = obj.relocations(section)
                for offset, kind, symbol in zip(rels.offset, rels.type, rels.symbol):
                    if symbol == wanted and kind in rows and rows[kind].width == 1:
                        return f"{obj.name}:({obj.sections.names[target]}+{offset:#x})"
    return ""


def low_memory_limits(link: Finished, diags: Diagnostics) -> None:
    """stage-reaches-bios-data, section-in-video-memory: below 1 MiB not all memory is free."""
    if not link.boots_from_disk:
        return
    for section in link.placed.sections:
        if not section.plan.alloc or not section.size:
            continue
        start, end = section.vma, section.vma + section.size
        span = section.plan.node.name_span if section.plan.node is not None else None
        if start < HIGH and end > VIDEO:
            diags.warn(
                "section-in-video-memory",
                f"`{section.name}' [{start:#x}, {end:#x}) reaches into video memory and BIOS ROM "
                f"({VIDEO:#x} to {HIGH:#x})",
                span=span,
                help=[f"end it below {EBDA:#x}, or place it at {HIGH:#x} or above"],
            )
        elif start < HIGH and end > STAGE_LIMIT:
            limit = f"{STAGE_LIMIT:#x}" if end <= EBDA else f"{EBDA:#x}, where most PCs keep it"
            diags.warn(
                "stage-reaches-bios-data",
                f"`{section.name}' ends at {end:#x}, {end - STAGE_LIMIT:#x} bytes above "
                f"{STAGE_LIMIT:#x}",
                span=span,
                notes=[
                    "the BIOS may keep data (the EBDA) from 0x80000 on; here it reaches past "
                    f"{limit}"
                ],
                help=["make it smaller, or load what is large above 1 MiB"],
            )


def image_with_a_hole(link: Finished, diags: Diagnostics) -> None:
    """image-hole: a gap between two sections that makes the raw file huge."""
    if not link.raw:
        return
    for left, right in zip(link.loaded, link.loaded[1:]):
        end = link.load_address(left) + left.size
        hole = link.load_address(right) - end
        if hole >= HUGE_HOLE and right.plan.node is not None and left.plan.node is not None:
            diags.warn(
                "image-hole",
                f"{hole:#x} bytes of the image are a hole between `{left.name}' and `{right.name}'",
                span=right.plan.node.name_span,
                notes=[
                    f"`{left.name}' ends at {end:#x}, `{right.name}' is loaded at "
                    f"{link.load_address(right):#x}"
                ],
                help=[
                    f"say where it lies in the file: {right.name} : AT(LOADADDR({left.name}) + "
                    f"SIZEOF({left.name})) {{ ... }}, and copy it at run time"
                ],
            )


def bss_nobody_clears(link: Finished, diags: Diagnostics) -> None:
    """bss-not-in-image: memory behind a raw image that programs expect to be zero.

    Silent when an object uses a symbol the script puts at the section's start or end: its code
    knows where the section is, and why would it, if not to clear it."""
    if not link.raw or not link.loaded:
        return
    for section in link.placed.sections:
        plan = section.plan
        if not plan.alloc or plan.loads or not section.size or not _has_input(section):
            continue
        bounds = (section.vma, section.vma + section.size)
        used = link.resolution.undefined
        if any(
            name in used and bounds[0] <= value.absolute() <= bounds[1]
            for name, value in link.placed.symbols.items()
        ) or _bounds_measured(link, section):
            continue
        diags.warn(
            "bss-not-in-image",
            f"`{section.name}' has {section.size:#x} bytes that are not in the raw image, and "
            "nothing sets them to zero",
            span=plan.node.name_span if plan.node is not None else None,
            notes=[
                f"it is at {bounds[0]:#x} to {bounds[1]:#x}; the file ends with "
                f"`{link.loaded[-1].name}'",
                "compiled code expects such variables to be zero; after a boot they hold anything",
            ],
            help=[
                "put it into the file: take *(.bss* COMMON) in the last section with contents, "
                "before its end",
                "or clear it in the start code, from and to symbols the script defines around it",
            ],
        )


def _has_input(section: PlacedSection) -> bool:
    return any(piece.kind == INPUT for piece in section.pieces)


def _bounds_measured(link: Finished, section: PlacedSection) -> bool:
    """Whether a symbol an object uses is computed from the section's size or address."""
    for command in link.plan.commands:
        for node in getattr(command, "items", (command,)):
            if isinstance(node, n.Assignment) and node.name in link.resolution.undefined:
                for expr in expressions(node.value):
                    if isinstance(expr, n.Call) and expr.target == section.name:
                        return True
    return False
