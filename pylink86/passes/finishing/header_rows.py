"""Each section header of an ELF output, and the bytes it describes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import elf_const as c
from ...arch import word_of
from ...diag import fail
from ...dialect import Dialect
from ...model import ObjectFile, SectionRow
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..names.special_names import special_type
from ..ordering.order import OutputPlan
from ..own.own_place import own_place
from ..own.table_form import entry_size
from ..placement import PlacedSection, Placement
from ..placing.locate import Addresses
from ..relocating.relocate import Patched
from ..section_list import SectionId, SectionList, linked_sections
from ..segmenting.segments import told_align
from ..segmenting.segments_gnu import stack_flags
from .heads import Head
from .symbols_out import OutSymbols

if TYPE_CHECKING:
    from ..relocating.combine import KeptGroup, KeptTable

MASK = (1 << 64) - 1


def describe_sections(
    heads: list[Head],
    where: dict[int, int],
    placed: Placement,
    patched: Patched,
    symbols: OutSymbols | None,
    options: ElfOptions,
    elf_class: int,
    dialect: Dialect,
) -> tuple[list[SectionRow], list[bytes]]:
    """Headers and contents; links to the symbol table are left at 0."""
    contents = {h.section: bytearray(patched.contents[h.section]) for h in heads if h.section >= 0}
    encoded: dict[KeptTable, bytes] = {}
    has_addends = _has_addends(placed, elf_class)
    tables = [(head.table, head.section) for head in heads if head.table is not None]
    if symbols is not None and tables:
        from ..relocating.combine import Combiner

        combiner = Combiner(
            placed, symbols, where, options.relocatable, has_addends, dialect.tables_like_gnu
        )
        for table, at in tables:
            encoded[table] = combiner.encode(table, contents[at], elf_class)
    rows, out = [], []
    for head in heads:
        if head.kind == "section":
            section = placed.sections[head.section]
            row = _row(section, placed, where, elf_class, dialect, options)
            rows.append(row)
            whole = section.plan.whole or section.plan
            bare = dialect.tables_like_gnu and _is_bare(whole, placed.addresses.table)
            bare = bare and row.type != c.SHT_NOBITS
            out.append(bytes(section.size) if bare else bytes(contents[head.section]))
        elif head.table is not None:
            rows.append(_relocation_row(head.table, placed, where, elf_class, encoded, options))
            out.append(encoded.get(head.table, b""))
        elif head.kind == "stack note":
            rows.append(SectionRow(".note.GNU-stack", c.SHT_PROGBITS))
            out.append(b"")
        elif head.kind == "table":  # filled in when all names are known
            rows.append(SectionRow(head.name, c.SHT_STRTAB))
            out.append(b"")
        elif head.group is not None:
            apart = not dialect.tables_like_gnu
            content = _group_content(head.group, heads, where, placed, apart)
            info = _signature(head.group, placed, symbols)
            rows.append(SectionRow(".group", c.SHT_GROUP, 0, 0, len(content), 0, info, 4, 4))
            out.append(content)
    return rows, out


def _is_bare(plan: OutputPlan, table: SectionList) -> bool:
    """Whether nothing gives an output section contents: what `.` skips in it is zeros then."""
    has_data = any(isinstance(item, (n.Data, n.Text)) for item in plan.items)
    return not has_data and all(table.type[sid] == c.SHT_NOBITS for sid in plan.sections())


def _relocation_row(
    table: KeptTable,
    placed: Placement,
    where: dict[int, int],
    elf_class: int,
    encoded: dict[KeptTable, bytes],
    options: ElfOptions,
) -> SectionRow:
    kind = c.SHT_RELA if _has_addends(placed, elf_class) else c.SHT_REL
    flags = c.SHF_INFO_LINK | (c.SHF_GROUP if table.in_group and options.keeps_groups else 0)
    return SectionRow(
        (".rela" if kind == c.SHT_RELA else ".rel") + placed.sections[table.target].name,
        kind,
        flags,
        size=len(encoded.get(table, b"")),
        info=where[table.target],
        align=elf_class // 8,
        entsize=entry_size(kind, elf_class),
    )


def _has_addends(placed: Placement, elf_class: int) -> bool:
    """Whether relocations that stay bring their addends: those of x86-64, x32 too."""
    header = placed.addresses.resolution.files[0].header
    return elf_class == 64 or (header.machine == c.EM_X86_64 and header.elf_class == 32)


def _group_content(
    group: KeptGroup, heads: list[Head], where: dict[int, int], placed: Placement, apart: bool
) -> bytes:
    """The words of a group: its flags, and the new numbers of its members.  apart: relocations of
    each are by themselves (LLD)."""
    owner, obj = placed.addresses.owner, placed.addresses.resolution.files[group.file]
    members = {where[owner[sid]] for sid in group.members if owner[sid] in where}
    for shndx, head in enumerate(heads, 1):
        if head.table is not None and head.table.in_group:
            mine = _is_member(head.table, group, obj)
            if mine if apart else where[head.section] in members:
                members.add(shndx)
    flags = bytes(obj.contents[group.index][:4])
    return flags + b"".join(m.to_bytes(4, "little") for m in sorted(members))


def _is_member(table: KeptTable, group: KeptGroup, obj: ObjectFile) -> bool:
    """Whether a relocation section is one of those that a group of its file lists."""
    words = {word for (word,) in struct.iter_unpack("<I", obj.contents[group.index][4:])}
    return any(file == group.file and rel in words for _, _, file, rel, _ in table.tables)


def _signature(group: KeptGroup, placed: Placement, symbols: OutSymbols | None) -> int:
    """The output's number of the symbol a group is known by."""
    if symbols is None:
        return 0
    resolution = placed.addresses.resolution
    obj = resolution.files[group.file]
    symbol = obj.sections.info[group.index]
    if symbol >= resolution.first_global[group.file]:
        return symbols.names.get(obj.symbols.name(symbol), 0)
    return symbols.number.get((group.file, symbol), 0)


