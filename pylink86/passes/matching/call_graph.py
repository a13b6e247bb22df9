"""Functions in the order of who calls whom: callers beside what they call most, the hottest first.

A processor reads code by lines and pages, so what runs one after the other should lie side by side.
A profile says how often each function calls each other one.  Every function begins as a group of
its own; from the densest one down (calls for each byte), a group is put behind that of its best
caller, unless this makes a group that is too large, or one that is far less dense than the
caller's.  In the end the groups stand by density.

This is the C3 heuristic, after G. Ottoni and B. Maher, "Optimizing Function Placement for Large-
Scale Data-Center Applications" (CGO 2017), which LLD calls hfsort; its limits by experiment with
ld.lld-19."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ABS
from ..names.resolve import Resolution
from .match import SectionId, SectionList

Calls = tuple[str, str, int]
"""Caller, called function, how often: a line of an ordering file."""

UNNAMED = (c.STT_SECTION, c.STT_FILE)

WORD = (1 << 64) - 1
"""Counts are numbers of 64 bits."""

LARGEST = 1 << 20
"""Bytes of a group to which no more are added."""

UNLIKELY = 10
"""A caller counts that makes more than one in so many calls."""

DILUTED = 8
"""No group gets less dense than it is by more than this factor."""


@attrs.define(eq=False)
class Group:
    """Sections that stand one behind the other.

    weight: calls of them from anywhere, first_weight: of the first one alone; caller: who calls
    that most, None for nobody, and calls: how often."""

    sections: list[SectionId]
    size: int
    weight: int = 0
    first_weight: int = 0
    caller: SectionId | None = None
    calls: int = 0

    @property
    def density(self) -> float:
        return self.weight / self.size if self.size else 0.0


def order_by_calls(
    calls: Mapping[tuple[SectionId, SectionId], int], sizes: Sequence[int]
) -> list[SectionId]:
    """The sections in the order in which they are to stand.

    calls: caller and called section, with how often; sizes: of each section, in bytes."""
    groups = _groups(calls, sizes)
    home = {sid: group for group in groups for sid in group.sections}
    for group in sorted(groups, key=lambda g: -g.density):
        if group.caller is None or group.calls * UNLIKELY & WORD <= group.first_weight:
            continue
        caller = home[group.caller]
        if caller is group or caller.size + group.size > LARGEST or _dilutes(caller, group):
            continue
        caller.sections += group.sections
        caller.size += group.size
        caller.weight = caller.weight + group.weight & WORD
        home.update((sid, caller) for sid in group.sections)
        group.sections, group.size, group.weight = [], 0, 0
    left = sorted((group for group in groups if group.size), key=lambda g: -g.density)
    return [sid for group in left for sid in group.sections]


def _groups(calls: Mapping[tuple[SectionId, SectionId], int], sizes: Sequence[int]) -> list[Group]:
    """A group for each section, in the order in which they are met."""
    groups: dict[SectionId, Group] = {}
    for (caller, called), count in calls.items():
        for sid in (caller, called):
            groups.setdefault(sid, Group([sid], sizes[sid]))
        group = groups[called]
        group.weight = group.weight + count & WORD
        if caller != called and (group.caller is None or count > group.calls):
            group.caller, group.calls = caller, count
    for group in groups.values():
        group.first_weight = group.weight
    return list(groups.values())


def _dilutes(caller: Group, group: Group) -> bool:
    """Whether a group would make that of its caller far less dense."""
    size = caller.size + group.size
    return bool(size) and (caller.weight + group.weight & WORD) / size < caller.density / DILUTED


@attrs.frozen
class Profile:
    """What says who calls whom.

    calls: lines of an ordering file, None for none; where: its name, for messages; kind: "none",
    "hfsort" or "cdsort", which is sorted as "hfsort", too."""

    calls: tuple[Calls, ...] | None = None
    where: str = ""
    kind: str = "cdsort"

    @property
    def counts(self) -> bool:
        return self.kind != "none"


def read_calls(text: str) -> tuple[Calls, ...]:
    """The lines of an ordering file, `CALLER CALLED COUNT`; ValueError for one that is none."""
    found = []
    for line in text.splitlines():
        words = line.strip().split(" ")
        if not words[0] or words[0].startswith("#"):
            continue
        caller, called, count = words
        if not count.isascii() or not count.isdigit() or int(count) >= 1 << 64:
            raise ValueError(line)
        found.append((caller, called, int(count)))
    return tuple(found)


def call_order(
    profile: Profile,
    homes: Mapping[SectionId, int],
    table: SectionList,
    resolution: Resolution,
    dialect: Dialect,
    diags: Diagnostics,
) -> list[SectionId]:
    """The sections that a profile orders, in their order.

    homes: the output section of each section that is in the output.  What the inputs say is added
    in LLD's dialect.  Warns symbol-order of names that order nothing."""
    if not profile.counts:
        return []
    names = _Names(profile, homes, table, resolution, diags)
    listed = ((names.section(a), names.section(b), count) for a, b, count in profile.calls or ())
    told = () if dialect.tables_like_gnu else _calls_of_inputs(table, resolution)
    calls: dict[tuple[SectionId, SectionId], int] = {}
    for caller, called, count in chain(listed, told):
        if caller in homes and called in homes and homes[caller] == homes[called]:
            calls[caller, called] = calls.get((caller, called), 0) + count & WORD
    return order_by_calls(calls, table.size)


