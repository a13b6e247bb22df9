"""Unwind tables and their index in whole links: files of assembly, made tables, C and C++."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file, compile_c, link_both, sections

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n'
MACHINES = ["elf_x86_64", "elf_i386"]
SCRIPT = """SECTIONS {
  . = 0x10000;
  .text : { *(.text*) }
  .eh_frame_hdr : { *(.eh_frame_hdr) }
  .eh_frame : { *(.eh_frame) }
  /DISCARD/ : { *(.dead*) }
}"""
LATE_INDEX = """SECTIONS {
  . = 0x10000;
  .text : { *(.text*) }
  .tables : { *(.eh_frame) BYTE(1) }
  .eh_frame : { *(.none) }
  .index : { *(.eh_frame_hdr) }
  /DISCARD/ : { *(.dead*) }
}"""


def functions(rng: random.Random, number: int) -> str:
    """A file of functions, some of them dead, with unwind instructions of all sorts."""
    lines = [STACK]
    if number == 0:
        lines.append(".text\n.globl _start, pers\n_start: ret\npers: ret\n")
    for at in range(rng.randrange(1, 6)):
        dead = rng.random() < 0.3
        lines.append(f'.section {".dead" if dead else ".text"}.{number}{at},"ax"')
        lines.append(f"f{number}_{at}: .cfi_startproc")
        if rng.random() < 0.3:
            lines.append(".cfi_personality 0x1b, pers")
        if rng.random() < 0.2:
            lines.append(".cfi_signal_frame")
        for _ in range(rng.randrange(4)):
            lines.append("nop")
            lines.append(
                rng.choice(
                    [
                        ".cfi_def_cfa_offset 16",
                        ".cfi_remember_state",
                        ".cfi_escape 0x0f, 3, 0x77, 8, 6",
                        ".cfi_escape 0, 0, 0",
                        ".cfi_undefined 3",
                        ".cfi_offset 6, -16",
                    ]
                )
            )
        lines.append("ret\n.cfi_endproc")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("options", [[], ["--eh-frame-hdr"]], ids=["table", "index"])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_functions(dialect, options, machine, seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(f"{seed} {machine}")
    wide = machine == "elf_x86_64"
    objects = [assemble(tmp_path / f"{n}.o", functions(rng, n), wide) for n in range(4)]
    (tmp_path / "a.ld").write_text(SCRIPT)
    theirs, ours = link_both(dialect, [*options, "-m", machine, "-T", "a.ld", *objects], tmp_path)
    tables = (".symtab", ".strtab") if options else ()
    assert sections(theirs, *tables) == sections(ours, *tables)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("options", [["-r"], ["--eh-frame-hdr"]], ids=" ".join)
def test_tables_elsewhere(dialect, options, tmp_path, monkeypatch):
    """GNU ld edits and lists only what is in the output section .eh_frame."""
    monkeypatch.chdir(tmp_path)
    rng = random.Random(7)
    objects = [assemble(tmp_path / f"{n}.o", functions(rng, n)) for n in range(3)]
    (tmp_path / "a.ld").write_text(LATE_INDEX)
    script = [] if "-r" in options else ["-T", "a.ld"]
    assert_same_file(dialect, [*options, *script, *objects], tmp_path)


def cie(label: str, padding: int, factor: int = -8, encoding: str = "0x1b") -> str:
    return (
        f'{label}: .long {label}e-{label}-4\n.long 0\n.byte 1\n.asciz "zR"\n.uleb128 1\n'
        f".sleb128 {factor}\n.byte 16\n.uleb128 1\n.byte {encoding}\n.byte 0xc,7,8,0x90,1\n"
        f".fill {padding},1,0\n{label}e:\n"
    )


def fde(label: str, of: str, function: str, program: str, padding: int) -> str:
    return (
        f"{label}: .long {label}e-{label}-4\n.long .-{of}\n.long {function}-.\n.long 1\n"
        f".uleb128 0\n{program}\n.fill {padding},1,0\n{label}e:\n"
    )


TABLE = '.section .eh_frame,"a",@progbits\n'
TWO = f"{STACK}.text\n.globl _start\n_start: ret\nother: ret\nlast: ret\n{TABLE}"
ONE = f"{STACK}.text\nthird: ret\n{TABLE}"
ALIGNED = ".balign 8\n" + cie(".Lc1", 2)
MADE = {
    "no-operations": [
        TWO + cie(".Lc1", 2) + fde(".Lf1", ".Lc1", "_start", "", 11)
        + fde(".Lf2", ".Lc1", "other", ".byte 0x41", 2)
        + fde(".Lf3", ".Lc1", "last", ".byte 0x41,0,0,0x41", 1),
    ],
    "sizes-not-rounded": [
        TWO + cie(".Lc1", 0) + fde(".Lf1", ".Lc1", "_start", "", 0)
        + fde(".Lf2", ".Lc1", "other", ".byte 0x41", 0),
    ],
    "equal-but-for-padding": [
        TWO + cie(".Lc1", 0) + fde(".Lf1", ".Lc1", "_start", "", 3) + cie(".Lc2", 3)
        + fde(".Lf2", ".Lc2", "other", "", 3),
    ],
    "alignments": [
        TWO + ALIGNED + fde(".Lf1", ".Lc1", "_start", "", 3),
        ONE + ALIGNED + fde(".Lf1", ".Lc1", "third", "", 3),
        ONE + cie(".Lc1", 2) + fde(".Lf1", ".Lc1", "third", "", 3),
    ],
    "ends": [
        TWO + ALIGNED + fde(".Lf1", ".Lc1", "_start", "", 3) + ".long 0\n",
        ONE + ALIGNED + fde(".Lf1", ".Lc1", "third", "", 3) + ".long 0\n",
    ],
    "end-alone": [
        TWO + ALIGNED + fde(".Lf1", ".Lc1", "_start", "", 3), f"{STACK}{TABLE}.long 0\n",
    ],
    "unused-cie": [
        TWO + cie(".Lc1", 2) + cie(".Lc2", 2, -4) + fde(".Lf1", ".Lc2", "_start", "", 3),
        ONE + cie(".Lc1", 2) + fde(".Lf1", ".Lc1", "third", "", 3),
    ],
    "unknown-instruction": [
        TWO + cie(".Lc1", 2) + fde(".Lf1", ".Lc1", "_start", ".byte 0x3f,0,0,0,0", 2),
    ],
    "absolute-addresses": [
        TWO + cie(".Lc1", 2, -8, "0")
        + ".Lf1: .long .Lf1e-.Lf1-4\n.long .-.Lc1\n.quad _start\n.quad 1\n.uleb128 0\n"
        + ".fill 7,1,0\n.Lf1e:\n",
    ],
}  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--eh-frame-hdr"]], ids=["table", "index"])
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_made_tables(dialect, name, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate(MADE[name])]
    (tmp_path / "a.ld").write_text(SCRIPT)
    theirs, ours = link_both(dialect, [*options, "-T", "a.ld", *objects], tmp_path)
    tables = (".symtab", ".strtab") if options else ()
    assert sections(theirs, *tables) == sections(ours, *tables)


SOURCE = """
int g(int);
int f(int a) { return g(a & 7) + a; }
static int h(int a) { return a * 3; }
int _start(int a) { return f(a) + h(a); }
int g(int a) { return a > 3 ? g(a - 1) : 2; }
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
@pytest.mark.parametrize("flags", [("-O0",), ("-O2", "-fomit-frame-pointer")], ids=" ".join)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_compiled_code(dialect, flags, compiler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = (*flags, "-ffreestanding", "-fno-pic", "-fasynchronous-unwind-tables")
    objects = [
        compile_c(tmp_path / "a.o", SOURCE, *options, compiler=compiler),
        compile_c(tmp_path / "b.o", "int b(int x) { return x + 1; }", *options, compiler=compiler),
    ]
    (tmp_path / "a.ld").write_text(SCRIPT)
    words = ["--eh-frame-hdr", "-T", "a.ld", *objects]
    theirs, ours = link_both(dialect, words, tmp_path)
    assert sections(theirs, ".symtab", ".strtab") == sections(ours, ".symtab", ".strtab")


BEGIN = """\
.section .eh_frame,"a",@progbits
list:
.text
.globl _start
_start:
  movq .eh_frame, %rax
  leaq list(%rip), %rax
"""


@pytest.mark.parametrize("order", ["begin.o one.o", "one.o begin.o", "begin.o"])
def test_an_empty_section_is_the_begin_of_the_table(order, tmp_path, monkeypatch):
    """As crtbegin.o finds it."""
    monkeypatch.chdir(tmp_path)

    assemble(tmp_path / "begin.o", STACK + BEGIN)
    assemble(tmp_path / "one.o", STACK + ".text\n.cfi_startproc\nnop\n.cfi_endproc\n")
    for more in ([], ["--gc-sections"]):
        assert_same_file("lld", [*more, *order.split()], tmp_path)


LETTERS = ("R", "RL", "S", "P", "L", "Rz", "RS", "RX", "LR", "zRX", "zPR", "zR")
DATA = {"R": ".byte 0x1b\n", "L": ".byte 0x1b\n", "P": ".byte 0\n.quad f\n", "z": ".byte 11\n"}


def records(letters: str) -> str:
    """A CIE with that augmentation, and an FDE."""
    data = "".join(DATA.get(letter, "") for letter in letters)
    address = ".long f-.\n.long 1\n" if "R" in letters else ".quad f\n.quad 1\n"
    return (
        ".text\n.globl f\nf: nop\n"
        '.section .eh_frame,"a",@progbits\n.long 2f-1f\n'
        f'1: .long 0\n.byte 1\n.asciz "{letters}"\n.byte 1, 1, 16\n{data}.byte 0xc, 7, 8\n'
        f"2: .long 4f-3f\n3: .long 3b-1b+4\n{address}4:\n"
    )


def test_augmentations_are_read_letter_by_letter(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for letters in LETTERS:
        made = assemble(tmp_path / "a.o", records(letters))
        assert_same_file("lld", ["-e", "f", "--eh-frame-hdr", made], tmp_path)
    for letters in ("X", "zX", "eh"):
        made = assemble(tmp_path / "a.o", records(letters))
        assert main(["--eh-frame-hdr", "-e", "f", made, "-o", "out"], "ld.lld") == 1
        assert "error: corrupted .eh_frame: " in capsys.readouterr().err


VOID = """\
.globl _start
_start: nop
.cfi_startproc
nop
.cfi_endproc
.cfi_startproc
.cfi_endproc
"""


@pytest.mark.parametrize("more", [[], ["-r"], ["-q"], ["--eh-frame-hdr"]], ids=" ".join)
@pytest.mark.parametrize("dialect", ("gnu", "lld"))
def test_a_record_about_no_code(
    dialect: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As clone3 of the C library has one.  GNU ld leaves it out."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", VOID)
    assert_same_file(dialect, [*more, made], tmp_path)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("options", ["", "--eh-frame-hdr", "--gc-sections", "-r"])
def test_tables_as_they_are(options, machine, tmp_path, monkeypatch):
    """--traditional-format takes nothing out of unwind tables and joins nothing in them."""
    monkeypatch.chdir(tmp_path)
    rng = random.Random(7)
    wide = machine == "elf_x86_64"
    objs = [assemble(tmp_path / f"f{n}.o", functions(rng, n), wide) for n in range(3)]
    words = ["-m", machine, "--traditional-format", *options.split(), *objs]
    assert_same_file("gnu", words, tmp_path)
