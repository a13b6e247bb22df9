"""Where GNU objcopy puts things: every file comes out as if it were new.

Sections keep their order, but what BFD makes itself moves: groups are numbered first, each
relocation table follows its target, and the tables of symbols and names come last, never shared.
In the file, contents come first, then symbols and their names, then relocations, then the names of
sections, then the section headers.  Alignments become powers of two, and a table that became empty
is left out.

Source: GNU objcopy 2.40 run on the fixtures, and on objects of gas, nasm, rustc and clang.
"""

from __future__ import annotations

from .. import elf_const as c
from ..elf_tables import EHDR, IDENT_SIZE, SHDR, SYM
from .assemble import (
    assemble_new,
    encode_symbols,
    encode_wide_indexes,
    fill_tables,
    fits,
    number_sections,
)
from .bfd import ring_order, type_by_name, words
from .draft import GROUP, PLAIN, RELOC, SHNDX, SHSTRTAB, STRTAB, SYMTAB, Sec, number_symbols
from .strings import in_order_of_appearance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .draft import Draft


def lay_out(draft: Draft) -> bytes:
    """The bytes of the file."""
    body = [sec for sec in draft.secs if sec.role in (PLAIN, GROUP)]
    relocs = _relocation_tables(draft, body)
    _normalize(draft, body)
    every = [sec for sec in body if sec.role == GROUP]
    every += [one for sec in body if sec.role != GROUP for one in (sec, *relocs.get(id(sec), ()))]
    tables = _tables(draft, bool(relocs), len(every))
    names, at = _section_names(body, relocs, tables)
    draft.secs = [*every, *tables]
    number_sections(draft.secs)
    _group_members(draft, relocs)
    _fill(draft, tables, names)
    shoff = _place(draft, body, tables, [t for rows in relocs.values() for t in rows])
    end = shoff + (len(draft.secs) + 1) * SHDR[draft.elf_class].size
    fits(end, draft.name)
    draft.ident_pad, draft.version = bytes(7), 1
    return assemble_new(draft, end, (shoff, draft.secs[-1].index, at))


def _relocation_tables(draft: Draft, body: list[Sec]) -> dict[int, list[Sec]]:
    """By id of the target, its tables that are not empty, called after it."""
    found: dict[int, list[Sec]] = {}
    stays = set(map(id, body))
    word = draft.word
    for sec in draft.secs:
        target = sec.target
        if sec.role != RELOC or target is None or id(target) not in stays:
            continue
        relocs = sec.relocs
        if relocs is None or not sec.old_size:
            continue
        rela = relocs.with_addend
        sec.type = c.SHT_RELA if rela else c.SHT_REL
        sec.name = (".rela" if rela else ".rel") + target.name
        sec.flags = c.SHF_INFO_LINK | target.flags & c.SHF_GROUP
        sec.addr = 0
        sec.align = word
        sec.entsize = entsize = word * (3 if rela else 2)
        sec.size = relocs.count * entsize
        others = found.get(id(target))
        if others is None:
            found[id(target)] = [sec]
        else:
            found[id(target)] = sorted([*others, sec], key=lambda s: -s.type)
    return found


ENTRY_SIZES = {
    c.SHT_INIT_ARRAY: (4, 8), c.SHT_FINI_ARRAY: (4, 8), c.SHT_PREINIT_ARRAY: (4, 8),
    c.SHT_HASH: (4, 4), c.SHT_DYNSYM: (16, 24), c.SHT_DYNAMIC: (8, 16), c.SHT_GROUP: (4, 4),
    c.SHT_REL: (8, 16), c.SHT_RELA: (12, 24), c.SHT_GNU_HASH: (4, 0), c.SHT_GNU_VERSYM: (2, 2),
}  # fmt: skip
"""Types whose entries have a size of their own, in files of 32 and 64 bits."""


