"""Which definition LLD takes when copies of COMDAT groups and unique symbols compete, and what of
undefined names it lists."""

from __future__ import annotations

import itertools

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n'
GROUP = '.section .foo,"axG",@progbits,group,comdat\n'
UNIQUE = ".type f, @gnu_unique_object\n"
FILES = {
    "first": GROUP + ".globl kept\nkept: ret\n",  # the copy that stays
    "lost-strong": GROUP + ".globl f\nf: ret\n",
    "lost-weak": GROUP + ".weak f\nf: ret\n",
    "lost-unique": GROUP + UNIQUE + "f: ret\n",
    "strong": ".data\n.globl f\nf: .quad 1\n",
    "weak": ".data\n.weak f\nf: .quad 2\n",
    "unique": ".data\n" + UNIQUE + "f: .quad 3\n",
    "asks": ".text\n.globl f\n.quad f\n",
    "asks-weakly": ".text\n.weak f\n.quad f\n",
}
DEFINERS = ("lost-strong", "lost-weak", "lost-unique", "strong", "weak", "unique")
PAIRS = [p for p in itertools.permutations(DEFINERS, 2) if any("lost" in x for x in p)]
TAKEN = [
    *(p for p in PAIRS if p[0] not in ("lost-strong", "lost-unique") and p[1] != "lost-strong"),
    ("strong", "lost-strong"), ("unique", "weak"), ("weak", "unique"), ("weak", "strong"),
    ("lost-weak",), ("lost-unique", "strong"),
]  # fmt: skip
REFUSED = [("lost-strong", "strong"), ("weak", "lost-strong"), ("lost-strong",)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        assemble(tmp_path / f"{name}.o", STACK + text)
    return tmp_path


def test_the_first_of_the_strongest_counts_also_when_its_copy_left(folder):
    for names in TAKEN:
        for asks in ("asks", "asks-weakly"):
            words = [f"{name}.o" for name in (asks, "first", *names)]
            assert_same_file("lld", ["-e0", *words], folder)


@pytest.mark.parametrize("names", REFUSED)
def test_a_strong_one_that_left_cannot_be_referred_to(names, folder, capsys):
    words = [f"{name}.o" for name in ("asks", "first", *names)]
    assert main(["--dialect=lld", "-e0", *words, "-o", "out"], "pyld") == 1
    assert "[discarded-symbol]" in capsys.readouterr().err
    assert_same_file("lld", ["-e0", "--noinhibit-exec", *words], folder)


@pytest.mark.parametrize(
    "names", [("unique", "unique"), ("strong", "unique"), ("unique", "strong")]
)
def test_unique_symbols_are_defined_once(names, folder, capsys):
    words = [f"{name}.o" for name in names]
    assert main(["--dialect=lld", "-e0", *words, "-o", "out"], "pyld") == 1
    assert "[duplicate-symbol]" in capsys.readouterr().err


THUNK = "__x86.get_pc_thunk.bx: ret\n"
START = f'.section .gnu.linkonce.t.{THUNK[:-6]},"ax"\n.globl {THUNK[:-6]}\n.hidden {THUNK[:-6]}\n'
INNER = START.replace(".gnu.linkonce.t.", ".text.").replace('"ax"', '"axG",@progbits,thunk,comdat')


def test_the_old_and_the_new_way_to_have_a_function_once(tmp_path, monkeypatch):
    """LLD keeps both."""
    monkeypatch.chdir(tmp_path)
    old = assemble(tmp_path / "old.o", STACK + START + THUNK, wide=False)
    text = f".globl _start\n_start: call {THUNK[:-6]}\n"
    new = assemble(tmp_path / "new.o", STACK + ".text\n" + text + INNER + THUNK, wide=False)
    assert_same_file("lld", ["-m", "elf_i386", old, new], tmp_path)


UNDEFINED = """\
.globl unused, dead, asked_by_dead, asked_by_debug, live
.weak asked
.text
.globl _start, b, c
_start: .quad asked
b: c: nop
.section .d,"a"
asking: .quad asked_by_dead
dead: .quad 1
.section .debug_info
.quad asked_by_debug
"""


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--gc-sections"],
        ["-u", "c", "-u", "nobody"],
        ["-T", "a.ld", "--gc-sections", "-u", "b"],
    ],
    ids=" ".join,
)
def test_names_nobody_defines_are_listed_when_something_needs_them(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ld").write_text("EXTERN(c) SECTIONS { /DISCARD/ : { *(.d) } }")
    made = assemble(tmp_path / "a.o", STACK + UNDEFINED)
    assert_same_file("lld", [*words, "--unresolved-symbols=ignore-all", made], tmp_path)


RELOCATED = """\
.file "NAME.c"
.text
.globl NAME
NAME: nop
inner: .quad inner
.section .rodata,"a"
.quad inner
.section .foo,"a",@note
.quad inner
.section .debug_info,"",@progbits
.quad inner
.section .rodata.str,"aMS",@progbits,1
text: .asciz "text"
.comm NAME_block,4,4
.comm block,8,8
.bss
room: .quad 0
.globl hidden_NAME
.hidden hidden_NAME
hidden_NAME:
"""


@pytest.mark.parametrize("more", [[], ["--gc-sections"], ["--icf=all"], ["-O0"]], ids=" ".join)
def test_section_symbols_stand_behind_the_file_that_began_the_section(more, tmp_path, monkeypatch):
    """COMMON blocks begin .bss before any file does; what is LLD's own comes last."""
    monkeypatch.chdir(tmp_path)
    one, two = (
        assemble(tmp_path / f"{n}.o", STACK + RELOCATED.replace("NAME", n))
        for n in ("_start", "other")
    )
    assert_same_file("lld", ["--emit-relocs", *more, one, two], tmp_path)
    assert_same_file("lld", ["--emit-relocs", *more, two, one], tmp_path)
    assert_same_file("lld", ["--emit-relocs", *more, two, "-e0"], tmp_path)
