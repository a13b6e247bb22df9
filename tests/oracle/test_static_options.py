"""Options with a small effect on a static link: whole files, byte for byte, as GNU ld writes."""

from __future__ import annotations

import pytest

from pylink86.cli.pyld import main
from tests.oracle.twins import assemble, assert_same_file

FIRST = """
.globl _start, zeta
.text
_start: call zeta
mov $value,%rax
zeta: ret
local: ret
"""
SECOND = """
.globl value
.data
value: .quad zeta
.comm block,8,8
.section .note.gnu.property,"a"
.p2align 3
.long 4, 0x10, 5
.asciz "GNU"
.long 0xb0008000, 4, %s, 0
"""
SCRIPT = "x = CONSTANT(MAXPAGESIZE); SECTIONS { .text 0x1000 : { *(.text) BYTE(x >> 12) } }"


@pytest.mark.parametrize(
    "words",
    [
        "-z noindirect-extern-access",
        "-r -z noindirect-extern-access",
        "-q -s",
        "-q -s -x",
        "--build-id --package-metadata={}",
        "-z common-page-size=0x10000",
        "-n -z common-page-size=0x10000",
        "-z common-page-size=0x10000 -T t.ld",
    ],
)
@pytest.mark.parametrize("bits", [1, 3])
def test_same_file(words, bits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    a = assemble(tmp_path / "a.o", FIRST)
    b = assemble(tmp_path / "b.o", SECOND % bits)
    (tmp_path / "t.ld").write_text(SCRIPT)
    assert_same_file("gnu", ["--no-warn-rwx-segments", *words.split(), a, b], tmp_path)


def test_a_common_page_larger_than_the_largest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    a = assemble(tmp_path / "a.o", ".globl _start\n_start: ret\n")
    words = ["-z", "common-page-size=0x2000", "-z", "max-page-size=0x1000", a]
    assert main(words, "ld") == 1
    assert "common page size (0x2000) > maximum page size (0x1000)" in capsys.readouterr().err


@pytest.mark.parametrize("two", [".two :", ".two 0x100 :"])
def test_at_moves_one_section_with_r(two, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    a = assemble(tmp_path / "a.o", FIRST.replace("value", "zeta"))
    inside = "LONG(LOADADDR(.two)) x = LOADADDR(.two); LONG(LOADADDR(.one))"
    (tmp_path / "t.ld").write_text(
        f"SECTIONS {{ .one : AT(0x30000) {{ *(.text) }} {two} {{ {inside} }} y = LOADADDR(.two); }}"
    )
    assert_same_file("gnu", ["-r", "-Tt.ld", a], tmp_path)
