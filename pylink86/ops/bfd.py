"""How GNU objcopy sees a section: words such as `load` and `contents` beside the ELF header.

BFD, the library below GNU's tools, reads every file format into sections with its own flags, and
writes ELF headers from these flags again.  What has no flag gets lost, or comes back with a
default that depends on the section's name.  These are the tables of that translation, measured with
binutils 2.40.
"""

from __future__ import annotations

from .. import elf_const as c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .draft import Draft, Sec

KEPT = 0x0FF00000 | 0xF0000000
"""Flags of the OS and the processor survive whatever is asked."""

DEBUG_STARTS = (
    ".debug", ".zdebug", ".gnu.debuglto_.debug_", ".gnu.linkonce.wi.", ".line", ".stab",
)  # fmt: skip

SPECIAL: tuple[tuple[str, int, int], ...] = (
    (".note.GNU-stack", c.SHT_PROGBITS, 0),
    (".note", c.SHT_NOTE, 0),
    (".bss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE),
    (".sbss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE),
    (".tbss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE | c.SHF_TLS),
    (".tdata", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_WRITE | c.SHF_TLS),
    (".data", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_WRITE),
    (".rodata", c.SHT_PROGBITS, c.SHF_ALLOC),
    (".text", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_EXECINSTR),
    (".init_array", c.SHT_INIT_ARRAY, c.SHF_ALLOC | c.SHF_WRITE),
    (".fini_array", c.SHT_FINI_ARRAY, c.SHF_ALLOC | c.SHF_WRITE),
    (".preinit_array", c.SHT_PREINIT_ARRAY, c.SHF_ALLOC | c.SHF_WRITE),
)
"""Beginning of a name -> type and flags of a new section that is so called."""

EXACT = (".note.GNU-stack",)


def special(name: str) -> tuple[int, int]:
    """Type and flags that a new section has by its name; (SHT_NULL, 0) for most names."""
    for start, kind, flags in SPECIAL:
        if name == start or (start not in EXACT and name.startswith(start + ".")):
            return kind, flags
        if start == ".note" and name.startswith(start):
            return kind, flags
    return c.SHT_NULL, 0


def words(sec: Sec) -> set[str]:
    """BFD's flags of a section, by the names that --set-section-flags has for them."""
    found = set()
    if sec.type != c.SHT_NOBITS:
        found.add("contents")
    if sec.flags & c.SHF_ALLOC:
        found.add("alloc")
        if sec.type != c.SHT_NOBITS:
            found.add("load")
    if not sec.flags & c.SHF_WRITE:
        found.add("readonly")
    if sec.flags & c.SHF_EXECINSTR:
        found.add("code")
    elif "load" in found:
        found.add("data")
    for word, bit in (("merge", c.SHF_MERGE), ("strings", c.SHF_STRINGS), ("tls", c.SHF_TLS)):
        if sec.flags & bit:
            found.add(word)
    if sec.flags & 0x80000000:
        found.add("exclude")
    if is_debug(sec):
        found.add("debug")
    return found


def is_debug(sec: Sec) -> bool:
    """Does BFD count the section as debug information?"""
    return not sec.flags & c.SHF_ALLOC and (
        sec.was.startswith(DEBUG_STARTS) or sec.was == ".gdb_index"
    )


def set_words(sec: Sec, new: Collection[str]) -> None:
    """Give a section other flags; its type then follows from them and from its name."""
    if set(new) == words(sec):
        return
    flags = sec.flags & (KEPT | c.SHF_GROUP | c.SHF_LINK_ORDER | c.SHF_COMPRESSED)
    for word, bit in (
        ("alloc", c.SHF_ALLOC), ("code", c.SHF_EXECINSTR), ("merge", c.SHF_MERGE),
        ("strings", c.SHF_STRINGS), ("exclude", 0x80000000), ("tls", c.SHF_TLS),
        ("large", 0x10000000),
    ):  # fmt: skip
        if word in new:
            flags |= bit
    if "readonly" not in new:
        flags |= c.SHF_WRITE
    sec.flags = flags
    bare = "alloc" in new and "load" not in new and "contents" not in new
    by_words = c.SHT_NOBITS if bare else c.SHT_PROGBITS
    by_name = special(sec.name)[0]
    sec.type = by_words if by_name in (c.SHT_NULL, c.SHT_NOBITS, c.SHT_NOTE) else by_name
    if "contents" not in new:
        sec.data = b""


def load_address(draft: Draft, sec: Sec) -> int:
    """Where a section is loaded, by program headers of which one has an address; its own address
    when none says so."""
    if not sec.flags & c.SHF_ALLOC:
        return sec.addr
    found = sec.addr
    for seg in draft.segs:
        fits = seg.type == c.PT_LOAD and not sec.flags & c.SHF_TLS
        fits |= seg.type == c.PT_TLS and bool(sec.flags & c.SHF_TLS)
        if not fits or not in_segment(sec, seg):
            continue
        if sec.type == c.SHT_NOBITS:
            found = seg.paddr + sec.addr - seg.vaddr
        else:
            found = seg.paddr + sec.offset - seg.offset
        if seg.vaddr <= sec.addr and sec.addr + sec.size <= seg.vaddr + seg.memsz:
            break
    return found


def in_segment(sec: Sec, seg: object) -> bool:
    """Do address and offset of a section lie in the segment?"""
    from .draft import Seg

    assert isinstance(seg, Seg)
    if sec.flags & c.SHF_TLS:
        if seg.type not in (c.PT_TLS, c.PT_GNU_RELRO, c.PT_LOAD):
            return False
    elif seg.type in (c.PT_TLS, c.PT_PHDR):
        return False
    if not sec.flags & c.SHF_ALLOC and seg.type in (
        c.PT_LOAD, c.PT_DYNAMIC, c.PT_GNU_EH_FRAME, c.PT_GNU_STACK, c.PT_GNU_RELRO,
    ):  # fmt: skip
        return False
    bare = sec.type == c.SHT_NOBITS
    size = 0 if bare and sec.flags & c.SHF_TLS and seg.type != c.PT_TLS else sec.size
    if not bare and not (
        seg.old_offset <= sec.old_offset
        and sec.old_offset + size <= seg.old_offset + seg.old_filesz
    ):
        return False
    if sec.flags & c.SHF_ALLOC and not (
        seg.vaddr <= sec.addr and sec.addr + size <= seg.vaddr + seg.memsz
    ):
        return False
    if seg.type in (c.PT_DYNAMIC, c.PT_NOTE) and not sec.size and seg.memsz:
        return seg.vaddr < sec.addr < seg.vaddr + seg.memsz
    return True
