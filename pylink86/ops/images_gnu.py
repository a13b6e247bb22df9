"""Raw and text images by GNU objcopy's rules: what is loaded and has contents, at its load address.

For a raw image the sections are also cut: `--interleave` takes some of every N bytes, for ROMs that
stand side by side on a bus, and `--reverse-bytes` turns words around.
"""

from __future__ import annotations

from bisect import bisect_left

from .. import elf_const as c
from .assemble import fits
from .bfd import words
from .draft import GROUP, PLAIN, complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec
    from .plan import Plan

    Part = tuple[int, bytes]
    """Load address and bytes."""


def write_image(draft: Draft, plan: Plan) -> bytes:
    """The draft as binary, srec, ihex or verilog; image-too-large, out-of-range-for-ihex."""
    # New contents are written last, over what is there.
    parts = [
        (sec.lma & 0xFFFFFFFFFFFFFFFF, _contents(sec, draft.name))
        for sec in sorted(draft.secs, key=lambda sec: sec.updated)
        if sec.role in (PLAIN, GROUP) and sec.size and _loaded(sec) and (sec.data or sec.zeroed)
    ]
    parts = _filled([_rearranged(part, plan) for part in parts], plan)
    if plan.output_format == "binary":
        return _flat(parts, draft.name)
    return _records(parts, draft, plan)


def _contents(sec: Sec, name: str) -> bytes:
    """Its bytes; zeros for a section that had none and was given the flag."""
    if not sec.zeroed:
        return bytes(sec.data)
    fits(sec.size, name)
    return bytes(sec.size)


def _loaded(sec: Sec) -> bool:
    return {"alloc", "load", "contents"} <= words(sec) and sec.type != c.SHT_NOBITS


def _rearranged(part: Part, plan: Plan) -> Part:
    """--reverse-bytes and --interleave, on each section by itself."""
    address, data = part
    step = plan.reverse_bytes
    if step:
        if step < 0 or step % 2:
            complain("bad-option-value", "number of bytes to reverse must be positive and even")
        if len(data) % step:
            complain(
                "bad-operation",
                f"cannot reverse bytes: length of section at {address:#x} must be evenly divisible "
                f"by {step}",
            )
        data = b"".join(data[at : at + step][::-1] for at in range(0, len(data), step))
    if plan.byte >= 0:
        every, width, first = plan.interleave or 4, plan.interleave_width, plan.byte
        if first >= every or width > every - first:
            complain("bad-operation", "byte number must be less than interleave")
        # The first byte is counted from the load address, not from the start of the section.
        skipped = address % every
        start = first - skipped if first >= skipped else first - skipped + every
        data = b"".join(data[at : at + width] for at in range(start, len(data), every))
        address = address // every * width
    return address, data


def _filled(parts: list[Part], plan: Plan) -> list[Part]:
    """--gap-fill and --pad-to make a section longer, up to the next one or to an address."""
    if plan.gap_fill is None and plan.pad_to is None:
        return parts
    fill = bytes([(plan.gap_fill or 0) & 255])
    found = list(parts)
    order = sorted(range(len(parts)), key=lambda n: (parts[n][0], len(parts[n][1])))
    for at, number in enumerate(order):
        address, data = parts[number]
        end = address + len(data)
        last = at + 1 == len(order)
        until = (plan.pad_to or 0) if last else parts[order[at + 1]][0]
        if (plan.gap_fill is not None or last) and until > end:
            fits(until - parts[order[0]][0], "the image")
            found[number] = address, data + fill * (until - end)
    return found


def _flat(parts: list[Part], name: str) -> bytes:
    if not parts:
        return b""
    lowest = min(address for address, _ in parts)
    size = max(address + len(data) for address, data in parts) - lowest
    fits(size, name)
    image = bytearray(size)
    for address, data in parts:
        image[address - lowest : address - lowest + len(data)] = data
    return bytes(image)


def _records(parts: list[Part], draft: Draft, plan: Plan) -> bytes:
    from ..formats.images import Block, Image
    from ..formats.images import write_image as write

    blocks: list[Block] = []
    for address, data in parts:
        # A part goes behind the last one, or else in front of those that are not below it.
        behind = not blocks or address >= blocks[-1].address
        at = len(blocks) if behind else bisect_left(blocks, address, key=lambda one: one.address)
        blocks.insert(at, Block(address, data))
    image = Image(tuple(blocks), draft.entry, plan.output_name)
    kind = plan.output_format
    if kind == "srec" and (plan.srec_len or plan.srec_force_s3):
        from ..formats.srec import write_srec

        return write_srec(image, data_bytes=plan.srec_len or 16, only_s3=plan.srec_force_s3)
    if kind == "verilog" and plan.verilog_data_width != 1:
        from ..formats.verilog import write_verilog

        return write_verilog(image, plan.verilog_data_width)
    if kind == "symbolsrec":
        complain("unsupported-output", "symbolsrec is not written; use srec")
    return write(kind, image)
