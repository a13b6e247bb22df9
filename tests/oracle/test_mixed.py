"""i386 and x86-64 objects in one link: the bytes of GNU ld with --no-warn-mismatch.

GNU ld refuses such links unless it is told not to look; then it links them right, each object by
its own relocations.  Generated objects of both classes refer to each other by every relocation both
have, with addresses below and above 64 KiB.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.oracle import peers
from tests.oracle.compare import Case, describe, difference, ours
from tests.oracle.objects import RELOCATIONS, Obj, Reloc, Sec, Sym, width_of

COUNT = 40
MACHINES = ("i386", "x86_64")
NOT_HERE = {
    "R_X86_64_COPY",
    "R_X86_64_GOTPCREL",
    "R_X86_64_SIZE32",
    "R_X86_64_SIZE64",
    "R_386_SIZE32",
}
"""Rows of docs/DEVIATIONS.md: types that need a table, and sizes; types for a loader."""
TYPES = {
    machine: [
        name
        for name in RELOCATIONS
        if name.startswith(prefix) and name not in NOT_HERE and width_of(name)
    ]
    for machine, prefix in (("i386", "R_386_"), ("x86_64", "R_X86_64_"))
}
STARTS = (0x500, 0x7C00, 0x7E00, 0x10000, 0x100000, 0x7FFF0000)


def objects(rng: random.Random) -> tuple[Obj, ...]:
    """Two to four objects, both classes among them; every global is defined in exactly one."""
    machines = [*MACHINES, *(rng.choice(MACHINES) for _ in range(rng.randrange(3)))]
    rng.shuffle(machines)
    found = []
    for number, machine in enumerate(machines):
        sections = []
        for index in range(rng.randint(1, 3)):
            size = rng.randrange(8, 48)
            name, flags = rng.choice(((".text", "ax"), (".data", "wa"), (".rodata", "a")))
            sections.append(
                Sec(
                    f"{name}.{number}{index}",
                    flags,
                    "progbits",
                    rng.choice((1, 2, 4, 8, 16)),
                    bytes(rng.randrange(256) for _ in range(size)),
                )
            )
        symbols = [
            Sym(f"s{number}{i}", rng.choice(("global", "global", "local")), "notype", place,
                rng.randrange(sections[place - 1].length))
            for i, place in enumerate(rng.choices(range(1, len(sections) + 1), k=3))
        ]  # fmt: skip
        if rng.random() < 0.5:
            symbols.append(Sym(f"common{number}", "global", "object", "COMMON", 4, 12))
        found.append(Obj(f"{number}.o", machine, tuple(sections), tuple(symbols)))
    public = [s.name for obj in found for s in obj.symbols if s.binding == "global"]
    return tuple(_with_references(rng, obj, public) for obj in found)


def _with_references(rng: random.Random, obj: Obj, public: list[str]) -> Obj:
    """The object with relocations at places that do not overlap, and the symbols they need."""
    known = [s.name for s in obj.symbols]
    needed: set[str] = set()
    sections = []
    for sec in obj.sections:
        relocs = []
        at = rng.randrange(4)
        while at + 8 <= sec.length:
            wide = [kind for kind in TYPES[obj.machine] if width_of(kind) >= 4]
            kind = rng.choice(TYPES[obj.machine] if rng.random() < 0.02 else wide)
            target: str | int = rng.choice((*known, *public))
            if rng.random() < 0.3:
                target = rng.randint(1, len(obj.sections))
            elif target not in known:
                needed.add(str(target))
            relocs.append(Reloc(at, kind, target, rng.randint(-9, 9)))
            at += width_of(kind) + rng.randrange(6)
        sections.append(Sec(**{**sec.__dict__, "relocs": tuple(relocs)}))
    undefined = tuple(Sym(name) for name in sorted(needed))
    return Obj(obj.name, obj.machine, tuple(sections), (*obj.symbols, *undefined))


def script(rng: random.Random, files: tuple[Obj, ...]) -> str:
    """Output sections that mix the classes, or keep them apart, at addresses of both worlds."""
    start = rng.choice(STARTS)
    lines = [f"SECTIONS {{ . = {start:#x};"]
    if rng.random() < 0.5:
        for obj in files:
            lines.append(f".f{obj.name[0]} : {{ {obj.name}(.text* .data* .rodata*) }}")
    else:
        lines.append(".text : { *(.text*) } .data : { *(.data*) *(.rodata*) }")
    lines.append(".bss : { *(COMMON) } }")
    return "\n".join(lines) + "\n"


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(COUNT))
def test_mixed_classes_link_as_gnu_ld_links_them(seed: int, tmp_path: Path) -> None:
    if peers.find("gnu") is None:
        pytest.skip(peers.missing("gnu"))
    rng = random.Random(f"mixed {seed}")
    files = objects(rng)
    text = script(rng, files)
    options = ("--oformat", "binary", "--no-warn-mismatch")
    theirs = peers.ask("gnu", tmp_path, files, text, "x86_64", options)
    link = Case("gnu", "x86_64", text, files, ())
    found = difference(theirs, ours(link), link)
    assert found is None, f"{found}\n{text}"


@pytest.mark.peer
def test_every_relocation_of_both_classes_against_the_other(tmp_path: Path) -> None:
    """One relocation a link, so that a refusal of one does not hide the others."""
    if peers.find("gnu") is None:
        pytest.skip(peers.missing("gnu"))
    accepted = 0
    for machine, other in (MACHINES, MACHINES[::-1]):
        for kind in TYPES[machine]:
            for address in (0x60, 0x7C00, 0x123456):
                user = Obj(
                    "user.o", machine,
                    (Sec(".user", "ax", "progbits", 1, b"\x11" * 16,
                         relocs=(Reloc(3, kind, "target", -4),)),),
                    (Sym("target"),),
                )  # fmt: skip
                owner = Obj(
                    "owner.o", other, (Sec(".owner", "wa", "progbits", 1, b"\x22" * 8),),
                    (Sym("target", "global", "object", 1, 5, 1),),
                )  # fmt: skip
                text = (
                    "SECTIONS { .user 0x20 : { *(.user) } "
                    f".owner {address:#x} : {{ *(.owner) }} }}"
                )
                options = ("--oformat", "binary", "--no-warn-mismatch")
                theirs = peers.ask("gnu", tmp_path, (user, owner), text, "x86_64", options)
                mine = ours(Case("gnu", "x86_64", text, (user, owner), ()))
                assert theirs.accepted == mine.accepted, (kind, hex(address), theirs, mine)
                if theirs.image is not None and mine.image is not None:
                    accepted += 1
                    assert theirs.image == mine.image, describe(theirs.image, mine.image)
    assert accepted > 20


def test_generated_links_mix_both_ways() -> None:
    """References of each class to symbols of the other occur, and most links are taken."""
    crossing = dict.fromkeys(MACHINES, 0)
    taken = 0
    for seed in range(COUNT):
        rng = random.Random(f"mixed {seed}")
        files = objects(rng)
        home = {s.name: o.machine for o in files for s in o.symbols if s.place != "UNDEF"}
        for obj in files:
            for sec in obj.sections:
                names = [str(r.symbol) for r in sec.relocs if isinstance(r.symbol, str)]
                crossing[obj.machine] += sum(home[name] != obj.machine for name in names)
        taken += ours(Case("gnu", "x86_64", script(rng, files), files, ())).accepted
    assert min(crossing.values()) > COUNT
    assert taken >= COUNT // 2
