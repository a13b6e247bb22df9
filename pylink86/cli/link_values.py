"""What the options of a command line say to `link()`, and what is wrong with their values.

The parser knows words; `link()` knows LinkOptions.  Here each value finds its field.
"""

from __future__ import annotations

from .elf_values import ELF_NAMES, elf_options
from .globs import glob_problems, shuffles
from .ld_options import EMULATIONS
from .options import error
from .program import parse_size
from .symbol_files import (
    call_profile,
    exports,
    file_problems,
    retained_symbols,
    retains,
    symbol_order,
    version_scripts,
)
from .tolerances import NAMES, bad_methods, tolerances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..diag import Diagnostic
    from ..link_options import LinkOptions

CHOICES = {
    "dialect": ("gnu", "lld"),
    "boot_sector": ("real", "protected", "long"),
    "error_format": ("text", "json"),
    "emulation": EMULATIONS,
    "flavor": ("gnu", "ld", "ld.lld"),
    "rsp_quoting": ("posix", "windows"),
    "colour": ("", "auto", "always", "never", False),
    "print_layout": ("", "full"),
    "orphan_handling": ("place", "warn", "error", "discard"),
    "sort_section": ("name", "alignment"),
    "icf": ("none", "safe", "all"),
    "call_graph_sort": ("none", "hfsort", "cdsort", False),
}
"""Options that take one word of a few."""


def check_values(values: Mapping[str, Any]) -> list[Diagnostic]:
    """Errors in the values of options: bad-option-value, option-not-supported."""
    found = [
        _bad_value(dest, values[dest], [str(choice) for choice in choices if choice])
        for dest, choices in CHOICES.items()
        if dest in values and values[dest] not in choices
    ]
    found += _together(values)
    size = values.get("max_image_size", "1")
    if parse_size(size) is None:
        found.append(
            error(
                "bad-option-value",
                f"`{size}' is not a size",
                help=("write bytes, or a number with K, M or G, such as 64M",),
            )
        )
    limit = values.get("error_limit", "0")
    if not limit.isdecimal() or len(limit) > 18:
        found.append(error("bad-option-value", f"`{limit}' is not a number of errors"))
    version = values.get("version_as", "gnu-ld")
    if version.partition(":")[0] != "gnu-ld":
        found.append(_bad_value("version_as", version, ["gnu-ld", "gnu-ld:VERSION"]))
    found += bad_methods(values)
    found += shuffles(values)[1]
    found += file_problems(values)
    for pattern in values.get("undefined_globs", ()):
        found += glob_problems("--undefined-glob", pattern)
    if not ELF_NAMES.isdisjoint(values):
        found += elf_options(values)[1]
    return found


INDEXES = ("gdb_index", "debug_names")


def _together(values: Mapping[str, Any]) -> list[Diagnostic]:
    """Options that exclude one another; nothing is folded in an object either."""
    if not values.get("relocatable"):
        return []
    folds = values.get("icf", "none") != "none"
    wrong = [*(["-pie"] if values.get("pie") else []), *(["--icf"] if folds else [])]
    wrong += [f"--{name.replace('_', '-')}" for name in INDEXES if values.get(name)]
    return [
        error(
            "bad-option-value",
            f"-r and {option} may not be used together",
            help=("-r makes an object, which is to be linked again: leave one of them out",),
        )
        for option in wrong
    ]


def _bad_value(dest: str, value: str, choices: Sequence[str]) -> Diagnostic:
    message = f"`{value}' is not a value of --{dest.replace('_', '-')}"
    if dest == "emulation":
        message = f"unrecognised emulation mode: {value}"
    return error("bad-option-value", message, help=(f"use one of {', '.join(choices)}",))


def link_options(values: Mapping[str, Any], ahead: int | None) -> LinkOptions:
    """The values as LinkOptions; ahead: its `inputs_before_script`.  Raises cannot-read."""
    from attrs import evolve

    from ..link_options import LinkOptions

    given: dict[str, Any] = {
        name: values[name]
        for name in (
            "entry",
            "gc_sections",
            "gc_keep_exported",
            "fortran_common",
            "fatal_warnings",
            "oformat",
            "emulation",
            "sysroot",
            "sort_section",
            "orphan_handling",
            "spills",
            "spill_warnings",
        )
        if name in values
    }
    if values.get("dialect") == "lld" and given.get("oformat", "").startswith("elf"):
        given["oformat"] = _elf_format(given["oformat"])
    if "chroot" in values:
        given.setdefault("sysroot", values["chroot"])
    if "boot_sector" in values:
        given.setdefault("oformat", "binary")
    for name in (
        "search", "undefined", "undefined_globs", "require_defined", "silenced", "unique",
        "wrap", "just_symbols", "ignored_symbols",
    ):  # fmt: skip
        given[name] = tuple(values.get(name, ()))
    given["traced"] = tuple(values.get("trace_symbol", ()))
    if "error_limit" in values:
        given["error_limit"] = int(values["error_limit"])
    if "max_image_size" in values:
        given["max_image_size"] = parse_size(values["max_image_size"])
    given["inputs_before_script"] = ahead
    if "sort_common" in values:
        given["sort_common"] = values["sort_common"] or "descending"
    given["relax"] = not values.get("no_relax")
    given["bounds_keep"] = values.get("bounds_keep")
    if "icf" in values:
        from ..passes.editing.fold_options import Fold

        keep = tuple(values.get("keep_unique", ()))
        given["fold"] = Fold(values["icf"], keep, bool(values.get("icf_data")))
    if not NAMES.isdisjoint(values):
        given["tolerated"], silent = tolerances(values)
        given["silenced"] = (*given["silenced"], *silent)
    if values.get("warn_backrefs"):
        given["backward_excluded"] = tuple(values.get("backrefs_exclude", ()))
    given["warn_common"] = bool(values.get("warn_common"))
    if "symbol_ordering_file" in values:
        given["symbol_order"] = symbol_order(values["symbol_ordering_file"])
        given["symbol_order_path"] = values["symbol_ordering_file"]
    if "call_graph_file" in values or "call_graph_sort" in values:
        given["profile"] = call_profile(values)
    given["shuffle"] = shuffles(values)[0]
    if values.get("no_warn_symbol_ordering"):
        given["silenced"] = (*given["silenced"], "symbol-order")
    given["version_scripts"] = version_scripts(values)
    given["exports"] = exports(values)
    given["elf"] = elf_options(values)[0]
    if retains(values):
        names = retained_symbols(values["retain_symbols_file"], values["dialect"])
        given["elf"] = evolve(given["elf"], retained=names)
    return LinkOptions(**given)


def _elf_format(name: str) -> str:
    """LLD takes any name that begins with elf: the inputs say which kind it is."""
    from .ld_options import TARGETS

    return name if name in TARGETS else "elf"
