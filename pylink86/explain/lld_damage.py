"""What LLD says of files that are damaged, or that it cannot link.

Our message names the file, the part of it that is wrong and where that lies; LLD's names the file
and a field of the ELF header, of a section or of a symbol.

    a.o: symbol 3 at file offset 0xa8: its name lies at 0xffff of a table of 0x43 bytes
    a.o: st_name (0xffff) is past the end of the string table of size 0x43

Found by giving ld.lld-19 an object with one field after the other changed."""

from __future__ import annotations

import re

from ..diag import Diagnostic

WHERE = re.compile(r"(?P<file>.*): (?P<part>.*) at file offset 0x(?P<at>[0-9a-f]+): (?P<what>.*)")
SECTION = re.compile(r"header of section (\d+)(?: \((.*)\))?")
ALIGNMENT = re.compile(r"alignment 0x([0-9a-f]+) is not a power of two.*")
SIZE = re.compile(r"size 0x([0-9a-f]+) is not a multiple of its entry size (\d+)")
BEYOND = re.compile(r"(0x[0-9a-f]+) bytes at (0x[0-9a-f]+) reach beyond the file's (0x[0-9a-f]+)")
NAME = re.compile(r"its name lies at (0x[0-9a-f]+) of a table of (0x[0-9a-f]+) bytes")
MEMBER = re.compile(r"(.*)\((.*)\)")
NOT_LINKED = re.compile(r"(.*?) is (?:of no known format|a linked program|a big-endian ELF file|"
                        r"a Mach-O file|a WebAssembly file)\b.*")  # fmt: skip

ARCHIVE = "failed to parse archive: truncated or malformed archive"

PARTS = (
    (r"ELF header", r"class \d+ is .*", "corrupted ELF file: invalid file class"),
    (r"ELF header", r"data encoding \d+ is .*", "corrupted ELF file: invalid data encoding"),
    (r"ELF header", r"it needs \d+ bytes, .*", "corrupted ELF file: file is too short"),
    (r"ELF header", r"e_shentsize is (\d+), .*", r"invalid e_shentsize in ELF header: \1"),
    (r"ELF header", r"e_shstrndx is (\d+), .*",
     r"section header string table index \1 does not exist"),
    (r"section header table", r"\d+ headers of .*", "section table goes past the end of file"),
    (r"header of section (?:\d+).*", r"sh_link is (\d+), .*", r"invalid section index: \1"),
    (r"group in .*", r"its signature, symbol .*", "invalid symbol index"),
    (r"group in .*", r"it is empty", "empty SHT_GROUP"),
    (r"symbol \d+", r"it is defined in section (\d+), .*", r"invalid section index: \1"),
    (r"symbol \d+", NAME.pattern,
     r"st_name (\1) is past the end of the string table of size \2"),
    (r"symbol table in .*", r"\d+ symbols are said to be local, .*",
     "invalid sh_info in symbol table"),
    (r"relocation .*", r"its symbol is \d+, .*", "invalid symbol index"),
    (r"symbol table", r"its 0x\w+ bytes reach beyond .*",
     f"{ARCHIVE} (offset to next archive member past the end of the archive after member /)"),
)  # fmt: skip
"""Part of the file, what is wrong with it, and LLD's words for that, which follow its name."""


def said_of_damage(d: Diagnostic) -> str:
    """LLD's whole line about a file, its name included; "" when there is none for a finding."""
    if d.slug == "unsupported-input":
        met = NOT_LINKED.fullmatch(d.message)
        return f"{met[1]}: unknown file type" if met else ""
    if d.slug == "cannot-read":
        member = MEMBER.fullmatch(d.place)
        text = re.fullmatch(r"cannot find (.*?)(: .*)", d.message) if member else None
        said = "could not get the buffer for a child of the archive"
        return f"{member[1]}: {said}: '{text[1]}'{text[2]}" if member and text else ""
    found = WHERE.fullmatch(d.message) if d.slug == "bad-object" else None
    if found is None:
        return ""
    file, part, what = found["file"], found["part"], found["what"]
    if part == "section header table" and what.startswith("the file has "):
        rest = f"goes past the end of the file: e_shoff = 0x{found['at']}"
        return f"{file}: section header table {rest}"
    section = SECTION.fullmatch(part)
    said = _of_section(file, section[1], section[2] or "", what) if section else ""
    return said or next(
        (
            f"{file}: {met.expand(words)}"
            for pattern, details, words in PARTS
            if re.fullmatch(pattern, part) and (met := re.fullmatch(details, what))
        ),
        "",
    )


def _of_section(file: str, index: str, name: str, what: str) -> str:
    """What is wrong in the header of a section; of some LLD does not name the file."""
    if met := ALIGNMENT.fullmatch(what):
        value = int(met[1], 16)
        if value & (value - 1):
            return f"{file}:({name}): sh_addralign is not a power of 2"
        return f"{file}: section sh_addralign is too large"
    if met := SIZE.fullmatch(what):
        rest = f"which is not a multiple of its sh_entsize ({met[2]})"
        return f"{file}: section [index {index}] has an invalid sh_size ({int(met[1], 16)}) {rest}"
    if met := BEYOND.fullmatch(what):
        fields = f"a sh_offset ({met[2]}) + sh_size ({met[1]})"
        front = f"{file}: " if name in (".symtab", ".strtab", ".group") else ""
        rest = f"that is greater than the file size ({met[3]})"
        return f"{front}section [index {index}] has {fields} {rest}"
    if met := NAME.fullmatch(what):
        rest = "offset which goes past the end of the section name string table"
        return f"a section [index {index}] has an invalid sh_name ({met[1]}) {rest}"
    if met := re.fullmatch(r"entry size (\d+) is not (\d+)", what):
        rest = f"expected {met[2]}, but got {met[1]}"
        return f"{file}: section [index {index}] has invalid sh_entsize: {rest}"
    if met := re.fullmatch(r"relocates section (\d+), .*", what):
        return f"{file}: relocation section (index {index}) has invalid sh_info ({met[1]})"
    return ""
