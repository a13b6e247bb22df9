"""--gc-sections and KEEP(): both linkers keep what a KEEP matches, also when it comes too late to
place it."""

from __future__ import annotations

import subprocess

import pytest

from pylink86 import link, read_bytes

from . import peers
from .objects import Obj, Sec, Sym

SCRIPTS = {
    "KEEP takes it": "SECTIONS { .t : { *(.text) } .b : { KEEP(*(.text.a)) } }",
    "taken before KEEP": "SECTIONS { .t : { *(.text) } .a : { *(.text.a) } "
    ".b : { KEEP(*(.text.a)) } }",
    "no KEEP": "SECTIONS { .t : { *(.text) } .a : { *(.text.a) } }",
}

MARK = b"\x22" * 8

OBJECT = Obj(
    "a.o",
    "x86_64",
    (Sec(".text", "ax", data=b"\x90" * 8), Sec(".text.a", "ax", data=MARK)),
    (Sym("_start", "global", "func", 1, 0, 8),),
)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ("gnu", "lld"))
@pytest.mark.parametrize("name", SCRIPTS)
def test_keep(name: str, dialect: str) -> None:
    command = peers.find(dialect)
    if command is None:
        pytest.skip(peers.missing(dialect))
    result = link(
        [read_bytes(OBJECT.encode(), "a.o")], SCRIPTS[name], dialect=dialect, gc_sections=True
    )
    with peers.workplace() as folder:
        (folder / "a.o").write_bytes(OBJECT.encode())
        (folder / "s.ld").write_text(SCRIPTS[name])
        words = [command, "--gc-sections", "-o", "out", "a.o", "-T", "s.ld"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
        theirs = (folder / "out").read_bytes()
    assert (MARK in theirs) == (MARK in result.image) == (name != "no KEEP")
