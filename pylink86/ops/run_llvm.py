"""llvm-objcopy's order of work on one ELF file, from draft to finished draft or bytes."""

from __future__ import annotations

from .. import elf_const as c
from . import llvm_sections as sections
from .draft import Sec, complain
from .layout_llvm import attach_segments, lay_out
from .llvm_symbols import add_symbols, update_and_remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft
    from .plan import Notes, Plan


def run_llvm(draft: Draft, plan: Plan, notes: Notes) -> bytes:
    """The bytes of the output; raises LinkError for what llvm-objcopy refuses."""
    edit(draft, plan, notes)
    if plan.output_format in ("binary", "ihex", "srec"):
        from .images_llvm import write_image

        return write_image(draft, plan)
    if plan.output_format:
        from .convert import convert_class

        convert_class(draft, plan.output_format)
    return lay_out(draft, only_debug=plan.only_keep_debug, headers=not plan.strip_sections)


def edit(draft: Draft, plan: Plan, notes: Notes) -> None:
    """Each operation in its turn."""
    attach_segments(draft)
    sections.dump(draft, plan, notes)
    sections.remove(draft, sections.removal(draft, plan), plan.allow_broken_links)
    if plan.compress_debug or plan.compress_sections:
        from .compress import compress_llvm

        compress_llvm(draft, plan)
    update_and_remove(draft, plan)
    for name, align in plan.set_section_alignment:
        for sec in draft.secs:
            if sec.name == name:
                sec.align = align
    for _, sign, number in plan.change_section_lma:
        for seg in draft.segs:
            if seg.type == c.PT_LOAD and seg.filesz:
                seg.paddr = _shifted(seg.paddr, sign, number)
    if plan.only_keep_debug:
        for sec in draft.secs:
            if sec.alloc and sec.type != c.SHT_NOTE:
                sec.type = c.SHT_NOBITS
    sections.add(draft, plan)
    sections.update(draft, plan)
    _add_debuglink(draft, plan)
    add_symbols(draft, plan)
    sections.set_flags(draft, plan)
    sections.rename(draft, plan)
    sections.prefix_alloc(draft, plan)
    if plan.set_start is not None:
        draft.entry = plan.set_start
    draft.entry += plan.change_start


def _shifted(address: int, sign: str, number: int) -> int:
    moved = address + (number if sign == "+" else -number)
    if not 0 <= moved < 1 << 64:
        complain("bad-operation", f"address {address:#x} cannot be changed by {sign}{number:#x}")
    return moved


def _add_debuglink(draft: Draft, plan: Plan) -> None:
    """.gnu_debuglink: the file's name, padded, and the CRC-32 of its contents."""
    if plan.debuglink is None:
        return
    sec = Sec(".gnu_debuglink", c.SHT_PROGBITS, 0, debuglink(*plan.debuglink))
    sec.align = 4
    draft.secs.append(sec)


def debuglink(name: str, contents: bytes) -> bytes:
    from zlib import crc32

    raw = name.encode("utf-8", "surrogateescape") + b"\0"
    return raw + bytes(-len(raw) % 4) + crc32(contents).to_bytes(4, "little")