def _address(section: PlacedSection, dialect: Dialect, options: ElfOptions) -> int:
    """sh_addr: LLD gives none to what is not in memory, nor with -r."""
    if dialect.tables_like_gnu or (section.plan.alloc and not options.relocatable):
        return section.vma
    return 0


def _row(
    section: PlacedSection,
    placed: Placement,
    where: dict[int, int],
    elf_class: int,
    dialect: Dialect,
    options: ElfOptions,
) -> SectionRow:
    """The header of an output section; the offset is decided elsewhere."""
    plan = section.plan
    addresses = placed.addresses
    taken_apart = options.optimize > 0 or options.relocatable
    flags, entsize, link = header_traits(
        plan.whole or plan, addresses, dialect, options.relocatable, taken_apart
    )
    if plan.is_part:
        entsize = 0
    if dialect.tables_like_gnu:
        flags |= plan.named_flags | _flags_by_option(section.name, placed, options)
    if not options.keeps_groups:
        flags &= ~c.SHF_GROUP
    linked = 0
    if link >= 0:
        owner = addresses.owner[link]
        linked = where.get(owner, 0)
    kind = (plan.named_type if options.relocatable else 0) or plan.type
    info = 0
    if kind in (c.SHT_REL, c.SHT_RELA):  # a table by its inputs' types, padding by its bytes
        is_table = not section.size or _holds_own_table(plan, addresses)
        kind = kind if is_table else c.SHT_PROGBITS
        entsize = entry_size(kind, elf_class) if is_table else 0
        if section.size and is_table and dialect.tables_like_gnu and _names_target(section.name):
            flags, info = flags | c.SHF_INFO_LINK, _target_of(section.name, placed, where)
    if dialect.tables_like_gnu:
        by_name = special_type(section.name)
        if by_name in ARRAYS and kind != c.SHT_NOBITS:
            kind = by_name
        if by_name in ARRAYS or kind in ARRAYS:
            entsize = elf_class // 8
    if options.pie:
        linked = _link_of_moving(kind, plan, placed, where) or linked
        info = 1 if kind == c.SHT_DYNSYM else info
        entsize = MOVING_SIZES.get(kind, (entsize, entsize))[elf_class == 64]
        entsize = _entry_size_of_linkage(section, placed) or entsize
        if kind == c.SHT_GNU_HASH and dialect.tables_like_gnu and elf_class == 32:
            entsize = 4
        if section.name == ".got" and dialect.tables_like_gnu and _holds_own_table(plan, addresses):
            entsize = elf_class // 8
    if kind == c.SHT_X86_64_UNWIND and elf_class == 32:  # i386 has no such type
        kind = c.SHT_PROGBITS
    align = told_align(section) if dialect.tables_like_gnu else section.align
    return SectionRow(
        section.name,
        kind,
        held(flags, elf_class, f"the flags of section `{section.name}'"),
        held(
            _address(section, dialect, options),
            elf_class,
            f"section `{section.name}'",
        ),
        held(section.size, elf_class, f"the size of section `{section.name}'"),
        linked,
        info,
        held(align, elf_class, f"the alignment of section `{section.name}'"),
        held(entsize, elf_class, f"the entry size of section `{section.name}'"),
    )


