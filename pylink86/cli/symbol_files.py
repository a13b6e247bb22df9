"""Files that list symbols: which to keep, and which to put first.

Their options name a file, so what they say is only known once it is read.  All of them are text
with names in it; what separates the names differs.

Source: ld.lld(1), GNU ld manual 2.1, and files with blanks and comments given to both."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..diag import Diagnostic
    from ..passes.matching.call_graph import Profile
    from ..script.nodes import Version, VersionNode

SYMBOL_FILES = (
    "symbol_ordering_file", "call_graph_file", "retain_symbols_file", "version_script",
    "export_lists", "dynamic_lists",
)  # fmt: skip
"""Options that name such a file."""


def symbol_files(values: Mapping[str, Any]) -> list[str]:
    """The paths of those that a command line names."""
    found = (values.get(name, []) for name in SYMBOL_FILES)
    return [path for given in found for path in ([given] if isinstance(given, str) else given)]


def symbol_order(path: str) -> tuple[str, ...]:
    """The names in an ordering file; raises cannot-read."""
    from ..passes.matching.symbol_order import read_symbol_order

    return read_symbol_order(text_of(path, "--symbol-ordering-file"))


def retained_symbols(paths: Sequence[str], dialect: str) -> tuple[str, ...]:
    """The names in the file of --retain-symbols-file: words for GNU ld, for LLD lines, and of
    several files the last.  Raises cannot-read."""
    text = text_of(paths[-1], "--retain-symbols-file")
    if dialect == "lld":
        from ..passes.matching.symbol_order import read_symbol_order

        return tuple(dict.fromkeys(read_symbol_order(text)))
    return tuple(dict.fromkeys(text.split()))


def call_profile(values: Mapping[str, Any]) -> Profile:
    """What --call-graph-ordering-file and --call-graph-profile-sort say; raises cannot-read,
    bad-option-value for a line that is none."""
    from ..diag import fail
    from ..passes.matching.call_graph import Profile, read_calls

    kind = values.get("call_graph_sort", "cdsort") or "none"
    if "call_graph_file" not in values:
        return Profile(kind=kind)
    path = values["call_graph_file"]
    what = "a text file with a caller, a called function and a number in each line"
    text = text_of(path, "--call-graph-ordering-file", what)
    try:
        return Profile(read_calls(text), path, kind)
    except ValueError:
        raise fail(
            "bad-option-value",
            f"{path}: parse error",
            help=["each line has a caller, a called function and a number, a space between them"],
        ) from None


def file_problems(values: Mapping[str, Any]) -> list[Diagnostic]:
    """bad-option-value of options that name such files."""
    from .options import error

    found = _retained_problems(values)
    if "symbol_ordering_file" in values and "call_graph_file" in values:
        message = "--symbol-ordering-file and --call-graph-order-file may not be used together"
        found.append(error("bad-option-value", message, help=("leave one of them out",)))
    return found


def _retained_problems(values: Mapping[str, Any]) -> list[Diagnostic]:
    """bad-option-value: GNU ld takes one file of --retain-symbols-file, and warns when it makes it
    forget -s or -S."""
    from .options import error

    if values.get("dialect") == "lld" or "retain_symbols_file" not in values:
        return []
    if len(values["retain_symbols_file"]) > 1:
        help_ = ("put all names into one file",)
        return [error("bad-option-value", "duplicate --retain-symbols-file", help=help_)]
    if retains(values) and (values.get("strip_all") or values.get("strip_debug")):
        message = "`-retain-symbols-file' overrides `-s' and `-S'"
        return [error("bad-option-value", message, severity="warning")]
    return []


def retains(values: Mapping[str, Any]) -> bool:
    """Whether --retain-symbols-file counts: for GNU ld not when -s or -S stand behind it."""
    if "retain_symbols_file" not in values:
        return False
    words = [name for name in values if name in ("strip_all", "strip_debug", "retain_symbols_file")]
    return values.get("dialect") == "lld" or words[-1] == "retain_symbols_file"


def version_scripts(values: Mapping[str, Any]) -> tuple[Version, ...]:
    """What the files of --version-script say; raises cannot-read, syntax-error."""
    if "version_script" not in values:
        return ()
    from ..diag import fail

    for path in values["version_script"] if values.get("dialect") == "lld" else ():
        if not os.path.exists(path):
            raise fail("cannot-read", f"cannot find version script {path}")
    return tuple(map(_versions, values["version_script"]))


def _versions(path: str) -> Version:
    from ..script.parser import parse_version_script

    return parse_version_script(text_of(path, "--version-script", VERSIONS), path)


def exports(values: Mapping[str, Any]) -> tuple[VersionNode, ...]:
    """The names to export, of all the options that list some; raises cannot-read, syntax-error."""
    patterns = list(values.get("export_symbols", ()))
    patterns += ["*"] if values.get("export_dynamic") else []
    paths = [*values.get("export_lists", ()), *values.get("dynamic_lists", ())]
    if not (patterns or paths):
        return ()
    from ..script.nodes import VersionNode

    listed = (node for path in paths for node in _versions(path).nodes)
    return (VersionNode("", tuple(patterns)), *listed)


VERSIONS = "a text file with nodes like `{ global: name; local: *; };`"


def text_of(path: str, option: str, what: str = "a text file with a symbol in each line") -> str:
    """What a file says; what: the option takes.  Raises cannot-read."""
    from ..formats.opened import read_text

    return read_text(path, "", help=[f"{option} takes {what}"])
