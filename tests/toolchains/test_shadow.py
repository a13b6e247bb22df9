"""scripts/shadow-ld: a build's own links, made twice and compared."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = str(ROOT / "scripts" / "shadow-ld")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(sys.platform == "win32", reason="writes a POSIX command"),
]


def shadow(*words, cwd):
    return subprocess.run([sys.executable, SCRIPT, *words], cwd=cwd, capture_output=True, text=True)


def test_a_build_is_compared_link_by_link(tmp_path):
    for tool in ("as", "ld"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils)")
    source = ".globl _start\n_start: ret\n"
    subprocess.run(["as", "-o", "a.o"], input=source, text=True, cwd=tmp_path, check=True)
    assert shadow("make", "links", cwd=tmp_path).returncode == 0
    linker = str(tmp_path / "links" / "ld")
    version = subprocess.run([linker, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("GNU ld")
    for words in (["a.o", "-o", "prog"], ["-r", "a.o", "-oprog.o", "-Map=m"], ["none.o"]):
        subprocess.run([linker, *words], cwd=tmp_path, capture_output=True)
    assert (tmp_path / "prog").exists() and "_start" in (tmp_path / "m").read_text()
    done = shadow("report", "links", cwd=tmp_path)
    assert "3 of 3 links are the same to the last byte" in done.stdout, done.stdout
    assert done.returncode == 0
    subprocess.run([linker, "a.o", "-shared", "-o", "lib.so"], cwd=tmp_path, check=True)
    done = shadow("report", "links", cwd=tmp_path)
    assert done.returncode == 1 and "refused" in done.stdout
