"""From the words of an objcopy command line to the `Plan` that the operations read.

Here arguments are taken apart: numbers, `NAME=VALUE`, lists in files, and what one option implies
for another, which differs between the tools.
"""

from __future__ import annotations

from ..ops.draft import complain
from ..ops.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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

VISIBILITIES = {"default": 0, "internal": 1, "hidden": 2, "protected": 3}

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
        listed = tuple(word for path in values.get(f"{name}@", ()) for word in _listed(path))
        if plain or listed:
            setattr(plan, name, plain + listed)
    for name in NUMBERS:
        if name in values:
            setattr(plan, name, _number(values[name], name, llvm))
    _formats(plan, values, llvm)
    readers = _llvm_readers() if llvm else PAIR_READERS
    for name, read in readers.items():
        if name in values:
            setattr(plan, name, read(values[name]))
    _starts(plan, values, llvm, words)
    _shifts(plan, values, llvm)
    _rest(plan, values, dialect)
    plan.keep_times = not values.get("deterministic", True)
    _implied(plan, values, dialect, strip)
    return plan


def dwo_plan(plan: Plan) -> Plan:
    """What --split-dwo writes beside the output."""
    return Plan(extract_dwo=True, output_format=plan.output_format)


def _llvm_readers() -> Mapping[str, Callable[[list[str]], Any]]:
    from .objcopy_llvm import READERS

    return READERS


def _number(text: str, option: str, llvm: bool) -> int:
    if not llvm or option not in ("set_start", "gap_fill", "pad_to"):
        return number(text, option)
    from .objcopy_llvm import number as read

    return read(text, option)


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
        plan.change_start = sum(signed(text) for text in given)
        return
    if given:
        from .objcopy_llvm import increment, since_last_start

        if words:
            given = since_last_start(words)
        plan.change_start = sum(increment(text) for text in given)


def _shifts(plan: Plan, values: Mapping[str, Any], llvm: bool) -> None:
    """--change-section-address and the like."""
    for name in ("change_section_address", "change_section_lma", "change_section_vma"):
        if name in values:
            shifts = tuple(_shift(text, name, llvm) for text in values[name])
            # The last one counts to LLVM.
            setattr(plan, name, shifts[-1:] if llvm else shifts)


def _format(name: str) -> str:
    return "" if name == "default" else name


COMPRESSIONS = {
    "gnu": ("zlib", "zlib-gnu", "zlib-gabi", "zstd", "none"),
    "llvm": ("zlib", "zstd"),
}
"""Words of --compress-debug-sections."""


def _rest(plan: Plan, values: Mapping[str, Any], dialect: str) -> None:
    """Options with a form of their own."""
    if "interleave" in values:
        plan.interleave = number(values["interleave"] or "4", "interleave")
    if "compress_debug" in values:
        word = values["compress_debug"] or "zlib"
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
        plan.debuglink = (os.path.basename(path), _content(path))
    if "new_symbol_visibility" in values:
        plan.new_symbol_visibility = visibility(values["new_symbol_visibility"])
    for text in values.get("redefine_sym@", ()):
        pairs = tuple(_renames(text, dialect))
        if dialect == "llvm":  # the first word on a name counts, the command line's before a file's
            pairs = tuple(dict([*pairs[::-1], *plan.redefine_sym]).items())
            plan.redefine_sym = ()
        plan.redefine_sym += pairs
    for text in values.get("set_symbols_visibility", ()):
        path, equals, word = text.partition("=")
        if not equals:
            complain(SLUG, "bad format for --set-symbols-visibility")
        plan.set_symbol_visibility += ((tuple(_listed(path)), visibility(word)),)


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
    for name in ("change_start", "change_addresses"):
        if name in values:
            setattr(plan, name, signed(values[name][-1]))
    starts = [name for name in values if name in ("change_start", "change_addresses")]
    if starts:
        plan.change_start = signed(values[starts[-1]][-1])
    if plan.globalize_symbol and plan.keep_global_symbol:
        complain(SLUG, "--globalize-symbol(s) is incompatible with -G/--keep-global-symbol(s)")


# --- Arguments ------------------------------------------------------------------------------------


def number(text: str, option: str) -> int:
    """A number as C writes it: 0x hexadecimal, 0 octal, decimal."""
    body = text[1:] if text[:1] in "+-" else text
    if not body.isalnum():
        complain(SLUG, f"bad number `{text}' for --{option.replace('_', '-')}")
    base = 16 if body[:2].lower() == "0x" else 8 if body[:1] == "0" and len(body) > 1 else 10
    try:
        found = int(text, base)
    except ValueError:
        complain(SLUG, f"bad number `{text}' for --{option.replace('_', '-')}")
    return found


def signed(text: str) -> int:
    return number(text, "change-addresses")


