"""llvm-objcopy's order of work on one ELF file, from draft to finished draft or bytes."""

from __future__ import annotations

from .. import elf_const as c
from . import llvm_sections as sections
from .draft import Sec, complain
from .layout_llvm import attach_segments, lay_out
from .llvm_symbols import add_symbols, make_room, update_and_remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft
    from .plan import Notes, Plan


def run_llvm(draft: Draft, plan: Plan, notes: Notes) -> bytes:
    """The bytes of the output; raises LinkError for what llvm-objcopy refuses."""
    # A file without section headers gets none, whatever is added.
    bare = plan.strip_sections or (draft.shstrtab is None and not draft.secs)
    edit(draft, plan, notes)
    if plan.output_format in ("binary", "ihex", "srec"):
        from .images_llvm import write_image

        return write_image(draft, plan)
    if plan.output_format:
        from .classes import convert_class
        from .inputs import TARGETS

        if plan.output_format not in TARGETS:
            complain("unsupported-output", f"invalid output format: '{plan.output_format}'")
        convert_class(draft, plan.output_format, llvm=True)
    return lay_out(draft, only_debug=plan.only_keep_debug, headers=not bare)


def edit(draft: Draft, plan: Plan, notes: Notes) -> None:
    """Each operation in its turn."""
    _check(draft, plan)
    _check_patterns(plan, notes)
    attach_segments(draft)
    draft.has_relocations = bool(draft.reloc_secs())
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
    for _, _, sign, number in plan.change_section:
        for seg in draft.segs:
            if seg.filesz:
                seg.paddr = _shifted(seg.paddr, sign, number)
    if plan.only_keep_debug:
        for sec in draft.secs:
            if sec.alloc and sec.type != c.SHT_NOTE:
                sec.type = c.SHT_NOBITS
    make_room(draft, plan)
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


def _check(draft: Draft, plan: Plan) -> None:
    """What llvm-objcopy refuses before it begins."""
    _check_partitions(draft, plan)
    if plan.gap_fill is not None and plan.output_format != "binary":
        complain("bad-option-value", "'--gap-fill' is only supported for binary output")
    if plan.pad_to is not None and plan.output_format != "binary":
        complain("bad-option-value", "'--pad-to' is only supported for binary output")
    if plan.gap_fill is not None and not 0 <= plan.gap_fill <= 255:
        complain(
            "bad-option-value", f"gap-fill value {plan.gap_fill:#x} is out of range (0 to 0xff)"
        )
    for option, names in (
        ("flags", [name for name, _ in plan.set_section_flags]),
        ("type", [name for name, _ in plan.set_section_type]),
    ):
        for old, new, _ in plan.rename_section:
            if new in names:
                complain(
                    "bad-option-value",
                    f"--set-section-{option}={new} conflicts with --rename-section={old}={new}",
                )
    for sec in draft.secs:
        if sec.relocs is not None:
            sec.relocs.symbols()  # which looks whether there are such
    if [sec.type for sec in draft.secs].count(c.SHT_SYMTAB) > 1:
        complain("unsupported-input", "found multiple SHT_SYMTAB sections", place=draft.name)
    known = (c.SHN_ABS, c.SHN_COMMON)
    for sym in draft.syms:
        if sym.sec is None and sym.place >= c.SHN_LORESERVE and sym.place not in known:
            complain(
                "unsupported-input",
                f"symbol '{sym.name}' has unsupported value greater than or equal to "
                f"SHN_LORESERVE: {sym.place}",
            )


PATTERNS = ("only_section", "remove_section", "keep_section")
SYMBOL_PATTERNS = (
    "strip_symbol", "strip_unneeded_symbol", "keep_symbol", "localize_symbol", "globalize_symbol",
    "keep_global_symbol", "weaken_symbol", "skip_symbol",
)  # fmt: skip
"""Options whose names are patterns with --wildcard."""


def _check_patterns(plan: Plan, notes: Notes) -> None:
    """A warning for each pattern that is none and counts as a plain name."""
    if plan.regex:
        return
    options = PATTERNS + (SYMBOL_PATTERNS if plan.wildcard else ())
    patterns = [name for option in options for name in getattr(plan, option)]
    for pattern in (*patterns, *[name for name, _ in plan.compress_sections]):
        if "[" in pattern or "\\" in pattern:
            why = _no_pattern(pattern.removeprefix("!"))
            if why:
                notes.warn("bad-option-value", f"invalid glob pattern{why}")


def _no_pattern(pattern: str) -> str:
    """What is wrong with a pattern, "" for nothing."""
    at, size = 0, len(pattern)
    while at < size:
        if pattern[at] == "\\":
            if at + 1 == size:
                return ", stray '\\'"
            at += 1
        elif pattern[at] == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                return ", unmatched '['"
            body = pattern[at + 1 : end].lstrip("!^")
            if any(body[i + 1] == "-" and body[i] > body[i + 2] for i in range(len(body) - 2)):
                return f": {pattern}"
            at = end
        at += 1
    return ""


def _check_partitions(draft: Draft, plan: Plan) -> None:
    """Where a file has no partitions, it is its main one."""
    if plan.extract_partition and plan.extract_main_partition:
        complain(
            "bad-option-value",
            "cannot specify --extract-partition together with --extract-main-partition",
        )
    if not plan.extract_partition and not plan.extract_main_partition:
        return
    if any(sec.type == c.SHT_LLVM_PART_EHDR for sec in draft.secs):
        complain("unsupported-input", "partitions of libraries are not read here")
    if plan.extract_partition:
        complain("bad-option-value", f"could not find partition named '{plan.extract_partition}'")


def _shifted(address: int, sign: str, number: int) -> int:
    by = number if sign == "+" else -number
    if not 0 <= address + by < 1 << 64:
        verb, what = ("increased", "over") if by > 0 else ("decreased", "under")
        complain(
            "bad-operation",
            f"address {address:#x} cannot be {verb} by {abs(by):#x}. The result would {what}flow",
        )
    return address + by


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
