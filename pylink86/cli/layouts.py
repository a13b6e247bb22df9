"""The built-in layouts on the command line: chosen by `--boot-sector`, shown, and written out.

Who has no script links by one that comes with the package; it is an ordinary script, so `--verbose`
shows it as GNU ld shows its own, and `--dump-layout` prints it alone, to be saved and changed.
"""

from __future__ import annotations

import sys

from .options import error
from .program import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..result import LinkResult


def built_in(values: Mapping[str, Any]) -> str | None:
    """The text of the built-in layout for these options; None when there is none."""
    if "boot_sector" not in values:
        return None
    from ..script.defaults import raw_layout

    return raw_layout(values["boot_sector"], values.get("entry", "_start"))


def show_layout(values: Mapping[str, Any]) -> None:
    """`--verbose`: the built-in script between lines of `=`, as GNU ld prints it."""
    text = built_in(values) if values.get("dialect") != "lld" else None
    if text is not None and not values.get("script"):
        rule = "=" * 50
        print(f"using internal linker script:\n{rule}\n{text.rstrip()}\n{rule}")


def tell_inputs(result: LinkResult) -> None:
    """`--verbose` as LLD: on stderr the files that were read, and which output sections
    OVERWRITE_SECTIONS describes anew."""
    from ..explain.trace import input_files, overwritten

    sys.stderr.write(input_files(result))
    sys.stderr.write("".join(f"{line}\n" for line in overwritten(result)))


def dump_layout(values: Mapping[str, Any]) -> int:
    """`--dump-layout`: the script a link would follow, alone; the exit status."""
    if values.get("script"):
        return _copy(values["script"][0], values)
    text = built_in(values)
    if text is None:
        help_ = ("say which: --boot-sector=real, protected or long",)
        message = "there is no built-in layout for these options"
        return int(show([error("no-layout", message, help=help_)], values))
    sys.stdout.write(text)
    return 0


def _copy(path: str, values: Mapping[str, Any]) -> int:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            sys.stdout.write(file.read())
    except OSError as problem:
        reason = problem.strerror or str(problem)
        message = f"cannot open linker script file {path}: {reason}"
        return int(show([error("cannot-read", message)], values))
    return 0
