"""COFF objects linked by GNU ld, where it reads them, and by this linker: the same bytes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import ObjectFile, read
from pylink86 import elf_const as c
from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

ONE = """
extern int ext; int first; int data = 3; static int hidden = 4; const char text[] = "hi";
int *pointer = &data; int callee(int);
static int local(int x) { return x + hidden++; }
int entry(void) { return callee(ext) + local(first) + text[1] + *pointer; }
"""
TWO = "int ext = 5; extern int first; int callee(int x) { return x * 2 + first; }\n"
TARGETS = {"x86_64": "elf_x86_64", "i686": "elf_i386"}


def objects(folder: Path, arch: str) -> list[str]:
    clang = shutil.which("clang-19") or shutil.which("clang")
    if clang is None or shutil.which("ld") is None:
        pytest.skip("no clang or no ld: install clang-19 and binutils")
    files = []
    for name, text in (("one", ONE), ("two", TWO)):
        (folder / f"{name}.c").write_text(text)
        files.append(str(folder / f"{name}.o"))
        made = [clang, f"--target={arch}-pc-windows-gnu", "-O1", "-c", f"{name}.c", "-o"]
        made += [files[-1], "-fno-asynchronous-unwind-tables"]
        subprocess.run(made, cwd=folder, check=True)
    supported = subprocess.run(["ld", "-V"], capture_output=True, text=True).stdout
    if "i386pe" not in supported:
        pytest.skip("this ld reads no COFF: install binutils with all targets")
    return files


def both(folder: Path, args: list[str]) -> tuple[Path, Path]:
    theirs, ours = folder / "theirs", folder / "ours"
    subprocess.run(["ld", *args, "-o", theirs], check=True, capture_output=True)
    assert main(["--dialect", "gnu", *args, "-o", str(ours)]) == 0
    return theirs, ours


@pytest.mark.parametrize("arch", TARGETS)
def test_images(tmp_path: Path, arch: str) -> None:
    entry = "entry" if arch == "x86_64" else "_entry"
    args = ["-m", TARGETS[arch], "-e", entry, "-Ttext", "0x1000", "--oformat", "binary"]
    theirs, ours = both(tmp_path, [*args, *objects(tmp_path, arch)])
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("arch", TARGETS)
def test_elf_files(tmp_path: Path, arch: str) -> None:
    """Sections in memory with their bytes, and global symbols; GNU ld lists no local ones."""
    formats = {"x86_64": "elf64-x86-64", "i686": "elf32-i386"}
    entry = "entry" if arch == "x86_64" else "_entry"
    args = ["-m", TARGETS[arch], "-e", entry, "-Ttext", "0x1000", "--oformat", formats[arch]]
    theirs, ours = map(read, both(tmp_path, [*args, *objects(tmp_path, arch)]))
    assert _seen(theirs) == _seen(ours)


def _seen(file: ObjectFile) -> list[object]:
    rows = [
        (s.name, s.type, s.flags, s.addr, s.size, s.align, bytes(s.content))
        for s in file
        if s.flags & c.SHF_ALLOC
    ]
    symbols = file.symbols
    names = {
        (symbols.name(i), symbols.value[i], symbols.shndx[i])
        for i in range(len(symbols))
        if symbols.info[i] >> 4 == c.STB_GLOBAL and symbols.name(i) != "__executable_start"
    }
    return [*rows, names]
