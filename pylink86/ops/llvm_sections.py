"""Which sections go and what becomes of those that stay, by llvm-objcopy's rules.

The order of the questions decides: --only-section overrules removals, --keep-section overrules
that, and a symbol table is kept for --keep-symbol.  Source: llvm-objcopy 19.1.7, its manual and
runs
with pairs of options.
"""

from __future__ import annotations

from .. import elf_const as c
from .assemble import fits
from .draft import GROUP, PLAIN, RELOC, SYMTAB, Sec, complain, drop
from .flags import EXCLUDE, KEPT_BY_LLVM, LARGE, elf_flags
from .plan import matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .draft import Draft
    from .plan import Notes, Plan

    Test = Callable[[Sec], bool]


def is_debug(sec: Sec) -> bool:
    """`.zdebug...` is none to LLVM 19."""
    return sec.name.startswith(".debug") or sec.name == ".gdb_index"


def is_dwo(sec: Sec) -> bool:
    return sec.name.endswith(".dwo")


def removal(draft: Draft, plan: Plan) -> Test:
    """The predicate "this section goes"."""
    keep = _overrules(draft, plan)
    tests = _removals(draft, plan)

    def goes(sec: Sec) -> bool:
        verdict = keep(sec)
        return any(test(sec) for test in tests) if verdict is None else verdict

    return goes


def _removals(draft: Draft, plan: Plan) -> list[Test]:
    """What asks for the removal of sections, each by itself."""
    tests: list[Test] = []
    named = matcher(plan.remove_section, wildcard=not plan.regex, regex=plan.regex)
    names = draft.shstrtab
    if named is not None:
        tests.append(lambda sec: named(sec.name))
    if plan.strip_dwo:
        tests.append(is_dwo)
    if plan.extract_dwo:
        tests.append(lambda sec: sec is not names and not is_dwo(sec))
    if plan.strip_all_gnu:
        tables = (c.SHT_SYMTAB, c.SHT_REL, c.SHT_RELA, c.SHT_STRTAB)
        tests.append(
            lambda sec: not sec.alloc and sec is not names and (sec.type in tables or is_debug(sec))
        )
    if plan.strip_sections:
        tests.append(lambda sec: sec.segment is None)
    if plan.strip_debug or plan.strip_unneeded:
        tests.append(is_debug)
    if plan.strip_non_alloc:
        tests.append(lambda sec: sec is not names and not sec.alloc and sec.segment is None)
    if plan.extract_main_partition:
        tests.append(lambda sec: sec.alloc and sec.segment is None)
    if plan.strip_all:
        tests.append(
            lambda sec: (
                sec is not names
                and not sec.name.startswith((".gnu.warning", ".gnu_debuglink"))
                and sec.segment is None
                and not sec.alloc
            )
        )
    return tests


def _overrules(draft: Draft, plan: Plan) -> Callable[[Sec], bool | None]:
    """What decides regardless of the removals: False stays, True goes, None says nothing."""
    only = matcher(plan.only_section, wildcard=not plan.regex, regex=plan.regex)
    kept = matcher(plan.keep_section, wildcard=not plan.regex, regex=plan.regex)
    symtab = draft.symtab
    strtab = symtab.link if symtab is not None else None
    tables = [sec for sec in (symtab, strtab) if sec is not None]
    keeps_symbols = bool(plan.keep_symbol or plan.keep_file_symbols) and bool(draft.syms)
    removals = _removals(draft, plan)

    def verdict(sec: Sec) -> bool | None:
        if keeps_symbols and sec in tables:
            return False
        if kept is not None and kept(sec.name):
            return False
        if only is None:
            return None
        if only(sec.name):
            return False
        if any(test(sec) for test in removals):
            return True
        return not (sec is draft.shstrtab or sec in tables)

    return verdict


def remove(draft: Draft, goes: Test, allow_broken: bool) -> None:
    """Take sections out, and what depends on them; bad-operation when something that stays needs
    one of them."""
    out = {id(sec) for sec in draft.secs if goes(sec) or _of_gone_section(sec, goes)}
    out |= {id(sec) for sec in draft.secs if _all_gone(sec, out)}
    gone = drop(draft, lambda sec: id(sec) in out)
    if not gone:
        return
    lost = set(map(id, gone))
    for sec in gone:
        if sec.role == GROUP:
            for member in sec.members:
                member.flags &= ~c.SHF_GROUP
    symtab = draft.symtab
    for sec in draft.secs:
        forget(draft, sec, lost, symtab, allow_broken)
    if symtab is not None:
        strtab = symtab.link
        if id(symtab) in lost:
            draft.symtab = None
        else:
            if strtab is not None and id(strtab) in lost:
                if not allow_broken:
                    complain(
                        "bad-operation",
                        f"string table '{strtab.name}' cannot be removed because it is referenced "
                        f"by the symbol table '{symtab.name}'",
                    )
                symtab.link = None
            remove_symbols(draft, lambda sym: sym.sec is not None and id(sym.sec) in lost)
    if draft.shstrtab is not None and id(draft.shstrtab) in lost:
        draft.shstrtab = None


