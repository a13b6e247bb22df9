"""What the linker's own tables hold: which symbols have a slot, and which loads were rewritten.

The global offset table (`.got`) holds one word for each symbol that code looks up there.  These are
the types the scan of relocations (`got`) hands on."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from .. import elf_const as c
from ..arch.rewrite import Rewrite
from ..model import Relocations
from .matching.match import SectionId
from .names.resolve import Resolution
from .own.table_form import USUAL_FORM, TableForm

Who = str | tuple[int, int]
"""A symbol: the name of a global one, or (file, index) of a local one."""

ADDRESS, OFFSET, POSITIVE = "address", "offset", "positive"
"""What a slot holds: an address, a thread-local offset from the thread pointer, or the same with
the sign turned round (i386)."""

Slot = tuple[str, Who]

BOUNDARIES = ("__start_", "__stop_")
"""What the linker defines by the address of a section is in that section."""

Load = tuple[int, int, int]
"""A relocation: number of its file, index of its table there, number in that table."""


class Changed:
    """A load that was rewritten, the section it is in, and the symbol it refers to."""

    def __init__(self, load: Load, section: SectionId, symbol: int, rewrite: Rewrite) -> None:
        self.load, self.section, self.symbol, self.rewrite = load, section, symbol, rewrite


Function = tuple[int, int]
"""An indirect function: the file and the index of its symbol."""


class Entries:
    """What entries of the linkage table look like: size in bytes; marked: they begin with `endbr`;
    the machine."""

    def __init__(self, size: int = 16, marked: bool = False, machine: int = 0) -> None:
        self.size, self.marked, self.machine = size, marked, machine


class Resolved:
    """A relocation that start-up code carries out: it writes what the function's resolver returns
    to a pointer (section, offset), to the function's slot, or else to its word."""

    def __init__(
        self,
        function: Function,
        pointer: tuple[SectionId, int] | None = None,
        in_slot: bool = False,
    ) -> None:
        self.function, self.pointer, self.in_slot = function, pointer, in_slot


@attrs.frozen(eq=False, repr=False)
class IndirectFunctions:
    """Functions that a resolver chooses at start-up (passes/own/indirect.py).

    entries: number of each one's entry in the linkage table, and of the word it jumps through.
    shared: those whose loads read that word.  direct: those that are ordinary functions at their
    entry for everybody (LLD).  relocations: in the order of their table.  at_entry: those whose
    address is that of their entry.  local_order: local ones as GNU ld walks through them."""

    form: Entries = attrs.field(factory=Entries)
    entries: Mapping[Function, int] = attrs.field(factory=dict)
    shared: frozenset[Function] = frozenset()
    direct: frozenset[Function] = frozenset()
    relocations: tuple[Resolved, ...] = ()
    at_entry: frozenset[Function] = frozenset()
    local_order: tuple[Function, ...] = ()


@attrs.frozen(eq=False, repr=False)
class Linkage:
    """GNU ld's linkage table in a program that moves (passes/pie/linkage.py).

    marked: entries begin with `endbr`, and callers go to `.plt.sec`.  count: entries in `.plt`, for
    indirect functions and others.  names: numbers of those of undefined names.  through_slots:
    undefined names whose entries in `.plt.got` jump through a slot.  unwind: the linker's own
    sections with records about the table: which part, and the bytes."""

    marked: bool = False
    count: int = 0
    names: Mapping[str, int] = attrs.field(factory=dict)
    through_slots: tuple[str, ...] = ()
    unwind: Mapping[SectionId, tuple[str, bytes]] = attrs.field(factory=dict)

    @property
    def short_size(self) -> int:
        """Bytes of an entry in `.plt.got`."""
        return 16 if self.marked else 8

    @property
    def calls(self) -> frozenset[str]:
        """Undefined names that have an entry."""
        return frozenset((*self.names, *self.through_slots))