def _shift(text: str, option: str, llvm: bool) -> tuple[str, str, int]:
    """`PATTERN{=+-}NUMBER`; the last sign counts, names may hold others."""
    if llvm and option == "change_section_lma":
        from .objcopy_llvm import load_address_shift

        return load_address_shift(text)
    at = max(text.rfind(sign) for sign in "=+-")
    if at <= 0:
        complain(SLUG, f"bad format for --{option.replace('_', '-')}: {text}")
    return text[:at], text[at], number(text[at + 1 :], option)


def _pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or (not left and option != "redefine_sym"):
        complain(SLUG, f"bad format for --{option.replace('_', '-')}: missing '=' in `{text}'")
    return left, right


def _content(path: str) -> bytes:
    from ..formats import file_bytes

    return file_bytes(path)


def _listed(path: str) -> Iterator[str]:
    """Names in a file, one a line, `#` begins a comment."""
    for line in _content(path).decode("utf-8", "surrogateescape").splitlines():
        name = line.partition("#")[0].strip()
        if name:
            yield name


def _renames(path: str, dialect: str) -> Iterator[tuple[str, str]]:
    """Pairs of names, a pair a line; what follows them is an error to GNU, and part of the new name
    to LLVM."""
    for line, text in enumerate(_content(path).decode("utf-8", "surrogateescape").splitlines(), 1):
        words = text.partition("#")[0].split(None, 1 if dialect == "llvm" else -1)
        words = [word.rstrip() for word in words]
        if len(words) == 1:
            complain(SLUG, f"{path}:{line}: missing new symbol name")
        if len(words) > 2:
            complain(SLUG, f"{path}:{line}: garbage found at end of line")
        if words:
            yield words[0], words[1]


def visibility(word: str) -> int:
    if word not in VISIBILITIES:
        complain(
            SLUG,
            f"'{word}' is not a valid symbol visibility",
            help=[f"use one of {', '.join(VISIBILITIES)}"],
        )
    return VISIBILITIES[word]


def _rename_section(texts: list[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    from ..ops.flags import flag_words

    found = []
    seen: dict[str, str] = {}
    for text in texts:
        old, rest = _pair(text, "rename_section")
        new, _, flags = rest.partition(",")
        if not new:
            complain(SLUG, f"bad format for --rename-section: `{text}'")
        if old in seen:
            complain(SLUG, f"multiple renames of section '{old}'")
        seen[old] = new
        found.append((old, new, flag_words(flags)))
    return tuple(found)


def _set_flags(texts: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from ..ops.flags import flag_words

    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, flags = _pair(text, "set_section_flags")
        found[name] = flag_words(flags)
    return tuple(found.items())


def _alignments(texts: list[str]) -> tuple[tuple[str, int], ...]:
    found = []
    for text in texts:
        name, value = _pair(text, "set_section_alignment")
        align = number(value, "set_section_alignment")
        if align <= 0 or align & (align - 1):
            complain(SLUG, f"bad alignment `{value}' for --set-section-alignment")
        found.append((name, align))
    return tuple(found)


def _types(texts: list[str]) -> tuple[tuple[str, int], ...]:
    pairs = [_pair(text, "set_section_type") for text in texts]
    return tuple((name, number(value, "set_section_type")) for name, value in pairs)


def _files(option: str) -> Callable[[list[str]], tuple[tuple[str, bytes], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, bytes], ...]:
        pairs = [_pair(text, option) for text in texts]
        return tuple((name, _content(path)) for name, path in pairs)

    return read


def _plain(option: str) -> Callable[[list[str]], tuple[tuple[str, str], ...]]:
    def read(texts: list[str]) -> tuple[tuple[str, str], ...]:
        return tuple(_pair(text, option) for text in texts)

    return read


def _redefine(texts: list[str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for text in texts:
        old, new = _pair(text, "redefine_sym")
        if old in found:
            complain(SLUG, f"multiple redefinition of symbol '{old}'")
        if new in found.values():
            complain(SLUG, f"symbol `{new}' is target of more than one redefinition")
        found[old] = new
    return tuple(found.items())


def _visibilities(texts: list[str]) -> tuple[tuple[tuple[str, ...], int], ...]:
    pairs = [_pair(text, "set_symbol_visibility") for text in texts]
    return tuple(((name,), visibility(word)) for name, word in pairs)


PAIR_READERS: dict[str, Callable[[list[str]], Any]] = {
    "rename_section": _rename_section,
    "set_section_flags": _set_flags,
    "set_section_alignment": _alignments,
    "set_section_type": _types,
    "add_section": _files("add_section"),
    "update_section": _files("update_section"),
    "dump_section": _plain("dump_section"),
    "compress_sections": _plain("compress_sections"),
    "redefine_sym": _redefine,
    "set_symbol_visibility": _visibilities,
}
"""Options that may be given several times -> what their arguments mean to GNU objcopy."""
