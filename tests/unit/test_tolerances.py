"""Options that let a link go on in spite of an error: what is told, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.cli import pyld
from tests.cases.language import read_objects

UNDEFINED = """object a.o
section .text ax
  00*8
  reloc 0 R_X86_64_64 nope 5
symbol _start .text+0
symbol nope UNDEF"""
TWICE = """object a.o
section .text ax
  c3
symbol _start .text+0
object b.o
section .text ax
  90
symbol _start .text+0"""
OVERLAP = "SECTIONS { .one 0x1000 : { QUAD(1) } .two 0x1004 : { QUAD(2) } .text : { *(.text) } }"


def linked(text: str, options: list[str], folder: Path, script: str = "") -> tuple[int, bytes]:
    """The exit status, and the image."""
    objects = read_objects(text)
    for made in objects:
        (folder / made.obj.name).write_bytes(made.encode())
    names = [str(folder / made.obj.name) for made in objects]
    if script:
        (folder / "script.ld").write_text(script)
        options = [*options, "-T", str(folder / "script.ld")]
    out = folder / "out"
    status = pyld.main(["--oformat=binary", "-Ttext=0x1000", *options, *names, "-o", str(out)])
    return status, out.read_bytes() if out.exists() else b""


UNDEFINED_ROWS = [
    ([], 1, "error[undefined-symbol]"),
    (["-z", "undefs"], 0, ""),
    (["--unresolved-symbols=ignore-all"], 0, ""),
    (["--unresolved-symbols=report-all"], 1, "error[undefined-symbol]"),
    (["--unresolved-symbols=nonsense"], 1, "error[bad-option-value]"),
    (["--warn-unresolved-symbols"], 0, "warning[undefined-symbol]"),
    (["--unresolved-symbols=ignore-all", "--warn-unresolved-symbols"], 0,
     "warning[undefined-symbol]"),
    (["--noinhibit-exec"], 0, "warning[undefined-symbol]"),
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize(("options", "status", "told"), UNDEFINED_ROWS)
def test_undefined_symbols_are_0_where_they_are_tolerated(
    options: list[str], status: int, told: str, dialect: str, tmp_path: Path, capsys
) -> None:
    found, image = linked(UNDEFINED, [f"--dialect={dialect}", *options], tmp_path)
    said = capsys.readouterr().err
    assert found == status
    if dialect == "lld":  # LLD's form: `pyld: error: ... [slug]`
        severity, _, slug = told.rstrip("]").partition("[")
        assert (f": {severity}: " in said and f"[{slug}]" in said) if told else not said
    else:
        assert said.startswith(told) and bool(said) == bool(told)
    assert image == (b"" if status else b"\5" + bytes(7))


@pytest.mark.parametrize("option", [["--allow-multiple-definition"], ["-z", "muldefs"]])
def test_the_first_of_two_definitions_counts(option: list[str], tmp_path: Path, capsys) -> None:
    assert linked(TWICE, [], tmp_path)[0] == 1
    assert "multiple definition" in capsys.readouterr().err
    assert linked(TWICE, option, tmp_path)[0] == 0
    assert not capsys.readouterr().err


def test_sections_may_overlap_when_nobody_checks(tmp_path: Path, capsys) -> None:
    one = TWICE.partition("object b.o")[0]
    assert linked(one, [], tmp_path, OVERLAP)[0] == 1
    assert "overlap" in capsys.readouterr().err
    assert linked(one, ["--no-check-sections"], tmp_path, OVERLAP)[0] == 0
    assert not capsys.readouterr().err
