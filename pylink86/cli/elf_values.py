"""Options that shape an ELF output, from the command line's words to ElfOptions.

Addresses are hexadecimal with or without 0x, as both linkers read them; sizes are numbers in C's
notation."""

from __future__ import annotations

import os
import re

from .globs import compressions, dead_references
from .metadata import package_metadata
from .options import error
from .symbol_files import retains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..arch.padding import CallPadding
    from ..diag import Diagnostic
    from ..passes.elf_options import ElfOptions
    from .options import Parsed

SECTIONS = {"ttext": ".text", "tdata": ".data", "tbss": ".bss"}
SEGMENTS = {
    "ttext_segment": "text-segment",
    "trodata_segment": "rodata-segment",
    "tldata_segment": "ldata-segment",
}
NUMBERS = (
    "max_page_size", "common_page_size", "stack_size", "image_base", "split_by_file",
    "split_by_reloc",
)  # fmt: skip
DEFAULTS = {"split_by_file": "1", "split_by_reloc": "32768"}
"""Numbers that need not be written."""
FLAGS = {
    "relocatable": "relocatable",
    "emit_relocs": "emit_relocs",
    "no_rosegment": "ro_with_code",
    "eh_frame_hdr": "eh_frame_hdr",
    "no_unwind_info": "no_unwind_info",
    "define_common": "define_common",
    "keep_text_prefix": "keeps_text_prefix",
    "force_group_allocation": "ungroup",
    "unique_symbols": "unique_symbols",
    "undefined_version": "undefined_version",
    "traditional_format": "traditional",
    "gdb_index": "gdb_index",
    "debug_names": "debug_names",
}
PAGES = ("max_page_size", "common_page_size")
OTHERS = (
    "section_start", "strip_all", "strip_debug", "discard_all", "discard_locals", "discard_none",
    "nmagic", "omagic", "separate_code", "separate_loadable", "exec_stack", "no_gnu_stack",
    "z_wxneeded", "no_relro", "build_id", "optimize", "compress_debug", "dead_references",
    "pie", "z_text", "z_now", "z_rela", "applies_relocs", "interpreter", "hash_style",
    "compress_sections", "package_metadata", "indirect_access",
    "retain_symbols_file", "common_types", "call_nop", "init", "fini", "soname",
    "run_paths", "new_tags", "audits", "dep_audits",
)  # fmt: skip
FEATURES = {"z_ibt": 1, "z_force_ibt": 1, "z_shstk": 2, "z_lam_u48": 12, "z_lam_u57": 8}
"""Bits of GNU_PROPERTY_X86_FEATURE_1_AND."""
ISA_LEVELS = {"isa_baseline": 1, "isa_v2": 2, "isa_v3": 4, "isa_v4": 8}
"""Bits of GNU_PROPERTY_X86_ISA_1_NEEDED."""
REPORTS = {
    "cet_report": ("IBT", "SHSTK"),
    "lam_report": ("LAM_U48", "LAM_U57"),
    "lam_u48_report": ("LAM_U48",),
    "lam_u57_report": ("LAM_U57",),
}
"""Keyword -> the features whose absence is told."""
STRIPS = {"strip_all": "all", "strip_debug": "debug"}
C_NUMBER = "0[xX]([0-9a-fA-F]{1,16})|(0[0-7]{1,22})|(0?|[1-9][0-9]{0,19})"
LOADER_WORDS = (
    "global", "globalaudit", "initfirst", "interpose", "loadfltr", "nodefaultlib", "nodelete",
    "nodlopen", "nodump", "origin", "unique", "symbolic", "group",
    "rodynamic",
)  # fmt: skip
"""What `.dynamic` hands on; as values, behind `loader_`."""
LEVELS = ("none", "warning", "error")
VISIBILITIES = {"default": 0, "internal": 1, "hidden": 2, "protected": 3}
ELF_NAMES = frozenset(
    (
        *SECTIONS,
        *SEGMENTS,
        *NUMBERS,
        *FLAGS,
        *OTHERS,
        *FEATURES,
        *ISA_LEVELS,
        *REPORTS,
        *(f"loader_{word}" for word in LOADER_WORDS),
        "bounds_visibility",
    )
)
"""Every option value this module reads."""


def begun_sections(parsed: Parsed) -> list[str]:
    """The sections whose address an option tells before -T, in order: GNU ld begins them there.
    The built-in script, and that of -dT, are read behind all options."""
    found: dict[str, None] = {}
    for row, value in parsed.words:
        dest = "" if row is None else row[3]
        if dest == "script":
            break
        if dest in SECTIONS:
            found[SECTIONS[dest]] = None
        elif dest == "section_start":
            found[(value or "").partition("=")[0]] = None
    return list(found)