MOVING_SIZES = {c.SHT_HASH: (4, 4), c.SHT_DYNSYM: (16, 24), c.SHT_DYNAMIC: (8, 16)}
"""Entry sizes of the tables of a program that moves, in 32 and 64 bits."""

MOVING_LINKS = {
    c.SHT_HASH: ".dynsym",
    c.SHT_GNU_HASH: ".dynsym",
    c.SHT_DYNSYM: ".dynstr",
    c.SHT_DYNAMIC: ".dynstr",
    c.SHT_REL: ".dynsym",
    c.SHT_RELA: ".dynsym",
}
"""The table that each of them goes with (gABI ch.4, "sh_link and sh_info Interpretation")."""


def _link_of_moving(kind: int, plan: OutputPlan, placed: Placement, where: dict[int, int]) -> int:
    """The header that a table of a program that moves goes with; 0 for other sections."""
    if kind not in MOVING_LINKS or not plan.alloc:
        return 0
    found = own_place(placed, MOVING_LINKS[kind])
    return 0 if found is None else where.get(found[0], 0)


def _entry_size_of_linkage(section: PlacedSection, placed: Placement) -> int:
    """GNU ld: of a part of the linkage table, 0 for other sections."""
    tables = placed.addresses.tables
    if tables.linkage is None or section.name not in (".plt", ".plt.got", ".plt.sec"):
        return 0
    if section.name not in tables.sizes or own_place(placed, section.name) is None:
        return 0
    if section.name == ".plt":
        return 16 if tables.form.slot == 8 else 4
    return 16 if section.name == ".plt.sec" else tables.linkage.short_size


def _holds_own_table(plan: OutputPlan, addresses: Addresses) -> bool:
    """Whether the linker's own relocations are in an output section."""
    own = addresses.table.base[-1]
    return any(sid >= own and addresses.size[sid] for sid in plan.sections())


def _names_target(name: str) -> bool:
    """Whether a table of relocations has the name of one section's table."""
    return name.startswith(".rel") and name not in (".rela.dyn", ".rel.dyn")


def _target_of(name: str, placed: Placement, where: dict[int, int]) -> int:
    """sh_info of a table of relocations, for GNU ld: the section its name names; for `.rela.plt`
    the words of the linkage table, which with -z now lie in `.got`."""
    target = name.removeprefix(".rela").removeprefix(".rel")
    targets = (".got.plt", ".got") if target == ".plt" else (target,)
    found = (section for section in map(placed.find, targets) if section is not None)
    return next((where[s.plan.index] for s in found if s.plan.index in where), 0)


ARRAYS = frozenset((c.SHT_INIT_ARRAY, c.SHT_FINI_ARRAY, c.SHT_PREINIT_ARRAY))

DROPPED_FLAGS = c.SHF_GROUP | c.SHF_INFO_LINK | c.SHF_EXCLUDE | c.SHF_COMPRESSED
OF_MERGING = c.SHF_MERGE | c.SHF_STRINGS
OF_FIRST = 0xFFF00000
"""SHF_MASKOS and SHF_MASKPROC: GNU ld takes these flags from the first input."""
SETTLED = c.SHF_WRITE | c.SHF_ALLOC | c.SHF_EXECINSTR
"""Flags that the plan has from the inputs already, or has not because (READONLY) took them."""


def _flags_by_option(name: str, placed: Placement, options: ElfOptions) -> int:
    """What options say of a section by its name, for GNU ld: with -N code can be written; with -r
    the note about the stack wants it executable as soon as one input says so or says nothing, or as
    -z execstack and noexecstack say."""
    if name == ".text" and options.paging == "N" and not options.relocatable:
        return c.SHF_WRITE
    if name == ".note.GNU-stack" and options.relocatable:
        return c.SHF_EXECINSTR if stack_flags(placed, options) & c.PF_X else 0
    return 0


