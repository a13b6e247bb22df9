"""Versions in names (`f@V`, `f@@V`), version scripts, and sections of which one copy is linked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkResult, link
from pylink86.passes.elf_options import ElfOptions


def _linked(folder: Path, dialect: str, *sources: str) -> LinkResult:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    files = []
    for number, source in enumerate(sources):
        files.append(str(folder / f"{number}.o"))
        subprocess.run(["as", "--64", "-o", files[-1]], input=source.encode(), check=True)
    script = "SECTIONS { .text 0x1000 : { *(.text .gnu.linkonce.t.*) } }"
    return link(files, script, dialect=dialect)


DEFINES = """
.globl old, new
old: nop
new: ret
.symver old, f@V1
.symver new, f@@V2
"""


def _target(result: LinkResult) -> int:
    text = result.object_file.section(".text")
    return text.addr + 5 + int.from_bytes(text.content[1:5], "little", signed=True)


@pytest.mark.parametrize("dialect", ("gnu", "lld"))
def test_the_default_version_is_the_name(tmp_path: Path, dialect: str) -> None:
    result = _linked(tmp_path, dialect, "call f\n", DEFINES)
    assert _target(result) == result.symbols["new"]


@pytest.mark.parametrize("dialect", ("gnu", "lld"))
def test_another_version_is_another_name(tmp_path: Path, dialect: str) -> None:
    result = _linked(tmp_path, dialect, "call g\n.symver g, f@V1\n", DEFINES)
    assert _target(result) == result.symbols["old"]


def test_gnu_ld_knows_the_default_version_by_its_version_too(tmp_path: Path) -> None:
    result = _linked(tmp_path, "gnu", "call g\n.symver g, f@V2\n", DEFINES)
    assert _target(result) == result.symbols["new"]
    with pytest.raises(LinkError):
        _linked(tmp_path, "lld", "call g\n.symver g, f@V2\n", DEFINES)


@pytest.mark.parametrize(("dialect", "name"), [("gnu", "f"), ("lld", "f@@V2")])
def test_a_relocation_that_stays_names_its_symbol(tmp_path: Path, dialect: str, name: str) -> None:
    """With -r nobody decides yet which version is meant, and the reference is kept."""
    _linked(tmp_path, dialect, "call f\n" + DEFINES)
    obj = link([str(tmp_path / "0.o")], dialect=dialect, elf=ElfOptions(relocatable=True))
    made = obj.object_file
    (rel,) = made.relocations(made.sections.names.index(".rela.text")).symbol
    assert made.symbols.name(rel) == name


ONCE = '.section .gnu.linkonce.t.f, "ax"\n.globl f\nf: ret\n'


def test_linkonce(tmp_path: Path) -> None:
    result = _linked(tmp_path, "gnu", "call f\n" + ONCE, ONCE)
    assert result.object_file.section(".text").size == 6
    with pytest.raises(LinkError) as caught:
        _linked(tmp_path, "lld", "call f\n" + ONCE, ONCE)
    assert caught.value.diagnostics[0].slug == "duplicate-symbol"
