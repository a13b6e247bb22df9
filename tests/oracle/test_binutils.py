"""pyar, pysize and pynm against GNU's: what they print, and the archives they make."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import fixtures
from pylink86.cli import ar, nm, size

pytestmark = pytest.mark.peer

OBJECTS = [str(fixtures.path(name)) for name in sorted(fixtures.entries())]
COMMANDS = {"nm": nm.main, "size": size.main}
OPTIONS = {
    "nm": (
        "",
        "-D",
        "-D -f sysv",
        "-f sysv",
        "-f sysv -a",
        "-D -P",
        "-S",
        "-n",
        "-P",
        "-A",
        "-u",
        "-g",
        "-a",
        "-j",
        "-p",
        "-r",
        "--size-sort",
        "-t d",
    ),
    "size": ("", "-A", "-G", "-x", "-o", "-A -x", "-t", "--common", "-A --common"),
}
ARCHIVE_STEPS = (
    "crs l.a a.o", "rv l.a b.o a.o c.txt", "t l.a", "tv l.a", "d l.a b.o", "p l.a c.txt",
    "mb a.o l.a c.txt", "q l.a a_very_long_member_name.o", "tO l.a", "ra c.txt l.a b.o",
    "crsT thin.a a.o sub/z.o", "t thin.a", "crS s.a a.o", "s s.a", "d l.a nope", "crs e.a",
    "rcs x.a sub/z.o a.o", "crs txt.a c.txt", "m l.a a.o", "x l.a", "crs miss.a nope.o",
    "crsP p.a sub/z.o", "qcs q.a a.o a.o", "d q.a a.o",
    "qcs n.a a.o b.o a.o", "dN 2 n.a a.o", "t n.a", "xN 1 n.a a.o", "x --output=sub n.a b.o",
)  # fmt: skip


def gnu(*words, folder=None):
    if shutil.which(words[0]) is None:
        pytest.skip(f"needs GNU {words[0]}: install binutils")
    return subprocess.run(
        words, capture_output=True, text=True, errors="replace", cwd=folder,
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "options"), [(tool, text) for tool, texts in OPTIONS.items() for text in texts]
)
def test_listings(tool, options, capsys):
    words = [*options.split(), *OBJECTS]
    COMMANDS[tool](words)
    assert capsys.readouterr().out == gnu(tool, *words).stdout


VERSIONS = "V1 { global: f; local: *; };\nV2 { global: g; } V1;\n"
VERSIONED = ".globl f,g,h,x\n.text\nf: nop\ng: nop\nh: call x@PLT\n.symver h,f@V1\n"


@pytest.mark.parametrize("options", ["", "--without-symbol-versions", "-P", "-f sysv", "-u"])
def test_versions_of_dynamic_symbols(options, tmp_path, capsys, monkeypatch):
    """Those a library defines, the one that a plain name means, and those it needs of another."""
    monkeypatch.chdir(tmp_path)
    if shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("needs as and ld: install binutils")
    (tmp_path / "v.map").write_text(VERSIONS)
    for name, text, libraries in (
        ("v", VERSIONED, ()), ("w", ".globl _start\n_start: call g@PLT\ncall f@PLT\n", ("v.so",)),
    ):  # fmt: skip
        subprocess.run(["as", "-o", "a.o", "-"], input=text, text=True, check=True)
        version = ["--version-script", "v.map"] if name == "v" else []
        words = ["ld", "-shared", *version, "-o", f"{name}.so", "a.o", *libraries]
        subprocess.run(words, check=True)
    words = ["-D", *options.split(), "v.so", "w.so"]
    nm.main(words)
    assert capsys.readouterr().out == gnu("nm", *words, folder=tmp_path).stdout


def test_archives(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setenv("TZ", "UTC")
    folders = [tmp_path / "theirs", tmp_path / "ours"]
    for folder in folders:
        (folder / "sub").mkdir(parents=True)
        for name, source in (
            ("a.o", "c64_data"), ("b.o", "hello_O2_static"), ("sub/z.o", "symbols64"),
            ("a_very_long_member_name.o", "c32_data"),
        ):  # fmt: skip
            shutil.copy(fixtures.path(source), folder / name)
        (folder / "c.txt").write_text("hi\n")
    monkeypatch.chdir(folders[1])
    for step in ARCHIVE_STEPS:
        peer = gnu("ar", *step.split(), folder=folders[0])
        status = ar.main(step.split())
        assert (status, capfdbinary.readouterr().out.decode()) == (peer.returncode, peer.stdout), (
            step
        )
        archives = [
            {path.name: path.read_bytes() for path in folder.glob("*.a")} for folder in folders
        ]
        assert archives[0] == archives[1], step
