"""From the words of an objcopy command line to the `Plan` that the operations read.

Here arguments are taken apart: numbers, `NAME=VALUE`, lists in files, and what one option implies
for another, which differs between the tools.
"""

from __future__ import annotations

from ..ops.draft import complain
from ..ops.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .options import Row

FLAGS = (
    "strip_all", "strip_all_gnu", "strip_debug", "strip_unneeded", "strip_non_alloc",
    "strip_sections", "strip_dwo", "extract_dwo", "only_keep_debug", "extract_symbol",
    "allow_broken_links", "keep_file_symbols", "keep_section_symbols", "writable_text",
    "readonly_text", "pure", "impure", "wildcard", "regex", "weaken", "localize_hidden",
    "verify_notes", "change_warnings", "srec_force_s3", "prefix_sections", "remove_leading_char",
    "prefix_alloc_sections", "prefix_symbols", "remove_symbol_prefix", "arch", "elf_stt_common",
    "extract_partition", "extract_main_partition",
)  # fmt: skip
"""Options whose value is taken as it is."""

LISTS = ("only_section", "remove_section", "keep_section", "remove_relocations", "add_symbol")
SYMBOLS = (
    "strip_symbol", "strip_unneeded_symbol", "keep_symbol", "localize_symbol", "globalize_symbol",
    "keep_global_symbol", "weaken_symbol", "skip_symbol",
)  # fmt: skip
"""Options that name symbols, and have a form that reads them from a file."""

NUMBERS = {
    "set_start": None, "gap_fill": None, "pad_to": None, "reverse_bytes": 0, "interleave_width": 1,
    "byte": -1, "srec_len": 0, "verilog_data_width": 1,
}  # fmt: skip

PAIRS = (
    "rename_section", "set_section_flags", "set_section_alignment", "set_section_type",
    "add_section", "update_section", "dump_section", "compress_sections", "redefine_sym",
    "set_symbol_visibility", "add_symbol",
)  # fmt: skip
"""Options that may be given several times, each time with `NAME=VALUE`."""

SLUG = "bad-option-value"

ENOUGH_FOR_STRIP = (
    "strip_debug", "strip_unneeded", "discard", "strip_symbol", "only_keep_debug", "strip_all_gnu",
    "strip_all",
)  # fmt: skip
ENOUGH_FOR_GNU_STRIP = ("strip_dwo",)
"""Without one of these `strip` strips all, also with -R (as GRUB's kernel is made)."""


def plan_of(
    values: Mapping[str, Any],
    dialect: str,
    *,
    strip: bool,
    words: Sequence[tuple[Row | None, str | None]] = (),
) -> Plan:
    """The plan of a command line; bad-option-value, cannot-read.

    words: the options in order, for those where it counts.
    """
    plan = Plan()
    llvm = dialect == "llvm"
    for name in FLAGS:
        if name in values:
            setattr(plan, name, values[name])
    for name in LISTS:
        if name in values:
            setattr(plan, name, tuple(values[name]))
    for name in SYMBOLS:
        plain = tuple(values.get(name, ()))
        listed = _names_in(values.get(f"{name}@", ()))
        if plain or listed:
            setattr(plan, name, plain + listed)
    _formats(plan, values, llvm)
    for name in NUMBERS:
        if name in values:
            setattr(plan, name, _number(values[name], name, plan, llvm))
    given = [name for name in PAIRS if name in values]
    if given:
        readers = _readers(llvm)
        for name in given:
            if name in readers:
                setattr(plan, name, readers[name](values[name]))
    _starts(plan, values, llvm, words)
    _shifts(plan, values, llvm, words)
    _rest(plan, values, dialect, words)
    plan.keep_times = not values.get("deterministic", True)
    _implied(plan, values, dialect, strip)
    return plan


def dwo_plan(plan: Plan) -> Plan:
    """What --split-dwo writes beside the output."""
    return Plan(extract_dwo=True, output_format=plan.output_format)


