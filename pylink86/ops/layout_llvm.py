"""Where llvm-objcopy puts things: everything stays as near to where it was as it can.

Sections keep their order.  What lies in a segment moves with the segment, and segments stay at
their offsets; what lies in none follows, in the order of the input's offsets, each at its
alignment;
section headers come last.  Symbol and string tables are written anew in the place of the old ones.

Source: llvm-objcopy 19.1.7 run on the fixtures and on files with segments inside segments.
"""

from __future__ import annotations

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, PHDR, SHDR, SYM
from .assemble import (
    assemble,
    by_old_offset,
    encode_symbols,
    encode_wide_indexes,
    fill_tables,
    fits,
    number_sections,
)
from .draft import GROUP, NEW, PLAIN, RELOC, SHNDX, SHSTRTAB, STRTAB, SYMTAB, Seg, complain, drop
from .strings import by_reversed_spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec


def attach_segments(draft: Draft) -> None:
    """Say which segment each section moves with, and which segment each segment.

    To be asked of the input, before flags and types change.
    """
    for seg in draft.segs:
        for sec in draft.secs:
            if not _within(sec, seg):
                continue
            sec.segments = (*sec.segments, seg)
            if sec.segment is None or sec.segment.old_offset > seg.old_offset:
                sec.segment = seg
    for child in draft.segs:
        child.parent = _parent(child, draft.segs)


def _within(sec: Sec, seg: Seg) -> bool:
    """Is the section part of the segment?  An empty one counts as one byte, so that between two
    segments it belongs to the second."""
    size = sec.size or 1
    if sec.old_offset == NEW:
        return False
    if sec.type == c.SHT_NOBITS:
        if not sec.flags & c.SHF_ALLOC:
            return False
        if bool(sec.flags & c.SHF_TLS) != (seg.type == c.PT_TLS):
            return False
        return seg.vaddr <= sec.addr and seg.vaddr + seg.memsz >= sec.addr + size
    return seg.old_offset <= sec.old_offset and seg.old_offset + seg.filesz >= sec.old_offset + size


def _parent(child: Seg, segs: list[Seg]) -> Seg | None:
    """The outermost segment in which this one begins."""
    around = [
        seg
        for seg in segs
        if seg is not child
        and seg.old_offset <= child.old_offset < seg.old_offset + seg.old_filesz
        and _order(seg) < _order(child)
    ]
    return min(around, key=_order, default=None)


def _order(seg: Seg) -> tuple[int, int, int]:
    """Parents first: by offset, then what is aligned more."""
    return seg.old_offset, -seg.align, seg.index


