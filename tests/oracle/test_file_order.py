"""GNU ld takes the files up in the order of their first sections: local symbols, relocations."""

from __future__ import annotations

import pytest

from tests.oracle.twins import assemble, assert_same_file

COMMONS = [
    (("8,16", "16,4"), "SECTIONS { .one : { *(COMMON) *(.text.b) } .four : { *(.rodata*) } }"),
    (("16,4", "8,4"), "SECTIONS { .one : { *(COMMON) b.o; } .four : { *(.rodata*) } }"),
    (("16,4", "8,4"), "SECTIONS { .one : { *(.text.b) *(COMMON) } .four : { *(.rodata*) } }"),
    (
        ("8,4", "16,4"),
        "SECTIONS { .o : { *(COMMON) BYTE(1) } .t : { *(.text.b) } .d : { *(.r*) } }",
    ),
]


@pytest.mark.parametrize(("requests", "script"), COMMONS)
def test_an_emptied_common_block_counts(requests, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (f".comm block,{request}\n" for request in requests)
    a = assemble(tmp_path / "a.o", f'.section .rodata.x,"a"\nin_a: .byte 3\n{first}', wide=False)
    b = assemble(tmp_path / "b.o", f'.section .text.b,"ax"\nin_b:\n{second}', wide=False)
    (tmp_path / "t.ld").write_text(script)
    assert_same_file("gnu", ["-melf_i386", "--no-warn-rwx-segments", "-Tt.ld", a, b], tmp_path)


FUNCTION = """
.globl {0}
.type {0},@gnu_indirect_function
{0}: ret
.section .pointers,"aw"
.quad {0}
.section .{1},"a"
{2}
"""
REST = ".text : { *(.text) } .p : { *(.pointers) } .r : { *(.rela.*) } .i : { *(.iplt) } "


@pytest.mark.parametrize("content", [".byte 2", ""])
@pytest.mark.parametrize(
    "script",
    [
        "x = ADDR(.late); SECTIONS { .first : { *(.first) } .late : { *(.late) } %s }",
        "SECTIONS { .first : { *(.late) *(.first) } %s }",
        "SECTIONS { .late : { *(.late) } .first : { *(.first) } %s }",
    ],
)
def test_pointers_to_indirect_functions(script, content, tmp_path, monkeypatch):
    """By headers, not by addresses; empty sections count."""
    monkeypatch.chdir(tmp_path)
    a = assemble(tmp_path / "a.o", FUNCTION.format("fa", "first", ".byte 1"))
    b = assemble(tmp_path / "b.o", FUNCTION.format("fb", "late", content))
    (tmp_path / "t.ld").write_text(script % REST)
    assert_same_file("gnu", ["--no-warn-rwx-segments", "-Tt.ld", a, b], tmp_path)
