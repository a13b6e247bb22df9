"""`pynm`: the symbols of objects, a letter for what each is, in GNU nm's formats."""

from __future__ import annotations

import sys

from .. import elf_const as c
from .options import IGNORED, ON, REFUSED, SET, error, help_text, parse
from .program import guarded, run_process, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from ..ops.draft import Draft, Sec, Sym
    from .options import Table

NM: Table = {
    "Which symbols": (
        ("-a --debug-syms", "", ON, "all", "also of files and sections"),
        ("-g --extern-only", "", ON, "external", "only global ones"),
        ("-u --undefined-only", "", ON, "undefined", "only undefined ones"),
        ("-U --defined-only", "", ON, "defined", "only defined ones"),
        ("-W --no-weak", "", ON, "no_weak", "no weak ones"),
        ("-D --dynamic", "", ON, "dynamic", "those of the dynamic symbol table"),
    ),
    "Order": (
        ("-n -v --numeric-sort", "", ON, "numeric", "by address"),
        ("-p --no-sort", "", ON, "unsorted", "as in the file"),
        ("-r --reverse-sort", "", ON, "reverse", "the other way around"),
        ("--size-sort", "", ON, "by_size", "by size"),
    ),
    "Format": (
        ("-f --format", "WORD", SET, "format", "bsd, sysv, posix or just-symbols"),
        ("-B", "", ON, "bsd", "as --format=bsd (the default)"),
        ("-P --portability", "", ON, "posix", "as --format=posix"),
        ("-j --just-symbols", "", ON, "just", "as --format=just-symbols"),
        ("-S --print-size", "", ON, "size", "sizes, too"),
        ("-A -o --print-file-name", "", ON, "file_name", "the file's name on each line"),
        ("-t --radix", "LETTER", SET, "radix", "d, o or x"),
        ("-s --print-armap", "", ON, "index", "the table of an archive, too"),
        ("--quiet", "", ON, "quiet", "no word about files without symbols"),
        ("-C --demangle", "[STYLE]", IGNORED, "", "names stay as they are"),
        ("--no-demangle", "", IGNORED, "", "names stay as they are"),
    ),
    "Else": (
        ("-V --version", "", ON, "version", "say the version"),
        ("-h --help", "", ON, "help", "say this"),
        ("--with-symbol-versions", "", ON, "versions", "names of -D with versions (the default)"),
        ("--without-symbol-versions", "", ON, "bare", "names of -D without versions"),
        ("--plugin", "NAME", IGNORED, "", "nothing"),
        ("--special-syms --synthetic", "", IGNORED, "", "there are none"),
        ("--recurse-limit --no-recurse-limit", "", IGNORED, "", "names stay as they are"),
        ("--no-llvm-bc", "", IGNORED, "", "bitcode is never read"),
        ("-e", "", IGNORED, "", "nothing"),
        ("-X", "32_64", IGNORED, "", "nothing"),
        ("--target", "FORMAT", IGNORED, "", "files say what they are"),
        ("-l --line-numbers", "", REFUSED, "", "pylink86 explain tells lines of a link"),
        ("--ifunc-chars", "CHARS", REFUSED, "", "indirect functions have the letter i"),
        ("--unicode", "WORD", REFUSED, "", "names are shown as they are"),
        ("--export-symbols --no-rsrc", "", REFUSED, "", "XCOFF"),
        ("-m -x --add-dyldinfo --add-inlinedinfo --dyldinfo-only --no-dyldinfo", "", REFUSED, "",
         "Mach-O"),
        ("--arch", "NAME", REFUSED, "", "Mach-O"),
    ),
}  # fmt: skip

FORMATS = ("bsd", "sysv", "posix", "just-symbols")

BY_NAME = {
    ".bss": "b", "code": "t", ".data": "d", ".debug": "N", ".drectve": "i", ".edata": "e",
    ".fini": "t", ".idata": "i", ".init": "t", ".pdata": "p", ".rdata": "r", ".rodata": "r",
    ".sbss": "s", ".scommon": "c", ".sdata": "g", ".text": "t", "vars": "d", "zerovars": "b",
}  # fmt: skip
"""What BFD takes a section for by its name, alone or followed by a dot, a dollar or a digit."""

