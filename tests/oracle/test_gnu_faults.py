"""Programs of i386 that GNU ld refuses or links wrong, and that are right here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli.pyld import main

from .twins import assemble, need

pytestmark = pytest.mark.peer

ASKS_AT_THE_END = """\
.globl _start
_start:
leal t@tlsgd(,%ebx,1), %eax
call ___tls_get_addr@PLT
.section .tdata,"awT"
.globl t
t: .long 7
"""

CHOSEN = """\
.globl _start
_start: call *f@GOT(%ebx)
mov $f, %eax
.globl f
.type f, @gnu_indirect_function
f: ret
"""
JOINED = "ENTRY(_start) SECTIONS { .text : { *(.text) } .got : { *(.got) *(.got.plt) } }"


def linked(folder: Path, source: str, *options: str) -> tuple[int, Path]:
    """The status of GNU ld, and our output."""
    made = assemble(folder / "a.o", source, wide=False)
    words = ["-m", "elf_i386", *options, made]
    theirs = subprocess.run(["ld", *words, "-o", "theirs"], cwd=folder, capture_output=True)
    assert main(["--dialect=gnu", *words, "-o", "ours"], "pyld") == 0
    return theirs.returncode, folder / "ours"


def test_a_call_for_a_thread_local_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GNU ld wants a byte behind the call, which it does not look at."""
    need("ld")
    monkeypatch.chdir(tmp_path)
    status, ours = linked(tmp_path, ASKS_AT_THE_END)
    assert status == 1
    assert _code(ours) == bytes.fromhex("65 a1 00 00 00 00 81 e8 04 00 00 00")


def test_the_slot_of_an_indirect_function_in_one_section_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot lies four bytes before _GLOBAL_OFFSET_TABLE_."""
    need("ld")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ld").write_text(JOINED)
    status, ours = linked(tmp_path, CHOSEN, "-T", "a.ld")
    assert status == 0
    theirs, mine = (_code(file) for file in (tmp_path / "theirs", ours))
    assert mine.startswith(bytes.fromhex("ff 93 fc ff ff ff"))
    assert theirs[:6] != mine[:6]


def _code(file: Path) -> bytes:
    return bytes(next(s for s in read(file) if s.name == ".text").content)


def test_data_alone_in_bss_that_is_not_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GNU ld makes the section NOBITS, so that its bytes are nowhere."""
    need("ld")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.ld").write_text("SECTIONS { .bss (INFO) : { LONG(0x12345678) } }")
    status, ours = linked(tmp_path, "", "-Tt.ld")
    assert status == 0
    assert bytes(read(tmp_path / "theirs").section(".bss").content) == b""
    assert bytes(read(ours).section(".bss").content) == bytes.fromhex("78563412")


MERGED = """
.globl _start, second
_start: mov $second, %eax
.section .rodata.text,"aMS",@progbits,1
.asciz "one"
.asciz "one"
second: .asciz "two"
"""
UNLOADED = "SECTIONS { .text : { *(.text) } .texts 0x2000 (NOLOAD) : { *(.rodata.*) } }"


def test_a_global_name_in_merged_strings_that_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GNU ld merges the strings and counts from where they were before."""
    need("ld")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.ld").write_text(UNLOADED)
    status, ours = linked(tmp_path, MERGED, "-Tt.ld")
    assert status == 0
    assert read(tmp_path / "theirs").symbol("second").value == 0x2008  # behind all strings
    assert read(ours).symbol("second").value == 0x2004
