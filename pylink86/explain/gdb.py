"""`--gdb-script`: gdb commands for an image that changes the processor's mode as it runs.

A raw image has no symbols, and gdb reads code by one architecture at a time: a boot sector that
starts in 16 bits and ends in 64 is nonsense in two thirds of its listing.  So the script loads the
image's twin, the same link as ELF with symbols and DWARF, and whenever the machine stops sets the
architecture of the code it stopped in: i8086, i386 or i386:x86-64.

How wide code is, no object file says.  What is taken as a sign, strongest first:
- a label named for it (`start32`, `code16`, `bits64`, `long_mode`): from there to the next such
  label or the end of the input section;
- relocations of 16 bits in an input section: 16-bit code up to the first such label;
- the file's class: ELF32 is 32-bit code, ELF64 64-bit code.

A machine that describes its registers as 64-bit (qemu-system-x86_64) makes gdb refuse the other
two: the script then leaves the architecture alone.  qemu-system-i386 switches between 16 and 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .. import elf_const as c
from ..passes.matching.match import SectionId
from ..passes.placement import INPUT
from ..result import LinkResult

ARCHITECTURES = {16: "i8086", 32: "i386", 64: "i386:x86-64"}

WIDTH = re.compile(r"(?:^_*|[.$])(?:code|bits|start|entry|mode)_?(16|32|64)$")
MODE = re.compile(r"(?:^_*|[.$])(real|protected|long)_?mode(?:_(?:start|entry|code|begin))?$")
MODES = {"real": 16, "protected": 32, "long": 64}

SHORT_RELOCATIONS = {c.EM_386: frozenset({20, 21}), c.EM_X86_64: frozenset({12, 13})}
"""R_386_16, R_386_PC16; R_X86_64_16, R_X86_64_PC16."""


class Range(NamedTuple):
    """Code of one width at [start, end)."""

    start: int
    end: int
    width: int


def gdb_script(result: LinkResult, twin: str, image: str = "") -> str:
    """The commands.  twin: the ELF file that gdb reads; image: what runs, for the comment."""
    lines = [
        f"# gdb commands for {image or twin}: gdb -x THIS_FILE, then `target remote :1234'.",
        "# Start the machine with, say: qemu-system-i386 -s -S -drive format=raw,file=...",
        # Without a system below, gdb need not look for the conventions of one.
        "set osabi none",
        f"file {_quoted(twin)}",
        "",
        "define pylink86-architecture-at",
        "  with language c -- set $pylink86_at = (unsigned long long) ($arg0)",
    ]
    for found in code_ranges(result):
        within = f"$pylink86_at >= {found.start:#x} && $pylink86_at < {found.end:#x}"
        able = "" if found.width == 64 else " && ($_thread == 0 || $_isvoid($rip))"
        lines += [
            f"  if {within}{able}",
            f"    set architecture {ARCHITECTURES[found.width]}",
            "  end",
        ]
    lines += [
        "end",
        "document pylink86-architecture-at",
        "Read code as the processor does at an address: pylink86-architecture-at ADDRESS.",
        "end",
        "",
        "define hook-stop",
        "  pylink86-architecture-at $pc",
        "end",
    ]
    return "".join(f"{line}\n" for line in lines)


def code_ranges(result: LinkResult) -> list[Range]:
    """The code of the link by width, lowest address first; neighbours of one width are one."""
    found: list[Range] = []
    for part in sorted(_parts(result)):
        last = found[-1] if found else None
        if last is not None and last.width == part.width and last.end <= part.start:
            found[-1] = last._replace(end=part.end)
        else:
            found.append(part)
    return found


def _parts(result: LinkResult) -> Iterator[Range]:
    """The pieces of executable sections, cut where labels say that the width changes."""
    marks = _marks(result)
    for section in result.placed.sections:
        if section.plan.dropped or not section.plan.flags & c.SHF_EXECINSTR:
            continue
        for piece in section.pieces:
            if piece.kind != INPUT or not isinstance(piece.origin, int):
                continue
            start = section.vma + piece.sec_off
            end = start + piece.size
            width = _width(result, piece.origin)
            for at, next_width in sorted(marks.get(piece.origin, ())):
                if start < at < end:
                    yield Range(start, at, width)
                    start = at
                width = next_width
            yield Range(start, end, width)


def _width(result: LinkResult, sid: SectionId) -> int:
    """The width an input section begins with."""
    number = result.table.owner_file(sid)
    obj = result.resolution.files[number]
    short = SHORT_RELOCATIONS.get(obj.header.machine, frozenset())
    for index in obj.relocation_sections.get(sid - result.table.base[number], ()):
        if not short.isdisjoint(obj.relocations(index).type):
            return 16
    return obj.header.elf_class


def _marks(result: LinkResult) -> dict[SectionId, list[tuple[int, int]]]:
    """For each input section the labels that name a width: (address, width)."""
    found: dict[SectionId, list[tuple[int, int]]] = {}
    placed, table = result.placed, result.table
    for number, obj in enumerate(result.resolution.files[:-1]):
        for index, name in enumerate(obj.symbols.names):
            width = named_width(name)
            shndx = obj.symbols.shndx[index]
            where = placed.addresses.of_symbol(number, index) if width and shndx > 0 else None
            if where is not None and not isinstance(where, int):
                address = placed.sections[where[0]].vma + where[1]
                found.setdefault(table.base[number] + shndx, []).append((address, width))
    return found


def named_width(name: str) -> int:
    """The width of code a label is named for; 0 when it says nothing of the kind."""
    width = WIDTH.search(name)
    if width:
        return int(width.group(1))
    mode = MODE.search(name)
    return MODES[mode.group(1)] if mode else 0


def _quoted(path: str) -> str:
    """A path as gdb's `file` takes it: in double quotes, with these and backslashes escaped."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
