"""What becomes of symbols, by llvm-objcopy's rules: first all change, then some go.

Source: llvm-objcopy 19.1.7 run with pairs of options on objects with every kind of symbol.
"""

from __future__ import annotations

from .. import elf_const as c
from .draft import GROUP, RELOC, Sec, Sym, complain, number_symbols
from .llvm_sections import find, remove_symbols
from .numbers import integer
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .draft import Draft
    from .plan import Names, Plan

    Test = Callable[[str], bool]

VISIBILITIES = {"default": 0, "internal": 1, "hidden": 2, "protected": 3}


def never(name: str) -> bool:
    return False


def update_and_remove(draft: Draft, plan: Plan) -> None:
    """All operations on symbols but --add-symbol, which comes after the sections."""
    if draft.symtab is None:
        return

    def test(names: Names) -> Test:
        return matcher(names, wildcard=plan.wildcard, regex=plan.regex) or never

    change = _changes(plan, test)
    if change is not None:
        for sym in draft.syms:
            change(sym)
    draft.syms = number_symbols(draft.syms)
    if plan.strip_unneeded or plan.strip_unneeded_symbol or plan.only_section:
        mark_used(draft)
    goes = _removal(draft, plan, test)
    if goes is not None:
        remove_symbols(draft, goes)
        draft.syms = number_symbols(draft.syms)


CHANGES = (
    "skip_symbol", "localize_symbol", "globalize_symbol", "keep_global_symbol", "weaken_symbol",
    "weaken", "localize_hidden", "redefine_sym", "set_symbol_visibility", "prefix_symbols",
    "remove_symbol_prefix",
)  # fmt: skip


def _changes(plan: Plan, test: Callable[[Names], Test]) -> Callable[[Sym], None] | None:
    """What happens to each symbol, in llvm-objcopy's order; None for nothing."""
    if not any(getattr(plan, name) for name in CHANGES):
        return None
    skip, localize = test(plan.skip_symbol), test(plan.localize_symbol)
    globalize, weaken = test(plan.globalize_symbol), test(plan.weaken_symbol)
    keep_global = test(plan.keep_global_symbol) if plan.keep_global_symbol else None
    visibilities = [(test(names), value) for names, value in plan.set_symbol_visibility]
    new_names = dict(plan.redefine_sym)
    hidden = (c.STV_HIDDEN, c.STV_INTERNAL)

    def change(sym: Sym) -> None:
        name = sym.name
        if skip(name):
            return
        defined = not sym.undefined
        if (
            defined
            and not sym.common
            and ((plan.localize_hidden and sym.visibility in hidden) or localize(name))
        ):
            sym.binding = c.STB_LOCAL
        for matches, value in visibilities:
            if matches(name):
                sym.other = sym.other & ~3 | value
        if keep_global is not None and defined and not keep_global(name):
            sym.binding = c.STB_LOCAL
        if defined and globalize(name):
            sym.binding = c.STB_GLOBAL
        if sym.binding != c.STB_LOCAL and (weaken(name) or (plan.weaken and defined)):
            sym.binding = c.STB_WEAK
        sym.name = _renamed(plan, new_names, sym)

    return change


def _renamed(plan: Plan, new_names: dict[str, str], sym: Sym) -> str:
    name = new_names.get(sym.name, sym.name)
    if sym.type == c.STT_SECTION:
        return name
    if plan.remove_symbol_prefix:
        name = name.removeprefix(plan.remove_symbol_prefix)
    return plan.prefix_symbols + name


def mark_used(draft: Draft) -> None:
    """Note which symbols relocations and groups name."""
    for sec in draft.secs:
        if sec.role == RELOC and sec.relocs is not None:
            for number in set(sec.relocs.symbols()):
                sym = draft.by_number[number]
                if sym is not None:
                    sym.used = True
        elif sec.role == GROUP and sec.signature is not None:
            sec.signature.used = True


