"""--why-extract and --print-archive-stats print what LLD prints."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pylink86.cli import pyld
from tests.cases.language import read_objects

from . import peers
from .archives import Ar

OBJECTS = """
object m.o
section .text ax
  e8 00*4 e8 00*4
  reloc 1 R_X86_64_PC32 one -4
  reloc 6 R_X86_64_PC32 two -4
symbol _start .text+0
symbol one UNDEF
symbol two UNDEF
object one.o
section .text ax
  c3
symbol one .text+0
object two.o
section .text ax
  e8 00*4
  reloc 1 R_X86_64_PC32 three -4
symbol two .text+0
symbol three UNDEF
object three.o
section .text ax
  c3
symbol three .text+0
object extra.o
section .text ax
  c3
symbol extra_1 .text+0
"""
LINES = (
    ["m.o", "liba.a", "libb.a"],
    ["m.o", "liba.a", "libb.a", "--undefined-glob=extra_*"],
    ["m.o", "liba.a", "libb.a", "-u", "extra_1"],
    ["m.o", "liba.a", "libb.a", "-e", "extra_1"],
    ["m.o", "--start-lib", "one.o", "--end-lib", "liba.a", "libb.a"],
    ["m.o", "--whole-archive", "liba.a", "--no-whole-archive", "libb.a"],
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = {o.obj.name: o for o in read_objects(OBJECTS)}
    for name, obj in made.items():
        (tmp_path / name).write_bytes(obj.encode())
    for name, members in (("liba.a", ("one.o", "two.o")), ("libb.a", ("three.o", "extra.o"))):
        archive = Ar(name, tuple(made[member].obj for member in members), "narrow", False)
        (tmp_path / name).write_bytes(archive.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.peer
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_tables_are_those_of_lld(line: list[str], folder: Path) -> None:
    peer = peers.find("lld")
    if peer is None:
        pytest.skip(peers.missing("lld"))
    tables = ["--why-extract=why", "--print-archive-stats=stats"]
    assert pyld.main([*line, *tables, "-o", "out"], "ld.lld") == 0
    ours = [(folder / name).read_text() for name in ("why", "stats")]
    subprocess.run([peer, *line, *tables, "-o", "out"], check=True)
    assert ours == [(folder / name).read_text() for name in ("why", "stats")]


@pytest.mark.usefixtures("folder")
def test_the_dialect_of_gnu_ld_has_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["m.o", "liba.a", "libb.a", "--why-extract=-", "--undefined-glob=ext*"]
    assert pyld.main([*line, "-o", "out"], "pyld") == 0
    rows = [row.split("\t") for row in capsys.readouterr().out.splitlines()[1:]]
    assert ["m.o", "liba.a(one.o)", "one"] in rows
    assert ["--undefined-glob", "libb.a(extra.o)", "extra_1"] in rows
