"""Who defines each name: one definer per symbol, one copy of each COMDAT group, COMMON given a
home.

Every object file lists the names it defines and the names it needs.  This pass walks the files in
command-line order and decides, for every name, the one definition that all references mean: a
strong definition beats a common block, a common block beats a weak definition, the first of equals
wins, and two strong ones are an error (gABI ch.4, "Symbol Table")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile, Symbol
from ...script import nodes as n
from ..inputs.members import Inputs
from ..inputs.needs import names_in_order
from ..own.own_file import OFFSET_TABLE as OFFSET_TABLE
from ..own.own_file import OwnSection as OwnSection
from ..own.own_file import (
    assigned_in_any_case,
    in_order,
    mention_order,
    own_file,
    with_sections,
)
from ..own.table_form import TableForm
from .comdat import comdat_losers
from .definers import COMMON_RANK, WEAK, Definers

if TYPE_CHECKING:
    from ..checking.refs_lld import SourcePlace

PC_THUNK = "__x86.get_pc_thunk.bx"
"""Old start files for i386 have it in `.gnu.linkonce`, newer code in a group: LLD, which knows only
groups, keeps both and takes the first."""


@attrs.frozen(eq=False, repr=False)
class Resolution:
    """What every name means.

    files: the inputs and, last, the linker's own file (COMMON blocks, tables it makes).
    global_names: per file, the names of its symbols from `first_global[file]` on.
    definer: name -> (file number, symbol index).
    undefined: names some file refers to and none defines.
    dropped: (file number, section index) of COMDAT members that lost to an earlier file.
    weakened: names with a weak definition that LLD takes for a weak reference, because its section
        is not linked -> that definition.
    own_origin: per section of the own file, the number of the file it stands for (-1: none): a
        COMMON block is matched as `COMMON` of the file that asked for it.
    scripts: the scripts' commands that assign, each with how many files came before it.
    met: names in the order in which LLD met them, where libraries count from the start.
    offered: undefined names that a library could have defined.
    source: tells the source line of a place, for messages.
    """

    files: tuple[ObjectFile, ...]
    global_names: tuple[tuple[str, ...], ...]
    first_global: tuple[int, ...]
    definer: dict[str, tuple[int, int]]
    undefined: frozenset[str]
    dropped: frozenset[tuple[int, int]]
    own_origin: tuple[int, ...]
    redirected: Mapping[tuple[int, int], str] = attrs.field(factory=dict, kw_only=True)
    scripts: tuple[tuple[int, n.TopLevel], ...] = ()
    weakened: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    met: Collection[str] = ()
    offered: frozenset[str] = frozenset()
    source: SourcePlace = lambda obj, index, offset: None

    @property
    def own(self) -> int:
        return len(self.files) - 1

    def symbol(self, name: str) -> Symbol | None:
        """The defining symbol of a name, or None."""
        found = self.definer.get(name)
        return None if found is None else Symbol(self.files[found[0]], found[1])


def resolve_symbols(
    inputs: Inputs,
    dialect: Dialect,
    diags: Diagnostics,
    generic: bool = False,
    added: Sequence[OwnSection] = (),
    has_tables: bool = True,
    sort_common: str = "",
    features: int = 0,
    form: TableForm | None = None,
    source: SourcePlace = lambda obj, index, offset: None,
) -> Resolution:
    """Give each name its definer and make the linker's own file.

    generic: the link goes through GNU ld's generic path (raw and foreign formats), where a COMMON
    block has the alignment of the last file that asked for it.  added: sections for the own file
    that options ask for.  has_tables: the output can have a global offset table and the like, which
    the script's patterns place; not with -r.  sort_common: "ascending" or "descending" by
    alignment.  features: what LLD's property note promises beside what all files do.  form: of the
    linker's own tables, None for what is usual.  source: tells source lines for messages.

    Reports duplicate-symbol (GNU's words: multiple definition).  A symbol in a COMDAT member that
    lost defines nothing; its references go to the winner's.  So it is with SHF_EXCLUDE in GNU
    ld.
    """
    dropped = comdat_losers(inputs.files, dialect)
    silent = frozenset() if dialect.lost_copies_define else dropped
    if dialect.excluded_are_references:
        silent = silent.union(_excluded(inputs.files))
    found = Definers(inputs, dialect, generic and dialect.generic_path, silent)
    for number, obj in enumerate(inputs.files):
        found.add_file(number, obj)
    definer, rank, asked, commons = found.definer, found.rank, found.asked, found.commons
    twice, unique = found.twice, found.unique
    names_of = [obj.global_names for obj in inputs.files]
    first_of = [obj.first_global for obj in inputs.files]
    weakened: dict[str, tuple[int, int]] = {}
    if dialect.excluded_define_nothing:
        excluded = _Excluded.of(inputs.files, dropped)
        twice = [two for two in twice if two[0] != PC_THUNK and not any(map(excluded.has, two[1:]))]
        weak = [
            x
            for x in definer
            if rank.get(x) == WEAK and excluded.has(definer[x]) and definer[x] != unique.get(x)
        ]
        asked.update(weak)
        weakened = {name: definer.pop(name) for name in weak}
    if twice:
        from .duplicates import report_duplicates

        places = None
        if dialect.tells_in_order_of_files:
            from ..checking.refs_lld import Places

            places = Places(inputs.files, definer, source)
        report_duplicates(inputs, twice, diags, places)
    mentioned = mention_order(inputs.files, names_of, dialect) if commons else {}
    taken = assigned_in_any_case(inputs, definer, dialect) if commons else frozenset[str]()
    alive = {
        name: commons[name]
        for name in mentioned
        if rank.get(name) == COMMON_RANK and name not in taken
    }
    asks_base = OFFSET_TABLE not in definer and (
        OFFSET_TABLE in asked or dialect.tables_like_gnu or _script_asks(inputs)
    )
    alive = in_order(alive, mentioned, dialect, sort_common)
    own, origin, own_symbols = own_file(
        alive, inputs, dialect, found.common_homes, asks_base, has_tables, features, form
    )
    definer.update((name, (len(inputs.files), index)) for name, index in own_symbols.items())
    if added:
        own, origin = with_sections(own, origin, added)
        for index, name in enumerate(own.symbols.names):
            if name:
                definer.setdefault(name, (len(inputs.files), index))
    undefined = frozenset(asked.difference(definer))
    return Resolution(
        (*inputs.files, own),
        (*names_of, ()),
        (*first_of, len(own.symbols)),
        definer,
        undefined,
        dropped,
        origin,
        inputs.scripts,
        weakened=weakened,
        met=inputs.mentioned,
        offered=_offered(inputs, undefined),
        source=source,
    )


def _script_asks(inputs: Inputs) -> bool:
    """LLD: whether an expression of a script reads _GLOBAL_OFFSET_TABLE_."""
    commands = [command for _, command in inputs.scripts]
    return any(name == OFFSET_TABLE for name in names_in_order(commands, {}, 1))


def _offered(inputs: Inputs, undefined: frozenset[str]) -> frozenset[str]:
    """Undefined names that libraries define: a weak reference does not let a member join."""
    if not undefined:
        return frozenset()
    return frozenset(
        name for library in inputs.libraries for name in library.symbols[0] if name in undefined
    )


def _excluded(files: Iterable[ObjectFile]) -> Iterator[tuple[int, int]]:
    """The sections that are never linked, by file and index."""
    for number, obj in enumerate(files):
        if any(flags & c.SHF_EXCLUDE for flags in set(obj.sections.flags)):
            every = enumerate(obj.sections.flags)
            yield from ((number, index) for index, flags in every if flags & c.SHF_EXCLUDE)


class _Excluded:
    """The sections that are never linked, by file: SHF_EXCLUDE, and copies of groups that lost."""

    def __init__(self, files: Sequence[ObjectFile], sections: dict[int, set[int]]) -> None:
        self.files, self.sections = files, sections

    @classmethod
    def of(cls, files: Sequence[ObjectFile], lost: Iterable[tuple[int, int]]) -> _Excluded:
        found = {
            number: {i for i, f in enumerate(obj.sections.flags) if f & c.SHF_EXCLUDE}
            for number, obj in enumerate(files)
        }
        for number, index in lost:
            found[number].add(index)
        return cls(files, {number: shut for number, shut in found.items() if shut})

    def has(self, symbol: tuple[int, int]) -> bool:
        """Whether a symbol, by file and index, lies in one of them."""
        file, index = symbol
        return (
            file in self.sections and self.files[file].symbols.shndx[index] in self.sections[file]
        )
