"""What the messages of `pyobjcopy`, `pystrip` and their kin mean; see `explanations`."""

from __future__ import annotations

OBJCOPY_TEXTS = {
    "bad-operation": """
An object file is a net: relocations name symbols, symbols lie in sections, sections name other
sections.  The operation asked for would have left a hole in it, so nothing was written.

Cure: the message names both ends.  Take out what points there, too (its relocation section, the
symbol), or keep what is pointed at (--keep-section, --keep-symbol).
""",
    "cannot-convert": """
Objects of 32 and 64 bits do not differ in their header alone: i386 keeps the addend of a relocation
in the bytes that it patches, x86-64 beside it, and the relocation types are others.  pylink86
translates them, but a 64-bit address does not fit into a 32-bit field, and some relocations of one
world do not exist in the other.  Other tools write a file here that links to wrong code.

Cure: compile for the class you need; or do not convert at all: pylink86 links objects of both
classes into one image.
""",
    "no-such-section": """
An option names a section that the file does not have.  `pylink86 sections FILE` lists those it has.
""",
    "no-input": """
No file was named, so there is nothing to copy; the first word that is no option is the input.

Example: `pyobjcopy -O binary kernel.elf kernel.bin`.
""",
    "too-many-inputs": """
objcopy takes one file and, as a second name, where to write the result.  strip takes any number of
files and changes each in place; with -o it takes one.
""",
    "unsupported-output": """
The format asked for is known, but it is not written.  The formats are the ELF targets of x86, and
binary, srec, ihex and verilog.
""",
}