def _normalize(draft: Draft, body: list[Sec]) -> None:
    """Alignments are powers of two; flags that BFD has no word for are gone."""
    tables = (c.SHT_REL, c.SHT_RELA)
    by_class = draft.elf_class // 32 - 1
    for sec in body:
        if sec.align > 1 or sec.addr:
            sec.asked_align = 1 << max(sec.align - 1, 0).bit_length()
            align = sec.asked_align | sec.addr
            sec.align = align & -align
        else:
            sec.align = 1
        sec.flags &= ~c.SHF_OS_NONCONFORMING
        kind = type_by_name(sec.name, draft.machine)
        if kind and sec.role == PLAIN and not sec.emptied:
            sec.words = frozenset(words(sec))
            sec.type = kind
        if sec.type not in tables:
            sec.flags &= ~c.SHF_INFO_LINK
        if sec.type in ENTRY_SIZES:
            sec.entsize = ENTRY_SIZES[sec.type][by_class]
        if sec.role == GROUP:
            sec.flags = 0


def _tables(draft: Draft, has_relocations: bool, count: int) -> list[Sec]:
    """.symtab, .symtab_shndx, .strtab (when there is something to put into them), .shstrtab."""
    shstrtab = Sec(".shstrtab", c.SHT_STRTAB)
    shstrtab.role = SHSTRTAB
    empty = not draft.syms and not draft.empty_table
    if empty and not (has_relocations and draft.relocatable):
        draft.symtab = None
        return [shstrtab]
    symtab, strtab = Sec(".symtab", c.SHT_SYMTAB), Sec(".strtab", c.SHT_STRTAB)
    symtab.role, strtab.role = SYMTAB, STRTAB
    symtab.align, symtab.entsize = draft.word, SYM[draft.elf_class].size
    symtab.link = strtab
    draft.symtab = symtab
    tables = [symtab, strtab, shstrtab]
    if count + 4 > c.SHN_LORESERVE:
        wide = Sec(".symtab_shndx", c.SHT_SYMTAB_SHNDX)
        wide.role, wide.link, wide.align, wide.entsize = SHNDX, symtab, 4, 4
        tables.insert(1, wide)
    return tables


def _section_names(
    body: list[Sec], relocs: dict[int, list[Sec]], tables: list[Sec]
) -> tuple[bytes, dict[str, int]]:
    """The table of section names: its own kind first, then each section and its relocations."""
    order = [table.name for table in tables]
    for sec in body:
        order.append(sec.name)
        order += [table.name for table in relocs.get(id(sec), ())]
    return in_order_of_appearance(order)


def _group_members(draft: Draft, relocs: dict[int, list[Sec]]) -> None:
    """Relocation tables are members of their target's group."""
    here = set(map(id, draft.secs))
    for sec in draft.secs:
        if sec.role == GROUP:
            members: list[Sec] = []
            for member in _in_ring_order(sec.members):
                if id(member) in here:
                    members += [member, *relocs.get(id(member), ())]
            sec.members = members
            sec.size = 4 * (len(members) + 1)
            sec.link = draft.symtab


def _in_ring_order(members: Sequence[Sec]) -> list[Sec]:
    """A group's sections as BFD lists them, relocations left out."""
    by_number = {sec.old_index: sec for sec in members if sec.role != RELOC}
    return [by_number[number] for number in ring_order(list(by_number))]


def _fill(draft: Draft, tables: list[Sec], section_names: bytes) -> None:
    """Contents of all tables."""
    draft.syms = number_symbols(draft.syms)
    here = set(map(id, draft.secs))
    # BFD copies links when it closes the output, and they count if the headers are made by then:
    # the first contents that are copied do that.
    begun = any(sec.role == PLAIN and len(sec.data) for sec in draft.secs)
    for sym in draft.syms:
        if sym.sec is not None and id(sym.sec) not in here:
            sym.sec, sym.place = None, c.SHN_ABS
    symtab = draft.symtab
    for sec in draft.secs:
        if sec.role == RELOC:
            sec.link = symtab
        elif sec.type == c.SHT_PROGBITS and sec.link is None and not sec.name.startswith(".stab"):
            continue  # most sections of most files
        elif sec.type in BY_NAME or sec.type in (c.SHT_REL, c.SHT_RELA):
            _link_by_name(draft, sec)
        elif sec.role == PLAIN:
            sec.link = _plain_link(draft, sec, here, begun)
    if symtab is not None and symtab.link is not None:
        named = [sym.name for sym in draft.syms if sym.type != c.STT_SECTION]
        symtab.link.data, at = in_order_of_appearance(named)
        symtab.data = encode_symbols(draft, at, nameless_sections=True)
        symtab.info = [sym.binding for sym in draft.syms].count(c.STB_LOCAL) + 1
    for table in tables:
        if table.role == SHNDX:
            table.data = encode_wide_indexes(draft)
        elif table.role == SHSTRTAB:
            table.data = section_names
        table.size = len(table.data)
    fill_tables(draft)


