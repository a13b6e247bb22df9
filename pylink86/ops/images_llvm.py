"""Raw and text images by llvm-objcopy's rules: what is allocated and has bytes, at its load
address.

The load address of a section is its offset in its segment, counted from the segment's physical
address; a section in no segment is loaded where it runs.
"""

from __future__ import annotations

from .. import elf_const as c
from .assemble import fits
from .draft import GROUP, RELOC, SHSTRTAB, STRTAB, SYMTAB, complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec
    from .plan import Plan


def write_image(draft: Draft, plan: Plan) -> bytes:
    """The draft as binary, ihex or srec; out-of-range-for-ihex, image-too-large."""
    kinds = {SYMTAB: "symbol table", RELOC: "relocation section", GROUP: "group section"}
    for sec in draft.secs:
        if sec.alloc and sec.role in kinds and sec.size:
            complain(
                "bad-operation",
                f"cannot write {kinds[sec.role]} '{sec.name}' out to {plan.output_format}",
                place=draft.name,
            )
    if plan.output_format == "binary":
        return _flat(draft, plan)
    return _records(draft, plan)


def _flat(draft: Draft, plan: Plan) -> bytes:
    """From the lowest byte on, zeros or --gap-fill between sections, up to --pad-to."""
    loaded = [sec for sec in draft.secs if sec.flags & c.SHF_ALLOC]
    for sec in loaded:
        sec.lma = sec.addr
        if sec.segment is not None:
            start = sec.offset - sec.segment.offset
            sec.lma = start + sec.segment.paddr
    loaded = [sec for sec in loaded if sec.type != c.SHT_NOBITS]
    lowest = min((sec.lma for sec in loaded if sec.size), default=1 << 64)
    size = max((plan.pad_to or 0) - lowest, 0)
    for sec in loaded:
        if sec.size:
            size = max(size, sec.lma - lowest + sec.size)
    fits(size, draft.name)
    image = bytearray([plan.gap_fill or 0]) * size
    # A string table that was given an address takes room there, and is not written.
    tables = (STRTAB, SHSTRTAB)
    for sec in sorted(loaded, key=lambda sec: sec.lma):
        if sec.size and sec.role not in tables:
            start = sec.lma - lowest
            image[start : start + len(sec.data)] = sec.data
    return bytes(image)


def _records(draft: Draft, plan: Plan) -> bytes:
    from ..formats.images import Block, Image
    from ..formats.images import write_image as write

    loaded = [sec for sec in draft.secs if sec.alloc and sec.type != c.SHT_NOBITS and sec.size]
    blocks = []
    word = "section" if plan.output_format == "srec" else "Section"
    for sec in loaded:
        address = _physical(sec)
        if address + sec.size - 1 > 0xFFFFFFFF and address < 0xFFFFFFFF80000000:
            complain(
                "out-of-range-for-ihex",
                f"{word} '{sec.name}' address range [{address:#x}, "
                f"{address + sec.size - 1:#x}] is not 32 bit",
            )
        blocks.append(Block(address & 0xFFFFFFFF, bytes(sec.data).ljust(sec.size, b"\0"), sec.name))
    if 0xFFFFFFFF < draft.entry < 0xFFFFFFFF80000000:
        complain(
            "out-of-range-for-ihex",
            f"entry point address {draft.entry:#x} overflows 32 bits",
        )
    blocks.sort(key=lambda block: block.address)
    if plan.output_format == "srec":
        from ..formats.srec import write_srec

        entry = draft.entry & 0xFFFFFFFF
        return write_srec(Image(tuple(blocks), entry, plan.output_name), entry_counts=True)
    return write(
        plan.output_format, Image(tuple(blocks), draft.entry & 0xFFFFFFFF, plan.output_name)
    )


def _physical(sec: Sec) -> int:
    seg = sec.segment
    if seg is None or seg.type != c.PT_LOAD:
        return sec.addr
    return seg.paddr + sec.old_offset - seg.old_offset
