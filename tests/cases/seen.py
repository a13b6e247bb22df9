"""What can be seen of a linked file from outside, in a few words that two linkers can agree on.

A raw image is its bytes.  Of an ELF file: the entry, the sections that occupy memory with address,
load address and bytes, the symbols that the script speaks of, and, where a case is about them, the
segments.  How string tables are packed or symbols sorted is of no interest here.
"""

from __future__ import annotations

import re

from pylink86 import ObjectFile, read_bytes
from pylink86 import elf_const as c
from pylink86.model import Symbol

FLAGS = ((c.SHF_WRITE, "w"), (c.SHF_ALLOC, "a"), (c.SHF_EXECINSTR, "x"), (c.SHF_TLS, "T"))
RIGHTS = ((c.PF_R, "r"), (c.PF_W, "w"), (c.PF_X, "x"))
LONGEST = 96
"""Bytes that are shown in full; of longer contents a sum tells whether they are equal."""


def seen(data: bytes, script: str, segments: bool = False) -> list[str]:
    """The lines that describe an output file."""
    if data[:4] != b"\x7fELF":
        return [f"{len(data)} bytes: {packed(data)}"]
    obj = read_bytes(data, "out")
    lines = [f"entry {obj.header.entry:#x}"] if obj.header.entry else []
    lines += _sections(obj)
    lines += _symbols(obj, set(re.findall(r'[\w.$-]+|"[^"]+"', script)))
    if segments:
        lines += _segments(obj)
    return lines


def _sections(obj: ObjectFile) -> list[str]:
    found = []
    for section in obj:
        if not section.flags & c.SHF_ALLOC:
            continue
        lma = _load_address(obj, section.addr, section.size)
        at = f" at {lma:#x}" if lma != section.addr else ""
        letters = "".join(letter for bit, letter in FLAGS if section.flags & bit)
        line = f"{section.name} {section.addr:#x}{at} {letters}"
        if section.type == c.SHT_NOBITS:
            line += f" nobits: {section.size} bytes"
        else:
            kind = c.SHT_NAMES.get(section.type, hex(section.type)).lower()
            line += "" if kind == "progbits" else f" {kind}"
            line += f": {packed(bytes(section.content))}"
        found.append(line)
    return found


def _load_address(obj: ObjectFile, vma: int, size: int) -> int:
    """p_paddr instead of p_vaddr, for sections inside a PT_LOAD."""
    for segment in obj.segments:
        inside = segment.vaddr <= vma and vma + size <= segment.vaddr + segment.memsz
        if segment.type == c.PT_LOAD and inside:
            return vma - segment.vaddr + segment.paddr
    return vma


def _symbols(obj: ObjectFile, names: set[str]) -> list[str]:
    found = []
    for index, name in enumerate(obj.symbols.names):
        symbol = Symbol(obj, index)
        if not name or (name not in names and f'"{name}"' not in names):
            continue
        if symbol.type in (c.STT_SECTION, c.STT_FILE):
            continue
        value = {c.SHN_UNDEF: "undefined", c.SHN_COMMON: "COMMON"}.get(symbol.shndx)
        local = " (local)" if symbol.binding == c.STB_LOCAL else ""
        found.append(f"{name} = {value or hex(symbol.value)}{local}")
    return sorted(found)


def _segments(obj: ObjectFile) -> list[str]:
    found = []
    for s in obj.segments:
        kind = c.PT_NAMES.get(s.type, hex(s.type))
        allowed = "".join(letter for bit, letter in RIGHTS if s.flags & bit)
        at = f" at {s.paddr:#x}" if s.paddr != s.vaddr else ""
        memory = f", {s.memsz:#x} of memory" if s.memsz != s.filesz else ""
        found.append(
            f"{kind} {s.vaddr:#x}{at} {allowed}: {s.filesz:#x} bytes from {s.offset:#x}{memory}"
            f", align {s.align:#x}"
        )
    return found


def packed(data: bytes) -> str:
    """Bytes in hexadecimal, `00*4` is four of them."""
    runs = [(m.group(0)[:1], len(m.group(0))) for m in re.finditer(rb"(.)\1*", data, re.DOTALL)]
    words = []
    for byte, count in runs:
        text = byte.hex()
        words += [f"{text}*{count}"] if count > 2 else [text] * count
    if len(words) > LONGEST:
        import zlib

        return f"{len(data)} bytes, crc32 {zlib.crc32(data):08x}"
    return " ".join(words)
