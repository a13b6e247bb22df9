"""The order of inputs inside of output sections, against LLD: numbers in names, and shuffles."""

from __future__ import annotations

import pytest

from pylink86.cli import pyld

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n.text\n'
NUMBERS = (
    "", ".100", ".005", ".5", ".65535", ".65536", ".99999", ".x", ".", ".100.5", ".0x10", ".-3",
    ".00100", ".3000000000", ".+3", ".9",
)  # fmt: skip


def arrays(name: str, flags: str) -> str:
    """A section for each number, with a byte that tells it from the others."""
    return "".join(
        f'.section "{name}{number}",{flags}\n.byte {i}\n' for i, number in enumerate(NUMBERS)
    )


SCRIPTS = {"without": "", "with": "SECTIONS { .init_array : { *(.init_array*) } }"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_arrays_are_in_the_order_of_their_numbers(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = ".globl _start\n_start: ret\n"
    text += arrays(".init_array", '"aw",@init_array') + arrays(".fini_array", '"aw",@fini_array')
    text += arrays(".ctors", '"aw",@progbits') + arrays(".dtors", '"aw",@progbits')
    made = assemble(tmp_path / "a.o", STACK + text)
    (tmp_path / "a.ld").write_text(SCRIPTS[name])
    assert_same_file("lld", [*(["-T", "a.ld"] if SCRIPTS[name] else []), made], tmp_path)


CRT = (
    "crtend.o", "crtendX.o", "crtendST.o", "clang_rt.crtend-x.y.o", "crtend", "my-crtend.o",
    "crtbegin.o", "crtbeginT.o", "crtbeginST.o", "clang_rt.crtbegin.o", "clang_rt.crtbeginABC.o",
    "clang_rt_crtbegin.o",
)  # fmt: skip


@pytest.mark.parametrize("more", [[], ["-r"]], ids=["", "-r"])
def test_lists_begin_and_end_with_the_compiler_s_files(more, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("a.o", *CRT)):
        text = f'.section .ctors,"aw"\n.byte {i}\n.section .ctors.5,"aw"\n.byte {i + 100}\n'
        assemble(tmp_path / name, STACK + ".weak _start\n_start:\n" + text)
    assert_same_file("lld", [*more, "a.o", *CRT], tmp_path)


SHUFFLED = (
    ".globl _start, f, g\n_start:\n"
    + "".join(f'.section .text.{i},"ax"\n.byte {i}\n' for i in range(20))
    + "".join(f'.section .data.{i},"aw"\n.byte {i}\n' for i in range(9))
    + '.section .init,"ax"\n.byte 1\n.section .rodata.s,"aMS",@progbits,1\n.asciz "text"\n'
    + '.section .text.f,"ax"\n.cfi_startproc\nf: nop\n.cfi_endproc\n.comm x,4,4\n.comm y,8,8\n'
)


@pytest.mark.parametrize(
    "words",
    [
        ["*=1"],
        ["*=-1"],
        [".text.*=7"],
        [".text.*=-1", "*=3"],
        ["*=1", "--symbol-ordering-file", "order"],
        ["*=1", "-s"],
        ["*=2", "--eh-frame-hdr", "--build-id=0x12"],
        ["*=2", "-z", "norelro", "-O0"],
        ["*=2", "-T", "a.ld"],
        ["*=2", "-N", "-S"],
        ["*=2", "--gc-sections", "-u", "f"],
        ["*=2", "-r"],
    ],
    ids=" ".join,
)
def test_a_seed_gives_lld_s_order(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = assemble(tmp_path / "a.o", STACK + SHUFFLED)
    two = assemble(tmp_path / "b.o", STACK + '.section .text.g,"ax"\ng: nop\n.data\n.quad g\n')
    (tmp_path / "order").write_text("g\nf\n")
    (tmp_path / "a.ld").write_text("SECTIONS { .t : { *(.text.1*) *(.text*) } }")
    options = [f"--shuffle-sections={w}" if "=" in w and w[0] in "*." else w for w in words]
    assert_same_file("lld", [*options, one, two], tmp_path)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--shuffle-sections=a", "expected <section_glob>=<seed>, but got 'a'"),
        ("--shuffle-sections==0", "expected <section_glob>=<seed>, but got '=0'"),
        ("--shuffle-sections=[=0", "invalid glob pattern, unmatched '[': ["),
        ("--undefined-glob=a[", "--undefined-glob: invalid glob pattern, unmatched '[': a["),
    ],
)
def test_values_that_mean_nothing(option, message, capsys):
    assert pyld.main([option, "a.o"], "ld.lld") == 1
    assert message in capsys.readouterr().err


PREFIXED = "".join(
    f'.section .text.{name},"ax"\n.byte {i}\n'
    for i, name in enumerate(
        ("f", "hot.f", "unknown.f", "split.f", "startup.f", "exit.f", "unlikely.f", "hot", "hotter",
         "unlikely", "cold.f")
    )
)  # fmt: skip


@pytest.mark.parametrize("words", [[], ["-T", "a.ld"], ["--oformat=binary"], ["-r"]], ids=" ".join)
def test_code_that_runs_often_stays_apart_when_asked_for(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", STACK + ".globl _start\n_start: ret\n" + PREFIXED)
    (tmp_path / "a.ld").write_text("SECTIONS {}")
    for keyword in ("keep-text-section-prefix", "nokeep-text-section-prefix"):
        assert_same_file("lld", [*words, "-z", keyword, made], tmp_path)
