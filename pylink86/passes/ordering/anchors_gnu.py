"""Which output section GNU ld puts an orphan behind.

Orphans come in classes: code, read-only data, data ... Each class follows the section of its
well-known name (`.text`) when the script has it; else the last section whose traits are those of
the orphan, or nearly so.  Found by giving GNU ld 2.40 scripts with few sections and orphans of each
kind."""

from __future__ import annotations

from ... import elf_const as c
from ..names.special_names import is_debug
from .entry import ALLOC, CODE, HAS_CONTENTS, LOAD, READONLY, TLS, Entry
from .orphans import Dropped, Statements

ALL = HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE | TLS


TRAIT_FLAGS = c.SHF_WRITE | c.SHF_EXECINSTR | c.SHF_TLS


def traits_of(flags: int, kind: int) -> int:
    found = 0 if kind == c.SHT_NOBITS else HAS_CONTENTS
    if flags & c.SHF_ALLOC:
        found |= ALLOC if kind == c.SHT_NOBITS else ALLOC | LOAD
    if not flags & c.SHF_WRITE:
        found |= READONLY
    if flags & c.SHF_EXECINSTR:
        found |= CODE
    if flags & c.SHF_TLS:
        found |= TLS
    return found


def entry_traits(entry: Entry) -> int:
    """An output section of data statements is read-only data, unless something else gave it being;
    one nothing went into has no traits, or those its well-known name stands for."""
    if not entry.begun:
        return WELL_KNOWN.get(entry.name, 0) if entry.leads else 0
    if not entry.has_input:
        is_readonly = entry.data_is_readonly or entry.is_readonly
        data = HAS_CONTENTS | ALLOC | LOAD | (READONLY if is_readonly else 0)
        return data & ~entry.lacks if entry.has_data else 0
    found = traits_of(entry.flags, entry.type)
    if entry.has_data:
        found |= HAS_CONTENTS | LOAD | ALLOC
    if entry.is_readonly:
        found |= READONLY
    return found & ~entry.lacks


WELL_KNOWN = {
    ".text": HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE,
    ".rodata": HAS_CONTENTS | ALLOC | LOAD | READONLY,
    ".interp": HAS_CONTENTS | ALLOC | LOAD | READONLY,
    ".tdata": HAS_CONTENTS | ALLOC | LOAD | TLS,
    ".data": HAS_CONTENTS | ALLOC | LOAD,
    ".bss": ALLOC,
}
"""What GNU ld takes an output section for that is in the script and that nothing went into; of
several that have a name the first."""

RELOCATIONS = frozenset((c.SHT_REL, c.SHT_RELA))

ANCHOR_NAMES = {
    "text": ".text",
    "rodata": ".rodata",
    "tdata": ".tdata",
    "data": ".data",
    "bss": ".bss",
    "note": ".interp",
    "nonalloc": ".comment",
}
"""The output section an orphan of a class follows when the script has it, whatever it holds."""


def class_of(flags: int, kind: int, name: str) -> str:
    """The class of an orphan; "" is debug information, which is in none: each is placed anew."""
    if not flags & c.SHF_ALLOC:
        return "" if is_debug(name, flags) else "nonalloc"
    if kind == c.SHT_NOTE:
        return "note"
    if flags & c.SHF_TLS:
        return "tdata"
    if kind == c.SHT_NOBITS:
        return "bss"
    if flags & c.SHF_WRITE:
        return "data"
    if kind in RELOCATIONS:
        return "relocations"
    return "text" if flags & c.SHF_EXECINSTR else "rodata"


def _looser_masks(traits: int) -> tuple[int, ...]:
    """Which traits must agree for a section to serve as anchor, strictest first.

    Code may follow writable code; read-only data follows code; data follows anything with contents;
    .bss follows anything in memory.  Found by experiment.
    """
    if not traits & ALLOC:
        return (ALL,)
    if traits & CODE:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | CODE | TLS
    if traits & READONLY and traits & HAS_CONTENTS:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | READONLY
    if traits & HAS_CONTENTS:
        return ALL, HAS_CONTENTS | ALLOC | LOAD | TLS
    return ALL, ALLOC


def anchor_by_traits(
    items: Statements, traits: int, kind: int | None
) -> tuple[Entry | Dropped | None, bool]:
    """The last output section whose traits agree, under the strictest mask that finds one; whether
    they agree in everything and in type.  kind: its type, where that counts."""
    masks = _looser_masks(traits)
    if (found := _last_alike(items, traits, ALL, kind)) is not None:
        return found, True
    if traits & (TLS | ALLOC | CODE | READONLY) == TLS | ALLOC:
        return _thread_local_anchor(items, traits), False
    for wanted, looser in ((kind, masks[1:]), (None, masks)):
        for mask in looser:
            found = _last_alike(items, traits, mask, wanted)
            if found is not None:
                return found, False
    return None if traits & ALLOC else _last_described(items), False


def _last_described(items: Statements) -> Entry | Dropped | None:
    """The last output section, be it /DISCARD/ or one whose constraint fails: what is not in memory
    goes behind it."""
    return next((item for item in reversed(items) if isinstance(item, (Entry, Dropped))), None)


def _last_alike(items: Statements, traits: int, mask: int, kind: int | None) -> Entry | None:
    """The last section with traits that agree as far as `mask` says, and of a type unless that is
    None or nothing gave the section one."""
    for entry in reversed(items):
        if not isinstance(entry, Entry):
            continue
        if kind is not None and entry.begun and entry.first_type != kind:
            continue
        have = entry_traits(entry)
        if have and (have ^ traits) & mask == 0:
            return entry
    return None


def _thread_local_anchor(items: Statements, traits: int) -> Entry | None:
    """Thread-local orphans go behind the first run of thread-local sections, `.tdata` before
    `.tbss`; where there is none, behind the last section that is loaded."""
    found = None
    among = False
    for entry in items:
        if not isinstance(entry, Entry):
            continue
        have = entry_traits(entry)
        if have & TLS and have & ALLOC:
            if traits & LOAD and not have & LOAD:
                break
            found, among = entry, True
        elif among:
            break
        elif have & HAS_CONTENTS and have & ALLOC and have & LOAD:
            found = entry
    return found


def well_known(items: Statements, group: str) -> Entry | None:
    """The section of the name that stands for a class."""
    if group == "relocations":
        return _before_relocations(items)
    return items.named(ANCHOR_NAMES[group]) if group else None


def _before_relocations(items: Statements) -> Entry | None:
    """What relocations go behind, ahead of all others: the last read-only section in memory; else
    the last in memory; else the last."""
    entries = []
    for item in items:
        if isinstance(item, Entry):
            if item.name.startswith(".rel"):
                break
            entries.append(item)
    for wanted in (ALLOC | READONLY, ALLOC, 0):
        for entry in reversed(entries):
            have = entry_traits(entry) if entry.begun else 0
            if have & wanted == wanted:
                return entry
    return None