def _readers(llvm: bool) -> Mapping[str, Callable[[list[str]], Any]]:
    if llvm:
        from .objcopy_llvm import READERS as LLVM_READERS

        return LLVM_READERS
    from .objcopy_arguments import READERS

    return READERS


def _names_in(paths: Sequence[str]) -> tuple[str, ...]:
    """The names that files list."""
    if not paths:
        return ()
    from .objcopy_arguments import listed

    return tuple(name for path in paths for name in listed(path))


def _number(text: str, option: str, plan: Plan, llvm: bool) -> int:
    if not llvm or option not in ("set_start", "gap_fill", "pad_to"):
        from .objcopy_arguments import number

        return number(text, option)
    from .objcopy_llvm import number as llvm_number
    from .objcopy_llvm import wrong

    if option != "set_start" and plan.output_format != "binary":
        wrong(f"'--{option.replace('_', '-')}' is only supported for binary output")
    return llvm_number(text, option)


LLVM_INPUTS = ("binary", "srec", "ihex")
"""What llvm-objcopy's -I says; any other name means that the file says it."""


def _formats(plan: Plan, values: Mapping[str, Any], llvm: bool) -> None:
    both = values.get("target", "")
    plan.input_format = _format(values.get("input_format", both))
    plan.output_format = _format(values.get("output_format", both))
    if llvm:
        if plan.input_format not in LLVM_INPUTS:
            plan.input_format = ""
        if "default" in (both, values.get("output_format")):
            complain(SLUG, "invalid output format: 'default'")


def _starts(
    plan: Plan,
    values: Mapping[str, Any],
    llvm: bool,
    words: Sequence[tuple[Row | None, str | None]],
) -> None:
    """How much is added to the entry."""
    given = values.get("change_start", ())
    if not llvm:
        if given:
            from .objcopy_arguments import signed

            plan.change_start = sum(signed(text) for text in given)
        return
    if given:
        from .objcopy_llvm import increment, since_last_start

        if words:
            given = since_last_start(words)
        plan.change_start = sum(increment(text) for text in given)


SHIFTS = {
    "change_section_address": "address", "change_section_lma": "lma", "change_section_vma": "vma",
}  # fmt: skip
PATTERNS = {
    "only_section", "remove_section", "keep_section", "remove_relocations", "set_section_flags",
    "set_section_alignment", *SHIFTS,
}  # fmt: skip
"""Options with a pattern of sections; what GNU objcopy does with it may stand behind `=+-`."""


def _shifts(
    plan: Plan,
    values: Mapping[str, Any],
    llvm: bool,
    words: Sequence[tuple[Row | None, str | None]],
) -> None:
    """--change-section-address and the like, in the order of the command line."""
    if not any(name in values for name in SHIFTS):
        return
    from .objcopy_arguments import shift

    given = [(row[3], text or "") for row, text in words if row is not None and row[3] in PATTERNS]
    moves = tuple(
        (SHIFTS[name], *shift(text, name, llvm)) for name, text in given if name in SHIFTS
    )
    if llvm:
        plan.change_section = moves[-1:]  # the last one counts
        return
    plan.change_section = moves
    plan.section_patterns = tuple(_pattern_of(name, text) for name, text in given)
    from ..ops.addresses_gnu import entries

    entries(plan)  # says what is wrong with them before a file is read


def _pattern_of(name: str, text: str) -> str:
    """The pattern of sections in an argument of an option."""
    if name in SHIFTS:
        return text[: max(text.rfind(sign) for sign in "=+-")]
    return text.partition("=")[0] if name.startswith("set_section") else text


def _format(name: str) -> str:
    return "" if name == "default" else name


COMPRESSIONS = {
    "gnu": ("zlib", "zlib-gnu", "zlib-gabi", "zstd", "none"),
    "llvm": ("zlib", "zstd"),
}
"""Words of --compress-debug-sections."""


WITH_FORM = {
    "interleave", "compress_debug", "decompress", "debuglink", "new_symbol_visibility",
    "redefine_sym@", "set_symbols_visibility",
}  # fmt: skip


