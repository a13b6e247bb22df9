"""Relocations of symbols that no compiler gives them, byte for byte and word for word as LLD."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import __version__
from pylink86.cli.pyld import main

PEER = "ld.lld-19"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which(PEER) is None, reason="install lld-19"),
]

PROGRAM = """\
.globl _start, var, fixed
fixed = 0x42
.text
_start: nop
.section .tdata,"awT",@progbits
.quad 5
var: .long 1
local: .long 2
.data
.quad 0
"""


def object_file(bits: int, lines: str) -> None:
    call = ["as", f"--{bits}", "-", "-o", "a.o"]
    subprocess.run(call, input=PROGRAM + lines, text=True, check=True)


def peer(call: list[str]) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LLD_VERSION": f"Linker: pylink86 {__version__}"}
    command = [PEER, *call, "-o", "theirs"]
    return subprocess.run(command, env=env, text=True, capture_output=True)


@pytest.mark.parametrize(("bits", "kinds"), [(64, "64 32 32S PC32 PC64 TPOFF32 DTPOFF32 DTPOFF64"),
                                             (32, "32 PC32 TLS_LE TLS_LDO_32")])  # fmt: skip
@pytest.mark.parametrize("options", [[], ["--emit-relocs"], ["--gc-sections"]])
def test_thread_local_names_are_offsets_in_their_block(
    bits: int, kinds: str, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prefix = "R_X86_64_" if bits == 64 else "R_386_"
    lines = "".join(
        f".reloc ., {prefix}{kind}, {name}\n.quad 0\n"
        for kind in kinds.split()
        for name in ("var", "local")
    )
    object_file(bits, lines)
    made = peer(["a.o", *options])
    assert made.returncode == 0, made.stderr
    assert main(["a.o", *options, "-o", "ours"], "ld.lld") == 0
    assert Path("ours").read_bytes() == Path("theirs").read_bytes()


UNKNOWN = """\
.text
.type _start, @function
.size _start, 9
.reloc ., {0}COPY, var
.quad 0
.reloc ., {0}RELATIVE, _start
.quad 0
.reloc ., {0}JUMP_SLOT, .data
.quad 0
"""


@pytest.mark.parametrize("bits", [64, 32])
def test_types_that_no_object_has_are_told_by_their_number(
    bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    object_file(bits, UNKNOWN.format("R_X86_64_" if bits == 64 else "R_386_"))
    theirs = [
        line.partition(": ")[2].rstrip()
        for line in peer(["a.o"]).stderr.splitlines()
        if "unknown relocation" in line
    ]
    assert len(theirs) == 3
    assert main(["a.o", "-o", "ours"], "ld.lld") == 1
    ours = capsys.readouterr().err.splitlines()
    said = [line for line in ours if "unknown relocation" in line]
    assert [line.partition(": ")[2].removesuffix(" [bad-object]").rstrip() for line in said] == (
        theirs
    )


@pytest.mark.parametrize(("bits", "word"), [(64, ".quad"), (32, ".long")])
def test_names_of_numbers_move_with_the_program(
    bits: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """llvm-mc writes `fixed` as a number without a symbol; LLD corrects it like an address."""
    monkeypatch.chdir(tmp_path)
    kind = "R_X86_64_64" if bits == 64 else "R_386_32"
    object_file(bits, f".reloc ., {kind}, 0x46\n{word} 0\n{word} fixed\n")
    made = peer(["-pie", "a.o"])
    assert made.returncode == 0, made.stderr
    assert main(["-pie", "a.o", "-o", "ours"], "ld.lld") == 0
    assert Path("ours").read_bytes() == Path("theirs").read_bytes()
