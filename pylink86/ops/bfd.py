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
    from collections.abc import Collection, Sequence

    from .draft import Draft, Sec, Seg

KEPT = 0x0FF00000 | 0xF0000000
"""Flags of the OS and the processor survive whatever is asked."""

DEBUG_STARTS = (
    ".debug", ".zdebug", ".gnu.debuglto_.debug_", ".gnu.linkonce.wi.", ".line", ".stab",
)  # fmt: skip

GLOBAL = (c.STB_GLOBAL, c.STB_WEAK, 10)
"""Bindings of names that others see; 10 is STB_GNU_UNIQUE."""

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


NAMED = {
    ".dynamic": c.SHT_DYNAMIC, ".dynstr": c.SHT_STRTAB, ".dynsym": c.SHT_DYNSYM,
    ".hash": c.SHT_HASH, ".gnu.hash": c.SHT_GNU_HASH, ".gnu.version": c.SHT_GNU_VERSYM,
    ".gnu.version_d": c.SHT_GNU_VERDEF, ".gnu.version_r": c.SHT_GNU_VERNEED,
    ".gnu.liblist": c.SHT_GNU_LIBLIST, ".gnu.conflict": c.SHT_RELA,
    ".shstrtab": c.SHT_STRTAB, ".strtab": c.SHT_STRTAB, ".symtab": c.SHT_SYMTAB,
}  # fmt: skip
"""Names that decide the type, whatever the input says."""


MAY_DECIDE = frozenset((
    ".dyn", ".has", ".gnu", ".shs", ".str", ".sym", ".rel", ".sta", ".ini", ".fin", ".pre",
))  # fmt: skip
"""How names begin that may decide the type: most do not, and a file may have 20,000."""


def type_by_name(name: str, machine: int) -> int:
    """The type that a section has because it is called so; SHT_NULL for most names.

    On i386, whose relocations have no addend, every `.rel...` counts as one of their tables.
    """
    if name[:4] not in MAY_DECIDE:
        return c.SHT_NULL
    if name in NAMED:
        return NAMED[name]
    if name.startswith(".rela"):
        return c.SHT_RELA
    if name.startswith(".rel") and (machine != c.EM_X86_64 or name[4:5] in ("", ".")):
        return c.SHT_REL
    if name.startswith(".stab") and name.endswith("str"):
        return c.SHT_STRTAB
    kind = special(name)[0]
    return kind if kind in (c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY) else c.SHT_NULL


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
    if sec.words is not None:
        return set(sec.words)
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


def set_words(sec: Sec, new: Collection[str], *, always: bool = False) -> None:
    """Give a section other flags; its type then follows from them and from its name.

    always: even when they are the same.
    """
    if set(new) == words(sec) and not always:
        return
    sec.words = frozenset(new)
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


def ring_order(members: Sequence[int]) -> list[int]:
    """A group's sections, by number, in the order BFD lists them: it reads sections by number, and
    puts each into a ring behind the first in the group's own order that is there already."""
    behind: dict[int, int] = {}
    last = None
    for new in sorted(members):
        before = next((one for one in members if one in behind), new)
        behind[new] = behind.get(before, new)
        behind[before] = new
        last = new
    ring: list[int] = []
    while last is not None and len(ring) < len(members):
        ring.append(last)
        last = behind[last]
    return ring[::-1]


class Was:
    """A section as BFD read it; align is a power of two, words are those of `words`.

    A plain class: this module is imported in every run, and `typing` costs more than the edit.
    """

    __slots__ = ("addr", "align", "flags", "lma", "offset", "size", "type", "words")

    def __init__(self, sec: Sec) -> None:
        self.type, self.flags, self.size = sec.type, sec.flags, sec.size
        self.addr = self.lma = sec.addr
        self.offset = sec.offset
        self.align = power_of_two(sec.align)
        self.words = frozenset(words(sec))


def remember(draft: Draft) -> None:
    """Give sections their load addresses, and note what they were before the edit: that decides
    what their segments become."""
    # Some linkers leave all load addresses zero.
    loads = sum(seg.type == c.PT_LOAD and seg.memsz > 0 for seg in draft.segs)
    known = loads <= 1 or any(seg.paddr for seg in draft.segs)
    for sec in draft.secs:
        sec.before = was = Was(sec)
        if known:
            was.lma = _load_address(draft, was)
        sec.lma = was.lma


def power_of_two(align: int) -> int:
    """The next power of two, which is how BFD keeps alignments."""
    return 1 << max(align - 1, 0).bit_length()


def _load_address(draft: Draft, was: Was) -> int:
    """Where a section is loaded, by program headers; its own address when none says so."""
    found = was.addr
    if not was.flags & c.SHF_ALLOC:
        return found
    for seg in draft.segs:
        if seg.type not in (c.PT_LOAD, c.PT_TLS) or not in_segment(was, seg):
            continue
        if seg.type == c.PT_LOAD and was.flags & c.SHF_TLS:
            continue
        if "load" in was.words:
            found = seg.paddr + was.offset - seg.offset
        else:
            found = seg.paddr + was.addr - seg.vaddr
        if seg.vaddr <= was.addr and was.addr + was.size <= seg.vaddr + seg.memsz:
            break
    return found


FOR_LOADED = (
    c.PT_LOAD, c.PT_DYNAMIC, c.PT_GNU_EH_FRAME, c.PT_GNU_STACK, c.PT_GNU_RELRO,
)  # fmt: skip
"""Segments that hold nothing but allocated sections."""


def in_segment(was: Was, seg: Seg) -> bool:
    """Do address and offset of a section lie in the segment?"""
    thread, alloc = was.flags & c.SHF_TLS, was.flags & c.SHF_ALLOC
    if thread and seg.type not in (c.PT_TLS, c.PT_GNU_RELRO, c.PT_LOAD):
        return False
    if not thread and seg.type in (c.PT_TLS, c.PT_PHDR):
        return False
    if not alloc and seg.type in FOR_LOADED:
        return False
    bare = was.type == c.SHT_NOBITS
    size = 0 if bare and thread and seg.type != c.PT_TLS else was.size
    if not bare and not (seg.offset <= was.offset and was.offset + size <= seg.offset + seg.filesz):
        return False
    if alloc and not (seg.vaddr <= was.addr and was.addr + size <= seg.vaddr + seg.memsz):
        return False
    if seg.type not in (c.PT_DYNAMIC, c.PT_NOTE) or was.size or not seg.memsz:
        return True
    # What is empty does not count at the start and the end of these.
    in_file = bare or seg.offset < was.offset < seg.offset + seg.filesz
    in_memory = not alloc or seg.vaddr < was.addr < seg.vaddr + seg.memsz
    return in_file and in_memory
