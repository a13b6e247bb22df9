"""--split-by-file and --split-by-reloc: whole files compared with GNU ld's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import read_bytes

from .twins import assemble, assert_same_file, compile_c, link_both, sections

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


C_SOURCE = """
const char *s{0}(int a) {{ return a ? "hello{0}" : "common"; }}
int g{0}[5] = {{1}}; static int l{0}; int f{0}(int x) {{ return l{0} += x + g{0}[x]; }}
const double d{0} = 1.5; double m{0}(double q) {{ return q * 3.25 + {0}; }}
"""

DATA_FIRST = """
SECTIONS {
  . = 0x10000;
  .text : { LONG(1) . = ALIGN(16); *(.text*) . = ALIGN(32); SHORT(2) . += 5; *(.init) }
  .d : { BYTE(1) FILL(0x1234) *(.data) . = . + 9; BYTE(2) *(.rodata*) . += 4; }
  .all : { *(.zz) . = ALIGN(64); LONG(3) }
  .bss : { *(.bss*) }
}
"""


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Objects with unwind tables, merged strings, and empty sections."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.ld").write_text(DATA_FIRST)
    options = ("-O1", "-ffreestanding", "-fno-pic", "-g")
    objs = [
        compile_c(tmp_path / f"c{number}.o", C_SOURCE.format(number), *options)
        for number in range(2)
    ]
    return [*objs, assemble(tmp_path / "st.o", ".globl _start\n_start: nop\n")]


@pytest.mark.parametrize("limit", ["--split-by-file", "--split-by-file=40", "--split-by-reloc=2"])
@pytest.mark.parametrize("more", ["-r", "-r -T k.ld", "-T k.ld --oformat=binary"])
def test_compiled_objects(limit: str, more: str, compiled: list[str], tmp_path: Path) -> None:
    assert_same_file("gnu", [limit, *more.split(), *compiled], tmp_path)


@pytest.mark.parametrize("limit", ["--split-by-file", "--split-by-file=40"])
@pytest.mark.parametrize("more", ["", "-T k.ld"])
def test_compiled_programs(limit: str, more: str, compiled: list[str], tmp_path: Path) -> None:
    """The same but for unwind records, which GNU ld leads to a CIE in their own part, where there
    is none (docs/DEVIATIONS.md)."""
    theirs, ours = link_both("gnu", [limit, *more.split(), *compiled], tmp_path)
    apart = ".eh_frame.0"
    assert sections(theirs, apart) == sections(ours, apart)
    assert len(theirs) == len(ours)
    obj = read_bytes(ours)
    head, part = obj.section(".eh_frame"), obj.section(apart)
    back = int.from_bytes(part.content[4:8], "little")
    assert part.addr + 4 - back == head.addr
    assert head.content[4:8] == bytes(4), "a CIE"
