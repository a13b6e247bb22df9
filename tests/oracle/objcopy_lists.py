"""Lists of objcopy options drawn at random, and what two programs make of one file.

A list is drawn from rows: an option, its arguments as the file at hand offers them (names of its
sections and symbols, now and then one it does not have).  Both programs get the same words; they
agree when both refuse or both write the same bytes.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import fixtures
from pylink86 import elf_const as c
from pylink86 import read_bytes
from pylink86.cli.objcopy_options import table
from pylink86.cli.objcopy_plan import plan_of
from pylink86.cli.options import parse
from pylink86.diag import LinkError
from pylink86.model import ObjectFile, Segment
from pylink86.ops.plan import Notes
from pylink86.ops.run import transform

from .objcopy_files import made

OTHER = Path(fixtures.__file__).parent / "src" / "library.c"
"""Contents for --update-section: a file of 312 bytes."""

PEERS = {"gnu": "objcopy", "llvm": "llvm-objcopy-19"}

UNREADABLE = ("compressed_zstd",)
"""Needs zstd, which Python has from 3.14 on."""


class Names(NamedTuple):
    """What a file offers to options."""

    sections: list[str]
    symbols: list[str]


class Subject(NamedTuple):
    """A file to work on: a fixture, or one that was made; how: what made it."""

    name: str
    how: str
    data: bytes
    names: Names
    linked: bool
    grouped: bool
    symbols_first: bool
    """Are there relocations behind the symbol table?"""
    odd_notes: bool
    """Does a segment of notes hold something else?"""
    late_notes: bool
    """Are there notes in memory behind something else?"""


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


def several(option: str) -> Draw:
    def draw(rng: random.Random, names: Names) -> list[str]:
        count = min(len(names.sections), rng.choice((2, 3)))
        chosen = rng.sample(names.sections, count)
        return [word for name in chosen for word in (option, name)]

    return draw


def shifted(option: str) -> Draw:
    def draw(rng: random.Random, names: Names) -> list[str]:
        by = rng.choice(("+0x10", "+0x1000", "-0x1000", "=0x8000", "=0x101000"))
        # GNU objcopy takes the first `-` for the sign, in a name as well.
        return [option, pick(rng, [name for name in names.sections if "-" not in name]) + by]

    return draw


def shifts(rng: random.Random, names: Names) -> list[str]:
    """Several on one section, by its name and by patterns that match it: their order counts."""
    name = pick(rng, [name for name in names.sections if "-" not in name])
    spelled = (name, name, name, f"{name[:2]}*", f"!{name}")
    return [
        f"--change-section-{rng.choice(('address', 'vma', 'lma'))}={rng.choice(spelled)}"
        + rng.choice(("+0x10", "+0x1000", "=0x8000", "=0x101000"))
        for _ in range(rng.choice((2, 3)))
    ]


def grown(rng: random.Random, names: Names) -> list[str]:
    """Other contents, mostly of another size."""
    return ["--update-section", f"{pick(rng, names.sections)}={OTHER}"]


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
LINKED: dict[str, tuple[Draw, ...]] = {
    "gnu": (
        *map(section, ("-R", "-R", "-j")),
        several("-j"),
        several("-R"),
        shifted("--change-section-lma"),
        shifted("--change-section-vma"),
        shifted("--change-section-address"),
        shifts,
        flag("--change-addresses", "0x1000"),
        aligned,
        flagged,
        grown,
    ),
    "llvm": (*map(section, ("-R", "-j")), several("-j"), several("-R"), flagged, grown),
}
"""What people do to linked files, and what makes tools lay segments out anew: more of it."""

FORMATS = {"gnu": ("binary", "srec", "ihex", "verilog"), "llvm": ("binary",)}


WITHOUT_SYMBOLS = {"-S", "--strip-all-gnu", "--strip-sections", "--strip-non-alloc", ".symtab"}
REMOVE = WITHOUT_SYMBOLS | {
    "-R", "-j", "--strip-debug", "--strip-unneeded", "--strip-dwo", "--strip-all",
}  # fmt: skip
"""Options that take the symbol table out, and sections."""


def in_domain(words: list[str], subject: Subject, dialect: str) -> bool:
    """Is it a list on which we mean to agree?  What is not stands in docs/DEVIATIONS.md."""
    bare = "--remove-relocations" in words or any(word.startswith(".rel") for word in words)
    if dialect == "gnu" and subject.grouped and bare:
        return False  # GNU objcopy 2.40 then writes groups with members 0: an assertion fails
    if dialect == "gnu" and any(word.startswith(".group=") for word in words):
        return False  # GNU objcopy then writes groups that are ordinary sections
    relinked = any(word.startswith(".llvm_addrsig=") for word in words)
    if dialect == "gnu" and relinked and "--only-keep-debug" in words:
        return False  # GNU objcopy 2.40 leaves the number that the symbol table had in the input
    if "--only-keep-debug" in words and subject.linked:
        taken = {"-R", "-j"} & set(words)
        if dialect == "gnu" and (taken or subject.odd_notes):
            return False  # GNU objcopy 2.40 leaves sh_link of the input, or makes tables notes
        if dialect == "llvm" and (taken or subject.late_notes):
            return False  # llvm-objcopy 19 writes zeros or other bytes over what stays
    if dialect == "llvm" and "--update-section" in words and not REMOVE.isdisjoint(words):
        return False  # llvm-objcopy 19 leaves symbols of the section at the number it had
    # llvm-objcopy 19 writes an invalid link of the new symbol table, and then refuses its own work.
    return "--add-symbol" not in words or WITHOUT_SYMBOLS.isdisjoint(words)


def draw(seed: int, subject: Subject, dialect: str) -> list[str]:
    """The option list of a seed for a file."""
    rng = random.Random(f"{seed} {dialect} {subject.name}")
    rows = (*COMMON, *ONLY[dialect], *(LINKED[dialect] if subject.linked else ()))
    words: list[str] = []
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        words += rng.choice(rows)(rng, subject.names)
    if rng.random() < 0.12:
        words += ["-O", rng.choice(FORMATS[dialect])]
    return words


def subject_of(name: str, data: bytes, how: str = "fixture") -> Subject:
    obj = read_bytes(data, name)
    kinds = [info & 15 for info in obj.symbols.info]
    symbols = sorted(
        {n for n, kind in zip(obj.symbols.names, kinds, strict=True)
         if n and "=" not in n and kind != c.STT_FILE}
    )  # fmt: skip
    types = obj.sections.type
    behind = types[types.index(c.SHT_SYMTAB) :] if c.SHT_SYMTAB in types else ()
    return Subject(
        name,
        how,
        data,
        Names(sorted({n for n in obj.sections.names[1:] if n and "=" not in n}), symbols),
        linked=bool(obj.segments),
        grouped=c.SHT_GROUP in types,
        symbols_first=not {c.SHT_REL, c.SHT_RELA}.isdisjoint(behind),
        late_notes=any(seg.type == c.PT_LOAD and _notes_behind(obj, seg) for seg in obj.segments),
        odd_notes=any(seg.type == c.PT_NOTE and _holds_others(obj, seg) for seg in obj.segments),
    )


def _notes_behind(obj: ObjectFile, seg: Segment) -> bool:
    sections = obj.sections
    inside = sorted(
        (addr, kind == c.SHT_NOTE)
        for addr, kind in zip(sections.addr, sections.type, strict=True)
        if addr and seg.vaddr <= addr < seg.vaddr + seg.memsz
    )
    notes = [is_note for _, is_note in inside]
    return notes != sorted(notes, reverse=True)


def _holds_others(obj: ObjectFile, seg: Segment) -> bool:
    sections = obj.sections
    return any(
        seg.vaddr <= addr < seg.vaddr + seg.memsz and kind != c.SHT_NOTE
        for addr, kind in zip(sections.addr, sections.type, strict=True)
        if addr
    )


@cache
def fixture(name: str) -> Subject:
    return subject_of(name, fixtures.path(name).read_bytes())


@lru_cache(maxsize=64)
def generated(seed: int) -> Subject:
    file = made(seed)
    return subject_of(f"seed{seed}", file.data, file.how)


def theirs(words: list[str], subject: Subject, dialect: str, folder: Path) -> bytes | str:
    """The peer's bytes, or what it said when it failed."""
    out = folder / "out"
    out.unlink(missing_ok=True)
    (folder / subject.name).write_bytes(subject.data)
    try:
        done = subprocess.run(
            [PEERS[dialect], *words, subject.name, "out"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            preexec_fn=_within_limits if os.name == "posix" else None,
        )
    except subprocess.TimeoutExpired:
        return NO_ANSWER
    crashed = done.returncode < 0 or "PLEASE submit a bug report" in done.stderr
    if crashed or (out.exists() and out.stat().st_size > LARGE):
        return NO_ANSWER
    return out.read_bytes() if done.returncode == 0 and out.exists() else done.stderr


LARGE = 1 << 26
NO_ANSWER = "no answer"
"""Some lists move sections far away, and then a peer writes for minutes, or ends with a signal."""


def _within_limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * LARGE, 2 * LARGE))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))


