"""GNU objcopy's order of work on one file, from draft to bytes."""

from __future__ import annotations

from .. import elf_const as c
from .draft import PLAIN, RELOC, complain
from .inputs import IMAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec
    from .plan import Notes, Plan


def run_gnu(draft: Draft, plan: Plan, notes: Notes) -> bytes:
    """The bytes of the output; raises LinkError for what GNU objcopy refuses."""
    from . import gnu_sections as sections
    from .gnu_symbols import filter_symbols

    _check(plan)
    if plan.output_format and plan.output_format not in IMAGES:
        from .classes import convert_class

        convert_class(draft, plan.output_format)
    _as_bfd_reads(draft)
    sections.dump(draft, plan, notes)
    goes = sections.removal(draft, plan)
    sections.mark_used(draft, plan, goes)
    filter_symbols(draft, plan, notes, goes)
    sections.remove(draft, plan, goes)
    sections.change(draft, plan, notes)
    if plan.output_format in IMAGES:
        from .images_gnu import write_image

        return write_image(draft, plan)
    if plan.compress_debug:
        from .compress import compress_gnu

        compress_gnu(draft, plan)
    from .layout_gnu import lay_out

    return lay_out(draft)


def _check(plan: Plan) -> None:
    """What GNU objcopy refuses before it looks at the file."""
    for name in plan.remove_section:
        if name in plan.only_section:
            complain("bad-operation", f"{name} both copied and removed")


def _as_bfd_reads(draft: Draft) -> None:
    """A table of relocations that is no part of the main symbol table's is a section like any
    other; load addresses come from the program headers."""
    for sec in draft.secs:
        if sec.role == RELOC and (
            sec.link is None
            or sec.link is not draft.symtab
            or sec.target is None
            or sec.target.type in (c.SHT_REL, c.SHT_RELA)
        ):
            sec.role, sec.relocs = PLAIN, None
        if sec.addr:
            sec.lma = sec.addr
    draft.secs = _in_reading_order(draft.secs)
    if draft.segs:
        from .bfd import remember

        remember(draft)


def _in_reading_order(secs: list[Sec]) -> list[Sec]:
    """BFD reads the symbols of dynamic linking before the first relocations that name them."""
    late = next((sec for sec in secs if sec.type == c.SHT_DYNSYM), None)
    first = next(
        (sec for sec in secs if late is not None and sec.link is late
         and sec.type in (c.SHT_REL, c.SHT_RELA)), None,
    )  # fmt: skip
    if late is None or first is None or first.old_index > late.old_index:
        return secs
    others = [sec for sec in secs if sec is not late]
    at = others.index(first)
    ordered = [*others[:at], late, *others[at:]]
    for index, sec in enumerate(ordered, 1):
        sec.old_index = index
    return ordered
