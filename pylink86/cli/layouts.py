"""The built-in layouts on the command line: chosen by `--boot-sector`, shown, and written out.

Who has no script links by one that comes with the package; it is an ordinary script, so `--verbose`
shows it as GNU ld shows its own, and `--dump-layout` prints it alone, to be saved and changed.
"""

from __future__ import annotations

import os
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


def default_layout(values: Mapping[str, Any]) -> str | None:
    """The script that a link without one follows; LLD has none, its layout is no script."""
    text = built_in(values)
    if text is not None or values.get("dialect") == "lld":
        return text
    from ..script.defaults_gnu import gnu_layout, relinked_layout

    elf_class = 32 if values.get("emulation") in NARROW else 64
    if values.get("relocatable"):
        return relinked_layout(elf_class)
    paging = "N" if values.get("omagic") else "n" if values.get("nmagic") else ""
    return gnu_layout(elf_class, paging, values.get("separate_code", True))


BFD_NAMES = {
    "elf_i386": "elf32-i386",
    "elf32_x86_64": "elf32-x86-64",
    "elf_iamcu": "elf32-iamcu",
    "elf_x86_64_fbsd": "elf64-x86-64-freebsd",
    "elf_amd64_fbsd": "elf64-x86-64-freebsd",
    "elf_i386_fbsd": "elf32-i386-freebsd",
}
NARROW = frozenset({"elf_i386", "elf32_x86_64", "elf_iamcu", "elf_i386_fbsd"})
"""Emulations whose files have 32-bit addresses."""


def format_of(values: Mapping[str, Any]) -> str:
    """The format --print-output-format tells before any input is read: by --oformat, a script's
    OUTPUT_FORMAT() or the emulation."""
    from ..script import nodes as n
    from ..script.parser import parse_script

    if "oformat" in values:
        return str(values["oformat"])
    found = BFD_NAMES.get(values.get("emulation", ""), "elf64-x86-64")
    for path in values.get("script", ()):
        if os.path.isfile(path):
            commands = parse_script(_text(path), path).commands
            found = next((c.default for c in commands if isinstance(c, n.OutputFormat)), found)
    return found


def show_layout(values: Mapping[str, Any]) -> None:
    """`--verbose`: the script in use between lines of `=`, as GNU ld prints it."""
    if values.get("dialect") == "lld":
        return
    rule = "=" * 50
    for path in values.get("script", ()):
        if os.path.isfile(path):
            print(f"using external linker script:\n{rule}\n{_text(path).rstrip()}\n{rule}")
    text = None if values.get("script") else default_layout(values)
    if text is not None:
        print(f"using internal linker script:\n{rule}\n{text.rstrip()}\n{rule}")


def tell_inputs(result: LinkResult, program: str) -> None:
    """`--verbose` as LLD: on stderr the files that were read, and which output sections
    OVERWRITE_SECTIONS describes anew."""
    from ..explain.trace import input_files, overwritten

    lines = [*input_files(result).splitlines(), *overwritten(result)]
    sys.stderr.write("".join(f"{program}: {line}\n" for line in lines))


def dump_layout(values: Mapping[str, Any]) -> int:
    """`--dump-layout`: the script a link would follow, alone; the exit status."""
    if values.get("script"):
        return _copy(values["script"][0], values)
    text = default_layout(values)
    if text is None:
        help_ = ("say --boot-sector=real, protected or long, or --dialect=gnu",)
        message = "there is no built-in layout for these options"
        return int(show([error("no-layout", message, help=help_)], values))
    sys.stdout.write(text)
    return 0


def _copy(path: str, values: Mapping[str, Any]) -> int:
    try:
        sys.stdout.write(_text(path))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        message = f"cannot open linker script file {path}: {reason}"
        return int(show([error("cannot-read", message)], values))
    return 0


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
