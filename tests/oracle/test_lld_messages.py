"""What LLD says of command lines and inputs it refuses or warns of: word for word, and whether the
link goes on.  Ours may say more below, as notes and help."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import need

PEER = "ld.lld-19"
PLAIN = ".globl _start\n_start: nop\n.data\n.quad 1\n"

OPTIONS = [
    "-F x", "-f x", "--filter=x", "-Ttext=x", "-Ttext-segment=0x10000", "--section-start=.text",
    "--section-start=.text=", "-Ttext=0 -Tdata=0", "-r --icf=all", "-r --gdb-index", "-r -E",
    "-r -pie", "-shared -r", "-shared -pie", "--build-id=0x12zz", "--build-id=x", "--no-build-id",
    "-z cet-report=warning", "-z cet-report=error", "-z cet-report=x", "-z force-ibt",
    "-z force-ibt -z retpolineplt", "-z ibtplt", "-z nosuch=5", "-z bti-report=warning",
    "-z force-bti", "-z pac-plt", "-z dead-reloc-in-nonalloc", "-z max-page-size",
    "-z max-page-size=3", "-z start-stop-visibility", "--color-diagnostics nosuch",
    "--color-diagnostics=always nosuch", "--color-diagnostics=never nosuch", "--threads=0",
    "--thinlto-jobs=x", "--lto-partitions=0", "--fix-cortex-a8", "--toc-optimize",
    "--execute-only", "--be8", "--cmse-implib", "--android-memtag-mode=x",
    "--compress-sections=a=zlib:x", "--compress-sections=[=zlib", "--rsp-quoting=x",
    "--split-stack-adjust-size=x", "--shuffle-sections=a=x", "-Map=no/map", "--why-extract=no/x",
    "--print-archive-stats=no/x", "--dependency-file=no/x", "--gc-section", "--undefned=x",
    "--nosuch --nosuch2", "--end-group", "--end-lib", "--save-temps=x",
    "--warn-backrefs-exclude=[", "-pie -z ifunc-noplt", "--pack-dyn-relocs=x",
    "--version-script=nosuch", "--call-graph-profile-sort=x",
    "--symbol-ordering-file=a.s --call-graph-ordering-file=a.s",
]  # fmt: skip


def said(text: str) -> list[str]:
    """The lines of a message, without our word for its kind, our notes and blank lines."""
    lines = (re.sub(r" \[[a-z0-9-]+\]$", "", line) for line in text.splitlines())
    return [line for line in lines if line and not re.match(r"   = (note|help): | {11}", line)]


def compare(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The peer's lines and exit status are ours."""
    need(PEER)
    peer = subprocess.run([PEER, *words], capture_output=True, text=True, timeout=60)
    theirs = [line.replace(f"{PEER}: ", "ld.lld: ", 1) for line in said(peer.stderr)]
    status = main(words, "ld.lld")
    assert (said(capsys.readouterr().err), status) == (theirs, peer.returncode)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("options", OPTIONS)
