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


KINDS = """\
.section .text.one,"ax"
.globl one
one: nop
ret
.section .text.two,"ax"
.globl two
two: nop
inner: ret
.section .dead,"ax"
.globl dead
dead: nop
gone: ret
.section .tdead,"awT",@progbits
.globl tdead
tdead: .long 1
tgone: .long 2
.section .tlive,"awT",@progbits
tlive: .long 1
"""
NONALLOC = (*(f".debug_{name}" for name in (*NAMES, "str_offsets")), ".other", ".line")
OVERRIDES = {
    "": [],
    "icf": ["--icf=all"],
    "all": [".debug_info=5", "*=0xfffffffffffffff7"],
    "some": ["*=3", ".debug_[li]*=6", "--icf=all"],
}


def every_kind(name: str) -> str:
    text = f'.section {name},"",@progbits\n'
    for symbol in ("tdead", "tgone+4", "tlive"):
        text += f".quad {symbol}@dtpoff\n.long {symbol}@dtpoff\n"
    for symbol in ("gone", "gone+5", ".dead+1", "dead+3", "inner", "two+1", ".text.two+1", "one"):
        text += f".quad {symbol}\n.long {symbol}\n.reloc ., R_X86_64_32S, {symbol}\n.long 0\n"
        text += f".reloc ., R_X86_64_PC32, {symbol}\n.long 7\n"
        text += f".reloc ., R_X86_64_SIZE64, {symbol}\n.quad 0\n"
    return text


@pytest.mark.parametrize("name", OVERRIDES)
def test_what_is_written_may_be_said(name, tmp_path, monkeypatch):
    """-z dead-reloc-in-nonalloc, for every kind of relocation; copies that --icf left out."""
    monkeypatch.chdir(tmp_path)
    text = ".text\n.globl _start\n_start: ret\n" + KINDS + "".join(map(every_kind, NONALLOC))
    script = "SECTIONS { .text 0x1000 : { *(.text*) } /DISCARD/ : { *(.dead) *(.tdead) } }"
    (tmp_path / "a.ld").write_text(script)
    made = assemble(tmp_path / "a.o", '.section .note.GNU-stack,"",@progbits\n' + text)
    words = [w if w[0] == "-" else f"-zdead-reloc-in-nonalloc={w}" for w in OVERRIDES[name]]
    assert_same_file("lld", [*words, "-T", "a.ld", made], tmp_path)


@pytest.mark.parametrize("value", ["x", "=5", ".debug_*=", ".debug_*=-1", ".debug_*=y", "[=1"])
def test_values_that_mean_nothing(value, capsys):
    assert main(["-z", f"dead-reloc-in-nonalloc={value}", "a.o"], "ld.lld") == 1
    assert "error: -z dead-reloc-in-nonalloc=: " in capsys.readouterr().err
