"""Options that change what is read, promised or told: from the command line to the output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli import pyld
from pylink86.passes.editing.notes import NAME, features_of
from pylink86.passes.editing.property_notes import read_note
from tests.cases.language import read_objects

OBJECTS = """
object a.o
section .text ax
  e8 00*4 c3
  reloc 1 R_X86_64_PLT32 gone -4
symbol _start .text+0 func
symbol gone UNDEF
object b.o
section .text ax
  90 c3
symbol _start .text+0 func
object bounds.o
section .text ax
  00*8
  reloc 0 R_X86_64_64 __start_things
section things a
  01 02
symbol _start .text+0 func
symbol __start_things UNDEF
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for made in read_objects(OBJECTS):
        (tmp_path / made.obj.name).write_bytes(made.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return pyld.main([*words, "-o", "out"], "pyld")


def text() -> bytes:
    return bytes(read("out").section(".text").content)


def test_another_file_in_the_place_of_one(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "map").write_text("# of files\n\n./x/*.o=b.o\n")
    assert run("nothere.o", "--remap-inputs=nothere.o=b.o") == 0
    assert text() == b"\x90\xc3"
    assert run("./x/y.o", "--remap-inputs-file=map") == 0
    assert run("b.o", "b.o", "--remap-inputs=b.o=/dev/null", "a.o", "--remap-inputs=a*=b.o") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--remap-inputs=b.o"], "parse error, not 'from-glob=to-file'"),
        (["--remap-inputs=[=b.o"], "unmatched '['"),
        (["--remap-inputs-file=none"], "cannot open none"),
    ],
)
def test_what_cannot_be_mapped(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
):
    assert run("b.o", *words) == 1
    assert says in capsys.readouterr().err


def test_a_name_that_may_be_undefined(folder: Path):
    assert run("a.o") == 1
    assert run("a.o", "--ignore-unresolved-symbol=gone") == 0
    start = read("out").section(".text").addr
    assert int.from_bytes(text()[1:5], "little", signed=True) == -(start + 5)


@pytest.mark.skipif(sys.platform == "win32", reason="the script is one for POSIX shells")
def test_a_script_is_asked_about_errors(folder: Path, capfd: pytest.CaptureFixture[str]):
    script = folder / "ask"
    script.write_text('#!/bin/sh\necho "$@"\n')
    script.chmod(0o755)
    assert run("a.o", "-lnothere", f"--error-handling-script={script}") == 1
    assert capfd.readouterr().out == "missing-lib nothere\n"
    assert run("a.o", f"--error-handling-script={script}") == 1
    assert capfd.readouterr().out == "undefined-symbol gone\n"
    script.write_text("#!/bin/sh\nexit 3\n")
    assert run("a.o", f"--error-handling-script={script}") == 1
    assert "error[script-failed]" in capfd.readouterr().err
    assert run("a.o", "--error-handling-script=none") == 1
    assert "cannot run error handling script none" in capfd.readouterr().err


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize(
    ("words", "features"), [("ibt", 1), ("shstk", 2), ("ibt shstk", 3), ("force-ibt", 1)]
)
def test_promises_for_the_whole_output(folder: Path, dialect: str, words: str, features: int):
    keywords = [word for keyword in words.split() for word in ("-z", keyword)]
    assert run("b.o", f"--dialect={dialect}", *keywords) == 0
    assert features_of(read("out")) == features


def test_a_level_of_the_instruction_set(folder: Path):
    assert run("b.o", "-z", "x86-64-v3", "-z", "lam-u57") == 0
    note = read_note(read("out").section(NAME).content, 8)
    assert note == {0xC0000002: 8, 0xC0008002: 4}


@pytest.mark.parametrize(("level", "status"), [("none", 0), ("warning", 0), ("error", 1)])
def test_reports_on_inputs_that_promise_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], level: str, status: int
):
    assert run("b.o", "-z", f"cet-report={level}") == status
    told = "b.o: missing IBT and SHSTK properties" in capsys.readouterr().err
    assert told == (level != "none")
    assert run("b.o", "-z", "cet-report=loud") == 1


@pytest.mark.parametrize(("dialect", "keeps"), [("gnu", True), ("lld", False)])
def test_what_bounds_keep(folder: Path, dialect: str, keeps: bool):
    line = ["bounds.o", "--gc-sections", f"--dialect={dialect}"]
    line += ["--unresolved-symbols=ignore-all"]
    for words, kept in (([], keeps), (["start-stop-gc"], False), (["nostart-stop-gc"], True)):
        assert run(*line, *(f"-z{word}" for word in words)) == 0
        assert ("things" in read("out").sections.names) == kept, words


@pytest.mark.parametrize(("word", "number"), [("default", 0), ("hidden", 2), ("protected", 3)])
def test_visibility_of_bounds(folder: Path, word: str, number: int):
    assert run("bounds.o", "-z", f"start-stop-visibility={word}") == 0
    assert read("out").symbol("__start_things").visibility == number
    assert run("bounds.o", "-z", "start-stop-visibility=foo") == 1


def test_what_is_told_before_a_link(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "k.ld").write_text("OUTPUT_FORMAT(elf32-i386)")
    for words, said in (
        ([], "elf64-x86-64"),
        (["-m", "elf_i386"], "elf32-i386"),
        (["-T", "k.ld"], "elf32-i386"),
        (["--oformat=srec"], "srec"),
    ):
        assert run("--print-output-format", *words) == 0
        assert capsys.readouterr().out == f"{said}\n"
    assert run("--print-sysroot", "--sysroot=/x") == 0
    assert capsys.readouterr().out == "/x\n"
    assert run("--target-help") == 0
    assert "-z max-page-size=SIZE" in capsys.readouterr().out
