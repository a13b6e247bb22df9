"""Options that no other test names, each against the linker that has it: whole files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

START = """
.globl _start, shared
_start: mov shared@GOTPCREL(%rip), %rax
.cfi_startproc
ret
.cfi_endproc
.data
shared: .quad 5
.comm block, 16, 8
.section .rodata, "a"
.quad 3
"""

TWINS = """
.globl {name}
.section .text.{name}, "ax"
{name}: mov $7, %eax
ret
.section .data.rel.ro.{name}, "aw"
.quad 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assemble(tmp_path / "a.o", START)
    for name in ("one", "two"):
        assemble(tmp_path / f"{name}.o", TWINS.format(name=name))
    return tmp_path


BOTH = (
    "--no-export-dynamic", "--check-sections", "--relax", "--no-omagic", "--no-eh-frame-hdr",
    "--no-print-gc-sections", "--demangle", "-r", "--no-relax --relax", "-N --no-omagic",
)  # fmt: skip

GNU = (
    "-Ur", "-z textoff", "-z noreloc-overflow", "-z nounique-symbol", "-z lam-u48", "--task-link x",
    *(f"-z x86-64-{level}" for level in ("v2", "v3", "v4")),
    "-z unique-symbol -z nounique-symbol", "-Tldata-segment=0x900000", "-z lam-u48-report=none",
    "-z lam-u57-report=none", "-z lam-report=none",
)  # fmt: skip

LLD = (
    "--warn-symbol-ordering", "--no-nmagic", "-n --no-nmagic", "--no-apply-dynamic-relocs",
    "--rosegment", "--no-rosegment --rosegment", "--no-color-diagnostics",
    "--icf=all --ignore-data-address-equality", "--icf=all --no-print-icf-sections",
    "--no-demangle --demangle",
)  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        *(("gnu", words) for words in (*BOTH, *GNU)),
        *(("lld", words) for words in (*BOTH, *LLD)),
    ],
)
def test_the_same_file(dialect: str, words: str, folder: Path) -> None:
    assert_same_file(dialect, ["a.o", "one.o", "two.o", *words.split()], folder)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--dialect=lld --icf=all --print-icf-sections", "selected section one.o:(.text.one)"),
        ("-z x86-64-baseline", ""),  # GNU ld 2.40 has an internal error here
        ("-z lam-report=warning", "LAM_U48"),
        ("-z lam-u48-report=error", "LAM_U48"),
        ("-z lam-u57-report=warning", "LAM_U57"),
        (
            "--enable-non-contiguous-regions --enable-non-contiguous-regions-warnings -T k.ld",
            "goes on to `.b'",
        ),
    ],
)
def test_what_is_said(
    words: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "k.ld").write_text(
        "MEMORY { a : ORIGIN = 0x1000, LENGTH = 8  b : ORIGIN = 0x2000, LENGTH = 1M }\n"
        "SECTIONS { .a : { *(.text*) } > a .b : { *(.text*) *(*) } > b }"
    )
    main(["a.o", "one.o", "two.o", "-o", "out", *words.split()], "pyld")
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
