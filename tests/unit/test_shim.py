"""Commands under other linkers' names: what is written, and that it runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import attr
import pytest

import pylink86
from pylink86.cli import main
from pylink86.cli.shim import SHIMS, write_shims

DATA = str(Path(__file__).parents[2] / "fixtures" / "objects" / "c64_data.o")


def shims(folder: Path, prefix: str = "") -> dict[str, str]:
    """Command by name, as this system calls it."""
    return {path.name.removesuffix(".cmd"): str(path) for path in write_shims(folder, prefix)}


def linkers(folder: Path) -> dict[str, str]:
    return {name: path for name, path in shims(folder).items() if SHIMS[name] == "pyld"}


def test_there_is_one_for_every_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main.main(["shim", str(tmp_path / "bin")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(path) for path in write_shims(tmp_path / "bin")
    ]
    assert len(list((tmp_path / "bin").iterdir())) == len(SHIMS)


def test_it_links_as_the_linker_it_is_named_after(tmp_path: Path):
    made = {}
    for name, command in linkers(tmp_path).items():
        out = tmp_path / f"{name}.elf"
        line = [command, "-e", "0", "-o", str(out), DATA]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        made[name] = out.read_bytes()
    assert made["ld"] == made["ld.bfd"]


def test_the_name_chooses_the_dialect(tmp_path: Path):
    script = tmp_path / "fill.ld"
    script.write_text("SECTIONS { .a : { BYTE(1) . = 4; } =0x90 /DISCARD/ : { *(*) } }")
    seen = {}
    for name, command in linkers(tmp_path / "bin").items():
        out = tmp_path / "out"
        line = [command, "--oformat=binary", "-T", str(script), "-o", str(out), DATA]
        subprocess.run(line, capture_output=True, check=True)
        seen[name] = out.read_bytes()[1:4]
    assert seen["ld"] == bytes.fromhex("90 90 90")
    assert seen["ld.lld"] == bytes.fromhex("00 00 90")


def test_it_starts_without_a_look_at_what_is_installed(tmp_path: Path):
    text = Path(shims(tmp_path)["ld"]).read_text()
    where = [str(Path(module.__file__).parents[1]) for module in (pylink86, attr)]
    assert " -IS" in text
    assert f"sys.path += {[*dict.fromkeys(where)]!r}"[:-1] in text


def test_names_can_have_a_prefix(tmp_path: Path):
    assert set(shims(tmp_path, "x86_64-elf-")) == {f"x86_64-elf-{name}" for name in SHIMS}


def test_on_windows_they_are_command_files(tmp_path: Path):
    made = write_shims(tmp_path, windows=True)
    assert {path.name for path in made} == {f"{name}.cmd" for name in SHIMS}
    text = made[0].read_bytes().decode()
    assert text.endswith("%*\r\n")
    assert "sys.argv[0] = 'ld'" in text


@pytest.mark.parametrize("words", [[], ["a", "b"]])
def test_one_directory_is_wanted(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main.main(["shim", *words]) == 1
    assert f"one directory is wanted, {len(words)} are named" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a file in the way is another error there")
def test_a_file_in_the_way_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    assert main.main(["shim", str(tmp_path / "file" / "bin")]) == 1
    assert "error[cannot-write]: cannot write" in capsys.readouterr().err
