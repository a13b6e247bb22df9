"""Which sections go and what becomes of those that stay, by GNU objcopy's rules.

Source: GNU objcopy 2.40, its manual and runs with pairs of options.
"""

from __future__ import annotations

from .. import elf_const as c
from .addresses_gnu import change_addresses
from .bfd import is_debug, set_words, special, words
from .draft import GROUP, PLAIN, RELOC, Relocs, Sec, complain, drop, named_symbols
from .inputs import IMAGES
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .draft import Draft
    from .plan import Notes, Plan

    Test = Callable[[Sec], bool]

NEVER_STRIPPED = (".gnu_debuglink", ".gnu_debugaltlink")


def removal(draft: Draft, plan: Plan) -> Test:
    """The predicate "this section goes"; bad-operation when it is both removed and wanted."""
    keep = matcher(plan.keep_section, wildcard=True)
    out = matcher(plan.remove_section, wildcard=True)
    only = matcher(plan.only_section, wildcard=True)
    strips_debug = (
        plan.strip_debug or plan.strip_unneeded or plan.strip_all or plan.discard == "all"
    )

    def alone(sec: Sec) -> bool:
        name = sec.was
        if keep is not None and keep(name):
            return False
        if out is not None and out(name):
            if only is not None and only(name):
                complain("bad-operation", f"section {name} matches both remove and copy options")
            return True
        if only is not None and not only(name):
            return True
        if is_debug(sec):
            if strips_debug:
                return name not in NEVER_STRIPPED
            if plan.strip_dwo:
                return name.endswith(".dwo")
            if plan.only_keep_debug:
                return False
        return plan.extract_dwo and not name.endswith(".dwo")

    kept_symbols = _symbols(plan, plan.keep_symbol)
    lost_symbols = _symbols(plan, plan.strip_symbol)

    known: dict[int, bool] = {}

    def goes(sec: Sec) -> bool:
        if sec.role == PLAIN:
            verdict = known.get(id(sec))
            if verdict is None:
                verdict = known[id(sec)] = alone(sec)
            return verdict
        if sec.role != GROUP:
            return False
        if alone(sec):
            return True
        name = sec.signature.name if sec.signature is not None else sec.name
        if (plan.strip_all and not kept_symbols(name)) or lost_symbols(name):
            return True
        return all(alone(member) for member in sec.members if member.role == PLAIN)

    return goes


def _symbols(plan: Plan, names: tuple[str, ...]) -> Callable[[str], bool]:
    return matcher(names, wildcard=plan.wildcard) or (lambda name: False)


def remove(draft: Draft, plan: Plan, goes: Test) -> None:
    """Take sections out, with their relocations; bad-operation when a relocation that stays needs
    a symbol that went."""
    lost_groups = {
        id(member)
        for sec in draft.secs
        if sec.role == GROUP and goes(sec)
        for member in sec.members
    }
    gone = {id(sec) for sec in draft.secs if sec.role in (PLAIN, GROUP) and goes(sec)}
    bare = matcher(_without_relocations(plan), wildcard=True)
    for sec in draft.secs:
        if sec.role != RELOC or sec.target is None:
            continue
        named = bare is not None and bare(sec.target.was)
        if named or id(sec.target) in gone or (plan.strip_all and not _named_by(sec, draft, plan)):
            gone.add(id(sec))
    for sec in draft.secs if lost_groups else ():
        if id(sec) in lost_groups:
            sec.flags &= ~c.SHF_GROUP
    drop(draft, lambda sec: id(sec) in gone)
    if plan.output_format not in IMAGES:
        _check_signatures(draft, gone)
        _check_links(draft, gone)
        _check_relocations(draft)


def _check_signatures(draft: Draft, gone: set[int]) -> None:
    """A group is called by a symbol, which must not go with its section."""
    for sec in draft.secs:
        if sec.role == GROUP and sec.signature is not None and id(sec.signature.sec) in gone:
            complain(
                "bad-operation",
                f"group `{sec.signature.name}' stays, and the section of its symbol is removed",
                place=draft.name,
            )


