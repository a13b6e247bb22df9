"""--icf: one copy of functions and constants that are the same.

Templates, generics and small getters compile to the same bytes again and again.  Two sections are
the same when their bytes are, and their relocations mean the same: the same symbol, or places at
the same offset in two sections that are the same themselves.  That last question goes round in
circles, so it is answered from the other end: all sections that look alike form a class, and a
class is split as long as its members refer to different classes.

Code that compares addresses of functions would notice.  With `safe`, sections whose address the
compiler says is taken (.llvm_addrsig) stay apart, and where it says nothing, all do; with `all`
only data stays apart.  Source: ld.lld-19 tried with pairs of sections that differ in one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...model import ABS, ObjectFile
from ..matching.match import Claim, SectionId, SectionList
from ..names.boundaries import is_c_name
from ..names.resolve import Resolution
from ..ordering.order import OutputPlan, Plan
from .fold_options import Fold

SHT_LLVM_ADDRSIG = 0x6FFF4C03
RELRO = ".data.rel.ro"
"""Written once, by the loader, and constant from then on."""

Key = tuple[object, ...]


@attrs.frozen(eq=False, repr=False, slots=False)
class _Link:
    """What is asked of the link, by columns."""

    plan: Plan
    table: SectionList
    resolution: Resolution
    gone: frozenset[SectionId]
    fold: Fold
    assigned: frozenset[str]

    def target(self, file: int, symbol: int) -> tuple[int, int]:
        """The symbol that a file's symbol means: its definer's."""
        first = self.resolution.first_global[file]
        if symbol < first:
            return file, symbol
        name = self.resolution.global_names[file][symbol - first]
        return self.resolution.definer.get(name, (file, symbol))

    def section(self, file: int, symbol: int) -> SectionId:
        """The input section a symbol is in, or -1."""
        shndx = self.resolution.files[file].symbols.shndx[symbol]
        return self.table.base[file] + shndx if shndx > 0 else -1

    @cached_property
    def unique(self) -> set[SectionId]:
        """Sections whose address may be compared with others."""
        names = (self.resolution.definer.get(name) for name in self.fold.keep_unique)
        found = {self.section(*where) for where in names if where is not None}
        files = () if self.fold.data_too else self.resolution.files[:-1]
        for file, obj in enumerate(files):
            for symbol in _significant(obj):
                sid = self.section(*self.target(file, symbol))
                if sid >= 0 and (
                    self.fold.kind == "safe" or not self.table.flags[sid] & c.SHF_EXECINSTR
                ):
                    found.add(sid)
        return found

    def foldable(self, sid: SectionId) -> bool:
        table = self.table
        flags, name = table.flags[sid], table.name[sid]
        constant = not flags & c.SHF_WRITE or name == RELRO or name.startswith(f"{RELRO}.")
        return (
            bool(flags & c.SHF_ALLOC)
            and constant
            and not flags & (c.SHF_MERGE | c.SHF_LINK_ORDER)
            and table.type[sid] != c.SHT_NOBITS
            and sid < table.base[-1]
            and sid not in self.gone
            and sid not in self.unique
            and name not in (".init", ".fini", ".eh_frame")
            and not is_c_name(name)
        )


def check_unique(fold: Fold, resolution: Resolution, diags: Diagnostics) -> None:
    """Warn of keep-unique-unknown: names of --keep-unique that no input has."""
    known = resolution.definer.keys() | resolution.undefined
    for name in fold.keep_unique:
        if name not in known:
            diags.warn(
                "keep-unique-unknown",
                f"could not find symbol {name} to keep unique",
                help=["correct the name; that of a local symbol does not count"],
            )


def fold_identical(
    plan: Plan,
    table: SectionList,
    resolution: Resolution,
    gone: frozenset[SectionId],
    fold: Fold,
) -> tuple[Plan, dict[SectionId, SectionId]]:
    """The plan without copies, and for each copy the section that stays: the first of its class.

    gone: sections that are discarded or dead.  Sections of different output sections are never the
    same."""
    link = _Link(plan, table, resolution, gone, fold, plan.assigned)
    keys: dict[SectionId, Key] = {}
    targets: dict[SectionId, tuple[SectionId, ...]] = {}
    home = {sid: s.index for s in plan.sections for sid in s.sections() if link.foldable(sid)}
    for sid in sorted(home):
        told = list(_relocations(sid, home, link))
        constant = tuple(key for key, _ in told)
        file, index = _place(sid, table)
        content = bytes(resolution.files[file].contents[index])
        flags = table.flags[sid] & ~(c.SHF_GROUP | c.SHF_INFO_LINK)
        keys[sid] = (home[sid], flags, content, constant)
        targets[sid] = tuple(target for _, target in told if target >= 0)
    folded = _copies(_classes(keys, targets))
    if not folded:
        return plan, {}
    thinned = {s.index: _without(s, folded.keys()) for s in plan.sections}
    commands = tuple(thinned[x.index] if isinstance(x, OutputPlan) else x for x in plan.commands)
    return attrs.evolve(plan, commands=commands, sections=tuple(thinned.values())), folded


def _relocations(
    sid: SectionId, home: dict[SectionId, int], link: _Link
) -> Iterator[tuple[Key, SectionId]]:
    """Each relocation as what must be equal in any case, and the section whose class must be (-1:
    none)."""
    file, index = _place(sid, link.table)
    obj = link.resolution.files[file]
    for rel in obj.relocation_sections.get(index, ()):
        rels = obj.relocations(rel)
        addends = rels.addend or (0,) * len(rels.offset)
        for offset, kind, symbol, addend in zip(rels.offset, rels.type, rels.symbol, addends):
            owner, definer = link.target(file, symbol)
            symbols = link.resolution.files[owner].symbols
            target = link.section(owner, definer)
            name = symbols.name(definer) if definer >= link.resolution.first_global[owner] else ""
            if target in home and name not in link.assigned:
                yield (offset, kind, symbols.value[definer] + addend), target
            elif symbols.shndx[definer] == ABS and name not in link.assigned:
                yield (offset, kind, "absolute", symbols.value[definer] + addend), -1
            else:
                same = _string(target, symbols.value[definer] + addend, link)
                yield (offset, kind, *(same or (name or (owner, definer), addend))), -1


def _string(target: SectionId, offset: int, link: _Link) -> Key | None:
    """A string that merging will make one, told by its bytes and the section it is merged in."""
    flags = c.SHF_MERGE | c.SHF_STRINGS
    if target < 0 or link.table.flags[target] & flags != flags:
        return None
    file, index = _place(target, link.table)
    obj = link.resolution.files[file]
    content, width = bytes(obj.contents[index]), max(obj.sections.entsize[index], 1)
    end = offset
    while 0 <= end < len(content) and content[end : end + width] != bytes(width):
        end += width
    owner = next((s.index for s in link.plan.sections if target in set(s.sections())), -1)
    return ("string", owner, width, content[offset:end]) if 0 <= offset < len(content) else None


def _classes(
    keys: dict[SectionId, Key], targets: dict[SectionId, tuple[SectionId, ...]]
) -> dict[SectionId, int]:
    """A number for each section, equal for those that are the same: classes are split until the
    members of each refer to the same classes."""
    numbers: dict[object, int] = {}
    found = {sid: numbers.setdefault(key, len(numbers)) for sid, key in keys.items()}
    while True:
        finer: dict[object, int] = {}
        split = {
            sid: finer.setdefault((number, tuple(found[t] for t in targets[sid])), len(finer))
            for sid, number in found.items()
        }
        if len(finer) == len(numbers):
            return found
        found, numbers = split, finer


def _copies(classes: dict[SectionId, int]) -> dict[SectionId, SectionId]:
    first: dict[int, SectionId] = {}
    return {
        sid: first[number]
        for sid, number in classes.items()
        if first.setdefault(number, sid) != sid
    }


def _significant(obj: ObjectFile) -> Iterable[int]:
    """Symbols whose address may be compared: those of .llvm_addrsig, or all without one."""
    for index, kind in enumerate(obj.sections.type):
        if kind == SHT_LLVM_ADDRSIG:
            numbers = _numbers(bytes(obj.contents[index]))
            return [number for number in numbers if number < len(obj.symbols)]
    return range(len(obj.symbols))


def _numbers(data: bytes) -> Iterator[int]:
    """ULEB128 numbers."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield value
            value = shift = 0


def _place(sid: SectionId, table: SectionList) -> tuple[int, int]:
    """The file of an input section, and its index there."""
    file = table.owner_file(sid)
    return file, sid - table.base[file]


def _without(section: OutputPlan, gone: Iterable[SectionId]) -> OutputPlan:
    lost = frozenset(gone)
    if lost.isdisjoint(section.sections()):
        return section
    items = tuple(
        Claim(item.node, tuple(sid for sid in item.sections if sid not in lost))
        if isinstance(item, Claim)
        else item
        for item in section.items
    )
    return attrs.evolve(section, items=items)