def _of_gone_section(sec: Sec, goes: Test) -> bool:
    """Is it the relocations of a section that goes, those of a linked file included?"""
    if sec.type not in (c.SHT_REL, c.SHT_RELA) or sec.compressed or sec.target is None:
        return False
    return goes(sec.target)


def _all_gone(sec: Sec, out: set[int]) -> bool:
    """Is it a group of which nothing is left?"""
    return sec.role == GROUP and bool(sec.members) and out.issuperset(map(id, sec.members))


def forget(draft: Draft, sec: Sec, lost: set[int], symtab: Sec | None, allow_broken: bool) -> None:
    """A section that stays lets go of those that went, or complains."""
    if sec.role == GROUP:
        if symtab is not None and id(symtab) in lost:
            if not allow_broken:
                complain(
                    "bad-operation",
                    f"section '{symtab.name}' cannot be removed because it is referenced by the "
                    f"group section '{sec.name}'",
                )
            sec.link = None
            sec.signature = None
        sec.members = [member for member in sec.members if id(member) not in lost]
        return
    if sec.role == RELOC:
        _check_relocations(draft, sec, lost, symtab, allow_broken)
    elif sec.role not in (SYMTAB,) and sec.link is not None and id(sec.link) in lost:
        if sec.link is not symtab and not allow_broken:
            relocations = sec.type in (c.SHT_REL, c.SHT_RELA)
            what, whose = ("symbol table", "relocation ") if relocations else ("section", "")
            complain(
                "bad-operation",
                f"{what} '{sec.link.name}' cannot be removed because it is referenced by the "
                f"{whose}section '{sec.name}'",
            )
        sec.link = None


def _check_relocations(
    draft: Draft, sec: Sec, lost: set[int], symtab: Sec | None, allow_broken: bool
) -> None:
    if symtab is not None and id(symtab) in lost and sec.link is symtab:
        if not allow_broken:
            complain(
                "bad-operation",
                f"symbol table '{symtab.name}' cannot be removed because it is referenced by the "
                f"relocation section '{sec.name}'",
            )
        sec.link = None
    if sec.relocs is None:
        return
    offsets, _, symbols, _ = sec.relocs.columns()
    for number, offset in zip(symbols, offsets):
        sym = draft.by_number[number] if number else None
        if sym is not None and sym.sec is not None and id(sym.sec) in lost:
            target = sec.target.name if sec.target is not None else ""
            complain(
                "bad-operation",
                f"section '{sym.sec.name}' cannot be removed: ({target}+0x{offset:x}) has "
                f"relocation against symbol '{sym.name}'",
            )


def remove_symbols(draft: Draft, goes: Callable[..., bool]) -> None:
    """Take symbols out; bad-operation when a relocation or a group that stays names one."""
    lost = {id(sym) for sym in draft.syms if goes(sym)}
    if not lost:
        return
    numbers = {n for n, sym in enumerate(draft.by_number) if sym is not None and id(sym) in lost}
    for sec in draft.secs:
        if sec.role == RELOC and sec.relocs is not None:
            named = sec.relocs.symbols()
            if numbers.isdisjoint(named):
                continue
            number = next(n for n in named if n in numbers)
            sym = draft.by_number[number]
            complain(
                "bad-operation",
                f"not stripping symbol '{sym.name if sym else ''}' because it is named in a "
                "relocation",
            )
        elif sec.role == GROUP and sec.signature is not None and id(sec.signature) in lost:
            complain(
                "bad-operation",
                f"symbol '{sec.signature.name}' cannot be removed because it is referenced by the "
                f"section '{sec.name}[{sec.index}]'",
            )
    draft.syms = [sym for sym in draft.syms if id(sym) not in lost]
    draft.lost_symbols = True


# --- What becomes of those that stay --------------------------------------------------------------


def find(draft: Draft, name: str) -> Sec | None:
    return next((sec for sec in draft.secs if sec.name == name), None)


def dump(draft: Draft, plan: Plan, notes: Notes) -> None:
    """Contents of sections as they are before anything is removed."""
    for name, path in plan.dump_section:
        sec = find(draft, name)
        if sec is None:
            complain("no-such-section", f"section '{name}' not found", place=draft.name)
        if sec.type == c.SHT_NOBITS:
            complain(
                "bad-operation",
                f"cannot dump section '{name}': it has no contents",
                place=draft.name,
            )
        notes.dumps.append((path, bytes(sec.data)))


