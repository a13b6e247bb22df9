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
