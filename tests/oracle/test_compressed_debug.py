"""Compressed debug sections, read and written, against both linkers."""

from __future__ import annotations

import pytest

from .twins import compile_c, link_both, sections

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
