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
    "--call-graph-profile-sort=x", "--symbol-ordering-file=a.s --call-graph-ordering-file=a.s",
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