def _check_links(draft: Draft, gone: set[int]) -> None:
    for sec in draft.secs if gone else ():
        if sec.flags & c.SHF_LINK_ORDER and sec.link is not None and id(sec.link) in gone:
            complain(
                "bad-operation",
                f"sh_link of section `{sec.name}' points to removed section `{sec.link.name}'",
                place=draft.name,
            )


def _named_by(sec: Sec, draft: Draft, plan: Plan) -> bool:
    """--strip-all leaves relocations that name a symbol of --keep-symbol, and only these."""
    keeps = matcher(plan.keep_symbol, wildcard=plan.wildcard)
    if keeps is None or sec.relocs is None:
        return False
    kept = {n for n, sym in enumerate(draft.by_number) if sym is not None and keeps(sym.name)}
    sec.relocs = sec.relocs.only(kept)
    return bool(sec.relocs.count)


def _without_relocations(plan: Plan) -> tuple[str, ...]:
    """Sections whose relocations go: `-R .rela.X` and `-R .rel.X` both mean those of X."""
    starts = (".rela", ".rel")
    named = [
        name[len(start) :]
        for name in plan.remove_section
        for start in starts[: 2 - name.startswith(starts[0])]
        if name.startswith(start)
    ]
    return (*plan.remove_relocations, *named)


def _check_relocations(draft: Draft) -> None:
    stays = {id(sym) for sym in draft.syms}
    lost = {
        n
        for n, sym in enumerate(draft.by_number)
        if sym is not None and sym.used and id(sym) not in stays
    }
    if not lost:
        return
    for sec in draft.secs:
        if sec.role != RELOC or sec.relocs is None:
            continue
        named = sec.relocs.symbols()
        if not lost.isdisjoint(named):
            sym = draft.by_number[next(n for n in named if n in lost)]
            complain(
                "bad-operation",
                f"symbol `{_shown(sym)}' required but not present",
                place=draft.name,
            )


def _shown(sym: object) -> str:
    from .draft import Sym

    assert isinstance(sym, Sym)
    return sym.name or (sym.sec.name if sym.sec is not None else "")


def mark_used(draft: Draft, plan: Plan, goes: Test) -> None:
    """Note which symbols the relocations that stay name."""
    if plan.strip_all:
        return
    stays = [
        sec.relocs
        for sec in draft.secs
        if sec.role == RELOC and sec.relocs is not None
        and sec.target is not None and not goes(sec.target)
    ]  # fmt: skip
    for number in named_symbols(stays):
        sym = draft.by_number[number]
        if sym is not None:
            sym.used = True


def dump(draft: Draft, plan: Plan, notes: Notes) -> None:
    for name, path in plan.dump_section:
        sec = next((s for s in draft.secs if s.name == name and s.role == PLAIN), None)
        if sec is None:
            complain("no-such-section", f"can't dump section '{name}' - it does not exist")
        if sec.type == c.SHT_NOBITS or not sec.size:
            notes.error("bad-operation", f"can't dump section '{name}': it has no contents")
            continue
        notes.dumps.append((path, bytes(sec.data)))


# --- What becomes of those that stay --------------------------------------------------------------


def change(draft: Draft, plan: Plan, notes: Notes) -> None:
    """Names, flags, alignment, contents and addresses."""
    _rename(draft, plan)
    _set_flags(draft, plan)
    _keep_debug_only(draft, plan)
    _update(draft, plan)
    for name, align in plan.set_section_alignment:
        test = matcher((name,), wildcard=True)
        for sec in draft.secs:
            if sec.role == PLAIN and test is not None and test(sec.was):
                sec.align = align
    change_addresses(draft, plan, notes)
    _add(draft, plan)
    if plan.set_start is not None:
        draft.entry = plan.set_start
    draft.entry += plan.change_start


