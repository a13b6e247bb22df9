"""The linkage table of a program that moves, as GNU ld makes it: ready for binding names late.

Code that calls a function of a shared library calls an entry of `.plt`, which jumps through a word
of `.got.plt`; at first that word leads back into the entry, which pushes its number and asks the
loader (psABI x86-64 5.2, i386 5.2).  GNU ld takes this table for every program that moves (-pie),
also where nothing is shared: indirect functions have their entries there, and so do undefined names
that something calls.  When every input marks the targets of its jumps, the callers go to `.plt.sec`
instead; an undefined name that has a slot in the global offset table anyway gets a short entry in
`.plt.got`.  The tables have unwind records where the program has any.

This pass decides which entries there are and in which order; linkage_values writes them.
Found with `ld -pie` on objects with each kind of call, and `objdump -d`."""

from __future__ import annotations

import struct
from collections.abc import Collection

import attrs

from ... import elf_const as c
from ..editing.notes import common_features
from ..finishing.name_order import names_in_reading_order
from ..finishing.name_table import table_order
from ..matching.match import SectionId, SectionList
from ..names.visibility import FORCED_LOCAL, visibilities
from ..own.indirect import IBT
from ..own.table_form import TableForm
from ..tables import ADDRESS, BOUNDARIES, Function, IndirectFunctions, Linkage, Slot, Tables, Who
from .moving import MovingScan

ENTRY = 16
"""Bytes of an entry in `.plt` and `.plt.sec`, and of the first one, which calls the loader."""

HEADER_WORDS = 3
"""`.got.plt` begins with the address of `.dynamic` and two words for the loader."""


def plan_linkage(
    functions: IndirectFunctions,
    moving: MovingScan,
    slots: Collection[Slot],
    rewritten: Collection[Who],
) -> tuple[IndirectFunctions, Linkage]:
    """Number the entries as GNU ld does: names as they lie in its table of names, then local
    functions; and put the relocations of the words in order.

    slots: of the global offset table, those there are.  rewritten: names that some load needs no
    slot for any more: they have an entry of the usual kind."""
    marked = bool((common_features(moving.resolution.files[:-1]) | moving.features) & IBT)
    called = {name for name in moving.called if _is_unbound(name, moving)}
    hidden = visibilities(moving.resolution) if called or functions.entries else {}
    called -= hidden.keys()
    if not called and not functions.entries:
        return functions, Linkage(marked)
    names = table_order(names_in_reading_order(moving.resolution))
    direct = called.difference(rewritten)
    through = tuple(name for name in names if name in direct and (ADDRESS, name) in slots)
    called.difference_update(through)
    definer = moving.resolution.definer
    numbers: dict[str | Function, int] = {}
    for name in names:
        who = name if name in called else definer.get(name)
        if who is not None and (who in called or who in functions.entries):
            numbers.setdefault(who, len(numbers))
    local = [f for f in functions.local_order if f in functions.entries]
    for function in local:
        numbers[function] = len(numbers)
    apart = {
        definer[name]
        for name in moving.called
        if name in definer and hidden.get(name) in FORCED_LOCAL
    }
    listed = [f for f in numbers if isinstance(f, tuple)]
    finished = [f for f in listed if f in apart]
    finished += local
    finished += [f for f in listed if f not in apart and f not in local]
    entries = {who: n for who, n in numbers.items() if isinstance(who, tuple)}
    others = [r for r in functions.relocations if r.pointer is not None or r.in_slot]
    of_entry = {r.function: r for r in functions.relocations if r not in others}
    functions = attrs.evolve(
        functions,
        entries=entries,
        relocations=(*others, *(of_entry[f] for f in reversed(finished))),
    )
    unbound = {who: n for who, n in numbers.items() if isinstance(who, str)}
    return functions, Linkage(marked, len(numbers), unbound, through)


def _is_unbound(name: str, moving: MovingScan) -> bool:
    """Whether nobody defines a name."""
    is_made = name in moving.assigned or name.startswith(BOUNDARIES)
    return not is_made and name not in moving.resolution.definer


def linkage_sizes(
    functions: IndirectFunctions, linkage: Linkage, form: TableForm, bound: frozenset[str]
) -> dict[str, int]:
    """Bytes of the tables, by name; without what else is in `.got.plt` and the list of places.

    bound: names that a loader binds."""
    entries = [r for r in functions.relocations if r.pointer is None and not r.in_slot]
    in_slots = sum(r.in_slot for r in functions.relocations)
    pointers = sum(r.pointer is not None for r in functions.relocations)
    found = {
        ".plt": ENTRY * (linkage.count + 1) if linkage.calls or linkage.count else 0,
        ".plt.sec": ENTRY * linkage.count if linkage.marked else 0,
        ".plt.got": linkage.short_size * len(linkage.through_slots),
        ".got.plt": form.slot * linkage.count,
        form.prefix + ".plt": form.entsize * (len(entries) + len(bound & linkage.names.keys())),
        form.prefix + ".got": form.entsize * in_slots,
        form.prefix + ".ifunc": form.entsize * pointers,
    }
    return {name: size for name, size in found.items() if size}


# Unwind records.

_CIE = {
    c.EM_X86_64: bytes.fromhex("14000000 00000000 017a5200 01781001 1b0c0708 90010000"),
    c.EM_386: bytes.fromhex("14000000 00000000 017a5200 017c0801 1b0c0404 88010000"),
}
_LATE = {
    c.EM_X86_64: "0e10 46 0e18 4a 0f 0b 7708 8000 3f 1a {} 2a 33 24 22",
    c.EM_386: "0e08 46 0e0c 4a 0f 0b 7404 7800 3f 1a {} 2a 32 24 22",
}
"""Where the return address is in `.plt`: in the first entry one and two words further, in others
one more from where the number has been pushed on, which address & 15 tells (DW_OP_ge)."""
_PUSHED_AT = {False: "3b", True: "39"}
"""DW_OP_lit11, DW_OP_lit9: what follows the push, by whether entries are marked."""


def with_unwind_records(
    tables: Tables, table: SectionList, gone: Collection[SectionId], machine: int
) -> Linkage:
    """The table with records about its parts, where the inputs have some."""
    linkage = tables.linkage or Linkage()
    inputs = range(table.base[-1])
    if not any(
        table.name[sid] == ".eh_frame" and table.size[sid] > 8 and sid not in gone for sid in inputs
    ):
        return linkage
    own = (sid for sid in range(table.base[-1], len(table)) if table.name[sid] == ".eh_frame")
    found = {}
    for sid, part in zip(own, (".plt", ".plt.got", ".plt.sec")):
        if part in tables.sizes:
            program = b""
            if part == ".plt":
                program = bytes.fromhex(_LATE[machine].format(_PUSHED_AT[linkage.marked]))
            found[sid] = part, _record(machine, tables.sizes[part], program)
    return attrs.evolve(linkage, unwind=found)


def _record(machine: int, size: int, program: bytes) -> bytes:
    """A CIE and the FDE of so many bytes of code."""
    body = struct.pack("<iI", 0, size) + b"\0" + program
    body += bytes(-len(body) % 4)
    cie = _CIE[machine]
    return cie + struct.pack("<II", len(body) + 4, len(cie) + 4) + body
