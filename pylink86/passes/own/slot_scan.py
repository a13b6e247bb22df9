"""The walk through the relocations that code's tables are made for: what each one needs.

Loads are rewritten where that is possible; what is left asks for a slot or for the address of the
table itself.  `got` says which files are worth the walk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ... import elf_const as c
from ...arch import rows_for, word_of
from ...arch.loads import R_386_GOTOFF, has_no_base, is_distance, rewrite_load
from ...arch.padding import CallPadding
from ...arch.reloc import (
    GOT,
    GOT_BASE,
    GOT_OFF,
    GOT_PC,
    LOOKED_AT,
    OF_OFFSETS,
    OF_TABLE,
    OF_THREADS,
    PLT_OFF,
    TLS_IE,
    Row,
)
from ...arch.rewrite import Rewrite, with_addend
from ...arch.thread import rewrite_thread
from ...dialect import Dialect
from ...elf_tables import Buffer
from ...model import ABS, ObjectFile, Relocations
from ..matching.match import SectionId, SectionList
from ..names.resolve import OFFSET_TABLE, Resolution
from ..names.strongly_wanted import strongly_wanted
from ..tables import (
    ADDRESS,
    BOUNDARIES,
    OFFSET,
    POSITIVE,
    Changed,
    Function,
    IndirectFunctions,
    Load,
    Slot,
    Tables,
    Who,
    who_is,
)
from .slots import slots_like_gnu, slots_like_lld
from .table_form import TableForm

if TYPE_CHECKING:
    from ..pie.moving import MovingScan

NEEDS_BASE = frozenset((GOT, GOT_BASE, GOT_OFF, PLT_OFF))
"""Kinds whose formula has the table's own address in it."""
KEEPS_BASE = frozenset((GOT, GOT_BASE))
"""Kinds that make GNU ld write the words there; an offset counts from where they would be."""

_IE_32 = 33
"""R_386_TLS_IE_32: its slot holds a positive number."""

MODULE_BASE = "_TLS_MODULE_BASE_"
"""What code of the local-dynamic model adds offsets to; where those count from the thread pointer,
it is 0."""

HEADER_WORDS = 3
"""`.got.plt` begins with words for a dynamic loader; they are 0 in a static program."""


