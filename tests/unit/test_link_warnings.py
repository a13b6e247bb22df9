"""Texts that objects bring along for who refers to a name (.gnu.warning)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkResult, link
from pylink86.passes.elf_options import ElfOptions

TEXT = '.section .gnu.warning.old,""\n.asciz "old is old"\n.text\n.globl old\nold: ret\n'


def _linked(folder: Path, dialect: str, *sources: str, **settings: object) -> LinkResult:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    files = []
    for number, source in enumerate(sources):
        files.append(str(folder / f"{number}.o"))
        subprocess.run(["as", "--64", "-o", files[-1]], input=source.encode(), check=True)
    return link(files, dialect=dialect, **settings)


def test_who_refers_to_the_name_is_warned(tmp_path: Path) -> None:
    result = _linked(tmp_path, "gnu", ".globl _start\n_start: nop\ncall old\n", TEXT)
    (found,) = result.diagnostics
    assert (found.slug, found.message) == ("link-warning", "old is old")
    assert "(.text+0x2)" in str(found.place)
    assert ".gnu.warning.old" not in result.object_file.sections.names


def test_nobody_refers_to_it(tmp_path: Path) -> None:
    assert _linked(tmp_path, "gnu", ".globl _start\n_start: nop\n", TEXT).diagnostics == ()


def test_a_text_for_everybody(tmp_path: Path) -> None:
    source = '.globl _start\n_start: nop\n.section .gnu.warning,""\n.asciz "not for use"\n'
    (found,) = _linked(tmp_path, "gnu", source).diagnostics
    assert found.message == "not for use"


@pytest.mark.parametrize(("dialect", "again"), [("lld", False), ("gnu", True)])
def test_elsewhere_it_is_a_section(tmp_path: Path, dialect: str, again: bool) -> None:
    call = ".globl _start\n_start: call old\n"
    result = _linked(tmp_path, dialect, call, TEXT, elf=ElfOptions(relocatable=again))
    assert not [d for d in result.diagnostics if d.slug == "link-warning"]
    assert ".gnu.warning.old" in result.object_file.sections.names