def add(draft: Draft, plan: Plan) -> None:
    for name, data in plan.add_section:
        sec = Sec(name, c.SHT_PROGBITS, 0, data)
        sec.align = 1
        if name.startswith(".note") and name != ".note.GNU-stack":
            sec.type = c.SHT_NOTE
            if plan.verify_notes:
                verify_note(name, data)
        draft.secs.append(sec)


def verify_note(name: str, data: bytes) -> None:
    """bad-operation when the bytes are no list of notes (gABI ch.5)."""
    if not data:
        return
    if len(data) < 12:
        complain("bad-operation", f"{name} data must be either empty or at least 12 bytes long")
    if len(data) % 4:
        complain("bad-operation", f"{name} data size must be a  multiple of 4 bytes")
    names, described = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    expected = 12 + -(-names // 4) * 4 + -(-described // 4) * 4
    if expected != len(data):
        complain(
            "bad-operation",
            f"{name} data size is incompatible with the content of the name and description size "
            f"fields: expecting {expected}, found {len(data)}",
        )


def update(draft: Draft, plan: Plan) -> None:
    for name, data in plan.update_section:
        sec = find(draft, name)
        if sec is None:
            complain("no-such-section", f"section '{name}' not found", place=draft.name)
        tables = (c.SHT_NOBITS, c.SHT_NULL, c.SHT_REL, c.SHT_RELA)
        if sec.role != PLAIN or sec.type in tables or (sec.type == c.SHT_STRTAB and not sec.alloc):
            complain(
                "bad-operation",
                f"section '{name}' cannot be updated because it does not have contents",
            )
        if sec.segment is not None and len(data) > sec.size:
            complain(
                "bad-operation",
                f"cannot fit data of size {len(data)} into section '{name}' with size {sec.size} "
                "that is part of a segment",
            )
        sec.data, sec.size = data, len(data)


def set_flags(draft: Draft, plan: Plan) -> None:
    if not plan.set_section_flags and not plan.set_section_type:
        return
    flags, types = dict(plan.set_section_flags), dict(plan.set_section_type)
    for sec in draft.secs:
        if sec.name in flags:
            apply_flags(draft, sec, flags[sec.name])
        if sec.name in types:
            sec.type = types[sec.name]


def apply_flags(draft: Draft, sec: Sec, words: Sequence[str]) -> None:
    """New flags; those without a name stay.  SHT_NOBITS with contents becomes SHT_PROGBITS."""
    keep = KEPT_BY_LLVM
    if draft.machine == c.EM_X86_64:
        keep &= ~LARGE
    elif "large" in words:
        complain(
            "bad-operation",
            "section flag SHF_X86_64_LARGE can only be used with x86_64 architecture",
        )
    sec.flags = sec.flags & keep & ~EXCLUDE | elf_flags(words) & ~keep
    if sec.type == c.SHT_NOBITS and (
        not sec.flags & c.SHF_ALLOC or "contents" in words or "load" in words
    ):
        sec.type = c.SHT_PROGBITS
        if len(sec.data) != sec.size:
            fits(sec.size, draft.name)
            sec.data = b"" if sec.segment is not None else bytes(sec.size)
        align = max(sec.align, 1)
        sec.offset = -(-sec.offset // align) * align


def rename(draft: Draft, plan: Plan) -> None:
    """--rename-section, and relocation sections after their targets."""
    if not plan.rename_section:
        return
    new = {old: (name, words) for old, name, words in plan.rename_section}
    renamed: set[int] = set()
    waiting = []
    for sec in draft.secs:
        if sec.name in new:
            name, words = new[sec.name]
            sec.name = name
            if words:
                apply_flags(draft, sec, words)
            renamed.add(id(sec))
        elif sec.role == RELOC:
            waiting.append(sec)
    for sec in waiting:
        if sec.target is not None and id(sec.target) in renamed:
            sec.name = _relocation_name(sec) + sec.target.name


def prefix_alloc(draft: Draft, plan: Plan) -> None:
    prefix = plan.prefix_alloc_sections
    if not prefix:
        return
    done: set[int] = set()
    for sec in draft.secs:
        if sec.flags & c.SHF_ALLOC:
            sec.name = prefix + sec.name
            done.add(id(sec))
        elif sec.role == RELOC and sec.target is not None and sec.target.alloc:
            late = id(sec.target) not in done
            sec.name = _relocation_name(sec) + (prefix if late else "") + sec.target.name


def _relocation_name(sec: Sec) -> str:
    return ".rela" if sec.type == c.SHT_RELA else ".rel"
