"""--package-metadata: the note of both linkers, byte for byte."""

from __future__ import annotations

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

SOURCE = '.section .note.GNU-stack,"",@progbits\n.text\n.globl _start\n_start: ret\n'


@pytest.mark.parametrize("more", [[], ["--build-id=0x12"], ["-r"], ["--oformat=binary"]], ids=str)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_the_note_stands_with_the_build_id(dialect, more, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCE)
    for text in ("{}", '{"name":"kernel"}', ""):
        assert_same_file(dialect, [*more, f"--package-metadata={text}", made], tmp_path)


def test_gnu_ld_takes_json_only(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCE)
    for text in ("x", '"x"', "{"):
        assert_same_file("gnu", [f"--package-metadata={text}", made], tmp_path)
        assert "does not contain valid JSON, ignoring" in capsys.readouterr().err
        assert_same_file("lld", [f"--package-metadata={text}", made], tmp_path)
    assert main(["--package-metadata", made, "-o", "out"], "pyld") == 0  # no value: no note
