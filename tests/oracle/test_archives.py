"""Which members join, and in which order: the same image as the peers' from thousands of links.

Every object has one byte of code, so an image is the list of the files that were linked.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from pylink86 import LinkError
from pylink86.cli import pyld
from pylink86.cli.inputs import read_line
from pylink86.cli.ld_options import KEYWORDS, LD
from pylink86.cli.options import parse

from . import peers
from .archives import Ar
from .objects import Obj, Sec, Sym

EXAMPLES = int(os.environ.get("PYLINK86_ARCHIVE_EXAMPLES", "60"))
SEED = int(os.environ.get("PYLINK86_SEED", "1"))

SCRIPTS = (
    "SECTIONS { .text 0 : { *(.text) } .bss : { *(COMMON) } }",
    "SECTIONS { }",
    "SECTIONS { .text 0 : { *lib1.a:(.text) BYTE(0xf0) *(EXCLUDE_FILE(*lib0.a) .text) BYTE(0xf1)"
    " *(.text) } }",
    "SECTIONS { .text 0 : { *lib0.a:m*.o(.text) BYTE(0xf0) *m1.o(.text) BYTE(0xf1) *(.text) } }",
    "SECTIONS { .text 0 : { *(EXCLUDE_FILE(*lib0.a:m2.o *:m3.o) .text) BYTE(0xf0) *(.text) } }",
)


@dataclass(frozen=True)
class Link:
    """Files, the command line behind the output options, and what was put into it."""

    objects: tuple[Obj, ...]
    archives: tuple[Ar, ...]
    script: str
    argv: tuple[str, ...]
    features: tuple[str, ...]

    def lay_out(self, folder: Path) -> None:
        for obj in self.objects:
            (folder / obj.name).write_bytes(obj.encode())
        for archive in self.archives:
            for member in archive.members if archive.thin else ():
                (folder / member.name).write_bytes(member.encode())
            (folder / archive.name).write_bytes(archive.encode())
        (folder / "s.ld").write_text(self.script)


class Maker:
    """One random link."""

    def __init__(self, rng: random.Random, dialect: str) -> None:
        self.rng = rng
        self.dialect = dialect
        self.names = [f"f{i}" for i in range(rng.randint(2, 9))]
        self.used: Counter[str] = Counter()
        self.byte = 0

    def chance(self, feature: str, odds: float) -> bool:
        if self.rng.random() < odds:
            self.used[feature] += 1
            return True
        return False

    def obj(self, name: str, free: list[str]) -> Obj:
        """An object; what it defines strongly is taken from `free`, so that most links hold."""
        self.byte += 1
        symbols: dict[str, Sym] = {}
        for _ in range(self.rng.randint(0, 2)):
            if free:
                wanted = free.pop(self.rng.randrange(len(free)))
                symbols[wanted] = Sym(wanted, "global", "notype", 1)
        if self.chance("weak definition", 0.15):
            wanted = self.rng.choice(self.names)
            symbols.setdefault(wanted, Sym(wanted, "weak", "notype", 1))
        if self.chance("common", 0.2):
            wanted = self.rng.choice(self.names)
            symbols.setdefault(wanted, Sym(wanted, "global", "object", "COMMON", 4, 4))
        for _ in range(self.rng.randint(0, 3)):
            wanted = self.rng.choice(self.names)
            weak = self.chance("weak reference", 0.2)
            binding = "weak" if weak else "global"
            symbols.setdefault(wanted, Sym(wanted, binding, "notype", "UNDEF"))
        every = list(symbols.values())
        self.rng.shuffle(every)
        text = Sec(".text", "ax", data=bytes([self.byte]))
        return Obj(name, "x86_64", (text,), tuple(every))

    def archive(self, number: int, free: list[str]) -> Ar:
        free = self.names * 2 if self.chance("defined twice", 0.2) else free
        members = [self.obj(f"m{i}.o", free) for i in range(self.rng.randint(1, 5))]
        self.rng.shuffle(members)
        thin = self.chance("thin", 0.1)
        if thin:
            members = [Obj(f"{number}{m.name}", m.machine, m.sections, m.symbols) for m in members]
        return Ar(f"lib{number}.a", tuple(members), "narrow", thin)

    def link(self) -> Link:
        rng = self.rng
        rng.shuffle(self.names)
        third = len(self.names) // 3
        free = self.names[:third]
        objects = [self.obj(f"o{i}.o", free) for i in range(rng.randint(1, 3))]
        free = self.names[third:]
        archives = [self.archive(i, free) for i in range(rng.randint(1, 3))]
        words: list[list[str]] = [[obj.name] for obj in objects]
        words += [self.mention(archive) for archive in archives]
        if self.chance("archive twice", 0.3):
            words.append([rng.choice(archives).name])
        if self.chance("shuffled", 0.5):
            rng.shuffle(words)
        if self.chance("group", 0.35):
            at, end = sorted(rng.sample(range(len(words) + 1), 2))
            words[at:end] = [["-("], *words[at:end], ["-)"]]
        extra = []
        if self.dialect == "lld" and self.chance("start-lib", 0.3):
            lazy = [self.obj(f"z{i}.o", free) for i in range(rng.randint(1, 3))]
            extra = lazy
            at = rng.randint(0, len(words))
            if not any(w[0] in ("-(", "-)") for w in words):
                words[at:at] = [["--start-lib", *(z.name for z in lazy), "--end-lib"]]
        for feature, odds, word in (
            ("-u", 0.3, "-u{}"), ("-e", 0.2, "-e{}"), ("defsym uses", 0.15, "--defsym=v={}"),
            ("defsym defines", 0.15, "--defsym={}=5"),
        ):  # fmt: skip
            if self.chance(feature, odds):
                words.insert(rng.randint(0, len(words)), [word.format(rng.choice(self.names))])
        script = rng.choice(SCRIPTS)
        for feature, odds, text in (
            ("EXTERN", 0.2, "EXTERN({}) "), ("script uses", 0.15, "w = {}; "),
            ("script defines", 0.15, "{} = 7; "), ("PROVIDE", 0.15, "PROVIDE({} = 8); "),
            ("INPUT", 0.15, f"INPUT({rng.choice(archives).name}) "),
        ):  # fmt: skip
            if self.chance(feature, odds):
                script = text.format(rng.choice(self.names)) + script
        words.insert(rng.randint(0, len(words)), ["-T", "s.ld"])
        argv = tuple(word for group in words for word in group)
        return Link((*objects, *extra), tuple(archives), script, argv, tuple(self.used))

    def mention(self, archive: Ar) -> list[str]:
        if self.chance("-l", 0.2):
            return ["-L.", f"-l:{archive.name}"]
        if self.chance("--whole-archive", 0.15):
            return ["--whole-archive", archive.name, "--no-whole-archive"]
        return [archive.name]


def peer_image(dialect: str, folder: Path, link: Link) -> bytes | None:
    command = peers.find(dialect)
    assert command is not None
    out = folder / "peer.out"
    out.unlink(missing_ok=True)
    more = ["--threads=1"] if dialect == "lld" else []
    done = subprocess.run(
        [command, *more, "-z", "undefs" if dialect == "lld" else "defs", "--oformat", "binary",
         *(["--unresolved-symbols=ignore-all"] if dialect == "gnu" else []), "-o", out, *link.argv],
        cwd=folder, capture_output=True, check=False, close_fds=False, timeout=60,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    return out.read_bytes() if out.exists() else b""


def our_image(dialect: str, folder: Path, link: Link) -> bytes | None:
    """None when the link is refused for another reason than names that stay undefined."""
    parsed = parse(["--oformat=binary", *link.argv], LD, KEYWORDS)
    assert not parsed.problems
    before = Path.cwd()
    os.chdir(folder)
    try:
        return pyld.link_line(parsed, read_line(parsed), dialect).image
    except LinkError as problem:
        if any(d.slug != "no-inputs" for d in problem.diagnostics):
            return None
        return b""
    finally:
        os.chdir(before)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_members_join_as_the_peer_draws_them(dialect: str):
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))
    accepted, features = 0, Counter[str]()
    for number in range(EXAMPLES):
        link = Maker(random.Random(f"{SEED}-{dialect}-{number}"), dialect).link()
        features.update(link.features)
        with peers.workplace() as folder:
            link.lay_out(folder)
            peer = peer_image(dialect, folder, link)
            ours = our_image(dialect, folder, link)
        accepted += peer is not None
        assert ours == peer, f"example {number}: {link.argv} {link.script}"
    assert accepted >= EXAMPLES * 0.6
    if EXAMPLES >= 500:
        print(dialect, f"{accepted}/{EXAMPLES} accepted", features)