TYPES = {
    c.STT_NOTYPE: "NOTYPE", c.STT_OBJECT: "OBJECT", c.STT_FUNC: "FUNC", c.STT_SECTION: "",
    c.STT_FILE: "FILE", c.STT_COMMON: "COMMON", c.STT_TLS: "TLS",
    c.STT_GNU_IFUNC: "<OS specific>: 10",
}  # fmt: skip


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pynm`; the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded(lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    parsed = parse(words, NM)
    values = parsed.values
    if values.get("help"):
        print("Usage: pynm [options] [FILE...]\n" + help_text(NM), end="")
        return 0
    if values.get("version"):
        from .. import __version__

        print(f"pynm (pylink86 {__version__}, compatible with GNU nm)")
        return 0
    style = values.get("format") or (
        "posix" if values.get("posix") else "just-symbols" if values.get("just") else "bsd"
    )
    problems = list(parsed.problems)
    style = next((name for name in FORMATS if name.startswith(style)), "")
    if not style:
        problems.append(error("bad-option-value", f"{values['format']}: invalid output format"))
    if values.get("radix", "x") not in ("d", "o", "x"):
        problems.append(error("bad-option-value", f"{values['radix']}: invalid radix"))
    if show(problems, values):
        return 1
    paths = [text for _, text, _ in parsed.inputs] or ["a.out"]
    return _print_all(paths, style, values)


def _print_all(paths: Sequence[str], style: str, values: dict[str, Any]) -> int:
    from ..diag import LinkError
    from .objects import drafts

    failed = False
    for path in paths:
        try:
            if values.get("index"):
                _print_index(path)
            for member, found in drafts(path):
                if isinstance(found, str):
                    sys.stderr.write(f"pynm: {member or path}: {found}\n")
                    failed |= not member
                    continue
                _print_one(found, path, member, len(paths) > 1, style, values)
        except LinkError as problem:
            failed |= show(problem.diagnostics, values)
    return 1 if failed else 0


def _print_index(path: str) -> None:
    from ..formats import file_bytes
    from .objects import open_archive

    archive = open_archive(file_bytes(path), path)
    if archive is None or archive.table is None:
        return
    print("\nArchive index:")
    for name, offset in zip(*archive.table):
        print(f"{name} in {archive.member_at(offset).name}")


def _print_one(
    draft: Draft, path: str, member: str, many: bool, style: str, values: dict[str, Any]
) -> None:
    """One object: its headline, then a line for each symbol."""
    symbols = draft.syms
    if values.get("dynamic"):
        from ..ops.draft_read import dynamic_symbols

        symbols = dynamic_symbols(draft)
        if not values.get("bare"):
            from ..ops.symbol_versions import add_versions

            add_versions(draft, symbols)
    if not symbols and not values.get("quiet"):
        sys.stderr.write(f"pynm: {member or path}: no symbols\n")
    with_name = bool(values.get("file_name"))
    if not symbols and not values.get("dynamic"):
        return
    if style == "sysv":
        _print_sysv_head(draft, f"{path}[{member}]" if member else path, values)
    elif (member or many) and not with_name and style != "just-symbols":
        print(
            f"{path}[{member}]:"
            if style == "posix" and member
            else f"{member or path}:"
            if style == "posix"
            else f"\n{member or path}:"
        )
    for sym in chosen(symbols, values):
        start = ""
        if with_name:
            if style == "posix":
                start = f"{path}[{member}]: " if member else f"{path}: "
            else:
                start = f"{path}:{member}:" if member else f"{path}:"
        print(start + LINES[style](sym, draft, values))


def _print_sysv_head(draft: Draft, where: str, values: dict[str, Any]) -> None:
    which = "Undefined symbols" if values.get("undefined") else "Symbols"
    gap = " " * 8 if draft.elf_class == 64 else ""
    print(f"\n\n{which} from {where}:\n")
    print(f"Name                  Value   {gap}Class        Type         Size     {gap}"
          "Line  Section\n")  # fmt: skip


def chosen(symbols: Sequence[Sym], values: dict[str, Any]) -> list[Sym]:
    """The symbols asked for, in the order asked for."""
    rows = []
    for sym in symbols:
        if sym.type in (c.STT_FILE, c.STT_SECTION) and not values.get("all"):
            continue
        if values.get("external") and sym.binding == c.STB_LOCAL:
            continue
        if values.get("undefined") and not sym.undefined:
            continue
        if values.get("defined") and sym.undefined:
            continue
        if values.get("no_weak") and sym.binding == c.STB_WEAK:
            continue
        if values.get("by_size") and (sym.undefined or not sym.size):
            continue
        rows.append(sym)
    if values.get("unsorted"):
        return rows
    rows.sort(key=_name)
    if values.get("by_size"):
        rows.sort(key=lambda sym: sym.size)
    elif values.get("numeric"):
        rows.sort(key=lambda sym: (not sym.undefined, 0 if sym.undefined else _value(sym)))
    return rows[::-1] if values.get("reverse") else rows


def _name(sym: Sym) -> str:
    """Section symbols are called after their section."""
    return sym.name or (sym.sec.name if sym.sec is not None else "")


def _value(sym: Sym) -> int:
    return sym.size if sym.common else sym.value


def letter(sym: Sym) -> str:
    """nm's letter: capital for names that others see."""
    if sym.common:
        return "C"
    if sym.undefined:
        if sym.binding == c.STB_WEAK:
            return "v" if sym.type == c.STT_OBJECT else "w"
        return "U"
    if sym.type == c.STT_GNU_IFUNC:
        return "i"
    if sym.binding == c.STB_WEAK:
        return "V" if sym.type == c.STT_OBJECT else "W"
    if sym.binding == 10:
        return "u"
    found = "a" if sym.sec is None else section_letter(sym.sec)
    return found.upper() if sym.binding != c.STB_LOCAL else found


def section_letter(sec: Sec) -> str:
    for name, found in BY_NAME.items():
        if sec.name.startswith(name) and sec.name[len(name) : len(name) + 1] in (
            "", ".", "$", *"0123456789",
        ):  # fmt: skip
            return found
    if sec.flags & c.SHF_EXECINSTR:
        return "t"
    writable = bool(sec.flags & c.SHF_WRITE)
    if sec.type == c.SHT_NOBITS:
        return "b"
    if sec.alloc:
        return "d" if writable else "r"
    from ..ops.bfd import is_debug

    if is_debug(sec):
        return "N"
    return "?" if writable else "n"


# --- Lines ----------------------------------------------------------------------------------------


def _number(value: int, draft: Draft, values: dict[str, Any]) -> str:
    return f"{value:0{draft.elf_class // 4}{values.get('radix', 'x')}}"


def _bsd(sym: Sym, draft: Draft, values: dict[str, Any]) -> str:
    width = draft.elf_class // 4
    value = " " * width if sym.undefined else _number(_value(sym), draft, values)
    size = ""
    if values.get("by_size") and not values.get("size"):
        value = _number(sym.size, draft, values)
    elif values.get("size") and sym.size and not sym.undefined:
        size = " " + _number(sym.size, draft, values)
    return f"{value}{size} {letter(sym)} {_name(sym)}"


def _posix(sym: Sym, draft: Draft, values: dict[str, Any]) -> str:
    start = f"{_name(sym)} {letter(sym)}"
    if sym.undefined:
        return start + " " * 9
    radix = values.get("radix", "x")
    size = f"{sym.size:{radix}}" if sym.size else ""
    return f"{start} {_value(sym):{radix}} {size}"


def _just(sym: Sym, draft: Draft, values: dict[str, Any]) -> str:
    return _name(sym)


def _sysv(sym: Sym, draft: Draft, values: dict[str, Any]) -> str:
    width = draft.elf_class // 4
    value = " " * width if sym.undefined else _number(_value(sym), draft, values)
    size = _number(sym.size, draft, values) if sym.size else " " * width
    section = "*UND*" if sym.undefined else "*COM*" if sym.common else "*ABS*"
    if sym.sec is not None:
        section = "" if sym.type == c.STT_SECTION else sym.sec.name
    kind = TYPES.get(sym.type, str(sym.type))
    return f"{_name(sym):<20}|{value}|   {letter(sym)}  |{kind:>18}|{size}|     |{section}"


LINES = {"bsd": _bsd, "posix": _posix, "just-symbols": _just, "sysv": _sysv}
