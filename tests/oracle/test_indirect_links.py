"""Functions that are chosen at start-up, against both linkers: whole files.

Every way to use one, alone and mixed at random, in one file and in several, on x86-64 and i386; and
what gcc -static makes of libc, whose string functions are such ones: it has to run."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}
EMULATIONS = {32: "elf_i386", 64: "elf_x86_64"}

USES = {
    64: {
        ".text": (
            "call {}",
            "call {}@PLT",
            "mov {}@GOTPCREL(%rip), %rax",
            "call *{}@GOTPCREL(%rip)",
            "add {}@GOTPCREL(%rip), %r9",
            "lea {}(%rip), %rax",
            "mov ${}, %eax",
        ),
        ".rodata": (".quad {}",),
        ".data": (".quad {}", ".quad {}"),
    },
    32: {
        ".text": (
            "call {}",
            "call {}@PLT",
            "mov {}@GOT(%ebx), %eax",
            "call *{}@GOT",
            "add {}@GOT(%ebx), %ecx",
            "mov ${}, %eax",
            "mov {}, %eax",
        ),
        ".rodata": (".long {}",),
        ".data": (".long {}", ".long {}"),
    },
}
"""By section: what may refer to a function."""

NAMES = ("alpha", "beta", "gamma", "delta", "eps")


def function(name: str, kind: str) -> str:
    """A resolver; kind: global, weak, hidden or local."""
    shown = {"global": ".globl", "weak": ".weak", "hidden": ".globl", "local": "#"}[kind]
    hidden = f".hidden {name}\n" if kind == "hidden" else ""
    return (
        f"{shown} {name}\n{hidden}.type {name}, @gnu_indirect_function\n"
        f"{name}: ret\n.size {name}, 1\n"
    )


def sources(chance: random.Random, bits: int) -> list[str]:
    """A few files that define functions and use each other's."""
    kinds = {name: chance.choice(("global", "global", "weak", "hidden")) for name in NAMES}
    home = {name: chance.randrange(2) for name in NAMES}
    texts = []
    for number in range(2):
        local = [f"own{i}" for i in range(chance.randrange(4))]
        text = ".text\n.globl _start\n_start: nop\n" if not number else ".text\n"
        text += "".join(function(name, kinds[name]) for name in NAMES if home[name] == number)
        text += "".join(function(name, "local") for name in local)
        text += "plain: nop\n.data\nvariable: .byte 1\n"
        for section, forms in USES[bits].items():
            text += f".section {section}\n"
            for _ in range(chance.randrange(5)):
                text += chance.choice(forms).format(chance.choice([*NAMES, *local])) + "\n"
        texts.append(text)
    return texts


def assembled(folder: Path, texts: Sequence[str], bits: int) -> list[str]:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    files = []
    for number, text in enumerate(texts):
        files.append(str(folder / f"{number}.o"))
        subprocess.run(["as", f"--{bits}", "-o", files[-1]], input=text.encode(), check=True)
    return files


def compare(
    folder: Path, dialect: str, args: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both linkers take it, and write the same bytes."""
    peer = PEERS[dialect]
    if shutil.which(peer) is None:
        pytest.skip(f"no {peer}: install binutils and lld-19")
    monkeypatch.setenv("LLD_VERSION", "the same")
    theirs, ours = folder / "theirs", folder / "ours"
    subprocess.run([peer, *args, "-o", str(theirs)], check=True, capture_output=True)
    assert main(["--dialect", dialect, *args, "-o", str(ours)]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (64, 32))
def test_uses_at_random(
    dialect: str, bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        files = assembled(tmp_path, sources(random.Random(seed), bits), bits)
        compare(tmp_path, dialect, ["-m", EMULATIONS[bits], *files], monkeypatch)


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (64, 32))
def test_with_marks_of_jump_targets(
    dialect: str, bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = bits // 8
    note = (
        '.section .note.gnu.property,"a"\n'
        f'.p2align {3 if word == 8 else 2}\n.long 4, {12 + -12 % word}, 5\n.asciz "GNU"\n'
        f".long 0xc0000002, 4, 1\n.p2align {3 if word == 8 else 2}\n"
    )
    texts = [text + note for text in sources(random.Random(3), bits)]
    files = assembled(tmp_path, texts, bits)
    compare(tmp_path, dialect, ["-m", EMULATIONS[bits], *files], monkeypatch)


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (64, 32))
def test_bound_at_once(
    dialect: str, bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = assembled(tmp_path, sources(random.Random(5), bits), bits)
    compare(tmp_path, dialect, ["-m", EMULATIONS[bits], "-z", "now", *files], monkeypatch)


PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **args)
{
    char text[64];
    strcpy(text, "a program of");
    strcat(text, " libc");
    printf("%s %zu %d %g %s\n", text, strlen(text), count, strtod("1.5", 0), strchr(text, 'l'));
    return atoi(args[1]);
}
"""

START = """#!{python}
import sys
sys.path.insert(0, {package!r})
from pylink86.cli.pyld import script
sys.argv[1:1] = ["--dialect", {dialect!r}]
script()
"""


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (64, 32))
def test_a_static_program_runs(
    dialect: str, bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gcc -static -B folder calls this linker with libc.a, as it calls the system's."""
    if shutil.which("gcc") is None or sys.platform != "linux":
        pytest.skip("gcc for Linux is missing: install gcc, gcc-multilib and libc6-dev")
    peer = shutil.which(PEERS[dialect])
    if peer is None:
        pytest.skip(f"no {PEERS[dialect]}: install binutils and lld-19")
    (tmp_path / "hello.c").write_text(PROGRAM)
    package = str(Path(__file__).resolve().parents[2])
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        shim = tmp_path / name / "ld"
        shim.write_text(
            START.format(python=sys.executable, package=package, dialect=dialect)
            if name == "ours"
            else f'#!/bin/sh\nexec {peer} "$@"\n'
        )
        shim.chmod(0o755)
    monkeypatch.setenv("LLD_VERSION", "the same")
    said = []
    for name in ("ours", "theirs"):
        out = tmp_path / f"{name}.out"
        made = subprocess.run(
            ["gcc", f"-m{bits}", "-static", "-B", name, "hello.c", "-o", str(out)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        if name == "theirs" and made.returncode:
            pytest.skip(f"no static libc of {bits} bits: install libc6-dev, gcc-multilib")
        assert made.returncode == 0, made.stderr
        run = subprocess.run([str(out), "7"], capture_output=True)
        assert run.returncode == 7
        said.append(run.stdout)
    assert said[0] == said[1]
    assert (tmp_path / "ours.out").read_bytes() == (tmp_path / "theirs.out").read_bytes()
