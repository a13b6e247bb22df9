"""Which symbols and sections stay, and under which name: whole files compared with both linkers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

A = """
.globl _start, f, foo, d
_start: call f
 mov foo@GOTPCREL(%rip), %rax
 call *foo@GOTPCREL(%rip)
 jmp *foo@GOTPCREL(%rip)
loc: nop
f: nop
foo: ret
.comm com,8,8
.weak und
.data
d: .quad und, com, d
"""

B = """
.globl g
loc: nop
g: lea text(%rip), %rax
 .reloc ., R_X86_64_NONE, named
named: nop
.data
.Ltemporary: .quad .Ltemporary
x: .quad loc
.section .rodata.str1.1, "aMS", @progbits, 1
text: .string "abc"
.L2: .string "d"
"""

EXPORTS = """
.section .text.a, "ax"
.globl a
a: nop
.section .text.hidden, "ax"
.globl hidden
.hidden hidden
hidden: nop
.section .text.protected, "ax"
.globl protected
.protected protected
protected: nop
.section .text.local, "ax"
l: nop
.section .text.weak, "ax"
.weak w
w: nop
.section .data.late, "aw"
.globl late
late: .long 3
.text
.globl _start
_start: nop
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assemble(tmp_path / "a.o", A)
    assemble(tmp_path / "b.o", B)
    return tmp_path


LISTS = {"some": "f loc\n# d\n\n named\n", "none": "\n", "global": "_start\nd\n"}


@pytest.mark.parametrize("names", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("more", ["", "-r", "-q", "-x", "-X", "-s", "-S"])
def test_only_listed_symbols_stay(names: str, more: str, folder: Path) -> None:
    (folder / "names").write_text(names)
    words = ["a.o", "b.o", "--retain-symbols-file=names", *more.split()]
    assert_same_file("gnu", words, folder)


@pytest.mark.parametrize("more", ["", "-r", "-s", "--gc-sections"])
def test_all_others_become_local(more: str, folder: Path) -> None:
    (folder / "names").write_text("  f\n# comment\ng\n")
    assert_same_file("lld", ["a.o", "b.o", "--retain-symbols-file=names", *more.split()], folder)


def test_a_listed_name_has_to_be_defined(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "names").write_text("f\nmisspelled\nund\n")
    words = ["--dialect=lld", "a.o", "b.o", "--retain-symbols-file=names", "-o", "out"]
    assert main(words, "pyld") == 1
    message = capsys.readouterr().err
    assert message.count("retained-undefined") == 2
    assert "misspelled" in message
    words = ["a.o", "b.o", "--retain-symbols-file=names", "--undefined-version"]
    assert_same_file("lld", words, folder)


def test_the_last_word_counts_for_gnu(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "names").write_text("f")
    for words in (["-s", "--retain-symbols-file=names"], ["-s", "-S"], ["-S", "-s"]):
        assert_same_file("gnu", ["a.o", "b.o", *words], folder)
    assert "overrides `-s' and `-S'" in capsys.readouterr().err
    words = ["a.o", "--retain-symbols-file=names", "--retain-symbols-file=names"]
    assert main(words, "pyld") == 1
    assert main(["a.o", "--retain-symbols-file=nowhere"], "pyld") == 1
    message = capsys.readouterr().err
    assert "duplicate" in message
    assert "cannot open nowhere" in message


@pytest.mark.parametrize("more", ["", "-r", "-X"])
def test_local_symbols_get_numbers(more: str, folder: Path) -> None:
    files = ["a.o", *["b.o"] * 2]
    for number in range(17):
        name = f"n{number}.o"
        assemble(folder / name, f"loc: nop\n.globl h{number}\nh{number}: nop\nloc.1: nop")
        files.append(name)
    words = [*files, "-z", "unique-symbol", "-z", "muldefs", *more.split()]
    made = assert_same_file("gnu", words, folder)
    assert b"loc.10\0" in made


@pytest.mark.parametrize("keyword", ["common", "nocommon", ""])
@pytest.mark.parametrize("more", ["-r", "", "-r -d"])
def test_the_type_of_common_symbols(keyword: str, more: str, folder: Path) -> None:
    assemble(folder / "c.o", ".comm one, 4\n.comm two, 8, 4")
    words = ["a.o", "c.o", *more.split(), *(["-z", keyword] if keyword else [])]
    assert_same_file("gnu", words, folder)


@pytest.mark.parametrize("words", ["", "--gc-keep-exported", "--gc-keep-exported -r", "-r -u a"])
def test_what_others_would_see_is_kept(words: str, folder: Path) -> None:
    assemble(folder / "e.o", EXPORTS)
    assemble(folder / "hides.o", ".hidden late\n.globl late\n.data\n.long late")
    assert_same_file("gnu", ["--gc-sections", "e.o", "hides.o", *words.split()], folder)


def test_relocations_that_stay_say_what_loads_became(folder: Path) -> None:
    source = "_start: call *f@GOT(%ebx)\nmov f@GOT(%ebx), %eax\njmp *f@GOT(%ebx)\n.globl f\nf: ret"
    assemble(folder / "narrow.o", source, wide=False)
    assert_same_file("gnu", ["-q", "a.o", "b.o"], folder)
    assert_same_file("gnu", ["-q", "-m", "elf_i386", "narrow.o", "--defsym=_start=0"], folder)


PADDINGS = ["prefix-addr", "suffix-nop", "prefix-0x66", "suffix-0X1cc", "prefix-", "suffix-017"]


@pytest.mark.parametrize("padding", PADDINGS)
def test_padding_of_calls(padding: str, folder: Path) -> None:
    source = "_start: call *f@GOT(%ebx)\n.globl f\nf: ret"
    assemble(folder / "narrow.o", source, wide=False)
    words = ["-z", f"call-nop={padding}"]
    assert_same_file("gnu", [*words, "a.o", "-q"], folder)
    assert_same_file("gnu", [*words, "-m", "elf_i386", "narrow.o"], folder)


@pytest.mark.parametrize("padding", ["nop", "prefix-addr32", "suffix-08", "around-0x90"])
def test_padding_that_is_none(
    padding: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["a.o", "-z", f"call-nop={padding}"], "pyld") == 1
    assert f"unsupported option: -z call-nop={padding}" in capsys.readouterr().err


DEFINITIONS = {
    "data": ".data\n.globl x\nx: .quad 5",
    "larger": ".comm x, 16, 8",
    "weak": ".data\n.weak x\nx: .quad 6",
    "code": ".globl x\n.type x, @function\nx: nop",
}


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize("option", ["--fortran-common", "--no-fortran-common"])
def test_members_in_the_place_of_common_symbols(kind: str, option: str, folder: Path) -> None:
    assemble(folder / "m.o", ".comm x,8,8\n.globl _start\n_start: mov x(%rip), %rax")
    for name, source in DEFINITIONS.items():
        assemble(folder / f"{name}.o", source)
        subprocess.run(["ar", "rc", f"{name}.a", f"{name}.o"], cwd=folder, check=True)
    for words in (
        ["m.o", f"{kind}.a"],
        [f"{kind}.a", "m.o"],
        ["m.o", "--start-lib", f"{kind}.o", "--end-lib"],
        ["data.a", "m.o", f"{kind}.a", "code.a"],
    ):
        assert_same_file("lld", [option, *words], folder)


@pytest.mark.parametrize("entry", ["0", "0x401000", "nosuch", "12ab", "f"])
def test_an_entry_that_is_a_number_is_no_symbol(entry: str, folder: Path) -> None:
    assert_same_file("gnu", ["a.o", "b.o", "-e", entry], folder)
