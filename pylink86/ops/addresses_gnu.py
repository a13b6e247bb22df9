"""Where sections are put by `--change-section-address`, `-vma`, `-lma` and `--change-addresses`.

GNU objcopy keeps one entry for each pattern as it is spelled, however many options name it.  Of an
entry the last number given for an address counts, and `+` or `-` after `=` is an error.  A section
asks the entries that speak of the address in question, the newest first, and obeys the first one
that matches; but where a `!PATTERN` matches, of any age, no entry counts.  An entry is as old as
the first option with its pattern, be it `-R PATTERN` or `--set-section-flags PATTERN=...`.

Source: GNU objcopy 2.40 called with pairs and triples of these options.
"""

from __future__ import annotations

from .draft import GROUP, PLAIN, complain
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .draft import Draft, Sec
    from .plan import Notes, Plan

ADDRESS = (1 << 64) - 1
"""BFD's addresses have 64 bits and no sign, in every class of file."""

FIELDS = ("addr", "lma")
WORDS = {"addr": "vma", "lma": "lma"}
"""Field of a section -> the word of the manual."""


OBEYED = {"addr": "=", "lma": "+"}
"""Field -> what is done where an entry was told both to add and, later, to set."""


class Entry:
    """What the options say about one pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.but = pattern.startswith("!")
        self.test = matcher((pattern.removeprefix("!"),), wildcard=True)
        self.numbers: dict[str, int] = {}
        self.signs: dict[str, set[str]] = {"addr": set(), "lma": set()}
        """By field; `-` is a `+` with a number below zero."""
        self.used = False

    def matches(self, sec: Sec) -> bool:
        return self.test is not None and self.test(sec.was)

    def ask(self, field: str, sign: str, number: int) -> None:
        """One more option; bad-option-value for `+` or `-` after `=`."""
        if sign != "=" and "=" in self.signs[field]:
            both = f"{self.pattern} both sets and alters {WORDS[field].upper()}"
            complain("bad-option-value", both)
        self.signs[field].add("=" if sign == "=" else "+")
        self.numbers[field] = -number if sign == "-" else number

    def moved(self, field: str, old: int) -> int:
        """The address that this entry gives to a section that was at `old`."""
        signs = self.signs[field]
        sign = OBEYED[field] if len(signs) > 1 else min(signs)
        return self.numbers[field] + (old if sign == "+" else 0)


def entries(plan: Plan) -> list[Entry]:
    """One entry a pattern, the newest first; bad-option-value."""
    found: dict[str, Entry] = {}
    for pattern in plan.section_patterns:
        found.setdefault(pattern, Entry(pattern))
    for which, pattern, sign, number in plan.change_section:
        entry = found.setdefault(pattern, Entry(pattern))
        for field in FIELDS:
            if which in ("address", WORDS[field]):
                entry.ask(field, sign, number)
    return list(found.values())[::-1]


def change_addresses(draft: Draft, plan: Plan, notes: Notes) -> None:
    """Every section to its place; in a linked file symbols and relocations go with it."""
    if plan.change_section or plan.change_addresses:
        _move_sections(draft, plan, notes)
    if not draft.relocatable:
        _move_contents(draft)


def _move_sections(draft: Draft, plan: Plan, notes: Notes) -> None:
    """--change-addresses moves what no entry speaks of."""
    found = entries(plan)
    for sec in draft.secs:
        if sec.role not in (PLAIN, GROUP):
            continue
        for field in FIELDS:
            old = getattr(sec, field)
            entry = entry_for(sec, field, found)
            new = entry.moved(field, old) if entry else old + plan.change_addresses
            setattr(sec, field, new & ADDRESS)
    if plan.change_warnings:
        _warn_of_unused(found, plan, notes)


def entry_for(sec: Sec, field: str, known: Iterable[Entry]) -> Entry | None:
    """The entry that decides where a section goes, exceptions first; None if no option says."""
    for entry in sorted(known, key=lambda entry: not entry.but):
        if field in entry.numbers and entry.matches(sec):
            entry.used = True
            return None if entry.but else entry
    return None


def _warn_of_unused(known: Iterable[Entry], plan: Plan, notes: Notes) -> None:
    others = {*plan.remove_section, *plan.only_section, *plan.keep_section}
    others.update(plan.remove_relocations)
    for entry in known:
        if entry.used or entry.pattern in others:
            continue  # a removed section is gone by now, but its pattern was used
        for field, number in sorted(entry.numbers.items()):
            sign = "=" if "=" in entry.signs[field] else "+"
            shown = f"{entry.pattern}{sign}{number & ADDRESS:#x}"
            notes.warn("no-such-section", f"--change-section-{WORDS[field]} {shown} never used")


def _move_contents(draft: Draft) -> None:
    """In linked files a value is an address: it moves with its section."""
    for sym in draft.syms:
        if sym.sec is not None:
            sym.value += sym.sec.addr - sym.sec.old_addr
    for sec in draft.reloc_secs():
        by = sec.target.addr - sec.target.old_addr if sec.target is not None else 0
        if by and sec.relocs is not None:
            sec.relocs = sec.relocs.moved(by)
            sec.data = sec.relocs.table
