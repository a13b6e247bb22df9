"""`pylink86 -m64 main.o -Wl,-Tkernel.ld -nostdlib -o kernel`: the words a compiler driver takes.

rustc, CMake and many Makefiles link through `cc`, which turns `-Wl,a,b` into words for the linker
and adds start-up files and libraries of its own.  A kernel wants none of those, so the driver can
be left out: this one hands on what is meant for the linker, knows what is meant for a compiler, and
adds nothing.

Sources: gcc manual 3.15 (Options for Linking), `clang -###`, `rustc --print link-args`.
"""

from __future__ import annotations

from .options import error
from .program import guarded, show
from .response_files import expand_response_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..diag import Diagnostic

WITH_VALUE = ("-o", "-L", "-l", "-T", "-u", "-e", "-z", "-h", "-R")
"""The same for the linker, with the value joined or behind it."""

SAME = ("-s", "-r", "-S", "-n", "-N", "-t", "-EL", "-(", "-)", "--version", "--help")
"""The same words for the linker."""

SAME_LONG = ("--sysroot=", "--entry=", "-Ttext", "-Tdata", "-Tbss", "--defsym=")

TRANSLATED = {
    "-m32": "-m elf_i386",
    "-m64": "-m elf_x86_64",
    "-mx32": "-m elf32_x86_64",
    "-static": "-static",
    "-static-pie": "-static -pie --no-dynamic-linker",
    "-pie": "-pie",
    "-no-pie": "-no-pie",
    "-nopie": "-no-pie",
    "-shared": "-shared",
    "-rdynamic": "--export-dynamic",
    "--verbose": "--verbose",
    "-v": "-v",
}
"""Other words for the linker."""

FOR_COMPILERS_WITH_VALUE = (
    "-x", "-I", "-D", "-U", "-B", "-include", "-isystem", "-iquote", "-target", "-arch", "--param",
    "-MF", "-MT", "-MQ", "-aux-info",
)  # fmt: skip
FOR_COMPILERS = (
    "-f", "-O", "-g", "-W", "-m", "-std=", "-M", "-D", "-I", "-U", "-B", "-nostd", "-nodefaultlibs",
    "-nostartfiles", "-nolibc", "-pipe", "-pthread", "-no-canonical-prefixes", "--target=",
    "-Qunused-arguments", "-save-temps", "-static-lib", "-c", "-ansi", "-pedantic", "-w", "-p",
)  # fmt: skip
"""What they begin with: nothing for a linker, or it is done anyway, as no libraries are added."""


def main(argv: Sequence[str]) -> int:
    """Link as `cc` would be told to; the exit status."""
    from . import pyld

    problems: list[Diagnostic] = []
    words = list(linker_words(list(expand_response_files(argv, problems)), problems))
    if show(problems, {}):
        return 1
    return guarded(lambda: pyld.main(words, "pyld"))


def linker_words(words: Sequence[str], problems: list[Diagnostic]) -> Iterator[str]:
    """The words for the linker; reports unknown-option, option-needs-value."""
    rest = iter(words)
    for word in rest:
        if word[:1] != "-" or word == "-" or word in SAME or word.startswith(SAME_LONG):
            yield word
        elif word.startswith("-Wl,"):
            yield from (part for part in word[4:].split(",") if part)
        elif word in TRANSLATED:
            yield from TRANSLATED[word].split()
        elif word in WITH_VALUE or word == "-Xlinker" or word in FOR_COMPILERS_WITH_VALUE:
            value = next(rest, None)
            if value is None:
                problems.append(error("option-needs-value", f"option '{word}' needs a value"))
            elif word in WITH_VALUE:
                yield from (word, value)
            elif word == "-Xlinker":
                yield value
        elif word.startswith(WITH_VALUE):
            yield word
        elif not word.startswith(FOR_COMPILERS):
            help_ = (f"write -Wl,{word} for an option of the linker",)
            problems.append(error("unknown-option", f"unrecognized option '{word}'", help=help_))