def elf_options(values: Mapping[str, Any]) -> tuple[ElfOptions, list[Diagnostic]]:
    """What the command line says about an ELF output, and bad-option-value for what it should
    not."""
    from ..passes.elf_options import ElfOptions

    problems: list[Diagnostic] = []
    given: dict[str, Any] = {to: bool(values.get(name)) for name, to in FLAGS.items()}
    for name in NUMBERS:
        if name in values:
            number = values[name] or DEFAULTS.get(name, "")
            given[TO[name]] = _number(name, number, problems)
    starts = [
        (section, _address(f"-T{section[1:]}", values[name], problems))
        for name, section in SECTIONS.items()
        if name in values
    ]
    for text in values.get("section_start", ()):
        section, _, address = text.partition("=")
        spelled = f"--section-start={text}" if values.get("dialect") == "lld" else "--section-start"
        starts.append((section, _address(spelled, address, problems)))
    given["section_starts"] = tuple(starts)
    given["begun_sections"] = tuple(values.get("begun_sections", ()))
    given["segment_starts"] = _segment_starts(values, given, problems)
    given["strip"] = _strip(values, problems)
    given["discard"] = _first(
        values, discard_none="none", discard_all="all", discard_locals="locals"
    )
    given["paging"] = _first(values, omagic="N", nmagic="n")
    given["separate"] = _first(values, separate_loadable="loadable", separate_code="code")
    if values.get("separate_code") is False and not given["separate"]:
        given["separate"] = "none"
    problems += _uneven_base(given, values) + _uneven_pages(given, values)
    given["exec_stack"] = values.get("exec_stack")
    given["wx_needed"] = bool(values.get("z_wxneeded"))
    given["gnu_stack"] = not values.get("no_gnu_stack")
    given["relro"] = not values.get("no_relro")
    given["pie"] = bool(values.get("pie"))
    given["text"] = values.get("z_text")
    given["indirect_access"] = values.get("indirect_access")
    given["now"] = bool(values.get("z_now"))
    given["loader_words"] = tuple(w for w in LOADER_WORDS if values.get(f"loader_{w}"))
    given |= {name: values[name] for name in ("init", "fini", "soname") if name in values}
    given["new_tags"] = values.get("new_tags") is not False
    given["run_paths"] = tuple(values.get("run_paths", ()))
    given["audits"] = tuple(values.get("audits", ()))
    given["dependency_audits"] = tuple(values.get("dep_audits", ()))
    if "interpreter" in values:
        given["interpreter"] = str(values["interpreter"] or "")
    given["rela"] = values.get("z_rela")
    given["applies_relocs"] = bool(values.get("applies_relocs"))
    given["hash_style"] = _hash_style(values.get("hash_style", "both"), problems)
    given["optimize"] = _level(values, problems)
    given["compress_debug"] = _compression(values, problems)
    given["build_id"] = _build_id(values, problems)
    given["package_metadata"] = package_metadata(values, problems)
    if "compress_sections" in values:
        given["compress_sections"], wrong = compressions(values)
        problems += wrong
    if "dead_references" in values:
        given["dead_references"], wrong = dead_references(values)
        problems += wrong
    given["features"] = _bits(values, FEATURES)
    given["common_types"] = values.get("common_types")
    if "call_nop" in values:
        given["call_padding"] = _call_padding(values["call_nop"], problems)
    given["isa_needed"] = _bits(values, ISA_LEVELS)
    given["reports"] = _reports(values, problems)
    given["bounds_visibility"] = _visibility(values, problems)
    given["signature"] = os.environ.get("LLD_VERSION", "")
    return ElfOptions(**given), problems


PADDINGS = {"prefix-addr": "prefix-0x67", "suffix-nop": "suffix-0x90"}


def _call_padding(text: str, problems: list[Diagnostic]) -> CallPadding:
    """-z call-nop: a place and a byte, which GNU ld cuts from any number in C's notation."""
    from ..arch.padding import USUAL_PADDING, CallPadding

    place, _, digits = PADDINGS.get(text, text).partition("-")
    found = re.fullmatch(C_NUMBER, digits)
    if place in ("prefix", "suffix") and found:
        hexadecimal, octal, decimal = found.groups()
        base = 16 if hexadecimal else 8 if octal else 10
        byte = int(hexadecimal or octal or decimal or "0", base)
        return CallPadding(byte & 0xFF, place == "suffix")
    help_ = ("use prefix-addr, suffix-nop, or prefix- or suffix- and a byte such as 0x90",)
    message = f"unsupported option: -z call-nop={text}"
    problems.append(error("bad-option-value", message, help=help_))
    return USUAL_PADDING


