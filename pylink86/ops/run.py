"""One file through objcopy: what kind of file it is, which dialect's rules, bytes out."""

from __future__ import annotations

from .draft import Draft, complain
from .draft_read import check_segments, read_draft
from .inputs import ARCHES, IMAGES, TARGETS, from_binary, from_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan import Notes, Plan

DIALECTS = ("gnu", "llvm")

ONLY_STRIP_DEBUG = {"strip_debug"}


def transform(data: bytes, name: str, plan: Plan, dialect: str, notes: Notes) -> bytes:
    """The bytes of the output file.

    name: what messages, and the symbols of `-I binary`, call the input.  Raises LinkError:
    unsupported-input, bad-object, bad-option-value, and what the operations refuse.
    """
    if dialect == "gnu" and plan.asked() == ONLY_STRIP_DEBUG:
        from .strip_columns import strip_debug

        found = strip_debug(data)
        if found is not None:
            return found
    draft = read_any(data, name, plan, dialect)
    if dialect == "llvm":
        from .run_llvm import run_llvm

        return run_llvm(draft, plan, notes)
    from .run_gnu import run_gnu

    return run_gnu(draft, plan, notes)


def read_any(data: bytes, name: str, plan: Plan, dialect: str) -> Draft:
    """The input as a draft, by --input-target or by what it begins with."""
    kind = plan.input_format or _sniff(data, dialect)
    for target in (plan.input_format, plan.output_format):
        check_target(target)
    if kind == "binary" or kind in ("srec", "ihex"):
        target, output = plan.output_format, plan.output_format
        if plan.arch and plan.arch not in ARCHES and dialect == "gnu":
            complain("bad-option-value", f"architecture {plan.arch} unknown")
        if not output:
            plan.output_format = kind
        llvm = dialect == "llvm"
        if kind == "binary":
            return from_binary(data, name, target, llvm=llvm, visibility=plan.new_symbol_visibility)
        return from_records(kind, data, name, target, llvm=llvm)
    if kind in IMAGES:
        complain("unsupported-input", f"{name}: {kind} files can be written, not read", place=name)
    draft = read_draft(data, name)
    if dialect == "llvm":
        check_segments(draft)
    if plan.input_format in TARGETS:
        wanted = TARGETS[plan.input_format]
        if dialect == "gnu" and wanted != (draft.elf_class, draft.machine):
            complain("bad-object", f"{name}: file format not recognized", place=name)
    return draft


def check_target(name: str) -> None:
    """bad-option-value for a format that is none of ours."""
    if name and name not in TARGETS and name not in IMAGES:
        from difflib import get_close_matches

        near = get_close_matches(name, [*TARGETS, *IMAGES], n=1)
        complain(
            "bad-option-value",
            f"invalid bfd target `{name}'",
            notes=[f"formats: {', '.join([*TARGETS, *IMAGES])}"],
            help=[f"did you mean {near[0]}?"] if near else (),
        )


def _sniff(data: bytes, dialect: str) -> str:
    if data[:4] == b"\x7fELF" or dialect == "llvm":
        return ""
    from ..formats import sniff

    kind = sniff(data)
    return kind if kind in ("srec", "ihex") else ""
