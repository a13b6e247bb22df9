"""Files that are no ELF as drafts: raw bytes, S-records, Intel HEX.

`objcopy -I binary` wraps a file in an object: a section `.data` and three symbols called after the
file, `_binary_FILE_start`, `_end` and `_size`, with every byte that is no letter or digit replaced
by `_`.  That is how a kernel gets into a boot loader.
"""

from __future__ import annotations

from .. import elf_const as c
from .draft import SHSTRTAB, SYMTAB, Draft, Sec, Sym, complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

TARGETS = {
    "elf64-x86-64": (64, c.EM_X86_64),
    "elf32-x86-64": (32, c.EM_X86_64),
    "elf32-i386": (32, c.EM_386),
    "elf32-iamcu": (32, c.EM_IAMCU),
    "elf64-x86-64-freebsd": (64, c.EM_X86_64),
    "elf32-i386-freebsd": (32, c.EM_386),
}
"""BFD's names of the ELF files that can be written: class and machine."""

OSABI = {"elf64-x86-64-freebsd": 9, "elf32-i386-freebsd": 9}
"""What e_ident says of the system, where a target's name does."""

IMAGES = ("binary", "srec", "ihex", "verilog", "symbolsrec")

ARCHES = {
    "i386": (32, c.EM_386), "i386:x86-64": (64, c.EM_X86_64), "i386:x64-32": (32, c.EM_X86_64),
    "i386:intel": (32, c.EM_386), "i8086": (32, c.EM_386), "i386:x86-64:intel": (64, c.EM_X86_64),
}  # fmt: skip


def symbol_stem(path: str) -> str:
    """`_binary_` and the path, with `_` for what is no letter or digit."""
    raw = path.encode("utf-8", "surrogateescape")
    letters = [chr(b) if chr(b).isascii() and chr(b).isalnum() else "_" for b in raw]
    return "_binary_" + "".join(letters)


def from_binary(data: bytes, path: str, target: str, *, llvm: bool, visibility: int = 0) -> Draft:
    """Raw bytes as an object of one section; llvm: with llvm-objcopy's tables in front."""
    sec = Sec(".data", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_WRITE, data)
    draft = _draft([sec], path, target, llvm=llvm)
    stem = symbol_stem(path)
    for name, place, value in (
        ("start", sec, 0),
        ("end", sec, len(data)),
        ("size", None, len(data)),
    ):
        sym = Sym(f"{stem}_{name}", value)
        sym.binding, sym.sec, sym.place, sym.other = c.STB_GLOBAL, place, c.SHN_ABS, visibility
        draft.syms.append(sym)
    for index, sym in enumerate(draft.syms, 1):
        sym.index = index
    return draft


def from_records(kind: str, data: bytes, path: str, target: str, *, llvm: bool) -> Draft:
    """S-records (`srec`) or Intel HEX (`ihex`): a section for each run of bytes."""
    if kind == "srec":
        from ..formats.srec import read_srec as read
    else:
        from ..formats.ihex import read_ihex as read
    obj = read(data, path)
    secs = []
    for found in obj:
        sec = Sec(found.name, c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_WRITE, bytes(found.content))
        if sec.size and found.name.startswith(".sec"):
            sec.addr = sec.lma = found.addr
            secs.append(sec)
    if llvm:
        if not secs:
            complain("unsupported-input", "no sections", place=path)
        for sec in secs:
            sec.old_offset = 0  # which puts them before the tables
    draft = _draft(secs, path, target, llvm=llvm)
    draft.entry = obj.header.entry
    return draft


def _draft(secs: Iterable[Sec], path: str, target: str, *, llvm: bool) -> Draft:
    elf_class, machine = TARGETS.get(target, TARGETS["elf64-x86-64"])
    draft = Draft(path, elf_class, machine)
    draft.osabi = OSABI.get(target, 0)
    if llvm:
        # One table for names of sections and symbols, in front; the contents are laid out first.
        strtab, symtab = Sec(".strtab", c.SHT_STRTAB), Sec(".symtab", c.SHT_SYMTAB)
        strtab.role, symtab.role = SHSTRTAB, SYMTAB
        symtab.link = strtab
        draft.secs = [strtab, symtab]
        draft.symtab, draft.shstrtab = symtab, strtab
    draft.secs += secs
    for index, sec in enumerate(draft.secs, 1):
        sec.index = sec.old_index = index
    return draft