def _bits(values: Mapping[str, Any], table: Mapping[str, int]) -> int:
    """The bits of all keywords that were given."""
    bits = 0
    for name, more in table.items():
        bits |= more if values.get(name) else 0
    return bits


def _reports(
    values: Mapping[str, Any], problems: list[Diagnostic]
) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """What -z cet-report and its like ask for; -z force-ibt warns in LLD's dialect."""
    found = []
    for name, features in REPORTS.items():
        level = values.get(name, "none")
        option = name.replace("_", "-")
        if level not in LEVELS:
            message = f"invalid option for -z {option}=: {level}"
            if values.get("dialect") == "lld":
                message = f"-z {option}= parameter {level} is not recognized"
            help_ = (f"use one of {', '.join(LEVELS)}",)
            problems.append(error("bad-option-value", message, help=help_))
        elif level != "none":
            found.append((option, features, level))
    if values.get("z_force_ibt"):
        found.append(("force-ibt", ("IBT",), "warning"))
    return tuple(found)


def _visibility(values: Mapping[str, Any], problems: list[Diagnostic]) -> int:
    """-z start-stop-visibility as the number in st_other."""
    word = values.get("bounds_visibility", "protected")
    if word not in VISIBILITIES:
        message = f"invalid visibility in `-z start-stop-visibility={word}'"
        help_ = (f"use one of {', '.join(VISIBILITIES)}",)
        problems.append(error("bad-option-value", message, help=help_))
    return VISIBILITIES.get(word, 3)


def _segment_starts(
    values: Mapping[str, Any], given: dict[str, Any], problems: list[Diagnostic]
) -> tuple[tuple[str, int], ...]:
    """-Ttext-segment and the like, by the name SEGMENT_START() uses.

    --image-base is LLD's word for -Ttext-segment: GNU ld's dialect takes both.  LLD has no segment
    to move."""
    starts = {
        segment: _address(f"-T{segment}", values[name], problems)
        for name, segment in SEGMENTS.items()
        if name in values
    }
    if values.get("dialect") != "lld":
        if "image_base" in given:
            starts.setdefault("text-segment", given["image_base"])
        return tuple(starts.items())
    problems += [_no_segment_start(segment) for segment in starts]
    return ()


def _no_segment_start(segment: str) -> Diagnostic:
    """option-not-supported: LLD places the image as a whole."""
    if segment == "text-segment":
        instead = "Use --image-base if you intend to set the base address"
        return error("option-not-supported", f"-Ttext-segment is not supported. {instead}")
    return error(
        "option-not-supported",
        f"option '-T{segment}' is not supported in the dialect of LLD",
        help=("place a section with --section-start=SECTION=ADDRESS, or use a script",),
    )


def _strip(values: Mapping[str, Any], problems: list[Diagnostic]) -> str:
    """What -s and -S leave out: for GNU ld the last word of the line counts, for LLD -s before -S.
    LLD forgets both with -r, and keeps no relocations without symbols."""
    if values.get("dialect") != "lld":
        given = [STRIPS[name] for name in values if name in STRIPS]
        return given[-1] if given and not retains(values) else ""
    strip = _first(values, **STRIPS)
    if not strip:
        return strip
    if values.get("relocatable"):
        return ""
    if strip == "all" and values.get("emit_relocs"):
        message = "--strip-all and --emit-relocs may not be used together"
        help_ = ("relocations refer to symbols: leave one of the options out",)
        problems.append(error("bad-option-value", message, help=help_))
    return strip


TO = {
    "max_page_size": "max_page",
    "common_page_size": "common_page",
    "stack_size": "stack_size",
    "image_base": "image_base",
    "split_by_file": "split_size",
    "split_by_reloc": "split_relocs",
}


def _first(values: Mapping[str, Any], **words: str) -> str:
    """The word of the first option that was given."""
    return next((word for name, word in words.items() if values.get(name)), "")


def _hash_style(text: str, problems: list[Diagnostic]) -> str:
    if text not in ("gnu", "sysv", "both"):
        message = f"--hash-style: `{text}' is none of gnu, sysv and both"
        problems.append(error("bad-option-value", message))
    return text


