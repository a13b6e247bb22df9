"""What kind of file a link makes: its format and its machine."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .. import elf_const as c
from ..diag import Span, fail
from ..formats.images import IMAGE_WRITERS
from ..model import ObjectFile
from ..script import nodes as n
from .reading.scripts import ScriptFile

RAW_FORMATS = IMAGE_WRITERS.keys()
X32 = "elf32-x86-64"
"""64-bit code with 32-bit addresses: `gcc -mx32`, `as --x32`."""
IAMCU = "elf32-iamcu"
"""Code for Intel's microcontrollers: i386 under a machine number of its own."""
FREEBSD = "-freebsd"
"""The end of formats for that system, whose files say so."""
ELF_FORMATS = {
    "elf64-x86-64": 64,
    "elf32-i386": 32,
    X32: 32,
    IAMCU: 32,
    "elf64-x86-64-freebsd": 64,
    "elf32-i386-freebsd": 32,
}
FORMAT_MACHINES = {
    "elf64-x86-64": c.EM_X86_64,
    "elf32-i386": c.EM_386,
    X32: c.EM_X86_64,
    IAMCU: c.EM_IAMCU,
    "elf64-x86-64-freebsd": c.EM_X86_64,
    "elf32-i386-freebsd": c.EM_386,
}
ELF_CLASSES = {c.EM_386: 32, c.EM_X86_64: 64}
EMULATIONS = {
    "elf_x86_64": c.EM_X86_64,
    "elf_i386": c.EM_386,
    "elf32_x86_64": c.EM_X86_64,
    "elf_iamcu": c.EM_386,
    "elf_amd64": c.EM_X86_64,
    "elf_x86_64_fbsd": c.EM_X86_64,
    "elf_amd64_fbsd": c.EM_X86_64,
    "elf_i386_fbsd": c.EM_386,
}
"""-m, and how code is read then."""


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
        if narrow or emulation == "elf32_x86_64":
            return X32
        if emulation.endswith("_fbsd"):
            return native + FREEBSD
        return IAMCU if emulation == "elf_iamcu" and native == "elf32-i386" else native
    if wanted not in RAW_FORMATS and wanted not in ELF_FORMATS:
        raise fail(
            "unknown-format",
            f"unknown output format `{wanted}'",
            span=None if oformat else span,
            help=[format_names()],
        )
    return wanted


def as_i386(files: Sequence[ObjectFile]) -> tuple[ObjectFile, ...]:
    """Objects for microcontrollers as the i386 code they hold."""
    return tuple(
        attrs.evolve(f, header=attrs.evolve(f.header, machine=c.EM_386))
        if f.header.machine == c.EM_IAMCU
        else f
        for f in files
    )


def output_osabi(oformat: str, emulation: str, script: ScriptFile) -> int | None:
    """The system the output is for; None for that of the inputs: neither -m nor OUTPUT_FORMAT()
    says."""
    if oformat.endswith(FREEBSD):
        return c.ELFOSABI_FREEBSD
    return 0 if emulation or any(True for _ in script.of(n.OutputFormat)) else None


def is_native(oformat: str, machine: int, first: ObjectFile) -> bool:
    """Whether GNU ld links to this format by its ELF path: not to another class than that of its
    inputs."""
    if oformat == X32:
        return first.header.elf_class == 32 and machine == c.EM_X86_64
    return ELF_FORMATS.get(oformat) == ELF_CLASSES[machine]


def format_names() -> str:
    return "use one of " + ", ".join(sorted({*RAW_FORMATS, *ELF_FORMATS}))