def _keep_debug_only(draft: Draft, plan: Plan) -> None:
    """--only-keep-debug and --extract-symbol: sections without their contents."""
    if plan.extract_symbol:
        for sec in draft.secs:
            if sec.role in (PLAIN, RELOC):
                sec.size, sec.data = 0, b""
            if sec.relocs is not None:
                sec.relocs = Relocs(b"", draft.elf_class, sec.relocs.with_addend)
    if not plan.only_keep_debug:
        return
    # Who says what flags a section has says what is in it.
    flagged = matcher([name for name, _ in plan.set_section_flags], wildcard=True)
    for sec in draft.secs:
        if flagged is not None and flagged(sec.was):
            continue
        if sec.role == PLAIN and (sec.flags & c.SHF_ALLOC and sec.old_type != c.SHT_NOTE):
            sec.type, sec.data, sec.emptied = c.SHT_NOBITS, b"", True
            if sec.before is not None:
                # To the program headers that is no change.
                sec.before.words -= {"contents", "load", "data"}


def _rename(draft: Draft, plan: Plan) -> None:
    if not (plan.rename_section or plan.prefix_alloc_sections or plan.prefix_sections):
        return
    # That a section has relocations is one of BFD's flags, and lost with the others.
    related = {id(sec.target) for sec in draft.reloc_secs()}
    new_flags = {old: flags for old, _, flags in plan.rename_section if flags}
    for sec in draft.secs:
        if sec.role in (PLAIN, GROUP):
            sec.name = output_name(sec, plan)
            if sec.was in new_flags:
                if sec.before is not None and id(sec) in related:
                    sec.before.words |= {"reloc"}
                new = set(new_flags[sec.was]) - {"noload", "share", "rom"}
                set_words(sec, new, always=id(sec) in related)


def output_name(sec: Sec, plan: Plan) -> str:
    """What the section will be called; its flags are still the input's."""
    name = next((new for old, new, _ in plan.rename_section if old == sec.was), sec.name)
    if plan.prefix_alloc_sections and sec.alloc:
        return plan.prefix_alloc_sections + name
    return plan.prefix_sections + name


def _set_flags(draft: Draft, plan: Plan) -> None:
    for name, flags in plan.set_section_flags:
        test = matcher((name,), wildcard=True)
        for sec in draft.secs:
            if sec.role == PLAIN and test is not None and test(sec.was):
                old = words(sec)
                set_words(sec, set(flags) - {"noload", "share", "rom"} | old & {"contents"})
                sec.zeroed = "contents" in flags and sec.old_type == c.SHT_NOBITS


def _update(draft: Draft, plan: Plan) -> None:
    for name, data in plan.update_section:
        sec = next((s for s in draft.secs if s.was == name and s.role == PLAIN), None)
        if sec is None:
            complain("no-such-section", f"{name} not found, can't be updated")
        if "contents" not in words(sec):
            complain("bad-operation", f"{name}: section has no contents")
        sec.data, sec.size, sec.updated = data, len(data), True
        for table in draft.relocs_of(sec):
            if table.relocs is not None:
                table.relocs = Relocs(b"", draft.elf_class, table.relocs.with_addend)


def _add(draft: Draft, plan: Plan) -> None:
    taken = {sec.name for sec in draft.secs if sec.role in (PLAIN, GROUP)}
    for name, data in plan.add_section:
        if name in taken:
            complain("bad-operation", f"can't add section '{name}': there is one of that name")
        taken.add(name)
        kind, flags = special(name)
        sec = Sec(name, kind or c.SHT_PROGBITS, flags, data)
        asked = next((f for n, f in plan.set_section_flags if n == name), None)
        if asked is not None:
            sec.flags = 0
            set_words(sec, set(asked) | {"contents"})
        elif sec.type == c.SHT_NOBITS:
            sec.type = c.SHT_PROGBITS
        draft.secs.append(sec)
    if plan.debuglink is not None:
        from .run_llvm import debuglink

        sec = Sec(".gnu_debuglink", c.SHT_PROGBITS, 0, debuglink(*plan.debuglink))
        sec.align = 4
        draft.secs.append(sec)
