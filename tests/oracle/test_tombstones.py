"""What debug sections say of code that was dropped, against both linkers."""

from __future__ import annotations

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file, compile_c

pytestmark = pytest.mark.peer

CODE = """\
.section .note.GNU-stack,"",@progbits
.text
.globl _start
_start: ret
.section .dead,"ax"
.globl gd
gd: nop
dl: ret
"""
NAMES = ("info", "ranges", "loc", "line", "names", "aranges", "loclists", "rnglists", "addr")
SCRIPT = "SECTIONS { .text 0x1000 : { *(.text) } /DISCARD/ : { *(.dead) } }"


def debug_data(word: str, name: str) -> str:
    return (
        f'.section {name},"",@progbits\n{word} dl, dl+5, .dead+1, gd+3, _start\n'
        ".long dl, dl+5, gd-., dl-.\n"
    )


@pytest.mark.parametrize("machine", ["elf_x86_64", "elf_i386"])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_addresses_of_dead_code(dialect, machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = machine == "elf_x86_64"
    names = [f".debug_{name}" for name in NAMES]
    text = CODE + "".join(debug_data(".quad" if wide else ".long", name) for name in names)
    (tmp_path / "a.ld").write_text(SCRIPT)
    made = assemble(tmp_path / "a.o", text, wide)
    assert_same_file(dialect, ["-m", machine, "-T", "a.ld", made], tmp_path)


def test_other_data_outside_of_memory(tmp_path, monkeypatch, capsys):
    """LLD leaves the addend; GNU ld refuses."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ld").write_text(SCRIPT)
    made = assemble(tmp_path / "a.o", CODE + debug_data(".quad", ".other"))
    assert_same_file("lld", ["-T", "a.ld", made], tmp_path)
    assert main(["--dialect=gnu", "-T", "a.ld", made, "-o", "x"], "pyld") == 1
    assert "discarded-symbol" in capsys.readouterr().err


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_copies_that_lost(dialect, tmp_path, monkeypatch):
    """-g3 puts macros into COMDAT groups; the files share one copy."""
    monkeypatch.chdir(tmp_path)
    flags = ("-O0", "-g3", "-gdwarf-4", "-ffreestanding", "-fno-asynchronous-unwind-tables")
    (tmp_path / "a.ld").write_text("SECTIONS { .text 0x1000 : { *(.text) } }")
    objects = [
        compile_c(tmp_path / "a.o", "int _start(void) { return 1; }\n", *flags),
        compile_c(tmp_path / "b.o", "int other(void) { return 2; }\n", *flags),
    ]
    assert_same_file(dialect, ["-T", "a.ld", *objects], tmp_path)
