"""--gc-sections in LLD's dialect: groups with notes and debug data, and what PROVIDE reads."""

from __future__ import annotations

import pytest

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n'


def group(name: str, kind: str) -> str:
    parts = (("note", "aG", "note"), ("text", "axG", "progbits"), ("bss", "awG", "nobits"),
             ("aside", "G", "note"), ("debug", "G", "progbits"))  # fmt: skip
    return "".join(
        f'.globl {part}_{name}\n.section .{part}.{name},"{flags}",@{type_},{name}{kind}\n'
        f"{part}_{name}: .zero 1\n"
        for part, flags, type_ in parts
    )


SOURCE = (
    STACK + ".text\n.globl _start\n_start: nop\n" + group("aa", "") + group("bb", ",comdat")
    + '.section .debug_types,"G",@progbits,types,comdat\n.quad 1\n'
    + '.section .loose,"",@note\n.byte 0\n'
)  # fmt: skip


@pytest.mark.parametrize("entry", ["_start", "text_aa", "aside_aa", "bss_bb", "debug_bb"])
def test_members_of_a_group_live_together(entry, tmp_path, monkeypatch):
    """Also those that are not in memory, as soon as another one is."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCE)
    assert_same_file("lld", ["--gc-sections", "-e", entry, made], tmp_path)


PROVIDES = """\
.globl _start, bar, baz
.text
_start: call used
.section .text.bar,"ax"
bar: nop
.section .text.baz,"ax"
baz: nop
"""
SCRIPT = """\
PROVIDE(unused = bar + used);
PROVIDE(used = another);
PROVIDE(another = baz_here);
PROVIDE(baz_here = baz);
PROVIDE(last = unused + bar + 1);
"""


def test_a_provide_that_nobody_asks_for_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", STACK + PROVIDES)
    (tmp_path / "a.ld").write_text(SCRIPT)
    ours = assert_same_file("lld", ["--gc-sections", "-T", "a.ld", made], tmp_path)
    assert b"baz" in ours and b"bar" not in ours
