"""The names a link begins with: where execution starts, and what is wanted by no object."""

from __future__ import annotations

from collections.abc import Iterable

from ...diag import Diagnostics
from ...dialect import Dialect
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..placement import Placement
from ..reading.scripts import ScriptFile
from .resolve import Resolution


def entry_name(script: ScriptFile) -> str:
    """The last ENTRY() of the script, at top level or in SECTIONS (GNU ld manual 3.4.1)."""
    found = ""
    for command in script.commands:
        if isinstance(command, n.Entry):
            found = command.symbol
        elif isinstance(command, n.SectionsCommand):
            for item in command.items:
                if isinstance(item, n.Entry):
                    found = item.symbol
    return found


def wanted_names(
    script: ScriptFile, undefined: Iterable[str], required: Iterable[str]
) -> tuple[str, ...]:
    """Names wanted by no object: -u, --require-defined, EXTERN (GNU ld manual 3.4.5)."""
    extern = [name for c in script.of(n.Command) if c.word == "EXTERN" for name in c.args]
    return (*undefined, *required, *extern)


def check_required(names: Iterable[str], placed: Placement, diags: Diagnostics) -> None:
    """undefined-symbol: what --require-defined names must be there in the end."""
    for name in names:
        if name not in placed.addresses.resolution.definer and name not in placed.symbols:
            diags.error(
                "undefined-symbol",
                f"required symbol `{name}' not defined",
                help=["link what defines it, or drop --require-defined"],
            )


def check_retained(
    elf: ElfOptions, placed: Placement, dialect: Dialect, diags: Diagnostics
) -> None:
    """retained-undefined: LLD wants every name in the file of --retain-symbols-file to be defined,
    unless --undefined-version is given or the output is to be linked again."""
    if dialect.tables_like_gnu or elf.undefined_version or elf.relocatable:
        return
    for name in elf.retained or ():
        if name not in placed.addresses.resolution.definer and name not in placed.symbols:
            diags.error(
                "retained-undefined",
                f"--retain-symbols-file names `{name}', which is not defined",
                help=["take it out of the file, or link with --undefined-version"],
            )


def check_collecting(
    roots: Iterable[str],
    resolution: Resolution,
    script: ScriptFile,
    dialect: Dialect,
    diags: Diagnostics,
) -> None:
    """gc-without-root: GNU ld wants to know from where -r --gc-sections begins (-e, -u, ENTRY)."""
    names = {*roots, entry_name(script)}
    if dialect.tables_like_gnu and not any(name in resolution.definer for name in names):
        diags.error(
            "gc-without-root",
            "--gc-sections requires a defined symbol root specified by -e or -u",
            help=["name what is to stay with -u SYMBOL, or leave out --gc-sections"],
        )


def check_entry(
    asked: str,
    again: bool,
    script: ScriptFile,
    placed: Placement,
    dialect: Dialect,
    diags: Diagnostics,
) -> None:
    """Warn of entry-missing: nobody defines the symbol where execution is to start.

    asked: by -e; again: -r; script: what the user gave.  With -r GNU ld warns of -e, LLD of ENTRY()
    as well.  Both warn of the default entry, too, which we do not: who needs one names it."""
    name = asked or ("" if again and dialect.tables_like_gnu else entry_name(script))
    if name in placed.symbols or name in placed.addresses.resolution.definer:
        return
    if not name or entry_number(name, dialect) is not None:
        return
    instead = "not setting start address"
    if dialect.starts_at_start and not again:
        instead = f"defaulting to {entry_address(name, placed, dialect):016x}"
    diags.warn(
        "entry-missing",
        f"cannot find entry symbol {name}; {instead}",
        help=["make the label global, or name the one there is: -e SYMBOL"],
    )


def default_entry(script: ScriptFile, dialect: Dialect, again: bool = False) -> str:
    """The entry symbol when nobody names one; GNU ld's own scripts say ENTRY(_start), but not with
    -r (again), and LLD asks for none there."""
    if again:
        return "start" if dialect.starts_at_start else ""
    return "start" if dialect.starts_at_start and script.commands else "_start"


def entry_address(entry: str, placed: Placement, dialect: Dialect, again: bool = False) -> int:
    """The entry symbol's address, or the number it is; else, in GNU ld's dialect, the start of
    `.text` (GNU ld manual 3.4.1), also of one that is left out but has an address; of several the
    one that was made first.
    again: with -r nothing else counts, and in LLD an address does from its section."""
    from_section = again and not dialect.starts_at_start
    if entry in placed.symbols:
        value = placed.symbols[entry]
        return (value.number if from_section else value.absolute()) & 0xFFFFFFFFFFFFFFFF
    where = placed.addresses.resolution.definer.get(entry)
    found = _place_of_entry(where, placed, dialect) if where is not None else None
    if isinstance(found, int):
        return found
    if found is not None:
        return (0 if from_section else placed.sections[found[0]].vma) + found[1]
    number = entry_number(entry, dialect)
    if number is not None:
        return number
    if again or not dialect.starts_at_start:
        return 0
    begun = [s for s in placed.sections if s.name == ".text" and s.plan.begun]
    return min(begun, key=lambda s: s.plan.header).vma if begun else 0


def entry_number(text: str, dialect: Dialect) -> int | None:
    """The address that -e gives as a number, as C writes them; LLD knows 0b and 0o, too."""
    if not text[:1].isdigit():
        return None
    letter = text[1:2].lower()
    base = {"x": 16, "b": 2, "o": 8}.get(letter, 8 if text[0] == "0" else 10)
    if letter in ("b", "o") and dialect.tables_like_gnu:
        return None
    try:
        value = int(text, base)
    except ValueError:
        return None
    most = 0xFFFFFFFFFFFFFFFF
    if dialect.tables_like_gnu:
        return min(value, most)
    return value if value <= most else None


def _place_of_entry(
    where: tuple[int, int], placed: Placement, dialect: Dialect
) -> tuple[int, int] | int | None:
    """(output section, offset) of the entry symbol; GNU ld looks before strings and constants are
    merged, and takes its offset in the input for that in what is left of it."""
    addresses = placed.addresses
    found = addresses.of_symbol(*where)
    if not dialect.merges_in_place or not isinstance(found, tuple):
        return found
    file, index = where
    symbols = addresses.resolution.files[file].symbols
    sid = addresses.table.base[file] + symbols.shndx[index]
    if sid not in addresses.edits.moved:
        return found
    return addresses.place(sid, symbols.value[index]) or found
