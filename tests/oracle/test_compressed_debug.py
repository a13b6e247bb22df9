"""Compressed debug sections, read and written, against both linkers."""

from __future__ import annotations

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file, compile_c, link_both, sections

pytestmark = pytest.mark.peer

SOURCE = "".join(
    f"int function_{i}(int x_{i}) {{ struct s{i} {{ int a; char b[{i + 1}]; }} v = {{x_{i}}};"
    f" return v.a + {i}; }}\n"
    for i in range(60)
)
SCRIPT = "SECTIONS { .text 0x1000 : { *(.text) } .rodata : { *(.rodata*) } }"
FLAGS = ("-g", "-O0", "-ffreestanding", "-fno-pic", "-fno-asynchronous-unwind-tables")
CASES = [
    ("gnu", ["zlib", "zlib-gnu"], []),
    ("gnu", ["zlib", "zlib-gnu"], ["-r"]),
    ("gnu", ["zlib"], ["--compress-debug-sections=zlib"]),
    ("gnu", ["none"], ["--compress-debug-sections=zlib-gnu"]),
    ("lld", ["zlib", "none"], []),
    ("lld", ["zlib"], ["-r"]),
    ("lld", ["none", "zlib"], ["--compress-debug-sections=zlib"]),
    ("lld", ["zlib"], ["-O2", "--compress-debug-sections=zlib"]),
]


@pytest.mark.parametrize("machine", ["elf_x86_64", "elf_i386"])
@pytest.mark.parametrize(("dialect", "inputs", "options"), CASES)
def test_every_section_is_the_peers(dialect, inputs, options, machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ld").write_text(SCRIPT)
    flags = (*FLAGS, "-m32") if machine == "elf_i386" else FLAGS
    objects = [
        compile_c(tmp_path / f"{n}.o", SOURCE.replace("function", f"f{n}"), *flags, f"-gz={kind}")
        for n, kind in enumerate(inputs)
    ]
    words = ["-m", machine, *options, *([] if "-r" in options else ["-T", "a.ld"]), *objects]
    theirs, ours = link_both(dialect, words, tmp_path)
    assert sections(theirs) == sections(ours)


OTHERS = """\
.section .note.GNU-stack,"",@progbits
.text
.globl _start
_start: ret
.section .debug_info
.fill 300,1,5
.section .debug_tiny
.byte 1
.section extra
.fill 3000,4,7
.section strings,"MS",@progbits,1
.asciz "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
.section .note.x,"",@note
.fill 300,4,9
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--compress-sections=[es]*=zlib"],
        ["--compress-sections=*.x=zlib:9", "--compress-sections=.debug*=zlib:3"],
        ["--compress-sections=extra=zlib", "--compress-sections=extra=none"],
        ["--compress-debug-sections=zlib", "--compress-sections=.debug_info=none"],
        ["-r", "--compress-sections=extra=zlib"],
    ],
    ids=" ".join,
)
def test_sections_chosen_by_name(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", OTHERS)
    assert_same_file("lld", [*words, made], tmp_path)


@pytest.mark.parametrize("value", ["x", "x=y", "x=zlib:", "x=zlib:a", "x=zlib:10", "[=zlib"])
def test_values_that_mean_nothing(value, capsys):
    assert main([f"--compress-sections={value}", "a.o"], "ld.lld") == 1
    assert "[bad-option-value]" in capsys.readouterr().err


def test_what_is_in_memory_is_not_compressed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", OTHERS)
    assert main(["--compress-sections=.text=zlib", made, "-o", "out"], "ld.lld") == 1
    assert "section '.text' with the SHF_ALLOC flag" in capsys.readouterr().err