BY_NAME = {
    c.SHT_DYNAMIC: ".dynstr", c.SHT_DYNSYM: ".dynstr", c.SHT_GNU_VERNEED: ".dynstr",
    c.SHT_GNU_VERDEF: ".dynstr", c.SHT_HASH: ".dynsym", c.SHT_GNU_HASH: ".dynsym",
    c.SHT_GNU_VERSYM: ".dynsym", c.SHT_GNU_LIBLIST: ".dynstr",
}  # fmt: skip
"""Types of dynamic linking -> the section their sh_link means, which BFD looks up by name."""


def _plain_link(draft: Draft, sec: Sec, here: set[int], begun: bool) -> Sec | None:
    """sh_link of an ordinary section: BFD keeps that of SHF_LINK_ORDER, of types of the OS and of
    what --only-keep-debug emptied, and knows that `.stab` means `.stabstr`."""
    if sec.name.startswith(".stab") and not sec.name.endswith("str"):
        return next((s for s in draft.secs if s.name == sec.name + "str"), None)
    bare = begun and sec.type == c.SHT_NOBITS and (sec.emptied or sec.old_type != sec.type)
    if bare and sec.link is not None and sec.link.role == SYMTAB:
        return draft.symtab
    kept = sec.flags & c.SHF_LINK_ORDER or bare or (begun and sec.type >= 0x60000000)
    return sec.link if kept and sec.link is not None and id(sec.link) in here else None


def _link_by_name(draft: Draft, sec: Sec) -> None:
    """sh_link of a section of dynamic linking; a relocation table among them also gets sh_info."""
    by_name = {s.name: s for s in reversed(draft.secs)}
    if sec.type in BY_NAME:
        sec.link = by_name.get(BY_NAME[sec.type])
        return
    sec.link = by_name.get(".dynsym", draft.symtab) if sec.alloc else draft.symtab
    start = 5 if sec.type == c.SHT_RELA else 4
    what = sec.name[start:]
    names = (".got.plt", ".got") if what == ".plt" else (what,)
    target = next((by_name[name] for name in names if name in by_name), None)
    sec.info, sec.flags = 0, sec.flags & ~c.SHF_INFO_LINK
    if target is not None:
        sec.info = target.index
        sec.flags |= c.SHF_INFO_LINK


def _place(draft: Draft, body: list[Sec], tables: list[Sec], relocs: list[Sec]) -> int:
    """Offsets of everything; returns that of the section headers."""
    end = IDENT_SIZE + EHDR[draft.elf_class].size
    order = [sec for sec in draft.secs if sec.role in (PLAIN, GROUP)]
    if draft.segs:
        from .segments_gnu import place_segments

        heads, end = end, place_segments(draft, body)
        draft.phoff = heads if draft.segs else 0
        order = []
    else:
        draft.phoff = 0
    inner = [table for table in tables if table.role != SHSTRTAB]
    in_order = {id(table): table for table in relocs}
    for sec in [
        *order,
        *inner,
        *[sec for sec in draft.secs if id(sec) in in_order],
        tables[-1],
    ]:
        if sec.align > 1:
            end = -(-end // sec.align) * sec.align
        sec.offset = end
        if sec.type != c.SHT_NOBITS:
            end += sec.size
    return -(-end // draft.word) * draft.word
