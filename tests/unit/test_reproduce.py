"""--reproduce packs a link, `pylink86 replay` makes it again: the same bytes, from anywhere."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pylink86.cli import main as commands
from pylink86.cli.pyld import main as pyld
from pylink86.cli.replay import packed_dialect, unpack
from pylink86.diag import LinkError

OBJECTS = Path(__file__).parents[2] / "fixtures" / "objects"
SCRIPT = """SECTIONS {
  .a 0x1000 : { BYTE(1); . += 7; *(.data .bss) } =0x90
  /DISCARD/ : { *(.text .comment .note* .eh_frame .rodata) }
}
"""


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, bytes]:
    """An archive of a link whose script names an object in the folder it ran in; the output."""
    home = tmp_path / "home dir"
    home.mkdir()
    shutil.copy(OBJECTS / "c64_data.o", home / "data.o")
    (home / "more.ld").write_text(f"INPUT(data.o)\n{SCRIPT}")
    (home / "all.ld").write_text("INCLUDE more.ld\n")
    monkeypatch.chdir(home)
    line = ["--reproduce=../repro.tar", "--oformat=binary", "-Map", "../out.map"]
    assert pyld([*line, "--dialect=lld", "-T", "all.ld", "-o", "../out.bin"]) == 0
    made = (tmp_path / "out.bin").read_bytes()
    shutil.rmtree(home, ignore_errors=True)
    return tmp_path / "repro.tar", made


def test_a_replay_makes_the_same_bytes(packed, tmp_path: Path, monkeypatch):
    archive, made = packed
    assert len(made) > 8
    monkeypatch.chdir(tmp_path)
    for output in tmp_path.glob("out.*"):
        output.unlink()
    assert commands.main(["replay", str(archive)]) == 0
    assert (tmp_path / "out.bin").read_bytes() == made
    assert (tmp_path / "out.map").exists()


def test_a_replay_can_write_elsewhere_and_leave_the_inputs(packed, tmp_path: Path, monkeypatch):
    archive, made = packed
    monkeypatch.chdir(tmp_path)
    line = ["replay", "-o", "again.bin", "-C", "inputs", str(archive)]
    assert commands.main(line) == 0
    assert (tmp_path / "again.bin").read_bytes() == made
    assert (tmp_path / "inputs" / "repro" / "response.txt").exists()


def test_what_is_packed(packed):
    archive, _ = packed
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        words = tar.extractfile("repro/response.txt").read().decode()
    assert names[:2] == ["repro/response.txt", "repro/version.txt"]
    assert [name.split("/")[-1] for name in names[2:]] == ["all.ld", "more.ld", "data.o"]
    assert "-Map out.map\n" in words
    assert "--output out.bin\n" in words
    assert "reproduce" not in words


def test_the_same_link_packs_to_the_same_bytes(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = str(OBJECTS / "c64_data.o")
    archives = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        assert pyld([f"--reproduce={folder}/r.tar", "-e", "0", data, "-o", "out"]) == 0
        archives.append((folder / "r.tar").read_bytes())
    assert archives[0] == archives[1]


def test_a_link_that_fails_is_packed_too(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = str(OBJECTS / "c64_plain.o")
    assert pyld(["--reproduce=r.tar", data, data, "-o", "out"]) == 1
    assert commands.main(["replay", "r.tar"]) == 1
    assert capsys.readouterr().err.count("multiple definition of") >= 2


@pytest.mark.skipif(shutil.which("ld.lld-19") is None, reason="needs ld.lld-19: apt install lld-19")
def test_archives_of_lld_are_replayed_and_ours_by_lld(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.ld").write_text(SCRIPT)
    line = ["--oformat=binary", "-T", "s.ld", str(OBJECTS / "c64_data.o"), "-o", "x.bin"]
    subprocess.run(["ld.lld-19", "--reproduce=theirs.tar", *line], check=True)
    theirs = Path("x.bin").read_bytes()
    assert commands.main(["replay", "theirs.tar", "-o", "y.bin"]) == 0
    assert Path("y.bin").read_bytes() == theirs
    assert pyld(["--reproduce=ours.tar", "--dialect=lld", *line]) == 0
    base = unpack("ours.tar", tmp_path / "in")
    assert packed_dialect(base) == "lld"
    subprocess.run(["ld.lld-19", "@response.txt"], cwd=base, check=True)
    assert (base / "x.bin").read_bytes() == theirs


def archive_of(path: Path, *members: tuple[str, bytes]) -> str:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return str(path)


def test_names_that_lead_outside_are_passed_over(tmp_path: Path):
    inner = tmp_path / "deep" / "in"
    archive = archive_of(
        tmp_path / "bad.tar",
        ("../evil", b"x"),
        (str(tmp_path / "evil"), b"x"),
        ("r/response.txt", b""),
    )
    assert unpack(archive, inner) == inner / "r"
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\0" * 1024])
def test_what_is_no_archive_is_one_error(tmp_path: Path, content: bytes, capsys):
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    assert commands.main(["replay", str(path)]) == 1
    assert capsys.readouterr().err.startswith("error[cannot-read]: ")


def test_an_archive_without_a_command_line_is_an_error(tmp_path: Path):
    archive = archive_of(tmp_path / "x.tar", ("a.o", b"x"))
    with pytest.raises(LinkError, match=r"holds no response\.txt"):
        unpack(archive, tmp_path / "in")
    assert os.listdir(tmp_path / "in") == ["a.o"]