def header_traits(
    plan: OutputPlan,
    addresses: Addresses,
    dialect: Dialect,
    relocatable: bool,
    taken_apart: bool,
) -> tuple[int, int, int]:
    """sh_flags, sh_entsize, and the input section that sh_link of a SHF_LINK_ORDER section follows
    (-1: none).

    GNU ld keeps SHF_MERGE and the entry size when all inputs have it with one size, and where its
    own .got.plt is, entries have the size of an address; LLD adds the flags of all inputs up, and
    the entry size is theirs when they agree; it forgets that of SHF_MERGE inputs that relocations
    keep from being taken apart."""
    table, files = addresses.table, addresses.resolution.files
    sids = [sid for sid in plan.sections() if sid not in addresses.empty]
    dropped = c.SHF_INFO_LINK | c.SHF_COMPRESSED if relocatable else DROPPED_FLAGS
    flags, entsize, link = plan.flags, 0, -1
    by_first = OF_FIRST if dialect.tables_like_gnu else 0
    if sids:
        flags = flags & ~by_first | table.flags[sids[0]] & by_first & ~dropped
    different = set(map(table.flags.__getitem__, sids))
    for own in different:
        flags |= own & ~(dropped | OF_MERGING | SETTLED | by_first)
    merging = {own & OF_MERGING for own in different}
    # Only these need the sizes, which take long to gather.
    has_size = any(merging) or bool(flags & OF_MERGING) or not dialect.tables_like_gnu
    sizes = _entry_sizes(sids, table, files) if has_size else set()
    if taken_apart and not dialect.tables_like_gnu and any(own & c.SHF_MERGE for own in different):
        forgotten = {sid for sid in sids if _is_kept_whole(sid, table, files)}
        sizes = _entry_sizes([sid for sid in sids if sid not in forgotten], table, files)
        sizes |= {0} if forgotten else set()
    if any(own & c.SHF_LINK_ORDER for own in different):
        links = linked_sections(table, files)
        link = next((links[sid] for sid in sids if sid in links), -1)
    if dialect.tables_like_gnu and any(sid in addresses.empty for sid in plan.sections()):
        merging.add(0)
    if plan.holds_tables:
        sizes.add(0)
    if len(sizes) == 1:
        entsize = sizes.pop()
    if dialect.tables_like_gnu:
        if len(merging) == 1 and entsize:
            flags |= merging.pop()
        if not flags & OF_MERGING:
            entsize = 0
        made = [sid for sid in sids if sid >= table.base[-1]]
        if any(table.name[sid] == ".got.plt" for sid in made):
            entsize = word_of(files[0].header.machine)
    else:
        for mine in merging:
            flags |= mine
    return flags, entsize, link


def _entry_sizes(
    sids: Sequence[SectionId], table: SectionList, files: Sequence[ObjectFile]
) -> set[int]:
    """Every sh_entsize that input sections have."""
    base, own = table.base, len(files) - 1
    sizes_of = [file.sections.entsize for file in files]
    owners = [table.file[sid] if sid < base[own] else own for sid in sids]
    return {sizes_of[file][sid - base[file]] for file, sid in zip(owners, sids)}


def _is_kept_whole(sid: SectionId, table: SectionList, files: Sequence[ObjectFile]) -> bool:
    """Whether relocations keep the strings or constants of a section together."""
    file = table.owner_file(sid)
    relocated = sid - table.base[file] in files[file].relocation_sections
    return bool(table.flags[sid] & c.SHF_MERGE) and relocated


def held(value: int, elf_class: int, what: str) -> int:
    """A number as a file of the class holds it; negative ones wrap."""
    value &= MASK
    if elf_class == 64 or value <= 0xFFFFFFFF:
        return value
    if value >= MASK - 0x7FFFFFFF:
        return value & 0xFFFFFFFF
    raise fail(
        "out-of-range-for-elf32",
        f"{what} is {value:#x}: a 32-bit ELF file has no room for that",
        help=["write elf64-x86-64 or a raw image, or place it below 0x100000000"],
    )
