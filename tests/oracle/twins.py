"""One command line for the peer and for us, and whether both files are the same.

LLD writes its version into `.comment`; it takes the text from LLD_VERSION when that is set, and is
told to call itself as we do, so that whole files can be compared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from pylink86 import __version__, read_bytes
from pylink86.cli.pyld import main

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}
OUR_NAME = f"Linker: pylink86 {__version__}"


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils lld-19 gcc clang-19)")


def assemble(path: Path, source: str, wide: bool = True) -> str:
    """An object of some lines of assembly; its name."""
    need("as")
    command = ["as", "--64" if wide else "--32", "-o", str(path)]
    subprocess.run(command, input=source, text=True, check=True)
    return path.name


def compile_c(path: Path, source: str, *options: str, compiler: str = "gcc") -> str:
    """An object of C source that stands in the same folder; its name."""
    need(compiler)
    written = path.with_suffix(".c")
    written.write_text(source)
    command = [compiler, *options, "-c", written.name, "-o", path.name]
    subprocess.run(command, cwd=path.parent, check=True)
    return path.name


def link_both(dialect: str, words: Sequence[str], folder: Path) -> tuple[bytes, bytes]:
    """The peer's file and ours; the current folder is `folder`."""
    need(PEERS[dialect])
    done = subprocess.run(
        [PEERS[dialect], *words, "-o", "peer"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LLD_VERSION": OUR_NAME},
    )
    assert done.returncode == 0, done.stderr
    assert main([f"--dialect={dialect}", *words, "-o", "ours"], "pyld") == 0
    return (folder / "peer").read_bytes(), (folder / "ours").read_bytes()


def assert_same_file(dialect: str, words: Sequence[str], folder: Path) -> bytes:
    """Both files are equal; the message names the sections that are not."""
    theirs, ours = link_both(dialect, words, folder)
    if theirs != ours:
        assert sections(theirs) == sections(ours)
        assert theirs == ours
    return ours


def sections(data: bytes, *without: str) -> list[tuple[object, ...]]:
    """Name, type, flags, address, size, alignment and content of every section."""
    obj = read_bytes(data)
    rows = [
        (s.name, s.type, s.flags, s.addr, s.size, s.align, s.entsize, bytes(s.content)) for s in obj
    ]
    return [row for row in rows if row[0] not in without]