def _rest(
    plan: Plan,
    values: Mapping[str, Any],
    dialect: str,
    words: Sequence[tuple[Row | None, str | None]],
) -> None:
    """Options with a form of their own."""
    if WITH_FORM.isdisjoint(values):
        return
    from .objcopy_arguments import content, listed, number, renames, visibility

    if "interleave" in values:
        plan.interleave = number(values["interleave"] or "4", "interleave")
    if "compress_debug" in values:
        empty = any(text == "" for row, text in words if row and row[3] == "compress_debug")
        word = values["compress_debug"] or ("" if empty and dialect == "llvm" else "zlib")
        if word not in COMPRESSIONS[dialect]:
            complain(SLUG, f"invalid or unsupported --compress-debug-sections format: {word}")
        plan.compress_debug = word
    if values.get("decompress"):
        if dialect == "llvm" and plan.compress_debug:
            complain(
                SLUG,
                "cannot specify both --compress-debug-sections and --decompress-debug-sections",
            )
        plan.compress_debug = "none"
    if "debuglink" in values:
        import os

        path = values["debuglink"]
        if path or dialect == "gnu":
            plan.debuglink = (os.path.basename(path), content(path))
    if "new_symbol_visibility" in values:
        plan.new_symbol_visibility = visibility(values["new_symbol_visibility"])
    for text in values.get("redefine_sym@", ()):
        pairs = tuple(renames(text, dialect))
        if dialect == "llvm":  # the first word on a name counts, the command line's before a file's
            pairs = tuple(dict([*pairs[::-1], *plan.redefine_sym]).items())
            plan.redefine_sym = ()
        plan.redefine_sym += pairs
    for text in values.get("set_symbols_visibility", ()):
        path, equals, word = text.partition("=")
        if not equals:
            complain(SLUG, "bad format for --set-symbols-visibility")
        plan.set_symbol_visibility += ((tuple(listed(path)), visibility(word)),)


def _implied(plan: Plan, values: Mapping[str, Any], dialect: str, strip: bool) -> None:
    """What follows from what was said, and what was not."""
    discards = [name for name in values if name in ("discard_all", "discard_locals")]
    if discards:
        plan.discard = discards[-1].removeprefix("discard_")
    if dialect == "llvm" and plan.discard == "all":
        plan.strip_debug = plan.keep_file_symbols = True
    said = ENOUGH_FOR_STRIP if dialect == "llvm" else (*ENOUGH_FOR_STRIP, *ENOUGH_FOR_GNU_STRIP)
    if strip and not any(getattr(plan, name) for name in said) and not values.get("no_strip_all"):
        plan.strip_all = True
    if dialect == "gnu":
        _last_counts(plan, values)
    starts = [name for name in values if name in ("set_start", "change_start")]
    if dialect == "llvm" and starts == ["change_start", "set_start"]:
        plan.change_start = 0  # what sets the entry forgets what was added before
    if plan.wildcard and plan.regex:
        complain(SLUG, "--regex and --wildcard are incompatible")


STRIP_MODES = (
    "strip_all", "strip_debug", "strip_unneeded", "strip_dwo", "extract_dwo", "only_keep_debug",
)  # fmt: skip


def _last_counts(plan: Plan, values: Mapping[str, Any]) -> None:
    """To GNU objcopy what to strip is one value: the last word sets it, as with the entry."""
    if plan.strip_all_gnu:
        plan.strip_all = True
    given = [name for name in values if name in STRIP_MODES]
    for name in given[:-1]:
        setattr(plan, name, False)
    starts = [name for name in values if name in ("change_start", "change_addresses")]
    if starts:
        from .objcopy_arguments import signed

        for name in starts:
            setattr(plan, name, signed(values[name][-1]))
        plan.change_start = signed(values[starts[-1]][-1])
    if plan.globalize_symbol and plan.keep_global_symbol:
        complain(SLUG, "--globalize-symbol(s) is incompatible with -G/--keep-global-symbol(s)")