def _uneven_base(given: Mapping[str, Any], values: Mapping[str, Any]) -> list[Diagnostic]:
    """bad-option-value, a warning: LLD's segments begin at whole pages."""
    base, page = given.get("image_base"), given.get("max_page") or 0x1000
    if not base or base % page == 0 or values.get("dialect") != "lld":
        return []
    message = f"--image-base: address isn't multiple of page size: {values['image_base']}"
    help_ = (f"use {base - base % page:#x} or {base - base % page + page:#x}",)
    return [error("bad-option-value", message, severity="warning", help=help_)]


def _uneven_pages(given: Mapping[str, Any], values: Mapping[str, Any]) -> list[Diagnostic]:
    """bad-option-value: GNU ld's common page is at most the largest."""
    largest, common = given.get("max_page", 0), given.get("common_page", 0)
    if not largest or common <= largest or values.get("dialect") == "lld":
        return []
    message = f"common page size ({common:#x}) > maximum page size ({largest:#x})"
    return [error("bad-option-value", message)]


def _number(name: str, text: str, problems: list[Diagnostic]) -> int:
    """A size or address in C's notation; a page must be a power of two."""
    try:
        value = int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        value = -1
    spelled = name.replace("_", "-")
    if value < 0:
        problems.append(error("bad-option-value", f"`{text}' is not a number: {spelled}"))
        return 0
    if name in PAGES and (not value or value & (value - 1)):
        problems.append(error("bad-option-value", f"{spelled}: {text} is not a power of two"))
        return 0
    return value


def _address(spelled: str, text: str, problems: list[Diagnostic]) -> int:
    """Hexadecimal digits, with 0x or without."""
    try:
        return int(text, 16)
    except ValueError:
        problems.append(
            error(
                "bad-option-value",
                f"{spelled}: `{text}' is not an address",
                help=("write hexadecimal digits, such as 0x7c00",),
            )
        )
        return 0


COMPRESSIONS = {"none": "", "zlib": "zlib", "zstd": "zstd"}
GNU_COMPRESSIONS = {**COMPRESSIONS, "zlib-gabi": "zlib", "zlib-gnu": "zlib-gnu"}


def _compression(values: Mapping[str, Any], problems: list[Diagnostic]) -> str:
    """The kind of --compress-debug-sections."""
    text: str = values.get("compress_debug", "none")
    known = COMPRESSIONS if values.get("dialect") == "lld" else GNU_COMPRESSIONS
    if text not in known:
        message = f"invalid --compress-debug-sections option: `{text}'"
        help_ = (f"use one of {', '.join(known)}",)
        problems.append(error("bad-option-value", message, help=help_))
    return known.get(text, "")


def _level(values: Mapping[str, Any], problems: list[Diagnostic]) -> int:
    """-O: a number; GNU ld takes and forgets anything."""
    text: str = values.get("optimize") or "1"
    if text.isdigit():
        return int(text)
    if values.get("dialect") == "lld":
        problems.append(error("bad-option-value", f"`{text}' is not a number: -O"))
    return 1


STYLES = {"": "sha1", "none": "", "md5": "md5", "sha1": "sha1", "uuid": "uuid"}
LLD_STYLES = {**STYLES, "fast": "fast", "tree": "tree"}


def _build_id(values: Mapping[str, Any], problems: list[Diagnostic]) -> str:
    """The style of --build-id, a hexadecimal one in whole bytes.

    GNU ld takes - and : between bytes, and warns of styles it does not know and has no id then; LLD
    refuses them, and takes an odd digit at the end for a byte."""
    if "build_id" not in values:
        return ""
    style: str = values["build_id"]
    lld = values.get("dialect") == "lld"
    known = LLD_STYLES if lld else STYLES
    if style in known:
        return known[style]
    digits = style[2:] if style[:2] == "0x" else "x"
    if lld and len(digits) % 2:
        digits = f"{digits[:-1]}0{digits[-1]}"
    pairs = re.compile("([0-9a-fA-F]{2})*" if lld else "([0-9a-fA-F]{2}[-:]*)+")
    if pairs.fullmatch(digits):
        return "0x" + re.sub("[-:]", "", digits)
    message = f"unknown --build-id style: {style}" if lld else _IGNORED
    if lld and style[:2] == "0x":
        bytes_ = (digits[at : at + 2] for at in range(0, len(digits), 2))
        bad = next(byte for byte in bytes_ if not pairs.fullmatch(byte))
        message = f"not a hexadecimal value: {bad}"
    severity = "error" if lld else "warning"
    help_ = (f"use one of {', '.join(filter(None, known))}, or 0x and hexadecimal digits",)
    problems.append(error("bad-option-value", message, severity=severity, help=help_))
    return ""


_IGNORED = "unrecognized --build-id style ignored"