class SlotScan:
    """What the walk has gathered."""

    def __init__(
        self,
        resolution: Resolution,
        table: SectionList,
        assigned: frozenset[str],
        dialect: Dialect,
        relax: bool,
        keep: Collection[Load],
        padding: CallPadding,
        form: TableForm,
        moving: MovingScan | None = None,
    ) -> None:
        self.resolution, self.table, self.assigned = resolution, table, assigned
        self.dialect, self.relax, self.keep = dialect, relax, keep
        self.padding, self.form, self.moving = padding, form, moving
        self.wanted: dict[Slot, None] = {}
        self.code: dict[SectionId, bytearray] = {}
        self.relocations: dict[tuple[int, int], Relocations] = {}
        self.changed: list[Changed] = []
        self.late: dict[Load, Slot] = {}
        self.loads = False
        """Whether one became a distance, for which LLD keeps its table."""
        self.rewritten: set[Who] = set()
        """Symbols of which a load needs no slot any more."""
        self.base = False
        self.threads = False
        self.needed = strongly_wanted(resolution) if dialect.tables_like_gnu else frozenset[str]()
        """Undefined names whose loads GNU ld leaves as they are."""

    def section(self, file: int, obj: ObjectFile, index: int, rel: int, rels: Relocations) -> None:
        """One relocation table of a section that is in the output."""
        rows, word = rows_for(obj.header.machine), word_of(obj.header.machine)
        sid = self.table.base[file] + index
        content = obj.contents[index]
        columns = _Columns(rels)
        skip = -1
        for number, (place, kind, symbol) in enumerate(zip(rels.offset, rels.type, rels.symbol)):
            row = rows.get(kind)
            if row is None or row.kind not in LOOKED_AT or number == skip:
                continue
            rewrite = None
            if row.kind in OF_OFFSETS:
                self.threads = True
                continue
            if row.kind in OF_THREADS:
                self.threads = True
                follows = number + 1 < len(rels)
                rewrite = rewrite_thread(content, place, kind, word, follows, self.dialect.name)
            elif self._may_change(file, obj, rel, number, symbol, place):
                addend = rels.addend[number] if rels.addend is not None else _word(content, place)
                moves = self.moving is not None and self.moving.moves_along(file, symbol)
                rewrite = rewrite_load(
                    content, place, kind, addend, word, self.dialect.name, moves, self.padding
                )
                if not self.dialect.tables_like_gnu:
                    self.base |= rewrite is not None and rewrite.type == R_386_GOTOFF and word == 4
                if rewrite is not None and not self._fits(file, symbol, rewrite, word):
                    rewrite = None
            if rewrite is not None and self.who(file, symbol) == MODULE_BASE:
                rewrite = rewrite._replace(type=0)
            if rewrite is None:
                self._needs(file, symbol, row, obj, content, place, (file, rel, number))
                continue
            if row.kind in OF_TABLE:
                self.loads |= is_distance(rewrite)
                self.rewritten.add(self.who(file, symbol))
                self.changed.append(Changed((file, rel, number), sid, symbol, rewrite))
            self._write(sid, content, rewrite, rels.addend is None)
            columns.change(number, rewrite)
            if rewrite.swallows:
                skip = number + 1
                columns.change(skip, None)
                self._keep_slot_of_call(file, rows.get(rels.type[skip]), rels.symbol[skip])
        if columns.touched:
            self.relocations[file, rel] = columns.made()

    def _keep_slot_of_call(self, file: int, row: Row | None, symbol: int) -> None:
        """GNU ld: the slot of __tls_get_addr, if nobody defines it, stays when its call goes."""
        who = self.who(file, symbol)
        if row is not None and row.kind in (GOT, GOT_PC) and who in self.needed:
            self.wanted[ADDRESS, who] = None

    def _may_change(
        self, file: int, obj: ObjectFile, rel: int, number: int, symbol: int, place: int
    ) -> bool:
        """Whether the symbol of a load is at a place that the link decides.

        GNU ld takes everything but indirect functions and what is undefined, and with --no-relax
        still i386 code and all but branches to what is weak and undefined, which is 0 (in a program
        that moves these branches stay in any case); LLD nothing
        absolute and nothing that is weak and undefined, as 0 may be far from the code."""
        if (file, rel, number) in self.keep:
            return False
        gnu = self.dialect.tables_like_gnu
        relax = self.relax or (gnu and obj.header.machine == c.EM_386)
        shndx = obj.symbols.shndx[symbol]
        kind = obj.symbols.info[symbol] & 0xF
        first = self.resolution.first_global[file]
        if symbol >= first:
            name = self.resolution.global_names[file][symbol - first]
            if name in self.assigned or name.startswith(BOUNDARIES):
                return relax
            definer = self.resolution.definer.get(name)
            if definer is None:
                if name in self.needed or (self.moving is not None and name in self.moving.bound):
                    return False
                is_branch = obj.contents[obj.sections.info[rel]][place - 2 : place - 1] == b"\xff"
                direct = not is_branch or (relax and self.moving is None)
                return self.dialect.relaxes_absolute_loads and direct
            symbols = self.resolution.files[definer[0]].symbols
            shndx, kind = symbols.shndx[definer[1]], symbols.info[definer[1]] & 0xF
        if kind == c.STT_GNU_IFUNC:
            return False
        return relax and (shndx > 0 or self.dialect.relaxes_absolute_loads)

    def _fits(self, file: int, symbol: int, rewrite: Rewrite, word: int) -> bool:
        """Whether an absolute symbol fits the number the new instruction holds."""
        if word == 4 or is_distance(rewrite):
            return True
        where = file, symbol
        first = self.resolution.first_global[file]
        if symbol >= first:
            name = self.resolution.global_names[file][symbol - first]
            where = self.resolution.definer.get(name, where)
        symbols = self.resolution.files[where[0]].symbols
        if symbols.shndx[where[1]] != ABS:
            return True
        value = symbols.value[where[1]]
        return value < 1 << 31 or value >= (1 << 64) - (1 << 31)

    def _needs(
        self,
        file: int,
        symbol: int,
        row: Row,
        obj: ObjectFile,
        content: Buffer,
        place: int,
        load: Load,
    ) -> None:
        """Note what a relocation that stays needs."""
        is_386 = obj.header.machine == c.EM_386
        is_address = row.kind == GOT and is_386 and has_no_base(content, place)
        kinds = KEEPS_BASE if self.dialect.tables_like_gnu else NEEDS_BASE
        self.base |= row.kind in kinds and not is_address
        if row.kind == GOT_OFF and is_386:
            self.base |= self.who(file, symbol) in self.resolution.undefined - self.assigned
        if row.kind in (GOT, GOT_PC):
            slot = ADDRESS, self.who(file, symbol)
            if load in self.keep:
                self.late[load] = slot
            else:
                self.wanted[slot] = None
        elif row.kind == TLS_IE:
            positive = row.number == _IE_32 and obj.header.machine == c.EM_386
            self.wanted[POSITIVE if positive else OFFSET, self.who(file, symbol)] = None

    def who(self, file: int, symbol: int) -> Who:
        return who_is(self.resolution, file, symbol)

    def _write(self, sid: SectionId, content: object, rewrite: Rewrite, in_place: bool) -> None:
        code = self.code.get(sid)
        if code is None:
            code = self.code[sid] = bytearray(content)  # type: ignore[call-overload]
        has_place = rewrite.type and in_place
        new = with_addend(rewrite) if has_place else rewrite.code
        code[rewrite.start : rewrite.start + len(new)] = new

    def finished(self, indirect: IndirectFunctions) -> Tables:
        """Give every slot its offset, and the tables their sizes."""
        word = self.form.slot
        gnu = self.dialect.tables_like_gnu
        slots = {slot: i * word for i, slot in enumerate(self._in_order(indirect))}
        sizes: dict[str, int] = {}
        if slots or (self.loads and not gnu):
            sizes[".got"] = len(slots) * word
        linkage = None
        if gnu and self.moving is not None:
            from ..pie.linkage import linkage_sizes, plan_linkage

            indirect, linkage = plan_linkage(indirect, self.moving, slots, self.rewritten)
            sizes.update(linkage_sizes(indirect, linkage, self.form, self.moving.bound))
        words = len(indirect.entries) * word
        late_words = sizes.get(".got.plt", 0)
        asked = slots or words or late_words if gnu else self._defines_base()
        if self.base or asked:
            sizes[".got.plt"] = HEADER_WORDS * word + late_words
        if indirect.relocations and linkage is None:
            from .indirect_values import relocation_table

            name = relocation_table(self.form, self.dialect)
            sizes[name] = self.form.entsize * len(indirect.relocations)
        if words and linkage is None:
            sizes[".iplt"] = len(indirect.entries) * indirect.form.size
            held = ".igot.plt" if gnu else ".got.plt"
            sizes[held] = sizes.get(held, 0) + words
        code = {sid: bytes(new) for sid, new in self.code.items()}
        return Tables(
            slots, sizes, code, self.relocations, tuple(self.changed), self.threads, indirect,
            form=self.form, linkage=linkage,
        )  # fmt: skip

    def _defines_base(self) -> bool:
        return OFFSET_TABLE in self.resolution.definer

    def _in_order(self, indirect: IndirectFunctions) -> Iterator[Slot]:
        """The slots there are to be: not those of indirect functions whose word serves as well."""
        late = {self.late[load]: None for load in self.keep if load in self.late}
        if self.dialect.tables_like_gnu:
            self.wanted.update(late)
        wanted = {slot: None for slot in self.wanted if self._function(slot) not in indirect.shared}
        if not self.dialect.tables_like_gnu:
            return iter(dict.fromkeys((*slots_like_lld(wanted, self.resolution), *late)))
        last = [(ADDRESS, function) for function in indirect.local_order]
        return slots_like_gnu(wanted, self.resolution, last)

    def _function(self, slot: Slot) -> Function | None:
        use, who = slot
        if use != ADDRESS:
            return None
        return self.resolution.definer.get(who) if isinstance(who, str) else who


def _word(content: object, place: int) -> int:
    return int.from_bytes(content[place : place + 4], "little")  # type: ignore[index]


class _Columns:
    """A relocation table of which some rows change; copied when the first one does."""

    def __init__(self, rels: Relocations) -> None:
        self._rels = rels
        self.touched = False
        self._offset: list[int] = []
        self._type: list[int] = []
        self._addend: list[int] | None = None

    def change(self, number: int, rewrite: Rewrite | None) -> None:
        """Row `number` is another relocation now; None or type 0 for none."""
        if not self.touched:
            rels = self._rels
            self._offset, self._type = list(rels.offset), list(rels.type)
            self._addend = None if rels.addend is None else list(rels.addend)
            self.touched = True
        if rewrite is None:
            self._type[number] = 0
            return
        self._offset[number], self._type[number] = rewrite.place, rewrite.type
        if self._addend is not None:
            self._addend[number] = rewrite.addend

    def made(self) -> Relocations:
        addend = None if self._addend is None else tuple(self._addend)
        return Relocations(tuple(self._offset), tuple(self._type), self._rels.symbol, addend)
