"""Sections that options name before -T have their headers before all others."""

from __future__ import annotations

import pytest

from tests.oracle.twins import assemble, assert_same_file

SOURCE = """
.text
.byte 1
.data
.byte 2
.bss
.space 3
.section .x,"aw"
.byte 4
.section .orphan,"a"
.byte 5
"""
SCRIPT = """SECTIONS {
  .text : { *(.text) } .data 0x5000 : { *(.data) } .x : { *(.x) } .bss : { *(.bss) } }"""


@pytest.mark.parametrize(
    "words",
    [
        "-Tbss=0xa000 -Tdata=0x9000 -T t.ld a.o",
        "-T t.ld -Tbss=0xa000 -Tdata=0x9000 a.o",
        "-Tdata=0x9000 a.o -T t.ld -Tdata=0x7000 -Tbss=0x10000",
        "--section-start .x=1000 --section-start .data=8000 -Tt.ld a.o --section-start .x=b000",
        "--section-start .orphan=0xa000 -T t.ld a.o",
        "--section-start .nobody=0xa000 -T t.ld a.o",
        "-dT t.ld -Tdata=0x9000 a.o",
        "-Tbss=0xa00000 -Ttext=0x100000 -e0x100000 a.o",
        "-r -Tdata=0x9000 -T t.ld a.o",
    ],
)
def test_sections_begun_by_options(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assemble(tmp_path / "a.o", SOURCE)
    (tmp_path / "t.ld").write_text(SCRIPT)
    assert_same_file("gnu", ["--no-warn-rwx-segments", *words.split()], tmp_path)
