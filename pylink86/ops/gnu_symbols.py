"""What becomes of symbols, by GNU objcopy's rules: each is renamed, kept or not, and then bound.

Source: GNU objcopy 2.40 run with pairs of options on objects with every kind of symbol.
"""

from __future__ import annotations

from .. import elf_const as c
from .bfd import GLOBAL
from .draft import GROUP, PLAIN, Sym, complain, number_symbols
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .draft import Draft, Sec
    from .plan import Names, Notes, Plan


def filter_symbols(draft: Draft, plan: Plan, notes: Notes, goes: Callable[[Sec], bool]) -> None:
    """All operations on symbols; those in sections that go are gone."""
    _filter(draft, plan, notes, goes)
    if not draft.relocatable and not draft.reloc_secs():
        # Nothing can name them; a table that held nothing else stays, empty.
        draft.empty_table = bool(draft.syms)
        draft.syms = [sym for sym in draft.syms if sym.type != c.STT_SECTION]
        number_symbols(draft.syms)


def _filter(draft: Draft, plan: Plan, notes: Notes, goes: Callable[[Sec], bool]) -> None:
    if not _asked(plan):
        draft.syms = number_symbols([sym for sym in draft.syms if not _lost(sym, plan, goes)])
        _normalize(draft, plan)
        return
    rules = _Rules(draft, plan, goes)
    new_names = dict(plan.redefine_sym)
    kept = []
    for sym in draft.syms:
        if sym.name in new_names:
            sym.name = new_names[sym.name]
        if plan.prefix_symbols and sym.type != c.STT_SECTION:
            sym.name = plan.prefix_symbols + sym.name
        if rules.keeps(sym, notes) and not _lost(sym, plan, goes):
            rules.bind(sym)
            kept.append(sym)
    draft.syms = kept
    _add(draft, plan, goes)
    _normalize(draft, plan)
    draft.syms = number_symbols(draft.syms)


def _lost(sym: Sym, plan: Plan, goes: Callable[[Sec], bool]) -> bool:
    """Does it go with its section?  To BFD undefined, absolute and common symbols are in sections,
    too, which --only-section does not name."""
    if sym.sec is not None:
        return goes(sym.sec)
    return bool(plan.only_section)


ASKS = (
    "strip_all", "strip_debug", "strip_unneeded", "only_keep_debug", "discard", "strip_symbol",
    "localize_symbol", "globalize_symbol", "keep_global_symbol", "weaken_symbol", "weaken",
    "localize_hidden", "redefine_sym", "add_symbol", "prefix_symbols", "extract_symbol",
    "rename_section", "keep_symbol", "remove_section", "only_section", "strip_dwo", "extract_dwo",
)  # fmt: skip
"""What makes GNU objcopy look at symbols at all; --strip-unneeded-symbol alone does not."""

BINDS = (
    "weaken", "weaken_symbol", "localize_symbol", "keep_global_symbol", "localize_hidden",
    "globalize_symbol",
)  # fmt: skip


def _asked(plan: Plan) -> bool:
    return any(getattr(plan, name) for name in ASKS)


class _Rules:
    """The tests of one run, made once."""

    def __init__(self, draft: Draft, plan: Plan, goes: Callable[[Sec], bool]) -> None:
        def test(names: Names) -> Callable[[str], bool]:
            return matcher(names, wildcard=plan.wildcard) or (lambda name: False)

        self.plan = plan
        self.linked = draft.type in (c.ET_EXEC, c.ET_DYN)
        self.strip, self.keep = test(plan.strip_symbol), test(plan.keep_symbol)
        self.unneeded = test(plan.strip_unneeded_symbol)
        self.localize, self.globalize = test(plan.localize_symbol), test(plan.globalize_symbol)
        self.weaken, self.keep_global = test(plan.weaken_symbol), test(plan.keep_global_symbol)
        self.by_name = bool(
            plan.strip_symbol
            or plan.keep_symbol
            or plan.strip_unneeded_symbol
            or plan.keep_file_symbols
        )
        """Do names, or what kind of symbol it is, overrule the first verdict?"""
        self.binds = any(getattr(plan, name) for name in BINDS)
        self.groups = {
            id(sec.signature)
            for sec in draft.secs
            if sec.role == GROUP and sec.signature and not goes(sec)
        }

    def keeps(self, sym: Sym, notes: Notes) -> bool:
        """Does the symbol stay?"""
        plan, name = self.plan, sym.name
        keep, needed = self._first_verdict(sym)
        if not self.by_name:
            return keep
        if keep and self.strip(name):
            if needed:
                notes.error(
                    "bad-operation",
                    f"not stripping symbol `{name}' because it is named in a relocation",
                )
            else:
                keep = False
        if keep and not self._needed(sym) and self.unneeded(name):
            keep = False
        if not keep and ((plan.keep_file_symbols and sym.type == c.STT_FILE) or self.keep(name)):
            keep = True
        return keep

    def _needed(self, sym: Sym) -> bool:
        return sym.used or id(sym) in self.groups

    def _first_verdict(self, sym: Sym) -> tuple[bool, bool]:
        """What kind of symbol it is decides first: stays, and is needed by a relocation."""
        plan = self.plan
        if plan.strip_all:
            return False, False
        if self._needed(sym):
            return True, sym.used
        if sym.common or (sym.binding in GLOBAL and not sym.undefined) or _weak(sym):
            return not (plan.strip_unneeded and self.linked), False
        if sym.undefined:
            return not plan.strip_unneeded, False
        if sym.type in (c.STT_SECTION, c.STT_FILE):
            if sym.type == c.STT_SECTION and plan.keep_section_symbols:
                return True, False
            return not plan.strip_debug and not plan.strip_unneeded, False
        if plan.strip_unneeded or plan.discard == "all":
            return False, False
        return not (plan.discard == "locals" and sym.name.startswith((".L", "..", "L0\1"))), False

    def bind(self, sym: Sym) -> None:
        """Weak, local or global, in this order."""
        plan, name = self.plan, sym.name
        if not self.binds or sym.common:
            return
        if (sym.binding in (c.STB_GLOBAL, 10) or sym.undefined) and (
            plan.weaken or self.weaken(name)
        ):
            sym.binding = c.STB_WEAK
        if sym.undefined:
            return
        hidden = sym.visibility in (c.STV_HIDDEN, c.STV_INTERNAL)
        if sym.binding in GLOBAL and (
            self.localize(name)
            or (plan.keep_global_symbol and not self.keep_global(name))
            or (plan.localize_hidden and hidden)
        ):
            sym.binding = c.STB_LOCAL
        elif sym.binding == c.STB_LOCAL and self.globalize(name):
            sym.binding = c.STB_GLOBAL


