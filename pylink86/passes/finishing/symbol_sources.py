"""What each symbol of the output is made of: its section, value, type and visibility.

An input's symbol moves with its section; one that the script assigns belongs to the section its
value is reckoned from, or to the one it is assigned in, and has the type of the name it stands
for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...model import ABS, COMMON, UNDEF, SymbolRow
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..matching.match import Claim
from ..names.boundaries import Boundary
from ..names.strongly_wanted import strongly_wanted
from ..ordering.order import OutputPlan
from ..placement import Placement
from ..placing.nearby import Neighbours
from ..reading.aliases import only_name_read, other_name
from .name_order import names_of_files

MAX_ALIASES = 100
"""Names that are other names of one another may stand in a circle."""


@attrs.frozen(eq=False, repr=False)
class AskedNames:
    """What the link was asked for by name.

    entry: the entry symbol, "" for none; first: -y, -u and EXTERN, which LLD meets before any file;
    used: with --gc-sections, the names that what is left refers to, None without; versions: those
    of which names are the default."""

    entry: str = ""
    first: tuple[str, ...] = ()
    used: frozenset[str] | None = None
    versions: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(eq=False, repr=False, slots=False)
class SymbolSources:
    """What the table is made of.

    where: header index of each output section, by OutputPlan.index; nearby: what stands around
    those that are not in the output.  tls_start: address of the PT_TLS.  section_syms:
    header indices that get a section symbol, in order, each with the file it goes with (-1: the
    linker's) and its value.  used: symbols that relocations need."""

    placed: Placement
    where: dict[int, int]
    nearby: Mapping[int, Neighbours]
    tls_start: int
    options: ElfOptions
    dialect: Dialect
    section_syms: tuple[tuple[int, int, int], ...] = ()
    used: frozenset[tuple[int, int]] = frozenset()
    asked: AskedNames = attrs.field(factory=AskedNames)
    groups: Mapping[tuple[int, int], int] = attrs.field(factory=dict)
    """With -r, header index of each section group, by file and index there."""

    @property
    def relocatable(self) -> bool:
        return self.options.relocatable

    def lists(self, name: str) -> bool:
        """Whether --retain-symbols-file leaves a name in GNU ld's table; LLD's has them all."""
        is_free = self.options.retained is None or not self.dialect.tables_like_gnu
        return is_free or name in self.retained

    @cached_property
    def retained(self) -> frozenset[str]:
        """The names in the file of --retain-symbols-file."""
        return frozenset(self.options.retained or ())

    def is_made_local(self, name: str) -> bool:
        """LLD: whether VERSION or --retain-symbols-file make a defined name local."""
        if self.options.retained is not None:
            return name not in self.retained
        return bool(self.placed.is_local and self.placed.is_local(name))

    @cached_property
    def word(self) -> int:
        """The bits of an address: where all code is 32-bit, scripts reckon modulo 4 GiB."""
        files = self.placed.addresses.resolution.files[:-1]
        narrow = all(file.header.elf_class == 32 for file in files)
        return 0xFFFFFFFF if narrow else 0xFFFFFFFFFFFFFFFF

    def place(self, index: int, offset: int, kind: int) -> tuple[int, int] | None:
        """(header index, st_value) of an offset in an output section, for a symbol of some type."""
        section = self.placed.sections[index]
        shndx = self.header_for(index, section.vma + offset)
        value = offset if self.relocatable else section.vma + offset
        if section.plan.flags & c.SHF_TLS and kind == c.STT_TLS and not self.relocatable:
            value -= self.tls_start
        return shndx, value

    def header_for(self, index: int, address: int) -> int:
        """Header index of an output section, or of what stands for it at an address."""
        if index in self.where:
            return self.where[index]
        around = self.nearby.get(index)
        return ABS if around is None else around.header_for(address)

    def row(
        self, file: int, index: int, name: str, binding: int, visibility: int | None = None
    ) -> SymbolRow | None:
        """An input's symbol as it is in the output; None when its section is not.

        visibility: that of all files together, else the symbol's own."""
        symbols = self.placed.addresses.resolution.files[file].symbols
        info, other, size = symbols.info[index], symbols.other[index], symbols.size[index]
        if visibility is not None:
            other = other & ~3 | visibility
        if (file, index) in self.placed.addresses.tables.indirect.direct:
            return self._at_entry(file, index, name, binding, other)
        shndx = symbols.shndx[index]
        if shndx in (UNDEF, COMMON):
            if shndx == COMMON or binding != c.STB_LOCAL:
                return SymbolRow(
                    name, symbols.value[index], size, binding, info & 0xF, other, shndx
                )
            return None
        found = self.placed.addresses.of_symbol(file, index)
        if found is None and (file, shndx) in self.groups:
            at = self.groups[file, shndx]
            return SymbolRow(name, symbols.value[index], size, binding, info & 0xF, other, at)
        if found is None:
            return None
        if isinstance(found, int):
            return SymbolRow(name, found, size, binding, info & 0xF, other, ABS)
        spot = self.place(*found, info & 0xF)
        if spot is None:
            return None
        return SymbolRow(name, spot[1], size, binding, info & 0xF, other, spot[0])

    def _at_entry(
        self, file: int, index: int, name: str, binding: int, other: int
    ) -> SymbolRow | None:
        """An indirect function that is an ordinary one, at its entry in the linkage table."""
        from ..own.indirect_values import IndirectValues

        found = IndirectValues(self.placed, self.dialect).entry_place((file, index))
        spot = None if found is None else self.place(*found, c.STT_FUNC)
        if spot is None:
            return None
        return SymbolRow(name, spot[1], 0, binding, c.STT_FUNC, other, spot[0])

    def took_part(self, file: int, index: int) -> bool:
        """Whether a symbol is in a section that the link could have placed: one that the script
        discards, or that garbage collection left out, but not a group's copy that lost."""
        addresses = self.placed.addresses
        shndx = addresses.resolution.files[file].symbols.shndx[index]
        return shndx > 0 and addresses.table.eligible[addresses.table.base[file] + shndx]

    def is_gone(self, file: int, index: int) -> bool:
        """GNU ld: whether a symbol is in an output section that has no header."""
        if not self.dialect.tables_like_gnu:
            return False
        found = self.placed.addresses.of_symbol(file, index)
        return isinstance(found, tuple) and found[0] not in self.where

    def type_of(self, name: str) -> int:
        """The type of a name: of what a script only gives another name that of the other.  Any
        other value has no type in LLD, and keeps in GNU ld the one that objects say."""
        last = self.alias_chain(name)[-1]
        if last in self.assigned and not self.dialect.tables_like_gnu:
            return c.STT_NOTYPE
        return self.in_objects(last)[0]

    def alias_chain(self, name: str) -> list[str]:
        """A name and, one after the other, those it is only another name of: `a = b;`, for GNU ld
        also `a = b + 4;`."""
        other_of = only_name_read if self.dialect.tables_like_gnu else other_name
        chain = [name]
        while len(chain) <= MAX_ALIASES:
            node = self.assigned.get(chain[-1])
            other = other_of(node, self._is_defined) if node is not None else ""
            if not other:
                break
            chain.append(other)
        return chain

    def _is_defined(self, name: str) -> bool:
        return name in self.placed.addresses.resolution.definer or name in self.assigned

    def in_objects(self, name: str) -> tuple[int, int]:
        """Type and size of a name in the object that defines it, or type in the first that asks."""
        resolution = self.placed.addresses.resolution
        definer = resolution.definer.get(name)
        file, index = definer or self.mention(name) or (-1, 0)
        if file < 0:
            return c.STT_NOTYPE, 0
        symbols = resolution.files[file].symbols
        return symbols.info[index] & 0xF, symbols.size[index] if definer else 0

    @cached_property
    def mentioned(self) -> dict[str, tuple[int, int]]:
        """Global names in the order files mention them -> who first did."""
        return names_of_files(self.placed.addresses.resolution)

    def mention(self, name: str) -> tuple[int, int] | None:
        """The symbol a file has for a global name: its definer's, else the first one met."""
        resolution = self.placed.addresses.resolution
        definer = resolution.definer.get(name)
        if definer is not None and definer[0] != resolution.own:
            return definer
        is_met = definer is not None or name in resolution.undefined
        return self.mentioned.get(name) if is_met else None

    @cached_property
    def around(self) -> dict[str, int]:
        """For each name the output section GNU ld shows it in when it has the value of `.`."""
        from .dot_home import homes_of_dot

        return homes_of_dot(self.placed, self.where)

    @cached_property
    def names_in_use(self) -> frozenset[str]:
        """Names of global symbols that relocations need."""
        resolution = self.placed.addresses.resolution
        first, names = resolution.first_global, resolution.global_names
        return frozenset(
            names[file][symbol - first[file]] for file, symbol in self.used if symbol >= first[file]
        )

    def is_unused_common(self, name: str) -> bool:
        """Whether a COMMON symbol leaves -r --gc-sections, as nothing that stays asks for it."""
        used = self.asked.used
        return not (used is None or name in used or name in self.asked.first)

    def leaves_out_undefined(self, name: str) -> bool:
        """GNU ld: whether an undefined name is not listed.  It is as long as a relocation stays
        that has it; and when -u, or with --gc-sections what is left, asks for it, but not if all
        references in files are weak.  What a program that moves lists for others is here, too."""
        if not self.dialect.tables_like_gnu or self.relocatable or name in self.names_in_use:
            return False
        names = self.placed.addresses.tables.names
        if names is not None and name in names.offsets:
            return False
        asked = self.asked
        if name in asked.first or (asked.used is not None and name in asked.used):
            return name in self.mentioned and name not in self.wanted_strongly
        return True

    @cached_property
    def wanted_strongly(self) -> frozenset[str]:
        """Undefined names that some file asks for without being ready to do without."""
        return strongly_wanted(self.placed.addresses.resolution)

    def own_tables(self) -> dict[str, tuple[int, int]]:
        """Names of the linker's own tables, with the symbols that stand for them; what the script
        assigns is its own."""
        resolution = self.placed.addresses.resolution
        own = resolution.files[resolution.own].symbols
        return {
            name: (resolution.own, at)
            for at, name in enumerate(own.names)
            if own.other[at] & 3 == c.STV_HIDDEN and name not in self.placed.symbols
        }

    def own_visibility(self, name: str) -> int:
        """Of a name no file says more about: `__start_` and `__stop_` names have their own."""
        is_boundary = isinstance(self.assigned.get(name), Boundary)
        visibility = self.options.bounds_visibility
        return visibility if is_boundary and not self.relocatable else c.STV_DEFAULT

    @cached_property
    def assigned(self) -> dict[str, n.Assignment]:
        """The last assignment to each name."""
        return {
            node.name: node
            for node in script_nodes(self.placed.commands)
            if isinstance(node, n.Assignment)
        }


def script_nodes(commands: Iterable[object]) -> Iterator[object]:
    """Everything the script says, in order: output sections and what is in them."""
    for command in commands:
        if isinstance(command, OutputPlan):
            if command.node is not None:
                yield command.node
            yield from (item for item in command.items if not isinstance(item, Claim))
        else:
            yield command
