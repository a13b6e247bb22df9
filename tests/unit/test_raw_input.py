"""-b binary and TARGET(binary): files as data, with symbols around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli import pyld
from tests.cases.language import read_objects

OBJECT = """object a.o {machine}
section .text ax
  00*8
  reloc 0 {relocation} _binary_some_file_bin_start
  reloc 4 {relocation} _binary_some_file_bin_size
symbol _start .text+0
symbol _binary_some_file_bin_start UNDEF
symbol _binary_some_file_bin_size UNDEF"""
SCRIPT = "SECTIONS { .text 0x1000 : { *(.text) } .data 0x1101 : { *(.data) } }"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.ld").write_text(SCRIPT)
    (tmp_path / "some-file.bin").write_bytes(b"any bytes")
    for machine, relocation in (("x86_64", "R_X86_64_32"), ("i386", "R_386_32")):
        text = OBJECT.format(machine=machine, relocation=relocation)
        (made,) = read_objects(text)
        (tmp_path / f"{machine}.o").write_bytes(made.encode())


@pytest.mark.parametrize(("dialect", "start"), [("gnu", 0x1101), ("lld", 0x1108)])
@pytest.mark.parametrize("machine", ["x86_64", "i386"])
@pytest.mark.parametrize("before", [True, False])
def test_a_file_is_data(dialect: str, start: int, machine: str, before: bool) -> None:
    given = ["-b", "binary", "some-file.bin", "-b", "default", f"{machine}.o"]
    if not before:
        given = [given[-1], *given[:-1]]
    line = [f"--dialect={dialect}", "-T", "script.ld", *given, "-o", "out"]
    assert pyld.main(line) == 0
    out = read("out")
    assert out.header.elf_class == (64 if machine == "x86_64" else 32)
    by_name = {section.name: section for section in out}
    assert bytes(by_name[".data"].content).endswith(b"any bytes")
    assert bytes(by_name[".text"].content) == start.to_bytes(4, "little") + b"\t\0\0\0"
    found = dict(zip(out.symbols.names, out.symbols.value))
    assert found["_binary_some_file_bin_end"] == start + 9
    assert found["_binary_some_file_bin_size"] == 9


def test_target_counts_for_the_inputs_behind_it() -> None:
    words = "TARGET(binary) INPUT(some-file.bin) TARGET(elf64-x86-64) INPUT(x86_64.o) "
    Path("script.ld").write_text(words + SCRIPT)
    assert pyld.main(["--dialect=lld", "-T", "script.ld", "-o", "out"]) == 0
    assert "_binary_some_file_bin_size" in read("out").symbols.names


def test_only_data_is_a_program_for_the_machine_of_m() -> None:
    assert pyld.main(["-m", "elf_i386", "-b", "binary", "some-file.bin", "-o", "out"]) == 0
    assert read("out").header.elf_class == 32


def test_formats_nobody_knows(capsys) -> None:
    assert pyld.main(["-b", "nonsense", "some-file.bin", "-o", "out"]) == 1
    assert "unknown format of inputs: nonsense" in capsys.readouterr().err
