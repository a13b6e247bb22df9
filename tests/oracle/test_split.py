"""--split-by-file and --split-by-reloc: whole files compared with GNU ld's."""

from __future__ import annotations

from pathlib import Path

import pytest

from .twins import assemble, assert_same_file

FILES = 4

SCRIPT = """
SECTIONS {
  .all : { LONG(1) *(.text*) start = .; *(.data*) *(.rodata*) BYTE(3) }
  .b : { *(.bss) }
}
"""


def source(number: int) -> str:
    """Sections of every kind, with relocations, padding and a hidden name."""
    return f"""
    .globl g{number}, h{number}
    .hidden h{number}
    g{number}: h{number}: .zero {number * 16}, 0x90
    call x{number}
    call y{number}
    .section .text.u{number}, "ax"
    l{number}: .zero 8, 0x90
    call x
    .data
    .quad g{number}, l{number}
    .bss
    .zero 8
    .section .rodata, "a"
    .balign 32
    .quad 3
    .section .note.n, "a", @note
    .long 0, 0, 0
    .section .rodata.str1.1, "aMS", @progbits, 1
    .string "t{number}"
    """


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(FILES):
        assemble(tmp_path / f"s{number}.o", source(number))
    (tmp_path / "k.ld").write_text(SCRIPT)
    return tmp_path


LIMITS = [
    "--split-by-file",
    "--split-by-file=0",
    "--split-by-file=60",
    "--split-by-reloc=1",
    "--split-by-reloc=3",
    "--split-by-reloc",
    "--split-by-file=100 --split-by-reloc=4",
]


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("more", ["-r", "-r -x"])
def test_objects(limit: str, more: str, folder: Path) -> None:
    words = [*limit.split(), *more.split(), *(f"s{number}.o" for number in range(FILES))]
    assert_same_file("gnu", words, folder)


@pytest.mark.parametrize("limit", ["--split-by-file=20", "--split-by-reloc=1"])
@pytest.mark.parametrize("more", ["", "-T k.ld", "-r -T k.ld", "-s", "-q", "--oformat=binary"])
def test_programs(limit: str, more: str, folder: Path) -> None:
    undefined = "".join(f".globl x{i}, y{i}\nx{i}: y{i}: " for i in range(FILES))
    assemble(folder / "x.o", f".globl x, _start\n_start: x: {undefined} nop")
    words = [limit, *more.split(), *(f"s{number}.o" for number in range(FILES)), "x.o"]
    assert_same_file("gnu", words, folder)
