"""Output files: whole or not at all, with the permissions a linker gives."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from pylink86 import LinkError
from pylink86.formats.output import write_file

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    old = os.umask(0o027)
    yield
    os.umask(old)


def refusal(path):
    with pytest.raises(LinkError) as caught:
        write_file(path, b"new")
    (found,) = caught.value.diagnostics
    assert found.slug == "cannot-write"
    assert found.message.startswith(f"cannot open output file {path}: ")
    return found


def test_a_new_file(tmp_path):
    write_file(tmp_path / "out", b"bytes")
    assert (tmp_path / "out").read_bytes() == b"bytes"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_old_file_is_replaced_not_changed(tmp_path):
    """Who has the old file open keeps the old bytes: a running program is not overwritten."""
    (tmp_path / "out").write_bytes(b"old and longer")
    with (tmp_path / "out").open("rb") as held:
        if sys.platform != "win32":
            write_file(tmp_path / "out", b"new")
            assert held.read() == b"old and longer"
            assert (tmp_path / "out").read_bytes() == b"new"


@posix
@pytest.mark.parametrize(("executable", "expected"), [(False, 0o640), (True, 0o750)])
def test_permissions_of_a_new_file_follow_the_umask(tmp_path, umask, executable, expected):
    write_file(tmp_path / "out", b"", executable=executable)
    assert mode(tmp_path / "out") == expected


@posix
def test_permissions_of_an_old_file_are_kept(tmp_path, umask):
    (tmp_path / "out").write_bytes(b"")
    (tmp_path / "out").chmod(0o604)
    write_file(tmp_path / "out", b"x")
    assert mode(tmp_path / "out") == 0o604
    write_file(tmp_path / "out", b"x", executable=True)
    assert mode(tmp_path / "out") == 0o714


@posix
def test_a_device_is_written_straight():
    write_file("/dev/null", b"x" * 10_000)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@posix
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_directory_that_is_not_there(tmp_path):
    refusal(tmp_path / "no" / "out")


def test_a_directory_is_no_output_file(tmp_path):
    refusal(tmp_path)


@posix
def test_no_temporary_file_stays_behind_when_the_rename_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    assert "Input/output error" in refusal(tmp_path / "out").message
    assert list(tmp_path.iterdir()) == []


def test_a_long_name_is_no_problem(tmp_path):
    name = "n" * 250
    write_file(tmp_path / name, b"x")
    assert (tmp_path / name).read_bytes() == b"x"


def test_two_writers_in_one_directory_take_different_temporary_names(tmp_path):
    (tmp_path / f".out.{os.getpid()}-0.tmp").write_bytes(b"of another thread")
    write_file(tmp_path / "out", b"mine")
    assert (tmp_path / "out").read_bytes() == b"mine"
    assert (tmp_path / f".out.{os.getpid()}-0.tmp").read_bytes() == b"of another thread"


@posix
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "out").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "Permission denied" in refusal(tmp_path / "out").message
    assert (tmp_path / "out").read_bytes() == b"old"
