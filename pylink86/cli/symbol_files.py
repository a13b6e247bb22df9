"""Files that list symbols: which to keep, and which to put first.

Their options name a file, so what they say is only known once it is read.  All of them are text
with names in it; what separates the names differs.

Source: ld.lld(1), GNU ld manual 2.1, and files with blanks and comments given to both."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..diag import Diagnostic

SYMBOL_FILES = ("symbol_ordering_file", "retain_symbols_file")
"""Options that name such a file."""


def symbol_files(values: Mapping[str, Any]) -> list[str]:
    """The paths of those that a command line names."""
    found = (values.get(name, []) for name in SYMBOL_FILES)
    return [path for given in found for path in ([given] if isinstance(given, str) else given)]


def symbol_order(path: str) -> tuple[str, ...]:
    """The names in an ordering file; raises cannot-read."""
    from ..passes.symbol_order import read_symbol_order

    return read_symbol_order(text_of(path, "--symbol-ordering-file"))


def retained_symbols(paths: Sequence[str], dialect: str) -> tuple[str, ...]:
    """The names in the file of --retain-symbols-file: words for GNU ld, for LLD lines, and of
    several files the last.  Raises cannot-read."""
    text = text_of(paths[-1], "--retain-symbols-file")
    if dialect == "lld":
        from ..passes.symbol_order import read_symbol_order

        return tuple(dict.fromkeys(read_symbol_order(text)))
    return tuple(dict.fromkeys(text.split()))


def retained_problems(values: Mapping[str, Any]) -> list[Diagnostic]:
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


def text_of(path: str, option: str) -> str:
    """What a file says; raises cannot-read."""
    from ..diag import fail

    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as problem:
        raise fail(
            "cannot-read",
            f"cannot open {path}: {problem.strerror or problem}",
            help=[f"{option} takes a text file with a symbol in each line"],
        ) from None
