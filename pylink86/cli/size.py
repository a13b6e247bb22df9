"""`pysize`: how much room the sections of objects take, in GNU size's three formats.

Builds read its numbers: "is there any code in this kernel?" is a question to the first column.
"""

from __future__ import annotations

import sys

from .. import elf_const as c
from .options import IGNORED, ON, REFUSED, SET, error, help_text, parse
from .program import guarded, run_process, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from ..ops.draft import Draft
    from .options import Table

SIZE: Table = {
    "Format": (
        ("-A", "", ON, "sysv", "a line for each section"),
        ("-B", "", ON, "berkeley", "text, data and bss (the default)"),
        ("-G", "", ON, "gnu", "as -B, but read-only data is data"),
        ("--format", "WORD", SET, "format", "sysv, berkeley or gnu"),
        ("-o", "", ON, "octal", "numbers in octal"),
        ("-d", "", ON, "decimal", "numbers in decimal (the default)"),
        ("-x", "", ON, "hexadecimal", "numbers in hexadecimal"),
        ("--radix", "NUMBER", SET, "radix", "8, 10 or 16"),
        ("-t --totals", "", ON, "totals", "a line with the sums (-B, -G)"),
        ("--common", "", ON, "common", "COMMON symbols are bss"),
        ("-f", "", ON, "ignored", "nothing"),
    ),
    "Else": (
        ("-V -v --version", "", ON, "version", "say the version"),
        ("-h -H -? --help", "", ON, "help", "say this"),
        ("--target", "FORMAT", IGNORED, "", "files say what they are"),
        ("-m -l", "", REFUSED, "", "Mach-O"),
        ("--arch", "NAME", REFUSED, "", "Mach-O"),
    ),
}

RADIX = {8: "o", 10: "d", 16: "x"}
FORMATS = ("sysv", "berkeley", "gnu")


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pysize`; the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded(lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    parsed = parse(words, SIZE)
    values = parsed.values
    if values.get("help"):
        print("Usage: pysize [options] [FILE...]\n" + help_text(SIZE), end="")
        return 0
    if values.get("version"):
        from .. import __version__

        print(f"pysize (pylink86 {__version__}, compatible with GNU size)")
        return 0
    style = values.get("format") or next((f for f in FORMATS if values.get(f)), "berkeley")
    radix = values.get("radix") or (
        "8" if values.get("octal") else "16" if values.get("hexadecimal") else "10"
    )
    problems = list(parsed.problems)
    if style not in FORMATS:
        problems.append(error("bad-option-value", f"invalid argument to --format: {style}"))
    if radix not in ("8", "10", "16"):
        problems.append(error("bad-option-value", f"Invalid radix: {radix}"))
    if show(problems, values):
        return 1
    paths = [text for _, text, _ in parsed.inputs] or ["a.out"]
    return _print_all(paths, style, int(radix), values)


def _print_all(paths: Sequence[str], style: str, radix: int, values: dict[str, Any]) -> int:
    from ..diag import LinkError
    from .objects import drafts

    failed = False
    totals = [0, 0, 0]
    header = True
    for path in paths:
        try:
            for member, found in drafts(path):
                if isinstance(found, str):
                    sys.stderr.write(f"pysize: {member or path}: {found}\n")
                    # A text among the members of an archive is nobody's mistake.
                    failed |= not member
                    continue
                title = f"{member} (ex {path})" if member else path
                if style == "sysv":
                    _sysv(found, title, radix, bool(values.get("common")))
                    continue
                sizes = berkeley(found, gnu=style == "gnu", common=bool(values.get("common")))
                if header:
                    _header(style, radix)
                    header = False
                totals = [total + size for total, size in zip(totals, sizes)]
                _line(sizes, title, style, radix)
        except LinkError as problem:
            failed |= show(problem.diagnostics, values)
    if values.get("totals") and style != "sysv":
        _line(totals, "(TOTALS)", style, radix)
    return 1 if failed else 0


def berkeley(draft: Draft, *, gnu: bool = False, common: bool = False) -> list[int]:
    """Bytes of text, data and bss; read-only data is text, unless gnu."""
    text = data = bss = 0
    for sec in draft.secs:
        if not sec.alloc:
            continue
        if sec.flags & c.SHF_EXECINSTR or (not gnu and not sec.flags & c.SHF_WRITE):
            text += sec.size
        elif sec.type != c.SHT_NOBITS:
            data += sec.size
        else:
            bss += sec.size
    if common:
        bss += commons(draft)
    return [text, data, bss]


def commons(draft: Draft) -> int:
    return sum(sym.size for sym in draft.syms if sym.common)


def _number(value: int, radix: int) -> str:
    sign = {8: "0", 10: "", 16: "0x"}[radix]
    return f"{sign}{value:{RADIX[radix]}}"


def _header(style: str, radix: int) -> None:
    if style == "gnu":
        print("      text       data        bss      total filename")
    else:
        print(f"   text\t   data\t    bss\t    {'oct' if radix == 8 else 'dec'}\t    hex\tfilename")


def _line(sizes: Sequence[int], title: str, style: str, radix: int) -> None:
    total = sum(sizes)
    if style == "gnu":
        print(*(f"{_number(size, radix):>10}" for size in (*sizes, total)), title)
        return
    cells = [f"{_number(size, radix):>7}" for size in sizes]
    cells.append(f"{total:>7o}" if radix == 8 else f"{total:>7}")
    print(*cells, f"{total:>7x}", title, sep="\t")


def _sysv(draft: Draft, title: str, radix: int, common: bool) -> None:
    """A line for each section that BFD knows as one."""
    rows = [(sec.name, sec.size, sec.addr) for sec in draft.secs if not _is_table(sec.role)]
    if common:
        rows.append(("*COM*", commons(draft), 0))
    total = sum(size for _, size, _ in rows)
    names = max([len(name) for name, _, _ in rows], default=0)
    sizes = max(len(_number(total, radix)), len("size"))
    addresses = max([len(_number(addr, radix)) for _, _, addr in rows] + [len("addr")])
    print(f"{title}  :")
    print(f"{'section':<{names}}   {'size':>{sizes}}   {'addr':>{addresses}}")
    for name, size, addr in rows:
        print(
            f"{name:<{names}}   {_number(size, radix):>{sizes}}"
            f"   {_number(addr, radix):>{addresses}}"
        )
    print(f"{'Total':<{names}}   {_number(total, radix):>{sizes}}\n\n")


def _is_table(role: int) -> bool:
    from ..ops.draft import GROUP, PLAIN

    return role not in (PLAIN, GROUP)