def _removal(
    draft: Draft, plan: Plan, test: Callable[[Names], Test]
) -> Callable[[Sym], bool] | None:
    """The predicate "this symbol goes"; None when none does."""
    asks = (
        plan.strip_symbol, plan.strip_all, plan.strip_all_gnu, plan.strip_debug, plan.discard,
        plan.strip_unneeded, plan.strip_unneeded_symbol, plan.only_section,
    )  # fmt: skip
    if not any(asks):
        return None
    keep, strip = test(plan.keep_symbol), test(plan.strip_symbol)
    unneeded = test(plan.strip_unneeded_symbol)
    named = (c.STT_FILE, c.STT_SECTION)
    # A linked file that kept its relocations counts as an object.
    relocatable = draft.relocatable or draft.has_relocations

    def goes(sym: Sym) -> bool:
        name = sym.name
        if keep(name) or (plan.keep_file_symbols and sym.type == c.STT_FILE):
            return False
        if strip(name) or plan.strip_all or plan.strip_all_gnu:
            return True
        if plan.strip_debug and sym.type == c.STT_FILE:
            return True
        local = sym.binding == c.STB_LOCAL
        if (
            (plan.discard == "all" or (plan.discard == "locals" and name.startswith(".L")))
            and local
            and not sym.undefined
            and sym.type not in named
        ):
            return True
        if (plan.strip_unneeded or unneeded(name)) and (
            not relocatable
            or (not sym.used and (local or sym.undefined) and sym.type != c.STT_SECTION)
        ):
            return True
        return bool(plan.only_section) and not sym.used and sym.undefined

    return goes


# --- --add-symbol ---------------------------------------------------------------------------------

BINDINGS = {"global": c.STB_GLOBAL, "local": c.STB_LOCAL, "weak": c.STB_WEAK}
TYPES = {
    "file": c.STT_FILE, "section": c.STT_SECTION, "object": c.STT_OBJECT, "function": c.STT_FUNC,
    "indirect-function": c.STT_GNU_IFUNC,
}  # fmt: skip
IGNORED = ("debug", "constructor", "warning", "indirect", "synthetic", "unique-object")
SHOWN = ("default", "hidden", "protected")


def known_flag(flag: str) -> bool:
    """Is it a word that --add-symbol takes?"""
    word = flag.lower()
    known = word in BINDINGS or word in TYPES or word in SHOWN or word in IGNORED
    return known or word.startswith("before=")


def make_room(draft: Draft, plan: Plan) -> None:
    """A symbol table for --add-symbol where there is none; it precedes sections that are added."""
    if plan.add_symbol and draft.symtab is None:
        _new_symbol_table(draft)


def add_symbols(draft: Draft, plan: Plan) -> None:
    if not plan.add_symbol:
        return
    for text in plan.add_symbol:
        draft.syms.append(_parsed(draft, text, plan.new_symbol_visibility))
    for index, sym in enumerate(draft.syms, 1):
        sym.index = index


def _parsed(draft: Draft, text: str, visibility: int) -> Sym:
    """`name=[section:]value[,flags]`; bad-option-value."""
    name, equals, rest = text.partition("=")
    if not equals:
        complain("bad-option-value", f"bad format for --add-symbol, missing '=' after '{text}'")
    value, *flags = rest.split(",")
    section, colon, digits = value.rpartition(":")
    number = integer(digits)
    if number is None:
        complain("bad-option-value", f"bad symbol value: '{digits}'")
    sym = Sym(name, number)
    sym.binding, sym.other = c.STB_GLOBAL, visibility
    sym.sec = find(draft, section) if colon else None
    sym.place = c.SHN_ABS
    if sym.sec is not None:
        sym.value += sym.sec.addr
    for flag in flags:
        word = flag.lower()
        if word in BINDINGS:
            sym.binding = BINDINGS[word]
        elif word in TYPES:
            sym.type = TYPES[word]
        elif word in VISIBILITIES and word != "internal":
            sym.other = VISIBILITIES[word]
        elif word not in IGNORED and not word.startswith("before="):
            complain("bad-option-value", f"unsupported flag '{flag}' for --add-symbol")
    return sym


def _new_symbol_table(draft: Draft) -> None:
    """A .symtab, and the .strtab there is, or another string table, or a new one."""
    from .draft import STRTAB, SYMTAB

    tables = [s for s in draft.secs if s.type == c.SHT_STRTAB and not s.alloc]
    own = [s for s in tables if s.name == ".strtab"]
    found = own or tables
    if found:
        strtab = found[-1]
    else:
        strtab = Sec(".strtab", c.SHT_STRTAB)
        draft.secs.append(strtab)
    symtab = Sec(".symtab", c.SHT_SYMTAB)
    draft.secs.append(symtab)
    symtab.link, symtab.role = strtab, SYMTAB
    if strtab.role == 0:
        strtab.role = STRTAB
    draft.symtab = symtab
    draft.syms = []
