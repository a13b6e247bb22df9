"""What kind of file a link makes: its format and its machine."""

from __future__ import annotations

from collections.abc import Sequence

from .. import elf_const as c
from ..diag import Span, fail
from ..formats.images import IMAGE_WRITERS
from ..model import ObjectFile
from ..script import nodes as n
from .scripts import ScriptFile

RAW_FORMATS = IMAGE_WRITERS.keys()
ELF_FORMATS = {"elf64-x86-64": 64, "elf32-i386": 32, "elf32-x86-64": 32}
X32 = "elf32-x86-64"
"""64-bit code with 32-bit addresses: `gcc -mx32`, `as --x32`."""
FORMAT_MACHINES = {"elf64-x86-64": c.EM_X86_64, "elf32-i386": c.EM_386, X32: c.EM_X86_64}
ELF_CLASSES = {c.EM_386: 32, c.EM_X86_64: 64}
EMULATIONS = {"elf_x86_64": c.EM_X86_64, "elf_i386": c.EM_386, "elf32_x86_64": c.EM_X86_64}


def output_machine(emulation: str, files: Sequence[ObjectFile]) -> int:
    """-m, else x86-64 as soon as one input is: 64-bit code can hold 32-bit parts, not the
    reverse."""
    if emulation in EMULATIONS:
        return EMULATIONS[emulation]
    return max((f.header.machine for f in files), key=lambda machine: machine == c.EM_X86_64)


def output_format(script: ScriptFile, oformat: str, first: ObjectFile, emulation: str = "") -> str:
    """--oformat, else the first OUTPUT_FORMAT(), else ELF of the first input's class, or of -m."""
    for node in script.of(n.OutputFormat):
        wanted = node.default
        span: Span | None = node.span
        break
    else:
        wanted, span = "", None
    wanted = oformat or wanted
    if not wanted or wanted in ("default", "elf"):
        native = "elf64-x86-64" if first.header.machine == c.EM_X86_64 else "elf32-i386"
        narrow = first.header.elf_class == 32 and native == "elf64-x86-64"
        return X32 if narrow or emulation == "elf32_x86_64" else native
    if wanted not in RAW_FORMATS and wanted not in ELF_FORMATS:
        raise fail(
            "unknown-format",
            f"unknown output format `{wanted}'",
            span=None if oformat else span,
            help=[format_names()],
        )
    return wanted


def is_native(oformat: str, machine: int, first: ObjectFile) -> bool:
    """Whether GNU ld links to this format by its ELF path: not to another class than that of its
    inputs."""
    if oformat == X32:
        return first.header.elf_class == 32 and machine == c.EM_X86_64
    return ELF_FORMATS.get(oformat) == ELF_CLASSES[machine]


def format_names() -> str:
    return "use one of " + ", ".join(sorted({*RAW_FORMATS, *ELF_FORMATS}))