@attrs.frozen(eq=False, repr=False)
class DynamicNames:
    """The names in `.dynsym` (passes/pie/dynamic_names.py, names_lld.py).

    order: from number 1 on.  bound: those that nobody defines and a loader binds.  hidden: names
    that were to be exported, had no file hidden them: they are local.  offsets: in `.dynstr`.
    contents: of the tables, by name, but for `.dynsym`.  texts: offsets in `.dynstr` of what
    options say."""

    order: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    offsets: Mapping[str, int] = attrs.field(factory=dict)
    contents: Mapping[str, bytes] = attrs.field(factory=dict)
    texts: Mapping[str, int] = attrs.field(factory=dict)

    def number(self, name: str) -> int:
        """Of a name in `.dynsym`."""
        return self.order.index(name) + 1


@attrs.frozen(eq=False, repr=False)
class Moves:
    """What a program that runs anywhere has to correct (passes/pie/moving.py).

    places: words in its sections, as section and offset; slots: of the global offset table.
    bound_places, bound_slots: those that a loader fills in, with the names.
    called: names that calls through a linkage table could mean.  in_text: whether any place cannot
    be written."""

    places: tuple[tuple[SectionId, int], ...] = ()
    slots: tuple[Slot, ...] = ()
    bound_places: tuple[tuple[SectionId, int, str], ...] = ()
    bound_slots: tuple[tuple[Slot, str], ...] = ()
    called: frozenset[str] = frozenset()
    in_text: bool = False

    def __len__(self) -> int:
        return len(self.places) + len(self.slots)


@attrs.frozen(eq=False, repr=False)
class Tables:
    """What the scan decided.

    slots: offset of each in `.got`.  sizes: of the linker's own sections, by name, those that are
    in the output.  code: new bytes of sections with rewritten instructions.  relocations: the
    tables that go with them, by (file, index of the table).  changed: loads that were rewritten and
    may have to be taken back.  threads: whether code has thread-local variables.  indirect:
    functions that are chosen at start-up.  moves: addresses in a program that runs anywhere, None
    for one that does not; dynamic: what its .dynamic says, as tag, "is", "at", "size", "value",
    "start" or "extent", and a number or the name of a section or symbol.  form: how they are
    written."""

    slots: Mapping[Slot, int]
    sizes: Mapping[str, int]
    code: Mapping[SectionId, bytes]
    relocations: Mapping[tuple[int, int], Relocations]
    changed: tuple[Changed, ...]
    threads: bool = False
    indirect: IndirectFunctions = attrs.field(factory=IndirectFunctions)
    moves: Moves | None = None
    dynamic: tuple[tuple[int, str, str | int], ...] = ()
    form: TableForm = USUAL_FORM
    linkage: Linkage | None = None
    """GNU ld's, in a program that moves."""

    names: DynamicNames | None = None
    """Those in GNU ld's `.dynsym`."""

    @property
    def own_records(self) -> Mapping[SectionId, bytes]:
        """Unwind records of the linker's own, by section."""
        if self.linkage is None:
            return {}
        return {sid: content for sid, (_, content) in self.linkage.unwind.items()}


NO_TABLES = Tables({}, {}, {}, {}, ())


INDIRECT = frozenset(binding << 4 | c.STT_GNU_IFUNC for binding in range(16))
"""st_info of an indirect function, however it is bound."""


def indirect_functions(resolution: Resolution) -> frozenset[Function]:
    """All there are, by (file, symbol index)."""
    return frozenset(
        (file, index)
        for file, obj in enumerate(resolution.files)
        if not INDIRECT.isdisjoint(obj.symbols.info)
        for index, info in enumerate(obj.symbols.info)
        if info in INDIRECT and obj.symbols.shndx[index] > 0
    )


def who_is(resolution: Resolution, file: int, symbol: int) -> Who:
    """A symbol by what it means."""
    first = resolution.first_global[file]
    if symbol < first:
        return file, symbol
    return resolution.global_names[file][symbol - first]