def lay_out(draft: Draft, *, only_debug: bool = False, headers: bool = True) -> bytes:
    """The bytes of the file.

    only_debug: sections were emptied for --only-keep-debug, so nothing keeps its offset. headers:
    write a section header table.
    """
    if headers and draft.shstrtab is None:
        complain(
            "bad-operation",
            "cannot write section header table because section header string table was removed",
            place=draft.name,
        )
    if headers and draft.shstrtab is not None and draft.shstrtab not in draft.secs:
        draft.shstrtab = None
    _drop_empty_symbol_table(draft)
    number_sections(draft.secs)
    names = _tables(draft)
    end = _place(draft, only_debug)
    shoff = 0
    if headers:
        shoff = -(-end // draft.word) * draft.word
        end = shoff + (len(draft.secs) + 1) * SHDR[draft.elf_class].size
    fits(end, draft.name)
    shstrndx = draft.shstrtab.index if draft.shstrtab is not None else 0
    image = bytearray(end)
    _put_segments(draft, image)
    return assemble(draft, image, (shoff, shstrndx, names))


def _drop_empty_symbol_table(draft: Draft) -> None:
    """A linked file without symbols needs no table of them; an object's relocations point to it."""
    symtab = draft.symtab
    if symtab is None or draft.relocatable or draft.has_relocations or draft.syms:
        return
    strtab = symtab.link
    drop(draft, lambda sec: sec is symtab or (sec is strtab and sec.role == STRTAB))
    draft.symtab = None


def _tables(draft: Draft) -> dict[str, int]:
    """Contents of the tables and their sizes; returns the offsets of section names."""
    names, symbols_at = _string_tables(draft)
    _number_tables(draft, symbols_at)
    renumbered = draft.lost_symbols or any(
        sym is not None and sym.index != number for number, sym in enumerate(draft.by_number)
    )
    fill_tables(draft)
    for sec in draft.secs:
        if sec.role in (SYMTAB, STRTAB, SHSTRTAB, SHNDX, RELOC, GROUP) or (
            sec.type != c.SHT_NOBITS and sec.data
        ):
            sec.size = len(sec.data)
    _links(draft, renumbered)
    return names


def _string_tables(draft: Draft) -> tuple[dict[str, int], dict[str, int]]:
    """Make them; returns where the names of sections and those of symbols are."""
    symtab = draft.symtab
    strtab = symtab.link if symtab is not None else None
    symbol_names = [sym.name for sym in draft.syms] if symtab is not None else []
    section_names = [sec.name for sec in draft.secs]
    shared = strtab is not None and strtab is draft.shstrtab
    mine = [*section_names, *symbol_names] if shared else section_names
    names_data, names = by_reversed_spelling(mine)
    symbols_at = names if shared else dict.fromkeys(symbol_names, 0)
    for sec in draft.secs:
        if sec.role == SHSTRTAB:
            sec.data = names_data
        elif sec is strtab:
            sec.data, symbols_at = by_reversed_spelling(symbol_names)
        elif sec.type == c.SHT_STRTAB and not sec.old_flags & c.SHF_ALLOC and sec.old_offset != NEW:
            sec.data = b"\0"
    return names, symbols_at


def _number_tables(draft: Draft, symbols_at: dict[str, int]) -> None:
    """Symbols, and how large relocations will be."""
    word = draft.word
    for sec in draft.secs:
        if sec.role == SHNDX:
            sec.data = encode_wide_indexes(draft)
        elif sec.role == RELOC and sec.relocs is not None:
            sec.entsize = word * (3 if sec.relocs.with_addend else 2)
            sec.align = word
            sec.size = sec.relocs.count * sec.entsize
            sec.link = draft.symtab
        elif sec.role == SYMTAB:
            sec.entsize = SYM[draft.elf_class].size
            sec.align = word
            sec.data = encode_symbols(draft, symbols_at, nameless_sections=False)
            last = [sym.index for sym in draft.syms if sym.binding == c.STB_LOCAL]
            sec.info = max(last, default=0) + 1


def _links(draft: Draft, renumbered: bool) -> None:
    """What sections say of others; a link to one that is gone is 0."""
    symtab = draft.symtab
    here = set(map(id, draft.secs))
    for sec in draft.secs:
        if sec.role == GROUP:
            if sec.link is not None:
                sec.link = symtab
            _uncomdat(sec)
        elif sec.role == PLAIN and sec.old_type in (c.SHT_REL, c.SHT_RELA):
            sec.info = sec.target.index if sec.target is not None and id(sec.target) in here else 0
        elif sec.role not in (SYMTAB, RELOC, SHNDX) and sec.link is symtab and renumbered:
            # Its numbers of symbols are wrong by now, and 0 says so.
            sec.link = None
        if sec.link is not None and id(sec.link) not in here:
            sec.link = None


def _uncomdat(group: Sec) -> None:
    """A group whose signature became local is nobody's duplicate: GRP_COMDAT goes."""
    if group.signature is not None and group.signature.binding == c.STB_LOCAL:
        flags = int.from_bytes(group.data[:4], "little") & ~1
        group.data = flags.to_bytes(4, "little") + bytes(group.data[4:])


def _place(draft: Draft, only_debug: bool) -> int:
    """Give segments and sections their offsets; returns the end of them all."""
    header = IDENT_SIZE + EHDR[draft.elf_class].size
    table = len(draft.segs) * PHDR[draft.elf_class].size
    first = Seg((c.PT_PHDR, 0, 0, 0, 0, header, header, 0), len(draft.segs))
    phdrs = Seg((c.PT_PHDR, 0, draft.phoff, 0, 0, table, table, draft.word), first.index + 1)
    every = [*draft.segs, first, phdrs]
    first.parent = _parent(first, draft.segs)
    phdrs.parent = _parent(phdrs, draft.segs)
    every.sort(key=_order)
    if only_debug:
        from .debug_only import place_for_debug

        end = place_for_debug(draft, every, header + table)
    else:
        end = _place_segments(every)
        end = _place_sections(draft, end)
    draft.phoff = phdrs.offset if draft.segs else 0
    return end


def _place_segments(every: list[Seg]) -> int:
    end = 0
    for seg in every:
        if seg.parent is not None:
            seg.offset = seg.parent.offset + seg.old_offset - seg.parent.old_offset
        else:
            align = max(seg.align, 1)
            seg.offset = end + (seg.vaddr - end) % align
        end = max(end, seg.offset + seg.filesz)
    return end


def _place_sections(draft: Draft, end: int) -> int:
    loose = []
    for sec in draft.secs:
        if sec.segment is not None:
            sec.offset = sec.segment.offset + sec.old_offset - sec.segment.old_offset
        else:
            loose.append(sec)
    for sec in by_old_offset(loose):
        align = sec.align or 1
        end = -(-end // align) * align
        sec.offset = end
        if sec.type != c.SHT_NOBITS:
            end += sec.size
    return end


def _put_segments(draft: Draft, image: bytearray) -> None:
    """Segments bring along what lies between their sections; what was removed becomes zeros."""
    for seg in draft.segs:
        size = min(seg.filesz, seg.old_filesz)
        image[seg.offset : seg.offset + size] = draft.data[seg.old_offset : seg.old_offset + size]
    for sec in draft.removed:
        if sec.segment is not None and sec.old_type != c.SHT_NOBITS and sec.old_size:
            start = sec.segment.offset + sec.old_offset - sec.segment.old_offset
            end = min(start + sec.old_size, len(image))
            image[start:end] = bytes(max(end - start, 0))
