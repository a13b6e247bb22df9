"""Findings as llvm-objcopy and llvm-strip word them, for builds and tests that read its messages.

    llvm-objcopy: error: 'kernel.o': section '.text2' not found

The first line is LLVM's to the letter: its tool's name, the file it was at, one sentence.  What we
know beside that, why it happened and the way out, follows as everywhere.  LLVM ends with the first
error, so that is the only one.

Found by giving llvm-objcopy-19 and pyobjcopy the same bad calls and damaged files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..diag import Diagnostic
from ..report import printable

NOT_AN_OBJECT = "The file was not recognized as a valid object file"

OF_THE_CALL = (
    "bad-option-value", "no-input", "option-needs-value", "too-many-inputs", "unknown-option",
    "unsupported-output",
)  # fmt: skip
"""Slugs of what is wrong with the call: no file is to blame."""

SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("unknown-option", r"unrecognized option '(.*)'", r"unknown argument '\1'"),
    ("option-needs-value", r"option '(.*)' needs a value.*",
     r"argument to '\1' is missing (expected 1 value(s))"),
    ("cannot-read", r"cannot find (.*): (No such .*)", r"'\1': \2"),
    ("cannot-read", r"cannot read (.*): it is a directory", r"'\1': Is a directory"),
    ("cannot-read", r"cannot read (.*): (.*)", r"'\1': \2"),
    ("cannot-write", r"cannot open output file .*: (Is a directory)", r"\1"),
    ("cannot-write", r"cannot open output file (.*): (.*)", r"'\1': \2"),
    ("bad-object", r"(.*): ELF header at file offset 0x0: (the file ends|it does not begin).*",
     rf"'\1': {NOT_AN_OBJECT}"),
    ("bad-object", r".*: ELF header at file offset 0x0: e_shstrndx is (\d+), .*",
     r"section header string table index \1 does not exist"),
    ("bad-object", r"(.*): ELF header at file offset 0x0: (e_shentsize) is (\d+), .*",
     r"'\1': invalid \2 in ELF header: \3"),
    ("bad-object", r"(.*): (line \d+: .*)", r"'\1': \2"),
    ("bad-object", r".*header of section \d+ \((.*)\) at .*: sh_link is (\d+), .*",
     r"Link field value \2 in section \1 is invalid"),
    ("bad-object", r".*header of section \d+ \((.*)\) at .*: relocates section (\d+), .*",
     r"Info field value \2 in section \1 is invalid"),
    ("bad-object", r".*header of section (\d+) .*: (0x\w+) bytes at (0x\w+) reach .* (0x\w+)",
     r"section [index \1] has a sh_offset (\3) + sh_size (\2) that is greater than the file size "
     r"(\4)"),
    ("bad-object", r".*header of section (\d+) at .*: its name lies at (0x\w+) of .*",
     r"a section [index \1] has an invalid sh_name (\2) offset which goes past the end of the "
     "section name string table"),
    ("bad-object", r".*: a relocation names symbol (\d+), .*", r"invalid symbol index: \1"),
    ("bad-object", r".*symbol table in section .*: sh_link is (\d+), which is no string table",
     r"Symbol table has link index of \1 which is not a string table"),
    ("bad-object", r".*group in section \d+ \((.*)\) at .*: member (\d+) is no section.*",
     r"group member index \2 in section '\1' is invalid"),
    ("bad-object", r".*group in section \d+ \((.*)\) at .*: its signature, symbol (\d+), .*",
     r"info field value '\2' in section '\1' is not a valid symbol index"),
    ("bad-object", r"(.*): section header table at file offset (0x\w+): the file has .*",
     r"'\1': section header table goes past the end of the file: e_shoff = \2"),
    ("bad-object", r"(program header with offset .*)", r"\1"),
    ("unsupported-input", r"(found multiple .*|symbol '.*' has unsupported value .*)", r"\1"),
    ("bad-option-value", r"invalid bfd target `(.*)'", r"invalid output format: '\1'"),
)  # fmt: skip
"""Slug and pattern of ours, the sentence of LLVM's, with the file it names itself."""


def llvm_report(found: Iterable[Diagnostic], program: str, about: str = "") -> str:
    """The text for stderr: warnings, and the first error.

    about: the file that was worked on, "" while the call was read.
    """
    lines = []
    for finding in found:
        sentence = _sentence(finding, about)
        lines.append(f"{program}: {finding.severity}: {printable(sentence)}")
        lines += [f"   = note: {printable(note)}" for note in finding.notes]
        lines += [f"   = help: {printable(help)}" for help in finding.help]
        if finding.severity == "error":
            break
    return "".join([f"{line}\n" for line in lines])


def _sentence(finding: Diagnostic, about: str) -> str:
    for slug, pattern, theirs in SENTENCES:
        found = re.fullmatch(pattern, finding.message) if finding.slug == slug else None
        if found is not None:
            return found.expand(theirs)
    if not about or finding.slug in OF_THE_CALL or finding.severity == "warning":
        return finding.message
    return f"'{about}': {finding.message}"