def ours(words: list[str], subject: Subject, dialect: str) -> bytes | str:
    """Our bytes, or what we said."""
    parsed = parse(words, table(strip=False))
    try:
        plan = plan_of(parsed.values, dialect, strip=False, words=parsed.words)
        plan.output_name = "out"
        notes = Notes()
        found = transform(subject.data, subject.name, plan, dialect, notes)
    except LinkError as problem:
        return str(problem)
    return str(notes.errors) if notes.errors else found


def agree(mine: bytes | str, peer: bytes | str) -> bool:
    """The same bytes, or both refuse; a crash of the peer is nobody's answer."""
    if isinstance(peer, str):
        return isinstance(mine, str) or peer == NO_ANSWER
    return mine == peer


def misnames(mine: bytes | str, peer: bytes | str, subject: Subject, dialect: str) -> bool:
    """Does the peer write relocations, or a group, that name another symbol where we refuse?

    llvm-objcopy 19 takes symbols out of the table before it asks the relocations behind it, which
    then read freed memory: files of nasm, whose symbol table comes first.
    """
    if dialect != "llvm" or not isinstance(mine, str) or isinstance(peer, str):
        return False
    if "is referenced by the section '.group" in mine:
        return True
    refused = "named in a relocation" in mine or "has relocation against symbol" in mine
    return refused and subject.symbols_first


Pairs = Iterator[tuple[Subject, list[str]]]

PER_FILE = 6
"""Option lists that a generated file is used for: making it takes longer than all of them."""


def lists(dialect: str, first: int, count: int) -> Pairs:
    """(fixture, option list) of `count` lists in the domain, from a seed on."""
    every = [name for name in sorted(fixtures.entries()) if name not in UNREADABLE]
    return _in_domain(lambda seed: fixture(every[seed % len(every)]), dialect, first, count)


def made_lists(dialect: str, first: int, count: int) -> Pairs:
    """The same for files that are made."""
    return _in_domain(lambda seed: generated(seed // PER_FILE), dialect, first, count)


def _in_domain(choose: Callable[[int], Subject], dialect: str, first: int, count: int) -> Pairs:
    seed, given = first, 0
    while given < count:
        subject = choose(seed)
        words = draw(seed, subject, dialect)
        seed += 1
        if in_domain(words, subject, dialect):
            given += 1
            yield subject, words