@attrs.frozen(eq=False)
class _Names:
    """The sections of names in an ordering file; of several local symbols of a name the last
    counts."""

    profile: Profile
    homes: Mapping[SectionId, int]
    table: SectionList
    resolution: Resolution
    diags: Diagnostics
    places: dict[str, tuple[int, int] | None] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        wanted = {name for line in self.profile.calls or () for name in line[:2]}
        places: dict[str, tuple[int, int] | None] = {}
        for file, obj in enumerate(self.resolution.files[:-1]):
            symbols, first = obj.symbols, self.resolution.first_global[file]
            for index in range(1, first):
                if (name := symbols.name(index)) in wanted:
                    places[name] = file, index
            for name in self.resolution.global_names[file]:
                if name in wanted:
                    places[name] = self.resolution.definer.get(name)
        object.__setattr__(self, "places", places)

    def section(self, name: str) -> SectionId:
        """The section a name is defined in, -1 where there is none."""
        if name not in self.places:
            self._unordered(f"{self.profile.where}: no such symbol: {name}")
            return -1
        place = self.places[name]
        if place is None:
            return -1
        file, index = place
        obj = self.resolution.files[file]
        shndx = obj.symbols.shndx[index]
        sid = self.table.base[file] + shndx if shndx > 0 else -1
        if shndx == ABS:
            self._unordered(f"{obj.name}: unable to order absolute symbol: {name}")
        elif sid >= 0 and sid not in self.homes:
            self._unordered(f"{obj.name}: unable to order discarded symbol: {name}")
        return sid

    def _unordered(self, message: str) -> None:
        self.diags.warn(
            "symbol-order",
            message,
            help=["correct the ordering file, or link with --no-warn-symbol-ordering"],
        )


def _calls_of_inputs(
    table: SectionList, resolution: Resolution
) -> Iterator[tuple[SectionId, SectionId, int]]:
    """What the profiles say that compilers put into objects (`.llvm.call-graph-profile`): counts of
    8 bytes, each with two relocations for the symbols."""
    for file, obj in enumerate(resolution.files[:-1]):
        for index, kind in enumerate(obj.sections.type):
            if kind != c.SHT_LLVM_CALL_GRAPH_PROFILE:
                continue
            counts = [n for (n,) in struct.iter_unpack("<Q", _whole(bytes(obj.contents[index])))]
            tables = obj.relocation_sections.get(index, ())
            symbols = obj.relocations(tables[0]).symbol if tables else ()
            sections = [_section_of(file, s, table, resolution) for s in symbols]
            yield from zip(sections[::2], sections[1::2], counts)


def _whole(content: bytes) -> bytes:
    """As much of it as is whole counts."""
    return content[: len(content) // 8 * 8]


def _section_of(file: int, symbol: int, table: SectionList, resolution: Resolution) -> SectionId:
    first = resolution.first_global[file]
    if symbol >= first:
        found = resolution.definer.get(resolution.global_names[file][symbol - first])
        if found is None:
            return -1
        file, symbol = found
    shndx = resolution.files[file].symbols.shndx[symbol]
    return table.base[file] + shndx if shndx > 0 else -1


def names_in(
    sections: Iterable[SectionId], table: SectionList, resolution: Resolution
) -> Iterator[str]:
    """The names defined in some sections, as their files list them."""
    listed: dict[SectionId, list[str]] = {sid: [] for sid in sections}
    for file, obj in enumerate(resolution.files[:-1]):
        base, symbols = table.base[file], obj.symbols
        for index, shndx in enumerate(symbols.shndx):
            if shndx > 0 and base + shndx in listed and symbols.info[index] & 0xF not in UNNAMED:
                listed[base + shndx].append(symbols.name(index))
    for names in listed.values():
        yield from names