def test_options(options: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = folder / "a.s"
    source.write_text(PLAIN)
    subprocess.run(["as", "--64", "-o", "a.o", "a.s"], check=True)
    compare(["a.o", "-o", "out", *options.split()], capsys)


SOURCES: dict[str, tuple[dict[str, str], list[str]]] = {
    "undefined": (
        {
            "a": ".globl _start\n_start: call foo\ncall bar\n.data\n" + ".quad foo\n" * 5,
            "b": ".globl f\n.type f,@function\nnop\nf: jmp foo\n.size f,.-f\n",
        },
        [
            "a.o", "a.o --warn-unresolved-symbols", "a.o --noinhibit-exec", "-pie a.o",
            "a.o --error-limit=1", "--defsym=_start=0 b.o", "-u f -e f b.a",
            "-e f --start-lib b.o --end-lib", "a.o -z undefs",
        ],
    ),
    "undefined-of-debug-data": (
        {"a": '.globl _start\n_start: nop\n.section .debug_x,""\n.quad foo\n'},
        ["a.o"],
    ),
    "undefined-and-hidden": (
        {"a": ".globl _start\n.hidden x\n.protected y\n_start: call x\ncall y\n"},
        ["a.o", "-pie a.o"],
    ),
    "names-of-c++": (
        {"a": ".globl _start\n_start: call _Z3fooi\ncall _ZTV3Foo\ncall _RNvC3foo3bar\n"},
        ["a.o", "a.o --no-demangle"],
    ),
    "guesses": (
        {
            "a": ".globl _start, foobar\n_start: call foobaz\ncall loca1\ncall foobay\n"
            "foobar: nop\nlocal1: nop\n",
            "b": ".globl _start, Main\n_start: call main\ncall _Z3barv\nMain: nop\n.globl bar\n"
            "bar: nop\n",
            "c": ".globl _start, _Z3foov\n_start: call foo\n_Z3foov: nop\n",
            "d": ".globl _start, abdc, abc, abcde\n_start: call abcd\nabdc: abc: abcde: nop\n",
        },
        ["a.o", "b.o", "c.o", "d.o"],
    ),
    "boundary-of-dead-section": (
        {"a": ".globl _start\n_start: call __start_x\n.section x,\"aw\"\n.quad 1\n"},
        ["a.o", "a.o --gc-sections"],
    ),
    "twice": (
        {
            "a": ".globl _start, foo\n_start: nop\nfoo: nop\n",
            "b": ".globl foo, _start\nnop\nfoo: nop\n_start: nop\n",
            "c": ".globl foo\nfoo = 5\n",
        },
        [
            "a.o b.o", "a.o c.o", "a.o a.o", "a.o --whole-archive b.a", "a.o b.o -z muldefs",
            "a.o b.o --error-limit=1", "a.o b.o --noinhibit-exec",
        ],
    ),
    "out-of-range": (
        {
            "a": ".globl _start\n.type _start,@function\n_start: .byte big\n.byte here\n"
            ".size _start,.-_start\n.byte big\nhere: .byte here\n",
            "b": ".globl big\n.data\nbig: .quad 1\n",
        },
        ["a.o b.o", "a.o b.o --noinhibit-exec", "-pie a.o b.o", "a.o --defsym=big=300"],
    ),
    "not-for-pie": (
        {
            "a": ".globl _start, x\n_start: .quad x\n.quad here\n.data\n.long x\nx: .quad 1\nhere: "
            ".quad 1\n",
        },
        ["-pie a.o", "-pie -z notext a.o"],
    ),
    "unwind-tables": (
        {
            "a": '.section .eh_frame,"a",@unwind\n.byte 0\n',
            "b": '.section .eh_frame,"a",@unwind\n.long 100, 0\n',
            "c": '.section .eh_frame,"a",@unwind\n.long 0xffffffff, 0, 0\n',
            "d": '.section .eh_frame,"a",@unwind\n.long 8, 4, 0\n',
        },
        [f"-e 0 --eh-frame-hdr {name}.o" for name in "abcd"],
    ),
    "behind-its-library": (
        {
            "a": ".globl _start\n_start: call foo\n",
            "b": ".globl foo\nfoo: nop\n",
            "c": ".globl baz\nbaz: call foo\n",
        },
        [f"--warn-backrefs {line}" for line in (
            "b.a a.o", "a.o b.a", "--start-lib b.o --end-lib a.o", "--start-group b.a a.o "
            "--end-group", "b.a a.o b.a", "b.a -u foo a.o", "b.a c.a --defsym=_start=0 -u baz",
            "--fatal-warnings b.a a.o", "b.a a.o --no-warn-backrefs",
            "--warn-backrefs-exclude=b.a b.a a.o", "--warn-backrefs-exclude=*(b.o) b.a a.o",
        )],
    ),
    "common-blocks": (
        {
            "a": ".globl _start\n_start: nop\n.comm a,4,4\n.comm b,8,8\n",
            "b": ".comm a,8,4\n.comm b,4,4\n.comm same,4,4\n",
            "c": ".globl a\n.data\na: .quad 1\n",
            "d": ".weak a\n.data\na: .quad 1\n",
        },
        [f"--warn-common {line}" for line in (
            "a.o b.o", "a.o c.o", "c.o a.o", "a.o b.o c.o", "a.o d.o", "d.o a.o", "a.o c.a",
            "--fatal-warnings a.o c.o", "--no-warn-common a.o c.o",
        )],
    ),
    "kept-and-ordered": (
        {
            "a": ".globl _start, abs\n_start: nop\nh: nop\nabs = 5\n",
            "b": ".weak wu\n.quad wu\n",
            "order": "h\nh\nabs\nwu\nnosuch\n",
        },
        ["a.o --icf=all --keep-unique=nosuch --keep-unique=h", "a.o --keep-unique=nosuch",
         "a.o b.o --symbol-ordering-file=order.s",
         "a.o b.o --symbol-ordering-file=order.s --unresolved-symbols=ignore-all"],
    ),
    "hidden-and-undefined": (
        {"a": ".globl _start\n_start: call foo\n.hidden foo\n.quad bar, p\n.protected p\n"},
        ["a.o", "a.o --unresolved-symbols=ignore-all", "a.o --warn-unresolved-symbols",
         "a.o --noinhibit-exec", "a.o -z undefs"],
    ),
    "groups-in-groups": (
        {"a": ".globl _start\n_start: nop\n"},
        ["--start-lib --start-group a.o --end-group",
         "--start-group --start-lib a.o --end-lib --end-group",
         "--start-lib --start-lib a.o --end-lib --end-lib", "--start-lib --end-lib --end-lib a.o",
         "--start-group --start-group a.o --end-group --end-group", "--start-group a.o --end-lib"],
    ),
    "lost-group": (
        {
            "a": '.globl _start\n_start: nop\n.section .text.f,"axG",@progbits,f,comdat\n'
            ".globl f\nf: nop\n",
            "b": 'call here\n.section .text.f,"axG",@progbits,f,comdat\n.globl f\nf: nop\nhere: '
            "nop\n",
        },
        ["a.o b.o"],
    ),
}  # fmt: skip
"""What is linked -> assembly, and command lines."""


@pytest.mark.parametrize(
    ("name", "words"), [(name, words) for name, (_, lines) in SOURCES.items() for words in lines]
)
def test_inputs(name: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file, text in SOURCES[name][0].items():
        (folder / f"{file}.s").write_text(text)
        if file == "order":
            continue
        subprocess.run(["as", "--64", "-o", f"{file}.o", f"{file}.s"], check=True)
        subprocess.run(["ar", "rc", f"{file}.a", f"{file}.o"], check=True)
    compare([*words.split(), "-o", "out", "--threads=1"], capsys)


SAID = {
    "a": ".globl _start\n_start: call f\n",
    "b": ".globl f\nf: call g\n",
    "c": '.globl g\n.section .g,"ax"\ng: nop\n.section .h,"ax"\ncall g\n',
}


@pytest.mark.parametrize(
    "words",
    [
        "a.o l.a -t -y f -y g", "a.o l.a -t -y g -u g", "a.o l.a -t -y x --defsym=x=f",
        "a.o l.a --print-archive-stats=- --why-extract=-",
        "-r c.o --gc-sections --print-gc-sections", "a.o l.a -e 017", "a.o l.a -e 0b11",
    ],
)  # fmt: skip
def test_what_is_printed(words: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On stdout, in the same order; and the entry point is the same."""
    need(PEER)
    for file, text in SAID.items():
        (folder / f"{file}.s").write_text(text)
        subprocess.run(["as", "--64", "-o", f"{file}.o", f"{file}.s"], check=True)
    subprocess.run(["ar", "rc", "l.a", "b.o", "c.o"], check=True)
    line = [*words.split(), "-o", "out", "--threads=1"]
    peer = subprocess.run([PEER, *line], capture_output=True, text=True, timeout=60)
    entry = (folder / "out").read_bytes()[24:32]
    assert main(line, "ld.lld") == peer.returncode == 0
    assert capfd.readouterr().out == peer.stdout
    assert (folder / "out").read_bytes()[24:32] == entry


def test_lines_of_the_source(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc")
    (folder / "sub").mkdir()
    for name in ("a", "b"):
        source = "int foo(void);\nint same(void) {\n  return foo();\n}\n"
        (folder / "sub" / f"{name}.c").write_text(source)
        subprocess.run(["gcc", "-g", "-c", f"sub/{name}.c", "-o", f"{name}.o"], check=True)
    compare(["a.o", "-e", "same"], capsys)
    compare(["a.o", "b.o", "-e", "same"], capsys)
