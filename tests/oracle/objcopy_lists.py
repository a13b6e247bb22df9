"""Lists of objcopy options drawn at random, and what two programs make of one file.

A list is drawn from rows: an option, its arguments as the file at hand offers them (names of its
sections and symbols, now and then one it does not have).  Both programs get the same words; they
agree when both refuse or both write the same bytes.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import fixtures
from pylink86 import elf_const as c
from pylink86 import read
from pylink86.cli.objcopy_options import table
from pylink86.cli.objcopy_plan import plan_of
from pylink86.cli.options import parse
from pylink86.diag import LinkError
from pylink86.ops.plan import Notes
from pylink86.ops.run import transform

PEERS = {"gnu": "objcopy", "llvm": "llvm-objcopy-19"}

LINKED = ("exec32", "exec64", "exec64_lld", "dyn32", "dyn64")
"""Fixtures with program headers."""

GROUPED = ("groups32", "groups64", "library_pic32", "library_pic64", "bounds_debug")
"""Fixtures with section groups."""

UNREADABLE = ("compressed_zstd",)
"""Needs zstd, which Python has from 3.14 on."""


class Names(NamedTuple):
    """What a file offers to options."""

    sections: list[str]
    symbols: list[str]


Draw = Callable[[random.Random, Names], list[str]]


def flag(*words: str) -> Draw:
    return lambda rng, names: list(words)


def section(option: str) -> Draw:
    return lambda rng, names: [option, pick(rng, names.sections)]


def symbol(option: str) -> Draw:
    return lambda rng, names: [option, pick(rng, names.symbols)]


def pick(rng: random.Random, names: list[str]) -> str:
    return rng.choice(names) if names and rng.random() < 0.95 else "nothing_like_this"


def renamed(rng: random.Random, names: Names) -> list[str]:
    flags = rng.choice(
        ["", "", ",alloc,load,data,contents", ",alloc,load,readonly,code,contents", ",contents"]
    )
    return ["--rename-section", f"{pick(rng, names.sections)}=.new{flags}"]


def flagged(rng: random.Random, names: Names) -> list[str]:
    flags = rng.choice(
        ["alloc,load,contents", "alloc,load,readonly,data", "alloc,load,code", "readonly"]
    )
    return ["--set-section-flags", f"{pick(rng, names.sections)}={flags}"]


def aligned(rng: random.Random, names: Names) -> list[str]:
    return ["--set-section-alignment", f"{pick(rng, names.sections)}={rng.choice([1, 8, 64])}"]


def redefined(rng: random.Random, names: Names) -> list[str]:
    return ["--redefine-sym", f"{pick(rng, names.symbols)}=renamed_{rng.randrange(3)}"]


def added_symbol(rng: random.Random, names: Names) -> list[str]:
    place = rng.choice(["", f"{pick(rng, names.sections)}:"])
    flags = rng.choice(["", ",global", ",local", ",global,function", ",weak,object"])
    return ["--add-symbol", f"added={place}{rng.randrange(64)}{flags}"]


def pattern(option: str) -> Draw:
    def draw(rng: random.Random, names: Names) -> list[str]:
        return ["-w", option, f"{pick(rng, names.symbols)[:3]}*"]

    return draw


COMMON: tuple[Draw, ...] = (
    *map(flag, ("--strip-debug", "--strip-unneeded", "-x", "-X", "-S", "--strip-dwo", "--weaken")),
    *map(flag, ("--localize-hidden", "--keep-file-symbols", "--only-keep-debug")),
    *(flag(f"{name}=.pre") for name in ("--prefix-alloc-sections", "--prefix-symbols")),
    *map(section, ("-R", "-j", "--keep-section")),
    *map(symbol, ("-N", "-K", "-L", "-G", "-W", "--globalize-symbol", "--strip-unneeded-symbol")),
    *map(pattern, ("-K", "-L", "-W", "-N", "-G")),
    renamed,
    flagged,
    aligned,
    redefined,
    added_symbol,
    flag("--add-section", ".added=/dev/null"),
    flag("--set-start", "0x1234"),
    flag("--change-start", "16"),
)
"""Options of both tools that may meet on one command line."""

ONLY = {
    "gnu": (
        flag("--prefix-sections=.pre"),
        flag("--elf-stt-common=yes"),
        flag("--compress-debug-sections=zlib"),
        flag("--remove-relocations", "*"),
        flag("--change-addresses", "0x10"),
        section("--remove-relocations"),
    ),
    "llvm": (
        flag("--strip-all-gnu"),
        flag("--strip-non-alloc"),
        flag("--strip-sections"),
        flag("--allow-broken-links"),
        symbol("--skip-symbol"),
        flag("--remove-symbol-prefix=_"),
    ),
}
FORMATS = {"gnu": ("binary", "srec", "ihex", "verilog"), "llvm": ("binary",)}

CHANGES_LOADED = ("-R", "-j", "--set-section-flags", "--set-section-alignment",
                  "--change-addresses", "--strip-sections")  # fmt: skip
"""Options that make GNU objcopy lay a linked file out anew; docs/DEVIATIONS.md says how far we
follow."""


def in_domain(words: list[str], name: str, dialect: str) -> bool:
    """Is it a list on which we mean to agree?  What is not stands in docs/DEVIATIONS.md."""
    if dialect == "gnu" and name in LINKED:
        flags = any(",alloc" in word or ",contents" in word for word in words)
        return not flags and not any(word in CHANGES_LOADED for word in words)
    bare = "--remove-relocations" in words or any(word.startswith(".rel") for word in words)
    if dialect == "gnu" and name in GROUPED and bare:
        return False  # GNU objcopy 2.40 then writes groups with members 0: an assertion fails
    if dialect == "gnu" and any(word.startswith(".group=") for word in words):
        return False  # GNU objcopy then writes groups that are ordinary sections
    relinked = any(word.startswith(".llvm_addrsig=") for word in words)
    if dialect == "gnu" and relinked and "--only-keep-debug" in words:
        return False  # GNU objcopy 2.40 leaves the number that the symbol table had in the input
    # llvm-objcopy 19 writes an invalid link of the new symbol table, and then refuses its own work.
    added = "--add-symbol" in words
    return not (
        added
        and any(
            word in ("-S", "--strip-all-gnu", "--strip-sections", "--strip-non-alloc")
            for word in words
        )
    )


def draw(seed: int, name: str, dialect: str) -> list[str]:
    """The option list of a seed for a fixture."""
    rng = random.Random(f"{seed} {dialect} {name}")
    names = names_of(name)
    rows = (*COMMON, *ONLY[dialect])
    words: list[str] = []
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        words += rng.choice(rows)(rng, names)
    if rng.random() < 0.12:
        words += ["-O", rng.choice(FORMATS[dialect])]
    return words


_NAMES: dict[str, Names] = {}


def names_of(name: str) -> Names:
    if name not in _NAMES:
        obj = read(fixtures.path(name))
        kinds = [info & 15 for info in obj.symbols.info]
        symbols = sorted(
            {n for n, kind in zip(obj.symbols.names, kinds, strict=True)
             if n and "=" not in n and kind != c.STT_FILE}
        )  # fmt: skip
        _NAMES[name] = Names(sorted({n for n in obj.sections.names[1:] if n}), symbols)
    return _NAMES[name]


def theirs(words: list[str], path: Path, dialect: str, folder: Path) -> bytes | str:
    """The peer's bytes, or what it said when it failed."""
    out = folder / "out"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [PEERS[dialect], *words, str(path), "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )
    return out.read_bytes() if done.returncode == 0 and out.exists() else done.stderr


def ours(words: list[str], path: Path, dialect: str) -> bytes | str:
    """Our bytes, or what we said."""
    parsed = parse(words, table(strip=False))
    try:
        plan = plan_of(parsed.values, dialect, strip=False)
        plan.output_name = "out"
        notes = Notes()
        found = transform(path.read_bytes(), str(path), plan, dialect, notes)
    except LinkError as problem:
        return str(problem)
    return str(notes.errors) if notes.errors else found


def agree(mine: bytes | str, peer: bytes | str) -> bool:
    """The same bytes, or both refuse; a crash of the peer is nobody's answer."""
    if isinstance(peer, str):
        return isinstance(mine, str) or "PLEASE submit a bug report" in peer
    return mine == peer


def misnames(mine: bytes | str, peer: bytes | str, name: str, dialect: str) -> bool:
    """Does the peer write relocations that name another symbol where we refuse?

    llvm-objcopy 19 takes symbols out of the table before it asks the relocations behind it, which
    then read freed memory: files of nasm, whose symbol table comes first.
    """
    if dialect != "llvm" or not isinstance(mine, str) or isinstance(peer, str):
        return False
    kinds = read(fixtures.path(name)).sections.type
    behind = kinds[kinds.index(c.SHT_SYMTAB) :] if c.SHT_SYMTAB in kinds else ()
    refused = "named in a relocation" in mine or "has relocation against symbol" in mine
    return refused and not {c.SHT_REL, c.SHT_RELA}.isdisjoint(behind)


def lists(dialect: str, first: int, count: int) -> Iterator[tuple[str, list[str]]]:
    """(fixture, option list) of `count` lists in the domain, from a seed on."""
    every = [name for name in sorted(fixtures.entries()) if name not in UNREADABLE]
    seed, given = first, 0
    while given < count:
        name = every[seed % len(every)]
        words = draw(seed, name, dialect)
        seed += 1
        if in_domain(words, name, dialect):
            given += 1
            yield name, words