def _weak(sym: Sym) -> bool:
    return sym.binding == c.STB_WEAK


def _normalize(draft: Draft, plan: Plan) -> None:
    """What BFD writes differently: COMMON symbols are objects, undefined ones are never local."""
    common = c.STT_COMMON if plan.elf_stt_common == "yes" else c.STT_OBJECT
    for sym in draft.syms:
        if sym.sec is None:
            if sym.place == c.SHN_COMMON:
                if sym.type in (c.STT_NOTYPE, c.STT_OBJECT, c.STT_COMMON):
                    sym.type = common
                # Without an alignment it has that of its size, up to 16.
                sym.value = sym.value or min(1 << max(sym.size - 1, 0).bit_length(), 16)
            elif sym.place == c.SHN_UNDEF and sym.binding == c.STB_LOCAL:
                sym.binding = c.STB_GLOBAL


# --- --add-symbol ---------------------------------------------------------------------------------


def _add(draft: Draft, plan: Plan, goes: Callable[[Sec], bool]) -> None:
    """Put new symbols in, which no other option concerns."""
    for text in plan.add_symbol:
        sym, before = _parsed(draft, text, plan)
        if sym.sec is not None and goes(sym.sec):
            complain("no-such-section", f"Section {sym.sec.was} not found")
        at = next((i for i, s in enumerate(draft.syms) if before and s.name == before), None)
        draft.syms.insert(len(draft.syms) if at is None else at, sym)


def _parsed(draft: Draft, text: str, plan: Plan) -> tuple[Sym, str]:
    """`name=[section:]value[,flags]`: the symbol, and the one it goes before.  The section is meant
    by the name it will have."""
    from .gnu_sections import output_name
    from .llvm_symbols import IGNORED, TYPES

    name, equals, rest = text.partition("=")
    if not equals or not name:
        complain("bad-option-value", f"bad format for --add-symbol: `{text}'")
    value, *flags = rest.split(",")
    section, colon, digits = value.rpartition(":")
    try:
        sym = Sym(name, int(digits, 0))
    except ValueError:
        complain("bad-option-value", f"bad number `{digits}' for --add-symbol")
    sym.binding, sym.place = c.STB_GLOBAL, c.SHN_ABS
    if colon:
        own = (PLAIN, GROUP)
        bodies = [sec for sec in draft.secs if sec.role in own]
        sym.sec = next((sec for sec in bodies if output_name(sec, plan) == section), None)
        if sym.sec is None:
            complain("no-such-section", f"Section {section} not found")
        sym.value += 0 if draft.relocatable else sym.sec.addr
    before = ""
    if flags:
        sym.binding = c.STB_LOCAL
    for flag in flags:
        word = flag.lower()
        if word == "local":
            sym.binding = c.STB_LOCAL
        elif word == "global":
            sym.binding = c.STB_GLOBAL
        elif word == "weak":
            sym.binding = c.STB_WEAK
        elif word in TYPES:
            sym.type = TYPES[word]
        elif word.startswith("before="):
            before = flag[7:]
        elif word not in (*IGNORED, "default", "hidden"):
            complain("bad-option-value", f"unrecognized symbol flag `{flag}'")
    if sym.sec is not None and sym.sec.flags & c.SHF_TLS:
        sym.type = c.STT_TLS
    return sym, before
